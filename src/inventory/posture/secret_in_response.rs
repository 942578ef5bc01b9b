//! Secrets in the body of a response.
//!
//! High; low for tokens that a login returns by design: in a field called as one, in no list, where
//! at least as many requests showed what one logs in with (a password, a client's secret, an
//! assertion, a grant). Low for other JWTs where nobody got one who showed nothing.

use crate::inventory::assessed::{DataClassSeen, Field};
use crate::inventory::login;
use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "secret-in-response",
    kind: FindingKind::SensitiveData,
    explanation: "Responses should not hand out keys and secrets: they end up in caches, browser \
        stores and logs, and give whoever finds them the rights of the service. Remove the \
        property from the response, and replace the secret. A token is low where requests show a \
        password, a secret or a grant for it: if a login returns it on purpose, record it as \
        accepted.",
    references: &[
        "OWASP API3:2023 Broken Object Property Level Authorization",
        "CWE-200",
        "CWE-522",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let returned = subject.classes().filter(|(field, _, group)| {
        field.direction == Direction::ToClient
            && field.location == Location::Body
            && *group == Sensitivity::Secret
    });
    let raised = returned.map(|(field, class, _)| {
        let known = class.class == "secret.jwt" && subject.facts.unauthenticated_successes == 0;
        let low = known || is_of_login(subject, field, class);
        let severity = if low { Severity::Low } else { Severity::High };
        let title = format!(
            "{} is returned in {} of {}",
            class.class,
            subject.place(field),
            subject.endpoint.named()
        );
        Raised::of(field, class, severity).titled(title)
    });
    raised.collect()
}

/// What a login may return.
const OF_LOGINS: [&str; 3] = ["secret.jwt", "secret.session", "secret.token"];

/// Whether `field` of a response holds the token that requests to this endpoint ask for.
fn is_of_login(subject: Subject<'_>, field: &Field, class: &DataClassSeen) -> bool {
    if !OF_LOGINS.contains(&&*class.class) || !own_name(&field.field).is_some_and(login::is_token) {
        return false;
    }
    // None more often than somebody showed something for it.
    let bodies = subject
        .endpoint
        .fields
        .iter()
        .filter(|f| f.direction == Direction::ToServer && f.location == Location::Body);
    let shown = bodies.filter(|f| {
        shown_name(&f.field).is_some_and(|n| login::is_proof(n) || login::is_grant_type(n))
    });
    shown.map(|f| f.exchanges).max().is_some_and(|shown| shown >= field.exchanges)
}

/// The same of what is shown, which may be an argument of a GraphQL document; a pin there is a
/// place.
fn shown_name(path: &str) -> Option<&str> {
    let argument = || own_name(path.strip_prefix("$.query|")?);
    own_name(path).or_else(|| argument().filter(|name| !name.eq_ignore_ascii_case("pin")))
}

/// The last name in the path of a field, unless it stands in a list.
fn own_name(path: &str) -> Option<&str> {
    let name = path.rsplit('.').next().unwrap_or(path);
    (!path.contains("[*]") && !path.contains('|')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{closed, endpoint, field, found};
    use super::*;

    #[test]
    fn a_private_key_in_a_response_is_high_and_a_token_low() {
        let mut endpoint = endpoint();
        let classes = [("secret.private_key", 100), ("secret.jwt", 100)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.k", &classes)];
        let mut found = found(RULE.id, &endpoint, &closed());
        found.sort_by_key(|f| f.severity);
        let severities: Vec<_> = found.iter().map(|f| f.severity).collect();
        assert_eq!(severities, [Severity::Low, Severity::High]);
    }

    #[test]
    fn a_token_is_low_where_requests_show_something_for_it_and_high_elsewhere() {
        let token = [("secret.token", 90)];
        let severity = |shown: Option<(&str, u64)>, path: &str, classes: &[(&str, u8)]| {
            let mut endpoint = endpoint();
            endpoint.fields = vec![field(Direction::ToClient, Location::Body, path, classes)];
            endpoint.fields.extend(shown.map(|(name, exchanges)| {
                let shown = field(Direction::ToServer, Location::Body, name, &[]);
                Field { exchanges, ..shown }
            }));
            let found = found(RULE.id, &endpoint, &closed());
            assert_eq!(found.len(), 1, "{path}");
            found[0].severity
        };
        for shown in ["password", "$.user.password", "client_secret", "grant_type"] {
            assert_eq!(severity(Some((shown, 10)), "$.access_token", &token), Severity::Low);
        }
        assert_eq!(severity(None, "$.access_token", &token), Severity::High);
        assert_eq!(severity(Some(("password", 9)), "$.access_token", &token), Severity::High);
        assert_eq!(severity(Some(("$.q", 10)), "$.access_token", &token), Severity::High);
        // Of many, or not what a login returns.
        let password = Some(("password", 10));
        assert_eq!(severity(password, "$.users[*].token", &token), Severity::High);
        assert_eq!(severity(password, "$.api_key", &token), Severity::High);
        assert_eq!(severity(password, "$.token", &[("secret.password", 90)]), Severity::High);
    }

    #[test]
    fn a_token_that_is_a_jwt_is_one_finding() {
        let mut endpoint = endpoint();
        let classes = [("secret.jwt", 100), ("secret.token", 90)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.token", &classes)];
        let raised = found(RULE.id, &endpoint, &closed());
        assert_eq!(raised.len(), 1);
        assert_eq!(raised[0].data_class.as_deref(), Some("secret.token"));
        endpoint.fields[0].data_classes[1].count = 1;
        let raised = found(RULE.id, &endpoint, &closed());
        assert_eq!(raised.len(), 1);
        assert_eq!(raised[0].data_class.as_deref(), Some("secret.jwt"), "most have that form");
    }

    #[test]
    fn secrets_that_clients_send_and_session_cookies_are_not_raised() {
        let mut endpoint = endpoint();
        let jwt = [("secret.jwt", 100)];
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Body, "$.k", &jwt),
            field(Direction::ToClient, Location::Cookie, "session", &jwt),
        ];
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
    }
}
