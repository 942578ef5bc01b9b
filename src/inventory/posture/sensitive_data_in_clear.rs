//! Personal or health data over a transport that anyone on the way can read.
//!
//! High: secrets, health, national and financial data. Medium: persons and contact data. Low:
//! devices. Secrets in header fields and cookies are the business of `credentials-in-clear`.

use crate::model::{FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "sensitive-data-in-clear",
    kind: FindingKind::Transport,
    explanation: "Everyone between the client and the server can read and change this data: \
        switches, proxies, wireless networks, whoever has a mirror port. Serve this endpoint over \
        TLS 1.2 or later only, redirect or refuse plain connections, and check why the client \
        still uses one.",
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
    let raised = carried.map(|(field, class, group)| {
        let title = format!(
            "{} in {} of {} travels {how}",
            class.class,
            subject.place(field),
            subject.endpoint.operation
        );
        Raised::of(field, class, severity(group)).titled(title)
    });
    raised.collect()
}

fn severity(group: Sensitivity) -> Severity {
    match group {
        Sensitivity::Device => Severity::Low,
        Sensitivity::Contact | Sensitivity::Person => Severity::Medium,
        Sensitivity::Financial
        | Sensitivity::National
        | Sensitivity::Health
        | Sensitivity::Secret => Severity::High,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, closed, endpoint, field, found};
    use super::*;
    use crate::model::Direction;

    #[test]
    fn a_national_number_in_the_clear_is_high_and_a_mac_address_low() {
        let mut endpoint = endpoint();
        let classes = [("gb.nhs_number", 95), ("contact.email", 80), ("network.mac_address", 80)];
        endpoint.fields = vec![field(Direction::ToClient, Location::Body, "$.x", &classes)];
        let found = found(RULE.id, &endpoint, &clear());
        let mut severities: Vec<_> = found.iter().map(|f| f.severity).collect();
        severities.sort();
        assert_eq!(severities, [Severity::Low, Severity::Medium, Severity::High]);
        let nhs = found.iter().find(|f| f.severity == Severity::High).unwrap();
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
