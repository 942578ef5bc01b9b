//! A capture that publishes part after part says what one that publishes everything says.

use std::net::IpAddr;

use super::*;
use crate::base::{Span, StableHasher, limits};
use crate::inventory::{ClientStats, FieldKey, FlowKey, FlowStats, ServiceStats};
use crate::model::{Direction, Evidence, Form, Location, ValueKind};
use crate::store::RuleNames;
use crate::store::sqlite::tests::sample::{Folder, KEY, at};

fn detector() -> Arc<Detector> {
    static DETECTOR: std::sync::OnceLock<Arc<Detector>> = std::sync::OnceLock::new();
    let built = || Arc::new(Detector::builtin().expect("built-in rules compile"));
    DETECTOR.get_or_init(built).clone()
}

fn caps() -> Caps {
    Caps { segments_per_node: 4, segments_per_root: 8, ..Caps::new(StableHasher::new([9; 16])) }
}

/// An exchange of a service at a path, by a client.
fn seen(service: usize, path: &str, field: &str, client: u8) -> Rollup {
    let mut out = Rollup::default();
    let service: Arc<str> = format!("svc-{service}.example").into();
    let span = Span::at(at(i64::from(client)));
    let address: IpAddr = [10, 0, 0, client].into();
    let key = EndpointKey {
        service: service.clone(),
        standard: "http".into(),
        method: "GET".into(),
        path: path.into(),
        operation: "".into(),
    };
    let stats = out.endpoints.entry(key).or_default();
    (stats.requests, stats.coverage.exchanges, stats.span) = (1, 1, span);
    stats.unauthenticated_successes = 1;
    stats.times.clear = span;
    stats.clients.insert(address, 1);
    let place = FieldKey {
        direction: Direction::ToClient,
        location: Location::Body,
        path: format!("$.{field}").into(),
        context: "".into(),
    };
    let mut evidence = Evidence { exchanges: 1, ..Evidence::default() };
    let text = format!("john.smith{client}@hospital.org");
    let value = detector().inspect(ValueKind::String, text.as_bytes());
    evidence.count(ValueKind::String, value.form, 1);
    evidence.candidate(u64::from(client), value.outcome, 1);
    assert_ne!(value.form, Form::Empty);
    evidence.date_all(span);
    stats.fields.insert(place, evidence);
    let stats = ServiceStats { requests: 1, bytes: 10, span, ..ServiceStats::default() };
    out.services.insert(service.clone(), stats);
    let mut stats = ClientStats { requests: 1, span, ..ClientStats::default() };
    stats.services.insert(service, 1);
    out.clients.insert(address, stats);
    let server = ([10, 1, 0, client], 80).into();
    let flow =
        FlowStats { flows: 1, bytes: 10, gap_bytes: 0, one_sided: 0, ..FlowStats::default() };
    out.flows.insert(FlowKey { server, outcome: "http/1" }, flow);
    out
}

fn recorder(folder: &Folder, caps: Caps) -> Recorder {
    let names = RuleNames::new(detector().rule_names().map(str::to_owned).collect::<Vec<_>>());
    let writer = Writer::open(&folder.path, KEY, names).expect("it opens");
    Recorder::begin(writer, RunSpec::capture(), (detector(), caps)).expect("it begins")
}

/// Publishes until nobody waits.
fn flushed(recorder: &mut Recorder) {
    while !recorder.backlog.is_empty() || recorder.compacted {
        recorder.flush().expect("it is written");
    }
}

/// What is published, and what should be.
fn both(folder: &Folder, recorder: &mut Recorder) -> (Inventory, Inventory) {
    let published = folder.reader().inventory().expect("it is read");
    (published, sorted(recorder.assess().expect("it is loaded")))
}

/// With its clients in the order of a database.
fn sorted(mut inventory: Inventory) -> Inventory {
    inventory.clients.sort_by(|a, b| a.client.cmp(&b.client));
    inventory
}

const WORDS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

#[test]
fn published_part_after_part_the_inventory_is_what_all_of_it_is() {
    let folder = Folder::new();
    // An earlier run, of which the next capture knows only the database.
    let mut first = recorder(&folder, caps());
    for client in 0..40_u8 {
        let n = usize::from(client);
        first.add(seen(n % 7, &format!("/wards/{}", WORDS[n % 3]), "contact", client));
    }
    first.seal(&[], false).expect("it is sealed");
    let mut capture = recorder(&folder, caps());
    for round in 0..12_u8 {
        let n = usize::from(round);
        // Paths that collapse into one after some rounds, new services, new fields, old ones.
        capture.add(seen(3, &format!("/wards/{}", WORDS[n % 6]), "contact", round));
        capture.add(seen(10 + n / 4, "/beds", ["mail", "note"][n % 2], 50 + round));
        flushed(&mut capture);
        let (published, whole) = both(&folder, &mut capture);
        assert_eq!(published, whole, "round {round}");
        assert!(!published.findings.is_empty());
    }
    let (published, _) = both(&folder, &mut capture);
    assert!(published.endpoints.iter().any(|e| !e.absorbed.is_empty()), "some collapsed");
    let whole = sorted(capture.assess().expect("it is loaded"));
    capture.seal(&[], false).expect("it is sealed");
    assert_eq!(folder.reader().inventory().expect("it is read"), whole);
    // What a run wrote part after part is what it saw.
    let again = recorder(&folder, caps()).assess().expect("it is loaded");
    assert_eq!(sorted(again), whole);
}

#[test]
fn services_and_clients_that_make_room_for_others_are_published_as_well() {
    let caps = Caps { services: 4, clients: 6, flow_rows: 5, ..caps() };
    let folder = Folder::new();
    let mut capture = recorder(&folder, caps);
    for n in 0..30_u8 {
        capture.add(seen(usize::from(n) / 3, "/beds", "mail", n));
        flushed(&mut capture);
        let (published, whole) = both(&folder, &mut capture);
        assert_eq!(published, whole, "after {n}");
    }
    let whole = capture.assess().expect("it is loaded");
    capture.seal(&[], false).expect("it is sealed");
    let again = recorder(&folder, caps).assess().expect("it is loaded");
    assert_eq!(again, whole, "what was written is what was seen");
}

#[test]
fn a_flush_publishes_what_is_new_before_what_is_known() {
    let folder = Folder::new();
    let mut first = recorder(&folder, caps());
    for service in 0..600 {
        first.add(seen(service, "/beds", "mail", 1));
    }
    first.seal(&[], false).expect("it is sealed");
    let mut capture = recorder(&folder, caps());
    assert_eq!(capture.backlog.urgency(), Some(Urgency::Stale), "all may be judged anew");
    capture.add(seen(9999, "/beds", "mail", 1));
    let others = capture.others.clone().unwrap_or_default();
    let part = capture.backlog.take(1, [&others, &capture.rollup]);
    let names: Vec<&str> = part.services.keys().map(|name| &**name).collect();
    assert_eq!(names, ["svc-9999.example"]);
}

#[test]
fn endpoints_that_differ_in_names_alone_do_not_grow_without_bound() {
    let mut recorder = Recorder::in_memory(detector(), caps());
    recorder.compact_at = 100;
    for n in 0..2000_u32 {
        let letter = |n: u32| char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
        let word: String = [n / 676, n / 26, n].map(letter).iter().collect();
        recorder.add(seen(1, &format!("/wards/x{word}"), "mail", 1));
        assert!(recorder.rollup.endpoints.len() <= 100);
        recorder.compact_at = 100;
    }
    let requests: u64 = recorder.rollup.endpoints.values().map(|stats| stats.requests).sum();
    assert_eq!(requests, 2000);
}

#[test]
fn a_run_keeps_the_rows_that_its_memory_is_enough_for_and_counts_the_others() {
    let mut recorder = Recorder::in_memory(detector(), caps()).within(limits::MEMORY_MIN);
    for n in 0..20_000_u32 {
        let mut one = Rollup::default();
        let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
        one.clients.insert(address, ClientStats { requests: 1, ..ClientStats::default() });
        recorder.add(one);
        assert!(recorder.rollup.clients.len() <= 2 * limits::CLIENTS_MAX / 16);
    }
    let rows = 8 * limits::SERVICES_MAX / 16;
    for service in 0..3000 {
        recorder.add(seen(service, "/beds", "mail", 1));
        assert!(recorder.rollup.endpoints.len() <= rows, "{service}");
    }
    recorder.bound();
    let rollup = &recorder.rollup;
    assert_eq!(rollup.clients.len(), limits::CLIENTS_MAX / 16);
    // One more stands for all others.
    assert_eq!(rollup.endpoints.len(), limits::SERVICES_MAX / 16 + 1);
    let requests = |of: &mut dyn Iterator<Item = u64>| of.sum::<u64>();
    let clients = requests(&mut rollup.clients.values().map(|stats| stats.requests));
    assert_eq!(clients + rollup.clients_overflow, 23_000);
    assert_eq!(requests(&mut rollup.endpoints.values().map(|stats| stats.requests)), 3000);
    let kept = (limits::SERVICES_MAX / 16) as u64;
    let beyond = rollup.clients_overflow + 3000 - kept;
    assert_eq!(rollup.anomalies.get(BEYOND), Some(&beyond));
    // With the usual memory nothing of it is cut here.
    let mut usual = Recorder::in_memory(detector(), caps()).within(MEMORY_DEFAULT);
    for service in 0..500 {
        usual.add(seen(service, "/beds", "mail", 1));
    }
    usual.bound();
    assert_eq!(usual.rollup.endpoints.len(), 500);
    assert!(usual.rollup.anomalies.is_empty());
}

/// Rows that were inserted, changed or removed in tables that grow with what is known, by whoever
/// writes from now on.
fn counting(folder: &Folder) -> rusqlite::Connection {
    let conn = rusqlite::Connection::open(&folder.path).expect("it opens");
    conn.execute_batch("CREATE TABLE touched (rows INTEGER)").expect("a table");
    for table in ["run_endpoint", "run_field", "endpoint", "field", "finding", "service"] {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            let sql = format!(
                "CREATE TRIGGER {table}_{change} AFTER {change} ON {table} \
                 BEGIN INSERT INTO touched VALUES (1); END"
            );
            conn.execute_batch(&sql).expect("a trigger");
        }
    }
    conn
}

#[test]
fn a_capture_that_ends_writes_what_was_not_written_yet_and_nothing_again() {
    let (folder, other) = (Folder::new(), Folder::new());
    let mut capture = recorder(&folder, caps());
    let mut replay = recorder(&other, caps());
    replay.kind = RunKind::Replay;
    for n in 0..60_u8 {
        let service = usize::from(n) % 20;
        for recorder in [&mut capture, &mut replay] {
            recorder.add(seen(service, &format!("/wards/{}", WORDS[service % 4]), "mail", n));
        }
    }
    flushed(&mut capture);
    let touched = counting(&folder);
    // One service has something more, and no flush comes any more.
    for recorder in [&mut capture, &mut replay] {
        recorder.add(seen(3, "/beds", "note", 9));
    }
    capture.seal(&[], false).expect("it is sealed");
    replay.seal(&[], false).expect("it is sealed");
    let rows: i64 = touched
        .query_row("SELECT count(*) FROM touched", [], |row| row.get(0))
        .expect("they are counted");
    assert!((1..40).contains(&rows), "{rows} rows");
    let [captured, replayed] = [&folder, &other].map(|folder| folder.reader().inventory());
    assert_eq!(captured.expect("it is read"), replayed.expect("it is read"));
}
