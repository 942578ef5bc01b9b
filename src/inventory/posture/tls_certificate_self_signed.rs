//! Services that show a certificate which nobody else signed.

use crate::inventory::tls::titles::{names, these};
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-certificate-self-signed",
    kind: FindingKind::Configuration,
    explanation: "No authority vouches for this certificate. Unless every client was given exactly \
        this one, they have been told not to look, and accept anyone's in between. Have it issued \
        by the organisation's authority, or pin it in every client.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-295",
        "NIST SP 800-52r2 section 3.2",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let own = tls.stats.certificates.iter().filter(|(_, seen)| seen.own > 0);
    let raised: Vec<_> = own.filter(|(_, seen)| seen.facts.self_signed).collect();
    if raised.is_empty() {
        return Vec::new();
    }
    let name = names(raised.iter().map(|(_, seen)| *seen), |seen| seen.facts.subject.to_string());
    let at = tls.stats.shown_at(raised.iter().map(|(id, _)| &***id));
    vec![Raised {
        severity: Severity::Medium,
        title: format!(
            "{} self-signed ({name})",
            these(raised.len(), &subject.endpoint.service, &at)
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(_, seen)| seen.own).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    #[test]
    fn a_root_above_the_certificate_is_no_reason_and_its_own_signature_is() {
        let mut facts = encrypted();
        let seen = certificate(&mut facts);
        seen.facts.self_signed = true;
        (seen.own, seen.above) = (0, 7);
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        (certificate(&mut facts).own, certificate(&mut facts).above) = (7, 0);
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised[0].severity, raised[0].count), (Severity::Medium, 7));
    }
}
