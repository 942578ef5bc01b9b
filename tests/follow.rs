//! Rotating captures, read while they are written: the result is that of reading them afterwards.

mod support;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use phitap::base::clock::Stopwatch;

use support::capture;
use support::fixture;
use support::phitap::Lab;

fn append(path: &Path, bytes: &[u8]) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).expect("written");
}

fn follow(lab: &Lab) -> Following {
    let mut command = lab.command(["replay", "--follow", "ring", "--no-progress", "--key-file"]);
    command.arg(lab.path("key")).args(["--db", "follow.db"]);
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("following") {
        line.clear();
        assert!(told.read_line(&mut line).expect("it speaks") > 0, "it ended at once");
    }
    std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
    Following(child)
}

/// Ends with the test, whatever comes of it.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn end(following: Following) -> Option<i32> {
    end_by("TERM", following)
}

fn end_by(signal: &str, mut following: Following) -> Option<i32> {
    send(signal, &following);
    following.0.wait().expect("a child").code()
}

fn send(signal: &str, following: &Following) {
    let id = following.0.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().expect("kill runs").success());
}

/// The inputs that the database knows, with their packets.
fn inputs(lab: &Lab) -> Vec<(String, u64)> {
    let sql = "SELECT name, seen FROM v_coverage ORDER BY name";
    let ran = lab.run(["sql", sql, "--db", "follow.db", "--format", "json"]);
    let rows = if ran.code == Some(0) { ran.rows() } else { Vec::new() };
    let row = |row: &serde_json::Value| {
        let name = row["name"].as_str().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        (name, row["seen"].as_u64().unwrap_or_default())
    };
    rows.iter().map(row).collect()
}

#[track_caller]
fn until(lab: &Lab, what: &str, is: impl Fn(&[(String, u64)]) -> bool) {
    let begun = Stopwatch::start();
    while begun.elapsed() < Duration::from_secs(30) {
        if is(&inputs(lab)) {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("not within 30 seconds: {what}; {:?}", inputs(lab));
}

/// The clinic's capture in `count` files; flows go on from one to the next.
fn rotated(lab: &Lab, count: usize) -> Vec<(PathBuf, Vec<u8>)> {
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture");
    let parts = frames.chunks(frames.len().div_ceil(count));
    parts
        .enumerate()
        .map(|(n, part)| (lab.path(&format!("ring/{n:03}.pcap")), capture::pcap(part)))
        .collect()
}

#[test]
fn files_that_grow_rotate_and_go_away_are_read_as_if_they_had_been_there() {
    let lab = Lab::default();
    for folder in ["ring", "whole"] {
        std::fs::create_dir(lab.path(folder)).expect("a folder");
    }
    let files = rotated(&lab, 3);
    for (path, bytes) in &files {
        let name = path.file_name().expect("a name");
        std::fs::write(lab.path("whole").join(name), bytes).expect("written");
    }
    lab.replay("whole.db", &[&lab.path("whole")], &[]).expect(0);

    let (first, rest) = files.split_first().expect("three");
    let child = follow(&lab);
    // Inside the file's header, inside a record's header, inside a record.
    let mut from = 0;
    for to in [7, 24 + 5, 24 + 16 + 3, first.1.len() / 2, first.1.len()] {
        append(&first.0, &first.1[from..to]);
        from = to;
        std::thread::park_timeout(Duration::from_millis(60));
    }
    let all = |bytes: &[u8], name: &str| {
        let path = lab.path(name);
        std::fs::write(&path, bytes).expect("written");
        capture::read(&path).expect("ours").len() as u64
    };
    let packets = all(&first.1, "first");
    until(&lab, "the first file is read while it is open", |inputs| {
        inputs == [("000.pcap".to_owned(), packets)]
    });
    for (path, bytes) in rest {
        for part in bytes.chunks(bytes.len() / 3 + 1) {
            append(path, part);
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
    until(&lab, "later files are read", |inputs| inputs.len() == 3);
    // Rotation removes what is old.
    std::fs::remove_file(&first.0).expect("ours");
    let last = all(&files[2].1, "last");
    until(&lab, "the last file is read", |inputs| {
        inputs.last().is_some_and(|(_, seen)| *seen == last)
    });
    assert_eq!(end(child), Some(0));
    assert_eq!(lab.digest("follow.db"), lab.digest("whole.db"));
    let rows = lab.query("follow.db", &["coverage"]);
    let total = rows.iter().find(|row| row["scope"] == "all").expect("a total");
    assert_eq!(total["balanced"], true, "{total}");
}

#[test]
fn what_the_inventory_has_is_not_read_again() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let files = rotated(&lab, 3);
    for (path, bytes) in &files[..2] {
        append(path, bytes);
    }
    lab.replay("follow.db", &[&files[0].0], &[]).expect(0);
    let child = follow(&lab);
    until(&lab, "the second file is read", |inputs| inputs.len() == 2);
    assert_eq!(end(child), Some(0));
    let names: Vec<String> = inputs(&lab).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["000.pcap", "001.pcap"]);
}

/// A capture as dumpcap writes it on several interfaces with a long filter: much stands before its
/// first packet, the same in every file of a ring.
fn with_long_header(frames: &[capture::Frame]) -> Vec<u8> {
    const COMMENT: usize = 3000;
    let plain = capture::pcapng(frames);
    assert_eq!(plain[4..8], 28u32.to_le_bytes(), "a section header without options");
    let length = u32::try_from(28 + 4 + COMMENT + 4).expect("short").to_le_bytes();
    let option =
        [1u16.to_le_bytes(), u16::try_from(COMMENT).expect("short").to_le_bytes()].concat();
    let comment = vec![b'x'; COMMENT];
    [&plain[..4], &length, &plain[8..24], &option, &comment, &[0; 4], &length, &plain[28..]]
        .concat()
}

#[test]
fn captures_that_begin_alike_for_long_are_read_each() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture");
    for (n, part) in frames.chunks(frames.len().div_ceil(4)).enumerate() {
        append(&lab.path(&format!("ring/{n:03}.pcapng")), &with_long_header(part));
    }
    let child = follow(&lab);
    until(&lab, "all of them are read", |inputs| {
        inputs.iter().map(|(_, seen)| *seen).sum::<u64>() == frames.len() as u64
    });
    assert_eq!(end(child), Some(0));
    assert_eq!(inputs(&lab).len(), 4);
}

#[test]
fn following_and_replaying_the_same_files_counts_their_packets_once() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let files = rotated(&lab, 2);
    let packets = |n: usize| {
        std::fs::write(lab.path("all"), &files[n].1).expect("written");
        capture::read(&lab.path("all")).expect("ours").len() as u64
    };
    let (first, last) = (packets(0), packets(1));
    let sum = |inputs: &[(String, u64)]| inputs.iter().map(|(_, seen)| seen).sum::<u64>();
    // Followed to where it had come, which is the middle of a record.
    append(&files[0].0, &files[0].1[..files[0].1.len() / 2 + 3]);
    let child = follow(&lab);
    until(&lab, "the file is read while it is open", |inputs| sum(inputs) > 0);
    std::thread::park_timeout(Duration::from_millis(300));
    assert_eq!(end(child), Some(0));
    let half = sum(&inputs(&lab));
    assert!(half < first, "{half} of {first}");
    // Followed on, it is read on.
    append(&files[0].0, &files[0].1[files[0].1.len() / 2 + 3..]);
    append(&files[1].0, &files[1].1[..files[1].1.len() / 2]);
    let child = follow(&lab);
    until(&lab, "both are read", |inputs| inputs.len() == 3 && sum(inputs) > first);
    std::thread::park_timeout(Duration::from_millis(300));
    assert_eq!(end(child), Some(0));
    // And once more, with a file that a replay has read in part.
    append(&files[1].0, &files[1].1[files[1].1.len() / 2..]);
    let child = follow(&lab);
    until(&lab, "all is read", |inputs| sum(inputs) == first + last);
    assert_eq!(end(child), Some(0));
    // A replay takes the place of all of it, with whole flows.
    lab.replay("follow.db", &[&lab.path("ring")], &[]).expect(0);
    assert_eq!(sum(&inputs(&lab)), first + last);
    lab.replay("whole.db", &[&lab.path("ring")], &[]).expect(0);
    assert_eq!(lab.digest("follow.db"), lab.digest("whole.db"));
    let child = follow(&lab);
    std::thread::park_timeout(Duration::from_millis(500));
    assert_eq!(end(child), Some(0));
    assert_eq!(lab.digest("follow.db"), lab.digest("whole.db"), "what is known is not read again");
}

#[test]
fn what_a_killed_follower_was_reading_is_known_to_the_next_and_to_a_replay() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let files = rotated(&lab, 3);
    let sum = |inputs: &[(String, u64)]| inputs.iter().map(|(_, seen)| seen).sum::<u64>();
    append(&files[0].0, &files[0].1);
    append(&files[1].0, &files[1].1[..files[1].1.len() / 2]);
    let mut child = follow(&lab);
    let told = "SELECT count(*) AS n FROM v_coverage c JOIN input i ON i.id = c.input \
                WHERE i.hash IS NOT NULL";
    let known = || {
        let ran = lab.run(["sql", told, "--db", "follow.db", "--format", "json"]);
        (ran.code == Some(0)).then(|| ran.rows()[0]["n"].as_u64()).flatten()
    };
    until(&lab, "both are told, and which files they are", |_| known() == Some(2));
    child.0.kill().expect("it runs");
    child.0.wait().expect("it ran");
    let before = sum(&inputs(&lab));
    let child = follow(&lab);
    append(&files[1].0, &files[1].1[files[1].1.len() / 2..]);
    append(&files[2].0, &files[2].1);
    let whole = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture").len() as u64;
    until(&lab, "what came since is read", |inputs| sum(inputs) >= whole);
    assert_eq!(end(child), Some(0));
    assert_eq!(sum(&inputs(&lab)), whole, "{before} packets before, and each counted once");
    lab.replay("follow.db", &[&lab.path("ring")], &[]).expect(0);
    lab.replay("whole.db", &[&lab.path("ring")], &[]).expect(0);
    assert_eq!(lab.digest("follow.db"), lab.digest("whole.db"));
}

#[test]
fn what_was_read_with_another_filter_is_told() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let (path, bytes) = rotated(&lab, 2).swap_remove(0);
    append(&path, &bytes);
    lab.replay("follow.db", &[&path], &["--filter", "tcp port 8443"]).expect(0);
    let child = follow(&lab);
    until(&lab, "it is read again", |inputs| inputs.len() == 2);
    assert_eq!(end(child), Some(3), "what both show is counted twice");
    // What it says helps: without a filter all of it is there, once.
    lab.replay("follow.db", &[&lab.path("ring")], &[]).expect(0);
    lab.replay("whole.db", &[&lab.path("ring")], &[]).expect(0);
    assert_eq!(lab.digest("follow.db"), lab.digest("whole.db"));
}

#[test]
fn a_lost_terminal_ends_it_cleanly_and_a_knock_does_nothing() {
    let status = std::fs::read_to_string("/proc/self/status").expect("what the kernel says of us");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask");
    if u64::from_str_radix(ignored.trim(), 16).expect("hexadecimal") & 1 == 1 {
        support::skip("SIGHUP", "the tests run under nohup, and so would the program");
        return;
    }
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let (path, bytes) = rotated(&lab, 3).swap_remove(0);
    let child = follow(&lab);
    send("USR1", &child);
    append(&path, &bytes);
    until(&lab, "the file is read behind the knock", |inputs| inputs.len() == 1);
    assert_eq!(end_by("HUP", child), Some(0));
    assert_eq!(inputs(&lab).len(), 1);
}

#[test]
fn only_one_directory_can_be_followed() {
    let lab = Lab::default();
    let file = lab.file("file", b"");
    for paths in [vec!["-"], vec!["no-such-folder"], vec![file.to_str().expect("UTF-8")]] {
        let ran = lab.run(
            ["replay", "--follow"].iter().chain(&paths.iter().map(|p| &**p).collect::<Vec<_>>()),
        );
        assert!(ran.expect(2).stderr.contains("expected a directory"));
    }
    let ran = lab.run(["replay", "--follow", ".", "."]).expect(2);
    assert!(ran.stderr.contains("one directory"), "{ran:?}");
}
