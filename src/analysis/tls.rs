//! TLS sessions: what may be kept of what they show, and the books.

use std::sync::Arc;

use crate::base::limits::TLS_NAMES_KEPT_MAX;
use crate::base::{Span, Timestamp};
use crate::flow::FlowInfo;
use crate::inventory::{CertificateFacts, CertificateStats, ServiceStats, TlsStats, encrypts};
use crate::model::{CertificateSaid, ExchangeEvent, NamePart, TlsCertificate, TlsSaid, TlsSession};

use super::accumulate::EndpointRef;
use super::workbench::Workbench;

/// The protocol, and the standard of the rows of sessions that cannot be read.
pub const STANDARD: &str = "tls";
/// What was asked in them.
pub const OPERATION: &str = "(encrypted)";

impl Workbench {
    /// Adds a session to the books: the service it is of.
    pub fn tls_session(
        &mut self,
        flow: &FlowInfo,
        next_tx: &mut u64,
        session: &TlsSession,
    ) -> Arc<str> {
        let sni = session.client.as_ref().and_then(|hello| hello.server_name.as_deref());
        let sni = sni.and_then(|name| self.host(name));
        let service = sni.clone().unwrap_or_else(|| self.address_service(flow.server));
        let said = self.tls_said(session, sni);
        let chain: Vec<(Arc<str>, CertificateStats)> =
            session.chain.iter().enumerate().map(|n| self.certificate(session, n)).collect();
        let issuer = self.client_issuer(session);
        let stats = self.accumulator.service(&service);
        stats.span.merge(Span::at(session.at));
        count_flow(stats, flow);
        let tls = stats.tls.get_or_insert_default();
        count(tls, session, &said);
        let own = chain.first().map(|(fingerprint, _)| &**fingerprint);
        let version = said.version.map(|version| version.name());
        let key_exchange = said.key_exchange.as_deref();
        for what in [version, said.cipher.as_deref(), own, key_exchange].into_iter().flatten() {
            tls.show(flow.server, what);
        }
        for (fingerprint, seen) in chain {
            tls.add_certificate(fingerprint, seen);
        }
        if let Some(issuer) = issuer {
            *tls.client_issuers.entry(issuer).or_default() += 1;
        }
        self.tls_endpoint(flow, session, &service);
        let client = self.accumulator.client(flow.client.ip());
        client.span.merge(Span::at(session.at));
        client.services.entry(service.clone()).or_default();
        // Certificates take more room than most exchanges do.
        self.accumulator.exchanges += 1 + session.chain.len() as u64;
        let tx_id = *next_tx;
        *next_tx += 1;
        if let Some(events) = &mut self.events {
            events.exchange(event(flow, tx_id, (session.at, service.clone()), said));
        }
        service
    }

    /// Adds what a session carried, once its flow is over at `at`.
    pub fn encrypted_bytes(&mut self, service: &Arc<str>, bytes: u64, at: Timestamp) {
        let stats = self.accumulator.service(service);
        stats.bytes += bytes;
        stats.tls.get_or_insert_default().bytes += bytes;
        stats.span.merge(Span::at(at));
    }

    /// The row of the inventory: each session is an exchange that could not be read.
    fn tls_endpoint(&mut self, flow: &FlowInfo, session: &TlsSession, service: &Arc<str>) {
        let key =
            EndpointRef { service, standard: STANDARD, method: "", path: "", operation: OPERATION };
        let Some(slot) = self.accumulator.endpoint(key) else { return };
        let Some(slot) = self.accumulator.slot(slot) else { return };
        let stats = &mut slot.stats;
        stats.span.merge(Span::at(session.at));
        let hidden = session.server.as_ref().is_none_or(|hello| encrypts(&hello.cipher));
        stats.encrypted += u64::from(hidden);
        let times = &mut stats.times;
        let how = if hidden { &mut times.encrypted } else { &mut times.clear };
        how.merge(Span::at(session.at));
        *stats.protocols.entry(STANDARD).or_default() += 1;
        *stats.clients.entry(flow.client.ip()).or_default() += 1;
        stats.coverage.exchanges += 1;
        stats.coverage.undecoded += 1;
        let one_sided = session.client.is_some() != session.server.is_some();
        stats.coverage.one_sided += u64::from(one_sided && !session.failed());
        stats.coverage.gaps += u64::from(session.incomplete);
    }

    /// A host name as it may be kept.
    fn host(&mut self, name: &[u8]) -> Option<Arc<str>> {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        name.iter().all(plain).then(|| self.service_name(name, true)).flatten()
    }

    /// The same of a name in a certificate, which may begin with a wildcard or be an address.
    fn certificate_name(&mut self, name: &str) -> Option<Arc<str>> {
        if let Ok(address) = name.parse::<std::net::IpAddr>() {
            return Some(address.to_string().into());
        }
        match name.strip_prefix("*.") {
            Some(parent) => Some(format!("*.{}", self.host(parent.as_bytes())?).into()),
            None => self.host(name.as_bytes()),
        }
    }

    fn tls_said(&mut self, session: &TlsSession, sni: Option<Arc<str>>) -> TlsSaid {
        let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
        let mut said = TlsSaid {
            sni,
            resumed: session.went_on(),
            mutual: session.mutual(),
            chain_length: session.chain_length(),
            key_exchange: session.key_exchange.map(|how| how.name().into()),
            ..TlsSaid::default()
        };
        if let Some(hello) = &session.client {
            said.ja3 = shared(&hello.ja3);
            said.ja4 = shared(&hello.ja4);
            said.alpn_offered = hello.alpn.iter().filter_map(|name| self.name(name)).collect();
        }
        if let Some(hello) = &session.server {
            said.version = Some(hello.version);
            said.cipher = Some(hello.cipher.as_ref().into());
            said.alpn = hello.alpn.as_deref().and_then(|name| self.name(name));
            said.ja3s = Some(hello.ja3s.as_str().into()).filter(|text: &Arc<str>| !text.is_empty());
        }
        said.certificate = session.chain.first().map(|own| {
            let facts = self.certificate_facts(own);
            CertificateSaid {
                subject: facts.subject,
                issuer: facts.issuer,
                serial: facts.serial,
                sha1: own.sha1.as_str().into(),
                names: facts.names,
                not_before: facts.not_before,
                not_after: facts.not_after,
            }
        });
        said
    }

    fn certificate_facts(&mut self, read: &TlsCertificate) -> CertificateFacts {
        let names = read.names.iter().filter_map(|name| self.certificate_name(name));
        let names = names.take(TLS_NAMES_KEPT_MAX).collect();
        CertificateFacts {
            subject: self.distinguished_name(&read.subject, read),
            issuer: self.distinguished_name(&read.issuer, read),
            serial: read.serial.as_str().into(),
            names,
            key: read.key.into(),
            key_bits: read.key_bits,
            not_before: read.not_before,
            not_after: read.not_after,
            self_signed: read.self_signed,
        }
    }

    /// `CN=api.example, O=Example`: a part that a detector hits is `{value}`. Organisations, places
    /// and authorities are judged as such: `D-TRUST SSL Class 3 CA 1 2009` is no address.
    fn distinguished_name(&mut self, parts: &[NamePart], of: &TlsCertificate) -> Arc<str> {
        let parts = parts.iter().map(|part| {
            let common = part.attribute == "CN";
            let is_host = || of.names.iter().any(|name| name.eq_ignore_ascii_case(&part.text));
            let text = if common && is_host() {
                self.certificate_name(&part.text)
            } else if common && of.self_signed {
                self.name(part.text.as_bytes())
            } else {
                self.organisation(part.text.as_bytes())
            };
            let text = text.as_deref().unwrap_or("{value}");
            format!("{}={text}", part.attribute)
        });
        parts.collect::<Vec<_>>().join(", ").into()
    }

    fn certificate(
        &mut self,
        session: &TlsSession,
        (place, read): (usize, &TlsCertificate),
    ) -> (Arc<str>, CertificateStats) {
        let own = place == 0;
        let asked = session.client.as_ref().and_then(|hello| hello.server_name.as_deref());
        let asked = asked.filter(|_| own).map(|host| is_for(&read.names, host));
        let stats = CertificateStats {
            facts: self.certificate_facts(read),
            own: u64::from(own),
            above: u64::from(!own),
            mismatched: u64::from(asked == Some(false)),
            in_subject: u64::from(asked == Some(true) && read.names_in_subject),
            first: session.at.nanos(),
            last: session.at.nanos(),
        };
        (read.sha256.as_str().into(), stats)
    }

    /// The organisation that signed the client's certificate, unless it signed for itself: then it
    /// may be a person. Of the client nothing is kept.
    fn client_issuer(&mut self, session: &TlsSession) -> Option<Arc<str>> {
        let own = session.client_chain.first().filter(|own| !own.self_signed)?;
        let organisation = own.issuer.iter().find(|part| part.attribute == "O")?;
        self.organisation(organisation.text.as_bytes())
    }
}

fn count_flow(stats: &mut ServiceStats, flow: &FlowInfo) {
    *stats.addresses.entry(flow.server).or_default() += 1;
    for layer in flow.encapsulation.names() {
        *stats.encapsulation.entry(layer.clone()).or_default() += 1;
    }
}

fn count(tls: &mut TlsStats, session: &TlsSession, said: &TlsSaid) {
    tls.sessions += 1;
    tls.measured += 1;
    tls.resumed += u64::from(session.resumed);
    tls.failed += u64::from(session.failed());
    tls.certificate_requested += u64::from(session.certificate_requested);
    tls.client_certificates += u64::from(said.mutual == Some(true));
    if let Some(version) = said.version {
        *tls.versions.entry(version.name().into()).or_default() += 1;
    }
    let sets = [
        (&mut tls.ciphers, &said.cipher),
        (&mut tls.key_exchanges, &said.key_exchange),
        (&mut tls.alpn, &said.alpn),
        (&mut tls.names, &said.sni),
        (&mut tls.ja3, &said.ja3),
        (&mut tls.ja3s, &said.ja3s),
        (&mut tls.ja4, &said.ja4),
    ];
    for (set, text) in sets {
        if let Some(text) = text {
            *set.entry(text.clone()).or_default() += 1;
        }
    }
    for offered in &said.alpn_offered {
        *tls.alpn_offered.entry(offered.clone()).or_default() += 1;
    }
    for alert in &session.alerts {
        *tls.alerts.entry(alert.name.into()).or_default() += 1;
    }
}

/// Whether a certificate with these names is for `host` (RFC 6125 section 6.4): a wildcard stands
/// for the leftmost label and for one label only.
fn is_for(names: &[String], host: &[u8]) -> bool {
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    names.iter().any(|name| match name.strip_prefix("*.") {
        Some(parent) => {
            host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
        }
        None => name.strip_suffix('.').unwrap_or(name) == host,
    })
}

fn event(
    flow: &FlowInfo,
    tx_id: u64,
    (at, service): (Timestamp, Arc<str>),
    said: TlsSaid,
) -> ExchangeEvent {
    ExchangeEvent {
        at,
        flow_id: flow.id(),
        client: flow.client,
        server: flow.server,
        tx_id,
        protocol: STANDARD,
        service,
        version: None,
        method: None,
        url: None,
        status: None,
        content_type: None,
        user_agent: None,
        length: 0,
        hl7v2: None,
        acknowledgement: None,
        tls: Some(Box::new(said)),
        revealed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        let names = ["*.example.org".to_owned(), "api.example.net".to_owned()];
        for host in ["a.example.org", "A.Example.Org", "api.example.net."] {
            assert!(is_for(&names, host.as_bytes()), "{host}");
        }
        for host in ["example.org", "a.b.example.org", ".example.org", "b.example.net"] {
            assert!(!is_for(&names, host.as_bytes()), "{host}");
        }
    }
}
