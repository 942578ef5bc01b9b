//! The object `tls` of a service, as users see it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::time::rfc3339;

use super::clinical::clinical;
use super::stats::{CertificateStats, TlsStats};

/// What TLS sessions of a service show. Its field names are the keys of the JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceTls {
    /// Sessions, those that failed included.
    pub sessions: u64,
    /// Of them, those that went on with the keys of an earlier one; under TLS 1.3 an external PSK
    /// cannot be told from these.
    pub resumed: u64,
    /// Of them, those that an alert ended before encryption.
    pub failed: u64,
    /// Of them, those in which the server asked for a certificate, where that shows.
    pub certificate_requested: u64,
    /// Of them, those in which the client sent one (mutual TLS), where that shows.
    pub client_certificates: u64,
    /// Clients of these sessions, exact up to 64; absent in what earlier versions published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// Bytes of these sessions, both directions; absent where earlier versions recorded some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Versions that were negotiated: `{"TLS 1.2": 4}`.
    pub versions: BTreeMap<String, u64>,
    /// Cipher suites by their IANA names.
    pub ciphers: BTreeMap<String, u64>,
    /// How both sides agreed on keys, where that shows: the group, or the size of the server's
    /// parameters (`x25519`, `DH 2048`).
    #[serde(default)]
    pub key_exchanges: BTreeMap<String, u64>,
    /// Application protocols that the server chose in the clear.
    pub alpn: BTreeMap<String, u64>,
    /// Application protocols that clients offered.
    pub alpn_offered: BTreeMap<String, u64>,
    /// Hosts that clients asked for and that its certificates are for, sorted.
    pub names: Vec<String>,
    /// The first end of validity among its own certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_expires: Option<String>,
    /// Certificates of the service and of those who signed them.
    pub certificates: Vec<CertificateShown>,
    /// Organisations that signed certificates of clients, sorted.
    pub client_issuers: Vec<String>,
    /// Alerts before encryption.
    pub alerts: BTreeMap<String, u64>,
    /// Fingerprints of clients.
    pub ja3: Vec<String>,
    /// Fingerprints of servers.
    pub ja3s: Vec<String>,
    /// Fingerprints of clients.
    pub ja4: Vec<String>,
    /// Why it looks clinical: `name fhir`, `port 2762`; empty where it does not.
    pub clinical: Vec<String>,
}

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateShown {
    /// SHA-256 of it.
    pub sha256: String,
    /// `CN=api.example, O=Example`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Serial number.
    pub serial: String,
    /// Hosts and addresses it is for.
    pub names: Vec<String>,
    /// `RSA 2048`.
    pub key: String,
    /// Since when it is valid.
    pub not_before: String,
    /// Until when.
    pub not_after: String,
    /// Subject and issuer are the same.
    pub self_signed: bool,
    /// Whether it stood for the service, not for an authority.
    pub own: bool,
}

impl ServiceTls {
    /// What is shown of the sessions of `service`, which answers on `addresses`; who its clients
    /// are stands elsewhere.
    pub fn of<'a>(
        service: &str,
        addresses: impl IntoIterator<Item = &'a SocketAddr>,
        tls: &TlsStats,
    ) -> ServiceTls {
        let ports: Vec<u16> = addresses.into_iter().map(SocketAddr::port).collect();
        let own = || tls.certificates.values().filter(|c| c.own > 0);
        let names = own().flat_map(|c| &c.facts.names).chain(tls.names.keys());
        let names: BTreeSet<String> = names.map(|name| name.to_string()).collect();
        ServiceTls {
            sessions: tls.sessions,
            clients: None,
            bytes: (tls.measured == tls.sessions).then_some(tls.bytes),
            resumed: tls.resumed,
            failed: tls.failed,
            certificate_requested: tls.certificate_requested,
            client_certificates: tls.client_certificates,
            versions: counts(&tls.versions),
            ciphers: counts(&tls.ciphers),
            key_exchanges: counts(&tls.key_exchanges),
            alpn: counts(&tls.alpn),
            alpn_offered: counts(&tls.alpn_offered),
            names: names.into_iter().collect(),
            certificate_expires: own().map(|c| c.facts.not_after).min().map(rfc3339),
            certificates: tls.certificates.iter().map(CertificateShown::of).collect(),
            client_issuers: keys(&tls.client_issuers),
            alerts: counts(&tls.alerts),
            ja3: keys(&tls.ja3),
            ja3s: keys(&tls.ja3s),
            ja4: keys(&tls.ja4),
            clinical: clinical(&[service], &ports, tls),
        }
    }
}

impl CertificateShown {
    fn of((sha256, stats): (&Arc<str>, &CertificateStats)) -> CertificateShown {
        let facts = &stats.facts;
        CertificateShown {
            sha256: sha256.to_string(),
            subject: facts.subject.to_string(),
            issuer: facts.issuer.to_string(),
            serial: facts.serial.to_string(),
            names: facts.names.iter().map(ToString::to_string).collect(),
            key: match facts.key_bits {
                0 => facts.key.to_string(),
                bits => format!("{} {bits}", facts.key),
            },
            not_before: rfc3339(facts.not_before),
            not_after: rfc3339(facts.not_after),
            self_signed: facts.self_signed,
            own: stats.own > 0,
        }
    }
}

fn counts(map: &BTreeMap<Arc<str>, u64>) -> BTreeMap<String, u64> {
    map.iter().map(|(name, count)| (name.to_string(), *count)).collect()
}

fn keys(map: &BTreeMap<Arc<str>, u64>) -> Vec<String> {
    map.keys().map(ToString::to_string).collect()
}
