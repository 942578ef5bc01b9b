//! One direction of a connection captured ahead of the other, behind it or apart from it, as taps
//! with two outputs and captures of several interfaces do it: who answers whom is told by what each
//! side had heard, so every exchange is paired as it was.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::capture::{self, Frame};
use support::phitap::Lab;
use support::tcp::Conversation;

/// Exchanges of one connection. Every one has a path and a status of its own.
const EXCHANGES: u16 = 20;
const CLIENT: [u8; 4] = [10, 3, 0, 1];
/// Where the IPv4 source stands in an Ethernet frame.
const SOURCE: std::ops::Range<usize> = 26..30;

/// A path of letters: a template keeps it as it is.
fn path(n: u16) -> String {
    let letter = char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
    format!("/go/{}", letter.to_string().repeat(3))
}

fn frames() -> Vec<Frame> {
    let mut talk = Conversation::open("10.3.0.1:40000", "10.3.0.2:80", 1_700_000_000_000_000);
    for n in 0..EXCHANGES {
        let method = if n % 5 == 4 { "HEAD" } else { "GET" };
        talk = talk.ask(format!("{method} {} HTTP/1.1\r\nHost: api.example\r\n\r\n", path(n)));
        let body = if method == "HEAD" { "" } else { "{\"n\":true}" };
        talk = talk.answer(format!(
            "HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{body}",
            210 + n,
        ));
    }
    talk.close()
}

fn by_client(frame: &Frame) -> bool {
    frame.bytes.get(SOURCE) == Some(&CLIENT)
}

/// In the order of `key`; packets of one direction keep theirs.
fn sorted(mut frames: Vec<Frame>, key: impl Fn(&Frame) -> u64) -> Vec<Frame> {
    frames.sort_by_key(key);
    frames
}

/// What the inventory says was answered: status by path, or the halves that it has.
fn paired(lab: &Lab, db: &str) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    for row in lab.query(db, &["endpoints"]) {
        let statuses = row["statuses"].as_object().expect("an object");
        let operation = row["operation"].as_str().unwrap_or_default().to_owned();
        out.insert(operation, statuses.keys().cloned().collect());
    }
    out
}

fn expected() -> BTreeMap<String, Vec<String>> {
    (0..EXCHANGES)
        .map(|n| {
            let method = if n % 5 == 4 { "HEAD" } else { "GET" };
            (format!("{method} {}", path(n)), vec![(210 + n).to_string()])
        })
        .collect()
}

fn replayed(name: &str, inputs: &[Vec<Frame>]) -> BTreeMap<String, Vec<String>> {
    let lab = Lab::default();
    let write = |(n, frames): (usize, &Vec<Frame>)| {
        let path = lab.path(&format!("{n}.pcap"));
        capture::write(&path, frames);
        path
    };
    let paths: Vec<PathBuf> = inputs.iter().enumerate().map(write).collect();
    let paths: Vec<_> = paths.iter().map(PathBuf::as_path).collect();
    lab.replay("skew.db", &paths, &[]).expect(0);
    let coverage = lab.query("skew.db", &["coverage"]);
    let all = coverage.iter().find(|row| row["scope"] == "all").expect("an account");
    assert_eq!(all["balanced"], true, "{name}: {all}");
    paired(&lab, "skew.db")
}

#[test]
fn exchanges_are_paired_whichever_direction_was_captured_first() {
    let frames = frames();
    assert_eq!(replayed("as it was", std::slice::from_ref(&frames)), expected());
    for ahead_us in [200, 700, 1_500, 5_000, 50_000, 400_000] {
        for client_first in [false, true] {
            let key = |frame: &Frame| {
                let late = u64::from(by_client(frame) != client_first);
                frame.at_us + late * ahead_us
            };
            let name = format!("{ahead_us} us ahead, client first: {client_first}");
            // Packets are in the order of their keys and keep the times at which they were sent,
            // or have the times of a clock that differs.
            let shuffled = sorted(frames.clone(), key);
            assert_eq!(replayed(&name, std::slice::from_ref(&shuffled)), expected(), "{name}");
            let moved = shuffled.iter().map(|f| Frame { at_us: key(f), ..f.clone() }).collect();
            assert_eq!(replayed(&name, &[moved]), expected(), "{name}, by its clock");
        }
    }
}

#[test]
fn two_files_one_for_each_direction_are_one_conversation() {
    let (client, server): (Vec<_>, Vec<_>) = frames().into_iter().partition(by_client);
    assert_eq!(replayed("tx, rx", &[client.clone(), server.clone()]), expected());
    assert_eq!(replayed("rx, tx", &[server, client]), expected());
}

#[test]
fn the_first_packets_in_the_wrong_order_shift_nothing() {
    // The server's handshake and its first response stand before all that the client sent.
    let frames = frames();
    let first: Vec<usize> =
        (0..frames.len()).filter(|at| !by_client(&frames[*at])).take(2).collect();
    let early = first.iter().map(|at| frames[*at].clone());
    let rest = frames.iter().enumerate().filter(|(at, _)| !first.contains(at));
    let order = early.chain(rest.map(|(_, frame)| frame.clone())).collect();
    assert_eq!(replayed("server first", &[order]), expected());
}

/// A long conversation in which every direction has far more packets than may run ahead.
fn long() -> Vec<Frame> {
    let mut talk = Conversation::open("10.3.0.1:40000", "10.3.0.2:80", 1_700_000_000_000_000);
    for n in 0..300 {
        let path = path(n);
        talk = talk
            .ask(format!("POST {path} HTTP/1.1\r\nHost: api.example\r\nContent-Length: 2\r\n\r\n"));
        talk = talk.ask("{}");
        let body = format!("{{\"n\":{n},\"ssn\":\"536-22-{:04}\"}}", 1000 + n);
        talk = talk.answer(format!(
            "HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            210 + n % 26,
            body.len(),
        ));
    }
    talk.close()
}

#[test]
fn files_of_one_direction_each_are_read_as_the_one_they_were_merged_from() {
    let lab = Lab::default();
    let file = |name: &str, frames: &[Frame]| {
        let path = lab.path(name);
        capture::write(&path, frames);
        path
    };
    let frames = long();
    let (client, server): (Vec<_>, Vec<_>) = frames.iter().cloned().partition(by_client);
    // A third that begins when the others are over.
    let mut later = long();
    later.iter_mut().for_each(|frame| frame.at_us += 3_600_000_000);
    let all: Vec<Frame> = frames.iter().chain(&later).cloned().collect();
    let whole = file("whole.pcap", &all);
    let parts = [file("later.pcap", &later), file("rx.pcap", &server), file("tx.pcap", &client)];
    let parts = parts.each_ref().map(PathBuf::as_path);
    lab.replay("whole.db", &[&whole], &["--workers", "0"]).expect(0);
    let expected = lab.digest("whole.db");
    for workers in ["0", "1", "2", "8"] {
        let db = format!("merged-{workers}.db");
        lab.replay(&db, &parts, &["--merge", "--workers", workers]).expect(0);
        assert_eq!(lab.digest(&db), expected, "{workers} workers");
        let rows = lab.query(&db, &["coverage"]);
        let seen = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row["input"].as_str().is_some_and(|input| input.ends_with(name)));
            let row = row.unwrap_or_else(|| panic!("no {name} in {rows:#?}"));
            assert_eq!(row["balanced"], true, "{row}");
            row["seen"].as_u64().expect("a number")
        };
        let packets = [seen("later.pcap"), seen("rx.pcap"), seen("tx.pcap")];
        assert_eq!(packets, [later.len(), server.len(), client.len()].map(|n| n as u64));
    }
    // Known again, like any capture.
    let again = lab.replay("merged-0.db", &parts, &["--merge"]).expect(0);
    assert!(again.stderr.contains("is in the inventory already"), "{}", again.stderr);
    // Read one after the other, answers stand without their requests.
    let apart = lab.replay("apart.db", &parts, &["--workers", "0"]).expect(0);
    assert_ne!(lab.digest("apart.db"), expected);
    // Which is said, with what to do about it.
    let [_, rx, tx] = parts.map(|path| path.display().to_string());
    let said = apart.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("lie in different captures"), "{}", apart.stdout);
    assert!(apart.stdout.contains("replay --merge --db merged.db"), "{}", apart.stdout);
    let two =
        lab.replay("two.db", &[Path::new(&rx), Path::new(&tx)], &["--workers", "0"]).expect(0);
    let command = format!("phitap replay --merge --db merged.db {rx} {tx}");
    assert!(two.stdout.contains(&command), "{command} in {}", two.stdout);
    // Not of one capture, whole or with one direction, nor where both came together.
    for (name, capture) in [("one.db", &*whole), ("half.db", Path::new(&rx))] {
        let told = lab.replay(name, &[capture], &[]).expect(0).stdout;
        assert!(!told.contains("--merge"), "{told}");
    }
    let merged = lab.replay("both.db", &[Path::new(&tx), Path::new(&rx)], &["--merge"]).expect(0);
    assert!(!merged.stdout.contains("--merge"), "{}", merged.stdout);
}

#[test]
fn packets_that_went_by_turns_to_two_files_are_one_conversation_when_they_are_merged() {
    let lab = Lab::default();
    let frames = frames();
    // Each packet in the file of its turn, so that both always have the next but one.
    let (even, odd): (Vec<_>, Vec<_>) =
        frames.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 0);
    let only = |frames: Vec<(usize, Frame)>| frames.into_iter().map(|(_, f)| f).collect::<Vec<_>>();
    let paths = [("even.pcap", only(even)), ("odd.pcap", only(odd))].map(|(name, frames)| {
        let path = lab.path(name);
        capture::write(&path, &frames);
        path
    });
    let paths = paths.each_ref().map(PathBuf::as_path);
    lab.replay("skew.db", &paths, &["--merge"]).expect(0);
    assert_eq!(paired(&lab, "skew.db"), expected());
}
