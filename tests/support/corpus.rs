//! Captures of public projects, where they are there; they are not part of the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::rng::Rng;

/// One capture, with what Wireshark says of it.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its path below the corpus' `pcap` folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it shows, words with commas between them: `tls`.
    pub tags: String,
    /// HTTP requests over TCP.
    pub requests: u64,
    /// HTTP responses over TCP.
    pub responses: u64,
    /// Packets.
    pub frames: u64,
    /// What is known about the file.
    pub notes: String,
}

/// The folder with the captures: `PHITAP_CORPUS`, else beside the project.
pub fn folder() -> Option<PathBuf> {
    let corpus = std::env::var_os("PHITAP_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| super::root().join("../shared/corpus"));
    let pcap = corpus.join("pcap");
    pcap.join("EXPECTED.tsv").is_file().then_some(pcap)
}

/// Another folder of the corpus; none, said aloud, where there is no corpus.
pub fn dir(part: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("PHITAP_CORPUS").map(PathBuf::from);
    let dir = corpus.unwrap_or_else(|| super::root().join("../shared/corpus")).join(part);
    if !dir.is_dir() {
        super::skip(part, "corpus not found; PHITAP_CORPUS names its folder");
        return None;
    }
    Some(dir)
}

/// Every capture of the corpus, by name; none, said aloud, where there is no corpus.
pub fn captures(test: &str) -> Vec<Expected> {
    let Some(folder) = folder() else {
        super::skip(test, "corpus not found; PHITAP_CORPUS names its folder");
        return Vec::new();
    };
    let text = std::fs::read_to_string(folder.join("EXPECTED.tsv")).expect("EXPECTED.tsv");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().expect("a header line");
    let places: BTreeMap<&str, usize> =
        header.split('\t').enumerate().map(|(at, name)| (name, at)).collect();
    let mut found: Vec<Expected> = lines.map(|line| expected(&folder, &places, line)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn expected(folder: &Path, places: &BTreeMap<&str, usize>, line: &str) -> Expected {
    let cells: Vec<&str> = line.split('\t').collect();
    let cell = |name: &str| cells.get(places[name]).copied().unwrap_or_default();
    let number = |name: &str| cell(name).parse().unwrap_or(0);
    Expected {
        name: cell("file").to_owned(),
        path: folder.join(cell("file")),
        tags: cell("protocol_tags").to_owned(),
        requests: number("tshark_http_request"),
        responses: number("tshark_http_response"),
        frames: number("frames"),
        notes: cell("notes").to_owned(),
    }
}

/// All of them when `PHITAP_FULL=1`, else `count` chosen by `seed`; says so.
pub fn sample(test: &str, mut all: Vec<Expected>, count: usize, seed: u64) -> Vec<Expected> {
    if std::env::var("PHITAP_FULL").is_ok_and(|v| v == "1") || all.len() <= count {
        return all;
    }
    super::say(&format!("{test}: {count} of {} captures; PHITAP_FULL=1 takes all", all.len()));
    Rng::new(seed).shuffle(&mut all);
    all.truncate(count);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
