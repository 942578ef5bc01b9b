//! Certificates of a service that had expired when they were shown last, or will within 30 days.
//! By packet time: no clock is read.

use crate::base::Timestamp;
use crate::base::time::rfc3339;
use crate::inventory::tls::CertificateStats;
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-certificate-expiry",
    kind: FindingKind::Configuration,
    explanation: "Clients refuse an expired certificate, or have been told not to look, and then \
        they accept anyone's. Have the certificate renewed before it ends, and let that happen by \
        itself (ACME) where it can.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-298",
        "RFC 5280 section 4.1.2.5",
        "NIST SP 800-52r2 section 3.2",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

/// How long before its end a certificate should be renewed.
const SOON_SECONDS: i64 = 30 * 24 * 60 * 60;

fn judge(seen: &CertificateStats) -> Option<Severity> {
    let last = Timestamp::from_nanos(seen.last).micros().div_euclid(1_000_000);
    let left = seen.facts.not_after.saturating_sub(last);
    match left {
        ..0 => Some(Severity::Medium),
        0..SOON_SECONDS => Some(Severity::Low),
        _ => None,
    }
}

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let own = || tls.stats.certificates.values().filter(|seen| seen.own > 0);
    // A certificate that another of the same subject came after was renewed.
    let renewed = |old: &CertificateStats| {
        own().any(|new| new.first > old.last && new.facts.subject == old.facts.subject)
    };
    let current = own().filter(|seen| !renewed(seen));
    let raised: Vec<_> = current.filter_map(|seen| Some((seen, judge(seen)?))).collect();
    let Some((worst, severity)) = raised.iter().max_by_key(|(_, severity)| *severity) else {
        return Vec::new();
    };
    let how = if *severity > Severity::Low { "expired on" } else { "expires on" };
    vec![Raised {
        severity: *severity,
        title: format!(
            "the certificate of {} {how} {}",
            subject.endpoint.service,
            rfc3339(worst.facts.not_after)
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(seen, _)| seen.own).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    fn severity_at(seconds: i64) -> Option<Severity> {
        let mut facts = encrypted();
        let end = certificate(&mut facts).facts.not_after;
        certificate(&mut facts).last = (end + seconds) * 1_000_000_000;
        found(RULE.id, &endpoint(), &facts).first().map(|f| f.severity)
    }

    #[test]
    fn the_time_of_the_packets_decides() {
        assert_eq!(severity_at(1), Some(Severity::Medium));
        assert_eq!(severity_at(0), Some(Severity::Low));
        assert_eq!(severity_at(1 - SOON_SECONDS), Some(Severity::Low));
        assert_eq!(severity_at(-SOON_SECONDS), None);
    }

    #[test]
    fn a_certificate_that_was_renewed_is_not_raised() {
        let mut facts = encrypted();
        let old = certificate(&mut facts);
        old.last = (old.facts.not_after - 10) * 1_000_000_000;
        let mut new = old.clone();
        new.facts.not_after += 90 * 24 * 60 * 60;
        (new.first, new.last) = (old.last + 1, old.last + 1);
        assert_eq!(found(RULE.id, &endpoint(), &facts).len(), 1);
        let certificates = &mut facts.tls.as_mut().unwrap().stats.certificates;
        certificates.insert("ff".into(), new);
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        // Two servers of a pool, one of which was forgotten.
        let certificates = &mut facts.tls.as_mut().unwrap().stats.certificates;
        certificates.get_mut("ff").unwrap().first = 0;
        assert_eq!(found(RULE.id, &endpoint(), &facts).len(), 1);
    }
}
