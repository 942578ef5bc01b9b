//! Endpoints for the tests of the rules.

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::inventory::assessed::{Coverage, DataClassSeen, Endpoint, Field, Finding, SeenTimes};
use crate::inventory::tls::{CertificateFacts, CertificateStats, TlsFacts, TlsStats};
use crate::model::{Direction, Location, Severity};

use super::raise::{Facts, findings};

/// `GET /patients/{id}` over HTTP, seen ten times, with nothing in it.
pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        id: "ep-0123456789abcdef".into(),
        service: "ehr.example".into(),
        protocol: "http/1".into(),
        standard: "http".into(),
        operation: "GET /patients/{id}".into(),
        method: Some("GET".into()),
        path: Some("/patients/{id}".into()),
        interactions: vec![],
        absorbed: vec![],
        requests: 10,
        statuses: BTreeMap::from([(200.into(), 10)]),
        auth: BTreeMap::new(),
        encrypted: "none",
        times: SeenTimes::default(),
        data_classes: vec![],
        severity: Severity::Info,
        coverage: Coverage { exchanges: 10, ..Default::default() },
        clients: 1,
        first_seen: Timestamp::from_nanos(1),
        last_seen: Timestamp::from_nanos(2),
        body_bytes: [0, 0],
        anomalies: BTreeMap::new(),
        fields: vec![],
    }
}

/// A field that carries these classes with these confidences.
pub(super) fn field(
    direction: Direction,
    location: Location,
    name: &str,
    classes: &[(&str, u8)],
) -> Field {
    let class = |(class, confidence): &(&str, u8)| DataClassSeen {
        class: (*class).into(),
        confidence: *confidence,
        count: 10,
        first_seen: Timestamp::from_nanos(1),
        last_seen: Timestamp::from_nanos(2),
    };
    Field {
        direction,
        location,
        field: name.into(),
        types: vec!["string"],
        seen: 10,
        exchanges: 10,
        data_classes: classes.iter().map(class).collect(),
        explanation: vec![],
        mask: None,
        first_seen: Timestamp::from_nanos(1),
        last_seen: Timestamp::from_nanos(2),
    }
}

/// Nothing encrypted, everything authenticated.
pub(super) fn clear() -> Facts {
    Facts { unencrypted: 10, ..Facts::default() }
}

/// Everything encrypted, nothing authenticated.
pub(super) fn open() -> Facts {
    Facts { unauthenticated_successes: 10, ..Facts::default() }
}

/// Everything encrypted and authenticated.
pub(super) fn closed() -> Facts {
    Facts::default()
}

/// A service with nothing to say against its TLS.
pub(super) fn encrypted() -> Facts {
    let facts = CertificateFacts {
        subject: "CN=ehr.example".into(),
        issuer: "CN=North Authority".into(),
        names: vec!["ehr.example".into()],
        key: "RSA".into(),
        key_bits: 2048,
        not_after: 1_800_000_000,
        ..CertificateFacts::default()
    };
    let certificate = CertificateStats {
        facts,
        own: 9,
        above: 0,
        mismatched: 0,
        in_subject: 0,
        first: 0,
        last: 0,
    };
    let stats = TlsStats {
        sessions: 9,
        versions: [("TLS 1.2".into(), 9)].into(),
        ciphers: [("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256".into(), 9)].into(),
        certificates: [("00".into(), certificate)].into(),
        ..TlsStats::default()
    };
    Facts { tls: Some(TlsFacts { stats, clear: Vec::new() }), ..Facts::default() }
}

/// Its certificate.
pub(super) fn certificate(facts: &mut Facts) -> &mut CertificateStats {
    facts.tls.as_mut().unwrap().stats.certificates.get_mut("00").unwrap()
}

/// What one rule finds.
pub(super) fn found(rule: &str, endpoint: &Endpoint, facts: &Facts) -> Vec<Finding> {
    findings(endpoint, facts).into_iter().filter(|f| f.rule == rule).collect()
}
