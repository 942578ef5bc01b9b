//! Services whose certificate says its host in the subject alone.

use crate::inventory::tls::titles::{names, these};
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-name-in-subject",
    kind: FindingKind::Configuration,
    explanation: "The certificate has no subjectAltName with a host or address: its only name is \
        the common name of its subject. Names in the subject are no longer accepted (RFC 9525); \
        browsers, Go and others refuse such a certificate. A client that goes on is old, or does \
        not look at names and would go on with anyone's certificate. Have the certificate issued \
        anew with the host as subjectAltName.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-297",
        "RFC 9525",
        "NIST SP 800-52r2 section 4.5",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let raised: Vec<_> =
        tls.stats.certificates.iter().filter(|(_, seen)| seen.in_subject > 0).collect();
    if raised.is_empty() {
        return Vec::new();
    }
    let at = tls.stats.shown_at(raised.iter().map(|(id, _)| &***id));
    let name = names(raised.iter().map(|(_, seen)| *seen), |seen| seen.facts.subject.to_string());
    let these = these(raised.len(), &subject.endpoint.service, &at);
    vec![Raised {
        severity: Severity::Low,
        title: format!(
            "{these} without a host as subjectAltName: names only in the subject are no longer \
             accepted ({name})"
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(_, seen)| seen.in_subject).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    #[test]
    fn only_sessions_whose_host_stands_in_the_subject_alone_are_counted() {
        let mut facts = encrypted();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        certificate(&mut facts).in_subject = 2;
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised[0].severity, raised[0].count), (Severity::Low, 2));
        assert!(raised[0].title.ends_with("(CN=ehr.example)"), "{}", raised[0].title);
        assert!(found("tls-name-mismatch", &endpoint(), &facts).is_empty());
    }
}
