//! Personal or health data over a transport that anyone on the way can read.
//!
//! High: secrets, financial data, and who somebody is together with how they are. Medium: either of
//! these alone. Low: devices, codes alone. Secrets in header fields and cookies are the business of
//! `credentials-in-clear`.

use crate::model::{FindingKind, Location, Severity};

use super::company::{CODE, Company};
use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "sensitive-data-in-clear",
    kind: FindingKind::Transport,
    explanation: "Everyone between the client and the server can read and change this data: \
        switches, proxies, wireless networks, whoever has a mirror port. Serve this endpoint over \
        TLS 1.2 or later only, redirect or refuse plain connections, and check why the client \
        still uses one. What says who somebody is and what tells of their health is graded higher \
        where the endpoint carries both, in requests or responses, than where it carries one.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-319",
        "HIPAA 45 CFR 164.312(e)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    if subject.facts.unencrypted == 0 {
        return Vec::new();
    }
    let how = match subject.endpoint.encrypted {
        "some" => "partly without encryption",
        _ => "without encryption",
    };
    let carried = subject.classes().filter(|(field, _, group)| {
        let credential = matches!(field.location, Location::Header | Location::Cookie);
        !(credential && *group == Sensitivity::Secret)
    });
    let company = Company::of(subject);
    let raised = carried.map(|(field, class, group)| {
        let title = format!(
            "{} in {} of {} travels {how}",
            class.class,
            subject.place(field),
            subject.endpoint.named()
        );
        let together = company.is_health_information(&class.class, group);
        Raised::of(field, class, severity(&class.class, group, together)).titled(title)
    });
    raised.collect()
}

fn severity(class: &str, group: Sensitivity, together: bool) -> Severity {
    match group {
        _ if together => Severity::High,
        _ if class == CODE => Severity::Low,
        Sensitivity::Device => Severity::Low,
        Sensitivity::Contact
        | Sensitivity::Person
        | Sensitivity::National
        | Sensitivity::Health => Severity::Medium,
        Sensitivity::Financial | Sensitivity::Secret => Severity::High,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, closed, endpoint, field, found};
    use super::*;
    use crate::inventory::assessed::Endpoint;
    use crate::model::Direction;

    #[test]
    fn who_with_how_in_the_clear_is_high_either_alone_medium_and_a_mac_address_low() {
        let mut endpoint = endpoint();
        let severities = |endpoint: &Endpoint| -> Vec<Severity> {
            let mut all: Vec<_> =
                found(RULE.id, endpoint, &clear()).iter().map(|f| f.severity).collect();
            all.sort();
            all
        };
        let sent = |classes: &[(&str, u8)]| {
            vec![field(Direction::ToClient, Location::Body, "$.x", classes)]
        };
        for alone in ["gb.nhs_number", "health.mrn", "person.name", "health.vital_sign"] {
            endpoint.fields = sent(&[(alone, 95)]);
            assert_eq!(severities(&endpoint), [Severity::Medium], "{alone}");
        }
        endpoint.fields = sent(&[("health.clinical_code", 95)]);
        assert_eq!(severities(&endpoint), [Severity::Low]);
        endpoint.fields = sent(&[("person.name", 95), ("health.clinical_code", 95)]);
        assert_eq!(severities(&endpoint), [Severity::High, Severity::High]);
        let classes =
            [("gb.nhs_number", 95), ("health.vital_sign", 80), ("network.mac_address", 80)];
        endpoint.fields = sent(&classes);
        let found = found(RULE.id, &endpoint, &clear());
        let mut severities: Vec<_> = found.iter().map(|f| f.severity).collect();
        severities.sort();
        assert_eq!(severities, [Severity::Low, Severity::High, Severity::High]);
        let nhs = found.iter().find(|f| f.data_class.as_deref() == Some("gb.nhs_number")).unwrap();
        assert_eq!(
            nhs.title,
            "gb.nhs_number in response body field $.x of GET /patients/{id} travels without \
             encryption"
        );
        assert_eq!(nhs.data_class.as_deref(), Some("gb.nhs_number"));
    }

    #[test]
    fn the_same_over_tls_is_not_raised() {
        let mut endpoint = endpoint();
        endpoint.encrypted = "all";
        endpoint.fields =
            vec![field(Direction::ToClient, Location::Body, "$.x", &[("gb.nhs_number", 95)])];
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
    }

    #[test]
    fn a_password_in_a_body_is_raised_and_a_token_in_a_header_left_to_its_own_rule() {
        let mut endpoint = endpoint();
        let secret = [("secret.jwt", 100)];
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Body, "$.token", &secret),
            field(Direction::ToServer, Location::Header, "authorization", &secret),
        ];
        let found = found(RULE.id, &endpoint, &clear());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].location, Some(Location::Body));
    }
}
