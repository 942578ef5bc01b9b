//! What happens to an inventory over time: decisions about findings, changes, purging.

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;

use support::capture::{self, Frame};
use support::fixture;
use support::phitap::Lab;
use support::tcp::Conversation;

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

fn get(host: &str, path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\nHost: {host}{more}")
}

const JSON: &str = "HTTP/1.1 200 OK\nContent-Type: application/json";

/// One call of `/patients` at `host` per body.
fn calls(host: &str, server: &str, at_us: u64, bodies: &[&[u8]]) -> Vec<Frame> {
    let mut talk = Conversation::open("10.0.0.9:4000", server, at_us);
    for body in bodies {
        talk = talk.exchange((&get(host, "/patients", ""), b""), (JSON, body));
    }
    talk.close()
}

fn captured(lab: &Lab, name: &str, frames: &[Frame]) -> PathBuf {
    let path = lab.path(name);
    capture::write(&path, frames);
    path
}

fn first_finding(lab: &Lab, db: &str) -> Value {
    lab.query(db, &["findings"]).remove(0)
}

fn set(lab: &Lab, id: &str, state: &str, more: &[&str]) {
    let args = ["findings", "set", id, state, "--reason", "agreed", "--db", "db"];
    lab.run(args.iter().chain(more)).expect(0);
}

#[test]
fn a_decision_is_kept_shown_and_remembered() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let id = first_finding(&lab, "db")["id"].as_str().unwrap().to_owned();
    let all = lab.query("db", &["findings"]).len();
    set(&lab, &id, "acknowledged", &["--owner", "ada"]);
    set(&lab, &id, "accepted", &["--until", "30d"]);
    let rows = lab.query("db", &["findings", "--state", "accepted"]);
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["id"], &rows[0]["reason"]), (&id.as_str().into(), &"agreed".into()));
    assert!(rows[0]["until"].is_string() && rows[0].get("history").is_none(), "{rows:?}");
    assert_eq!(lab.query("db", &["findings", "--state", "new"]).len(), all - 1);
    let row = lab.query("db", &["findings", "--id", &id]).remove(0);
    let history = row["history"].as_array().unwrap();
    let states: Vec<&str> = history.iter().map(|d| d["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["acknowledged", "accepted"]);
    assert_eq!(history[0]["owner"], "ada");
    let shown = lab.run(["findings", "--id", &id, "--db", "db"]).expect(0).stdout;
    assert!(shown.contains("acknowledged, owner ada: agreed"), "{shown}");
    set(&lab, &id, "new", &[]);
    assert_eq!(lab.query("db", &["findings", "--state", "new"]).len(), all);
}

#[test]
fn a_decision_that_makes_no_sense_is_refused_and_nothing_is_stored() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let id = first_finding(&lab, "db")["id"].as_str().unwrap().to_owned();
    for (args, word) in [
        (&["f-nothing", "accepted", "--reason", "x"][..], "f-nothing"),
        (&[&id, "regressed", "--reason", "x"], "regressed"),
        (&[&id, "fine", "--reason", "x"], "fine"),
        (&[&id, "accepted"], "--reason"),
        (&[&id, "accepted", "--reason", " "], "--reason"),
        (&[&id, "accepted", "--reason", "x", "--until", "2001-01-01"], "to come"),
        (&[&id, "accepted", "--reason", "x", "--until", "soon"], "--until"),
    ] {
        let all = ["findings", "set", "--db", "db"];
        let said = lab.run(all.iter().chain(args)).expect(2).stderr;
        assert!(said.contains(word), "{args:?}: {said}");
    }
    let states = lab.query("db", &["sql", "SELECT count(*) AS n FROM finding_state_history"]);
    assert_eq!(states[0]["n"], 0);
    let missing = ["findings", "set", "f-1", "new", "--reason", "x", "--db", "none.db"];
    lab.run(missing).expect(2);
    assert!(!lab.path("none.db").exists());
}

/// Packets that are later than now: what is resolved now and seen in them has come back.
#[test]
fn what_was_resolved_and_is_seen_later_has_regressed() {
    let lab = Lab::default();
    let ssn: &[u8] = br#"{"ssn":"536-22-1234"}"#;
    let old = captured(&lab, "old.pcap", &calls("a.example", "10.0.0.2:80", 0, &[ssn; 4]));
    lab.replay("db", &[&old], &[]).expect(0);
    let id = first_finding(&lab, "db")["id"].as_str().unwrap().to_owned();
    set(&lab, &id, "resolved", &[]);
    let state = |lab: &Lab| lab.query("db", &["findings", "--id", &id]).remove(0)["state"].clone();
    assert_eq!(state(&lab), "resolved");
    let older = captured(&lab, "older.pcap", &calls("a.example", "10.0.0.2:80", DAY, &[ssn; 3]));
    lab.replay("db", &[&older], &[]).expect(0);
    assert_eq!(state(&lab), "resolved", "that was before it was resolved");
    let far = 40_000 * DAY;
    let clean: &[u8] = br#"{"ok":true}"#;
    let frames = calls("a.example", "10.0.0.2:80", far, &[clean; 3]);
    lab.replay("db", &[&captured(&lab, "clean.pcap", &frames)], &[]).expect(0);
    assert_eq!(state(&lab), "resolved", "the endpoint was seen again, the finding was not");
    let frames = calls("a.example", "10.0.0.2:80", far + DAY, &[ssn; 2]);
    lab.replay("db", &[&captured(&lab, "again.pcap", &frames)], &[]).expect(0);
    assert_eq!(state(&lab), "regressed");
    let view = lab.query("db", &["sql", "SELECT state FROM v_findings WHERE state <> 'new'"]);
    assert_eq!(view[0]["state"], "regressed");
    set(&lab, &id, "resolved", &[]);
    assert_eq!(state(&lab), "resolved", "resolved once more");
}

/// Two days: the second has another field with another class, another way to authenticate, a new
/// endpoint and a new service, and no longer calls `/old` and `old.example`.
fn two_days(lab: &Lab) -> (PathBuf, PathBuf) {
    let talk = |at| Conversation::open("10.0.0.9:4000", "10.0.0.2:80", at);
    let plain: &[u8] = br#"{"visit":"open"}"#;
    let ssn: &[u8] = br#"{"visit":"open","ssn":"536-22-1234"}"#;
    let token = "\nAuthorization: Basic YWRhOnNlY3JldA==";
    let mut monday = talk(0)
        .exchange((&get("a.example", "/visits", ""), b""), (JSON, plain))
        .exchange((&get("a.example", "/old", ""), b""), (JSON, plain))
        .close();
    monday.extend(calls("old.example", "10.0.0.3:80", 1_000_000, &[plain]));
    let mut tuesday = talk(DAY)
        .exchange((&get("a.example", "/visits", token), b""), (JSON, ssn))
        .exchange((&get("a.example", "/visits", token), b""), (JSON, ssn))
        .exchange((&get("a.example", "/fresh", token), b""), (JSON, ssn))
        .close();
    tuesday.extend(calls("new.example", "10.0.0.4:80", DAY + 1_000_000, &[plain]));
    (captured(lab, "monday.pcap", &monday), captured(lab, "tuesday.pcap", &tuesday))
}

/// `change what service operation field class before after` of every row.
fn told(rows: &[Value]) -> Vec<String> {
    let keys = ["change", "what", "service", "operation", "field", "data_class", "before", "after"];
    let word = |row: &Value, key| match &row[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(words) => {
            words.iter().map(|w| w.as_str().unwrap()).collect::<Vec<_>>().join("+")
        }
        other => panic!("{key} is {other}"),
    };
    let line = |row: &Value| {
        let words: Vec<String> = keys.iter().map(|key| word(row, key)).collect();
        words.join("|").trim_end_matches('|').to_owned()
    };
    rows.iter().map(line).collect()
}

const TUESDAY: [&str; 9] = [
    "new|service|new.example",
    "gone|service|old.example",
    "new|endpoint|a.example|GET /fresh||||secret.password+us.ssn",
    "gone|endpoint|a.example|GET /old",
    "new|endpoint|new.example|GET /patients",
    "gone|endpoint|old.example|GET /patients",
    "different|authentication|a.example|GET /visits|||none|basic",
    "new|data-class|a.example|GET /visits|$.ssn|us.ssn",
    "new|data-class|a.example|GET /visits|authorization|secret.password",
];

#[test]
fn changes_between_two_times_are_told() {
    let lab = Lab::default();
    let (monday, tuesday) = two_days(&lab);
    lab.replay("db", &[&monday], &[]).expect(0);
    lab.replay("db", &[&tuesday], &[]).expect(0);
    let first = lab.query("db", &["services"]);
    let monday_at = first.iter().map(|s| s["first_seen"].as_str().unwrap()).min().unwrap();
    let midnight = format!("{}T23:59:59Z", &monday_at[..10]);
    let rows = lab.query("db", &["changes", "--since", &midnight]);
    let told = told(&rows);
    for line in TUESDAY {
        assert!(told.iter().any(|t| t == line), "{line} is missing in {told:#?}");
    }
    assert!(told.iter().all(|t| TUESDAY.contains(&t.as_str()) || t.contains("|field|")));
    assert!(told.iter().any(|t| t == "new|field|a.example|GET /visits|$.ssn"), "{told:#?}");
    assert!(rows.iter().all(|r| r["change"] != "new" || r["first_seen"].is_string()));
    let one = lab.query("db", &["changes", "--since", &midnight, "--service", "old.example"]);
    assert_eq!(one.len(), 2, "{one:?}");
    let later = lab.run(["changes", "--since", "1h", "--db", "db"]).expect(0);
    assert!(later.stderr.contains("nothing was seen since"), "{later:?}");
    lab.run(["changes", "--db", "db"]).expect(2);
    lab.run(["changes", "--since", "then", "--db", "db"]).expect(2);
}

/// Both days in one replay: whatever the number of workers, every field, class and scheme has the
/// times of the messages that showed it, and what changed between the days is told of one database.
#[test]
fn changes_within_one_replay_are_told_of_fields_classes_and_authentication() {
    let lab = Lab::default();
    let (monday, tuesday) = two_days(&lab);
    lab.replay("two.db", &[&monday], &[]).expect(0);
    lab.replay("two.db", &[&tuesday], &[]).expect(0);
    lab.replay("one.db", &[&monday, &tuesday], &["--workers", "2"]).expect(0);
    lab.replay("none.db", &[&tuesday, &monday], &["--workers", "0"]).expect(0);
    let services = lab.query("one.db", &["services"]);
    let monday_at = services.iter().map(|s| s["first_seen"].as_str().unwrap()).min().unwrap();
    let midnight = format!("{}T23:59:59Z", &monday_at[..10]);
    let since = |db: &str| told(&lab.query(db, &["changes", "--since", &midnight]));
    let one = since("one.db");
    for line in TUESDAY {
        assert!(one.iter().any(|t| t == line), "{line} is missing in {one:#?}");
    }
    assert!(one.iter().all(|t| TUESDAY.contains(&t.as_str()) || t.contains("|field|")));
    for db in ["two.db", "none.db"] {
        assert_eq!(since(db), one, "{db}");
        assert_eq!(lab.digest(db), lab.digest("one.db"), "{db}");
    }
    let fields = lab.query("one.db", &["fields", "--operation", "GET /visits"]);
    let of = |name: &str| fields.iter().find(|f| f["field"] == name).expect("a field");
    let (ssn, visit) = (of("$.ssn"), of("$.visit"));
    let day = |row: &Value, key: &str| row[key].as_str().unwrap()[..10].to_owned();
    assert_eq!(day(visit, "first_seen"), monday_at[..10]);
    assert!(day(ssn, "first_seen").as_str() > &monday_at[..10], "{ssn}");
    assert_eq!(ssn["data_classes"][0]["first_seen"], ssn["first_seen"]);
    let findings = lab.query("one.db", &["findings", "--class", "us.ssn"]);
    let found = findings.iter().filter(|f| f["field"] == "$.ssn");
    assert!(found.map(|f| day(f, "first_seen")).all(|at| at.as_str() > &monday_at[..10]));
    let view = "SELECT first_seen FROM v_data_classes WHERE class = 'us.ssn' AND path = '/visits'";
    let view = lab.query("one.db", &["sql", view]);
    assert_eq!(view[0]["first_seen"], ssn["first_seen"]);
}

#[test]
fn changes_between_two_databases_are_told() {
    let lab = Lab::default();
    let (monday, tuesday) = two_days(&lab);
    lab.replay("monday.db", &[&monday], &[]).expect(0);
    lab.replay("tuesday.db", &[&tuesday], &[]).expect(0);
    let told = told(&lab.query("tuesday.db", &["changes", "--against", "monday.db"]));
    for line in TUESDAY {
        assert!(told.iter().any(|t| t == line), "{line} is missing in {told:#?}");
    }
    let same = lab.query("monday.db", &["changes", "--against", "monday.db"]);
    assert!(same.is_empty(), "{same:?}");
    for format in ["table", "jsonl", "csv"] {
        let args = ["changes", "--against", "monday.db", "--db", "tuesday.db", "--format", format];
        let said = lab.run(args).expect(0).stdout;
        assert!(said.contains("new.example") || said.contains("new.exa"), "{format}: {said}");
        assert!(format != "table" || said.lines().all(|l| l.chars().count() <= 80), "{said}");
    }
    lab.run(["changes", "--against", "none.db", "--db", "tuesday.db"]).expect(2);
}

fn traces(lab: &Lab, marker: &str) -> usize {
    let names = ["db", "db-wal", "db-shm"].map(|name| lab.path(name));
    let bytes = names.iter().map(|path| std::fs::read(path).unwrap_or_default());
    let found =
        |bytes: Vec<u8>| bytes.windows(marker.len()).filter(|w| *w == marker.as_bytes()).count();
    bytes.map(found).sum()
}

/// A service whose name, paths, fields, software and client are all markers.
fn marked(lab: &Lab, at_us: u64) -> PathBuf {
    let head = "HTTP/1.1 200 OK\nServer: zqmark-server\nContent-Type: application/json";
    let request = get("zqmark.example", "/zqmark-path", "\nUser-Agent: zqmark-agent/1");
    let mut talk = Conversation::open("10.99.98.97:4000", "10.99.98.96:80", at_us);
    for _ in 0..9 {
        let body: &[u8] = br#"{"zqmark_field":"536-22-1234","ssn":"536-22-1234"}"#;
        talk = talk.exchange((&request, b""), (head, body));
    }
    captured(lab, "marked.pcap", &talk.close())
}

fn purge(lab: &Lab, args: &[&str], code: i32) -> String {
    let key = lab.path("key");
    let all = ["db", "purge", "--db", "db", "--key-file", key.to_str().unwrap()];
    let ran = lab.run(all.iter().chain(args)).expect(code);
    ran.stdout + &ran.stderr
}

fn replay_marked(lab: &Lab) -> String {
    let kept: &Path = &fixture("clinic/clinic.pcap");
    lab.replay("db", &[kept], &[]).expect(0);
    let digest = lab.digest("db");
    lab.replay("db", &[&marked(lab, DAY)], &[]).expect(0);
    let found = lab.query("db", &["findings", "--service", "zqmark.example"]);
    let id = found[0]["id"].as_str().unwrap();
    set(lab, id, "accepted", &["--owner", "zqmark-owner"]);
    set(lab, id, "resolved", &["--owner", "zqmark-owner-2"]);
    for marker in ["zqmark.example", "zqmark-path", "zqmark_field", "zqmark-agent", "zqmark-owner"]
    {
        assert!(traces(lab, marker) > 0, "{marker} is not there to be removed");
    }
    digest
}

#[test]
fn a_purged_service_leaves_nothing_in_file_or_log() {
    let lab = Lab::default();
    let digest = replay_marked(&lab);
    let before = std::fs::read(lab.path("db")).unwrap();
    let said = purge(&lab, &["--service", "zqmark.example"], 2);
    assert!(said.contains("would remove service zqmark.example: 1 service, 1 endpoint"), "{said}");
    assert!(said.contains("--yes") && said.contains(", 2 decisions"), "{said}");
    assert!(traces(&lab, "zqmark") > 0, "nothing was removed");
    assert_eq!(std::fs::read(lab.path("db")).unwrap().len(), before.len());
    let said = purge(&lab, &["--service", "ZQmark.example", "--yes"], 0);
    assert!(said.contains("removed service zqmark.example"), "{said}");
    // The file's name is the user's own and stays with the accounting of its packets.
    assert_eq!(traces(&lab, "zqmark"), 0);
    assert_eq!(traces(&lab, "10.99.98.9"), 0, "its client and its server");
    assert_eq!(lab.digest("db"), digest, "the rest is as it was");
    lab.run(["db", "check", "--db", "db"]).expect(0);
    for more in [&["--yes"][..], &[]] {
        let said = purge(&lab, &[&["--service", "zqmark.example"], more].concat(), 2);
        assert!(said.contains("there is no such service; phitap services"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let said = purge(&lab, &["--before", "1990-01-01", "--yes"], 0);
    assert!(said.contains("nothing to remove"), "{said}");
}

#[test]
fn a_purge_beside_a_reader_is_finished_by_the_next_and_says_so() {
    let lab = Lab::default();
    let digest = replay_marked(&lab);
    let reader = rusqlite::Connection::open(lab.path("db")).expect("a database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM service;").expect("a read transaction");
    let purged = ["--service", "zqmark.example", "--yes"];
    let said = purge(&lab, &purged, 4);
    assert!(said.contains("end that program and purge again"), "{said}");
    assert!(traces(&lab, "zqmark") > 0, "the log is kept by the reader");
    drop(reader);
    let said = purge(&lab, &purged[..2], 2);
    assert!(said.contains("not overwritten yet; add --yes"), "{said}");
    let said = purge(&lab, &purged, 0);
    let done = "service zqmark.example: nothing left to remove; what an earlier purge removed is \
                overwritten now\n";
    assert_eq!(said, done);
    assert_eq!(traces(&lab, "zqmark"), 0);
    assert_eq!(lab.digest("db"), digest);
    for gone in ["zqmark.example", "never.example"] {
        let said = purge(&lab, &["--service", gone, "--yes"], 2);
        assert!(said.contains("there is no such service"), "{said}");
    }
}

/// Where the run itself stays, for it saw others later.
#[test]
fn what_was_last_seen_before_a_time_leaves_its_run_too() {
    let lab = Lab::default();
    let (old, kept) = (marked(&lab, DAY), fixture("clinic/clinic.pcap"));
    lab.replay("db", &[&old, &kept], &[]).expect(0);
    assert!(traces(&lab, "10.99.98.96") > 0, "the server of its flows");
    purge(&lab, &["--before", "2000-01-01", "--yes"], 0);
    assert_eq!(traces(&lab, "zqmark"), 0);
    assert_eq!(traces(&lab, "10.99.98.9"), 0, "its client, and its server among the flows");
    let flows = lab.query("db", &["sql", "SELECT count(*) AS n FROM run_flow"]);
    assert!(flows[0]["n"].as_u64().unwrap() > 0, "those of the others stay");
    lab.run(["db", "check", "--db", "db"]).expect(0);
}

#[test]
fn what_was_decided_fails_nothing() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    lab.replay("db", &[&clinic], &["--fail-on", "info"]).expect(1);
    let severities = |what: &str| {
        let rows = lab.query("db", &[what]);
        rows.iter().map(|row| row["severity"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(severities("services").iter().any(|severity| severity == "critical"));
    let found = lab.query("db", &["findings"]);
    let ids: Vec<&str> = found.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    for (n, id) in ids.iter().enumerate() {
        set(&lab, id, ["accepted", "false-positive"][n % 2], &[]);
    }
    let again = |code| lab.replay("db", &[&clinic], &["--again", "--fail-on", "info"]).expect(code);
    again(0);
    for what in ["services", "endpoints"] {
        assert!(severities(what).iter().all(|severity| severity == "info"), "{what}");
    }
    let told = lab.query("db", &["findings"]);
    assert!(told.iter().any(|finding| finding["severity"] == "critical"), "they are told still");
    set(&lab, ids[0], "acknowledged", &[]);
    again(1);
    let open = severities("services");
    assert_eq!(open.iter().filter(|severity| *severity != "info").count(), 1, "{open:?}");
}

/// Of one client and one run, the service that goes before the one that stays.
#[test]
fn what_a_client_called_itself_goes_with_a_purged_service() {
    let frames = |host: &str, server: &str, at_us: u64| {
        let request = get(host, "/a", &format!("\nUser-Agent: {host}-agent/1"));
        let head = "HTTP/1.1 200 OK\nContent-Type: application/json";
        let talk = Conversation::open("10.0.0.7:4000", server, at_us);
        talk.exchange((&request, b""), (head, b"{}")).close()
    };
    let day_us = 86_400_000_000;
    let mut all = frames("zqmark.example", "10.0.0.8:80", DAY);
    all.extend(frames("kept.example", "10.0.0.9:80", DAY + day_us));
    for by_time in [false, true] {
        let lab = Lab::default();
        lab.replay("db", &[&captured(&lab, "both.pcap", &all)], &[]).expect(0);
        assert!(traces(&lab, "zqmark.example-agent") > 0);
        let rows = lab.query("db", &["services", "--service", "kept.example"]);
        let begun = rows[0]["first_seen"].as_str().expect("a time");
        match by_time {
            true => purge(&lab, &["--before", begun, "--yes"], 0),
            false => purge(&lab, &["--service", "zqmark.example", "--yes"], 0),
        };
        assert_eq!(traces(&lab, "zqmark"), 0, "by time: {by_time}");
        let clients = lab.query("db", &["clients"]);
        let services = clients[0]["services"].to_string();
        assert!(clients.len() == 1 && services.contains("kept.example"), "{clients:?}");
    }
}

#[test]
fn a_key_that_is_not_there_is_not_made_to_purge_with() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let other = lab.path("other-key");
    let args = ["db", "purge", "--db", "db", "--service", "x", "--yes", "--key-file"];
    let args = args.iter().map(std::ffi::OsStr::new).chain([other.as_os_str()]);
    let said = lab.run(args).expect(2).stderr;
    assert!(said.contains("other-key"), "{said}");
    assert!(!other.exists());
}

#[test]
fn what_was_last_seen_before_a_time_is_purged() {
    let lab = Lab::default();
    let digest = replay_marked(&lab);
    let rows = lab.query("db", &["services", "--service", "zqmark.example"]);
    let last = rows[0]["last_seen"].as_str().unwrap();
    let clinic = lab.query("db", &["clients"]);
    let oldest = clinic.iter().map(|c| c["first_seen"].as_str().unwrap()).min().unwrap();
    assert_eq!(&oldest[..10], &last[..10], "the markers are the oldest");
    purge(&lab, &["--before", last, "--yes"], 0);
    assert!(traces(&lab, "zqmark") > 0, "last seen at that very time is not before it");
    let after = format!("{}T23:59:59Z", &last[..10]);
    let said = purge(&lab, &["--before", &after], 2);
    assert!(said.contains("1 run, 1 service, "), "{said}");
    purge(&lab, &["--before", &after, "--yes"], 0);
    assert_eq!(traces(&lab, "zqmark"), 0);
    assert_eq!(lab.digest("db"), digest);
    purge(&lab, &["--before", "soon"], 2);
    purge(&lab, &["--before", "1d", "--service", "x"], 2);
    purge(&lab, &["--yes"], 2);
}
