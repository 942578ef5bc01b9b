//! Every public capture is replayed: nothing panics, and every packet is accounted for.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use support::corpus::{self, Expected};
use support::phitap::{Lab, Ran};
use support::{fixtures, say};

/// Captures a process reads; one process each would spend its time starting.
const GROUP: usize = 16;

/// Captures in which Wireshark counts other packets than there are, or we read fewer, and why.
const FRAMES_DIFFER: &[(&str, &str)] = &[
    (
        "OISF+suricata-verify/tests/bug-6875-01/fuzz.pcap",
        "the second record claims 1.4 GB; Wireshark shows it with what is left of the file",
    ),
    ("google+gopacket/pcapgo/tests/be/test102.pcapng", CUSTOM_BLOCKS),
    ("google+gopacket/pcapgo/tests/be/test202.pcapng", CUSTOM_BLOCKS),
    ("google+gopacket/pcapgo/tests/le/test102.pcapng", CUSTOM_BLOCKS),
    ("google+gopacket/pcapgo/tests/le/test202.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_be/advanced/test102.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_be/basic/test017.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_be/basic/test018.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_be/difficult/test202.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_le/advanced/test102.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_le/basic/test017.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_le/basic/test018.pcapng", CUSTOM_BLOCKS),
    ("hadrielk+pcapng-test-generator/output_le/difficult/test202.pcapng", CUSTOM_BLOCKS),
];
const CUSTOM_BLOCKS: &str = "Wireshark counts custom blocks as packets; they carry none";

fn broke(ran: &Ran) -> Option<String> {
    let panicked = ran.stderr.contains("internal error") || ran.stderr.contains("panicked");
    match ran.code {
        Some(0 | 2 | 3) if !panicked => None,
        _ => Some(format!("exit {:?}: {}{}", ran.code, ran.stdout, ran.stderr)),
    }
}

/// `seen` of each input by its path, with the accounting identity checked on the way.
fn accounts(lab: &Lab, db: &str, wrong: &mut Vec<String>) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    for row in lab.query(db, &["coverage"]) {
        let Some(input) = row["input"].as_str() else { continue };
        let number = |key: &str| row[key].as_u64().unwrap_or(0);
        let sum = |key: &str| match &row[key] {
            Value::Object(reasons) => reasons.values().filter_map(Value::as_u64).sum(),
            other => other.as_u64().unwrap_or(0),
        };
        let parts: u64 =
            ["analysed", "duplicate", "filtered", "skipped", "malformed", "shed", "dropped"]
                .map(sum)
                .iter()
                .sum();
        if parts != number("seen") {
            wrong.push(format!("{input}: {parts} packets accounted for of {row}"));
        }
        // What the recorder lost is seen to be lost, and no frame of the file.
        seen.insert(input.to_owned(), number("seen") - number("dropped"));
    }
    seen
}

fn replay_group(group: &[Expected]) -> Vec<String> {
    let lab = Lab::default();
    let mut wrong = Vec::new();
    let paths: Vec<&Path> = group.iter().map(|e| e.path.as_path()).collect();
    let ran = lab.replay("c.db", &paths, &["--again"]);
    if broke(&ran).is_some() {
        for one in group {
            let alone = Lab::default().replay("c.db", &[&one.path], &["--again"]);
            wrong.extend(broke(&alone).map(|how| format!("{}: {how}", one.name)));
        }
        if wrong.is_empty() {
            wrong.push(format!(
                "{} and the {} after it together: {ran:#?}",
                group[0].name,
                group.len()
            ));
        }
        return wrong;
    }
    let unusable = ran.code == Some(2);
    let seen = if unusable { BTreeMap::new() } else { accounts(&lab, "c.db", &mut wrong) };
    for one in group {
        let meant = FRAMES_DIFFER.iter().any(|(name, _)| *name == one.name);
        let path = one.path.to_str().expect("a path in UTF-8");
        match seen.get(path) {
            n if meant == (n.copied().unwrap_or(0) != one.frames) => {}
            n => wrong.push(format!("{}: {n:?} packets, Wireshark sees {}", one.name, one.frames)),
        }
    }
    wrong
}

#[test]
fn every_public_capture_is_read_to_its_end_and_accounted_for() {
    let all = corpus::captures("every capture of the corpus");
    let groups: Vec<&[Expected]> = all.chunks(GROUP).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(group) =
                    groups.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let found = replay_group(group);
                    wrong.lock().expect("no thread panicked").extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panicked");
    assert!(wrong.is_empty(), "{} captures\n{}", wrong.len(), wrong.join("\n"));
    say(&format!("corpus: {} captures read", all.len()));
}

#[test]
fn captures_named_as_exceptions_exist_and_have_a_reason() {
    let all = corpus::captures("exceptions of the corpus");
    for (name, reason) in FRAMES_DIFFER {
        assert!(
            all.is_empty() || all.iter().any(|e| e.name == *name),
            "{name} is not in the corpus"
        );
        assert!(!reason.is_empty(), "{name} needs a reason");
    }
}

#[test]
fn every_fixture_is_whole_and_accounted_for() {
    for path in fixtures() {
        let lab = Lab::default();
        lab.replay("f.db", &[&path], &[]).expect(0);
        let mut wrong = Vec::new();
        let seen = accounts(&lab, "f.db", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
        let frames = support::capture::read(&path).expect("a whole pcap").len() as u64;
        assert_eq!(seen.values().sum::<u64>(), frames, "{}", path.display());
    }
}
