//! Sessions of a version that must no longer be used: SSL 2.0 and 3.0, TLS 1.0 and 1.1.

use crate::model::{FindingKind, Severity, TlsVersion};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-version-obsolete",
    kind: FindingKind::Transport,
    explanation: "The server still negotiates versions with known attacks (POODLE, BEAST) and \
        without modern ciphers. Clients that can do better are at risk too where an attacker makes \
        them fall back. Allow TLS 1.2 and 1.3 only, and update or isolate clients that cannot.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-327",
        "RFC 8996",
        "RFC 7568",
        "NIST SP 800-52r2 section 3.1",
        "HIPAA 45 CFR 164.312(e)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let obsolete = tls.stats.versions.iter().filter_map(|(name, count)| {
        let version = TlsVersion::named(name).filter(|version| version.is_obsolete())?;
        Some((version, *count))
    });
    let obsolete: Vec<(TlsVersion, u64)> = obsolete.collect();
    let Some(oldest) = obsolete.iter().map(|(version, _)| *version).min() else {
        return Vec::new();
    };
    let names: Vec<&str> = obsolete.iter().map(|(version, _)| version.name()).collect();
    vec![Raised {
        severity: if oldest <= TlsVersion::Ssl3 { Severity::High } else { Severity::Medium },
        title: format!(
            "{} negotiates {}{}",
            subject.endpoint.service,
            names.join(", "),
            tls.stats.shown_at(names.iter().copied())
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: obsolete.iter().map(|(_, count)| *count).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{encrypted, endpoint, found};
    use super::*;

    #[test]
    fn the_oldest_version_decides() {
        let mut facts = encrypted();
        let versions = &mut facts.tls.as_mut().unwrap().stats.versions;
        versions.insert("TLS 1.1".into(), 2);
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised[0].severity, raised[0].count), (Severity::Medium, 2));
        facts.tls.as_mut().unwrap().stats.versions.insert("SSL 3.0".into(), 1);
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!((raised.len(), raised[0].severity), (1, Severity::High));
        assert!(raised[0].title.contains("SSL 3.0, TLS 1.1"), "{}", raised[0].title);
    }

    #[test]
    fn of_several_addresses_those_that_negotiate_it_are_named() {
        let mut facts = encrypted();
        let title = |facts: &crate::inventory::posture::Facts| {
            found(RULE.id, &endpoint(), facts)[0].title.clone()
        };
        facts.tls.as_mut().unwrap().stats.versions.insert("TLS 1.1".into(), 2);
        let mut show = |address: &str, what| {
            facts.tls.as_mut().unwrap().stats.show(address.parse().unwrap(), what);
            title(&facts)
        };
        // One address is the service's.
        assert!(show("10.0.0.1:443", "TLS 1.1").ends_with("negotiates TLS 1.1"));
        let said = show("10.0.0.2:443", "TLS 1.3");
        assert!(said.ends_with("TLS 1.1 at 10.0.0.1:443 (1 of 2 addresses)"), "{said}");
        let said = show("10.0.0.2:443", "TLS 1.1");
        assert!(said.ends_with("TLS 1.1 at each of its 2 addresses"), "{said}");
        for last in 3..9 {
            show(&format!("10.0.0.{last}:443"), if last < 7 { "TLS 1.1" } else { "TLS 1.3" });
        }
        let said = show("[2001:db8::1]:443", "TLS 1.2");
        let named = "10.0.0.1:443, 10.0.0.2:443, 10.0.0.3:443 and 3 more (6 of 9 addresses)";
        assert!(said.ends_with(&format!("TLS 1.1 at {named}")), "{said}");
    }

    #[test]
    fn current_and_unknown_versions_are_not_raised() {
        let mut facts = encrypted();
        for name in ["TLS 1.3", "other"] {
            facts.tls.as_mut().unwrap().stats.versions.insert(name.into(), 1);
        }
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
    }
}
