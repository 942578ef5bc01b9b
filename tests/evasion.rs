//! What evaders play (`fixtures/evasion`): the planted value is found whichever copy of it a server
//! believes, exchanges that can be read in two ways say so, and nothing is in the inventory that
//! was not called.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use support::phitap::Lab;

/// Planted in every case; the class is that of its rule.
const CLASS: &str = "us.ssn";
/// What the cases call; the last is a harmless request that stands in for the real one.
const CALLED: [&str; 5] =
    ["POST /patients", "GET /patients", "HEAD /patients", "GET /health", "OTHER /patients"];

struct Case {
    name: String,
    ambiguous: bool,
    capture: PathBuf,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evasion")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases.json")).expect("cases.json");
    let listed: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let text = |case: &Value, key: &str| case[key].as_str().expect("a text").to_owned();
    let case = |case: &Value| {
        let name = text(case, "name");
        let ambiguous = match &*text(case, "expected") {
            "ambiguous" => true,
            "found" => false,
            other => panic!("{name}: expected is {other}"),
        };
        let capture = folder().join(format!("{name}.pcap"));
        Case { name, ambiguous, capture }
    };
    listed.iter().map(case).collect()
}

/// What is wrong with what the program says of a case; nothing if it is as it should be.
fn verdict(case: &Case, endpoints: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let has_class = |e: &&Value| {
        let classes = e["data_classes"].as_array().map_or(&[][..], Vec::as_slice);
        classes.iter().any(|class| class["class"] == CLASS)
    };
    let found: Vec<&Value> = endpoints.iter().filter(has_class).collect();
    if found.is_empty() {
        wrong.push(format!("{CLASS} is not found"));
    }
    let ambiguous = |e: &&Value| e["coverage"]["ambiguous"].as_u64() > Some(0);
    let named = |e: &&Value| e["anomalies"].as_object().is_some_and(|a| !a.is_empty());
    if case.ambiguous && !found.iter().any(|e| ambiguous(e) && named(e)) {
        wrong.push("no exchange that carries it is ambiguous, with an anomaly".to_owned());
    }
    for endpoint in endpoints {
        let operation = endpoint["operation"].as_str().unwrap_or_default();
        // Where only the answer can be read, the row has no method and no path.
        let unnamed = endpoint["path"].is_null();
        if !unnamed && !CALLED.contains(&operation) {
            wrong.push(format!("{operation} was never called"));
        }
    }
    wrong
}

fn endpoints_of(lab: &Lab, case: &Case, more: &[&str]) -> Vec<Value> {
    let db = format!("{}{}.db", case.name, more.concat());
    lab.replay(&db, &[&case.capture], more).expect(0);
    lab.query(&db, &["endpoints"])
}

#[test]
fn no_evasion_hides_the_value_or_invents_an_endpoint() {
    let lab = Lab::default();
    let cases = cases();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let inline = endpoints_of(&lab, case, &["--workers", "0"]);
        for said in verdict(case, &inline) {
            wrong.push(format!("{}: {said}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn workers_change_nothing_of_what_is_said_of_evasions() {
    let lab = Lab::default();
    let captures: Vec<PathBuf> = cases().into_iter().map(|case| case.capture).collect();
    let inputs: Vec<&Path> = captures.iter().map(PathBuf::as_path).collect();
    let digest = |workers: &str| {
        let db = format!("w{workers}.db");
        lab.replay(&db, &inputs, &["--workers", workers]).expect(0);
        lab.digest(&db)
    };
    assert_eq!(digest("0"), digest("2"));
}

#[test]
fn the_corpus_is_what_its_script_makes() {
    let script = folder().join("make.py");
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let Ok(made) = Command::new("python3").arg(&script).arg(dir.path()).output() else {
        eprintln!("SKIP: the_corpus_is_what_its_script_makes (no python3)");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let names = cases().into_iter().map(|case| format!("{}.pcap", case.name));
    for name in names.chain(["cases.json".to_owned(), "README.md".to_owned()]) {
        let kept = std::fs::read(folder().join(&name)).expect("a file of the corpus");
        let fresh = std::fs::read(dir.path().join(&name)).expect("a file that was made");
        assert!(kept == fresh, "{name} is not what make.py makes");
    }
}
