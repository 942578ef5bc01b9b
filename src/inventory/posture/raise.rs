//! What a rule is given, what it raises, and how that becomes a finding.

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::inventory::assess::short_digest;
use crate::inventory::assessed::{DataClassSeen, Endpoint, Field, Finding};
use crate::inventory::rollup::EndpointStats;
use crate::inventory::senders::{Sender, SenderStats};
use crate::inventory::tls::TlsFacts;
use crate::model::{Direction, FindingKind, Location, Severity};

use super::registry::RULES;
use super::sensitivity::{Sensitivity, sensitivity};

/// Verdicts below this confidence are shown with their field and raise nothing: what is as likely
/// wrong as right is not worth someone's time.
const CONFIDENCE_MIN: u8 = 50;

/// Counts that rules need and that an endpoint's row does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Exchanges that came without encryption.
    pub unencrypted: u64,
    /// Exchanges answered with success although the request carried no authentication.
    pub unauthenticated_successes: u64,
    /// Requests by what carried a credential in their target: `apikey`, `sig`, `userinfo`, ….
    pub url_credentials: BTreeMap<&'static str, u64>,
    /// For the row of a service's TLS sessions: what they show.
    pub tls: Option<TlsFacts>,
    /// Senders that first came here and that the service had never seen before.
    pub new_senders: Vec<(Sender, SenderStats)>,
}

impl Facts {
    /// The facts of an endpoint.
    pub fn of(stats: &EndpointStats) -> Facts {
        Facts {
            unencrypted: stats.coverage.exchanges.saturating_sub(stats.encrypted),
            unauthenticated_successes: stats.unauthenticated_successes,
            url_credentials: stats.url_credentials.clone(),
            tls: None,
            new_senders: Vec::new(),
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The assessed endpoint; its severity is not set yet.
    pub endpoint: &'a Endpoint,
    /// What its row does not show.
    pub facts: &'a Facts,
}

impl<'a> Subject<'a> {
    /// Every field with every class it surely carries; one of two that tell of the same secret.
    pub fn classes(self) -> impl Iterator<Item = (&'a Field, &'a DataClassSeen, Sensitivity)> {
        self.endpoint.fields.iter().flat_map(|field| {
            let sure = field.data_classes.iter().filter(|c| c.confidence >= CONFIDENCE_MIN);
            let sure = sure.filter(|class| !is_told_by_another(field, class));
            sure.map(move |class| (field, class, sensitivity(&class.class)))
        })
    }

    /// Whether some field of this direction carries a class of such a group.
    pub fn carries(self, direction: Direction, group: impl Fn(Sensitivity) -> bool) -> bool {
        self.classes().any(|(field, _, s)| field.direction == direction && group(s))
    }

    /// `request` or `response`, then where and what: `response body field "$.ssn"`.
    pub fn place(self, field: &Field) -> String {
        place(field.direction, field.location, &field.field)
    }
}

/// What the name of a field says of a secret whose form may be a JWT.
const BY_NAME: [&str; 4] =
    ["secret.authorization_code", "secret.password", "secret.session", "secret.token"];

/// Whether another class of `field` tells of the same secret: what it is by name and what it is by
/// form (`secret.jwt`) are one, of which that with more values is told, else the name.
fn is_told_by_another(field: &Field, class: &DataClassSeen) -> bool {
    let sure = || field.data_classes.iter().filter(|c| c.confidence >= CONFIDENCE_MIN);
    let by_form = |c: &DataClassSeen| *c.class == *"secret.jwt";
    let by_name = |c: &DataClassSeen| BY_NAME.contains(&&*c.class);
    if by_form(class) {
        return sure().any(|c| by_name(c) && c.count >= class.count);
    }
    by_name(class) && sure().any(|c| by_form(c) && c.count > class.count)
}

/// The same of a field that is known by name only.
pub(super) fn place(direction: Direction, location: Location, name: &str) -> String {
    let way = match direction {
        Direction::ToServer => "request",
        Direction::ToClient => "response",
    };
    let noun = match location {
        Location::Path => "path parameter",
        Location::Query => "query parameter",
        Location::Header => "header field",
        Location::Cookie => "cookie",
        Location::Body => "body field",
    };
    format!("{way} {noun} {name}")
}

/// What a rule raised.
#[derive(Clone, Debug)]
pub struct Raised<'a> {
    /// How much it matters.
    pub severity: Severity,
    /// One line: what is wrong, naming field, class and operation.
    pub title: String,
    /// Which way the data went, where that is part of what is wrong.
    pub direction: Option<Direction>,
    /// Where the field lives and its name, for rules about one.
    pub field: Option<(Location, &'a str)>,
    /// The class, for rules about one.
    pub class: Option<&'a str>,
    /// What narrower than the endpoint it is about, where that is no field.
    pub about: Option<About>,
    /// Exchanges or values that show it.
    pub count: u64,
    /// When, where that is known better than by the times of the endpoint.
    pub seen: Option<(Timestamp, Timestamp)>,
}

/// Part of an endpoint that a finding is about: it has an id and times of its own.
#[derive(Clone, Debug)]
pub struct About {
    /// What it is: never shown, part of the id.
    pub name: String,
    /// When it was seen first and last.
    pub seen: (Timestamp, Timestamp),
}

impl<'a> Raised<'a> {
    /// About one class in one field.
    pub fn of(field: &'a Field, class: &'a DataClassSeen, severity: Severity) -> Raised<'a> {
        Raised {
            severity,
            title: String::new(),
            direction: Some(field.direction),
            field: Some((field.location, &field.field)),
            class: Some(&class.class),
            about: None,
            count: class.count,
            seen: Some((class.first_seen, class.last_seen)),
        }
    }

    /// With this title.
    pub fn titled(self, title: String) -> Raised<'a> {
        Raised { title, ..self }
    }
}

/// A posture rule: what is raised is a pure function of the assessed endpoint.
#[derive(Debug)]
pub struct PostureRule {
    /// Stable id: `sensitive-data-in-clear`.
    pub id: &'static str,
    /// What it is about.
    pub kind: FindingKind,
    /// Why it matters and what to do about it, in sentences.
    pub explanation: &'static str,
    /// Standards and laws it supports evidence for.
    pub references: &'static [&'static str],
    /// Raises what is wrong with an endpoint.
    pub raise: for<'a> fn(Subject<'a>) -> Vec<Raised<'a>>,
}

/// The findings of every rule on one endpoint, by id: one per rule, direction, field and class.
pub fn findings(endpoint: &Endpoint, facts: &Facts) -> Vec<Finding> {
    let subject = Subject { endpoint, facts };
    let mut out: BTreeMap<String, Finding> = BTreeMap::new();
    for rule in RULES {
        for raised in (rule.raise)(subject) {
            let finding = finding(rule, subject, raised);
            // A name in the path and in the query has one id: one row, which shows the worse.
            if let Some(known) = out.get_mut(&finding.id) {
                let count = known.count + finding.count;
                let first = known.first_seen.min(finding.first_seen);
                let last = known.last_seen.max(finding.last_seen);
                if finding.severity > known.severity {
                    *known = finding;
                }
                (known.count, known.first_seen, known.last_seen) = (count, first, last);
            } else {
                out.insert(finding.id.clone(), finding);
            }
        }
    }
    out.into_values().collect()
}

fn finding(rule: &PostureRule, subject: Subject<'_>, raised: Raised<'_>) -> Finding {
    let endpoint = subject.endpoint;
    let way = match raised.direction {
        Some(Direction::ToServer) => "request",
        Some(Direction::ToClient) => "response",
        None => "",
    };
    let field = raised.field.map(|(_, name)| name);
    let mut parts = vec![rule.id, &endpoint.id, way, field.unwrap_or("")];
    parts.push(raised.class.unwrap_or(""));
    parts.extend(raised.about.as_ref().map(|about| about.name.as_str()));
    let own = (endpoint.first_seen, endpoint.last_seen);
    let about = raised.about.as_ref().map(|about| about.seen);
    let (first_seen, last_seen) = about.or(raised.seen).unwrap_or(own);
    Finding {
        id: format!("f-{}", short_digest(&parts)),
        rule: rule.id,
        kind: rule.kind,
        severity: raised.severity,
        title: raised.title,
        explanation: rule.explanation.to_owned(),
        endpoint: endpoint.id.clone(),
        direction: raised.direction,
        location: raised.field.map(|(location, _)| location),
        field: field.map(str::to_owned),
        data_class: raised.class.map(str::to_owned),
        count: raised.count,
        first_seen,
        last_seen,
        references: rule.references.iter().map(|r| (*r).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, endpoint, field};
    use super::*;
    use crate::model::Location::{Body, Query};

    #[test]
    fn ids_are_stable_and_tell_everything_apart_that_they_should() {
        let mut endpoint = endpoint();
        endpoint.fields = vec![
            field(Direction::ToServer, Body, "$.a", &[("us.ssn", 90), ("person.name", 90)]),
            field(Direction::ToClient, Body, "$.a", &[("us.ssn", 90)]),
            field(Direction::ToClient, Body, "$.b", &[("us.ssn", 90)]),
        ];
        let found = findings(&endpoint, &clear());
        assert_eq!(found.len(), 4);
        let again = findings(&endpoint, &clear());
        assert_eq!(found, again);
        assert!(found.iter().all(|f| f.id.len() == 18 && f.id.starts_with("f-")));
        let expect = short_digest(&[
            "sensitive-data-in-clear",
            "ep-0123456789abcdef",
            "response",
            "$.b",
            "us.ssn",
        ]);
        assert!(found.iter().any(|f| f.id == format!("f-{expect}")));
    }

    #[test]
    fn doubtful_classes_raise_nothing() {
        let mut endpoint = endpoint();
        endpoint.fields =
            vec![field(Direction::ToServer, Query, "q", &[("us.ssn", CONFIDENCE_MIN - 1)])];
        assert!(findings(&endpoint, &clear()).is_empty());
    }
}
