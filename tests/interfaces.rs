//! HL7 v2 as interfaces speak it: messages of both sides on one connection, acknowledgements in two
//! steps, queries about persons, tabs and lower case.

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use support::capture;
use support::phitap::Lab;
use support::tcp::Conversation;

const NEAR: &str = "10.0.0.2:40000";
const FAR: &str = "10.0.0.1:2575";
/// 2026-01-01.
const AT_US: u64 = 1_767_225_600_000_000;

fn block(text: &str) -> String {
    format!("\u{b}{text}\u{1c}\r")
}

fn message(kind: &str, id: &str, rest: &str) -> String {
    block(&format!("MSH|^~\\&|REG|NORTH|LAB|EAST|20260101||{kind}|{id}|P|2.5\r{rest}\r"))
}

fn answer(code: &str, to: &str) -> String {
    message("ACK^A01", &format!("k{to}"), &format!("MSA|{code}|{to}"))
}

fn replayed(lab: &Lab, talk: Conversation) {
    let path = lab.path("talk.pcap");
    capture::write(&path, &talk.close());
    lab.replay("t.db", &[&path], &[]).expect(0);
}

/// Service and operation → requests, statuses, one-sided exchanges.
fn endpoints(lab: &Lab) -> BTreeMap<String, Value> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let name = format!("{} {}", text(row, "service"), text(row, "operation"));
        (name, json!([row["requests"], row["statuses"], row["coverage"]["one_sided"]]))
    };
    lab.query("t.db", &["endpoints"]).iter().map(row).collect()
}

fn refused(lab: &Lab) -> Vec<String> {
    let found = lab.query("t.db", &["findings", "--rule", "messages-refused"]);
    found.iter().map(|row| format!("{} {}", row["service"], row["operation"])).collect()
}

fn expected(rows: &[(&str, Value)]) -> BTreeMap<String, Value> {
    rows.iter().map(|(name, row)| ((*name).to_owned(), row.clone())).collect()
}

#[test]
fn messages_of_both_sides_on_one_connection_stand_with_whoever_takes_them() {
    let lab = Lab::default();
    let result = |id| message("ORU^R01", id, "PID|1||4711^^^NORTH^MR||Roe^Jane");
    let talk = Conversation::open(NEAR, FAR, AT_US)
        .ask(message("ADT^A01", "1", "PID|1||4711^^^NORTH^MR||Roe^Jane"))
        .answer(answer("AA", "1") + &result("77"))
        .ask(answer("AE", "77"))
        // Both sides may give their messages the same names.
        .answer(result("2"))
        .ask(message("ADT^A01", "2", "PID|1") + &answer("AR", "2"))
        .answer(answer("AA", "2"));
    replayed(&lab, talk);
    let rows = [
        ("10.0.0.1:2575 ADT^A01", json!([2, {"AA": 2}, 0])),
        ("10.0.0.2 ORU^R01", json!([2, {"AE": 1, "AR": 1}, 0])),
    ];
    assert_eq!(endpoints(&lab), expected(&rows));
    assert_eq!(refused(&lab), ["\"10.0.0.2\" \"ORU^R01\""]);
    let fields = lab.query("t.db", &["fields", "--operation", "ORU^R01"]);
    let name = fields.iter().find(|row| row["field"] == "PID-5.1").expect("a name");
    assert_eq!(
        (&name["direction"], &name["data_classes"][0]["class"]),
        (&json!("request"), &json!("person.name"))
    );
}

#[test]
fn what_a_server_sends_in_vain_is_told_and_what_it_answers_without_saying_so_is_its_answer() {
    let lab = Lab::default();
    let talk = Conversation::open(NEAR, FAR, AT_US)
        .ask(message("ADT^A01", "1", "PID|1"))
        .answer(answer("AA", "1") + &message("ORU^R01", "9", "PID|1"))
        .ask(message("ADT^A01", "2", "PID|1"))
        .answer(message("ADT^A01", "2", "ERR|"));
    replayed(&lab, talk);
    let rows = [
        ("10.0.0.1:2575 ADT^A01", json!([2, {"AA": 1}, 0])),
        // Both sides of it were seen: the other said nothing.
        ("10.0.0.2 ORU^R01", json!([1, {}, 0])),
    ];
    assert_eq!(endpoints(&lab), expected(&rows));
    let found = lab.query("t.db", &["findings", "--rule", "messages-unacknowledged"]);
    let operations: Vec<&Value> = found.iter().map(|row| &row["operation"]).collect();
    assert_eq!(operations, [&json!("ORU^R01")]);
}

#[test]
fn messages_that_cross_under_one_name_have_their_own_answers() {
    let lab = Lab::default();
    let mut talk = Conversation::open(NEAR, FAR, AT_US);
    for id in ["1", "2", "3"] {
        talk = talk
            .ask(message("ADT^A01", id, "PID|1"))
            .answer(message("ORU^R01", id, "PID|1") + &answer("AA", id))
            .ask(answer("AR", id));
    }
    replayed(&lab, talk);
    let rows = [
        ("10.0.0.1:2575 ADT^A01", json!([3, {"AA": 3}, 0])),
        ("10.0.0.2 ORU^R01", json!([3, {"AR": 3}, 0])),
    ];
    assert_eq!(endpoints(&lab), expected(&rows));
    assert_eq!(refused(&lab), ["\"10.0.0.2\" \"ORU^R01\""]);
}

/// Whoever connects has another port each time: it names no service.
#[test]
fn acknowledgements_on_connections_of_their_own_stand_with_who_is_called() {
    let lab = Lab::default();
    let mut frames = Vec::new();
    for number in 0..4 {
        let at = AT_US + number * 1_000_000;
        let talk = Conversation::open(&format!("10.0.0.2:4000{number}"), FAR, at)
            .ask(message("ADT^A01", &number.to_string(), "PID|1"))
            .answer(answer("CA", &number.to_string()))
            .answer(message("ORU^R01", "7", "PID|1"))
            .ask("\u{b}\u{6}\u{1c}\r");
        frames.extend(talk.close());
        let back = format!("10.0.0.1:4100{number}");
        let talk = Conversation::open(&back, "10.0.0.2:6000", at + 500_000)
            .ask(answer("AE", &number.to_string()))
            .answer(answer("CA", &format!("k{number}")));
        frames.extend(talk.close());
    }
    let path = lab.path("talk.pcap");
    capture::write(&path, &frames);
    lab.replay("t.db", &[&path], &[]).expect(0);
    let rows = [
        ("10.0.0.1:2575 ADT^A01", json!([4, {"CA": 4}, 0])),
        ("10.0.0.2 ORU^R01", json!([4, {"CA": 4}, 0])),
        ("10.0.0.2:6000 ACK^A01", json!([4, {"AE": 4}, 0])),
    ];
    assert_eq!(endpoints(&lab), expected(&rows));
    let refused = lab.query("t.db", &["findings", "--rule", "messages-refused"]);
    let title = "4 of 4 ACK^A01 on connections of their own refuse a message";
    assert_eq!((refused.len(), &refused[0]["title"]), (1, &json!(title)));
    let services = lab.query("t.db", &["services", "--service", "10.0.0.2"]);
    let without_port = services.iter().find(|row| row["service"] == "10.0.0.2").expect("there");
    assert_eq!(without_port["addresses"], json!(["10.0.0.2"]));
}

/// Answers that no packet brought were not refused by silence, whichever of them they are; and the
/// report says that something is missing.
#[test]
fn a_lost_answer_is_no_silence_of_the_receiver_and_the_report_tells_the_loss() {
    for lost in ["k0", "k1"] {
        let lab = Lab::default();
        let mut talk = Conversation::open(NEAR, FAR, AT_US);
        for id in ["0", "1", "2"] {
            talk = talk.ask(message("ADT^A01", id, "PID|1")).answer(answer("AA", id));
        }
        let mut frames = talk.close();
        let whole = frames.len();
        let name = format!("|{lost}|");
        frames.retain(|frame| {
            let (_, payload) = support::tcp::payload(frame);
            !payload.windows(name.len()).any(|window| window == name.as_bytes())
        });
        assert_eq!(frames.len(), whole - 1);
        let path = lab.path("talk.pcap");
        capture::write(&path, &frames);
        lab.replay("t.db", &[&path], &[]).expect(0);
        let rows = lab.query("t.db", &["endpoints"]);
        assert_eq!(rows[0]["statuses"], json!({"AA": 2}), "{lost}");
        assert_eq!(rows[0]["anomalies"], json!({"response-lost": 1}), "{lost}");
        let silent = lab.query("t.db", &["findings", "--rule", "messages-unacknowledged"]);
        assert_eq!(silent, Vec::<Value>::new(), "{lost}");
        let report = lab.run(["report", "--db", "t.db", "--format", "markdown"]).expect(0).stdout;
        assert!(report.contains("bytes of payload missing"), "{report}");
        assert!(!report.contains("every exchange was whole"), "{report}");
    }
}

#[test]
fn a_receiver_that_is_dead_on_an_open_connection_is_told() {
    let lab = Lab::default();
    let mut talk = Conversation::open(NEAR, FAR, AT_US);
    for number in 0..20 {
        talk = talk.ask(message("ADT^A01", &number.to_string(), "PID|1"));
        talk = if number < 5 { talk.answer(answer("AA", &number.to_string())) } else { talk };
        talk = talk.wait(60_000_000);
    }
    let path = lab.path("talk.pcap");
    capture::write(&path, &talk.frames());
    lab.replay("t.db", &[&path], &[]).expect(0);
    let found = lab.query("t.db", &["findings", "--rule", "messages-unacknowledged"]);
    assert_eq!(found.len(), 1);
    // Those of the last five minutes may be answered behind the recording.
    assert_eq!(found[0]["count"], json!(10));
}

#[test]
fn acknowledgements_find_what_they_name_cut_padded_or_stripped() {
    let lab = Lab::default();
    let long = "EPICADT-2026-01-01-0000";
    let pairs = [
        (" K1 ", "K1"),
        ("K2", "K2  "),
        ("K3^x", "K3"),
        ("00042", "42"),
        (&format!("{long}1"), &long[..20]),
        (&format!("{long}2"), &long[..20]),
    ];
    let mut talk = Conversation::open(NEAR, FAR, AT_US);
    for (id, named) in pairs {
        talk = talk.ask(message("ADT^A01", id, "PID|1")).answer(answer("AE", named));
    }
    replayed(&lab, talk.ask(message("ADT^A01", "K9", "PID|1")).answer(answer("AE", "other")));
    let rows = endpoints(&lab);
    assert_eq!(rows["10.0.0.1:2575 ADT^A01"], json!([7, {"AE": 6}, 1]));
}

#[test]
fn the_acknowledgement_of_the_application_counts_behind_a_commit() {
    let lab = Lab::default();
    let adt = |id| message("ADT^A01", id, "PID|1");
    let talk = Conversation::open(NEAR, FAR, AT_US)
        .ask(adt("1"))
        .answer(answer("CA", "1") + &answer("AE", "1"))
        .ask(adt("2"))
        .answer(answer("CA", "2"))
        .ask(adt("3"))
        .answer(answer("CA", "3"))
        .answer(answer("AR", "2"))
        .answer(answer("AA", "3"))
        .ask(adt("4"))
        .answer(answer("CE", "4"))
        .ask(adt("5"))
        .answer(answer("CA", "5"));
    replayed(&lab, talk);
    let statuses = json!({"AA": 1, "AE": 1, "AR": 1, "CA": 1, "CE": 1});
    let rows = [("10.0.0.1:2575 ADT^A01", json!([5, statuses, 0]))];
    assert_eq!(endpoints(&lab), expected(&rows));
    assert_eq!(refused(&lab), ["\"10.0.0.1:2575\" \"ADT^A01\""]);
}

const PERSONS: [(&str, &str, &str); 6] = [
    ("Roe", "Jane", "19500131"),
    ("Smith", "Ada", "19610212"),
    ("Miller", "Ruth", "19721105"),
    ("Garcia", "Ines", "19830719"),
    ("Nguyen", "Linh", "19940330"),
    ("Jones", "Mary", "19480806"),
];

/// Field → classes, of one operation.
fn classes(lab: &Lab, operation: &str) -> BTreeMap<String, Vec<Value>> {
    let rows = lab.query("t.db", &["fields", "--operation", operation, "--direction", "request"]);
    let of = |row: &Value| {
        let classes = row["data_classes"].as_array().cloned().unwrap_or_default();
        classes.into_iter().map(|class| class["class"].clone()).collect()
    };
    rows.iter().map(|row| (row["field"].as_str().unwrap_or_default().to_owned(), of(row))).collect()
}

fn asked(kind: &str, query: impl Fn(usize, (&str, &str, &str)) -> String) -> Lab {
    let lab = Lab::default();
    let mut talk = Conversation::open(NEAR, FAR, AT_US);
    for (n, person) in PERSONS.into_iter().enumerate() {
        let id = n.to_string();
        talk = talk.ask(message(kind, &id, &query(n, person))).answer(answer("AA", &id));
    }
    replayed(&lab, talk);
    lab
}

#[test]
fn a_query_by_example_holds_what_the_fields_it_names_hold() {
    let query = |n: usize, (family, given, born): (&str, &str, &str)| {
        format!(
            "QPD|IHE PDQ Query|q{n}|@PID.5.1.1^{family}~@PID.5.2^{given}~@PID.7^{born}~\
             @PID.19^536-22-12{n}4~@PID.3.1^12345678{n}"
        )
    };
    let lab = asked("QBP^Q22^QBP_Q21", query);
    let found = classes(&lab, "QBP^Q22");
    assert!(found["QPD-3.1"].is_empty(), "{found:?}");
    for class in ["person.name", "person.birth_date", "us.ssn", "health.mrn"] {
        assert!(found["QPD-3.2"].contains(&json!(class)), "{class}: {found:?}");
    }
    // What is no field about a person says nothing.
    let lab = asked("QBP^Q22^QBP_Q21", |n, _| format!("QPD|Q|q{n}|@PID.8^F~@OBX.99^x{n}"));
    assert!(classes(&lab, "QBP^Q22").values().all(Vec::is_empty));
}

#[test]
fn a_query_by_identifier_and_those_of_older_versions_hold_persons() {
    let lab =
        asked("QBP^Q23", |n, _| format!("QPD|IHE PIX Query|q{n}|8812{n}77^^^NORTH&1.2.3&ISO"));
    assert_eq!(classes(&lab, "QBP^Q23")["QPD-3.1"], ["person.identifier"]);
    let lab = asked("QRY^A19", |n, (family, given, born)| {
        let who = format!("12345678{n}^{family}^{given}");
        format!("QRD|20240101|R|I|q{n}|||1^RD|{who}|DEM\rQRF|LAB||||{born}{n}77")
    });
    let found = classes(&lab, "QRY^A19");
    assert_eq!(found["QRD-8.1"], ["person.identifier"], "{found:?}");
    assert_eq!(found["QRD-8.2"], ["person.name"]);
    assert_eq!(found["QRD-8.3"], ["person.name"]);
    assert_eq!(found["QRF-5"], ["person.identifier"]);
}

/// Parameters that have their places (CDC, Z34 and Z44), and names among the filters of VXQ.
#[test]
fn queries_for_immunizations_hold_what_stands_in_their_places() {
    let parameters = |name: &str| {
        let name = name.to_owned();
        move |n: usize, (family, given, born): (&str, &str, &str)| {
            format!(
                "QPD|{name}|q{n}|1234{n}^^^NORTH^MR|{family}^{given}^Q|Que^Suzy|{born}|M|\
                 10 East Main St^^Austin^TX^7870{n}|^PRN^PH^^^512^555013{n}|Y|2"
            )
        }
    };
    for name in ["Z34^Request Immunization History^CDCPHINVS", "Z44"] {
        let lab = asked("QBP^Q11^QBP_Q11", parameters(name));
        let found = classes(&lab, "QBP^Q11");
        for (field, class) in [
            ("QPD-3.1", "health.mrn"),
            ("QPD-4.1", "person.name"),
            ("QPD-4.2", "person.name"),
            ("QPD-5.1", "person.name"),
            ("QPD-6", "person.birth_date"),
            ("QPD-8.1", "person.address"),
            ("QPD-8.5", "person.address"),
            ("QPD-9.7", "contact.phone"),
        ] {
            assert!(found[field].contains(&json!(class)), "{name} {field}: {found:?}");
        }
        for field in ["QPD-1", "QPD-1.1", "QPD-2", "QPD-7", "QPD-10", "QPD-11"] {
            assert!(found.get(field).is_none_or(Vec::is_empty), "{name} {field}: {found:?}");
        }
    }
    // Elsewhere the same places are others.
    let found = asked("QBP^Q31", parameters("Q31^Dispense History"));
    assert!(classes(&found, "QBP^Q31")["QPD-4.1"].is_empty());
    let lab = asked("VXQ^V01", |_, (family, given, born)| {
        format!("QRF|F||||{born}~MA~{family}^{given}~{born}")
    });
    assert_eq!(classes(&lab, "VXQ^V01")["QRF-5.2"], ["person.name"]);
    let lab = asked("QBP^Q22", |n, (family, ..)| format!("QPD|Q22|q{n}|@pid.5.1^{family}"));
    assert_eq!(classes(&lab, "QBP^Q22")["QPD-3.2"], ["person.name"]);
}

#[test]
fn staff_in_segments_of_every_day_is_named() {
    let lab = Lab::default();
    let who = "1234^House^Gregory^A";
    let segments = [
        format!("EVN|A01|2026|||{who}"),
        format!("TXA|1||||{who}||||{who}|{who}|{who}"),
        format!("SCH|1|||||||||||{who}|^PRN^PH^^1^512^5550134|||{who}||||{who}"),
        format!("AIP|1||{who}"),
        "PRD|RP|House^Gregory|1 Oak St^^Austin^TX^78701||^PRN^PH^^1^512^5550134".to_owned(),
        "CTD|PR|House^Gregory|1 Oak St^^Austin".to_owned(),
        format!("RXA|0|1|2026|||||||{who}"),
        format!("RXE|1||||||||||||{who}"),
        format!("PR1|1|||||||{who}|||{who}|{who}"),
        format!("IN3|1||{who}|||||||||||{who}"),
        format!("ARQ|1||||||||||||||{who}||||{who}"),
        "IAM|1||PEN^Penicillin|||||||||||Roe^Jim".to_owned(),
        "OBR|1||||||||||||||||||||||||||||||||77&House&Gregory^2026".to_owned(),
    ];
    let talk = Conversation::open(NEAR, FAR, AT_US);
    let message = message("ADT^A01", "1", &segments.join("\r"));
    replayed(&lab, talk.ask(message).answer(answer("AA", "1")));
    let found = classes(&lab, "ADT^A01");
    let named = [
        "EVN-5.2",
        "EVN-5.3",
        "TXA-5.2",
        "TXA-9.2",
        "TXA-10.2",
        "TXA-11.2",
        "SCH-12.2",
        "SCH-16.2",
        "SCH-20.2",
        "AIP-3.2",
        "PRD-2.1",
        "CTD-2.2",
        "RXA-10.2",
        "RXE-13.2",
        "PR1-8.2",
        "PR1-11.2",
        "PR1-12.2",
        "IN3-3.2",
        "IN3-14.2",
        "ARQ-15.2",
        "ARQ-19.2",
        "IAM-14.1",
        "OBR-33.1.2",
    ];
    for field in named {
        let classes = found.get(field).unwrap_or_else(|| panic!("no {field}: {found:?}"));
        assert!(classes.contains(&json!("person.name")), "{field}: {classes:?}");
    }
    assert_eq!(found["SCH-13.7"], ["contact.phone"]);
    assert_eq!(found["PRD-3.1"], ["person.address"]);
    assert_eq!(found["TXA-1"], [""; 0]);
}

#[test]
fn tabs_between_fields_and_names_of_segments_in_lower_case_are_read() {
    let lab = Lab::default();
    let written = |text: String| {
        let lower = |name: &str, text: &str| text.replace(name, &name.to_lowercase());
        ["MSH", "MSA", "PID"].iter().fold(text.replace('|', "\t"), |text, name| lower(name, &text))
    };
    let talk = Conversation::open(NEAR, FAR, AT_US)
        .ask(written(message("ADT^A01", "1", "PID|1||4711^^^NORTH^MR||Roe^Jane")))
        .answer(written(answer("AE", "1")));
    replayed(&lab, talk);
    let rows = [("10.0.0.1:2575 ADT^A01", json!([1, {"AE": 1}, 0]))];
    assert_eq!(endpoints(&lab), expected(&rows));
    assert_eq!(classes(&lab, "ADT^A01")["PID-5.1"], ["person.name"]);
}
