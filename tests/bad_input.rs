//! What cannot be used is refused in one clear line that names it, with the exit code users may
//! rely on, and nothing that was stored before is lost.

mod support;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use support::capture::{self, pcap};
use support::fixture;
use support::phitap::{Lab, Ran};

const USAGE: i32 = 2;
const INCOMPLETE: i32 = 3;
const FAILED: i32 = 4;

/// A folder whose database `db` holds one capture.
fn stored() -> (Lab, String) {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
    let digest = lab.digest("db");
    (lab, digest)
}

/// The one line on standard error, which has all `words`.
#[track_caller]
fn one_line(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "exit code; {ran:#?}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "one line: {ran:#?}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} is not named: {ran:#?}");
    }
}

/// Replays `inputs` into what is stored: refused with one line, and the inventory stays.
#[track_caller]
fn refused(inputs: &[&Path], more: &[&str], (code, words): (i32, &[&str])) {
    let (lab, digest) = stored();
    let ran = lab.replay("db", inputs, more);
    one_line(&ran, code, words);
    assert_eq!(lab.digest("db"), digest, "what was stored changed");
}

fn clinic() -> Vec<u8> {
    std::fs::read(fixture("clinic/clinic.pcap")).expect("a fixture")
}

#[test]
fn an_empty_file_is_refused() {
    let lab = Lab::default();
    let empty = lab.file("empty.pcap", b"");
    refused(&[&empty], &[], (USAGE, &["empty.pcap", "empty"]));
}

#[test]
fn a_file_that_is_no_capture_is_refused() {
    let lab = Lab::default();
    let text = lab.file("notes.pcap", "This is a letter and no capture at all.\n".repeat(9));
    refused(&[&text], &[], (USAGE, &["notes.pcap", "pcap"]));
    let zip =
        lab.file("packed.pcap.gz", gzip(b"no capture in here either, whatever its name says"));
    refused(&[&zip], &[], (USAGE, &["packed.pcap.gz"]));
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    refused(&[Path::new("nowhere/at-all.pcap")], &[], (USAGE, &["nowhere/at-all.pcap"]));
}

#[test]
fn a_pipe_that_holds_no_capture_leaves_nothing() {
    for bytes in [&b""[..], b"hello\n", b"this is a letter and no capture at all\n"] {
        let lab = Lab::default();
        let args = lab.replay_args("db", &[Path::new("-")], &[]);
        let mut command = lab.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        // It may be gone before all is written.
        let _ = child.stdin.take().expect("a pipe").write_all(bytes);
        let ran = Ran::of(&child.wait_with_output().expect("it ends"));
        one_line(&ran, USAGE, &["-"]);
        assert_eq!(ran.stdout, "", "no summary of nothing");
        assert!(!lab.path("db").exists(), "nothing is made");
    }
}

#[test]
fn what_is_wrong_with_an_option_is_one_line() {
    let lab = Lab::default();
    for (args, words) in [
        (&["capture"][..], &["--interface"][..]),
        (&["replay", "a.pcap", "--reveal"], &["--events"]),
        (&["endpoints", "--format", "xml"], &["xml", "--format", "jsonl"]),
        (&["endpoints", "--formt", "csv"], &["--formt", "tip: ", "--format"]),
        (&["endpoint"], &["endpoint", "endpoints"]),
        (&["replay", "a.pcap", "--workers", "many"], &["many", "--workers"]),
    ] {
        one_line(&lab.run(args), USAGE, words);
    }
    assert!(lab.run(["--help"]).expect(0).stdout.contains("Usage: "));
    assert!(lab.run(["--version"]).expect(0).stdout.starts_with("phitap "));
}

#[test]
fn a_directory_without_captures_is_refused() {
    let lab = Lab::default();
    let folder = lab.path("letters");
    std::fs::create_dir_all(folder.join("old")).expect("a folder");
    refused(&[&folder], &[], (USAGE, &["letters"]));
    std::fs::write(folder.join("dear.txt"), "Dear Ms Roe,").expect("a letter");
    refused(&[&folder], &[], (USAGE, &["letters", "files looked at: 1"]));
}

#[test]
fn standard_input_that_is_no_capture_is_refused() {
    let (lab, digest) = stored();
    let mut command = lab.command(lab.replay_args("db", &[Path::new("-")], &[]));
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    // It may look at the first bytes only and close the pipe.
    let _ = child.stdin.take().expect("a pipe").write_all(b"no capture, but a long line of text\n");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(USAGE), "{output:?}");
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn what_precedes_a_cut_is_kept() {
    let whole = clinic();
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a pcap");
    let kept = frames.len() / 2;
    let before = pcap(&frames[..kept]).len();
    let expected = Lab::default();
    let half = expected.file("half.pcap", pcap(&frames[..kept]));
    expected.replay("db", &[&half], &[]).expect(0);
    for (what, cut) in [("inside a record's header", 5), ("inside a frame", 16 + 30)] {
        let lab = Lab::default();
        let path = lab.file("cut.pcap", &whole[..before + cut]);
        let ran = lab.replay("db", &[&path], &[]);
        one_line(&ran, INCOMPLETE, &["cut.pcap", &before.to_string()]);
        assert_eq!(lab.digest("db"), expected.digest("db"), "{what}");
        let inputs = lab.query("db", &["coverage"]);
        let input = inputs.iter().find(|row| row["scope"] == "input").expect("a row per input");
        assert_eq!(input["seen"].as_u64(), Some(kept as u64), "{what}: {input}");
        assert_eq!(input["state"], "partial", "{what}: {input}");
    }
}

#[test]
fn what_precedes_a_cut_in_a_compressed_capture_is_kept() {
    for (name, packed) in [("cut.pcap.gz", gzip(&clinic())), ("cut.pcap.zst", zstandard(&clinic()))]
    {
        let lab = Lab::default();
        let path = lab.file(name, &packed[..packed.len() * 2 / 3]);
        let ran = lab.replay("db", &[&path], &[]);
        one_line(&ran, INCOMPLETE, &[name]);
        let rows = lab.query("db", &["endpoints"]);
        assert!(rows.len() > 3, "{name}: what precedes the cut is there: {rows:?}");
        // The whole file replaces what was seen of its beginning.
        let whole = lab.file(name, &packed);
        lab.replay("db", &[&whole], &[]).expect(0);
    }
}

#[test]
fn a_capture_that_was_cut_and_is_whole_now_replaces_its_beginning() {
    let (lab, whole) = (Lab::default(), clinic());
    let path = lab.file("growing.pcap", &whole[..whole.len() - 7]);
    lab.replay("db", &[&path], &[]).expect(INCOMPLETE);
    let partial = lab.replay("db", &[&path], &[]);
    assert_eq!(partial.code, Some(INCOMPLETE), "a partial input is read again: {partial:#?}");
    let other = lab.file("other.pcap", &whole);
    lab.replay("once", &[&other], &[]).expect(0);
    lab.file("growing.pcap", &whole);
    lab.replay("db", &[&path], &[]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
    // The same file again is known and changes nothing.
    let again = lab.replay("db", &[&path], &[]).expect(0);
    assert!(again.stderr.contains("--again"), "{again:#?}");
    assert_eq!(lab.digest("db"), lab.digest("once"));
}

#[test]
fn a_capture_that_grew_is_counted_once_and_another_of_its_name_beside_it() {
    let (lab, whole) = (Lab::default(), clinic());
    let other = lab.file("other.pcap", &whole);
    lab.replay("once", &[&other], &[]).expect(0);
    // At the end of a packet: what was there was whole.
    let path = lab.file("growing.pcap", &whole[..end_of_packet(&whole, 500)]);
    lab.replay("db", &[&path], &[]).expect(0);
    assert_ne!(lab.digest("db"), lab.digest("once"));
    lab.file("growing.pcap", &whole);
    lab.replay("db", &[&path], &[]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
    // A file that begins otherwise replaces nothing.
    let inputs = || {
        let rows = lab.query("db", &["coverage", "--input", "growing"]);
        rows.iter().filter(|row| row["scope"] == "input").count()
    };
    assert_eq!(inputs(), 1);
    let mut changed = whole.clone();
    changed[30] ^= 1;
    changed.extend_from_slice(&whole[24..end_of_packet(&whole, 1)]);
    lab.file("growing.pcap", &changed);
    lab.replay("db", &[&path], &[]).expect(0);
    assert_eq!(inputs(), 2);
}

#[test]
fn a_capture_that_grew_beside_others_replaces_their_run_or_nothing_is_lost() {
    let (lab, whole) = (Lab::default(), clinic());
    let other = std::fs::read(fixture("ipv6-vlan/ipv6-vlan.pcap")).expect("a fixture");
    let (one, two) = (lab.file("one.pcap", &other), lab.file("two.pcap", &whole));
    lab.replay("once", &[&one, &two], &[]).expect(0);
    lab.file("two.pcap", &whole[..end_of_packet(&whole, 500)]);
    lab.replay("db", &[&one, &two], &[]).expect(0);
    let before = lab.query("db", &["services"]).len();
    lab.file("two.pcap", &whole);
    // Only the one that grew: the run holds more, so that it stays, and what is new is read on
    // behind it.
    lab.file("copy.db", std::fs::read(lab.path("db")).expect("a database"));
    let ran = lab.replay("copy.db", &[&two], &[]).expect(0);
    assert!(ran.stderr.contains("one.pcap") && ran.stderr.contains("read on"), "{ran:#?}");
    let total = lab.query("copy.db", &["coverage"]).swap_remove(0);
    let packets =
        capture::read(&one).expect("ours").len() + capture::read(&two).expect("ours").len();
    assert_eq!(total["seen"].as_u64(), Some(packets as u64), "each once: {total}");
    assert!(lab.query("copy.db", &["services"]).len() >= before);
    let seen = lab.query("copy.db", &["coverage", "--input", "one.pcap"]);
    assert!(seen.iter().any(|row| row["scope"] == "input"), "what was stored is there");
    // Once it is counted it is known, and nothing is counted again.
    let ran = lab.replay("copy.db", &[&two], &[]).expect(0);
    assert!(ran.stderr.contains("--again"), "{ran:#?}");
    // What it said then helps: both runs give way to one.
    lab.replay("copy.db", &[&one, &two], &[]).expect(0);
    assert_eq!(lab.digest("copy.db"), lab.digest("once"));
    // All of them: the run is replaced, also where the path is written otherwise.
    let dotted = lab.path("").join(".").join("two.pcap");
    lab.replay("db", &[&one, &dotted], &[]).expect(0);
    let rows = lab.query("db", &["coverage"]);
    let inputs: Vec<_> = rows.iter().filter(|row| row["scope"] == "input").collect();
    assert_eq!(inputs.len(), 2, "{inputs:#?}");
    assert_eq!(lab.digest("db"), lab.digest("once"));
}

#[test]
fn a_filter_replaces_nothing_that_was_read_without_it() {
    let (lab, whole) = (Lab::default(), clinic());
    let path = lab.file("growing.pcap", &whole[..end_of_packet(&whole, 500)]);
    lab.replay("db", &[&path], &[]).expect(0);
    let before = lab.query("db", &["services"]).len();
    lab.file("growing.pcap", &whole);
    let ran = lab.replay("db", &[&path], &["--filter", "host 192.0.2.77"]).expect(0);
    assert!(ran.stderr.contains("first 500 packets"), "{ran:#?}");
    assert_eq!(lab.query("db", &["services"]).len(), before, "nothing stored is lost");
    // What was read with a filter is replaced by the same again.
    let filter = ["--filter", "tcp port 8080"];
    lab.file("growing.pcap", &whole[..whole.len() - 7]);
    lab.replay("other", &[&path], &filter).expect(INCOMPLETE);
    let once = lab.digest("other");
    lab.replay("other", &[&path], &filter).expect(INCOMPLETE);
    assert_eq!(lab.digest("other"), once);
}

#[test]
fn a_filter_that_leaves_nothing_out_is_the_same_filter_again() {
    let (lab, whole) = (Lab::default(), clinic());
    let path = lab.file("growing.pcap", &whole);
    lab.replay("once", &[&path], &[]).expect(0);
    lab.file("growing.pcap", &whole[..end_of_packet(&whole, 500)]);
    // A blank one leaves nothing out either.
    lab.replay("blank", &[&path], &["--filter", " "]).expect(0);
    let known = lab.replay("blank", &[&path], &["--filter", ""]).expect(0);
    assert!(known.stderr.contains("--again"), "{known:#?}");
    // However it is spaced.
    lab.replay("db", &[&path], &["--filter", "ip or ip6 or arp"]).expect(0);
    lab.file("growing.pcap", &whole);
    lab.replay("db", &[&path], &["--filter", " ip  or ip6 or arp"]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
}

#[test]
fn what_a_filter_left_out_is_read_without_it_and_another_filter_gives_nothing_up() {
    let (lab, whole) = (Lab::default(), clinic());
    let path = lab.file("clinic.pcap", &whole);
    lab.replay("once", &[&path], &[]).expect(0);
    let (few, other) = (["--filter", "tcp port 8443"], ["--filter", "tcp port 8080"]);
    lab.replay("db", &[&path], &few).expect(0);
    let before = lab.digest("db");
    assert_ne!(before, lab.digest("once"));
    let known = lab.replay("db", &[&path], &few).expect(0);
    assert!(known.stderr.contains("--again"), "{known:#?}");
    assert_eq!(lab.digest("db"), before);
    let ran = lab.replay("db", &[&path], &other);
    one_line(&ran, INCOMPLETE, &["with the filter \"tcp port 8443\"", "counted twice"]);
    let rows = lab.query("db", &["coverage"]);
    assert_eq!(rows.iter().filter(|row| row["scope"] == "input").count(), 2, "{rows:#?}");
    // What it says then helps: without a filter all of it is there, once.
    lab.replay("db", &[&path], &[]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
    // And what is there is needed by no filter.
    let known = lab.replay("db", &[&path], &other).expect(0);
    assert!(known.stderr.contains("--again"), "{known:#?}");
}

#[test]
fn captures_of_one_name_in_many_folders_grow_each_by_itself() {
    let (lab, whole) = (Lab::default(), clinic());
    let mut part = whole[..end_of_packet(&whole, 60)].to_vec();
    let mut all = whole[..end_of_packet(&whole, 120)].to_vec();
    for host in 0..20u8 {
        std::fs::create_dir_all(lab.path(&format!("cap/host{host:02}"))).expect("a folder");
        // The first packet's time tells them apart.
        for bytes in [&mut part, &mut all] {
            bytes[24..28].copy_from_slice(&(1_700_000_000 + u32::from(host)).to_le_bytes());
        }
        lab.file(&format!("cap/host{host:02}/traffic.pcap"), &part);
        lab.file(&format!("cap/host{host:02}.whole"), &all);
    }
    let folder = lab.path("cap");
    lab.replay("db", &[&folder], &[]);
    for host in 0..20 {
        let whole = lab.path(&format!("cap/host{host:02}.whole"));
        std::fs::rename(whole, lab.path(&format!("cap/host{host:02}/traffic.pcap"))).expect("ours");
    }
    lab.replay("db", &[&folder], &[]).expect(0);
    let rows = lab.query("db", &["coverage"]);
    assert_eq!(rows.iter().filter(|row| row["scope"] == "input").count(), 20);
    lab.replay("once", &[&folder], &[]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
}

#[test]
fn a_capture_without_packets_is_the_beginning_of_no_other() {
    let (lab, whole) = (Lab::default(), clinic());
    let path = lab.file("cap.pcap", &whole[..24]);
    lab.replay("db", &[&path], &[]).expect(0);
    lab.file("cap.pcap", &whole);
    lab.replay("db", &[&path], &[]).expect(0);
    let rows = lab.query("db", &["coverage", "--input", "cap.pcap"]);
    assert_eq!(rows.iter().filter(|row| row["scope"] == "input").count(), 2, "{rows:#?}");
}

/// Where packet number `count` of a capture ends (pcap, least byte first).
fn end_of_packet(capture: &[u8], count: usize) -> usize {
    (0..count).fold(24, |at, _| {
        let length: [u8; 4] = capture[at + 8..at + 12].try_into().expect("four bytes");
        at + 16 + u32::from_le_bytes(length) as usize
    })
}

#[test]
fn one_bad_input_of_several_does_not_spoil_the_others() {
    let (lab, before) = stored();
    let text = lab.file("letter.txt", "Dear colleague,\n".repeat(20));
    let ran = lab.replay("db", &[&text, &fixture("clinic/clinic.pcap")], &[]);
    one_line(&ran, INCOMPLETE, &["letter.txt"]);
    assert_ne!(lab.digest("db"), before, "the good one is stored");
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let (lab, _) = stored();
    let newer = rusqlite::Connection::open(lab.path("db")).expect("a database");
    newer.pragma_update(None, "user_version", 9_999).expect("our own file");
    newer.close().expect("closes");
    unharmed(&lab, "db", &["db", "9999", "newer"]);
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let lab = Lab::default();
    lab.file("letter", "Dear colleague,\n".repeat(400));
    unharmed(&lab, "letter", &["letter", "phitap database"]);
    let other = rusqlite::Connection::open(lab.path("addresses")).expect("a database");
    other
        .execute_batch("CREATE TABLE address (street TEXT); INSERT INTO address VALUES ('x')")
        .expect("ours");
    other.close().expect("closes");
    unharmed(&lab, "addresses", &["addresses", "phitap database"]);
}

/// Neither a replay nor a query touches `db`; both say `words`.
#[track_caller]
fn unharmed(lab: &Lab, db: &str, words: &[&str]) {
    let before = std::fs::read(lab.path(db)).expect("there");
    one_line(&lab.replay(db, &[&fixture("clinic/clinic.pcap")], &[]), USAGE, words);
    one_line(&lab.run(["endpoints", "--db", db]), USAGE, words);
    one_line(&lab.run(["db", "digest", "--db", db]), USAGE, words);
    assert!(std::fs::read(lab.path(db)).expect("there") == before, "{db} was changed");
}

#[test]
fn a_database_made_with_another_key_is_left_alone() {
    let (lab, digest) = stored();
    lab.key_file("key", [7; 32]);
    let ran = lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]);
    one_line(&ran, USAGE, &["db", "key", "--key-file"]);
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn a_mistyped_key_file_is_told_before_a_key_is_made() {
    let (lab, digest) = stored();
    let clinic = fixture("clinic/clinic.pcap");
    let mistyped = lab.path("kye");
    let args = ["replay", "--no-progress", "--db", "db", "--key-file", "kye"].map(PathBuf::from);
    let ran = lab.run(args.iter().chain([&clinic]));
    one_line(&ran, USAGE, &["db", "made with key", "kye", "--key-file"]);
    assert!(!mistyped.exists(), "a key was made");
    // The usual place is no other.
    let ran = lab.run(["replay", "--no-progress", "--db", "db", clinic.to_str().expect("UTF-8")]);
    one_line(&ran, USAGE, &["db", "made with key", "data/phitap/key"]);
    assert!(!lab.path("data").exists(), "a key was made");
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn a_database_that_may_not_be_read_is_told_without_sqlites_address_of_it() {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let (lab, _) = stored();
    let mode = |name: &str, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(lab.path(name), mode).expect("ours");
    };
    mode("", 0o755);
    mode("db", 0);
    for args in [&["endpoints", "--db", "db"][..], &["sql", "--db", "db", "select 1"]] {
        let mut command = lab.command(args);
        // For root nothing is closed.
        if std::fs::File::open(lab.path("db")).is_ok() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let Ok(output) = command.output() else {
            return support::skip("a database of another user", "the program is out of its reach");
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(USAGE), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("db: permission denied") && said.contains("--db"), "{said}");
        assert!(!said.contains("immutable") && !said.contains("file:"), "{said}");
    }
}

#[test]
fn a_key_that_is_none_or_open_to_others_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (lab, digest) = stored();
    lab.file("key", b"short");
    let clinic = fixture("clinic/clinic.pcap");
    one_line(&lab.replay("db", &[&clinic], &[]), USAGE, &["key"]);
    let key = lab.key_file("key", [0x5a; 32]);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("ours");
    one_line(&lab.replay("db", &[&clinic], &[]), USAGE, &["key", "chmod 600"]);
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn an_unwritable_path_is_told() {
    let lab = Lab::default();
    lab.file("letter", "x");
    let clinic = fixture("clinic/clinic.pcap");
    one_line(&lab.replay("letter/db", &[&clinic], &[]), FAILED, &["letter/db"]);
    one_line(&lab.replay("no/such/folder/db", &[&clinic], &[]), FAILED, &["no/such/folder/db"]);
    let ran = lab.replay("db", &[&clinic], &["--events", "letter/events"]);
    one_line(&ran, FAILED, &["letter/events"]);
}

#[test]
fn events_that_cannot_be_written_to_the_end_are_told() {
    if !Path::new("/dev/full").exists() {
        return support::skip("events on a full disk", "/dev/full not found");
    }
    let lab = Lab::default();
    let ran = lab.replay("db", &[&fixture("clinic/clinic.pcap")], &["--events", "/dev/full"]);
    one_line(&ran, FAILED, &["/dev/full"]);
    assert!(!lab.query("db", &["endpoints"]).is_empty(), "the inventory is there all the same");
}

/// What answers on standard output.
const ANSWERS: [&[&str]; 9] = [
    &["db", "digest", "--db", "db"],
    &["db", "digest", "--export", "--db", "db"],
    &["db", "check", "--db", "db"],
    &["rules", "test"],
    &["rules", "list"],
    &["rules", "list", "--format", "csv"],
    &["findings", "--format", "csv", "--db", "db"],
    &["endpoints", "--format", "json", "--db", "db"],
    &["sql", "--format", "csv", "--db", "db", "select * from v_fields"],
];

#[test]
fn an_answer_that_nobody_reads_to_its_end_is_no_error() {
    let (lab, _) = stored();
    for answer in ANSWERS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let out = lab.command(answer).stdout(writer).output().expect("phitap runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!((out.status.code(), said.as_ref()), (Some(0), ""), "{answer:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_told_in_one_line() {
    if !Path::new("/dev/full").exists() {
        return support::skip("answers on a full disk", "/dev/full not found");
    }
    let (lab, _) = stored();
    for answer in ANSWERS {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let out = lab.command(answer).stdout(full).output().expect("phitap runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(FAILED), "{answer:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{answer:?}: {said}");
        assert!(said.contains("No space left"), "{answer:?}: {said}");
    }
}

#[test]
fn events_never_land_in_what_is_read_or_kept() {
    let (lab, digest) = stored();
    let capture = lab.file("k.pcap", clinic());
    std::fs::create_dir(lab.path("rules")).expect("a folder");
    let rule = "[[rule]]\nid = \"ward.bed\"\n";
    lab.file("rules/ward.toml", rule);
    lab.file("my.toml", "workers = 1\n");
    std::os::unix::fs::symlink("db", lab.path("link")).expect("a link");
    std::os::unix::fs::symlink("new.db", lab.path("to-new")).expect("a link");
    std::fs::hard_link(lab.path("key"), lab.path("twin")).expect("a link");
    let kept = ["db", "k.pcap", "key", "my.toml", "rules/ward.toml"];
    let before = kept.map(|name| std::fs::read(lab.path(name)).expect("a file"));
    for (db, events, what) in [
        ("db", "db", "is the database"),
        ("db", "link", "is the database"),
        ("db", "./rules/../db", "is the database"),
        ("db", "db-wal", "a part of the database"),
        ("db", "db-shm", "a part of the database"),
        ("db", "db-journal", "a part of the database"),
        ("new.db", "new.db", "is the database"),
        ("new.db", "to-new", "is the database"),
        ("db", "k.pcap", "is an input"),
        ("db", "key", "is the key"),
        ("db", "twin", "is the key"),
        ("db", "my.toml", "is the configuration"),
        ("db", "rules/ward.toml", "is a file of rules"),
    ] {
        let more = ["--events", events, "--config", "my.toml"];
        let mut more = more.to_vec();
        // The rule is no whole one: it would be refused for itself.
        if events.starts_with("rules/") {
            lab.file("rules/ward.toml", "off = []\n");
            more.extend(["--rules", "rules"]);
        }
        let ran = lab.replay(db, &[&capture], &more);
        one_line(&ran, USAGE, &["--events", events, what]);
        lab.file("rules/ward.toml", rule);
    }
    assert_eq!(kept.map(|name| std::fs::read(lab.path(name)).expect("a file")), before);
    for name in ["new.db", "db-wal", "db-shm", "db-journal"] {
        assert!(!lab.path(name).exists(), "{name} was made");
    }
    assert_eq!(lab.digest("db"), digest);
    // Nor in a capture or database that this run has nothing to do with.
    std::fs::copy(lab.path("db"), lab.path("other.db")).expect("a copy");
    lab.file("other.pcap", clinic());
    for (events, what) in [("other.db", "is a database"), ("other.pcap", "is a capture")] {
        let there = std::fs::read(lab.path(events)).expect("a file");
        let ran = lab.replay("db", &[&capture], &["--events", events]);
        one_line(&ran, USAGE, &["--events", events, what]);
        assert!(std::fs::read(lab.path(events)).expect("a file") == there, "{events} was changed");
    }
    // The same from the configuration file, and of standard input.
    lab.file("my.toml", "events = \"db\"\n");
    let ran = lab.replay("db", &[&capture], &["--config", "my.toml"]);
    one_line(&ran, USAGE, &["my.toml", "key events", "is the database"]);
    let mut command =
        lab.command(lab.replay_args("db", &[Path::new("-")], &["--events", "k.pcap"]));
    let input = std::fs::File::open(&capture).expect("a file");
    let output = command.stdin(input).output().expect("starts");
    assert_eq!(output.status.code(), Some(USAGE), "{output:?}");
    assert!(std::fs::read(&capture).expect("a file") == clinic(), "the capture was changed");
}

#[test]
fn what_is_handed_over_never_lands_in_what_is_kept() {
    let (lab, digest) = stored();
    lab.file("k.pcap", clinic());
    lab.file("my.toml", "key-file = \"key\"\n");
    lab.replay("other.db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let kept = ["k.pcap", "key", "my.toml", "other.db"];
    let before = kept.map(|name| std::fs::read(lab.path(name)).expect("a file"));
    for output in ["db", "db-wal", "key", "my.toml", "other.db", "k.pcap"] {
        for command in [&["report"][..], &["openapi", "export"]] {
            let more = ["--db", "db", "--config", "my.toml", "--output", output];
            let ran = lab.run(command.iter().chain(&more));
            one_line(&ran, USAGE, &["--output", output, "name another file"]);
        }
    }
    assert_eq!(kept.map(|name| std::fs::read(lab.path(name)).expect("a file")), before);
    assert_eq!(lab.digest("db"), digest);
    let page = ["report", "--db", "db", "--output", "page.html"];
    lab.run(page).expect(0);
    lab.run(page).expect(0);
}

#[test]
fn a_report_that_nothing_would_open_is_not_written() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    lab.replay("db", &[&clinic], &[]).expect(0);
    for name in ["page.pdf", "page.DOCX", "page.json", "report.txt", "report.html.bak", "r.htlm"] {
        let report = ["report", "--db", "db", "--draft", "--output", name];
        one_line(&lab.run(report), USAGE, &[name, ".html", "--format"]);
        assert!(!lab.path(name).exists(), "{name}");
        lab.run(report.iter().chain(&["--format", "html"])).expect(0);
    }
}

#[test]
fn a_new_key_is_told_and_no_folder_that_was_typed_is_made() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let clinic = clinic.to_str().expect("UTF-8");
    let replay = |db: &str, key: Option<&str>| {
        let mut args = vec!["replay", "--no-progress", "--db", db, clinic];
        args.extend(key.iter().flat_map(|key| ["--key-file", key]));
        lab.run(args)
    };
    one_line(&replay("a.db", None), 0, &["made a new key", "data/phitap/key"]);
    assert_eq!(replay("a.db", None).stderr.matches("key").count(), 0, "it is told once");
    one_line(&replay("b.db", Some("mine")), 0, &["made a new key", "mine"]);
    one_line(&replay("c.db", Some("nope/k")), FAILED, &["nope/k", "folder does not exist"]);
    one_line(&replay("c.db", Some("data")), USAGE, &["data", "it is a folder"]);
    assert!(!lab.path("nope").exists() && !lab.path("c.db").exists());
    if Path::new("/proc/self").exists() {
        one_line(&replay("c.db", Some("/proc/k")), FAILED, &["/proc/k"]);
    }
}

#[test]
fn an_empty_database_says_that_nothing_was_recorded() {
    let lab = Lab::default();
    lab.file("db", b"");
    let words = ["db", "nothing was recorded", "phitap replay"];
    for query in
        [&["services"][..], &["coverage"], &["db", "check"], &["db", "digest"], &["report"]]
    {
        one_line(&lab.run(query.iter().chain(&["--db", "db"])), USAGE, &words);
    }
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    lab.run(["db", "check", "--db", "db"]).expect(0);
}

#[test]
fn a_bad_filter_is_refused() {
    let clinic = fixture("clinic/clinic.pcap");
    let words = &["filter", "tcp prot 80"];
    refused(&[&clinic], &["--filter", "tcp prot 80"], (USAGE, words));
}

#[test]
fn bad_options_are_refused_by_name() {
    let (lab, digest) = stored();
    let clinic = fixture("clinic/clinic.pcap");
    for (options, word) in [
        (["--memory", "12Q"], "--memory"),
        (["--workers", "many"], "--workers"),
        (["--fail-on", "enormous"], "--fail-on"),
        (["--no-such-option", "1"], "--no-such-option"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--rules", "nowhere"], "nowhere"),
    ] {
        let ran = lab.replay("db", &[&clinic], &options);
        assert_eq!(ran.code, Some(USAGE), "{options:?}: {ran:#?}");
        assert!(ran.stderr.contains(word), "{options:?}: {ran:#?}");
    }
    let config = lab.file("phitap.toml", "wokers = 3\n");
    let config = config.to_str().expect("UTF-8");
    let ran = lab.replay("db", &[&clinic], &["--config", config]);
    one_line(&ran, USAGE, &["phitap.toml", "line 1", "key wokers"]);
    lab.file("phitap.toml", "workers = 1\nfail-on = \"hihg\"\n");
    let ran = lab.replay("db", &[&clinic], &["--config", config]);
    one_line(&ran, USAGE, &["phitap.toml", "line 2", "key fail-on", "hihg", "critical"]);
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn a_number_that_cannot_be_used_is_told_in_one_line() {
    let lab = Lab::default();
    for (args, words) in [
        (&["replay", "x.pcap", "--workers", "-1"][..], ["--workers", "-1"]),
        (&["replay", "x.pcap", "--workers", "many"], ["--workers", "many"]),
        (&["doctor", "--seconds", "-5"], ["--seconds", "-5"]),
        (&["capture", "-i", "lo", "--snaplen", "-1"], ["--snaplen", "-1"]),
        (&["capture", "-i", "lo", "--rings", "-1"], ["--rings", "-1"]),
        (&["capture", "-i", "lo", "--blind-after", "-1"], ["--blind-after", "-1"]),
        (&["services", "--limit", "-5"], ["--limit", "-5"]),
        (&["fields", "--min-confidence", "-5"], ["--min-confidence", "-5"]),
    ] {
        one_line(&lab.run(args), USAGE, &words);
    }
}

#[test]
fn a_database_is_not_written_into_a_stream() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let made = std::process::Command::new("mkfifo").arg(lab.path("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    for db in ["/dev/stdout", "/dev/null", "/dev/fd/1", "pipe"] {
        let ran = lab.replay(db, &[&clinic], &[]);
        one_line(&ran, USAGE, &["--db", db, "name a file"]);
        assert_eq!(ran.stdout, "", "{db}");
    }
    lab.file("my.toml", "db = \"pipe\"\n");
    let ran = lab.run(["replay", clinic.to_str().expect("UTF-8"), "--config", "my.toml"]);
    one_line(&ran, USAGE, &["my.toml", "key db", "pipe"]);
}

#[test]
fn a_number_that_is_none_or_too_large_is_told_with_what_is_expected() {
    let lab = Lab::default();
    for (command, option, expected) in [
        (&["replay", "a.pcap"][..], "--workers", "0 to 256"),
        (&["replay", "a.pcap"], "--vxlan-port", "1 to 65535"),
        (&["replay", "a.pcap"], "--geneve-port", "1 to 65535"),
        (&["capture", "-i", "lo"], "--snaplen", "1 to 262144"),
        (&["capture", "-i", "lo"], "--rings", "1 to 64"),
        (&["capture", "-i", "lo"], "--blind-after", "1 to 3600"),
        (&["doctor", "-i", "lo"], "--seconds", "1 to 3600"),
        (&["fields"], "--limit", "0 to 4294967295"),
        (&["fields"], "--min-confidence", "0 to 100"),
    ] {
        for value in ["x", "-1", "1.5", "9999999999"] {
            let ran = lab.run([command, &[option, value]].concat());
            one_line(&ran, USAGE, &[option, value, "expected a number of", expected]);
        }
    }
}

#[test]
fn a_bad_value_in_a_configuration_file_is_told_with_file_and_key() {
    let (lab, digest) = stored();
    let clinic = fixture("clinic/clinic.pcap");
    let key = lab.file("not-a-key", "xyz\n");
    std::fs::set_permissions(key, PermissionsExt::from_mode(0o600)).expect("permissions");
    for (text, key, words) in [
        ("db = \"\"", "db", &["expected a path"][..]),
        ("db = 3", "db", &["line 1", "string"]),
        ("key-file = \"\"", "key-file", &["expected a path"]),
        ("key-file = \"not-a-key\"", "key-file", &["not-a-key", "64 hexadecimal digits"]),
        ("rules = \"\"", "rules", &["expected a path"]),
        ("rules = \"nowhere\"", "rules", &["nowhere"]),
        ("workers = 300", "workers", &["expected 0 to 256", "300"]),
        ("workers = -1", "workers", &["line 1", "-1"]),
        ("workers = \"two\"", "workers", &["line 1", "two"]),
        ("memory = \"12Q\"", "memory", &["expected a size such as 64M", "12Q"]),
        ("memory = \"1M\"", "memory", &["at least 16M", "1M"]),
        ("memory = 512", "memory", &["line 1", "string"]),
        ("events = \"\"", "events", &["expected a path"]),
        ("fail-on = \"enormous\"", "fail-on", &["line 1", "enormous", "critical"]),
        ("filter = \"tcp prot 80\"", "filter", &["tcp prot 80", "pcap-filter"]),
        ("filter = 80", "filter", &["line 1", "string"]),
    ] {
        lab.file("my.toml", format!("{text}\n"));
        let mut args: Vec<&str> = vec!["replay", clinic.to_str().expect("UTF-8")];
        args.extend(["--config", "my.toml"]);
        // The options would win over the keys.
        if key != "db" {
            args.extend(["--db", "db"]);
        }
        if key != "key-file" {
            args.extend(["--key-file", "key"]);
        }
        let ran = lab.run(args);
        one_line(&ran, USAGE, &["my.toml", &format!("key {key}")]);
        one_line(&ran, USAGE, words);
    }
    lab.file("my.toml", "events = \"no/such/folder/events.jsonl\"\n");
    let ran = lab.replay("db", &[&clinic], &["--config", "my.toml"]);
    one_line(&ran, FAILED, &["my.toml", "key events", "no/such/folder/events.jsonl"]);
    // The command line wins, also over what would be refused.
    lab.file("my.toml", "memory = \"12Q\"\nworkers = 300\nfilter = \"tcp prot 80\"\n");
    let more = ["--config", "my.toml", "--memory", "64M", "--workers", "1", "--filter", "tcp"];
    lab.replay("other.db", &[&clinic], &more).expect(0);
    assert_eq!(lab.digest("db"), digest);
}

#[test]
fn a_bad_rule_is_refused_with_file_rule_and_key() {
    let lab = Lab::default();
    let rules = lab.path("my-rules");
    std::fs::create_dir(&rules).expect("a folder");
    let write = |text: &str| -> PathBuf {
        let file = rules.join("ward.toml");
        std::fs::write(&file, text).expect("a rule file");
        rules.clone()
    };
    let clinic = fixture("clinic/clinic.pcap");
    let replay = |folder: PathBuf| {
        let (lab, digest) = stored();
        let ran = lab.replay("db", &[&clinic], &["--rules", folder.to_str().expect("UTF-8")]);
        assert_eq!(lab.digest("db"), digest);
        ran
    };
    one_line(
        &replay(write("[[rule]]\nid = \"ward.bed\"\npattern = \"[\n")),
        USAGE,
        &["ward.toml", "line 3"],
    );
    let unknown = "[[rule]]\nid = \"ward.bed\"\nclass = \"health.bed\"\nnonsense = 1\n";
    one_line(&replay(write(unknown)), USAGE, &["ward.toml", "nonsense"]);
    let check = || lab.run(["rules", "check", rules.to_str().expect("UTF-8")]);
    let ran = check();
    assert_eq!(ran.code, Some(USAGE), "{ran:#?}");
    assert!(ran.stderr.contains("rule ward.bed, key nonsense"), "{ran:#?}");
    let wrong = "[[rule]]\nid = \"ward.bed\"\nweight = \"much\"\n";
    one_line(
        &replay(write(wrong)),
        USAGE,
        &["ward.toml", "line 3", "rule ward.bed", "key weight", "invalid type"],
    );
    write("off = [\"us-ssn\",\n  \"nosuchrule\"]\n");
    one_line(&check(), USAGE, &["ward.toml", "line 2", "off", "nosuchrule"]);
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let (lab, digest) = stored();
    one_line(&lab.run(["endpoints", "--db", "nowhere.db"]), USAGE, &["nowhere.db"]);
    one_line(&lab.run(["sql", "SELEC 1", "--db", "db"]), USAGE, &["SELEC"]);
    let ran = lab.run(["sql", "DELETE FROM endpoint", "--db", "db"]);
    assert_eq!(ran.code, Some(USAGE), "read-only: {ran:#?}");
    let ran = lab.run(["sql", "SELECT 1; DROP TABLE endpoint", "--db", "db"]);
    assert_eq!(ran.code, Some(USAGE), "one statement: {ran:#?}");
    assert_eq!(lab.run(["fields", "--direction", "sideways", "--db", "db"]).code, Some(USAGE));
    let ran = lab.run(["endpoints", "--auth", "foo", "--db", "db"]);
    one_line(&ran, USAGE, &["--auth", "foo", "basic", "none"]);
    let ran = lab.run(["findings", "--rule", "nosuch", "--db", "db"]);
    one_line(&ran, USAGE, &["--rule", "nosuch", "credentials-in-url"]);
    lab.run(["findings", "--rule", "credentials-*", "--db", "db"]).expect(0);
    assert_eq!(lab.run(["fields", "--format", "yaml", "--db", "db"]).code, Some(USAGE));
    assert_eq!(lab.digest("db"), digest);
    assert!(!lab.path("nowhere.db").exists(), "a question makes no database");
}

#[test]
fn an_interface_that_is_not_there_is_refused() {
    let lab = Lab::default();
    let key = lab.path("key");
    let args = ["capture", "-i", "no-such-if0", "--db", "db", "--key-file"].map(PathBuf::from);
    let ran = lab.run(args.into_iter().chain([key]));
    one_line(&ran, USAGE, &["no-such-if0"]);
    assert!(!lab.path("db").exists(), "nothing is made before anything can be heard");
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(data).expect("memory");
    packer.finish().expect("memory")
}

fn zstandard(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 1).expect("memory")
}
