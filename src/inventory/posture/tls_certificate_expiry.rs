//! Certificates of a service that had expired when they were shown last, or will within 30 days,
//! and those whose time had not come; of the authorities between it and a root, those that had or
//! whose time had not. By packet time: no clock is read.

use crate::base::Timestamp;
use crate::base::time::rfc3339;
use crate::inventory::tls::{CertificateStats, TlsStats};
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-certificate-expiry",
    kind: FindingKind::Configuration,
    explanation: "Clients refuse a certificate that has expired or is not valid yet, or have been \
        told not to look, and then they accept anyone's. Have the certificate renewed before it \
        ends, and let that happen by itself (ACME) where it can; where one is not valid yet, set \
        the clock of whoever issues it right.",
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

/// What is wrong with the times of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    EndsSoon,
    Early,
    Expired,
}

impl Wrong {
    fn severity(self) -> Severity {
        match self {
            Wrong::EndsSoon => Severity::Low,
            Wrong::Early | Wrong::Expired => Severity::Medium,
        }
    }
}

fn judge(seen: &CertificateStats) -> Option<Wrong> {
    let last = Timestamp::from_nanos(seen.last).micros().div_euclid(1_000_000);
    let left = seen.facts.not_after.saturating_sub(last);
    match left {
        ..0 => Some(Wrong::Expired),
        _ if last < seen.facts.not_before => Some(Wrong::Early),
        0..SOON_SECONDS => Some(Wrong::EndsSoon),
        _ => None,
    }
}

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let all = || tls.stats.certificates.values();
    // A certificate that another of the same subject came after was renewed.
    let renewed = |old: &CertificateStats| {
        all().any(|new| {
            new.own > 0 && new.first > old.last && new.facts.subject == old.facts.subject
        })
    };
    let judged = tls.stats.certificates.iter();
    let judged = judged.filter_map(|(id, seen)| Some((&**id, seen, judge(seen)?)));
    // Of an authority nobody looks at what stands for itself, nor at one of its certificates where
    // another serves; that one ends soon is known to who signs with it.
    let serves = |old: &CertificateStats| {
        all().any(|new| new.facts.subject == old.facts.subject && judge(new).is_none())
    };
    let raises = |seen: &CertificateStats, wrong: Wrong| match seen.own {
        0 => !seen.facts.self_signed && !serves(seen) && wrong != Wrong::EndsSoon,
        _ => !renewed(seen),
    };
    let raised: Vec<_> = judged.filter(|(_, seen, wrong)| raises(seen, *wrong)).collect();
    let Some((_, worst, wrong)) =
        raised.iter().max_by_key(|(_, seen, wrong)| (*wrong, seen.own > 0))
    else {
        return Vec::new();
    };
    let (wrong, own) = (*wrong, worst.own > 0);
    let alike = raised.iter().filter(|(_, seen, is)| *is == wrong && (seen.own > 0) == own);
    let alike: Vec<(&str, &CertificateStats)> = alike.map(|(id, seen, _)| (*id, *seen)).collect();
    vec![Raised {
        severity: wrong.severity(),
        title: title(&subject, &tls.stats, (wrong, own), (&alike, raised.len() - alike.len())),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(_, seen, _)| seen.own).sum::<u64>().max(worst.above),
    }]
}

/// What is wrong with those that are `alike`, and how many others there are.
fn title(
    subject: &Subject<'_>,
    stats: &TlsStats,
    (wrong, own): (Wrong, bool),
    (alike, others): (&[(&str, &CertificateStats)], usize),
) -> String {
    let at = stats.shown_at(alike.iter().map(|(id, _)| *id));
    let facts = || alike.iter().map(|(_, seen)| &seen.facts);
    let first_end = facts().map(|facts| facts.not_after).min().unwrap_or_default();
    let last_begin = facts().map(|facts| facts.not_before).max().unwrap_or_default();
    let whose = if own { "certificate" } else { "authority's certificate in the chain" };
    let many = alike.len();
    let (how, when) = match (wrong, many) {
        (Wrong::Expired, 1) => ("expired on", first_end),
        (Wrong::Expired, _) => ("expired, the first on", first_end),
        (Wrong::Early, 1) => ("is not valid before", last_begin),
        (Wrong::Early, _) => ("are not valid yet, the last not before", last_begin),
        (Wrong::EndsSoon, 1) => ("expires on", first_end),
        (Wrong::EndsSoon, _) => ("expire soon, the first on", first_end),
    };
    let these = match (many, own) {
        (1, _) => format!("the {whose}"),
        (_, true) => format!("{many} certificates"),
        (_, false) => format!("{many} authorities' certificates in the chain"),
    };
    let service = &subject.endpoint.service;
    let more = match others {
        0 => String::new(),
        others => format!(" ({others} more expired, expire soon or are not valid yet)"),
    };
    format!("{these} of {service}{at} {how} {}{more}", rfc3339(when))
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
    fn a_certificate_whose_time_has_not_come_is_raised() {
        let titled = |early: i64| {
            let mut facts = encrypted();
            let shown = certificate(&mut facts);
            shown.last = 1_700_000_000 * 1_000_000_000;
            shown.facts.not_before = 1_700_000_000 + early;
            let found = found(RULE.id, &endpoint(), &facts);
            found.first().map(|f| (f.severity, f.title.clone()))
        };
        let (severity, title) = titled(1).unwrap();
        assert_eq!(severity, Severity::Medium);
        assert!(title.ends_with("is not valid before 2023-11-14T22:13:21Z"), "{title}");
        assert_eq!(titled(0), None);
    }

    #[test]
    fn several_are_counted_and_the_first_end_is_told() {
        let mut facts = encrypted();
        let own = certificate(&mut facts).clone();
        let end = own.facts.not_after;
        let certificates = &mut facts.tls.as_mut().unwrap().stats.certificates;
        certificates.clear();
        // Two have expired, one will soon: the order of their ids says nothing.
        for (id, left) in [("01", -10), ("02", -90), ("03", 60)] {
            let mut shown = own.clone();
            shown.facts.not_after = end + left;
            shown.last = end * 1_000_000_000;
            certificates.insert(id.into(), shown);
        }
        let raised = found(RULE.id, &endpoint(), &facts);
        let first = rfc3339(end - 90);
        let title = format!(
            "2 certificates of ehr.example expired, the first on {first} \
             (1 more expired, expire soon or are not valid yet)"
        );
        assert_eq!((raised.len(), &raised[0].title), (1, &title));
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

    #[test]
    fn an_authority_whose_certificate_has_expired_is_raised_unless_another_of_it_serves() {
        let raised = |left: i64, self_signed: bool, another: bool| {
            let mut facts = encrypted();
            let mut above = certificate(&mut facts).clone();
            (above.own, above.above) = (0, 3);
            above.facts.subject = "CN=Authority".into();
            above.facts.self_signed = self_signed;
            let serving = above.clone();
            above.facts.not_after = above.last / 1_000_000_000 + left;
            let certificates = &mut facts.tls.as_mut().unwrap().stats.certificates;
            certificates.insert("aa".into(), above);
            if another {
                certificates.insert("bb".into(), serving);
            }
            let found = found(RULE.id, &endpoint(), &facts);
            found.first().map(|f| (f.severity, f.title.clone(), f.count))
        };
        let (severity, title, count) = raised(-1, false, false).unwrap();
        assert_eq!((severity, count), (Severity::Medium, 3));
        assert!(title.starts_with("the authority's certificate in the chain of "), "{title}");
        for (left, root, another) in [(1, false, false), (-1, true, false), (-1, false, true)] {
            assert_eq!(raised(left, root, another), None);
        }
    }
}
