//! What a user sees of the program from outside: its streams, exit codes, summary and schemas.

mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use support::capture::{self, Frame};
use support::fixture;
use support::phitap::Lab;
use support::tcp::Conversation;

fn clinic() -> std::path::PathBuf {
    fixture("clinic/clinic.pcap")
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let lab = Lab::default();
    lab.replay("file", &[&clinic()], &[]).expect(0);
    let args = lab.replay_args("pipe", &["-".as_ref()], &[]);
    let mut child = lab.command(args).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let bytes = std::fs::read(clinic()).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(lab.digest("pipe"), lab.digest("file"));
}

#[test]
fn fail_on_decides_the_exit_code() {
    let lab = Lab::default();
    lab.replay("a", &[&clinic()], &["--fail-on", "critical"]).expect(1);
    let frames = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0)
        .exchange(
            ("GET /health HTTP/1.1\nHost: a.example", b""),
            ("HTTP/1.1 200 OK\nContent-Type: application/json", br#"{"ok":true}"#),
        )
        .close();
    let quiet = lab.path("quiet.pcap");
    capture::write(&quiet, &frames);
    lab.replay("b", &[&quiet], &["--fail-on", "critical"]).expect(0);
    lab.replay("c", &[&quiet], &["--fail-on", "terrible"]).expect(2);
}

#[test]
fn queries_find_the_database_in_the_order_that_replay_has() {
    let lab = Lab::default();
    lab.file("phitap.toml", "db = \"file.db\"\nkey-file = \"key\"\n");
    let clinic = clinic();
    let replay = ["replay", "--config", "phitap.toml", clinic.to_str().unwrap()];
    lab.run(replay).expect(0);
    assert!(lab.path("file.db").exists());
    let frames = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0).close();
    let empty = lab.path("empty.pcap");
    capture::write(&empty, &frames);
    lab.replay("other.db", &[&empty], &[]).expect(0);

    let config = ["--config", "phitap.toml", "--format", "json"];
    let rows = |query: &[&str], variable: Option<&str>| {
        let mut command = lab.command(query.iter().chain(&config));
        command.envs(variable.map(|db| ("PHITAP_DB", db)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap().len()
    };
    for query in ["services", "endpoints", "findings", "clients"] {
        assert!(rows(&[query], None) > 0, "{query}");
    }
    assert!(rows(&["sql", "SELECT * FROM v_endpoints"], None) > 0);
    assert_eq!(rows(&["endpoints"], Some("other.db")), 0, "the variable wins over the file");
    assert!(rows(&["endpoints", "--db", "file.db"], Some("other.db")) > 0, "the option over both");
    let digest = lab.run(["db", "digest", "--config", "phitap.toml"]).expect(0).stdout;
    assert_eq!(digest.trim(), lab.digest("file.db"));
    lab.file("bad.toml", "database = 1\n");
    let said = lab.run(["services", "--config", "bad.toml"]).expect(2).stderr;
    assert!(said.contains("bad.toml") && said.contains("database"), "{said}");
}

#[test]
fn the_summary_says_what_was_seen_exposed_not_seen_and_what_is_next() {
    let lab = Lab::default();
    let said = lab.replay("phitap.db", &[&clinic()], &[]).expect(0).stdout;
    let places: Vec<usize> =
        ["\nSeen", "\nExposed", "\nNot seen", "\nNext"].map(|part| said.find(part).unwrap()).into();
    assert!(places.is_sorted(), "{said}");
    for word in ["433 exchanges", "critical", "gb.nhs_number", "encrypted (TLS)", "phitap findings"]
    {
        assert!(said.contains(word), "{word:?} is missing in: {said}");
    }
}

#[test]
fn no_table_is_wider_than_eighty_columns() {
    let lab = Lab::default();
    let said = lab.replay("db", &[&clinic()], &[]).expect(0).stdout;
    let mut texts = vec![said];
    for query in ["services", "endpoints", "fields", "findings", "clients", "coverage"] {
        texts.push(lab.run([query, "--db", "db"]).expect(0).stdout);
    }
    texts.push(lab.run(["findings", "--db", "db", "--explain", "--limit", "9"]).expect(0).stdout);
    texts.push(lab.run(["fields", "--db", "db", "--explain"]).expect(0).stdout);
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn rows_of_several_services_are_told_apart() {
    let lab = Lab::default();
    let mut frames = Vec::new();
    for n in 1..=3u8 {
        let server = format!("10.0.1.{n}:80");
        let request = format!("GET /patients HTTP/1.1\nHost: ward-{n}.example");
        let talk = Conversation::open("10.0.0.1:4000", &server, u64::from(n) * 1_000_000);
        let body = br#"{"ssn":"536-22-1234"}"#;
        let head = "HTTP/1.1 200 OK\nContent-Type: application/json";
        frames.extend(talk.exchange((&request, b""), (head, body)).close());
    }
    let path = lab.path("wards.pcap");
    capture::write(&path, &frames);
    let said = lab.replay("wards.db", &[&path], &[]).expect(0).stdout;
    let exposed: Vec<&str> =
        said.lines().filter(|l| l.contains("GET /patients, response: ")).collect();
    assert!(exposed.len() >= 3, "{said}");
    let distinct: BTreeSet<&&str> = exposed.iter().collect();
    assert_eq!(distinct.len(), exposed.len(), "{said}");
    for query in ["endpoints", "fields", "findings"] {
        let table = lab.run([query, "--db", "wards.db"]).expect(0).stdout;
        assert!(table.lines().take(2).any(|line| line.contains("SERVICE")), "{table}");
        assert!(table.contains("ward-1") && table.contains("ward-2"), "{table}");
    }
    // Commands and what they are for do not run into each other.
    let next = said.split("\nNext\n").nth(1).unwrap();
    for command in next.lines().filter(|line| line.contains("phitap ")) {
        let end = command.find("wards.db").unwrap() + "wards.db".len();
        let rest = &command[end..];
        assert!(rest.is_empty() || rest.starts_with("   "), "{next}");
    }
    let coverage = lab.run(["coverage", "--db", "wards.db"]).expect(0).stdout;
    assert!(coverage.lines().any(|line| line.starts_with("all inputs ")), "{coverage}");
}

/// Holds `value` against the parts of JSON Schema that the published schema uses.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(constant) = schema.get("const") {
        return if value == constant { Ok(()) } else { Err(format!("{value} is not {constant}")) };
    }
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        let errors: Vec<String> = options.iter().filter_map(|s| fits(s, value).err()).collect();
        let fitting = options.len() - errors.len();
        return if fitting == 1 { Ok(()) } else { Err(format!("{fitting} fit: {errors:?}")) };
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return if names.contains(value) {
            Ok(())
        } else {
            Err(format!("{value} not in {names:?}"))
        };
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        let errors: Vec<String> = options.iter().filter_map(|s| fits(s, value).err()).collect();
        return if errors.len() < options.len() { Ok(()) } else { Err(format!("{errors:?}")) };
    }
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema has a type this test does not know: {other}"),
    };
    let right = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        kind => is(kind.as_str().ok_or(format!("no type: {schema}"))?),
    };
    if !right {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    for item in value.as_array().into_iter().flatten() {
        fits(&schema["items"], item)?;
    }
    // A map of names.
    if let (Some(members), None) = (value.as_object(), schema.get("properties")) {
        let all = schema.get("additionalProperties").ok_or("no properties")?;
        return members.values().try_for_each(|member| fits(all, member));
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    let properties = schema["properties"].as_object().ok_or("no properties")?;
    let keys: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !keys.contains(key) {
            return Err(format!("{key} is missing"));
        }
    }
    for (key, member) in object {
        let known = properties.get(key).ok_or(format!("{key} is not in the schema"))?;
        fits(known, member).map_err(|e| format!("{key}: {e}"))?;
    }
    Ok(())
}

#[test]
fn rows_are_as_the_schema_says() {
    let lab = Lab::default();
    lab.replay("db", &[&clinic()], &[]).expect(0);
    let changes = ["changes", "--since", "2000-01-01"];
    let others = ["services", "endpoints", "fields", "findings", "clients", "coverage"];
    let questions = others.iter().map(std::slice::from_ref).chain([&changes[..]]);
    for question in questions {
        let query = question[0];
        let schema = lab.run(["schema", query]).expect(0).json();
        let rows = lab.query("db", question);
        assert!(!rows.is_empty());
        for row in &rows {
            fits(&schema, row).unwrap_or_else(|e| panic!("{query}: {e}: {row:#}"));
        }
        assert!(fits(&schema, &serde_json::json!({})).is_err(), "{query}: keys are required");
        // Every key is described.
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (key, property) in properties {
            assert!(property["description"].is_string(), "{query}: {key}: {property}");
        }
    }
    let severity = &lab.run(["schema", "findings"]).expect(0).json()["properties"]["severity"];
    assert_eq!(severity["enum"].as_array().unwrap().len(), 5);
}

#[test]
fn events_are_as_the_schema_says() {
    let lab = Lab::default();
    let schema = lab.run(["schema", "events"]).expect(0).json();
    lab.replay("db", &[&clinic()], &["--events", "events.jsonl"]).expect(0);
    let text = std::fs::read_to_string(lab.path("events.jsonl")).unwrap();
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        fits(&schema, &event).unwrap_or_else(|e| panic!("{e}: {line}"));
        kinds.insert(event["event_type"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        kinds,
        BTreeSet::from(["finding", "flow", "http", "stats", "tls"].map(str::to_owned))
    );
    assert!(fits(&schema, &serde_json::json!({ "event_type": "http" })).is_err());
}

#[test]
fn not_seen_is_never_called_nothing_where_packets_were_left_out_or_none_came() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let unseen = |inputs: &[&std::path::Path], more: &[&str]| {
        let said = lab.replay("db", inputs, more).expect(0).stdout;
        let (_, unseen) = said.split_once("\nNot seen\n").expect("there");
        unseen.split_once("\n\n").expect("another part").0.to_owned()
    };
    let filtered = unseen(&[&clinic], &["--filter", "udp"]);
    assert!(filtered.contains("packets filtered out"), "{filtered}");
    assert!(!filtered.contains("nothing"), "{filtered}");
    // Whoever filters a trunk by port alone is told why nothing is left.
    let words: Vec<&str> = filtered.split_whitespace().collect();
    assert!(words.join(" ").contains("tcp port 80 or (vlan and tcp port 80)"), "{filtered}");
    let some = unseen(&[&clinic], &["--again", "--filter", "tcp port 8080"]);
    assert!(!some.contains("vlan"), "{some}");
    let none = unseen(&[&lab.file("none.pcap", support::capture::pcap(&[]))], &[]);
    assert_eq!(none, "  no packet was read");
    let again = unseen(&[&clinic], &["--filter", "udp"]);
    assert!(again.contains("no packet was read: there was no new capture"), "{again}");
}

#[test]
fn events_of_a_second_run_are_appended() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::default();
    let events = ["--events", "events.jsonl"];
    lab.replay("db", &[&clinic()], &events).expect(0);
    let read = || std::fs::read_to_string(lab.path("events.jsonl")).unwrap();
    let mode = std::fs::metadata(lab.path("events.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = read();
    // The capture is known and skipped: its events stay.
    lab.replay("db", &[&clinic()], &events).expect(0);
    let second = read();
    assert!(second.starts_with(&first), "{second}");
    let http = |text: &str| text.matches(r#""event_type":"http""#).count();
    assert_eq!((http(&first) > 0, http(&second)), (true, http(&first)));
    // A line that its writer did not finish does not spoil the next.
    std::fs::write(lab.path("events.jsonl"), second + r#"{"event_type":"ht"#).unwrap();
    lab.replay("other", &[&clinic()], &events).expect(0);
    let wrong = read().lines().filter(|l| serde_json::from_str::<Value>(l).is_err()).count();
    assert_eq!(wrong, 1);
    assert_eq!(http(&read()), 2 * http(&first));
    // Raw names and URLs go to a new file only.
    let revealed = lab.replay("third", &[&clinic()], &["--events", "events.jsonl", "--reveal"]);
    assert!(revealed.expect(2).stderr.contains("must be a new file"));
}

fn standards(lab: &Lab, db: &str) -> Vec<String> {
    let rows = lab.query(db, &["endpoints"]);
    let mut standards: Vec<String> =
        rows.iter().map(|row| row["standard"].as_str().unwrap().to_owned()).collect();
    standards.sort();
    standards.dedup();
    standards
}

#[test]
fn the_version_of_fhir_is_named_where_it_shows() {
    let lab = Lab::default();
    let read = "GET /fhir/Patient/1 HTTP/1.1\nHost: a.example";
    for (version, standard) in
        [("3.0", "fhir-stu3"), ("4.0", "fhir-r4"), ("4.3", "fhir-r4b"), ("5.0", "fhir-r5")]
    {
        let head =
            format!("HTTP/1.1 200 OK\nContent-Type: application/fhir+json; fhirVersion={version}");
        let body = br#"{"resourceType":"Patient","id":"1"}"#;
        let frames = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0)
            .exchange((read, b""), (&head, body))
            .close();
        capture::write(&lab.path(standard), &frames);
        let db = format!("{standard}.db");
        lab.replay(&db, &[&lab.path(standard)], &[]).expect(0);
        assert_eq!(standards(&lab, &db), [standard]);
    }
    // A capability statement speaks for the whole service; without one the version is not known.
    let statement = br#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"}"#;
    let json = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";
    let open = || {
        Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0)
            .exchange((read, b""), (json, br#"{"resourceType":"Patient","id":"1"}"#))
    };
    let metadata = "GET /fhir/metadata HTTP/1.1\nHost: a.example";
    capture::write(&lab.path("silent"), &open().close());
    let told = open().exchange((metadata, b""), (json, statement)).close();
    capture::write(&lab.path("told"), &told);
    for (name, standard) in [("silent", "fhir"), ("told", "fhir-r4")] {
        let db = format!("{name}.db");
        lab.replay(&db, &[&lab.path(name)], &[]).expect(0);
        assert_eq!(standards(&lab, &db), [standard]);
    }
}

#[test]
fn a_capture_that_is_cut_lost_no_message_where_every_exchange_is_found() {
    let lab = Lab::default();
    let mut frames = capture::read(&clinic()).expect("a pcap");
    lab.replay("whole", &[&clinic()], &[]).expect(0);
    for frame in &mut frames {
        frame.bytes.truncate(700);
    }
    capture::write(&lab.path("cut.pcap"), &frames);
    lab.replay("cut", &[&lab.path("cut.pcap")], &[]).expect(0);
    let exchanges = |db: &str| -> u64 {
        lab.query(db, &["endpoints"]).iter().filter_map(|row| row["requests"].as_u64()).sum()
    };
    assert!(exchanges("whole") > 400);
    assert_eq!(exchanges("cut"), exchanges("whole"));
    let coverage = lab.query("cut", &["coverage"]);
    let has = |key: &str, value: &str| coverage.iter().any(|row| row[key] == value);
    assert!(has("scope", "anomaly") && !has("anomaly", "http-messages-lost"), "{coverage:#?}");
    let gaps: u64 = coverage.iter().filter_map(|row| row["gap_bytes"].as_u64()).sum();
    assert!(gaps > 40_000, "{gaps}");
}

#[test]
fn wrong_checksums_change_nothing() {
    let lab = Lab::default();
    let frames = capture::read(&clinic()).expect("a pcap");
    let wrong: Vec<Frame> = frames
        .into_iter()
        .map(|mut frame| {
            // Ethernet and IPv4 without options: the header's checksum, then that of TCP.
            for at in [24, 25, 50, 51] {
                if let Some(byte) = frame.bytes.get_mut(at) {
                    *byte ^= 0x55;
                }
            }
            frame
        })
        .collect();
    capture::write(&lab.path("wrong.pcap"), &wrong);
    lab.replay("right", &[&clinic()], &[]).expect(0);
    lab.replay("wrong", &[&lab.path("wrong.pcap")], &[]).expect(0);
    assert_eq!(lab.digest("wrong"), lab.digest("right"));
}

#[test]
fn a_name_in_a_path_is_not_kept() {
    let lab = Lab::default();
    let ok = "HTTP/1.1 200 OK\nContent-Type: text/plain";
    let frames = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 0)
        .exchange(("GET /patients/Quartermain HTTP/1.1\nHost: a.example", b""), (ok, b"."))
        .exchange(("GET /patients/search HTTP/1.1\nHost: a.example", b""), (ok, b"."))
        .close();
    capture::write(&lab.path("names"), &frames);
    lab.replay("db", &[&lab.path("names")], &[]).expect(0);
    let mut paths: Vec<String> = lab
        .query("db", &["endpoints"])
        .iter()
        .map(|row| row["path"].as_str().unwrap().to_owned())
        .collect();
    paths.sort();
    assert_eq!(paths, ["/patients/search", "/patients/{value}"]);
}

#[test]
fn documents_are_made_from_the_command_line() {
    let lab = Lab::default();
    for (args, word) in [
        (&["--help"][..], "Examples:"),
        (&["--version"], "phitap "),
        (&["man"], ".TH phitap"),
        (&["completions", "bash"], "complete -F _phitap"),
        (&["rules", "test"], "rules hold"),
        (&["rules", "list"], "gb.nhs_number"),
    ] {
        let said = lab.run(args).expect(0).stdout;
        assert!(said.contains(word), "{args:?} says no {word:?}");
    }
}

#[test]
fn every_class_is_listed_with_its_category_and_source() {
    let lab = Lab::default();
    let said = lab.run(["rules", "list", "--format", "json"]).expect(0).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&said).expect("a list");
    let of = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    for row in &rows {
        let class = of(row, "class");
        let is_secret = class.starts_with("secret.");
        assert!(is_secret || !of(row, "gdpr").is_empty(), "{row}");
        assert!(!row["references"].as_array().unwrap().is_empty(), "{row}");
    }
    let listed: Vec<String> = rows.iter().map(|row| of(row, "class")).collect();
    for class in ["health.observation", "health.diagnosis", "person.identifier", "gb.nhs_number"] {
        assert!(listed.iter().any(|known| known == class), "{class}");
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = std::fs::read_to_string(support::root().join("README.md")).unwrap();
    let sample = readme.split("$ phitap replay fixtures/clinic/clinic.pcap\n").nth(1).unwrap();
    let sample = sample.split("```").next().unwrap();
    let lab = Lab::default();
    std::os::unix::fs::symlink(support::root().join("fixtures"), lab.path("fixtures")).unwrap();
    let said = lab.run(["replay", "--key-file", "key", "fixtures/clinic/clinic.pcap"]).expect(0);
    assert_eq!(said.stdout, sample);
}
