//! Public behaviour, one directory per case: `tests/cases/<name>` holds `case.toml` (the traffic as
//! a script, the options, the questions), `expected.json` (the answers) and `README.md` (why).
//! `tests/cases/README.md` says how to write one. `UPDATE_EXPECT=1` writes the answers anew.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use support::capture::{Frame, pcap};
use support::phitap::Lab;
use support::script;
use support::tcp::{Conversation, payload};

const FILES: [&str; 3] = ["README.md", "case.toml", "expected.json"];
const UPDATE: &str = "UPDATE_EXPECT";
const EPOCH_US: u64 = 1_750_000_000_000_000;
const SECOND_US: u64 = 1_000_000;

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is proven, in one sentence.
    proves: String,
    /// More arguments of `replay`.
    #[serde(default)]
    replay: Vec<String>,
    /// Its exit code.
    #[serde(default)]
    exit: i32,
    connection: Vec<Connection>,
    query: Vec<Query>,
}

/// A TCP connection, and what becomes of its packets before they are recorded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    #[serde(default = "client")]
    client: String,
    #[serde(default = "server")]
    server: String,
    script: String,
    /// The script is gone through for each of these, in place of `{each}`.
    #[serde(default)]
    each: Vec<String>,
    /// And all of that so often.
    #[serde(default = "once")]
    times: usize,
    /// So many hours later than it would begin.
    #[serde(default)]
    hours: u64,
    /// The most bytes a segment carries.
    #[serde(default = "whole")]
    segment: usize,
    #[serde(default = "yes")]
    handshake: bool,
    #[serde(default = "yes")]
    close: bool,
    /// Segments with data that are not recorded: `<2` is the server's second.
    #[serde(default)]
    lose: Vec<String>,
    /// Segments recorded twice.
    #[serde(default)]
    twice: Vec<String>,
    /// Segments recorded behind their successor.
    #[serde(default)]
    late: Vec<String>,
    /// The only side that is recorded: `<` or `>`.
    only: Option<String>,
    /// Bytes recorded of each packet.
    snap: Option<usize>,
}

fn client() -> String {
    "192.0.2.10:40000".to_owned()
}

fn server() -> String {
    "198.51.100.20:80".to_owned()
}

fn once() -> usize {
    1
}

fn whole() -> usize {
    1460
}

fn yes() -> bool {
    true
}

/// A question, and what of the answer is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    /// Arguments of a query, or `events`: the file of `--events`.
    ask: String,
    /// Only rows in which these keys have these values.
    #[serde(default, rename = "where")]
    only: BTreeMap<String, String>,
    /// Keys of each row; `a.b` is the key `b` of `a`, or of each object in the array `a`.
    show: Vec<String>,
}

impl Connection {
    fn text(&self) -> String {
        let one = [String::new()];
        let each = if self.each.is_empty() { &one[..] } else { &self.each[..] };
        let rounds = (0..self.times).flat_map(|_| each);
        let mut number = 0;
        let text = rounds.map(|value| {
            number += 1;
            self.script.replace("{each}", value).replace("{n}", &number.to_string()) + "\n"
        });
        text.collect()
    }

    /// What was recorded of it, when it begins at `at_us`.
    fn frames(&self, at_us: u64) -> Result<Vec<Frame>, String> {
        let mut talk = Conversation::open(&self.client, &self.server, at_us);
        talk = talk.segments_of(self.segment);
        for said in script::messages(&self.text())? {
            talk = if said.by_client { talk.ask(said.bytes) } else { talk.answer(said.bytes) };
        }
        let all = if self.close { talk.close() } else { talk.frames() };
        let port = self.server.rsplit(':').next().and_then(|p| p.parse().ok()).unwrap_or(0);
        let mut kept = Vec::new();
        let mut late: Option<Frame> = None;
        let mut counts = [0; 2];
        let mut seen = BTreeSet::new();
        for frame in all.into_iter().skip(if self.handshake { 0 } else { 3 }) {
            let (from, data) = payload(&frame);
            let side = if from == port { "<" } else { ">" };
            let count = &mut counts[usize::from(from == port)];
            *count += usize::from(!data.is_empty());
            let name = if data.is_empty() { String::new() } else { format!("{side}{count}") };
            seen.insert(name.clone());
            let lost = self.lose.contains(&name);
            if lost || self.only.as_ref().is_some_and(|only| only != side) {
                continue;
            }
            if self.late.contains(&name) {
                late = Some(frame);
                continue;
            }
            kept.push(frame.clone());
            kept.extend(self.twice.contains(&name).then_some(frame));
            kept.extend(late.take());
        }
        kept.extend(late);
        let named = self.lose.iter().chain(&self.twice).chain(&self.late);
        match named.into_iter().find(|name| !seen.contains(*name)) {
            Some(name) => Err(format!("there is no segment {name}")),
            None => Ok(kept.into_iter().map(|frame| cut(frame, self.snap)).collect()),
        }
    }
}

fn cut(mut frame: Frame, snap: Option<usize>) -> Frame {
    frame.bytes.truncate(snap.unwrap_or(usize::MAX));
    frame
}

/// The value or values at `path`.
fn at(value: &Value, path: &str) -> Option<Value> {
    match value {
        Value::Array(rows) => {
            Some(Value::Array(rows.iter().filter_map(|row| at(row, path)).collect()))
        }
        _ => match path.split_once('.') {
            None => value.get(path).cloned(),
            Some((first, rest)) => at(value.get(first)?, rest),
        },
    }
}

/// The answers, by question, each row a JSON object of what is looked at.
type Answers = BTreeMap<String, Vec<Value>>;

fn answers(case: &Case) -> Result<Answers, String> {
    let lab = Lab::default();
    let mut frames = Vec::new();
    for (number, connection) in (0..).zip(&case.connection) {
        let at_us = EPOCH_US + (number + connection.hours * 3600) * SECOND_US;
        frames.extend(connection.frames(at_us)?);
    }
    let input = lab.file("case.pcap", pcap(&frames));
    let mut more: Vec<&str> = case.replay.iter().map(String::as_str).collect();
    more.extend(["--events", "events.jsonl"]);
    let ran = lab.replay("case.db", &[&input], &more);
    if ran.code != Some(case.exit) {
        return Err(format!("exit code {:?}, not {}: {ran:#?}", ran.code, case.exit));
    }
    let mut all = Answers::new();
    for query in &case.query {
        let rows = match query.ask.as_str() {
            "events" => fs::read_to_string(lab.path("events.jsonl"))
                .map_err(|e| e.to_string())?
                .lines()
                .map(|line| serde_json::from_str(line).map_err(|e| format!("{line}: {e}")))
                .filter(|event: &Result<Value, _>| {
                    let told = |e: &Value| e["event_type"] == "http" || e["event_type"] == "tls";
                    event.as_ref().map_or(true, told)
                })
                .collect::<Result<_, _>>()?,
            ask => lab.query("case.db", &ask.split(' ').collect::<Vec<_>>()),
        };
        let wanted = |row: &&Value| query.only.iter().all(|(key, value)| row[key] == **value);
        let rows: Vec<&Value> = rows.iter().filter(wanted).collect();
        let shown = rows.iter().map(|row| shown(row, &query.show)).collect::<Vec<_>>();
        let empty = |key: &&String| !rows.is_empty() && rows.iter().all(|r| at(r, key).is_none());
        if let Some(key) = query.show.iter().find(empty) {
            return Err(format!("no row of {:?} has {key:?}", query.ask));
        }
        if all.insert(query.ask.clone(), shown).is_some() {
            return Err(format!("{:?} is asked twice", query.ask));
        }
    }
    if all.is_empty() { Err("nothing is asked".to_owned()) } else { Ok(all) }
}

fn shown(row: &Value, keys: &[String]) -> Value {
    let pairs = keys.iter().filter_map(|key| Some((key.clone(), at(row, key)?)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The answers as the file has them: one row, one line.
fn written(answers: &Answers) -> String {
    let list = |rows: &Vec<Value>| {
        let rows: Vec<String> = rows.iter().map(|row| format!("    {row}")).collect();
        if rows.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", rows.join(",\n")) }
    };
    let all =
        answers.iter().map(|(ask, rows)| format!("  {}: {}", Value::from(&**ask), list(rows)));
    format!("{{\n{}\n}}\n", all.collect::<Vec<_>>().join(",\n"))
}

fn folder() -> PathBuf {
    support::root().join("tests/cases")
}

/// Names of the cases there are.
fn directories() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("tests/cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: PathBuf| path.file_name().expect("a name").to_str().map(str::to_owned);
    paths.filter(|path| path.is_dir()).filter_map(name).collect()
}

/// What is wrong with the files of a case, whatever it says.
fn faults(name: &str, directory: &Path, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let entries = fs::read_dir(directory).expect("a case");
    for entry in entries.map(|entry| entry.expect("an entry").file_name()) {
        if !FILES.iter().any(|file| entry == *file) {
            wrong.push(format!("{} is used by nothing", entry.display()));
        }
    }
    let readme = fs::read_to_string(directory.join("README.md")).unwrap_or_default();
    let text = readme.strip_prefix(&format!("# {name}\n\n")).unwrap_or_default();
    if text.trim().len() < 60 {
        wrong.push(format!("README.md begins with \"# {name}\" and says why, and whence"));
    }
    if case.proves.len() < 20 || case.proves.contains('\n') {
        wrong.push("`proves` is one sentence".to_owned());
    }
    wrong
}

/// Runs one case; says what is wrong with it.
fn run(name: &str) -> Result<(), String> {
    let directory = folder().join(name);
    let text = fs::read_to_string(directory.join("case.toml")).map_err(|e| e.to_string())?;
    let case: Case = toml::from_str(&text).map_err(|e| e.to_string())?;
    let faults = faults(name, &directory, &case);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let got = written(&answers(&case)?);
    let path = directory.join("expected.json");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if got == expected {
        return Ok(());
    }
    if std::env::var(UPDATE).is_ok_and(|v| v == "1") {
        assert!(std::env::var_os("CI").is_none(), "{UPDATE} is for people, not for CI");
        fs::write(&path, got).map_err(|e| e.to_string())?;
        return Ok(());
    }
    Err(format!("{}\n{}", case.proves, difference(&expected, &got)))
}

/// Lines of only one of the two.
fn difference(expected: &str, got: &str) -> String {
    let mut out = String::new();
    for (sign, these, those) in [('-', expected, got), ('+', got, expected)] {
        let those: BTreeSet<&str> = those.lines().collect();
        for line in these.lines().filter(|line| !those.contains(line)) {
            let _ = writeln!(out, "{sign} {line}");
        }
    }
    if out.is_empty() { "the same rows in another order".to_owned() } else { out }
}

/// One test for each case.
macro_rules! cases {
    ($($name:ident)*) => {
        const CASES: &[&str] = &[$(stringify!($name)),*];

        mod case {
            $(#[test]
            fn $name() {
                if let Err(wrong) = super::run(stringify!($name)) {
                    panic!("{}: {wrong}", stringify!($name));
                }
            })*
        }
    };
}

cases! {
    absolute_form
    auth_near_misses
    auth_schemes
    cards_and_calendars
    charsets
    chunked_with_trailers
    classes_of_the_first_pack
    clients_and_services
    codings
    connect_tunnel
    connect_tunnel_unread
    coverage_cut_packets
    coverage_gap
    coverage_lost_head
    coverage_odd_framing
    coverage_one_sided
    coverage_tls
    coverage_turned_binary
    coverage_undecoded
    documents_in_values
    fail_on
    fhir_batch
    fhir_by_path
    fhir_capabilities
    fhir_history
    fhir_operations
    fhir_read_and_vread
    fhir_search
    fhir_writes
    filter_option
    finding_clear_beside_tls
    finding_clear_beside_tls_challenge
    finding_clear_beside_tls_proxied
    finding_clear_beside_tls_refused
    finding_clear_beside_tls_unnamed
    finding_credentials_in_clear
    finding_credentials_in_url
    finding_login
    finding_messages_in_clear
    finding_messages_refused
    finding_messages_unacknowledged
    finding_new_sender
    finding_secret_in_response
    finding_sensitive_in_clear
    finding_sensitive_in_url
    finding_tls_address
    finding_tls_cipher
    finding_tls_expiry
    finding_tls_key
    finding_tls_key_exchange
    finding_tls_key_kinds
    finding_tls_name
    finding_tls_self_signed
    finding_tls_subject
    finding_tls_version
    finding_unauthenticated
    form_post
    hl7v2_answers_unframed
    hl7v2_batches
    hl7v2_commits
    hl7v2_documents
    hl7v2_in_values
    hl7v2_in_xml
    hl7v2_over_http
    interim_responses
    ipv6
    json_in_log_lines
    json_in_text
    key_maps
    late_and_twice
    meaningless_name
    mid_stream
    multipart_upload
    ndjson_export
    other_codings
    pairs_and_typed_values
    path_templates
    people_by_role_and_town
    pipelining
    places_of_values
    proxy_header
    records_behind_a_gap
    refused_connect
    repeated_bodies
    smuggled_length
    soap_security
    stacked_codings
    tables_in_json
    tls_sessions
    until_close
    vitals_keys_and_origins
    wrapped_identifiers
    xml_in_values
    xml_record
}

#[test]
fn every_directory_is_a_case_and_has_its_line() {
    let listed: BTreeSet<String> = CASES.iter().map(|&name| name.to_owned()).collect();
    assert!(CASES.is_sorted(), "the list is sorted");
    assert_eq!(listed, directories());
}

#[test]
fn every_case_has_a_reason_of_its_own() {
    let mut reasons = BTreeMap::new();
    for name in CASES {
        let text = fs::read_to_string(folder().join(name).join("case.toml")).expect("case.toml");
        let case: Case = toml::from_str(&text).expect("a case");
        if let Some(other) = reasons.insert(case.proves, name) {
            panic!("{name} and {other} prove the same");
        }
    }
}

/// The rows of an answer that name something at `key`.
fn named_at(rows: &Value, key: &str) -> BTreeSet<String> {
    let rows = rows.as_array().into_iter().flatten();
    rows.filter_map(|row| row[key].as_str().map(str::to_owned)).collect()
}

/// Whether the answers of a case have rows of `rule` and, beside them, a service, an operation or
/// a field that the rule is not raised of.
fn raises_and_spares(answers: &Value, rule: &str) -> (bool, bool) {
    let answers = answers.as_object().expect("answers by question");
    let Some(found) = answers.get(&format!("findings --rule {rule}")) else {
        return (false, false);
    };
    let raises = found.as_array().is_some_and(|rows| !rows.is_empty());
    let others = answers.iter().filter(|(ask, _)| !ask.starts_with("findings"));
    let spares = others.flat_map(|(_, rows)| {
        ["service", "operation", "field"].map(|key| {
            let raised = named_at(found, key);
            !raised.is_empty() && !named_at(rows, key).is_subset(&raised)
        })
    });
    (raises, raises && spares.into_iter().any(|spared| spared))
}

#[test]
fn every_posture_rule_has_a_case_that_raises_it_and_a_near_miss() {
    let read = |name: &&str| {
        let text = fs::read_to_string(folder().join(name).join("expected.json")).expect("a case");
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let all: Vec<Value> = CASES.iter().map(read).collect();
    let mut lacking = Vec::new();
    for rule in phitap::inventory::posture::RULES {
        let seen: Vec<(bool, bool)> = all.iter().map(|a| raises_and_spares(a, rule.id)).collect();
        if !seen.iter().any(|(raises, _)| *raises) {
            lacking.push(format!("no case raises {}", rule.id));
        } else if !seen.iter().any(|(_, spares)| *spares) {
            lacking.push(format!("no case of {} has something that it is not raised of", rule.id));
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
    let one = |rows: &str| serde_json::from_str::<Value>(rows).expect("JSON");
    let raised = r#"{"findings --rule a": [{"service": "x"}], "services": [{"service": "x"}]}"#;
    assert_eq!(raises_and_spares(&one(raised), "a"), (true, false), "the test can fail");
    assert_eq!(raises_and_spares(&one(raised), "b"), (false, false), "the test can fail");
}

#[test]
fn scripts_become_messages() {
    let said = |text| script::messages(text).map(|all| all.into_iter().map(|s| s.bytes));
    let text = "> GET / HTTP/1.1\n> Host: a\n< HTTP/1.1 200 OK\n<\n< {}\n\n< HTTP/1.1 204 None\n";
    let expected: [&[u8]; 3] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 204 None\r\n\r\n",
    ];
    assert!(said(text).unwrap().eq(expected));
    let text =
        "@ chunks 3\n@ trailer A: b\n< HTTP/1.1 200 OK\n< Transfer-Encoding: chunked\n<\n< abcd";
    let expected = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n\
                     0\r\nA: b\r\n\r\n";
    assert!(said(text).unwrap().eq([expected]));
    assert!(said("@ raw\n> 16 03 01").unwrap().eq([[0x16, 3, 1]]));
    assert!(said("@ mllp\n> MSH|\n> PID|").unwrap().eq([b"\x0bMSH|\rPID|\r\x1c\r"]));
    for wrong in ["", "GET /", "@ coded rot13\n> A\n>\n> b", "@ nothing\n> A", "@ raw\n> 1"] {
        assert!(said(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let ok = "proves = 'x'\nconnection = []\nquery = []\n";
    assert!(toml::from_str::<Case>(ok).is_ok());
    assert!(toml::from_str::<Case>(&format!("{ok}quarry = []\n")).is_err());
    for (table, wrong) in
        [("connection", "script = ''\nloose = []"), ("query", "ask = ''\nshow = []\nhide = []")]
    {
        let text = format!(
            "proves = 'x'\n{}",
            match table {
                "connection" => format!("query = []\n[[connection]]\n{wrong}\n"),
                _ => format!("connection = []\n[[query]]\n{wrong}\n"),
            }
        );
        let error = toml::from_str::<Case>(&text).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("unknown field"), "{error}");
    }
}
