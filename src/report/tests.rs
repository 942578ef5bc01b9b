//! Every format, over rows of every question.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::columns::*;
use super::*;
use crate::model::Severity;
use crate::query::*;

fn endpoint(path: &str, severity: Severity) -> EndpointRow {
    EndpointRow {
        id: "ep-0123456789abcdef".into(),
        service: "fhir.trust-ehr.example.org:8443".into(),
        protocol: "http/1".into(),
        standard: "fhir-r4".into(),
        operation: format!("GET {path}"),
        method: Some("GET".into()),
        path: Some(path.into()),
        interactions: vec!["read".into()],
        requests: 10_482,
        sessions: None,
        statuses: BTreeMap::from([(200.into(), 10_400), (404.into(), 82)]),
        auth: vec!["jwt".into(), "none".into()],
        encrypted: "none",
        data_classes: vec![
            ClassRow { class: "gb.nhs_number".into(), direction: "response", confidence: 99 },
            ClassRow { class: "person.birth_date".into(), direction: "response", confidence: 90 },
        ],
        severity,
        coverage: SeenCounts { exchanges: 10_482, one_sided: 3, ..SeenCounts::default() },
        clients: 17,
        request_bytes: 0,
        response_bytes: 88_000_000,
        unread_bodies: BTreeMap::from([("pdf".into(), 2)]),
        anomalies: BTreeMap::from([("bad-chunk".into(), 1)]),
        absorbed: vec!["ep-fedcba9876543210".into()],
        first_seen: Some("2026-11-21T23:09:41.000001Z".into()),
        last_seen: Some("2026-11-21T23:19:41.000001Z".into()),
    }
}

fn endpoints() -> Vec<EndpointRow> {
    vec![
        endpoint("/fhir/r4/Patient/{id}/_history/{vid}", Severity::Critical),
        endpoint(
            "/fhir/r4/Organization/{id}/Practitioner/{practitioner}/Schedule/{s}/$everything",
            Severity::High,
        ),
        endpoint("/患者/{id}", Severity::Info),
        endpoint("/", Severity::Low),
    ]
}

fn finding() -> FindingRow {
    FindingRow {
        id: "f-0123456789abcdef".into(),
        rule: "sensitive-data-in-clear",
        kind: "sensitive-data",
        severity: Severity::High,
        title: "NHS numbers are returned without encryption or authentication".into(),
        explanation: "Anyone on the way can read them.".into(),
        endpoint: "ep-0123456789abcdef".into(),
        service: Some("fhir.trust-ehr.example.org:8443".into()),
        protocol: Some("http/1".into()),
        standard: Some("fhir-r4".into()),
        operation: Some("GET /fhir/r4/Patient/{id}/_history/{vid}".into()),
        method: Some("GET".into()),
        path: Some("/fhir/r4/Patient/{id}/_history/{vid}".into()),
        direction: Some("response"),
        location: Some("body"),
        field: Some("$.entry[*].resource.identifier[*].value".into()),
        data_class: Some("gb.nhs_number".into()),
        count: 24_113,
        first_seen: Some("2026-11-21T23:09:41.000001Z".into()),
        last_seen: Some("2026-11-21T23:19:41.000001Z".into()),
        state: "new",
        reason: Some("agreed".into()),
        owner: Some("ada".into()),
        until: Some("2027-01-01T00:00:00.000000Z".into()),
        history: vec![DecisionRow {
            state: "accepted",
            set: "2026-11-21T23:09:41.000001Z".into(),
            reason: None,
            owner: None,
            until: None,
        }],
        references: vec!["45 CFR 164.312(e)(1)".into()],
    }
}

fn field() -> FieldRow {
    FieldRow {
        endpoint: "ep-0123456789abcdef".into(),
        service: "fhir.trust-ehr.example.org:8443".into(),
        protocol: "http/1".into(),
        standard: "fhir-r4".into(),
        operation: "GET /fhir/r4/Patient/{id}/_history/{vid}".into(),
        method: Some("GET".into()),
        path: Some("/fhir/r4/Patient/{id}/_history/{vid}".into()),
        direction: "response",
        location: "body",
        field: "$.entry[*].resource.contact[*].telecom[*].value".into(),
        types: vec!["string"],
        seen: 4000,
        exchanges: 1000,
        data_classes: vec![FieldClassRow {
            class: "contact.phone".into(),
            confidence: 95,
            count: 7,
            first_seen: Some("2026-11-21T23:09:41.000001Z".into()),
            last_seen: Some("2026-11-21T23:09:41.000001Z".into()),
        }],
        first_seen: Some("2026-11-21T23:09:41.000001Z".into()),
        last_seen: Some("2026-11-21T23:09:41.000001Z".into()),
        mask: Some("9{3}.9{3}.9{4}".into()),
        explanation: vec!["by its FHIR element".into()],
    }
}

fn packets() -> PacketRow {
    PacketRow {
        scope: "input",
        input: Some("captures/2026-11-21/ward-7-mirror-port.pcapng.zst".into()),
        run: Some(1),
        state: "partial",
        incomplete: Some("cut at byte 77 of packet 9".into()),
        seen: 11_000_000,
        analysed: 10_000_000,
        duplicate: 3,
        filtered: 0,
        skipped: BTreeMap::from([("arp", 5), ("udp", 7)]),
        malformed: BTreeMap::new(),
        shed: BTreeMap::new(),
        dropped: 0,
        cut: 0,
        interface_lost: Some(1),
        filter_excluded: Some(2),
        bytes: 99,
        balanced: false,
        first_packet: Some("2026-11-21T10:00:00.000000Z".into()),
        last_packet: Some("2026-11-21T10:10:00.000000Z".into()),
    }
}

fn seen() -> SeenRow {
    SeenRow {
        scope: "endpoint",
        endpoint: Some("ep-1".into()),
        service: "ehr.example".into(),
        protocol: Some("http/1".into()),
        standard: Some("http".into()),
        operation: Some("GET /a".into()),
        method: Some("GET".into()),
        path: Some("/a".into()),
        exchanges: 9,
        one_sided: 1,
        gaps: 2,
        truncated: 3,
        undecoded: 4,
        unread: 5,
        unread_bodies: BTreeMap::from([("pdf".into(), 6)]),
        ambiguous: 7,
    }
}

fn text(rows: &[impl Serialize], columns: &[Column], format: Format, layout: Layout) -> String {
    let records = Record::all(rows).unwrap();
    let section = Section { title: "", columns, records: &records };
    let mut out = Vec::new();
    render(&section, format, layout, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn table(rows: &[impl Serialize], columns: &[Column], width: usize) -> String {
    text(rows, columns, Format::Table, Layout { width, colour: false })
}

fn covers(row: &impl Serialize, columns: &[Column]) {
    let record = Record::of(row).unwrap();
    let keys: BTreeSet<&str> = record.keys().collect();
    let columns: BTreeSet<&str> = columns.iter().map(|c| c.key.as_ref()).collect();
    assert_eq!(keys, columns);
}

#[test]
fn every_key_of_a_row_has_a_column() {
    covers(&EndpointRow { sessions: Some(1), ..endpoint("/", Severity::Low) }, ENDPOINTS);
    covers(&finding(), FINDINGS);
    covers(&grouped(&[finding()])[0], FINDING_GROUPS);
    covers(&field(), FIELDS);
    covers(&packets(), PACKETS);
    covers(&seen(), SEEN);
    let flow = FlowRow {
        scope: "flows",
        server: "10.0.0.1:443".into(),
        outcome: "tls".into(),
        flows: 1,
        bytes: 2,
        gap_bytes: 3,
        one_sided: 4,
    };
    covers(&flow, FLOWS);
    let time = Some("2026-11-21T23:09:41.000001Z".to_owned());
    let service = ServiceRow {
        service: "a".into(),
        addresses: vec![],
        protocols: vec![],
        names: vec![],
        encapsulation: vec![],
        encrypted: "none",
        tls: Some(Default::default()),
        endpoints: 1,
        requests: 1,
        bytes: 1,
        severity: Severity::Info,
        first_seen: time.clone(),
        last_seen: time.clone(),
    };
    covers(&service, SERVICES);
    let client = ClientRow {
        client: "10.0.0.7".into(),
        user_agents: vec![],
        services: vec![],
        requests: 1,
        first_seen: time.clone(),
        last_seen: time,
    };
    covers(&client, CLIENTS);
}

#[test]
fn tables_fit_and_say_what_matters() {
    for width in 1..200 {
        let shown = [
            table(&endpoints(), ENDPOINTS, width),
            table(&[finding()], FINDINGS, width),
            table(&[field()], FIELDS, width),
            table(&[packets()], PACKETS, width),
            table(&[seen()], SEEN, width),
        ];
        for line in shown.iter().flat_map(|t| t.lines()) {
            assert!(line.width() <= width, "{} columns of {width}: {line}", line.width());
            assert!(!line.ends_with(' '), "{line:?}");
        }
    }
    let shown = table(&endpoints(), ENDPOINTS, 80);
    let header: Vec<&str> = shown.lines().take(2).collect();
    for title in ["SEVERITY", "OPERATION", "DATA CLASSES", "REQUESTS"] {
        assert!(header.concat().contains(title), "{header:?}");
    }
    assert!(shown.contains("GET /fhir/r4/Patient/{id}/_history/{vid}") || shown.contains('…'));
}

#[test]
fn a_change_always_says_of_which_service() {
    let row = |what: &str, change: &str, operation: Option<&str>| {
        json!({
            "change": change, "what": what, "service": "api.example", "operation": operation,
            "field": operation.map(|_| "$.entry[*].resource.identifier[*].value"),
            "data_class": operation.map(|_| "gb.nhs_number"), "direction": "response",
            "before": "none", "after": "all", "last_seen": "2026-11-21T23:19:41.000001Z",
        })
    };
    let path = Some("GET /fhir/r4/Patient/{id}/_history/{vid}");
    let rows = [row("service", "gone", None), row("authentication", "different", path)];
    for width in 40..200 {
        for rows in [&rows[..1], &rows] {
            let shown = table(rows, CHANGES, width);
            let gone = shown.lines().find(|line| line.starts_with("gone")).unwrap_or_default();
            assert!(gone.contains("api.example"), "{width}: {shown}");
        }
    }
    assert!(table(&rows, CHANGES, 80).contains("OPERATION"));
}

#[test]
fn a_change_says_which_field_and_what_changed_at_eighty_columns() {
    let path = "GET /fhir/r4/Patient/{id}/_history/{vid}";
    let row = |what: &str, more: Value| {
        let mut row = json!({
            "change": "different", "what": what, "service": "api.example", "operation": path,
            "first_seen": "2026-11-20T23:19:41.000001Z",
        });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let value = "$.entry[*].resource.identifier[*].value";
    let rows = [
        row("authentication", json!({"before": ["basic"], "after": ["none", "cookie"]})),
        row(
            "data-class",
            json!({"field": value, "data_class": "gb.nhs_number",
            "direction": "response", "location": "body"}),
        ),
    ];
    for width in [60, 80, 100] {
        let shown = table(&rows, CHANGES, width);
        let told = [path, "was basic", "now none, cookie", value, "gb.nhs_number", "response"];
        for told in told {
            assert!(shown.contains(told), "{told} is missing in\n{shown}");
        }
        assert!(!shown.contains("no room for: field"), "{shown}");
    }
}

#[test]
fn a_finding_is_told_whole_at_eighty_columns() {
    let shown = table(&[finding()], FINDINGS, 80);
    let f = finding();
    let parts = [f.service, f.operation, f.field, f.data_class, f.direction.map(str::to_owned)];
    for part in parts.iter().flatten().chain([&f.rule.to_owned(), &f.id]) {
        assert!(shown.contains(part.as_str()), "{part} is missing in\n{shown}");
    }
    let shown = table(&[finding()], FINDINGS, 160);
    assert!(shown.contains("f-0123456789abcdef") && shown.contains("/_history/{vid}"), "{shown}");
}

#[test]
fn what_is_long_goes_below_where_it_has_no_room_beside() {
    let columns = [
        Column::text("name", "name", 0),
        Column::text("of", "of", 0).or_below(),
        Column::text("classes", "classes", 0).shown(Show::Few).or_below(),
    ];
    let of = "x".repeat(30);
    let names: Vec<String> = (0..9).map(|n| format!("class.{n}")).collect();
    let rows = [json!({"name": "a", "of": of, "classes": names}), json!({"name": "b", "of": "y"})];
    let few = "class.0, class.1, class.2 and 6 more";
    let narrow = format!("NAME\n      OF  CLASSES\na\n      {of}\n      {few}\nb\n      y\n");
    assert_eq!(table(&rows, &columns, 45), narrow);
    let wide = table(&rows, &columns, 80);
    assert_eq!(wide.lines().count(), 3, "{wide}");
    let lists = [Column::text("a", "a", 0), Column::text("list", "list", 0).or_below()];
    let rows = [json!({"a": "z", "list": ["one 99", "two 98", "three 97", "four 96", "five 95"]})];
    let shown = table(&rows, &lists, 40);
    assert!(shown.contains("three 97, four 96,\n") && shown.ends_with(" five 95\n"), "{shown}");
}

#[test]
fn columns_left_out_are_named_where_they_say_something() {
    let columns = [
        Column::text("name", "name", 0),
        Column::number("gaps", "gaps", 3),
        Column::number("losses", "losses", 4),
    ];
    let rows = [json!({"name": "n".repeat(30), "gaps": 0, "losses": 7})];
    let narrow = table(&rows, &columns, 32);
    assert_eq!(narrow, format!("NAME\n{}\nno room for: losses\n", "n".repeat(30)));
    assert!(!table(&rows, &columns, 80).contains("no room"));
}

#[test]
fn nothing_to_show_is_said() {
    let none: [EndpointRow; 0] = [];
    assert_eq!(table(&none, ENDPOINTS, 80), "nothing to show\n");
    assert_eq!(text(&none, ENDPOINTS, Format::Json, Layout::default()), "[]\n");
    assert_eq!(text(&none, ENDPOINTS, Format::Jsonl, Layout::default()), "");
    let csv = text(&none, ENDPOINTS, Format::Csv, Layout::default());
    assert!(csv.starts_with("severity,service,operation,"), "{csv}");
}

#[test]
fn numbers_stand_at_the_right() {
    let rows = [json!({"name": "a", "n": 5}), json!({"name": "bb", "n": 12345})];
    let columns = [Column::text("name", "name", 0), Column::number("n", "n", 0)];
    assert_eq!(table(&rows, &columns, 80), "NAME      N\na         5\nbb    12345\n");
}

#[test]
fn colours_are_only_for_severities_and_only_when_asked() {
    let rows = endpoints();
    let plain = text(&rows, ENDPOINTS, Format::Table, Layout { width: 100, colour: false });
    let coloured = text(&rows, ENDPOINTS, Format::Table, Layout { width: 100, colour: true });
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains("\u{1b}[1;31mcritical\u{1b}[0m"));
    let codes = ["\u{1b}[1;31m", "\u{1b}[31m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[0m"];
    let stripped = codes.iter().fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
}

#[test]
fn json_keeps_the_order_of_keys_and_reads_back() {
    let rows = endpoints();
    let array = text(&rows, ENDPOINTS, Format::Json, Layout::default());
    let read: Vec<Value> = serde_json::from_str(&array).unwrap();
    let expected: Vec<Value> = rows.iter().map(|r| serde_json::to_value(r).unwrap()).collect();
    assert_eq!(read, expected);
    assert!(array.starts_with("[\n{\"id\":\"ep-0123456789abcdef\",\"service\":"), "{array}");
    let lines = text(&rows, ENDPOINTS, Format::Jsonl, Layout::default());
    let read: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(read, expected);
}

#[test]
fn sections_share_one_array_and_one_header() {
    let (packets, seen) = (Record::all(&[packets()]).unwrap(), Record::all(&[seen()]).unwrap());
    let sections = [
        Section { title: "Packets", columns: PACKETS, records: &packets },
        Section { title: "Endpoints", columns: SEEN, records: &seen },
    ];
    let shown = |format| {
        let mut out = Vec::new();
        render_sections(&sections, format, Layout::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let array: Vec<Value> = serde_json::from_str(&shown(Format::Json)).unwrap();
    assert_eq!(
        (array[0]["scope"].as_str(), array[1]["scope"].as_str()),
        (Some("input"), Some("endpoint"))
    );
    let csv = shown(Format::Csv);
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    assert_eq!(headers.iter().filter(|h| *h == "scope").count(), 1);
    assert_eq!(reader.records().map(|r| r.unwrap().len()).collect::<Vec<_>>(), [headers.len(); 2]);
    let tables = shown(Format::Table);
    assert!(tables.starts_with("Packets\n") && tables.contains("\n\nEndpoints\n"), "{tables}");
}

/// Text with control, zero-width and bidirectional characters among others.
fn hostile() -> impl Strategy<Value = String> {
    let acting = "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}]";
    let parts = prop_oneof![acting, "\\PC", "[=+@-]"];
    prop::collection::vec(parts, 0..20).prop_map(|parts| parts.concat())
}

struct Broken(io::ErrorKind);

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn whoever_stops_reading_is_no_error_and_a_full_disk_is() {
    let records = Record::all(&endpoints()).unwrap();
    let section = Section { title: "", columns: ENDPOINTS, records: &records };
    for format in Format::ALL {
        let to = |kind| render(&section, format, Layout::default(), &mut Broken(kind));
        assert!(to(io::ErrorKind::BrokenPipe).is_ok(), "{}", format.name());
        assert!(to(io::ErrorKind::StorageFull).is_err(), "{}", format.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_acts_on_a_terminal(
        words in prop::collection::vec(hostile(), 1..4),
        width in 1usize..60,
    ) {
        let rows: Vec<Value> = words.iter().map(|w| json!({"a": w, "b": [w]})).collect();
        let columns = [Column::named("a"), Column::named("b")];
        for format in Format::ALL {
            let shown = text(&rows, &columns, format, Layout { width, colour: false });
            let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
            prop_assert!(!shown.contains(acts), "{}: {shown:?}", format.name());
            if format == Format::Table {
                prop_assert!(shown.lines().all(|l| l.width() <= width), "{shown}");
            }
        }
        let back: Vec<Value> =
            serde_json::from_str(&text(&rows, &columns, Format::Json, Layout::default())).unwrap();
        prop_assert_eq!(back, rows);
    }
}
