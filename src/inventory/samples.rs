//! Observations for the property tests of this module.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use proptest::prelude::*;

use crate::base::{Mask, Span, StableHasher, Timestamp};
use crate::model::{Direction, Evidence, Form, Location, Outcome, RuleId, ValueKind};

use super::merge::Caps;
use super::rollup::{
    AuthScheme, ClientStats, EndpointKey, EndpointStats, FieldKey, FlowKey, FlowStats, Rollup,
    ServiceStats,
};
use super::senders::{Sender, SenderStats};
use super::tls::{CertificateFacts, CertificateStats, TlsStats};

/// Caps that small tests can reach.
pub(super) fn small_caps() -> Caps {
    Caps {
        services: 6,
        clients: 8,
        clients_per_endpoint: 3,
        user_agents_per_client: 2,
        services_per_client: 2,
        senders_per_endpoint: 2,
        media_per_endpoint: 2,
        addresses_per_service: 2,
        products_per_service: 2,
        encapsulations_per_service: 2,
        tls_names_per_service: 2,
        tls_certificates_per_service: 2,
        flow_rows: 5,
        segments_per_node: 4,
        segments_per_root: 8,
        keys_per_node: 5,
        ..Caps::new(StableHasher::new([9; 16]))
    }
}

/// A word without digits, distinct for `n` up to 676.
pub(super) fn word(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("w{}{}", letter(n / 26), letter(n))
}

/// One exchange.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) service: usize,
    pub(super) path: Vec<usize>,
    pub(super) client: usize,
    pub(super) key: String,
    pub(super) value: u32,
    pub(super) at: i64,
    pub(super) status: u16,
    pub(super) encrypted: bool,
}

pub(super) fn observations(most: usize) -> impl Strategy<Value = Vec<Seen>> {
    let seen = (
        0usize..8,
        proptest::collection::vec(0usize..12, 1..4),
        0usize..30,
        (0usize..10, 0usize..3),
        (0u32..40, 0i64..1000, 0u16..3, any::<bool>()),
    );
    let seen =
        seen.prop_map(|(service, path, client, (a, b), (value, at, status, encrypted))| Seen {
            service,
            path,
            client,
            key: format!("{}.{}", word(a), word(b)),
            value,
            at,
            status: 200 + status,
            encrypted,
        });
    proptest::collection::vec(seen, 0..most)
}

/// The same observations in another order.
pub(super) fn shuffled(seen: &[Seen], seed: u8) -> Vec<Seen> {
    let hasher = StableHasher::new([seed; 16]);
    let mut out = seen.to_vec();
    out.sort_by_cached_key(|s| hasher.hash(format!("{s:?}").as_bytes()));
    out
}

pub(super) fn rollup_of(seen: &[Seen], caps: &Caps) -> Rollup {
    let mut out = Rollup::default();
    for one in seen {
        out.merge(rollup_of_one(one), caps);
    }
    out
}

/// One exchange with little to tell.
pub(super) fn one(service: usize, client: usize, at: usize, key: &str) -> Rollup {
    rollup_of_one(&Seen {
        service,
        path: vec![0],
        client,
        key: key.to_owned(),
        value: u32::try_from(client).unwrap(),
        at: i64::try_from(at).unwrap(),
        status: 200,
        encrypted: false,
    })
}

fn rollup_of_one(seen: &Seen) -> Rollup {
    let mut out = Rollup::default();
    let service: std::sync::Arc<str> = format!("svc-{}.example", word(seen.service)).into();
    let span = Span::at(Timestamp::from_nanos(seen.at * 1000));
    let path: String = seen.path.iter().map(|n| format!("/{}", word(*n))).collect();
    let client = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + u32::try_from(seen.client).unwrap()));
    let port = 1 + u16::try_from(seen.client).unwrap();
    let server = SocketAddr::new(Ipv4Addr::new(10, 1, 0, 1).into(), port);
    let agent: std::sync::Arc<str> = format!("agent/{}", seen.value % 5).into();
    let mut stats = EndpointStats { requests: 1, span, ..Default::default() };
    stats.statuses.insert(seen.status.into(), 1);
    stats.auth.insert(AuthScheme::None, 1);
    stats.times.auth.insert(AuthScheme::None, span);
    let how = if seen.encrypted { &mut stats.times.encrypted } else { &mut stats.times.clear };
    how.merge(span);
    stats.encrypted = u64::from(seen.encrypted);
    stats.protocols.insert("http/1", 1);
    stats.unauthenticated_successes = u64::from(seen.status == 200);
    stats.coverage.exchanges = 1;
    stats.coverage.unread = u64::from(seen.value % 2);
    stats.coverage.ambiguous = u64::from(seen.value.is_multiple_of(3));
    if seen.value % 2 == 1 {
        stats.coverage.unread_bodies.insert("pdf", 1);
        stats.url_credentials.insert("apikey", 1);
    }
    stats.body_bytes = [1, 2];
    stats.media[1].insert(format!("application/x-{}", seen.value % 6).into(), 1);
    stats.clients.insert(client, 1);
    let sender = Sender { client, name: seen.encrypted.then(|| agent.clone()) };
    stats.senders.insert(sender, SenderStats { messages: 1, span });
    let field = FieldKey {
        direction: Direction::ToClient,
        location: Location::Body,
        path: format!("$.{}", seen.key).into(),
        context: "".into(),
    };
    let mut dated = evidence(seen.value);
    dated.date_all(span);
    stats.fields.insert(field, dated);
    let key = EndpointKey {
        service: service.clone(),
        standard: "http".into(),
        method: "GET".into(),
        path: path.into(),
        operation: "".into(),
    };
    out.endpoints.insert(key, stats);
    let stats = ServiceStats {
        addresses: [(server, 1)].into(),
        requests: 1,
        bytes: 10,
        products: [(agent.clone(), 1)].into(),
        encapsulation: [(format!("vlan {}", seen.value % 7).into(), 1)].into(),
        tls: seen.encrypted.then(|| Box::new(tls(seen))),
        span,
    };
    out.services.insert(service.clone(), stats);
    let stats = ClientStats {
        user_agents: [(agent, 1)].into(),
        services: [(service, 1)].into(),
        requests: 1,
        span,
    };
    out.clients.insert(client, stats);
    let flow =
        FlowStats { flows: 1, bytes: 10, gap_bytes: 0, one_sided: 0, ..FlowStats::default() };
    out.flows.insert(FlowKey { server, outcome: "http/1" }, flow);
    out
}

/// One session.
fn tls(seen: &Seen) -> TlsStats {
    let one = |text: String| [(text.into(), 1)].into();
    let kind = seen.value % 9;
    let facts = CertificateFacts {
        subject: format!("CN=c{kind}").into(),
        not_after: i64::from(kind),
        ..CertificateFacts::default()
    };
    let certificate = CertificateStats {
        facts,
        own: 1,
        above: 0,
        mismatched: u64::from(kind == 3),
        in_subject: u64::from(kind == 2),
        first: seen.at * 1000,
        last: seen.at * 1000,
    };
    TlsStats {
        sessions: 1,
        measured: 1,
        bytes: 10,
        shown: one(format!("10.0.0.{}:443 TLS 1.{}", seen.value % 40, seen.value % 4)),
        resumed: u64::from(kind == 1),
        versions: one(format!("TLS 1.{}", seen.value % 4)),
        ciphers: one(format!("TLS_{}", seen.value % 6)),
        ja4: one(format!("t{}", seen.value % 8)),
        certificates: [(format!("{kind}").into(), certificate)].into(),
        ..TlsStats::default()
    }
}

/// The evidence of one value.
pub(super) fn evidence(value: u32) -> Evidence {
    let mut out = Evidence { exchanges: 1, ..Default::default() };
    out.count(ValueKind::String, Form::Integer, 1);
    let mut outcome = Outcome::default();
    outcome.tried.insert(RuleId(1));
    let hash = StableHasher::new([4; 16]).hash(&value.to_le_bytes());
    out.candidate(hash, outcome, 1);
    out.offer_exemplar(hash, Mask::of(value.to_string().as_bytes()));
    out
}

/// Everything that can be observed of a rollup, as text.
pub(super) fn observe(rollup: &mut Rollup) -> String {
    let mut out = String::new();
    for (key, stats) in &mut rollup.endpoints {
        let fields = std::mem::take(&mut stats.fields);
        let _ = writeln!(out, "{key:?} {stats:?}");
        for (field, mut evidence) in fields {
            let sample: Vec<_> = evidence.sample.entries().collect();
            evidence.sample = Default::default();
            let _ = writeln!(out, "  {field:?} {evidence:?} {sample:?}");
        }
    }
    let rest = (&rollup.services, &rollup.clients, rollup.clients_overflow, &rollup.flows);
    let _ = writeln!(out, "{rest:?} {:?}", rollup.anomalies);
    out
}
