//! What evaders play (`fixtures/evasion`): the planted value is found whichever copy of it a server
//! believes, exchanges that can be read in two ways say so, and nothing is in the inventory that
//! was not called.

#[path = "evasion/decoys.rs"]
mod decoys;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use decoys::{Play, server};
use support::capture;
use support::phitap::Lab;
use support::rng::Rng;
use support::say;

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

/// Of the plays, those in which the value is not found: their number, and whether the exchange
/// says that it can be read in several ways.
fn missed(lab: &Lab, plays: &[(usize, Play)]) -> Vec<(usize, bool)> {
    let mut frames: Vec<_> = plays.iter().flat_map(|(_, play)| play.frames.clone()).collect();
    frames.sort_by_key(|frame| frame.at_us);
    let path = lab.path("decoys.pcap");
    capture::write(&path, &frames);
    let db = format!("decoys-{}-{}.db", plays.len(), plays[0].0);
    lab.replay(&db, &[&path], &["--workers", "0"]).expect(0);
    let endpoints = lab.query(&db, &["endpoints"]);
    let of = |number: usize| {
        let host = server(number);
        let own = move |e: &&Value| plays.len() == 1 || e["service"] == *host;
        endpoints.iter().filter(own)
    };
    let found = |e: &Value| {
        e["data_classes"].as_array().is_some_and(|all| all.iter().any(|c| c["class"] == CLASS))
    };
    let ambiguous = |e: &Value| e["coverage"]["ambiguous"].as_u64() > Some(0);
    plays
        .iter()
        .filter(|(number, _)| !of(*number).any(found))
        .map(|(number, _)| (*number, of(*number).any(ambiguous)))
        .collect()
}

#[test]
fn requests_among_random_decoys_are_found_or_said_to_be_ambiguous() {
    // Another seed finds other decoys: PHITAP_SEED=77 plays 1,500 of its own.
    let named = std::env::var("PHITAP_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let full = std::env::var_os("PHITAP_FULL").is_some();
    let (seeds, count) = match named {
        Some(seed) => (seed..=seed, 1500),
        None if full => (1..=20, 1500),
        None => (1..=1, 300),
    };
    let lab = Lab::default();
    for seed in seeds {
        let mut rng = Rng::new(seed);
        let plays: Vec<_> = (0..count).map(|n| (n, Play::new(n, &mut rng))).collect();
        let mut silent = Vec::new();
        let mut unread = 0;
        let missed_together = missed(&lab, &plays);
        let mut plays = plays;
        for (number, _) in missed_together {
            // Alone: its host may be one that a decoy named.
            let place = plays.iter().position(|(n, _)| *n == number).expect("a play");
            let play = plays.swap_remove(place);
            let decoys = play.1.decoys.join(", ");
            for (_, ambiguous) in missed(&lab, &[play]) {
                unread += 1;
                if named.is_some() {
                    say(&format!("seed {seed}, play {number} is not read: {decoys}"));
                }
                if !ambiguous {
                    silent.push(format!("seed {seed}, play {number}: {decoys}"));
                }
            }
        }
        assert!(silent.is_empty(), "{} of {count}\n{}", silent.len(), silent.join("\n"));
        assert!(unread * 200 <= count, "seed {seed}: {unread} of {count} not read");
    }
}
