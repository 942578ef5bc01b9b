//! Rollups and inventories to store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::{Mask, Span, Timestamp};
use crate::inventory::*;
use crate::model::*;
use crate::store::*;

pub(crate) const KEY: &str = "00112233aabbccdd";

pub(crate) fn rules() -> RuleNames {
    RuleNames::new(["us.ssn", "gb.nhs_number", "contact.email"])
}

pub(crate) struct Folder {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phitap.db");
        Folder { folder, path }
    }

    pub(crate) fn writer(&self) -> Writer {
        Writer::open(&self.path, KEY, rules()).unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds, 123_456_789)
}

pub(crate) fn key(path: &str) -> EndpointKey {
    EndpointKey {
        service: "ehr.example:8080".into(),
        standard: "fhir-r4".into(),
        method: "GET".into(),
        path: path.into(),
        operation: "".into(),
    }
}

pub(crate) fn evidence(values: u64) -> Evidence {
    let mut evidence = Evidence { exchanges: values, ..Evidence::default() };
    for n in 0..values {
        evidence.count(ValueKind::String, Form::Token, 1);
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId((n % 3) as u16));
        outcome.passed.insert(RuleId((n % 3) as u16));
        evidence.candidate(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), outcome, 1);
        evidence.offer_exemplar(n + 5, Mask::of(b"078-05-1120"));
    }
    evidence
}

fn sender(client: &str, name: Option<&str>) -> Sender {
    Sender { client: client.parse().unwrap(), name: name.map(Into::into) }
}

/// A rollup with something in every place.
pub(crate) fn rollup(paths: &[&str], requests: u64) -> Rollup {
    let mut rollup = Rollup { clients_overflow: 3, ..Rollup::default() };
    let span = Span { first: at(0), last: at(60) };
    for path in paths {
        let mut stats = EndpointStats {
            requests,
            statuses: BTreeMap::from([(200.into(), requests), (404.into(), 1)]),
            auth: BTreeMap::from([(AuthScheme::None, 1), (AuthScheme::BearerJwt, 2)]),
            encrypted: 1,
            protocols: BTreeMap::from([("http/1", requests)]),
            interactions: BTreeMap::from([("read", requests)]),
            unauthenticated_successes: 2,
            url_credentials: BTreeMap::from([("apikey", 2)]),
            coverage: CoverageStats {
                exchanges: requests,
                one_sided: 1,
                unread: 1,
                unread_bodies: BTreeMap::from([("pdf", 1)]),
                ambiguous: 1,
                ..Default::default()
            },
            span,
            times: EndpointTimes {
                auth: BTreeMap::from([
                    (AuthScheme::None, Span::at(at(3))),
                    (AuthScheme::BearerJwt, span),
                ]),
                clear: span,
                encrypted: Span::at(at(7)),
            },
            body_bytes: [10, 20],
            clients: BTreeMap::from([("10.0.0.7".parse().unwrap(), requests)]),
            senders: BTreeMap::from([
                (sender("10.0.0.7", Some("REG / NORTH")), SenderStats { messages: requests, span }),
                (sender("2001:db8::7", None), SenderStats { messages: 1, span }),
            ]),
            anomalies: BTreeMap::from([("bad-chunk", 1)]),
            fields_overflow: 4,
            ..EndpointStats::default()
        };
        stats.media[1].insert("application/fhir+json".into(), requests);
        let field = FieldKey {
            direction: Direction::ToClient,
            location: Location::Body,
            path: "$.identifier[*].value".into(),
            context: "Patient.identifier.value|us.ssn".into(),
        };
        let mut dated = evidence(requests);
        dated.date_all(span);
        stats.fields.insert(field, dated);
        rollup.endpoints.insert(key(path), stats);
    }
    let mut service = ServiceStats { requests, bytes: 4096, span, ..Default::default() };
    service.addresses.insert("10.0.0.1:8080".parse().unwrap(), requests);
    service.products.insert("nginx".into(), requests);
    service.encapsulation.insert("vlan 10".into(), requests);
    let tls = service.tls.get_or_insert_default();
    tls.sessions = requests;
    tls.versions.insert("TLS 1.2".into(), requests);
    let facts = CertificateFacts { names: vec!["a.example".into()], ..Default::default() };
    let seen = CertificateStats {
        facts,
        own: 1,
        above: 0,
        mismatched: 1,
        in_subject: 1,
        first: -1,
        last: 2,
    };
    tls.add_certificate("00ff".into(), seen);
    rollup.services.insert("ehr.example:8080".into(), service);
    let mut client = ClientStats { requests, span, ..Default::default() };
    client.user_agents.insert("curl/8.5".into(), requests);
    client.services.insert("ehr.example:8080".into(), requests);
    rollup.clients.insert("10.0.0.7".parse().unwrap(), client);
    rollup.clients.insert("2001:db8::7".parse().unwrap(), ClientStats::default());
    let flow = FlowKey { server: "[2001:db8::1]:443".parse().unwrap(), outcome: "tls" };
    let stats = FlowStats {
        flows: 3,
        bytes: 900,
        gap_bytes: 10,
        one_sided: 1,
        anomalies: [("mllp-noise", 2)].into(),
    };
    rollup.flows.insert(flow, stats);
    rollup.anomalies.insert("overlap", 7);
    rollup
}

/// Everything that can be observed of a rollup: evidence has no equality of its own.
pub(crate) fn observe(rollup: &Rollup) -> String {
    let mut settled = rollup.clone();
    for stats in settled.endpoints.values_mut() {
        for evidence in stats.fields.values_mut() {
            let entries: Vec<_> = evidence.sample.entries().collect();
            evidence.sample = Sample::default();
            for entry in entries {
                evidence.sample.insert(entry.hash, entry.outcome);
            }
            evidence.sample.entries().count();
        }
    }
    format!("{settled:#?}")
}

pub(crate) fn endpoint(id: &str, path: &str) -> Endpoint {
    let ssn = DataClassSeen {
        class: "us.ssn".into(),
        confidence: 99,
        count: 24,
        first_seen: at(10),
        last_seen: at(50),
    };
    let times =
        SeenTimes { clear: Some(Span { first: at(0), last: at(60) }), ..Default::default() };
    Endpoint {
        id: id.into(),
        service: "ehr.example:8080".into(),
        protocol: "http/1".into(),
        standard: "fhir-r4".into(),
        operation: format!("GET {path}"),
        method: Some("GET".into()),
        path: Some(path.into()),
        interactions: vec!["read".into()],
        absorbed: Vec::new(),
        requests: 12,
        statuses: BTreeMap::from([(200.into(), 11), (404.into(), 1)]),
        auth: BTreeMap::from([("jwt".into(), 8), ("none".into(), 4)]),
        encrypted: "none",
        times,
        data_classes: vec![(Direction::ToClient, ssn.clone())],
        severity: Severity::High,
        coverage: Coverage { exchanges: 12, one_sided: 1, ..Coverage::default() },
        clients: 2,
        first_seen: at(0),
        last_seen: at(60),
        body_bytes: [0, 4000],
        anomalies: BTreeMap::new(),
        fields: vec![Field {
            direction: Direction::ToClient,
            location: Location::Body,
            field: "$.identifier[*].value".into(),
            types: vec!["string"],
            seen: 24,
            exchanges: 12,
            data_classes: vec![ssn],
            explanation: vec!["24 of 24 distinct values pass".into()],
            mask: Some("9{3}.9{2}.9{4}".into()),
            first_seen: at(10),
            last_seen: at(50),
        }],
    }
}

pub(crate) fn finding(id: &str, endpoint: &str) -> Finding {
    Finding {
        id: id.into(),
        rule: "sensitive-data-in-clear",
        kind: FindingKind::SensitiveData,
        severity: Severity::High,
        title: "US social security numbers travel in the clear".into(),
        explanation: "Anyone on the way can read them. Use TLS.".into(),
        endpoint: endpoint.into(),
        direction: Some(Direction::ToClient),
        location: Some(Location::Body),
        field: Some("$.identifier[*].value".into()),
        data_class: Some("us.ssn".into()),
        count: 24,
        first_seen: at(0),
        last_seen: at(60),
        references: vec!["45 CFR 164.312(e)(1)".into()],
    }
}

/// A small inventory with something in every place.
pub(crate) fn inventory() -> Inventory {
    let endpoints =
        vec![endpoint("ep-1", "/fhir/Observation/{id}"), endpoint("ep-2", "/fhir/Patient/{id}")];
    Inventory {
        services: vec![Service {
            service: "ehr.example:8080".into(),
            addresses: vec!["10.0.0.1:8080".into()],
            protocols: vec!["http/1".into()],
            names: vec!["nginx".into()],
            encapsulation: vec!["vlan 10".into()],
            encrypted: "some",
            tls: Some(ServiceTls {
                sessions: 2,
                versions: [("TLS 1.2".into(), 2)].into(),
                certificates: vec![CertificateShown::default()],
                ..ServiceTls::default()
            }),
            endpoints: 2,
            requests: 24,
            bytes: 9000,
            severity: Severity::High,
            first_seen: at(0),
            last_seen: at(60),
        }],
        endpoints,
        clients: vec![Client {
            client: "10.0.0.7".into(),
            user_agents: vec!["curl/8.5".into()],
            services: vec!["ehr.example:8080".into()],
            requests: 24,
            first_seen: at(0),
            last_seen: at(60),
        }],
        findings: vec![finding("fi-1", "ep-1"), finding("fi-2", "ep-2")],
    }
}

pub(crate) fn input(name: &str, identity: Option<u64>, incomplete: Option<&str>) -> InputRecord {
    let packets = PacketAccount {
        seen: 110,
        bytes: 9000,
        analysed: 100,
        duplicate: 2,
        skipped: BTreeMap::from([("arp", 5), ("udp", 2)]),
        malformed: BTreeMap::from([("tcp-header", 1)]),
        ..PacketAccount::default()
    };
    let account =
        InputAccount { name: name.into(), packets, incomplete: incomplete.map(Into::into) };
    let identity = identity.map(|hash| InputIdentity { size: 1000, hash, head: Some(hash) });
    InputRecord { account, identity, position: 0, before: Passed::default() }
}

/// Writes one sealed replay of `inputs`.
pub(crate) fn replay(writer: &mut Writer, inputs: &[InputRecord], replaces: &[RunId]) -> RunId {
    let run = writer.begin_run(RunKind::Replay, at(100)).unwrap();
    writer.write_all(run, &rollup(&["/fhir/Patient/{id}"], 12)).unwrap();
    let inventory = &inventory();
    let placed = |(position, input): (u32, &InputRecord)| InputRecord { position, ..input.clone() };
    let inputs = &(0..).zip(inputs).map(placed).collect::<Vec<_>>();
    let seal = Seal {
        run,
        inputs,
        interrupted: false,
        replaces,
        ended: at(200),
        inventory: Some(inventory),
    };
    writer.seal(&seal).unwrap();
    run
}

pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}
