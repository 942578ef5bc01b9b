//! Personal or health data handed out to whoever asks.
//!
//! Critical: identified health data (a health identifier or national number, or a person or
//! contact on a clinical endpoint). High: secrets and financial data, persons. Medium: contact
//! data beside data of persons. Low: contact data alone (imprints carry it) and devices.

use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "sensitive-data-unauthenticated",
    kind: FindingKind::Auth,
    explanation: "Requests without any credential were answered with success and this data: \
        whoever reaches the service can read it. Require authentication before the operation is \
        carried out, and check the access logs for who has read it. If a gateway authenticates \
        clients by other means (mutual TLS, network), record this finding as accepted.",
    references: &[
        "OWASP API2:2023 Broken Authentication",
        "CWE-306",
        "HIPAA 45 CFR 164.312(a)(1)",
        "HIPAA 45 CFR 164.312(d)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let successes = subject.facts.unauthenticated_successes;
    if successes == 0 {
        return Vec::new();
    }
    let returned = subject.classes().filter(|(field, class, _)| {
        // A login answers strangers with a token: that is its purpose.
        field.direction == Direction::ToClient
            && matches!(field.location, Location::Body | Location::Header)
            && class.class != "secret.jwt"
    });
    let raised = returned.map(|(field, class, group)| {
        let title = format!(
            "{} in {} of {} is returned without authentication",
            class.class,
            subject.place(field),
            subject.endpoint.operation
        );
        Raised::of(field, class, severity(subject, group)).titled(title)
    });
    raised.collect()
}

fn severity(subject: Subject<'_>, group: Sensitivity) -> Severity {
    let clinical = subject.is_clinical(Direction::ToClient);
    let persons = |s| matches!(s, Sensitivity::Person | Sensitivity::National);
    match group {
        Sensitivity::Health | Sensitivity::National => Severity::Critical,
        Sensitivity::Person | Sensitivity::Contact if clinical => Severity::Critical,
        Sensitivity::Secret | Sensitivity::Financial | Sensitivity::Person => Severity::High,
        Sensitivity::Contact if subject.carries(Direction::ToClient, persons) => Severity::Medium,
        Sensitivity::Contact | Sensitivity::Device => Severity::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, endpoint, field, found, open};
    use super::*;

    #[test]
    fn identified_health_data_for_anyone_is_critical() {
        let mut endpoint = endpoint();
        endpoint.standard = "fhir-r4".into();
        let classes = [("person.name", 90)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.name", &classes)];
        let found = found(RULE.id, &endpoint, &open());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Critical);
        assert_eq!(found[0].kind, FindingKind::Auth);
    }

    #[test]
    fn a_lone_mail_address_for_anyone_is_low() {
        let mut endpoint = endpoint();
        let classes = [("contact.email", 90)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$", &classes)];
        assert_eq!(found(RULE.id, &endpoint, &open())[0].severity, Severity::Low);
    }

    #[test]
    fn what_clients_send_what_logins_return_and_what_needs_a_credential_is_not_raised() {
        let mut endpoint = endpoint();
        let ssn = [("us.ssn", 90)];
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Body, "$.ssn", &ssn),
            field(Direction::ToClient, Location::Body, "$.token", &[("secret.jwt", 100)]),
        ];
        assert!(found(RULE.id, &endpoint, &open()).is_empty());
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.ssn", &ssn)];
        assert!(found(RULE.id, &endpoint, &clear()).is_empty());
    }
}
