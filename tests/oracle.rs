//! HTTP/1 exchanges against Wireshark's: the same requests by method, the same responses by status,
//! and the same requests with the same responses, host and target as sent.
//! Where the two differ on purpose, the capture is listed with the reason. TLS is compared the same
//! way in `tests/tls.rs`, streams in `tests/streams.rs`, packets in `tests/wire.rs`.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::corpus::{self, Expected};
use support::exact::{EXACT, exact};
use support::exchanges::{Bag, both, only, totals};
use support::meant::MEANT;
use support::paired::{PAIRED, paired};
use support::phitap::Lab;
use support::{fixtures, say, skip};

const SEED: u64 = 0x0ac1e;
/// Captures of the corpus that every run compares.
const SAMPLED: usize = 60;

/// How often each method and each status was seen.
type Counts = BTreeMap<String, u64>;

fn add(counts: &mut Counts, what: &str) {
    *counts.entry(what.to_owned()).or_default() += 1;
}

/// What `--events` tells of a capture; nothing when it cannot be read.
fn ours(path: &Path) -> Counts {
    let lab = Lab::default();
    let ran = lab.replay("o.db", &[path], &["--events", "events.jsonl"]);
    if !matches!(ran.code, Some(0 | 3)) {
        assert_eq!(ran.code, Some(2), "{}: {ran:#?}", path.display());
        assert!(ran.stderr.contains(".pcap"), "about the input: {ran:#?}");
        return Counts::new();
    }
    let text = std::fs::read_to_string(lab.path("events.jsonl")).expect("events");
    let mut counts = Counts::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("every line is JSON");
        if event["event_type"] == "http" {
            if let Some(method) = event["http"]["http_method"].as_str() {
                add(&mut counts, method);
            }
            if let Some(status) = event["http"]["status"].as_u64() {
                add(&mut counts, &status.to_string());
            }
        }
    }
    counts
}

/// What tshark tells of a capture: methods, and statuses of final responses and of 101.
fn theirs(path: &Path) -> Counts {
    let fields = ["-T", "fields", "-e", "http.request.method", "-e", "http.response.code"];
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(path)
        .args(["-Y", "http && tcp && !icmp && !icmpv6"])
        .args(fields)
        .output()
        .expect("tshark runs");
    let mut counts = Counts::new();
    for word in String::from_utf8_lossy(&output.stdout).split([',', '\t', '\n']) {
        let interim = word.len() == 3 && word.starts_with('1') && word != "101";
        if !word.is_empty() && !interim {
            add(&mut counts, word);
        }
    }
    counts
}

fn has_tshark() -> bool {
    Command::new("tshark").arg("--version").output().is_ok_and(|o| o.status.success())
}

fn requests(counts: &Counts) -> u64 {
    counts.iter().filter(|(what, _)| what.parse::<u16>().is_err()).map(|(_, n)| n).sum()
}

/// How a capture differs from what was expected of it.
fn difference(name: &str, path: &Path, count: Option<&Expected>) -> Option<String> {
    let ours = ours(path);
    match count {
        None => {
            let theirs = theirs(path);
            (ours != theirs).then(|| format!("{name}\n   ours {ours:?}\n   tshark {theirs:?}"))
        }
        Some(expected) => {
            let n = requests(&ours);
            (n != expected.requests)
                .then(|| format!("{name}: {n} requests, tshark sees {}", expected.requests))
        }
    }
}

/// How much more often (`+`) or less often (`-`) something was seen here than by tshark.
fn delta(ours: &Counts, theirs: &Counts) -> String {
    let count = |counts: &Counts, what| i64::try_from(counts.get(what).copied().unwrap_or(0));
    let all: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let told = all.into_iter().filter_map(|what| {
        let more = count(ours, what).expect("small") - count(theirs, what).expect("small");
        (more != 0).then(|| format!("{more:+} {what}"))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Compares a capture whose difference is known to the last message.
fn unlike(name: &str, path: &Path, meant: &str) -> Option<String> {
    let delta = delta(&ours(path), &theirs(path));
    (delta != meant).then(|| format!("{name}\n   differs by {delta:?}, not by {meant:?}"))
}

fn is_meant(name: &str) -> bool {
    MEANT.iter().any(|meant| meant.explains(name))
}

fn compare(named: &[(String, &Path)], count_of: impl Fn(&str) -> Option<Expected>) {
    let mut wrong = Vec::new();
    let mut meant = 0;
    for (name, path) in named {
        if let Some(how) = exact(name) {
            // The number of requests alone cannot tell.
            if count_of(name).is_none() {
                wrong.extend(unlike(name, path, how));
                meant += 1;
            }
            continue;
        }
        let differs = difference(name, path, count_of(name).as_ref());
        match (differs, is_meant(name)) {
            (None, false) => {}
            (None, true) => wrong.push(format!("{name}: differs no more; take it off the list")),
            (Some(_), true) => meant += 1,
            (Some(how), false) => wrong.push(how),
        }
    }
    say(&format!("oracle: {} captures compared, {meant} differ as meant", named.len()));
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), named.len(), wrong.join("\n"));
}

#[test]
fn public_captures_have_the_exchanges_that_tshark_sees() {
    let all = corpus::captures("the oracle over the corpus");
    let sample = corpus::sample("oracle", all, SAMPLED, SEED);
    let named: Vec<(String, &Path)> =
        sample.iter().map(|e| (e.name.clone(), e.path.as_path())).collect();
    if has_tshark() {
        return compare(&named, |_| None);
    }
    skip(
        "statuses and methods one by one",
        "tshark not found; EXPECTED.tsv has the number of requests",
    );
    compare(&named, |name| sample.iter().find(|e| e.name == name).cloned());
}

#[test]
fn fixtures_have_the_exchanges_that_tshark_sees() {
    if !has_tshark() {
        return skip("fixtures against tshark", "tshark not found");
    }
    let all = fixtures();
    let named: Vec<(String, &Path)> = all
        .iter()
        .map(|path| {
            let short = path.strip_prefix(support::root()).expect("in the project");
            (short.to_str().expect("UTF-8").to_owned(), path.as_path())
        })
        .collect();
    compare(&named, |_| None);
}

#[test]
fn differences_that_are_meant_name_captures_that_exist() {
    let all = corpus::captures("differences of the oracle");
    let exact = EXACT.iter().map(|e| (e.why, e.captures.iter().map(|(name, _)| *name).collect()));
    let meant = MEANT.iter().map(|m| (m.why, m.captures.to_vec()));
    let listed: Vec<(&str, Vec<&str>)> = exact.chain(meant).collect();
    for (why, captures) in listed {
        assert!(!captures.is_empty() && why.len() > 20, "no reason: {why}");
        for name in captures {
            let ours = support::root().join(name).is_file();
            let known = ours || all.is_empty() || all.iter().any(|e| e.name.starts_with(name));
            assert!(known, "{name} is nowhere");
        }
    }
}

/// Compares what belongs together. Where the messages themselves differ the tests above say why,
/// and pairs are compared only in what is listed.
fn compare_pairs(named: &[(String, &Path)]) {
    let mut wrong = Vec::new();
    let (mut exchanges, mut compared) = (0, 0);
    for (name, path) in named {
        let (ours, theirs) = both(path);
        if totals(&ours) != totals(&theirs) && paired(name).is_none() {
            continue;
        }
        compared += 1;
        exchanges += ours.values().sum::<u64>();
        let meant = paired(name).unwrap_or_default();
        let differ = (only(&ours, &theirs), only(&theirs, &ours));
        if differ != meant {
            let (here, there) = (lines('+', &ours, &theirs), lines('-', &theirs, &ours));
            wrong.push(format!("{name}: {differ:?}, not {meant:?}\n{here}{there}"));
        }
    }
    say(&format!("oracle: {exchanges} exchanges of {compared} captures compared one by one"));
    assert!(wrong.is_empty(), "exchanges only here, only there\n{}", wrong.join(""));
    assert!(exchanges > 0 || named.is_empty(), "nothing was compared");
}

/// Some exchanges of `bag` that `other` has less often.
fn lines(sign: char, bag: &Bag, other: &Bag) -> String {
    let more = bag.iter().filter(|(e, n)| other.get(e).is_none_or(|m| m < n));
    more.take(8).map(|(e, n)| format!("   {sign} {n} {e:?}\n")).collect()
}

#[test]
fn public_captures_pair_the_requests_and_responses_that_tshark_pairs() {
    if !has_tshark() {
        return skip("pairs against tshark", "tshark not found");
    }
    let all = corpus::captures("the oracle over pairs of the corpus");
    let sample = corpus::sample("oracle", all, SAMPLED, SEED);
    let named: Vec<(String, &Path)> =
        sample.iter().map(|e| (e.name.clone(), e.path.as_path())).collect();
    compare_pairs(&named);
}

#[test]
fn fixtures_pair_the_requests_and_responses_that_tshark_pairs() {
    if !has_tshark() {
        return skip("pairs of fixtures against tshark", "tshark not found");
    }
    let all = fixtures();
    let short = |path: &Path| path.strip_prefix(support::root()).expect("ours").to_owned();
    let named: Vec<(String, &Path)> =
        all.iter().map(|path| (short(path).to_str().expect("UTF-8").into(), &**path)).collect();
    compare_pairs(&named);
}

#[test]
fn pairs_that_are_meant_name_captures_that_exist() {
    let all = corpus::captures("differences of pairs");
    for group in PAIRED {
        assert!(!group.captures.is_empty() && group.why.len() > 20, "no reason: {}", group.why);
        for (name, ..) in group.captures {
            let ours = support::root().join(name).is_file();
            assert!(ours || all.is_empty() || all.iter().any(|e| e.name == *name), "{name}");
        }
    }
}
