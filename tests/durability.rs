//! Killed, interrupted or out of disk: the database opens clean, keeps what it had, and the same
//! replay run again gives the same digest as one that was left in peace.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use support::capture::{self, Frame};
use support::live::ip;
use support::phitap::{BINARY, Lab};
use support::rng::Rng;
use support::{fixture, say, skip};

const SEED: u64 = 50;
/// Databases, and how often the program is killed on each before it may finish.
const DATABASES: usize = 10;
const KILLS_EACH: usize = 5;
/// Copies of the clinic in the capture that is interrupted.
const COPIES: u16 = 16;

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a test of what happens at a moment in time")]
    Instant::now()
}

/// The clinic several times over, at other times and between other ports.
fn busy_clinic(lab: &Lab) -> PathBuf {
    let clinic = capture::read(&fixture("clinic/clinic.pcap")).expect("a pcap");
    let mut frames = Vec::new();
    for copy in 0..COPIES {
        for frame in &clinic {
            let mut bytes = frame.bytes.clone();
            // The client's address: 10.20.1.x becomes 10.20.(1 + copy).x.
            for at in [26, 30] {
                if bytes[at + 2] == 1 {
                    bytes[at + 2] += u8::try_from(copy).expect("few copies");
                }
            }
            frames.push(Frame::new(frame.at_us + u64::from(copy) * 60_000_000, bytes));
        }
    }
    let path = lab.path("busy.pcap");
    capture::write(&path, &frames);
    path
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success(), "the program has ended before it was told to");
}

/// The digest of one undisturbed replay, and how long it took.
fn reference(lab: &Lab, input: &Path) -> (String, Duration) {
    lab.replay("reference.db", &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
    let begin = now();
    lab.replay("reference.db", &[input], &[]).expect(0);
    (lab.digest("reference.db"), begin.elapsed())
}

#[test]
fn killed_at_any_moment_it_opens_clean_and_a_second_replay_gives_the_same_digest() {
    let lab = Lab::default();
    let busy = busy_clinic(&lab);
    let (expected, mut took) = reference(&lab, &busy);
    let mut rng = Rng::new(SEED);
    let (mut killed, mut finished) = (0, 0);
    for number in 0..DATABASES {
        let db = format!("{number}.db");
        // Half of the databases hold something already; it must survive.
        let before = number % 2 == 0;
        if before {
            lab.replay(&db, &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
        }
        for _ in 0..KILLS_EACH {
            // A replay that ended before it was killed proves nothing: the next is killed sooner.
            while !killed_after(&lab, (&db, &busy), took.mul_f64(rng.below(1000) as f64 / 1000.0)) {
                finished += 1;
                took = took.mul_f64(0.9);
                let _ = std::fs::remove_file(lab.path(&db));
                if before {
                    lab.replay(&db, &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
                }
            }
            killed += 1;
            opens_clean(&lab, &db, before);
        }
        if !before {
            lab.replay(&db, &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
        }
        lab.replay(&db, &[&busy], &[]).expect(0);
        assert_eq!(lab.digest(&db), expected, "database {number}");
    }
    say(&format!("durability: killed {killed} replays; {finished} had ended before"));
}

#[test]
fn killed_at_an_early_moment_it_leaves_a_database_that_opens_or_none() {
    const KILLS: usize = 40;
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let mut rng = Rng::new(SEED + 1);
    let begin = now();
    lab.replay("whole.db", &[&clinic], &[]).expect(0);
    let took = begin.elapsed();
    let mut made = 0;
    for number in 0..KILLS {
        let db = format!("early-{number}.db");
        let delay = took.mul_f64(rng.below(1000) as f64 / 1000.0);
        signalled_after(&lab, (&db, &clinic), "KILL", delay);
        opens_clean(&lab, &db, false);
        if lab.path(&db).exists() {
            made += 1;
            let unnamed = std::fs::metadata(lab.path(&format!("{db}-new")));
            assert!(unnamed.is_err() || lab.run(["services", "--db", &db]).code == Some(0));
        }
    }
    assert!(made > 0, "every run was killed before it made a database");
    // What was left of a database that was not finished is in nobody's way.
    let left = lab.file("next.db-new", [b"SQLite format 3\0".as_slice(), &[0; 84]].concat());
    let foreign = lab.replay("next.db", &[&clinic], &[]);
    assert_eq!(foreign.code, Some(2), "a file of somebody else: {foreign:#?}");
    std::fs::write(&left, b"").expect("a file");
    lab.replay("next.db", &[&clinic], &[]).expect(0);
    assert!(!left.exists(), "nothing is left beside the database");
    say(&format!(
        "durability: {made} of {KILLS} databases were made before the program was killed"
    ));
}

/// Whether the replay was killed; it may have ended before.
fn killed_after(lab: &Lab, (db, input): (&str, &Path), delay: Duration) -> bool {
    const KILLED: i32 = 128 + 9;
    match signalled_after(lab, (db, input), "KILL", delay) {
        0 => false,
        KILLED => true,
        code => panic!("exit {code} of a replay into {db}"),
    }
}

/// The exit code of a replay that gets the signal `name` after `delay`; 128 and the signal's number
/// when it ended by it.
fn signalled_after(lab: &Lab, (db, input): (&str, &Path), name: &str, delay: Duration) -> i32 {
    let seconds = format!("{:.3}", delay.as_secs_f64().max(0.001));
    Command::new("timeout")
        // In the foreground it waits until the program is gone.
        .args(["--foreground", "--preserve-status", "-s", name, &seconds, BINARY])
        .args(lab.replay_args(db, &[input], &[]))
        .current_dir(lab.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("timeout (coreutils) starts")
        .code()
        .unwrap_or(128 + 9)
}

/// The database is whole and has what it had; or it was not made yet.
fn opens_clean(lab: &Lab, db: &str, held_something: bool) {
    if !lab.path(db).exists() {
        assert!(!held_something, "{db} is gone");
        return;
    }
    let check = lab.run(["db", "check", "--db", db]);
    assert_eq!(check.code, Some(0), "{check:#?}");
    let services = lab.query(db, &["services"]);
    let kept = services.iter().any(|row| row["service"] == "staff.clinic.example");
    assert!(kept || !held_something, "what was stored before is gone: {services:?}");
}

#[test]
fn an_interrupted_replay_says_so_and_a_second_one_completes_it() {
    let lab = Lab::default();
    let busy = busy_clinic(&lab);
    let (expected, took) = reference(&lab, &busy);
    // Signals are listened to from `early` on at the latest, and until `late`.
    let (mut early, mut late) = (Duration::ZERO, took);
    let mut interrupted = 0;
    for attempt in 0..30 {
        if late < early + Duration::from_millis(2) {
            // The machine has become slower or faster.
            (early, late) = (early.mul_f64(0.8), late.mul_f64(1.2));
        }
        let delay = (early + late) / 2;
        let (db, name) = (format!("{attempt}.db"), if attempt % 2 == 0 { "INT" } else { "TERM" });
        lab.replay(&db, &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
        match signalled_after(&lab, (&db, &busy), name, delay) {
            // It came to its end; the next is told sooner.
            0 => late = delay,
            // It did not listen to signals yet.
            130 | 143 => early = delay,
            3 => interrupted += 1,
            code => panic!("{name}: exit {code}"),
        }
        opens_clean(&lab, &db, true);
        lab.replay(&db, &[&busy], &[]).expect(0);
        assert_eq!(lab.digest(&db), expected, "after {name}");
        if interrupted == 4 {
            return;
        }
    }
    panic!("only {interrupted} of 30 replays were interrupted in the middle");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let lab = Lab::default();
    let args = lab.replay_args("db", &[Path::new("-")], &[]);
    let mut child =
        lab.command(args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let clinic = std::fs::read(fixture("clinic/clinic.pcap")).expect("a fixture");
    // More than a pipe holds: once this is written it reads, and waits for the rest, which does
    // not come.
    pipe.write_all(&clinic[..clinic.len() / 2]).expect("it reads");
    pipe.flush().expect("it reads");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    signal(&child, "INT");
    let mut line = String::new();
    told.read_line(&mut line).expect("it speaks");
    assert!(line.contains("stopping"), "{line:?}");
    if child.try_wait().expect("a child").is_none() {
        signal(&child, "INT");
    }
    assert_eq!(ends_within(child, 2).code(), Some(3));
    drop(pipe);
}

#[test]
fn a_replay_that_is_stopped_gives_up_nothing_that_was_stored() {
    let lab = Lab::default();
    let clinic = std::fs::read(fixture("clinic/clinic.pcap")).expect("a fixture");
    let other = std::fs::read(fixture("ipv6-vlan/ipv6-vlan.pcap")).expect("a fixture");
    let (one, two) = (lab.file("one.pcap", &other), lab.file("two.pcap", &clinic));
    lab.replay("once", &[&one, &two], &[]).expect(0);
    lab.file("two.pcap", &clinic[..clinic.len() - 7]);
    lab.replay("db", &[&one, &two], &[]).expect(3);
    let before = lab.digest("db");
    lab.file("two.pcap", &clinic);
    // It reads the first anew, then the pipe, and never comes to the second.
    let stopped = |first: &Path| {
        let args = lab.replay_args("db", &[first, Path::new("-"), &two], &[]);
        let mut child =
            lab.command(args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // More than a pipe holds: once this is written it reads.
        pipe.write_all(&clinic[..clinic.len() / 2]).expect("it reads");
        signal(&child, "INT");
        let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains("stopping") {
            line.clear();
            assert!(told.read_line(&mut line).expect("it speaks") > 0, "it says so");
        }
        drop(pipe);
        let mut rest = String::new();
        told.read_to_string(&mut rest).expect("it speaks");
        assert_eq!(ends_within(child, 20).code(), Some(3));
        rest
    };
    let told = stopped(&one);
    assert!(told.contains("run 1 stays"), "{told}");
    assert_eq!(lab.digest("db"), before);
    lab.replay("db", &[&one, &two], &[]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("once"));
}

fn ends_within(child: Child, seconds: u64) -> ExitStatus {
    let id = child.id().to_string();
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let waiter = std::thread::spawn(move || {
        let mut child = child;
        let _ = tell.send(child.wait());
    });
    let status = told.recv_timeout(Duration::from_secs(seconds));
    if status.is_err() {
        let _ = Command::new("kill").args(["-s", "KILL", &id]).status();
    }
    waiter.join().expect("it waits");
    status.unwrap_or_else(|_| panic!("it goes on after {seconds} seconds")).expect("a child")
}

/// A file system of a few pages that goes away with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir_all(&at).expect("a folder");
        let options = format!("size={size}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(&at).output();
        mount.is_ok_and(|o| o.status.success()).then_some(SmallDisk(at))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(grown.expect("mount runs").success(), "the disk grows");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_stored_stays() {
    let lab = Lab::default();
    let Some(disk) = SmallDisk::mount(lab.path("disk"), "64m") else {
        return skip("a full disk", "no right to mount a tmpfs");
    };
    let busy = busy_clinic(&lab);
    let (expected, _) = reference(&lab, &busy);
    lab.replay("disk/db", &[&fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
    let before = lab.digest("disk/db");
    // A file of another program leaves 64 kB.
    let filler = lab.path("disk/filler");
    let mut file = std::fs::File::create(&filler).expect("a file");
    while file.write_all(&[0; 65536]).is_ok() {}
    file.set_len(file.metadata().expect("there").len().saturating_sub(65536)).expect("shorter");
    let ran = lab.replay("disk/db", &[&busy], &[]);
    assert_eq!(ran.code, Some(4), "{ran:#?}");
    assert!(ran.stderr.contains("full") && ran.stderr.contains("disk/db"), "{ran:#?}");
    drop(file);
    std::fs::remove_file(&filler).expect("ours");
    disk.grow("96m");
    assert_eq!(lab.run(["db", "check", "--db", "disk/db"]).code, Some(0));
    lab.replay("disk/db", &[&busy], &[]).expect(0);
    assert_eq!(lab.digest("disk/db"), expected);
    assert_ne!(expected, before);
}

/// Set in the network namespace where a test runs itself again.
const INSIDE: &str = "PHITAP_TEST_INSIDE";

/// Runs the test `name` of this file again in a network namespace of its own.
fn again_inside(name: &str) {
    let unshare = |args: &[&str]| Command::new("unshare").arg("--net").args(args).output();
    let works =
        ["unshare", "ip"].iter().all(|tool| Command::new(tool).arg("--help").output().is_ok())
            && unshare(&["ip", "link", "set", "lo", "up"]).is_ok_and(|o| o.status.success());
    if !works {
        return skip(name, "no right to make a network namespace, or no ip");
    }
    let this = std::env::current_exe().expect("this program");
    let output = Command::new("unshare")
        .arg("--net")
        .arg(this)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{told}", String::from_utf8_lossy(&output.stdout));
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 11\r\n\r\n\
    {\"ward\": 7}";

/// One keep-alive connection over the loopback: `count` requests, each answered.
fn talk(count: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("a client");
        let mut asked = BufReader::new(peer.try_clone().expect("a socket"));
        for _ in 0..count {
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                asked.read_line(&mut line).expect("a head");
            }
            peer.write_all(ANSWER).expect("it listens");
        }
    });
    let mut client = TcpStream::connect(to).expect("a server");
    for number in 0..count {
        write!(client, "GET /live/{number} HTTP/1.1\r\nHost: live.clinic.example\r\n\r\n")
            .expect("sent");
        let mut answer = [0; ANSWER.len()];
        client.read_exact(&mut answer).expect("an answer");
    }
    server.join().expect("the server ends");
}

fn stops_on(name: &str, db: &str) {
    const REQUESTS: usize = 40;
    let lab = Lab::default();
    let mut child = Command::new(BINARY)
        .args(["capture", "-i", "lo", "--no-progress", "--key-file"])
        .arg(lab.path("key"))
        .arg("--db")
        .arg(lab.path(db))
        .arg("tcp")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert!(told.read_line(&mut line).expect("it speaks") > 0, "it ended before it listened");
    }
    talk(REQUESTS);
    signal(&child, name);
    let begin = now();
    let mut answer = child.stdout.take().expect("a pipe");
    let status = ends_within(child, 2);
    let mut summary = String::new();
    answer.read_to_string(&mut summary).expect("text");
    assert_eq!(status.code(), Some(0), "a capture stopped by SIG{name} is done: {summary}");
    assert!(
        summary.contains("1 service") && summary.contains("40 exchanges"),
        "it says what it saw: {summary}"
    );
    say(&format!("capture: SIG{name} took {} ms", begin.elapsed().as_millis()));
    let runs = lab.run(["sql", "SELECT state FROM v_runs", "--db", db, "--format", "json"]);
    assert_eq!(runs.expect(0).rows()[0]["state"], "sealed", "a capture that is stopped is done");
    let rows = lab.query(db, &["endpoints"]);
    assert_eq!(
        rows.iter().filter_map(|r| r["requests"].as_u64()).sum::<u64>(),
        REQUESTS as u64,
        "{rows:?}"
    );
    let all = lab.query(db, &["coverage"]);
    let total = all.iter().find(|row| row["scope"] == "all").expect("a total");
    assert_eq!(total["balanced"], true, "{total}");
}

#[test]
fn a_capture_ends_within_two_seconds_of_a_signal_with_all_it_saw() {
    if std::env::var_os(INSIDE).is_none() {
        return again_inside("a_capture_ends_within_two_seconds_of_a_signal_with_all_it_saw");
    }
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    assert!(up.expect("ip runs").success());
    stops_on("INT", "int.db");
    stops_on("TERM", "term.db");
}

/// A capture that is listening.
fn listening(
    lab: &Lab,
    interfaces: &[&str],
    more: &[&str],
) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = lab.command(["capture", "--no-progress", "--key-file"]);
    command.arg(lab.path("key")).arg("--db").arg(lab.path("live.db"));
    for interface in interfaces {
        command.args(["-i", interface]);
    }
    let piped = command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program starts");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        assert!(told.read_line(&mut line).expect("it speaks") > 0, "it ended before it listened");
    }
    (child, told)
}

#[test]
fn events_of_a_running_capture_can_be_read_at_once_and_survive_its_death() {
    if std::env::var_os(INSIDE).is_none() {
        return again_inside(
            "events_of_a_running_capture_can_be_read_at_once_and_survive_its_death",
        );
    }
    ip("link set lo up");
    let lab = Lab::default();
    let events = lab.path("eve.json");
    let (mut child, _) =
        listening(&lab, &["lo"], &["--events", events.to_str().expect("UTF-8"), "tcp"]);
    talk(20);
    let begin = now();
    let lines = loop {
        let text = std::fs::read_to_string(&events).expect("the events");
        let of = |kind: &str| text.matches(&format!(r#""event_type":"{kind}""#)).count();
        // All of them have one connection.
        if (of("http"), of("flow")) == (20, 1) {
            break text;
        }
        assert!(begin.elapsed() < Duration::from_secs(5), "not yet: {text}");
        std::thread::sleep(Duration::from_millis(50));
    };
    say(&format!("events could be read after {} ms", begin.elapsed().as_millis()));
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    assert_eq!(std::fs::read_to_string(&events).expect("the events"), lines);
    for line in lines.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("a whole line");
        assert!(event["event_type"] == "http" || event["event_type"] == "flow", "{event}");
    }
    assert!(lines.ends_with('\n'));
}

#[test]
fn several_interfaces_are_heard_at_once_and_accounted_for_each() {
    if std::env::var_os(INSIDE).is_none() {
        return again_inside("several_interfaces_are_heard_at_once_and_accounted_for_each");
    }
    ip("link set lo up");
    ip("link add v0 type veth peer name v1");
    ip("addr add 10.9.9.1/24 dev v0");
    ip("link set v0 up");
    ip("link set v1 up");
    let lab = Lab::default();
    let (child, mut told) = listening(&lab, &["lo", "v1"], &["--workers", "2"]);
    // What goes out by v0 comes in by v1: requests for the address of a neighbour at least.
    let socket = std::net::UdpSocket::bind("10.9.9.1:0").expect("a socket");
    for _ in 0..5 {
        socket.send_to(b"anyone?", "10.9.9.2:9").expect("sent");
    }
    talk(40);
    signal(&child, "INT");
    let status = ends_within(child, 2);
    let mut complaints = String::new();
    told.read_to_string(&mut complaints).expect("text");
    assert_eq!(status.code(), Some(0), "{complaints}");
    let rows = lab.query("live.db", &["coverage"]);
    let inputs: Vec<_> = rows.iter().filter(|row| row["scope"] == "input").collect();
    let names: Vec<_> = inputs.iter().filter_map(|row| row["input"].as_str()).collect();
    assert_eq!(names, ["lo", "v1"]);
    for input in &inputs {
        assert_eq!((&input["balanced"], &input["state"]), (&true.into(), &"complete".into()));
        assert!(input["seen"].as_u64() > Some(0), "{input}");
    }
    let rows = lab.query("live.db", &["endpoints"]);
    assert_eq!(rows.iter().filter_map(|r| r["requests"].as_u64()).sum::<u64>(), 40, "{rows:?}");
    let ran = lab.run(["capture", "-i", "lo", "-i", "lo", "--db", "x.db"]);
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    assert!(ran.stderr.contains("listen on lo twice"), "{ran:#?}");
}
