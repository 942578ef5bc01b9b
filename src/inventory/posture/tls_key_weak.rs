//! Certificates with a key that is too short: RSA and DSA below 2048 bits, elliptic curves below
//! 224.

use crate::inventory::tls::CertificateFacts;
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-key-weak",
    kind: FindingKind::Transport,
    explanation: "A key of this size can be computed from the certificate by whoever spends enough \
        on it, and then anyone can answer in this server's name. Have the certificate issued anew \
        for an RSA key of at least 2048 bits or a curve of at least 256.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-326",
        "NIST SP 800-52r2 section 3.2",
        "NIST SP 800-57 part 1 table 2",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

/// Keys up to here have been broken in public, or by one lab's means.
const BROKEN_RSA_BITS: u32 = 1024;

fn weakness(facts: &CertificateFacts) -> Option<Severity> {
    match (&*facts.key, facts.key_bits) {
        (_, 0) => None,
        ("RSA" | "DSA", ..BROKEN_RSA_BITS) => Some(Severity::High),
        ("RSA" | "DSA", BROKEN_RSA_BITS..2048) | ("EC", ..224) => Some(Severity::Medium),
        _ => None,
    }
}

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let certificates = tls.stats.certificates.iter();
    let weak = certificates.filter_map(|(id, seen)| Some((id, seen, weakness(&seen.facts)?)));
    let weak: Vec<_> = weak.collect();
    let Some((id, worst, severity)) = weak.iter().max_by_key(|(_, _, severity)| *severity) else {
        return Vec::new();
    };
    vec![Raised {
        severity: *severity,
        title: format!(
            "{} has a certificate with a key of {} {} bits ({}){}",
            subject.endpoint.service,
            worst.facts.key,
            worst.facts.key_bits,
            worst.facts.subject,
            tls.stats.shown_at([&***id])
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: weak.iter().map(|(_, seen, _)| seen.own + seen.above).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    #[test]
    fn short_keys_are_raised_and_those_of_the_minimum_are_not() {
        for (key, bits, severity) in [
            ("RSA", 1024, Some(Severity::Medium)),
            ("RSA", 768, Some(Severity::High)),
            ("EC", 192, Some(Severity::Medium)),
            ("RSA", 2048, None),
            ("EC", 224, None),
            ("Ed25519", 256, None),
            ("other", 0, None),
        ] {
            let mut facts = encrypted();
            let seen = certificate(&mut facts);
            (seen.facts.key, seen.facts.key_bits) = (key.into(), bits);
            let raised = found(RULE.id, &endpoint(), &facts);
            assert_eq!(raised.first().map(|f| f.severity), severity, "{key} {bits}");
        }
    }
}
