//! HL7 v2: the recorded fixture, the corpus' messages against python-hl7, and its captures against
//! a count of blocks.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use support::capture;
use support::phitap::Lab;
use support::recut;
use support::rng::Rng;
use support::tcp::Conversation;
use support::{corpus, fixture, skip};

const SENDER: &str = "10.0.0.2:40000";
const RECEIVER: &str = "10.0.0.1:2575";

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("")
}

#[test]
fn the_recorded_interfaces_are_rows_with_their_acknowledgements() {
    let lab = Lab::default();
    lab.replay("h.db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    let mut seen = BTreeMap::new();
    for row in lab.query("h.db", &["endpoints"]) {
        assert_eq!(text(&row, "standard"), "hl7v2", "{row}");
        let [service, protocol] = ["service", "protocol"].map(|key| text(&row, key));
        let key = format!("{service} {protocol} {}", text(&row, "operation"));
        seen.insert(key, json!([row["requests"], row["statuses"]]));
    }
    let expected = BTreeMap::from([
        ("10.25.0.1:2575 mllp ADT^A01", json!([5, {"AA": 3, "AR": 1}])),
        ("10.25.0.1:2575 mllp ADT^A04", json!([2, {"AA": 2}])),
        ("10.25.0.1:2575 mllp ADT^A08", json!([1, {"AA": 1}])),
        ("10.25.0.1:2576 mllp ORU^R01", json!([3, {"AA": 2, "AE": 1}])),
        ("10.25.0.1:2577 mllp ADT^A01", json!([6, {"AA": 6}])),
        ("10.25.0.1:2577 mllp ADT^A08", json!([1, {"AA": 1}])),
        ("10.25.0.2 mllp ADT^A03", json!([1, {"AA": 1}])),
        ("interface.clinic.example http/1 ADT^A01", json!([1, {"AA": 1}])),
    ]);
    let expected: BTreeMap<String, Value> =
        expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(seen, expected);
}

/// Data classes of the fields of one operation: field → classes.
fn classes(lab: &Lab, db: &str, operation: &str, over: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows = lab.query(db, &["fields", "--operation", operation]);
    rows.retain(|row| text(row, "protocol") == over);
    let of = |row: &Value| {
        let seen = row["data_classes"].as_array().cloned().unwrap_or_default();
        seen.iter().map(|class| text(class, "class").to_owned()).collect()
    };
    rows.iter().map(|row| (text(row, "field").to_owned(), of(row))).collect()
}

#[test]
fn fields_of_persons_are_found_by_their_place_over_mllp_and_over_http() {
    let lab = Lab::default();
    lab.replay("h.db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    for protocol in ["mllp", "http/1"] {
        let found = classes(&lab, "h.db", "ADT^A01", protocol);
        for (field, class) in [
            ("PID-3.1", "health.mrn"),
            ("PID-3.1", "gb.nhs_number"),
            ("PID-5.1", "person.name"),
            ("PID-7", "person.birth_date"),
            ("PID-11.5", "person.address"),
            ("PID-13.1", "contact.phone"),
            ("PID-13.4", "contact.email"),
            ("PID-19", "us.ssn"),
            ("PV1-7.2", "person.name"),
            ("PV1-7.1", "us.npi"),
        ] {
            let classes = found.get(field).unwrap_or_else(|| panic!("{protocol}: no {field}"));
            assert!(classes.iter().any(|c| c == class), "{protocol} {field}: {classes:?}");
        }
        for field in ["MSH-10", "PID-1", "PID-3.5", "PV1-2"] {
            assert_eq!(found.get(field), Some(&vec![]), "{protocol} {field}");
        }
    }
    let results = classes(&lab, "h.db", "ORU^R01", "mllp");
    // OBX-5 holds numbers, text and a document: each is judged by its type.
    // The text names a clinician as well.
    let mut observed = results["OBX-5"].clone();
    observed.sort();
    assert_eq!(observed, ["health.free_text", "health.observation", "person.name"]);
    assert_eq!(results["OBX-5.5"], ["health.attachment"]);
}

#[test]
fn the_name_of_the_system_beside_a_code_says_whether_it_is_clinical() {
    let lab = Lab::default();
    let message = "\u{b}MSH|^~\\&|LAB|NORTH|EHR|NORTH|20260101||ORU^R01|m1|P|2.5\r\
        PID|1||4711||ROE^JANE^LN\r\
        OBR|1|||718-7^Hemoglobin^LN^HGB^Hemoglobin^L\r\
        OBX|1|CWE|HGB^Hemoglobin^L^718-7^Hemoglobin^LN||22298006^x^SCT\r\
        DG1|1||E11.9^Diabetes^99LOCAL\rRXE|1|0777-3105-02^x^NDC\r\
        RXA|0|1|20260101||J07BB02^x^WC\r\u{1c}\r";
    let answer = "\u{b}MSH|^~\\&|EHR|NORTH|LAB|NORTH|20260101||ACK|k1|P|2.5\rMSA|AA|m1\r\u{1c}\r";
    let talk = Conversation::open(SENDER, RECEIVER, LATER_US);
    let path = lab.path("codes.pcap");
    capture::write(&path, &talk.ask(message.as_bytes()).answer(answer.as_bytes()).close());
    lab.replay("c.db", &[&path], &[]).expect(0);
    let found = classes(&lab, "c.db", "ORU^R01", "mllp");
    let is_code = |classes: &Vec<String>| classes.iter().any(|c| c == "health.clinical_code");
    let codes: Vec<&String> = found.iter().filter(|(_, c)| is_code(c)).map(|(f, _)| f).collect();
    assert_eq!(codes, ["OBR-4.1", "OBX-3.4", "OBX-5.1", "RXA-5.1", "RXE-2.1"], "{found:?}");
    // What else a place says stays, and a name's third part is no system.
    assert_eq!(found["DG1-3.1"], ["health.diagnosis"]);
    assert!(found["OBX-5.1"].iter().any(|class| class == "health.observation"));
    assert_eq!(found["PID-5.1"], ["person.name"]);
}

#[test]
fn names_of_applications_stand_with_services_and_clients() {
    let lab = Lab::default();
    lab.replay("h.db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    let services = lab.query("h.db", &["services", "--service", "10.25.0.1:2576"]);
    assert_eq!(services[0]["names"], json!(["LABSYS / EAST"]));
    let clients = lab.query("h.db", &["clients"]);
    let sender = clients.iter().find(|row| text(row, "client") == "10.25.0.2").expect("a sender");
    assert_eq!(sender["user_agents"], json!(["REGADT / NORTH"]));
}

#[test]
fn messages_in_the_clear_and_refused_ones_are_findings() {
    let lab = Lab::default();
    lab.replay("h.db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    let findings = lab.query("h.db", &["findings"]);
    let has = |rule: &str, operation: &str, field: Option<&str>| {
        findings.iter().any(|row| {
            text(row, "rule") == rule
                && text(row, "operation") == operation
                && field.is_none_or(|field| text(row, "field") == field)
        })
    };
    assert!(has("sensitive-data-in-clear", "ADT^A01", Some("PID-3.1")), "{findings:?}");
    assert!(has("messages-refused", "ORU^R01", None));
    assert!(!has("messages-refused", "ADT^A04", None));
}

/// Seconds from one capture to the next: two days.
const LATER_US: u64 = 2 * 86_400_000_000;

/// A capture of admissions and their acknowledgements, one connection for each sender.
fn admissions(lab: &Lab, name: &str, at_us: u64, senders: &[(&str, &str)]) -> PathBuf {
    let mut frames = Vec::new();
    for (number, (client, sender)) in (0..).zip(senders) {
        let head = |from: &str, to: &str, kind: &str, id: &str| {
            format!("\u{b}MSH|^~\\&|{from}|NORTH|{to}|NORTH|20260101||{kind}|{id}|P|2.5\r")
        };
        let message = head(sender, "LAB", "ADT^A04", "m1") + "EVN|A04\r\u{1c}\r";
        let answer = head("LAB", sender, "ACK^A04", "k1") + "MSA|AA|m1\r\u{1c}\r";
        let talk = Conversation::open(client, RECEIVER, at_us + number * 1_000_000);
        frames.extend(talk.ask(message.as_bytes()).answer(answer.as_bytes()).close());
    }
    let path = lab.path(name);
    capture::write(&path, &frames);
    path
}

#[test]
fn a_sender_is_new_in_whatever_order_captures_are_read() {
    let lab = Lab::default();
    let day = 1_767_225_600_000_000;
    let early = [("10.0.0.2:40000", "REG"), ("10.0.0.3:40000", "NIGHT")];
    let late = [("10.0.0.2:40001", "REG"), ("10.0.0.9:40000", "REG")];
    let first = admissions(&lab, "a.pcap", day, &early);
    let second = admissions(&lab, "b.pcap", day + LATER_US, &late);
    let new = |db: &str| -> Vec<String> {
        let rows = lab.query(db, &["findings", "--rule", "sender-new"]);
        rows.iter().map(|row| text(row, "title").to_owned()).collect()
    };
    // Each alone is a first run.
    for (db, path) in [("a.db", &first), ("b.db", &second)] {
        lab.replay(db, &[path], &[]).expect(0);
        assert!(new(db).is_empty(), "{db}");
    }
    let told = ["ADT^A04 is sent by REG / NORTH from 10.0.0.0/24, never seen before"];
    lab.replay("a.db", &[&second], &[]).expect(0);
    lab.replay("b.db", &[&first], &[]).expect(0);
    lab.replay("c.db", &[&first, &second], &[]).expect(0);
    for db in ["a.db", "b.db", "c.db"] {
        assert_eq!(new(db), told, "{db}");
        assert_eq!(lab.digest(db), lab.digest("a.db"), "{db}");
    }
}

#[test]
fn events_of_messages_have_their_own_type() {
    let lab = Lab::default();
    let events = lab.path("e.jsonl");
    let events = events.to_str().expect("a path in UTF-8");
    lab.replay("h.db", &[&fixture("hl7v2/hl7v2.pcap")], &["--events", events]).expect(0);
    let lines = std::fs::read_to_string(events).expect("events");
    let lines: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let of = |kind: &str| lines.iter().filter(|l| text(l, "event_type") == kind).count();
    assert_eq!((of("hl7v2"), of("http")), (19, 1));
    // Each connection once, behind its exchanges, with what it carried.
    let flows = || lines.iter().filter(|l| text(l, "event_type") == "flow");
    let ids: BTreeSet<u64> = flows().filter_map(|l| l["flow_id"].as_u64()).collect();
    assert_eq!(ids.len(), flows().count());
    for exchange in lines.iter().filter(|l| l.get("tx_id").is_some()) {
        let id = &exchange["flow_id"];
        let flow = flows().find(|flow| flow["flow_id"] == *id).expect("its connection");
        assert_eq!(flow["community_id"], exchange["community_id"]);
        assert!(flow["flow"]["bytes_toserver"].as_u64() > Some(0), "{flow}");
        assert!(["mllp", "http/1"].contains(&flow["app_proto"].as_str().unwrap_or_default()));
    }
    let refused = lines.iter().find(|l| l["hl7v2"]["acknowledgement"] == "AR").expect("a refusal");
    let length = refused["hl7v2"]["length"].clone();
    let expected = json!({"operation": "ADT^A01", "version": "2.5.1", "length": length,
        "sender": "REGADT / NORTH", "receiver": "LABSYS / EAST", "acknowledgement": "AR"});
    assert_eq!(refused["hl7v2"], expected);
}

#[test]
fn cutting_and_shuffling_the_recording_changes_nothing() {
    let frames = capture::read(&fixture("hl7v2/hl7v2.pcap")).expect("a whole pcap");
    let lab = Lab::default();
    lab.replay("whole.db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    let whole = lab.digest("whole.db");
    let mut rng = Rng::new(7);
    for (name, size) in [("one", 1), ("seven", 7), ("large", 1400)] {
        let cut = recut::shuffled(&recut::recut(&frames, || size), &mut rng);
        let path = lab.path(&format!("{name}.pcap"));
        capture::write(&path, &cut);
        let db = format!("{name}.db");
        lab.replay(&db, &[&path], &[]).expect(0);
        assert_eq!(lab.digest(&db), whole, "{name}");
    }
}

/// The corpus' messages as files.
fn messages(test: &str) -> Vec<PathBuf> {
    let Some(folder) = corpus::folder().map(|f| f.join("../hl7v2")).filter(|f| f.is_dir()) else {
        skip(test, "corpus not found");
        return Vec::new();
    };
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let paths = files.map(|entry| entry.expect("the corpus can be listed").into_path());
    paths.filter(|path| path.is_file()).collect()
}

/// What python-hl7 reads: one JSON object per file, field → how many values. Line ends are those
/// of the standard first, as every interface engine does; header separators are no values. XTR is
/// no segment of the standard, and a name that traffic made up is not kept.
const ORACLE: &str = r#"
import json, sys
import hl7
def values(path):
    raw = open(path, "rb").read()
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\r").replace("\n", "\r").strip("\r")
    out = {}
    def add(place):
        out[place] = out.get(place, 0) + 1
    for message in hl7.parse_batch(text) if text[:3] == "BHS" else [hl7.parse(text)]:
        for segment in message:
            name = str(segment[0]).replace("XTR", "*")
            for number, field in enumerate(segment[1:], 1):
                if name == "MSH" and number < 3:
                    continue
                for repetition in (field if isinstance(field, hl7.Field) else [field]):
                    deep = isinstance(repetition, hl7.Repetition)
                    parts = list(repetition) if deep else [repetition]
                    for c, part in enumerate(parts, 1):
                        subs = list(part) if isinstance(part, hl7.Component) else [part]
                        for s, sub in enumerate(subs, 1):
                            if str(sub) == "":
                                continue
                            place = f"{name}-{number}"
                            if len(parts) > 1 or len(subs) > 1:
                                place += f".{c}"
                            if len(subs) > 1:
                                place += f".{s}"
                            add(place)
    return out
for path in sys.argv[1:]:
    print(json.dumps(values(path)))
"#;

#[test]
fn the_tables_of_fields_are_what_their_script_makes_of_every_version() {
    let table = support::root().join("rules/fields/hl7v2.toml");
    let table = std::fs::read_to_string(table).expect("the table");
    for segment in [
        "PID", "PD1", "NK1", "PV1", "PV2", "GT1", "IN1", "IN2", "MRG", "OBX", "DG1", "AL1", "ORC",
        "OBR", "NTE", "FT1", "ACC", "ROL", "PRT", "STF", "EVN", "TXA", "SCH", "AIP", "RXA", "PR1",
    ] {
        assert!(table.contains(&format!("\"{segment}.")), "{segment}");
    }
    let script = support::root().join("scripts/gen_hl7v2_fields.py");
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import hl7apy"]).output();
    if !has.is_ok_and(|ran| ran.status.success()) {
        let why = "python3 with the PyPI package hl7apy not found (PHITAP_PYTHON names another)";
        skip("tables of HL7 v2 fields against their script", why);
        return;
    }
    let ran = Command::new(&python).arg(script).output().expect("python");
    assert!(String::from_utf8_lossy(&ran.stdout) == table, "run the script again");
}

/// What hl7apy reads, field by field: how many values there are at any depth. What the message's
/// version does not define has no number there and counts for the segment as a whole (`PID-?`).
const ORACLE_HL7APY: &str = r#"
import json, re, sys, warnings
warnings.simplefilter("ignore")
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
def leaves(element):
    inner = list(getattr(element, "children", None) or [])
    return sum(map(leaves, inner)) if inner else int(element.to_er7() != "")
def values(path):
    raw = open(path, "rb").read()
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\r").replace("\n", "\r").strip("\r")
    out = {}
    lines = [line for line in text.split("\r") if line[:3] not in ("FHS", "BHS", "BTS", "FTS")]
    for one in re.split(r"(?:^|\r)(?=MSH)", "\r".join(lines)):
        if not one.strip():
            continue
        message = parse_message(one, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        for segment in message.children:
            for field in segment.children:
                if field.name not in ("MSH_1", "MSH_2") and (many := leaves(field)):
                    place = (field.name or segment.name + "_?").replace("_", "-")
                    out[place] = out.get(place, 0) + many
    return out
for path in sys.argv[1:]:
    try:
        print(json.dumps(values(path)))
    except Exception as refused:
        print(json.dumps({"refused " + str(refused): 1}))
"#;

/// Messages that hl7apy reads otherwise, with the reason. A blank is a value, as python-hl7 has it.
const OTHERWISE_IN_HL7APY: &[(&str, &str)] = &[
    ("ADT-A06-01.hl7", "a field of one blank is none"),
    ("ADT-A06-02.hl7", "a field of one blank is none"),
    ("ADT01-23.hl7", "a field of one blank is none"),
    ("LAB-ORM-1.hl7", "a field of one blank is none"),
    ("LAB-ORU-1.hl7", "a field of one blank is none"),
    ("LAB-ORU-2.hl7", "a field of one blank is none"),
    ("Lyme_V1.0.2_TM_TC01.hl7", "refuses the segment XTR, which is none"),
    ("MDHHS-OML-O21-1.hl7", "refuses PRT before version 2.7"),
    ("MDHHS-OML-O21-2.hl7", "refuses PRT before version 2.7"),
    ("ORU-R01-01.hl7", "refuses PRT before version 2.7"),
    ("PC1-Problem-Add-v2.3.1.hl7", "a field of one blank is none"),
    ("PC1-Problem-Delete-v2.3.1.hl7", "a field of one blank is none"),
    ("PC1-Problem-Update-v2.3.1.hl7", "a field of one blank is none"),
];

/// Field by field, as [`ORACLE_HL7APY`] has it: what only one of them knows is taken from the
/// segment's remainder.
fn agrees_with_hl7apy(got: &BTreeMap<String, u64>, read: &BTreeMap<String, u64>) -> bool {
    let mut fields: BTreeMap<String, u64> = BTreeMap::new();
    for (place, many) in got {
        let field = place.split('.').next().unwrap_or_default();
        *fields.entry(field.to_owned()).or_default() += many;
    }
    let mut read = read.clone();
    for (field, many) in &fields {
        if !read.contains_key(field) {
            let rest = format!("{}-?", field.split('-').next().unwrap_or_default());
            let left = read.get(&rest).and_then(|rest| rest.checked_sub(*many));
            let Some(left) = left else { return false };
            read.insert(rest, left);
            read.insert(field.clone(), *many);
        }
    }
    read.retain(|_, many| *many > 0);
    read == fields
}

/// The answers of an oracle in Python, one for each file; `None` where it is not installed.
fn asked(script: &str, package: &str, files: &[PathBuf]) -> Option<Vec<BTreeMap<String, u64>>> {
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", &format!("import {package}")]).output();
    if !has.is_ok_and(|ran| ran.status.success()) {
        let why = format!("python3 with the PyPI package {package} not found");
        skip("HL7 v2 against an oracle", &format!("{why} (PHITAP_PYTHON names another)"));
        return None;
    }
    let ran = Command::new(&python).args(["-c", script]).args(files).output().expect("python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let out = String::from_utf8_lossy(&ran.stdout);
    let all: Vec<_> = out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(all.len(), files.len());
    Some(all)
}

#[test]
fn python_hl7_and_hl7apy_read_the_same_fields_of_every_message() {
    let files = messages("HL7 v2 against python-hl7 and hl7apy");
    if files.is_empty() {
        return;
    }
    let Some(oracle) = asked(ORACLE, "hl7", &files) else { return };
    let second = asked(ORACLE_HL7APY, "hl7apy", &files);
    let lab = Lab::default();
    let (mut wrong, mut otherwise) = (Vec::new(), Vec::new());
    for (at, (file, expected)) in files.iter().zip(&oracle).enumerate() {
        let message = std::fs::read(file).expect("a message");
        let block = [b"\x0b".as_slice(), &message, b"\x1c\r"].concat();
        // Cut at every kind of place, another for every message.
        let size = [1460, 1, 2, 3, 5, 7, 100][at % 7];
        let talk = Conversation::open(SENDER, RECEIVER, 0).segments_of(size).ask(&block);
        let (db, path) = (format!("{at}.db"), lab.path("one.pcap"));
        capture::write(&path, &talk.close());
        lab.replay(&db, &[&path], &[]).expect(0);
        let rows = lab.query(&db, &["fields"]);
        let mut got: BTreeMap<String, u64> = BTreeMap::new();
        // What stands encoded in a value is no field of the message.
        for row in rows.iter().filter(|row| !text(row, "field").contains('|')) {
            *got.entry(text(row, "field").to_owned()).or_default() +=
                row["seen"].as_u64().unwrap_or(0);
        }
        if got != *expected {
            wrong.push(difference(file, expected, &got));
        }
        let read = second.as_ref().and_then(|all| all.get(at));
        if read.is_some_and(|read| !agrees_with_hl7apy(&got, read)) {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            otherwise.push(name);
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), files.len(), wrong.join("\n"));
    support::say(&format!("hl7v2: {} messages agree with python-hl7", files.len()));
    if second.is_some() {
        otherwise.sort();
        let listed: Vec<&str> = OTHERWISE_IN_HL7APY.iter().map(|(name, _)| *name).collect();
        assert_eq!(otherwise, listed);
        let agree = files.len() - otherwise.len();
        support::say(&format!("hl7v2: {agree} of them with hl7apy, the others are listed"));
    }
}

fn difference(
    file: &Path,
    expected: &BTreeMap<String, u64>,
    got: &BTreeMap<String, u64>,
) -> String {
    let keys: std::collections::BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let odd = keys.into_iter().filter(|key| expected.get(*key) != got.get(*key)).take(6);
    let odd: Vec<String> = odd
        .map(|key| format!("{key}: {:?} read, {:?} seen", expected.get(key), got.get(key)))
        .collect();
    format!("{}: {}", file.display(), odd.join("; "))
}

#[test]
fn captures_of_the_corpus_agree_with_a_count_of_blocks() {
    let test = "HL7 v2 captures of the corpus";
    let Some(folder) = corpus::folder() else {
        skip(test, "corpus not found");
        return;
    };
    let path = folder.join("lab/mllp_chain.pcap");
    let frames = capture::read(&path).expect("a whole pcap");
    let blocks: usize = recut::streams(&frames).iter().map(|stream| count_blocks(stream)).sum();
    let lab = Lab::default();
    lab.replay("m.db", &[&path], &[]).expect(0);
    let rows = lab.query("m.db", &["endpoints"]);
    assert!(rows.iter().all(|row| text(row, "protocol") == "mllp"));
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let messages: u64 = rows.iter().map(|row| number(&row["requests"])).sum();
    let acks: u64 = rows
        .iter()
        .filter_map(|row| row["statuses"].as_object())
        .flat_map(|statuses| statuses.values().map(number))
        .sum();
    assert_eq!(messages + acks, blocks as u64, "messages and acknowledgements");
}

/// How often `0x0b … 0x1c 0x0d` stands in a stream.
fn count_blocks(stream: &[u8]) -> usize {
    let mut rest = stream;
    let mut count = 0;
    while let Some(start) = rest.iter().position(|b| *b == 0x0b) {
        rest = &rest[start + 1..];
        let Some(end) = rest.windows(2).position(|w| w == [0x1c, 0x0d]) else { break };
        rest = &rest[end + 2..];
        count += 1;
    }
    count
}

#[test]
fn a_message_in_utf_16_or_between_stx_and_etx_has_the_fields_of_the_same_over_mllp() {
    let lab = Lab::default();
    let message = "MSH|^~\\&|REG|NORTH|LAB|NORTH|20260101||ADT^A04|m1|P|2.5||||||UNICODE UTF-16\r\
        PID|1||4711^^^NORTH^MR||ŁUKASIEWICZ^下不||19710309|F\r";
    let answer = "MSH|^~\\&|LAB|NORTH|REG|NORTH|20260101||ACK|k1|P|2.5\rMSA|AE|m1\r";
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let framed = |start: u8, text: &[u8], end: u8| [&[start], text, &[end, b'\r']].concat();
    let said = |text: &str| {
        [
            framed(0x0b, text.as_bytes(), 0x1c),
            framed(0x0b, &wide(text), 0x1c),
            framed(0x02, text.as_bytes(), 0x03),
        ]
    };
    let mut seen = Vec::new();
    for (number, (ask, reply)) in said(message).into_iter().zip(said(answer)).enumerate() {
        let talk = Conversation::open(SENDER, RECEIVER, LATER_US).ask(ask).answer(reply);
        let (path, db) = (lab.path("framed.pcap"), format!("framed{number}.db"));
        capture::write(&path, &talk.close());
        lab.replay(&db, &[&path], &[]).expect(0);
        let endpoints = lab.query(&db, &["endpoints"]);
        let rows: Vec<_> = endpoints
            .iter()
            .map(|row| (row["operation"].clone(), row["statuses"].clone()))
            .collect();
        seen.push((rows, classes(&lab, &db, "ADT^A04", "mllp")));
    }
    assert_eq!(seen[0].0, [(json!("ADT^A04"), json!({"AE": 1}))]);
    assert_eq!(seen[0].1["PID-5.1"], ["person.name"]);
    assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
}
