//! Personal or health data handed out to whoever asks.
//!
//! Critical: who somebody is together with how they are, and persons and contacts on an endpoint of
//! patients. High: either of these alone; secrets and financial data, persons. Medium: contact data
//! beside data of persons. Low: contact data alone (imprints carry it), codes alone and devices.

use crate::model::{Direction, FindingKind, Location, Severity};

use super::company::{CODE, Company};
use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "sensitive-data-unauthenticated",
    kind: FindingKind::Auth,
    explanation: "Requests without any credential were answered with success and this data: \
        whoever reaches the service can read it. Require authentication before the operation is \
        carried out, and check the access logs for who has read it. If a gateway authenticates \
        clients by other means (mutual TLS, network), record this finding as accepted. What says \
        who somebody is and what tells of their health is graded higher where the endpoint \
        carries both, in requests or responses, than where it carries one.",
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
        let is_told = match field.location {
            Location::Body => true,
            // A login by a page answers strangers with a cookie: that is its purpose.
            Location::Header => class.class != "secret.jwt",
            _ => false,
        };
        field.direction == Direction::ToClient && is_told
    });
    let company = Company::of(subject);
    let raised = returned.map(|(field, class, group)| {
        let title = format!(
            "{} in {} of {} is returned without authentication",
            class.class,
            subject.place(field),
            subject.endpoint.named()
        );
        let severity = severity(subject, company, (&class.class, group));
        Raised::of(field, class, severity).titled(title)
    });
    raised.collect()
}

fn severity(
    subject: Subject<'_>,
    company: Company,
    (class, group): (&str, Sensitivity),
) -> Severity {
    let together = company.is_health_information(class, group);
    let persons = |s| matches!(s, Sensitivity::Person | Sensitivity::National);
    match group {
        _ if together => Severity::Critical,
        _ if class == CODE => Severity::Low,
        Sensitivity::Health | Sensitivity::National => Severity::High,
        Sensitivity::Person | Sensitivity::Contact if company.is_of_patients() => {
            Severity::Critical
        }
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
    fn who_with_how_for_anyone_is_critical_and_either_alone_high() {
        let mut endpoint = endpoint();
        for (sent_class, returned, severity) in [
            ("", "gb.nhs_number", Severity::High),
            ("", "health.mrn", Severity::High),
            ("", "health.vital_sign", Severity::High),
            ("", "person.name", Severity::High),
            ("", "health.clinical_code", Severity::Low),
            ("gb.nhs_number", "health.vital_sign", Severity::Critical),
            ("gb.nhs_number", "health.clinical_code", Severity::Critical),
            ("health.diagnosis", "gb.nhs_number", Severity::Critical),
            ("health.diagnosis", "contact.email", Severity::Critical),
        ] {
            let sent = field(Direction::ToServer, Location::Body, "$.a", &[(sent_class, 95)]);
            let back = field(Direction::ToClient, Location::Body, "$.b", &[(returned, 95)]);
            endpoint.fields = vec![back];
            endpoint.fields.extend((!sent_class.is_empty()).then_some(sent));
            let found = found(RULE.id, &endpoint, &open());
            assert_eq!(found.len(), 1, "{returned}");
            assert_eq!(found[0].severity, severity, "{returned}");
        }
    }

    #[test]
    fn a_lone_mail_address_for_anyone_is_low() {
        let mut endpoint = endpoint();
        let classes = [("contact.email", 90)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$", &classes)];
        assert_eq!(found(RULE.id, &endpoint, &open())[0].severity, Severity::Low);
    }

    #[test]
    fn a_jwt_for_anyone_is_a_secret_in_a_body_and_a_logins_in_a_cookie() {
        let mut endpoint = endpoint();
        let jwt = [("secret.jwt", 100)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.token", &jwt)];
        assert_eq!(found(RULE.id, &endpoint, &open())[0].severity, Severity::High);
        let other = found("secret-in-response", &endpoint, &open());
        assert_eq!(other[0].severity, Severity::High, "nobody showed anything for it");
        endpoint.fields = vec![field(Direction::ToClient, Location::Header, "set-cookie", &jwt)];
        assert!(found(RULE.id, &endpoint, &open()).is_empty());
    }

    #[test]
    fn what_clients_send_and_what_needs_a_credential_is_not_raised() {
        let mut endpoint = endpoint();
        let ssn = [("us.ssn", 90)];
        endpoint.fields = vec![field(Direction::ToServer, Location::Body, "$.ssn", &ssn)];
        assert!(found(RULE.id, &endpoint, &open()).is_empty());
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.ssn", &ssn)];
        assert!(found(RULE.id, &endpoint, &clear()).is_empty());
    }
}
