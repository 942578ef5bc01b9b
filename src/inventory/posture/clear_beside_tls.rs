//! A host that has TLS and is reached without it as well. One finding per service with TLS.

use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "clear-beside-tls",
    kind: FindingKind::Transport,
    explanation: "This host can encrypt, and some callers do without: what they send and get can \
        be read and changed on the way. Move them to the encrypted side, let the other do nothing \
        but redirect (with Strict-Transport-Security for browsers), then close it.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-319",
        "NIST SP 800-52r2 section 1.2",
        "HIPAA 45 CFR 164.312(e)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    // Where encryption never came about there is nothing to move callers to.
    if tls.clear.is_empty() || !tls.stats.any_encrypted() {
        return Vec::new();
    }
    let names: Vec<&str> = tls.clear.iter().map(|(service, _)| &**service).collect();
    let count = tls.clear.iter().map(|(_, count)| *count).sum();
    let service = &subject.endpoint.service;
    vec![Raised {
        severity: Severity::Medium,
        title: format!("{service} has TLS and is reached without it ({})", names.join(", ")),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count,
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{encrypted, endpoint, found};
    use super::*;
    use crate::inventory::tls::TlsStats;

    #[test]
    fn every_service_of_the_host_in_clear_text_is_named_in_one_finding() {
        let mut facts = encrypted();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        facts.tls.as_mut().unwrap().clear =
            vec![("ehr.example".into(), 3), ("ehr.example:8080".into(), 4)];
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised.len(), raised[0].count), (1, 7));
        assert!(raised[0].title.ends_with("(ehr.example, ehr.example:8080)"));
    }

    #[test]
    fn where_encryption_never_came_about_nothing_is_beside_it() {
        let raised = |change: fn(&mut TlsStats)| {
            let mut facts = encrypted();
            let tls = facts.tls.as_mut().unwrap();
            tls.clear = vec![("ehr.example".into(), 3)];
            change(&mut tls.stats);
            !found(RULE.id, &endpoint(), &facts).is_empty()
        };
        assert!(raised(|_| {}));
        assert!(raised(|stats| stats.failed = stats.sessions), "agreed on, and then refused");
        assert!(raised(|stats| stats.ciphers.clear()), "the server's side was not captured");
        assert!(!raised(|stats| {
            stats.ciphers.clear();
            stats.failed = stats.sessions;
        }));
        assert!(raised(|stats| stats.ciphers.extend([("TLS_RSA_WITH_NULL_SHA".into(), 9)])));
        assert!(!raised(|stats| stats.ciphers = [("TLS_SHA256_SHA256".into(), 9)].into()));
        assert!(!raised(|stats| stats.ciphers = [("TLS_RSA_WITH_NULL_SHA".into(), 9)].into()));
    }
}
