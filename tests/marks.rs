//! What people say of fields, and by which profile fields are judged.

mod support;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use phitap::base::clock::Stopwatch;
use serde_json::Value;

use support::capture;
use support::phitap::{Lab, Ran};
use support::tcp::Conversation;

const JSON: &str = "HTTP/1.1 200 OK\nContent-Type: application/json";

/// Calls of `path` at `host`, one per body.
fn calls(
    lab: &Lab,
    name: &str,
    (host, path, at_us): (&str, &str, u64),
    bodies: &[&str],
) -> PathBuf {
    // A server of its own for every host.
    let server = format!("10.0.0.{}:80", host.as_bytes()[0]);
    let mut talk = Conversation::open("10.0.0.9:4000", &server, at_us);
    for body in bodies {
        let head = format!("GET {path} HTTP/1.1\nHost: {host}");
        talk = talk.exchange((&head, b""), (JSON, body.as_bytes()));
    }
    let file = lab.path(name);
    capture::write(&file, &talk.close());
    file
}

const SSN: &str = r#"{"ssn":"536-22-1234","plain":"x7f"}"#;

fn clinic(lab: &Lab) {
    let one = calls(lab, "one.pcap", ("a.example", "/patients", 0), &[SSN; 4]);
    let two = calls(lab, "two.pcap", ("b.example", "/people", 0), &[SSN; 4]);
    lab.replay("db", &[&one, &two], &[]).expect(0);
}

fn marking(lab: &Lab, args: &[&str], more: &[&str]) -> Ran {
    let key = lab.path("key");
    let own = ["--db", "db", "--key-file", key.to_str().unwrap()];
    lab.run(["fields"].iter().chain(args).chain(more).chain(&own))
}

fn mark(lab: &Lab, args: &[&str]) -> Ran {
    let all = [&["mark"], args].concat();
    marking(lab, &all, &["--reason", "we looked", "--author", "ada"])
}

/// Classes of a field of a service with their confidence.
fn classes(lab: &Lab, service: &str, field: &str) -> Vec<(String, u64)> {
    let rows = lab.query("db", &["fields", "--service", service, "--field", field]);
    let classes = rows.iter().flat_map(|row| row["data_classes"].as_array().unwrap());
    let class = |c: &Value| (c["class"].as_str().unwrap().to_owned(), c["confidence"].as_u64());
    classes.map(class).map(|(name, sure)| (name, sure.unwrap())).collect()
}

fn findings(lab: &Lab, service: &str, class: &str) -> usize {
    lab.query("db", &["findings", "--service", service, "--class", class]).len()
}

#[test]
fn a_withdrawn_class_takes_its_findings_along_and_comes_back_when_the_mark_goes() {
    let lab = Lab::default();
    clinic(&lab);
    let before = lab.digest("db");
    let (own, others) = (findings(&lab, "a.example", "us.ssn"), findings(&lab, "b.example", "us"));
    assert!(own > 0 && others > 0);
    let meant = ["us.ssn", "--field", "$.ssn", "--service", "A.example"];
    let said = mark(&lab, &[&["is-not"], &meant[..]].concat()).expect(0).stdout;
    assert!(said.starts_with("$.ssn of a.example is not us.ssn; 1 field; "), "{said}");
    assert!(said.contains(&format!("{own} findings gone")), "{said}");
    assert_eq!(classes(&lab, "a.example", "$.ssn"), []);
    assert_eq!(findings(&lab, "a.example", "us.ssn"), 0);
    assert_eq!(findings(&lab, "b.example", "us.ssn"), others, "another service");
    let why = lab.run(["fields", "--explain", "--service", "a.example", "--db", "db"]).stdout;
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(why.contains("withheld us.ssn, which the rules gave 9"), "{why}");
    assert!(why.contains("marked as not it: ada said so on 20"), "{why}");
    assert!(why.contains(": we looked"), "{why}");
    assert_ne!(lab.digest("db"), before, "the inventory says something else");
    mark(&lab, &[&["withdraw"], &meant[..]].concat()).expect(0);
    assert_eq!(lab.digest("db"), before);
    let past = lab.query("db", &["fields", "marks", "--history"]);
    let verdicts: Vec<_> = past.iter().map(|m| m["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["is-not", "withdrawn"]);
    assert!(past.iter().all(|m| m["in_force"] == false && m["author"] == "ada"), "{past:?}");
    let again = mark(&lab, &[&["withdraw"], &meant[..]].concat()).expect(2).stderr;
    assert!(again.contains("no such mark"), "{again}");
}

#[test]
fn a_given_class_raises_findings_and_outlives_later_runs() {
    let lab = Lab::default();
    clinic(&lab);
    assert_eq!(findings(&lab, "a.example", "health.mrn"), 0);
    let meant = ["is", "health.mrn", "--field", "$.plain", "--service", "a.example"];
    let more = ["--operation", "GET /patients", "--direction", "response", "--location", "body"];
    let said = mark(&lab, &[&meant[..], &more].concat()).expect(0).stdout;
    assert!(said.contains("1 field; ") && said.contains(" findings new"), "{said}");
    assert_eq!(classes(&lab, "a.example", "$.plain"), [("health.mrn".to_owned(), 100)]);
    assert!(findings(&lab, "a.example", "health.mrn") > 0);
    let later = calls(&lab, "later.pcap", ("a.example", "/patients", 9_000_000), &[SSN; 2]);
    lab.replay("db", &[&later], &[]).expect(0);
    let rows = lab.query("db", &["fields", "--service", "a.example", "--field", "$.plain"]);
    assert_eq!(rows[0]["data_classes"][0]["count"], 6, "{rows:?}");
    assert_eq!(classes(&lab, "b.example", "$.plain"), []);
    let view = "SELECT verdict, in_force FROM v_marks";
    assert_eq!(lab.query("db", &["sql", view])[0]["in_force"], 1);
}

#[test]
fn a_mark_without_a_field_says_so_and_waits_for_one() {
    let lab = Lab::default();
    clinic(&lab);
    let said = mark(&lab, &["is-not", "us.ssn", "--field", "$.ssn", "--service", "c.example"]);
    assert!(said.expect(0).stdout.contains("it matches no field of the inventory"));
    let new = calls(&lab, "new.pcap", ("c.example", "/x", 0), &[SSN; 4]);
    lab.replay("db", &[&new], &[]).expect(0);
    assert_eq!(classes(&lab, "c.example", "$.ssn"), []);
}

#[test]
fn a_mark_that_makes_no_sense_is_refused_and_nothing_is_stored() {
    let lab = Lab::default();
    clinic(&lab);
    for (args, word) in [
        (&["is", "us.snn", "--field", "$.ssn"][..], "did you mean us.ssn"),
        (&["is", "us.ssn", "--field", " "], "expected a field"),
        (&["is", "us.ssn", "--field", "$.a", "--direction", "up"], "--direction"),
        (&["is", "us.ssn", "--field", "$.a", "--operation", ""], "leave out"),
        (&["maybe", "us.ssn", "--field", "$.a"], "maybe"),
        (&["is", "us.ssn"], "--field"),
    ] {
        let said = mark(&lab, args).expect(2).stderr;
        assert!(said.contains(word), "{args:?}: {said}");
    }
    let none = lab.query("db", &["sql", "SELECT count(*) AS n FROM mark_history"]);
    assert_eq!(none[0]["n"], 0);
    let other = lab.key_file("other", [7; 32]);
    let args = ["fields", "mark", "is", "us.ssn", "--field", "$.a", "--reason", "x", "--db", "db"];
    let args = args.iter().copied().chain(["--author", "a", "--key-file", other.to_str().unwrap()]);
    assert!(lab.run(args).expect(2).stderr.contains("made with key"));
}

#[test]
fn marks_go_through_a_file_and_the_later_one_stands() {
    let lab = Lab::default();
    clinic(&lab);
    mark(&lab, &["is-not", "us.ssn", "--field", "$.ssn", "--service", "a.example"]).expect(0);
    let meant = ["is", "health.mrn", "--field", "$.plain", "--direction", "response"];
    marking(
        &lab,
        &[&["mark"], &meant[..]].concat(),
        &["--reason", "\"x\"\n[[y]]", "--author", "b"],
    )
    .expect(0);
    let export = |lab: &Lab| lab.run(["fields", "marks", "export", "--db", "db"]).expect(0).stdout;
    let file = export(&lab);
    let other = Lab::default();
    clinic(&other);
    let path = other.file("marks.toml", &file);
    let path = path.to_str().unwrap();
    let said = marking(&other, &["marks", "import", path], &[]).expect(0).stdout;
    assert!(said.contains("2 new"), "{said}");
    assert_eq!(export(&other), file);
    assert_eq!(other.digest("db"), lab.digest("db"));
    let said = marking(&other, &["marks", "import", path], &[]).expect(0).stdout;
    assert!(said.contains("2 unchanged"), "{said}");
    mark(&other, &["is", "us.ssn", "--field", "$.ssn", "--service", "a.example"]).expect(0);
    let said = marking(&other, &["marks", "import", path], &[]).expect(0).stdout;
    assert!(said.contains("1 unchanged, 1 left out for a later one"), "{said}");
    assert_eq!(classes(&other, "a.example", "$.ssn"), [("us.ssn".to_owned(), 100)]);
    let row = |verdict: &str, class: &str| {
        format!(
            "\n[[mark]]\nverdict = \"{verdict}\"\nclass = \"{class}\"\nfield = \"$\"\n\
             reason = \"x\"\nauthor = \"a\"\n"
        )
    };
    for (text, word) in [
        ("[[mark]]\nverdict = \"is\"\n", "line 1"),
        (&row("no", "us.ssn"), "line 2: verdict"),
        (&row("is", "us.x"), "line 2: class: no class is called"),
        ("[[mark]]\nother = 1\n", "line 2"),
    ] {
        let path = other.file("bad.toml", text);
        let said = marking(&other, &["marks", "import", path.to_str().unwrap()], &[]);
        let said = said.expect(2).stderr;
        assert!(said.contains(word), "{text}: {said}");
    }
}

#[test]
fn what_was_said_of_a_purged_service_goes_with_it() {
    let lab = Lab::default();
    clinic(&lab);
    let before = lab.query("db", &["fields", "--service", "b.example"]);
    mark(&lab, &["is-not", "us.ssn", "--field", "$.ssn", "--service", "a.example"]).expect(0);
    let key = lab.path("key");
    let args = ["db", "purge", "--service", "a.example", "--yes", "--db", "db", "--key-file"];
    lab.run(args.into_iter().chain([key.to_str().unwrap()])).expect(0);
    let left = lab.query("db", &["fields", "marks", "--history"]);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(lab.query("db", &["fields", "--service", "b.example"]), before);
}

/// By time as by name: of the service that is gone also what was withdrawn; of those that stay, and
/// of one that was not seen yet, everything.
#[test]
fn what_was_said_of_a_service_that_was_last_seen_before_a_time_goes_with_it() {
    const DAY: u64 = 86_400_000_000;
    let lab = Lab::default();
    let old = calls(&lab, "1.pcap", ("zqold.example", "/p", DAY), &[r#"{"zqkey":"x7f"}"#; 4]);
    let new = calls(&lab, "2.pcap", ("b.example", "/people", 3 * DAY), &[SSN; 4]);
    lab.replay("db", &[&old, &new], &[]).expect(0);
    let zq = ["--field", "$.zqkey", "--service", "zqold.example"];
    mark(&lab, &[&["is", "health.mrn"], &zq[..]].concat()).expect(0);
    mark(&lab, &[&["withdraw", "health.mrn"], &zq[..]].concat()).expect(0);
    mark(&lab, &[&["is", "us.ssn"], &zq[..]].concat()).expect(0);
    mark(&lab, &["is", "us.ssn", "--field", "$.plain", "--service", "b.example"]).expect(0);
    mark(&lab, &["is", "us.ssn", "--field", "$.n", "--service", "soon.example"]).expect(0);
    let rows = lab.query("db", &["services", "--service", "b.example"]);
    let begun = rows[0]["first_seen"].as_str().expect("a time");
    let key = lab.path("key");
    let args = ["db", "purge", "--before", begun, "--yes", "--db", "db", "--key-file"];
    lab.run(args.into_iter().chain([key.to_str().unwrap()])).expect(0);
    let left = lab.query("db", &["fields", "marks", "--history"]);
    let left: Vec<_> = left.iter().map(|mark| mark["service"].as_str().unwrap()).collect();
    assert_eq!(left, ["b.example", "soon.example"]);
    for file in std::fs::read_dir(lab.path("")).unwrap().map(|entry| entry.unwrap().path()) {
        let is_store = file.file_name().unwrap().to_str().unwrap().starts_with("db");
        let bytes = if is_store { std::fs::read(&file).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(5).any(|w| w == b"zqold" || w == b"zqkey"), "{}", file.display());
    }
}

/// Ends with the test, whatever comes of it.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-s", "TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let begun = Stopwatch::start();
    while begun.elapsed() < Duration::from_secs(30) {
        if is() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("not within 30 seconds: {what}");
}

#[test]
fn a_mark_made_beside_a_sensor_is_applied_by_it() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).unwrap();
    calls(&lab, "ring/1.pcap", ("a.example", "/patients", 0), &[SSN; 4]);
    let mut command = lab.command(["replay", "--follow", "ring", "--no-progress", "--db", "db"]);
    command.arg("--key-file").arg(lab.path("key"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _following = Following(child);
    let count = || {
        let sql = "SELECT count(*) AS n FROM v_data_classes WHERE class = 'us.ssn'";
        let ran = lab.run(["sql", sql, "--db", "db", "--format", "json"]);
        (ran.code == Some(0)).then(|| ran.rows()[0]["n"].as_u64().unwrap())
    };
    until("the field is there", || count() == Some(1));
    let said = mark(&lab, &["is-not", "us.ssn", "--field", "$.ssn"]).expect(0).stdout;
    assert!(said.contains("1 field") && said.contains("a sensor is writing"), "{said}");
    until("the class is withdrawn", || count() == Some(0));
}

/// A number of the range that is kept for tests, under a name that asks for it.
const TEST_NUMBER: &str = r#"{"nhsNumber":"999 000 0018"}"#;
/// One real number where only its format speaks.
const HINT: &str = r#"{"ref":"020 7946 0958"}"#;

fn judged(profile: &str, body: &str, field: &str) -> (Lab, Vec<(String, u64)>, String) {
    let lab = Lab::default();
    let file = calls(&lab, "one.pcap", ("a.example", "/x", 0), &[body]);
    lab.replay("db", &[&file], &["--profile", profile]).expect(0);
    let found = classes(&lab, "a.example", field);
    let why = lab.run(["fields", "--explain", "--field", field, "--db", "db"]).expect(0).stdout;
    (lab, found, why.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn the_lab_leaves_out_numbers_for_tests_and_others_do_not() {
    for (profile, given) in [("default", true), ("strict", true), ("lab", false)] {
        let (lab, found, why) = judged(profile, TEST_NUMBER, "$.nhsNumber");
        assert_eq!(found.iter().any(|(c, _)| c == "gb.nhs_number"), given, "{profile}: {why}");
        assert_eq!(why.contains("profile lab leaves out"), !given, "{why}");
        assert!(why.contains("of a range for tests and examples"), "{why}");
        let runs = lab.query("db", &["sql", "SELECT profile FROM v_runs"]);
        assert_eq!(runs[0]["profile"], profile);
    }
}

#[test]
fn a_single_value_is_enough_for_strict_alone_and_stays_so_when_someone_marks() {
    let (_, found, _) = judged("default", HINT, "$.ref");
    assert_eq!(found, []);
    let (_, found, _) = judged("lab", HINT, "$.ref");
    assert_eq!(found, []);
    let (lab, found, why) = judged("strict", HINT, "$.ref");
    assert_eq!(found.len(), 1, "{why}");
    assert!(why.contains("by profile strict alone ("), "{why}");
    mark(&lab, &["is", "us.ssn", "--field", "$.other"]).expect(0);
    assert_eq!(classes(&lab, "a.example", "$.ref"), found, "the profile of the run");
    let file = lab.path("one.pcap");
    let said = lab.replay("db", &[&file], &["--profile", "harsh"]).expect(2).stderr;
    assert!(said.contains("default, strict, lab") && said.contains("harsh"), "{said}");
    let config = lab.file("c.toml", "profile = \"lax\"\n");
    let args = ["--config", config.to_str().unwrap()];
    let said = lab.replay("db", &[&file], &args).expect(2).stderr;
    assert!(said.contains("key profile of configuration"), "{said}");
}
