//! Sessions with a cipher suite that protects little or nothing: no encryption, export grade, no
//! authentication, RC4, DES and what else has short blocks.

use crate::inventory::tls::encrypts;
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-cipher-weak",
    kind: FindingKind::Transport,
    explanation: "What these suites protect can be read or changed: some do not encrypt or do not \
        prove who answers, others use ciphers that can be broken (RC4, DES, RC2) or have short \
        blocks (Triple DES, IDEA: Sweet32). Allow suites with AES-GCM or ChaCha20-Poly1305 and \
        ECDHE only.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-327",
        "RFC 7465",
        "RFC 9325 section 4.1",
        "RFC 9150 section 9",
        "NIST SP 800-52r2 section 3.3.1",
        "HIPAA 45 CFR 164.312(e)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

/// What is wrong with a suite, by the parts of its IANA name. The worst first.
const WEAK: [(&str, Severity); 8] = [
    ("anon", Severity::High),
    ("EXPORT", Severity::High),
    ("EXPORT1024", Severity::High),
    ("RC4", Severity::Medium),
    ("DES", Severity::Medium),
    ("3DES", Severity::Medium),
    ("RC2", Severity::Medium),
    ("IDEA", Severity::Medium),
];

/// How weak a suite is.
fn weakness(suite: &str) -> Option<Severity> {
    if !encrypts(suite) {
        return Some(Severity::High);
    }
    let has = |part: &str| suite.split('_').any(|p| p == part || (part == "DES" && p == "DES40"));
    WEAK.iter().find(|(part, _)| has(part)).map(|(_, severity)| *severity)
}

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let weak =
        tls.stats.ciphers.iter().filter_map(|(suite, n)| Some((suite, *n, weakness(suite)?)));
    let weak: Vec<(&std::sync::Arc<str>, u64, Severity)> = weak.collect();
    let Some(severity) = weak.iter().map(|(_, _, severity)| *severity).max() else {
        return Vec::new();
    };
    let names: Vec<&str> = weak.iter().map(|(suite, ..)| &***suite).collect();
    vec![Raised {
        severity,
        title: format!(
            "{} encrypts with {}{}",
            subject.endpoint.service,
            names.join(", "),
            tls.stats.shown_at(names.iter().copied())
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: weak.iter().map(|(_, count, _)| *count).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{encrypted, endpoint, found};
    use super::*;

    #[test]
    fn suites_are_judged_by_the_parts_of_their_names() {
        for (suite, severity) in [
            ("TLS_RSA_WITH_NULL_SHA256", Some(Severity::High)),
            ("TLS_DH_anon_WITH_AES_128_CBC_SHA", Some(Severity::High)),
            ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", Some(Severity::High)),
            ("TLS_RSA_WITH_RC4_128_MD5", Some(Severity::Medium)),
            ("TLS_RSA_WITH_DES_CBC_SHA", Some(Severity::Medium)),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", Some(Severity::Medium)),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", None),
            ("TLS_AES_128_GCM_SHA256", None),
            ("TLS_SHA256_SHA256", Some(Severity::High)),
            ("TLS_SHA384_SHA384", Some(Severity::High)),
            ("TLS_RSA_EXPORT1024_WITH_RC2_CBC_56_MD5", Some(Severity::High)),
            ("TLS_RSA_WITH_IDEA_CBC_SHA", Some(Severity::Medium)),
            ("TLS_AES_256_GCM_SHA384", None),
            ("0x1a2b", None),
        ] {
            assert_eq!(weakness(suite), severity, "{suite}");
        }
    }

    #[test]
    fn the_weakest_suite_decides_and_strong_ones_are_not_counted() {
        let mut facts = encrypted();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        let ciphers = &mut facts.tls.as_mut().unwrap().stats.ciphers;
        ciphers.insert("TLS_RSA_WITH_RC4_128_SHA".into(), 3);
        ciphers.insert("TLS_RSA_WITH_NULL_SHA".into(), 1);
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised.len(), raised[0].severity, raised[0].count), (1, Severity::High, 4));
    }
}
