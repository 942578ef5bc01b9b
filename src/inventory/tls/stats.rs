//! What a service shows of its TLS sessions, as it adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::address_text;
use crate::inventory::merge::{Caps, add, add_capped, keep_least};

/// What a certificate says, as it may be kept. The same certificate says the same every time.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// `CN=api.example, O=Example`, parts that a detector hits as `{value}`.
    pub subject: Arc<str>,
    /// Who signed it.
    pub issuer: Arc<str>,
    /// Serial number in hexadecimal digits, with colons.
    pub serial: Arc<str>,
    /// Hosts and addresses it is for, some of them where there are many.
    pub names: Vec<Arc<str>>,
    /// `RSA`, `EC`, ….
    pub key: Arc<str>,
    /// Bits of the key; 0 where that is not known.
    pub key_bits: u32,
    /// Seconds since 1970-01-01T00:00:00Z from which it is valid.
    pub not_before: i64,
    /// Seconds since 1970-01-01T00:00:00Z until which it is valid.
    pub not_after: i64,
    /// Subject and issuer are the same.
    pub self_signed: bool,
}

/// How a certificate was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStats {
    /// What it says.
    pub facts: CertificateFacts,
    /// Sessions in which it stood for the server.
    pub own: u64,
    /// Sessions in which it stood for an authority.
    pub above: u64,
    /// Of the first, those whose client had asked for a host that it is not for.
    pub mismatched: u64,
    /// Of the first, those whose client had asked for a host that it names in its subject alone;
    /// those that earlier versions recorded are not counted.
    #[serde(default)]
    pub in_subject: u64,
    /// Packet time of the first such session, in nanoseconds.
    pub first: i64,
    /// Packet time of the last such session, in nanoseconds.
    pub last: i64,
}

impl CertificateStats {
    fn merge(&mut self, other: CertificateStats) {
        // Rules about names may have changed between two runs: then the lesser text stays.
        if other.facts < self.facts {
            self.facts = other.facts;
        }
        self.own += other.own;
        self.above += other.above;
        self.mismatched += other.mismatched;
        self.in_subject += other.in_subject;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What adds up per service over its TLS sessions. Sets that traffic can make large are cut to
/// the keys with the least keyed hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsStats {
    /// Sessions, those that failed included.
    pub sessions: u64,
    /// Sessions whose bytes are counted; those that earlier versions recorded are not.
    #[serde(default)]
    pub measured: u64,
    /// Bytes of those, both directions, as far as their flows are over.
    #[serde(default)]
    pub bytes: u64,
    /// Sessions that went on with the keys of an earlier one.
    pub resumed: u64,
    /// Sessions that an alert ended before encryption.
    pub failed: u64,
    /// Sessions in which the server asked for a certificate.
    pub certificate_requested: u64,
    /// Sessions in which the client sent one.
    pub client_certificates: u64,
    /// Sessions by the version that was negotiated.
    pub versions: BTreeMap<Arc<str>, u64>,
    /// Sessions by cipher suite, bounded.
    pub ciphers: BTreeMap<Arc<str>, u64>,
    /// Sessions by how both sides agreed on keys (`DH 1024`, `x25519`), bounded.
    #[serde(default)]
    pub key_exchanges: BTreeMap<Arc<str>, u64>,
    /// Sessions by the application protocol that the server chose in the clear, bounded.
    pub alpn: BTreeMap<Arc<str>, u64>,
    /// Sessions by application protocols that the client offered, bounded.
    pub alpn_offered: BTreeMap<Arc<str>, u64>,
    /// Sessions by the host that the client asked for, bounded.
    pub names: BTreeMap<Arc<str>, u64>,
    /// Sessions by fingerprint of the client, bounded.
    pub ja3: BTreeMap<Arc<str>, u64>,
    /// Sessions by fingerprint of the server, bounded.
    pub ja3s: BTreeMap<Arc<str>, u64>,
    /// Sessions by fingerprint of the client, bounded.
    pub ja4: BTreeMap<Arc<str>, u64>,
    /// Alerts before encryption, by name.
    pub alerts: BTreeMap<Arc<str>, u64>,
    /// Sessions by the organisation that signed the client's certificate, bounded.
    pub client_issuers: BTreeMap<Arc<str>, u64>,
    /// Certificates of the service and of those who signed them, by SHA-256, bounded.
    pub certificates: BTreeMap<Arc<str>, CertificateStats>,
    /// Sessions by address and what they showed there, see [`TlsStats::show`], bounded.
    #[serde(default)]
    pub shown: BTreeMap<Arc<str>, u64>,
}

/// Version, cipher suite, certificate and key exchange: so many times as many are kept as of other
/// names.
const SHOWN_PER_NAME: usize = 4;
/// How many addresses are named of several.
const ADDRESSES_NAMED: usize = 3;

/// Suites of TLS 1.3 that only tell whether something was changed (RFC 9150).
const INTEGRITY_ONLY: [&str; 2] = ["TLS_SHA256_SHA256", "TLS_SHA384_SHA384"];

/// Whether a cipher suite, by its IANA name, hides anything.
pub fn encrypts(suite: &str) -> bool {
    !INTEGRITY_ONLY.contains(&suite) && suite.split('_').all(|part| part != "NULL")
}

impl TlsStats {
    /// Whether any of the sessions was encrypted, as far as was seen: neither are those that failed
    /// before anything was agreed on, nor those whose suite encrypts nothing.
    pub fn any_encrypted(&self) -> bool {
        match self.ciphers.is_empty() {
            true => self.failed < self.sessions,
            false => self.ciphers.keys().any(|suite| encrypts(suite)),
        }
    }

    /// Notes that a session with `address` showed something: a version, a cipher suite, the
    /// fingerprint of a certificate, a key exchange.
    pub fn show(&mut self, address: SocketAddr, what: &str) {
        let key = format!("{} {what}", address_text(address));
        *self.shown.entry(key.into()).or_default() += 1;
    }

    /// Where one of `what` was shown: ` at 10.0.0.1:443`; nothing of a service with one address,
    /// and where that is not known.
    pub fn shown_at<'a>(&self, what: impl IntoIterator<Item = &'a str>) -> String {
        let what: BTreeSet<&str> = what.into_iter().collect();
        let mut all = BTreeSet::new();
        let mut at = BTreeSet::new();
        for (address, shown) in self.shown.keys().filter_map(|key| key.split_once(' ')) {
            all.insert(address);
            if what.contains(shown) {
                at.insert(address);
            }
        }
        if all.len() < 2 || at.is_empty() {
            return String::new();
        }
        if at.len() == all.len() {
            return format!(" at each of its {} addresses", all.len());
        }
        let named: Vec<&str> = at.iter().take(ADDRESSES_NAMED).copied().collect();
        let more = match at.len().saturating_sub(ADDRESSES_NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        format!(" at {}{more} ({} of {} addresses)", named.join(", "), at.len(), all.len())
    }

    /// Adds what was seen elsewhere of the same service.
    pub fn merge(&mut self, other: TlsStats, caps: &Caps) {
        self.sessions += other.sessions;
        self.measured += other.measured;
        self.bytes += other.bytes;
        self.resumed += other.resumed;
        self.failed += other.failed;
        self.certificate_requested += other.certificate_requested;
        self.client_certificates += other.client_certificates;
        add(&mut self.versions, other.versions);
        add(&mut self.alerts, other.alerts);
        let cap = (caps.tls_names_per_service, &caps.hasher);
        add_capped(&mut self.ciphers, other.ciphers, cap);
        add_capped(&mut self.key_exchanges, other.key_exchanges, cap);
        add_capped(&mut self.alpn, other.alpn, cap);
        add_capped(&mut self.alpn_offered, other.alpn_offered, cap);
        add_capped(&mut self.names, other.names, cap);
        add_capped(&mut self.ja3, other.ja3, cap);
        add_capped(&mut self.ja3s, other.ja3s, cap);
        add_capped(&mut self.ja4, other.ja4, cap);
        add_capped(&mut self.client_issuers, other.client_issuers, cap);
        let cap = (SHOWN_PER_NAME * caps.tls_names_per_service, &caps.hasher);
        add_capped(&mut self.shown, other.shown, cap);
        for (fingerprint, stats) in other.certificates {
            self.add_certificate(fingerprint, stats);
        }
        let most = caps.tls_certificates_per_service;
        if self.certificates.len() > 2 * most {
            keep_least(&mut self.certificates, most, &caps.hasher, |_, _| {});
        }
    }

    /// Adds a certificate by its fingerprint.
    pub fn add_certificate(&mut self, fingerprint: Arc<str>, stats: CertificateStats) {
        match self.certificates.get_mut(&fingerprint) {
            Some(known) => known.merge(stats),
            None => drop(self.certificates.insert(fingerprint, stats)),
        }
    }

    /// Cuts every bounded set back to its cap.
    pub(in crate::inventory) fn settle(&mut self, caps: &Caps) {
        let sets = [
            &mut self.ciphers,
            &mut self.key_exchanges,
            &mut self.alpn,
            &mut self.alpn_offered,
            &mut self.names,
            &mut self.ja3,
            &mut self.ja3s,
            &mut self.ja4,
            &mut self.client_issuers,
        ];
        for set in sets {
            keep_least(set, caps.tls_names_per_service, &caps.hasher, |_, _| {});
        }
        let most = SHOWN_PER_NAME * caps.tls_names_per_service;
        keep_least(&mut self.shown, most, &caps.hasher, |_, _| {});
        let most = caps.tls_certificates_per_service;
        keep_least(&mut self.certificates, most, &caps.hasher, |_, _| {});
    }
}
