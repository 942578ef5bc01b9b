//! Questions to a small database.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::*;
use crate::inventory::Inventory;
use crate::model::{Direction, FindingKind, Location, Severity};
use crate::store::sqlite::tests::sample::*;
use crate::store::{FindingState, Reader, Triage, TriageDecision, TriageState};

/// Two of everything, of which the second matters more.
fn sample() -> Inventory {
    let mut inventory = inventory();
    inventory.endpoints[0].severity = Severity::Low;
    inventory.endpoints[0].data_classes.clear();
    let class = &mut inventory.endpoints[0].fields[0].data_classes[0];
    (class.class, class.confidence, class.count) = ("contact.email".into(), 60, 3);
    inventory.endpoints[0].auth = BTreeMap::from([("basic".into(), 3)]);
    inventory.endpoints[1].severity = Severity::Critical;
    inventory.findings[0].severity = Severity::Low;
    inventory.findings[0].data_class = Some("contact.email".into());
    inventory
}

fn opened(inventory: &Inventory) -> (Folder, Reader) {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run =
        replay(&mut writer, &[input("a.pcap", Some(1), None), input("b", None, Some("cut"))], &[]);
    assert!(run.0 > 0);
    writer.publish(inventory).unwrap();
    writer.close().unwrap();
    let reader = folder.reader();
    (folder, reader)
}

fn keys(row: &impl Serialize) -> BTreeSet<String> {
    match serde_json::to_value(row).unwrap() {
        Value::Object(map) => map.into_iter().map(|(key, _)| key).collect(),
        other => panic!("a row is an object, not {other}"),
    }
}

fn holds(row: &impl Serialize, wanted: &str) {
    let keys = keys(row);
    for key in wanted.split_whitespace() {
        assert!(keys.contains(key), "{key} is promised, there is {keys:?}");
    }
}

#[test]
fn rows_have_the_promised_keys() {
    let (_folder, reader) = opened(&sample());
    let endpoint = endpoints(&reader, &EndpointFilter::default()).unwrap().remove(0);
    holds(
        &endpoint,
        "id service protocol standard operation method path requests statuses auth encrypted \
         data_classes severity coverage first_seen last_seen",
    );
    let json = serde_json::to_value(&endpoint).unwrap();
    assert_eq!(json["statuses"], serde_json::json!({"200": 11, "404": 1}));
    assert_eq!(json["auth"], serde_json::json!(["jwt", "none"]));
    assert_eq!(json["severity"], "critical");
    assert_eq!(json["first_seen"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(
        json["data_classes"],
        serde_json::json!([{"class": "us.ssn", "direction": "response", "confidence": 99}])
    );
    assert_eq!(
        json["coverage"],
        serde_json::json!(
            {"exchanges": 12, "one_sided": 1, "gaps": 0, "truncated": 0, "undecoded": 0,
             "unread": 0, "ambiguous": 0}
        )
    );
    let field = fields(&reader, &FieldFilter::default()).unwrap().remove(0);
    holds(
        &field,
        "service protocol standard operation method path direction location field types seen \
         first_seen last_seen data_classes",
    );
    let json = serde_json::to_value(&field).unwrap();
    let class = serde_json::json!([{
        "class": "us.ssn", "confidence": 99, "count": 24,
        "first_seen": "2023-11-14T22:13:30.123456Z", "last_seen": "2023-11-14T22:14:10.123456Z",
    }]);
    assert_eq!(json["data_classes"], class);
    let finding = findings(&reader, &FindingFilter::default()).unwrap().remove(0);
    holds(
        &finding,
        "id rule kind severity title direction location field data_class count first_seen \
         last_seen state references service protocol standard operation method path explanation",
    );
    assert_eq!(finding.state, "new");
    let service = services(&reader, &ServiceFilter::default()).unwrap().remove(0);
    holds(
        &service,
        "service addresses protocols names encapsulation endpoints requests bytes severity",
    );
    let client = clients(&reader, &ClientFilter::default()).unwrap().remove(0);
    holds(&client, "client user_agents services requests");
}

#[test]
fn what_matters_comes_first() {
    let (_folder, reader) = opened(&sample());
    let rows = endpoints(&reader, &EndpointFilter::default()).unwrap();
    assert_eq!(rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["ep-2", "ep-1"]);
    let rows = findings(&reader, &FindingFilter::default()).unwrap();
    assert_eq!(rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["fi-2", "fi-1"]);
    let rows = fields(&reader, &FieldFilter::default()).unwrap();
    assert_eq!(rows.iter().map(|r| r.endpoint.as_str()).collect::<Vec<_>>(), ["ep-2", "ep-1"]);
    let limited = EndpointFilter { limit: Some(1), ..Default::default() };
    assert_eq!(endpoints(&reader, &limited).unwrap().len(), 1);
}

#[test]
fn endpoint_filters_keep_what_they_say() {
    let (_folder, reader) = opened(&sample());
    let ids = |filter: EndpointFilter| -> Vec<String> {
        endpoints(&reader, &filter).unwrap().into_iter().map(|r| r.id).collect()
    };
    let base = EndpointFilter::default;
    let by = |operation: OperationFilter| ids(EndpointFilter { operation, ..base() });
    let some = |text: &str| Some(Pattern::new(text));
    assert_eq!(by(OperationFilter { path: some("patient"), ..Default::default() }), ["ep-2"]);
    assert_eq!(
        by(OperationFilter { operation: some("GET */Observation/*"), ..Default::default() }),
        ["ep-1"]
    );
    assert_eq!(by(OperationFilter { method: Some("get".into()), ..Default::default() }).len(), 2);
    assert!(by(OperationFilter { method: Some("POST".into()), ..Default::default() }).is_empty());
    assert!(by(OperationFilter { service: some("other"), ..Default::default() }).is_empty());
    assert!(by(OperationFilter { standard: some("hl7v2"), ..Default::default() }).is_empty());
    let class = Some(ClassPattern::new("us"));
    assert_eq!(ids(EndpointFilter { class: class.clone(), ..base() }), ["ep-2"]);
    let direction = Some(Direction::ToServer);
    assert!(ids(EndpointFilter { class, direction, ..base() }).is_empty());
    assert_eq!(ids(EndpointFilter { min_confidence: Some(99), ..base() }), ["ep-2"]);
    assert_eq!(ids(EndpointFilter { min_severity: Some(Severity::Medium), ..base() }), ["ep-2"]);
    assert_eq!(ids(EndpointFilter { auth: Some("basic".into()), ..base() }), ["ep-1"]);
    assert!(ids(EndpointFilter { encrypted: Some("all".into()), ..base() }).is_empty());
}

#[test]
fn field_and_finding_filters_keep_what_they_say() {
    let (_folder, reader) = opened(&sample());
    let fields = |filter: FieldFilter| fields(&reader, &filter).unwrap().len();
    let base = FieldFilter::default;
    assert_eq!(fields(base()), 2);
    assert_eq!(fields(FieldFilter { class: Some(ClassPattern::new("us.ssn")), ..base() }), 1);
    assert_eq!(fields(FieldFilter { min_confidence: Some(90), ..base() }), 1);
    assert_eq!(fields(FieldFilter { location: Some(Location::Query), ..base() }), 0);
    assert_eq!(fields(FieldFilter { direction: Some(Direction::ToClient), ..base() }), 2);
    assert_eq!(fields(FieldFilter { endpoint: Some("ep-1".into()), ..base() }), 1);
    assert_eq!(fields(FieldFilter { field: Some(Pattern::new("$.name")), ..base() }), 0);
    let findings = |filter: FindingFilter| findings(&reader, &filter).unwrap().len();
    let base = FindingFilter::default;
    assert_eq!(findings(base()), 2);
    assert_eq!(findings(FindingFilter { kind: Some(FindingKind::Auth), ..base() }), 0);
    assert_eq!(findings(FindingFilter { min_severity: Some(Severity::High), ..base() }), 1);
    assert_eq!(findings(FindingFilter { class: Some(ClassPattern::new("contact")), ..base() }), 1);
    assert_eq!(findings(FindingFilter { id: Some("fi-1".into()), ..base() }), 1);
    assert_eq!(findings(FindingFilter { rule: Some(Pattern::new("credentials")), ..base() }), 0);
    let path = Some(Pattern::new("Patient"));
    let operation = OperationFilter { path, ..Default::default() };
    assert_eq!(findings(FindingFilter { operation, ..base() }), 1);
}

#[test]
fn decisions_show_regress_and_end() {
    let (folder, reader) = opened(&sample());
    let decide = |finding: &str, state, set_at, until| {
        let decision = FindingState { state, until, set_at, ..FindingState::default() };
        Triage::open(&folder.path).unwrap().set(&TriageDecision { finding, decision }).unwrap();
    };
    let state = |now| -> BTreeMap<String, &str> {
        let filter = FindingFilter { now, ..Default::default() };
        let rows = findings(&reader, &filter).unwrap();
        rows.into_iter().map(|r| (r.id, r.state)).collect()
    };
    decide("fi-1", TriageState::Resolved, at(10), None);
    decide("fi-2", TriageState::Accepted, at(10), Some(at(500)));
    assert_eq!(state(None)["fi-1"], "resolved", "nothing has come since that shows it");
    let mut more = sample();
    more.findings.iter_mut().for_each(|f| f.count += 1);
    folder.writer().publish(&more).unwrap();
    assert_eq!(state(None)["fi-1"], "regressed", "seen at 60, resolved at 10, counts more");
    assert_eq!(state(Some(at(499)))["fi-2"], "accepted");
    assert_eq!(state(Some(at(500)))["fi-2"], "new");
    decide("fi-1", TriageState::Resolved, at(90), None);
    assert_eq!(state(None)["fi-1"], "resolved");
    let filter = FindingFilter { state: Some(TriageState::Resolved), ..Default::default() };
    assert_eq!(findings(&reader, &filter).unwrap().len(), 1);
}

#[test]
fn coverage_accounts_for_every_packet() {
    let (_folder, reader) = opened(&sample());
    let answer = coverage(&reader, &CoverageFilter::default()).unwrap();
    let all = &answer.packets[0];
    assert_eq!((all.scope, all.seen, all.state, all.balanced), ("all", 220, "partial", true));
    assert_eq!(all.skipped, BTreeMap::from([("arp", 10), ("udp", 4)]));
    assert_eq!(answer.packets.len(), 3);
    assert_eq!(answer.packets[2].incomplete.as_deref(), Some("cut"));
    assert_eq!(answer.flows[0].outcome, "tls");
    assert_eq!(answer.services[0].exchanges, 24);
    assert_eq!(answer.endpoints.len(), 2);
    let input = Some(Pattern::new("a.pcap"));
    let one = coverage(&reader, &CoverageFilter { input, ..Default::default() }).unwrap();
    assert_eq!((one.packets[0].seen, one.packets[0].state), (110, "complete"));
}

#[test]
fn a_statement_that_reads_is_answered() {
    let (_folder, reader) = opened(&sample());
    let statement = "SELECT id, NULL AS n, 1.5 AS id, x'00ff' AS blob FROM v_endpoints \
                     WHERE path LIKE '%Patient%'; -- done";
    let answer = sql(&reader, statement).unwrap();
    assert_eq!(answer.columns, ["id", "n", "id_2", "blob"]);
    let row: Vec<Value> = vec!["ep-2".into(), Value::Null, 1.5.into(), "00ff".into()];
    assert_eq!(answer.rows, [row]);
    let recursive = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) \
                     SELECT sum(n) FROM c";
    assert_eq!(sql(&reader, recursive).unwrap().rows, [[Value::from(15)]]);
    assert!(!sql(&reader, "PRAGMA table_info(v_endpoints)").unwrap().rows.is_empty());
}

#[test]
fn a_statement_that_does_more_than_read_is_refused_in_one_line() {
    let (folder, reader) = opened(&sample());
    let before = std::fs::read(&folder.path).unwrap();
    let other = folder.folder.path().join("other.db");
    for statement in [
        "DELETE FROM endpoint",
        "UPDATE endpoint SET path = 'x'",
        "CREATE TABLE t (a)",
        "DROP VIEW v_endpoints",
        &format!("ATTACH '{}' AS other", other.display()),
        &format!("VACUUM INTO '{}'", other.display()),
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 5",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON",
        "BEGIN EXCLUSIVE",
        "SELECT load_extension('x')",
        "SELECT 1; DELETE FROM endpoint",
        "SELECT 1; SELECT 2",
        "SELECT ?1",
        "SELEC 1",
        "SELECT nope FROM v_endpoints",
        "SELECT * FROM nowhere",
        "",
        "-- nothing",
    ] {
        let error = sql(&reader, statement).unwrap_err();
        assert!(matches!(error, QueryError::Statement { .. }), "{statement}: {error}");
        let text = error.to_string();
        assert!(text.starts_with("run the statement: ") && !text.contains('\n'), "{text}");
    }
    assert_eq!(std::fs::read(&folder.path).unwrap(), before);
    assert!(!other.exists());
    let error = sql(&reader, "SELECT nope FROM v_endpoints").unwrap_err().to_string();
    assert!(error.contains("no such column: nope at character 8"), "{error}");
}

#[test]
fn an_overview_adds_up_what_the_queries_show() {
    let mut inventory = sample();
    let (first, ends) = (inventory.findings[0].clone(), inventory.endpoints.clone());
    for n in 0..40_usize {
        let mut finding = first.clone();
        finding.id = format!("f-{}", (n * 7) % 40);
        finding.severity = [Severity::Low, Severity::High, Severity::Critical][n % 3];
        finding.count = [1, 2, 3, 4][n % 4];
        finding.rule = ["sensitive-data-in-clear", "sensitive-data-in-url"][n % 2];
        finding.endpoint = ends[n % ends.len()].id.clone();
        finding.data_class = Some(["us.ssn", "contact.email", "person.name"][n / 14].into());
        finding.direction = [None, Some(Direction::ToServer)][n / 20];
        inventory.findings.push(finding);
    }
    let (_folder, reader) = opened(&inventory);
    let rows = findings(&reader, &FindingFilter::default()).unwrap();
    let all = grouped(&rows);
    for most in [3, 1000] {
        let got = overview(&reader, most).unwrap();
        let told = |group: &FindingGroup| {
            let FindingGroup { rule, severity, service, operation, .. } = group.clone();
            (rule.to_owned(), severity, service, operation, group.direction, group.findings)
        };
        let expected: Vec<_> = all.iter().take(most).map(told).collect();
        let first = got.first.iter().map(|group| {
            let direction = group.direction.map(crate::store::words::direction_name);
            let (rule, severity) = (group.rule.clone(), group.severity);
            let (service, operation) = (group.service.clone(), group.operation.clone());
            (rule, severity, service, operation, direction, group.findings)
        });
        assert_eq!(first.collect::<Vec<_>>(), expected);
        let classes: Vec<_> = got.first.iter().map(|group| &group.data_classes).collect();
        assert_eq!(classes, all.iter().take(most).map(|g| &g.data_classes).collect::<Vec<_>>());
        assert_eq!(got.all_findings(), rows.len() as u64);
        assert_eq!(got.worst(), Some(Severity::Critical));
        let endpoints = &inventory.endpoints;
        assert_eq!(got.endpoints, endpoints.len() as u64);
        assert_eq!(got.requests, endpoints.iter().map(|e| e.requests).sum::<u64>());
        let one_sided = endpoints.iter().map(|e| e.coverage.one_sided).sum::<u64>();
        assert_eq!(got.damaged.one_sided, one_sided);
        let open = endpoints.iter().filter(|e| e.auth.contains_key("none")).count();
        assert_eq!(got.unauthenticated, open as u64);
        assert_eq!(got.services, inventory.services.len() as u64);
        assert_eq!(got.clients, inventory.clients.len() as u64);
        assert_eq!(got.seen.unwrap().0, endpoints.iter().map(|e| e.first_seen).min().unwrap());
    }
}

#[test]
fn services_and_endpoints_are_as_severe_as_what_is_open() {
    let (folder, reader) = opened(&sample());
    let all = findings(&reader, &FindingFilter::default()).unwrap();
    let mut triage = crate::store::Triage::open(&folder.path).unwrap();
    for finding in &all {
        let decision = crate::store::FindingState {
            state: TriageState::Accepted,
            until: Some(at(500)),
            set_at: at(400),
            ..Default::default()
        };
        triage.set(&crate::store::TriageDecision { finding: &finding.id, decision }).unwrap();
    }
    let severities = |now| {
        let services = services(&reader, &ServiceFilter { now, ..Default::default() }).unwrap();
        let endpoints = endpoints(&reader, &EndpointFilter { now, ..Default::default() }).unwrap();
        let services = services.iter().map(|s| s.severity).max();
        (services, endpoints.iter().map(|e| e.severity).max())
    };
    let nothing = Some(Severity::Info);
    assert_eq!(severities(Some(at(499))), (nothing, nothing));
    let worst = all.iter().map(|f| f.severity).max();
    assert_ne!(worst, nothing);
    assert_eq!(severities(Some(at(500))), (worst, worst), "it has ended");
    let severe = ServiceFilter { min_severity: worst, now: Some(at(499)), ..Default::default() };
    assert!(services(&reader, &severe).unwrap().is_empty());
}
