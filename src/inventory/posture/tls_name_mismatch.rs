//! Services that show a certificate which is not for the host that the client asked for.

use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-name-mismatch",
    kind: FindingKind::Configuration,
    explanation: "The client asked for a host and got a certificate of another. A client that goes \
        on does not look at names, and would go on with anyone's certificate. Have the host added \
        to the certificate, and let the clients check it.",
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
        tls.stats.certificates.iter().filter(|(_, seen)| seen.mismatched > 0).collect();
    let Some((_, first)) = raised.first() else { return Vec::new() };
    let at = tls.stats.shown_at(raised.iter().map(|(id, _)| &***id));
    let names: Vec<&str> = first.facts.names.iter().take(3).map(|name| &**name).collect();
    let names = if names.is_empty() { &*first.facts.subject } else { &names.join(", ") };
    vec![Raised {
        severity: Severity::Medium,
        title: format!("the certificate of {}{at} is for {names}", subject.endpoint.service),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(_, seen)| seen.mismatched).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    #[test]
    fn only_sessions_that_asked_for_another_host_are_counted() {
        let mut facts = encrypted();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        certificate(&mut facts).mismatched = 2;
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!(raised[0].count, 2);
        assert_eq!(raised[0].title, "the certificate of ehr.example is for ehr.example");
    }
}
