//! Personal or health data in a path or query string.
//!
//! High: health, national and financial data. Medium: persons and contact data. Low: devices.
//! Secrets are the business of `credentials-in-url`.

use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "sensitive-data-in-url",
    kind: FindingKind::Exposure,
    explanation: "URLs are written to the logs of servers, proxies and load balancers, to browser \
        histories and to Referer fields, where this data outlives every access rule, encrypted \
        transport or not. Send it in a request body (FHIR: POST to _search) or refer to the \
        record by an identifier that means nothing elsewhere, and clear existing logs.",
    references: &[
        "OWASP API3:2023 Broken Object Property Level Authorization",
        "CWE-598",
        "HIPAA 45 CFR 164.312(a)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let in_url = subject.classes().filter(|(field, _, group)| {
        field.direction == Direction::ToServer
            && matches!(field.location, Location::Path | Location::Query)
            && *group != Sensitivity::Secret
    });
    let raised = in_url.map(|(field, class, group)| {
        let title = format!(
            "{} in the URL of {}: {}",
            class.class,
            subject.endpoint.named(),
            subject.place(field)
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
    use super::super::samples::{closed, endpoint, field, found};
    use super::*;

    #[test]
    fn a_record_number_in_path_or_query_is_raised_even_over_tls() {
        let mut endpoint = endpoint();
        let mrn = [("health.mrn", 80)];
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Path, "id", &mrn),
            field(Direction::ToServer, Location::Query, "mrn", &mrn),
        ];
        let found = found(RULE.id, &endpoint, &closed());
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|f| f.severity == Severity::High));
        let places: Vec<_> = found.iter().filter_map(|f| f.location).collect();
        assert!(places.contains(&Location::Path) && places.contains(&Location::Query));
    }

    #[test]
    fn the_same_in_a_body_is_not_raised() {
        let mut endpoint = endpoint();
        let mrn = [("health.mrn", 80)];
        endpoint.fields = vec![field(Direction::ToServer, Location::Body, "$.mrn", &mrn)];
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
    }
}
