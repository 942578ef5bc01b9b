//! What every form of the report, and the table of services, say of services with TLS.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::inventory::{CertificateShown, ServiceTls};
use crate::query::{ExposedService, ReportData};

use super::tell;

/// What is said above the services.
pub(super) const INTRODUCTION: &str = "What clients and these services say to each other is \
    encrypted and was not read; nothing is decrypted. Of a session its first messages show the \
    version, the host that was asked for and, up to TLS 1.2, the certificate. A service looks \
    clinical by its names, its port or its certificate: what it carries should be known from \
    elsewhere.";

/// In which order they stand.
pub(super) const ORDER: &str =
    "Services with TLS, those that look clinical first, then those that carried most";

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
    /// Clients.
    pub(super) clients: u64,
    /// Bytes of both directions.
    pub(super) bytes: String,
}

/// The services with TLS, those that look clinical first, then those with the most bytes.
pub(super) fn services(data: &ReportData) -> Vec<Told> {
    let with = |s| {
        let service: &ExposedService = s;
        service.row.tls.as_ref().map(|tls| (service, tls))
    };
    let mut services: Vec<(&ExposedService, &ServiceTls)> =
        data.services.iter().filter_map(with).collect();
    services.sort_by_key(|(s, tls)| (tls.clinical.is_empty(), Reverse(s.row.bytes)));
    services.into_iter().map(|(service, tls)| told(service, tls)).collect()
}

fn told(service: &ExposedService, tls: &ServiceTls) -> Told {
    let known = |text: String| if text.is_empty() { tell::WHOLE.to_owned() } else { text };
    Told {
        service: service.row.service.clone(),
        clinical: known(tls.clinical.join(", ")),
        encrypted: service.row.encrypted,
        versions: known(versions(tls)),
        certificate: certificate(tls),
        sessions: sessions(tls),
        clients: service.clients,
        bytes: tell::bytes(service.row.bytes),
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
