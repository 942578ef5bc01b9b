//! Keys that are too short: RSA, DSA and Diffie-Hellman below 2048 bits, elliptic curves below 224.
//! One finding for the certificates of a service and one for what its sessions agree on keys with.

use crate::inventory::tls::TlsStats;
use crate::model::{FindingKind, Severity};

use super::raise::{About, PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-key-weak",
    kind: FindingKind::Transport,
    explanation: "A key of this size can be computed by whoever spends enough on it. With that of \
        a certificate anyone can answer in this server's name: have it issued anew for an RSA key \
        of at least 2048 bits or a curve of at least 256. With that of a key exchange a recorded \
        session can be read (Logjam, FREAK): let the server offer ECDHE with X25519 or P-256, and \
        Diffie-Hellman with a group of at least 2048 bits or not at all.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-326",
        "NIST SP 800-52r2 section 3.2",
        "NIST SP 800-57 part 1 table 2",
        "RFC 9325 section 4.2",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

/// Keys up to here have been broken in public, or by one lab's means.
const BROKEN_BITS: u32 = 1024;

/// What the finding about key exchanges is about, as part of its id.
const KEY_EXCHANGE: &str = "key exchange";

fn weakness(kind: &str, bits: u32) -> Option<Severity> {
    match (kind, bits) {
        (_, 0) => None,
        ("RSA" | "DSA" | "DH", ..BROKEN_BITS) => Some(Severity::High),
        ("RSA" | "DSA" | "DH", BROKEN_BITS..2048) | ("EC", ..224) => Some(Severity::Medium),
        _ => None,
    }
}

/// How weak a key exchange is, by its name: `DH 1024`, `secp192r1`.
fn exchange_weakness(name: &str) -> Option<Severity> {
    let (kind, bits) = match name.split_once(' ') {
        Some((kind, bits)) => (kind, bits),
        // The names of the curves of SEC 2 begin with their size: sect163k1.
        None => ("EC", name.strip_prefix("sect").or_else(|| name.strip_prefix("secp"))?),
    };
    let digits = bits.find(|c: char| !c.is_ascii_digit()).unwrap_or(bits.len());
    weakness(kind, bits.get(..digits)?.parse().ok()?)
}

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    certificates(subject, &tls.stats).into_iter().chain(exchanges(subject, &tls.stats)).collect()
}

fn exchanges<'a>(subject: Subject<'a>, stats: &TlsStats) -> Option<Raised<'a>> {
    let endpoint = subject.endpoint;
    let known = stats.key_exchanges.iter();
    let weak = known.filter_map(|(name, count)| Some((&**name, count, exchange_weakness(name)?)));
    let weak: Vec<(&str, &u64, Severity)> = weak.collect();
    let severity = weak.iter().map(|(_, _, severity)| *severity).max()?;
    let names: Vec<&str> = weak.iter().map(|(name, ..)| *name).collect();
    let at = stats.shown_at(names.iter().copied());
    Some(Raised {
        severity,
        title: format!(
            "{} agrees on keys with a group that is too small ({}){at}",
            endpoint.service,
            names.join(", ")
        ),
        direction: None,
        field: None,
        class: None,
        about: Some(About {
            name: KEY_EXCHANGE.to_owned(),
            seen: (endpoint.first_seen, endpoint.last_seen),
        }),
        seen: None,
        count: weak.iter().map(|(_, count, _)| **count).sum(),
    })
}

fn certificates<'a>(subject: Subject<'a>, stats: &TlsStats) -> Option<Raised<'a>> {
    let weak = stats.certificates.iter().filter_map(|(id, seen)| {
        let severity = weakness(&seen.facts.key, seen.facts.key_bits)?;
        Some((id, seen, severity))
    });
    let weak: Vec<_> = weak.collect();
    let (id, worst, severity) = weak.iter().max_by_key(|(_, _, severity)| *severity)?;
    Some(Raised {
        severity: *severity,
        title: format!(
            "{} has a certificate with a key of {} {} bits ({}){}",
            subject.endpoint.service,
            worst.facts.key,
            worst.facts.key_bits,
            worst.facts.subject,
            stats.shown_at([&***id])
        ),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: weak.iter().map(|(_, seen, _)| seen.own + seen.above).sum(),
    })
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

    #[test]
    fn small_groups_are_raised_and_those_of_the_minimum_are_not() {
        for (name, severity) in [
            ("DH 512", Some(Severity::High)),
            ("DH 1023", Some(Severity::High)),
            ("DH 1024", Some(Severity::Medium)),
            ("DH 1536", Some(Severity::Medium)),
            ("RSA 512", Some(Severity::High)),
            ("EC 192", Some(Severity::Medium)),
            ("sect163k1", Some(Severity::Medium)),
            ("secp160r2", Some(Severity::Medium)),
            ("secp192r1", Some(Severity::Medium)),
            ("secp224r1", None),
            ("secp256r1", None),
            ("sect571k1", None),
            ("x25519", None),
            ("brainpoolP256r1", None),
            ("ffdhe2048", None),
            ("DH 2048", None),
            ("MLKEM512", None),
            ("SecP256r1MLKEM768", None),
            ("0x0a0a", None),
        ] {
            let mut facts = encrypted();
            let exchanges = &mut facts.tls.as_mut().unwrap().stats.key_exchanges;
            exchanges.insert(name.into(), 4);
            let raised = found(RULE.id, &endpoint(), &facts);
            assert_eq!(raised.first().map(|f| f.severity), severity, "{name}");
            assert!(raised.iter().all(|f| f.count == 4 && f.title.ends_with(&format!("({name})"))));
        }
    }

    #[test]
    fn a_certificate_and_a_key_exchange_are_findings_of_their_own() {
        let mut facts = encrypted();
        let seen = certificate(&mut facts);
        seen.facts.key_bits = 1024;
        let exchanges = &mut facts.tls.as_mut().unwrap().stats.key_exchanges;
        exchanges.extend([("DH 1024".into(), 1), ("secp192r1".into(), 2), ("x25519".into(), 9)]);
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!(raised.iter().map(|f| f.count).sum::<u64>(), 9 + 3);
        assert!(raised.len() == 2 && raised[0].id != raised[1].id, "{raised:?}");
    }
}
