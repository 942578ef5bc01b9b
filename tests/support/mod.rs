//! What the tests of the whole program share: captures made to measure, the program run as a user
//! runs it, and the corpus of public captures where it is there.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of this")]

pub mod capture;
pub mod certificates;
pub mod corpus;
pub mod exact;
pub mod exchanges;
pub mod live;
pub mod meant;
pub mod paired;
pub mod phitap;
pub mod planted;
pub mod recut;
pub mod rng;
pub mod said;
pub mod script;
pub mod stdnum;
pub mod streams;
pub mod tcp;

use std::io::Write;

/// Says something even when the test passes: the harness shows what tests print only on failure.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Says that something was not tested, and why.
pub fn skip(what: &str, why: &str) {
    say(&format!("SKIP: {what} ({why})"));
}

/// The project's folder.
pub fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A capture of the project.
pub fn fixture(name: &str) -> std::path::PathBuf {
    let path = root().join("fixtures").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// Every capture of the project, by name.
pub fn fixtures() -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = walkdir::WalkDir::new(root().join("fixtures"))
        .into_iter()
        .map(|entry| entry.expect("fixtures can be listed").into_path())
        // What evaders play is read differently by design; `tests/evasion.rs` has what is expected.
        .filter(|path| !path.starts_with(root().join("fixtures/evasion")))
        .filter(|path| path.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are no fixtures");
    found
}
