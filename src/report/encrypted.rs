//! What every form of the report, and the table of services, say of services with TLS.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::base::limits::CLIENTS_PER_ENDPOINT_MAX;
use crate::inventory::{CertificateShown, ServiceTls};
use crate::query::{ExposedService, ReportData};

use super::tell;

/// What is said above the services.
pub(super) const INTRODUCTION: &str = "What clients and these services say to each other is \
    encrypted and was not read; nothing is decrypted. Clients and bytes are those of the sessions: \
    what such a service says in clear text stands in the other sections. Of a session its first \
    messages show the version, the host that was asked for and, up to TLS 1.2, the certificate. A \
    service looks clinical by its names, its port or its certificate: what it carries should be \
    known from elsewhere.";

/// In which order they stand.
pub(super) const ORDER: &str =
    "Services with TLS, those that look clinical first, then those that carried most";

/// The protocol of their sessions.
const STANDARD: &str = "tls";

/// Of sessions that an earlier version recorded.
const NOT_KNOWN: &str = "not known";

/// The columns of their table, in every form.
pub(super) const HEADS: [&str; 8] = [
    "Service",
    "Looks clinical",
    "Encrypted",
    "Versions",
    "Certificate",
    "Sessions",
    "Clients",
    "Bytes",
];

/// A service as the report tells it.
pub(super) struct Told {
    /// Its name.
    pub(super) service: String,
    /// Why it looks clinical.
    pub(super) clinical: String,
    /// How much of it is encrypted: `all`, `some`.
    pub(super) encrypted: &'static str,
    /// `TLS 1.2 ×3`.
    pub(super) versions: String,
    /// Whose certificate, by whom, with which key, until when.
    pub(super) certificate: String,
    /// Sessions, and how many were resumed, failed, or with a certificate of the client.
    pub(super) sessions: String,
    /// Clients of the sessions.
    pub(super) clients: String,
    /// Bytes of the sessions, both directions.
    pub(super) bytes: String,
}

/// The services with TLS, those that look clinical first, then those with the most bytes. Large
/// numbers are written by `digits`.
pub(super) fn services(data: &ReportData, digits: fn(u64) -> String) -> Vec<Told> {
    let with = |s| {
        let service: &ExposedService = s;
        service.row.tls.as_ref().map(|tls| (service, tls))
    };
    let mut services: Vec<(&ExposedService, &ServiceTls)> =
        data.services.iter().filter_map(with).collect();
    services.sort_by_key(|(s, tls)| (tls.clinical.is_empty(), Reverse(bytes(s, tls))));
    services.into_iter().map(|(service, tls)| told(service, tls, digits)).collect()
}

fn told(service: &ExposedService, tls: &ServiceTls, digits: fn(u64) -> String) -> Told {
    let known = |text: String| if text.is_empty() { tell::WHOLE.to_owned() } else { text };
    Told {
        service: service.row.service.clone(),
        clinical: known(tls.clinical.join(", ")),
        encrypted: service.row.encrypted,
        versions: known(versions(tls)),
        certificate: certificate(tls),
        sessions: sessions(tls),
        clients: clients(service, tls, digits),
        bytes: bytes(service, tls).map_or_else(|| NOT_KNOWN.to_owned(), tell::bytes),
    }
}

/// Whether nothing of the service was seen but its sessions.
fn is_all(service: &ExposedService) -> bool {
    service.row.protocols.iter().all(|protocol| protocol == STANDARD)
}

/// What the sessions carried, where that is known.
fn bytes(service: &ExposedService, tls: &ServiceTls) -> Option<u64> {
    tls.bytes.or_else(|| is_all(service).then_some(service.row.bytes))
}

/// Of more clients than are kept by row, those of the service are counted where it has no others.
fn clients(service: &ExposedService, tls: &ServiceTls, digits: fn(u64) -> String) -> String {
    let kept = CLIENTS_PER_ENDPOINT_MAX as u64;
    match tls.clients.filter(|n| *n < kept) {
        Some(n) => digits(n),
        None if is_all(service) => digits(service.clients.max(tls.clients.unwrap_or(0))),
        None => tls.clients.map_or_else(|| NOT_KNOWN.to_owned(), |n| format!("at least {n}")),
    }
}

fn versions(tls: &ServiceTls) -> String {
    let words: Vec<String> = tls.versions.iter().map(|(name, n)| format!("{name} ×{n}")).collect();
    words.join(", ")
}

/// The certificate that ends first, of those that stood for the service.
fn certificate(tls: &ServiceTls) -> String {
    let own = tls.certificates.iter().filter(|c| c.own);
    let Some(first) = own.clone().min_by(|a, b| a.not_after.cmp(&b.not_after)) else {
        let hidden = !tls.versions.is_empty() && tls.versions.keys().all(|v| v == "TLS 1.3");
        return if hidden { "hidden by TLS 1.3".into() } else { "not seen".into() };
    };
    let more = own.count().saturating_sub(1);
    let mut text = one_certificate(first);
    if more > 0 {
        text += &format!("; {more} more");
    }
    text
}

fn one_certificate(c: &CertificateShown) -> String {
    let issuer = if c.self_signed { "itself".to_owned() } else { c.issuer.clone() };
    let until = c.not_after.get(..10).unwrap_or(&c.not_after);
    format!("{}, signed by {issuer}, {}, until {until}", c.subject, c.key)
}

fn sessions(tls: &ServiceTls) -> String {
    let counts = [
        (tls.resumed, "resumed"),
        (tls.failed, "failed"),
        (tls.client_certificates, "with a certificate of the client"),
    ];
    let some = counts.into_iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, what)| format!("{n} {what}")).collect();
    match words.as_slice() {
        [] => tls.sessions.to_string(),
        words => format!("{} ({})", tls.sessions, words.join(", ")),
    }
}

/// The same in one cell of the table of services.
pub(super) fn cell(tls: &ServiceTls) -> String {
    let mut parts = vec![versions(tls)];
    if let Some(end) = &tls.certificate_expires {
        parts.push(format!("certificate until {}", end.get(..10).unwrap_or(end)));
    }
    if tls.client_certificates > 0 {
        parts.push("mutual".to_owned());
    }
    if !tls.clinical.is_empty() {
        // `name pacs` and `certificate pacs` say the same in a line as short as this one.
        let word = |why: &str| match why.split_once(' ') {
            Some(("name" | "certificate", word)) => word.to_owned(),
            _ => why.to_owned(),
        };
        let words: BTreeSet<String> = tls.clinical.iter().map(|why| word(why)).collect();
        let words: Vec<String> = words.into_iter().collect();
        parts.push(format!("looks clinical: {}", words.join(", ")));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;
    use crate::query::ServiceRow;

    fn service(name: &str, protocols: &[&str], (clients, bytes): (u64, u64)) -> ExposedService {
        ExposedService {
            row: ServiceRow {
                service: name.to_owned(),
                addresses: Vec::new(),
                protocols: protocols.iter().map(|p| (*p).to_owned()).collect(),
                names: Vec::new(),
                encapsulation: Vec::new(),
                encrypted: "some",
                tls: Some(ServiceTls { sessions: 1, ..ServiceTls::default() }),
                endpoints: 2,
                requests: 200,
                bytes,
                severity: Severity::High,
                first_seen: None,
                last_seen: None,
            },
            clear: 1,
            unauthenticated: 1,
            classes: Vec::new(),
            clients,
            callers: Vec::new(),
            findings: 0,
        }
    }

    #[test]
    fn clients_and_bytes_are_those_of_the_sessions() {
        let of = |mut service: ExposedService, clients, bytes| {
            let tls = service.row.tls.take();
            service.row.tls = tls.map(|tls| ServiceTls { clients, bytes, ..tls });
            service
        };
        let both = ["http/1", "tls"];
        let services = vec![
            of(service("both", &both, (51, 4_300_000)), Some(1), Some(2_475)),
            of(service("all", &["tls"], (2, 9_000)), Some(2), Some(9_000)),
            of(service("many", &["tls"], (1_500, 8_000)), Some(64), Some(8_000)),
            of(service("many of both", &both, (1_500, 8_000)), Some(64), Some(700)),
            of(service("before, all", &["tls"], (1_500, 800)), None, None),
            of(service("before", &both, (1_500, 800)), None, None),
        ];
        let data = ReportData { services, ..ReportData::default() };
        let told = super::services(&data, |n| format!("{n}."));
        let told: Vec<_> = told.iter().map(|t| (&*t.service, &*t.clients, &*t.bytes)).collect();
        let expected = [
            ("all", "2.", "9 kB"),
            ("many", "1500.", "8 kB"),
            ("both", "1.", "2.5 kB"),
            ("before, all", "1500.", "800 bytes"),
            ("many of both", "at least 64", "700 bytes"),
            ("before", "not known", "not known"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_cell_says_version_end_and_why_it_looks_clinical() {
        let mut tls = ServiceTls::default();
        assert_eq!((cell(&tls), certificate(&tls)), (String::new(), "not seen".into()));
        tls.versions.insert("TLS 1.3".into(), 2);
        assert_eq!(certificate(&tls), "hidden by TLS 1.3");
        tls.certificate_expires = Some("2026-12-04T00:00:00Z".into());
        tls.client_certificates = 1;
        tls.clinical = ["certificate pacs", "name pacs", "port 2762"].map(Into::into).to_vec();
        let said = "TLS 1.3 ×2, certificate until 2026-12-04, mutual, looks clinical: pacs, \
                    port 2762";
        assert_eq!(cell(&tls), said);
    }
}
