//! The progress bar as a user sees it: the real program in a pseudo-terminal, which `script` of
//! util-linux makes.

mod support;

use std::process::{Command, Stdio};

use support::capture;
use support::phitap::{BINARY, Lab};
use support::{fixture, live, skip};

/// What a terminal of 120 columns got to see while the shell ran `command`.
fn seen(lab: &Lab, command: &str) -> Option<String> {
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        skip("progress bar", "script (util-linux) not found");
        return None;
    }
    let line = format!("stty cols 120; {command}");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(lab.path("")).env("TERM", "xterm").stdin(Stdio::null());
    let output = script.output().expect("script starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    Some(text)
}

/// The shell's words for a replay of `input` into a new database.
fn replay(lab: &Lab, db: &str, input: &str) -> String {
    let [key, db] = ["key", db].map(|name| lab.path(name).display().to_string());
    format!("{BINARY} replay --workers 0 --key-file {key} --db {db} {input}")
}

/// Every state of the bar that was drawn, without escapes.
fn states(seen: &str) -> Vec<&str> {
    let escapes = |c: char| matches!(c, '\r' | '\n' | '\u{1b}');
    seen.split(escapes).filter(|state| state.contains(" packets ")).collect()
}

/// Enough frames for half a second of a debug build, in a file.
fn long(lab: &Lab) -> String {
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a pcap");
    let path = lab.path("long.pcap");
    // Each copy ten minutes later: what comes again at once is a duplicate and soon done with.
    let copies = (0..COPIES).flat_map(|n| {
        let mut later = frames.clone();
        later.iter_mut().for_each(|frame| frame.at_us += n as u64 * 600_000_000);
        later
    });
    capture::write(&path, &copies.collect::<Vec<_>>());
    path.display().to_string()
}

const COPIES: usize = 120;

#[test]
fn the_bar_shows_bytes_rate_packets_and_time_left() {
    let lab = Lab::default();
    let file = long(&lab);
    let Some(text) = seen(&lab, &replay(&lab, "a.db", &file)) else { return };
    let states = states(&text);
    // Bytes and packets are told one after the other, and the bar may be drawn between.
    let moving = |state: &&&str| !state.contains(" 0 packets ") && !state.contains(" 0 B/");
    let state = states.iter().find(moving).unwrap_or_else(|| panic!("none moves: {states:#?}"));
    for part in ["% ", "iB/", "iB/s) ", " left"] {
        assert!(state.contains(part), "{part:?} is missing in {state:?}");
    }
    let (_, behind) = text.rsplit_once(" left").unwrap();
    assert!(behind.starts_with("\r\u{1b}[2K"), "the bar is cleared: {behind:?}");
    assert!(behind.contains("Seen"), "{behind:?}");
}

#[test]
fn without_a_known_size_the_bar_shows_what_went_by() {
    let lab = Lab::default();
    let file = long(&lab);
    let slow = format!("(head -c 3000000 {file}; sleep 0.5; tail -c +3000001 {file})");
    let Some(text) = seen(&lab, &format!("{slow} | {}", replay(&lab, "a.db", "-"))) else { return };
    let states = states(&text);
    let moving = states.iter().any(|state| {
        !state.contains(" 0 packets ") && state.contains("iB/s) ") && state.contains(" in ")
    });
    assert!(moving, "{states:#?}");
    assert!(!states.iter().any(|state| state.contains(" left")), "{states:#?}");
}

#[test]
fn a_live_capture_shows_the_bytes_that_went_by_and_tells_on_lines_of_its_own() {
    if !live::is_inside("a_live_capture_shows_the_bytes_that_went_by_and_tells_on_lines_of_its_own")
    {
        return;
    }
    let lab = Lab::default();
    let [key, db] = ["key", "a.db"].map(|name| lab.path(name).display().to_string());
    let sends = "for n in $(seq 40); do echo hello > /dev/udp/127.0.0.1/9; sleep 0.05; done";
    let ends = "kill -INT $(cat pid); wait";
    let listens = format!("{BINARY} capture -i lo --key-file {key} --db {db} & echo $! > pid");
    let command = format!("bash -c '{listens}; sleep 1; {sends}; {ends}'");
    let Some(text) = seen(&lab, &command) else { return };
    let states = states(&text);
    let moved = |state: &&str| !state.contains(" 0 packets ") && !state.starts_with("0 B");
    let moved = |state: &&&str| moved(state) && !state.contains(" 0 B ");
    assert!(states.iter().any(|state| moved(&state)), "{states:#?}");
    let line = text.split(['\r', '\n']).find(|line| line.contains("stopping; ")).expect("told");
    assert!(!line.contains("packets"), "{line:?}");
}

#[test]
fn nothing_is_drawn_where_nobody_asked_or_looks() {
    let lab = Lab::default();
    let file = fixture("clinic/clinic.pcap").display().to_string();
    let quiet = replay(&lab, "a.db", &file) + " --no-progress";
    let piped = replay(&lab, "b.db", &file) + " 2> told";
    for command in [quiet, piped] {
        let Some(text) = seen(&lab, &command) else { return };
        assert!(text.contains("Seen"), "{text}");
        assert!(states(&text).is_empty(), "{text}");
    }
    assert_eq!(std::fs::read_to_string(lab.path("told")).unwrap(), "");
}
