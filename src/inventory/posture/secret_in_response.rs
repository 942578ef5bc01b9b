//! Secrets in the body of a response.
//!
//! High; low for tokens (`secret.jwt`), which logins return by design.

use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "secret-in-response",
    kind: FindingKind::SensitiveData,
    explanation: "Responses should not hand out keys and secrets: they end up in caches, browser \
        stores and logs, and give whoever finds them the rights of the service. Remove the \
        property from the response, and replace the secret. A token that a login returns on \
        purpose can be recorded as accepted.",
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
        let severity = if class.class == "secret.jwt" { Severity::Low } else { Severity::High };
        let title = format!(
            "{} is returned in {} of {}",
            class.class,
            subject.place(field),
            subject.endpoint.operation
        );
        Raised::of(field, class, severity).titled(title)
    });
    raised.collect()
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
