//! Real captures, where they are at hand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::capture::file::FileSource;
use crate::capture::source::{Next, PacketSource};

/// `$PHITAP_CORPUS`, or the corpus beside the project.
fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("PHITAP_CORPUS").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = named.unwrap_or_else(beside);
    folder.join("pcap/EXPECTED.tsv").is_file().then_some(folder)
}

const CUSTOM: &str = "Wireshark lists custom blocks as frames; they are no packets";

/// Captures whose count is meant to differ: end of the name, our count, the reason.
const DIFFERENT: [(&str, u64, &str); 5] = [
    ("bug-6875-01/fuzz.pcap", 1, "Wireshark guesses another record layout; libpcap counts 1 too"),
    ("test017.pcapng", 0, CUSTOM),
    ("test018.pcapng", 4, CUSTOM),
    ("test102.pcapng", 5, CUSTOM),
    ("test202.pcapng", 8, CUSTOM),
];

#[test]
fn every_corpus_capture_has_the_expected_number_of_packets() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIP: packet counts of the corpus (corpus not found)");
        return;
    };
    let table = std::fs::read_to_string(corpus.join("pcap/EXPECTED.tsv")).unwrap();
    let mut rows = table.lines().filter(|line| !line.starts_with('#'));
    let column = rows.next().unwrap().split('\t').position(|name| name == "frames").unwrap();
    let (mut files, mut wrong) = (0, Vec::new());
    let mut unused = BTreeSet::from(DIFFERENT.map(|(name, ..)| name));
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let (file, expected) = (cells[0], cells[column].parse::<u64>().unwrap());
        let different = DIFFERENT.iter().find(|(name, ..)| file.ends_with(name));
        let expected = different.map_or(expected, |(name, ours, _)| {
            unused.remove(name);
            *ours
        });
        let counted = FileSource::open(&corpus.join("pcap").join(file)).map(|mut source| {
            let mut count = 0u64;
            while let Next::Packet(_) = source.next_packet().unwrap() {
                count += 1;
            }
            (count, source.incomplete().cloned())
        });
        files += 1;
        if !matches!(&counted, Ok((count, _)) if *count == expected) {
            wrong.push(format!("{file}: expected {expected}, got {counted:?}"));
        }
    }
    assert!(files > 0 && wrong.is_empty(), "{files} files\n{}", wrong.join("\n"));
    assert!(unused.is_empty(), "exceptions for no file: {unused:?}");
}
