//! What gives access, in a path or query string: by class, by name and value of a parameter, or as
//! the user information of an absolute target.
//!
//! High; medium for a parameter that is only called `token` or `code`, which may serve one request
//! only.

use crate::inventory::assessed::Field;
use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject, place};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "credentials-in-url",
    kind: FindingKind::Exposure,
    explanation: "URLs are written to logs, histories and Referer fields; whoever reads one can \
        act as the caller for as long as the credential lives. Send credentials in the \
        Authorization header or a request body, and replace those that have been used this way.",
    references: &[
        "OWASP API2:2023 Broken Authentication",
        "CWE-598",
        "CWE-522",
        "RFC 6750 section 5.3",
        "HIPAA 45 CFR 164.312(d)",
        "GDPR Art. 32",
    ],
    raise,
};

/// What [`Facts::url_credentials`] calls user information with a password (RFC 9110, 4.2.4).
///
/// [`Facts::url_credentials`]: super::raise::Facts::url_credentials
const USERINFO: &str = "userinfo";

/// What it calls a segment that opens what the word before it names: `/reset/{token}`.
const LINK: &str = "link";

/// What it calls an answer that sends its receiver on with a credential in the URL.
const REDIRECT: &str = "redirect";

/// What it calls a request that tells the URL its sender came from, with a credential in it.
const REFERER: &str = "referer";

/// Path parameters that carry a credential. What query parameters carry was decided when their
/// values were seen.
const IN_PATHS: [&str; 4] = ["accesstoken", "apikey", "jsessionid", "sessionid"];

/// What opens one login, within minutes: the launch of SMART on FHIR stands in a URL by design.
const ONCE: &str = "secret.authorization_code";

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let mut out = by_class(subject);
    let paths = subject.endpoint.fields.iter().filter(|f| {
        is_in(f, Location::Path) && f.seen > 0 && IN_PATHS.contains(&plain(&f.field).as_str())
    });
    for field in paths {
        add(&mut out, subject, (Location::Path, &field.field), (Severity::High, field.seen));
    }
    for (name, requests) in &subject.facts.url_credentials {
        if *name == USERINFO {
            out.push(userinfo(subject, *requests));
            continue;
        }
        if *name == LINK {
            out.push(link(subject, *requests));
            continue;
        }
        if *name == REDIRECT {
            out.push(redirect(subject, *requests));
            continue;
        }
        if *name == REFERER {
            out.push(referer(subject, *requests));
            continue;
        }
        // The same in two spellings is two fields.
        let fields = subject.endpoint.fields.iter();
        let mut fields = fields.filter(|f| is_in(f, Location::Query) && plain(&f.field) == *name);
        let severity = severity(name);
        match fields.next() {
            // A name that ends in this one, raised for its class: `userPassword`.
            None if out.iter().any(|raised| is_ended_by(raised, name)) => {}
            None => add(&mut out, subject, (Location::Query, name), (severity, *requests)),
            Some(first) => {
                for field in std::iter::once(first).chain(fields) {
                    let count = field.seen.min(*requests);
                    let place = (Location::Query, field.field.as_str());
                    add(&mut out, subject, place, (severity, count));
                }
            }
        }
    }
    out
}

fn by_class(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let secrets = subject.classes().filter(|(field, _, group)| {
        (is_in(field, Location::Path) || is_in(field, Location::Query))
            && *group == Sensitivity::Secret
    });
    let raised = secrets.map(|(field, class, _)| {
        let operation = subject.endpoint.named();
        let title = format!("{} in the URL of {operation}: {}", class.class, subject.place(field));
        let severity = if class.class == ONCE { Severity::Medium } else { Severity::High };
        Raised::of(field, class, severity).titled(title)
    });
    raised.collect()
}

/// Raises a parameter, unless a class was raised for it.
fn add<'a>(
    out: &mut Vec<Raised<'a>>,
    subject: Subject<'a>,
    (location, name): (Location, &'a str),
    (severity, count): (Severity, u64),
) {
    if out.iter().any(|raised| raised.field == Some((location, name))) {
        return;
    }
    let operation = subject.endpoint.named();
    let place = place(Direction::ToServer, location, name);
    out.push(Raised {
        severity,
        title: format!("credential in the URL of {operation}: {place}"),
        direction: Some(Direction::ToServer),
        field: Some((location, name)),
        class: None,
        about: None,
        seen: None,
        count,
    });
}

fn userinfo(subject: Subject<'_>, count: u64) -> Raised<'_> {
    Raised {
        severity: Severity::High,
        title: format!("user name and password in the URL of {}", subject.endpoint.named()),
        direction: Some(Direction::ToServer),
        field: Some((Location::Path, USERINFO)),
        class: None,
        about: None,
        seen: None,
        count,
    }
}

fn link(subject: Subject<'_>, count: u64) -> Raised<'_> {
    let title = format!("a link that opens by itself in the path of {}", subject.endpoint.named());
    beside_query(Direction::ToServer, (Location::Path, LINK), title, count)
}

fn redirect(subject: Subject<'_>, count: u64) -> Raised<'_> {
    let title = format!("credential in the URL that {} redirects to", subject.endpoint.named());
    beside_query(Direction::ToClient, (Location::Header, "location"), title, count)
}

fn referer(subject: Subject<'_>, count: u64) -> Raised<'_> {
    let operation = subject.endpoint.named();
    let title = format!("credential in the URL that requests to {operation} come from");
    beside_query(Direction::ToServer, (Location::Header, REFERER), title, count)
}

/// A credential in a URL, elsewhere than in the query of the request.
fn beside_query(
    direction: Direction,
    field: (Location, &'static str),
    title: String,
    count: u64,
) -> Raised<'static> {
    Raised {
        severity: Severity::Medium,
        title,
        direction: Some(direction),
        field: Some(field),
        class: None,
        about: None,
        seen: None,
        count,
    }
}

fn is_in(field: &Field, location: Location) -> bool {
    field.direction == Direction::ToServer && field.location == location
}

fn is_ended_by(raised: &Raised<'_>, name: &str) -> bool {
    raised.field.is_some_and(|(at, field)| at == Location::Query && plain(field).ends_with(name))
}

/// A name without separators and case.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | '.'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// What a name says of how long the credential lives.
fn severity(name: &str) -> Severity {
    if matches!(name, "token" | "code") { Severity::Medium } else { Severity::High }
}

#[cfg(test)]
mod tests {
    use super::super::raise::Facts;
    use super::super::samples::{closed, endpoint, field, found};
    use super::*;

    fn sent(url_credentials: &[(&'static str, u64)]) -> Facts {
        Facts { url_credentials: url_credentials.iter().copied().collect(), ..closed() }
    }

    #[test]
    fn tokens_passwords_and_session_ids_in_urls_are_raised_once_each() {
        let mut endpoint = endpoint();
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Path, "jsessionid", &[]),
            field(Direction::ToServer, Location::Query, "access_token", &[("secret.jwt", 100)]),
            field(Direction::ToServer, Location::Query, "api-key", &[]),
        ];
        let facts = sent(&[("accesstoken", 10), ("apikey", 4)]);
        let found = found(RULE.id, &endpoint, &facts);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|f| f.severity == Severity::High));
        assert_eq!(found.iter().filter(|f| f.data_class.is_some()).count(), 1);
        let key = found.iter().find(|f| f.field.as_deref() == Some("api-key")).unwrap();
        assert_eq!((key.location, key.count), (Some(Location::Query), 4));
        assert!(key.title.ends_with("request query parameter api-key"), "{}", key.title);
    }

    #[test]
    fn a_parameter_whose_field_is_not_kept_is_raised_by_its_plain_name() {
        let found = found(RULE.id, &endpoint(), &sent(&[("sig", 4)]));
        assert_eq!((found.len(), found[0].count), (1, 4));
        assert_eq!(found[0].location, Some(Location::Query));
        assert_eq!(found[0].field.as_deref(), Some("sig"));
    }

    #[test]
    fn a_parameter_that_ends_in_the_name_and_was_raised_for_its_class_is_raised_once() {
        let mut endpoint = endpoint();
        let classes = [("secret.password", 100)];
        endpoint.fields =
            vec![field(Direction::ToServer, Location::Query, "userPassword", &classes)];
        let found = found(RULE.id, &endpoint, &sent(&[("password", 1)]));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].field.as_deref(), Some("userPassword"));
    }

    #[test]
    fn what_may_serve_one_request_only_is_medium() {
        let found = found(RULE.id, &endpoint(), &sent(&[("code", 1)]));
        assert_eq!(found[0].severity, Severity::Medium);
    }

    #[test]
    fn user_information_in_a_target_is_raised() {
        let found = found(RULE.id, &endpoint(), &sent(&[("userinfo", 2)]));
        assert_eq!((found.len(), found[0].count), (1, 2));
        let place = (found[0].location, found[0].field.as_deref());
        assert_eq!(place, (Some(Location::Path), Some("userinfo")));
    }

    #[test]
    fn a_credential_in_the_page_before_is_raised_where_it_stands() {
        let found = found(RULE.id, &endpoint(), &sent(&[("referer", 3)]));
        assert_eq!((found.len(), found[0].count), (1, 3));
        let place = (found[0].location, found[0].field.as_deref());
        assert_eq!(place, (Some(Location::Header), Some("referer")));
        assert_eq!(found[0].direction, Some(Direction::ToServer));
    }

    #[test]
    fn parameters_whose_values_were_no_credentials_are_not_raised() {
        let mut endpoint = endpoint();
        endpoint.auth.insert("jwt".into(), 10);
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Query, "pageToken", &[]),
            field(Direction::ToServer, Location::Query, "code", &[]),
            field(Direction::ToServer, Location::Query, "token", &[]),
            field(Direction::ToServer, Location::Header, "authorization", &[("secret.jwt", 100)]),
            field(Direction::ToServer, Location::Body, "password", &[]),
        ];
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
    }
}
