//! What is published is what is read.

use proptest::prelude::*;
use rusqlite::Connection;

use super::sample::*;
use crate::base::{Span, Timestamp};
use crate::inventory::*;
use crate::model::*;
use crate::store::*;

/// Names with what could break a column: quotes, controls, NUL, wide characters.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,3}", "[ -~]{0,6}", ".{0,4}", Just("a\0b'\"\u{1b}[31m".to_owned())]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        any::<i64>().prop_map(Timestamp::from_nanos),
        Just(Timestamp::MAX),
        Just(Timestamp::MIN)
    ]
}

fn counts() -> impl Strategy<Value = u64> {
    0..=i64::MAX as u64
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::ToServer, Direction::ToClient])
}

fn class() -> impl Strategy<Value = DataClassSeen> {
    let seen = (name(), 0u8..=100, counts(), time(), time());
    seen.prop_map(|(class, confidence, count, first_seen, last_seen)| DataClassSeen {
        class,
        confidence,
        count,
        first_seen,
        last_seen,
    })
}

fn field() -> impl Strategy<Value = Field> {
    let place = (direction(), prop::sample::select(Location::ALL.to_vec()), name());
    let lists = (prop::collection::vec(class(), 0..3), prop::collection::vec(name(), 0..3));
    let counted = (counts(), counts(), time(), time());
    (place, lists, counted, prop::option::of(name())).prop_map(
        |((direction, location, field), (data_classes, explanation), counted, mask)| {
            let (seen, exchanges, first_seen, last_seen) = counted;
            Field {
                direction,
                location,
                field,
                types: vec!["number", "string"],
                seen,
                exchanges,
                data_classes,
                explanation,
                mask,
                first_seen,
                last_seen,
            }
        },
    )
}

fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    let names = (name(), name(), name(), prop::option::of(name()), prop::option::of(name()));
    let lists = (
        prop::collection::vec(name(), 0..3),
        prop::collection::btree_map(
            any::<u16>().prop_map(crate::model::Status::from),
            counts(),
            0..3,
        ),
        prop::collection::btree_map(name(), counts(), 0..3),
        prop::collection::vec((direction(), class()), 0..3),
        prop::collection::vec(field(), 0..6),
    );
    let rest = (severity(), counts(), time(), time());
    let one = (names, lists, rest).prop_map(
        |((service, standard, operation, method, path), lists, (severity, n, first, last))| {
            let (absorbed, statuses, auth, data_classes, mut fields) = lists;
            fields.sort_by(|a, b| {
                (a.direction, a.location, &a.field).cmp(&(b.direction, b.location, &b.field))
            });
            Endpoint {
                service,
                standard,
                operation,
                method,
                path,
                absorbed,
                statuses,
                anomalies: auth.clone(),
                times: SeenTimes {
                    auth: auth.keys().map(|scheme| (scheme.clone(), Span::at(first))).collect(),
                    clear: (n % 2 == 0).then_some(Span { first, last }),
                    encrypted: (n % 3 == 0).then_some(Span { first, last }),
                },
                auth,
                data_classes,
                fields,
                severity,
                requests: n,
                body_bytes: [n, 7],
                encrypted: "some",
                first_seen: first,
                last_seen: last,
                ..endpoint("", "")
            }
        },
    );
    prop::collection::vec(one, 0..6).prop_map(|mut endpoints| {
        endpoints.sort_by(|a, b| {
            (&a.service, &a.standard, &a.operation, &a.method, &a.path).cmp(&(
                &b.service,
                &b.standard,
                &b.operation,
                &b.method,
                &b.path,
            ))
        });
        for (n, endpoint) in endpoints.iter_mut().enumerate() {
            endpoint.id = format!("ep-{n:016x}");
        }
        endpoints
    })
}

fn inventories() -> impl Strategy<Value = Inventory> {
    let services = prop::collection::btree_map(name(), (counts(), severity(), time()), 0..4);
    let findings = prop::collection::btree_map(name(), (name(), severity(), time()), 0..4);
    (endpoints(), services, findings).prop_map(|(endpoints, services, findings)| {
        let sample = inventory();
        Inventory {
            endpoints,
            services: services
                .into_iter()
                .map(|(service, (requests, severity, first_seen))| Service {
                    service,
                    requests,
                    severity,
                    first_seen,
                    ..sample.services[0].clone()
                })
                .collect(),
            findings: findings
                .into_iter()
                .map(|(id, (title, severity, last_seen))| Finding {
                    id,
                    title,
                    severity,
                    last_seen,
                    field: None,
                    ..finding("", "ep-0000000000000000")
                })
                .collect(),
            clients: sample.clients,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_inventory_reads_back_whatever_was_there_before(
        published in prop::collection::vec(inventories(), 1..4),
    ) {
        let folder = Folder::new();
        let mut writer = folder.writer();
        let reader = folder.reader();
        for inventory in &published {
            writer.publish(inventory).unwrap();
            prop_assert_eq!(&reader.inventory().unwrap(), inventory);
        }
        prop_assert!(reader.check().unwrap().is_empty());
    }
}

#[test]
fn publishing_the_same_again_writes_nothing() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    writer.publish(&inventory()).unwrap();
    let before: i64 =
        writer.conn().query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
    writer.publish(&inventory()).unwrap();
    let after: i64 =
        writer.conn().query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_reader_sees_whole_inventories_while_a_sensor_writes() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let versions: Vec<Inventory> = (1..=2u64)
        .map(|n| {
            let mut inventory = inventory();
            inventory.endpoints.iter_mut().for_each(|e| e.requests = n);
            inventory.clients.iter_mut().for_each(|c| c.requests = n);
            inventory
        })
        .collect();
    writer.publish(&versions[0]).unwrap();
    let path = &folder.path;
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            for _ in 0..60 {
                let read = Reader::open(path).unwrap().inventory().unwrap();
                assert!(versions.contains(&read));
            }
        });
        let mut turn = 0;
        while !reading.is_finished() {
            turn += 1;
            writer.publish(&versions[turn % 2]).unwrap();
        }
        reading.join().unwrap();
    });
    writer.close().unwrap();
    assert_eq!(folder.files(), ["phitap.db"]);
}

fn decide(folder: &Folder, finding: &str, state: TriageState, seconds: i64) {
    let decision = FindingState {
        state,
        reason: Some("agreed with the ward".into()),
        owner: Some("ada".into()),
        until: None,
        set_at: at(seconds),
        count: None,
    };
    Triage::open(&folder.path).unwrap().set(&TriageDecision { finding, decision }).unwrap();
}

fn state_of(folder: &Folder, id: &str) -> Option<TriageState> {
    let (findings, _) = folder.reader().findings().unwrap();
    findings.into_iter().find(|(f, _)| f.id == id).unwrap().1.map(|s| s.state)
}

#[test]
fn decisions_survive_and_follow_an_absorbed_endpoint() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    writer.publish(&inventory()).unwrap();
    decide(&folder, "fi-1", TriageState::Accepted, 100);
    decide(&folder, "fi-2", TriageState::FalsePositive, 200);
    writer.publish(&inventory()).unwrap();
    assert_eq!(state_of(&folder, "fi-1"), Some(TriageState::Accepted));

    let mut merged = inventory();
    merged.endpoints = vec![Endpoint {
        absorbed: vec!["ep-1".into(), "ep-2".into()],
        ..endpoint("ep-3", "/fhir/{type}/{id}")
    }];
    let mut other = finding("fi-4", "ep-3");
    other.data_class = Some("contact.email".into());
    merged.findings = vec![finding("fi-3", "ep-3"), other];
    writer.publish(&merged).unwrap();
    assert_eq!(state_of(&folder, "fi-3"), Some(TriageState::FalsePositive), "the latest stands");
    assert_eq!(state_of(&folder, "fi-4"), None, "another class is another finding");
    decide(&folder, "fi-3", TriageState::Resolved, 300);
    writer.publish(&merged).unwrap();
    assert_eq!(state_of(&folder, "fi-3"), Some(TriageState::Resolved), "its own stays");
    writer.publish(&inventory()).unwrap();
    assert_eq!(state_of(&folder, "fi-1"), Some(TriageState::Accepted), "kept when it comes back");
}

#[test]
fn a_decision_about_nothing_is_refused() {
    let folder = Folder::new();
    folder.writer().publish(&inventory()).unwrap();
    let mut triage = Triage::open(&folder.path).unwrap();
    let mut set = |finding, state| {
        let (set_at, until) = (at(0), None);
        let decision = FindingState { state, until, set_at, ..FindingState::default() };
        triage.set(&TriageDecision { finding, decision }).unwrap_err().to_string()
    };
    assert!(set("fi-9", TriageState::Accepted).contains("finding \"fi-9\""));
    assert!(set("fi-1", TriageState::Regressed).contains("follows from \"resolved\""));
}

#[test]
fn every_view_is_documented_with_its_columns() {
    let folder = Folder::new();
    folder.writer().publish(&inventory()).unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/database.md");
    let page = std::fs::read_to_string(page).unwrap();
    let conn = Connection::open(&folder.path).unwrap();
    let columns: Vec<(String, String)> = conn
        .prepare(
            "SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c \
             WHERE s.type = 'view'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let views: std::collections::BTreeSet<&str> =
        columns.iter().map(|(view, _)| view.as_str()).collect();
    assert_eq!(
        views.into_iter().collect::<Vec<_>>(),
        [
            "v_clients",
            "v_coverage",
            "v_data_classes",
            "v_endpoints",
            "v_fields",
            "v_findings",
            "v_flows",
            "v_inputs",
            "v_marks",
            "v_runs",
            "v_services"
        ]
    );
    for (view, column) in columns {
        let section = page.split("## ").find(|s| s.starts_with(&format!("`{view}`")));
        let section = section.unwrap_or_else(|| panic!("docs/database.md has no `{view}`"));
        assert!(section.contains(&format!("| `{column}` |")), "{view}.{column} is not documented");
    }
}

#[test]
fn views_show_times_as_the_queries_do() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let mut inventory = inventory();
    let times = [at(0), Timestamp::from_nanos(-1), Timestamp::from_micros(-62_135_596_800), at(7)];
    for time in times {
        inventory.services[0].first_seen = time;
        inventory.services[0].last_seen = at(1000);
        writer.publish(&inventory).unwrap();
        let sql = "SELECT first_seen FROM v_services";
        let shown: String = writer.conn().query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(shown, time.to_string());
    }
    inventory.services[0].first_seen = Timestamp::MAX;
    inventory.services[0].last_seen = Timestamp::MIN;
    writer.publish(&inventory).unwrap();
    let sql = "SELECT last_seen FROM v_services";
    let shown: Option<String> = writer.conn().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(shown, None);
}
