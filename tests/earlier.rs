//! What was read before, stopped anywhere, is read to one whole by whoever replays it again, and no
//! packet counts twice. `PHITAP_FULL=1` takes more histories.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use phitap::base::clock::Stopwatch;

use support::capture::{self, Block};
use support::fixture;
use support::phitap::{Lab, Ran};
use support::rng::Rng;

const INCOMPLETE: i32 = 3;

/// The clinic's capture in `count` files that cut connections.
fn parts(lab: &Lab, count: usize) -> Vec<PathBuf> {
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture");
    let part = frames.len().div_ceil(count);
    let file = |(n, part): (usize, &[capture::Frame])| {
        lab.file(&format!("ring/{n}.pcap"), capture::pcap(part))
    };
    frames.chunks(part).enumerate().map(file).collect()
}

/// Runs that ended, as `v_runs` tells them.
fn ended(lab: &Lab, db: &str) -> u64 {
    count(lab, db, "SELECT count(*) AS n FROM run WHERE state <> 'open'").unwrap_or(0)
}

fn count(lab: &Lab, db: &str, sql: &str) -> Option<u64> {
    let ran = lab.run(["sql", sql, "--db", db, "--format", "json"]);
    (ran.code == Some(0)).then(|| ran.rows()[0]["n"].as_u64()).flatten()
}

fn requests(lab: &Lab, db: &str) -> u64 {
    lab.query(db, &["services"]).iter().filter_map(|row| row["requests"].as_u64()).sum()
}

fn packets(lab: &Lab, db: &str) -> u64 {
    let rows = lab.query(db, &["coverage"]);
    let total = rows.iter().find(|row| row["scope"] == "all").expect("a total");
    assert_eq!(total["balanced"], true, "{total}");
    total["seen"].as_u64().expect("a number")
}

fn until(what: &str, is: impl Fn() -> bool) {
    let watch = Stopwatch::start();
    while !is() {
        assert!(watch.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().expect("kill runs").success());
}

fn start(lab: &Lab, args: &[&str], stdin: Stdio) -> Child {
    let mut command = lab.command(["replay", "--no-progress", "--key-file"]);
    command.arg(lab.path("key")).args(args).stdin(stdin);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// Follows the ring until `packets` of it are in the database, and ends by `signal`.
fn followed(lab: &Lab, db: &str, all: u64, signal: &str) {
    let mut child = start(lab, &["ring", "--follow", "--db", db], Stdio::null());
    until("what is there is read", || lab.path(db).exists() && seen(lab, db) == all);
    send(signal, &child);
    child.wait().expect("a child");
}

fn seen(lab: &Lab, db: &str) -> u64 {
    count(lab, db, "SELECT coalesce(sum(seen), 0) AS n FROM input").unwrap_or(0)
}

fn frames(paths: &[PathBuf]) -> u64 {
    let one = |path: &PathBuf| capture::read(path).expect("ours").len() as u64;
    paths.iter().map(one).sum()
}

fn replayed(lab: &Lab, db: &str, paths: &[&Path]) -> Ran {
    lab.replay(db, paths, &[])
}

#[test]
fn a_replay_that_was_stopped_between_two_files_is_read_as_one_when_it_is_replayed() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    let all: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    replayed(&lab, "whole.db", &all).expect(0);
    // It is stopped while it waits for its second input, with the first at its end.
    let first = files[0].to_str().expect("UTF-8");
    let mut child = start(&lab, &[first, "-", "--db", "db"], Stdio::piped());
    let journal = lab.path("db");
    until("it has begun", || journal.exists());
    std::thread::park_timeout(Duration::from_millis(300));
    // Nothing comes, and the pipe stays open.
    let pipe = child.stdin.take();
    send("INT", &child);
    let code = child.wait().expect("a child").code();
    assert_eq!(code, Some(INCOMPLETE), "it was stopped");
    drop(pipe);
    assert_eq!(packets(&lab, "db"), frames(&files[..1]), "what was read is kept");
    let ran = replayed(&lab, "db", &all).expect(0);
    assert!(!ran.stderr.contains("already"), "{ran:#?}");
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
    // And with the second through a pipe, as it was named.
    let stdin = std::fs::read(&files[1]).expect("ours");
    let mut child = start(&lab, &[first, "-", "--db", "piped"], Stdio::piped());
    until("it has begun", || lab.path("piped").exists());
    std::thread::park_timeout(Duration::from_millis(300));
    let pipe = child.stdin.take();
    send("INT", &child);
    assert_eq!(child.wait().expect("a child").code(), Some(INCOMPLETE));
    drop(pipe);
    let mut child = start(&lab, &[first, "-", "--db", "piped"], Stdio::piped());
    child.stdin.take().expect("a pipe").write_all(&stdin).expect("it reads");
    assert_eq!(child.wait().expect("a child").code(), Some(0));
    assert_eq!(lab.digest("piped"), lab.digest("whole.db"));
}

#[test]
fn what_was_missing_is_read_as_one_with_the_rest_once_it_is_there() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    let all: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    replayed(&lab, "whole.db", &all).expect(0);
    let second = std::fs::read(&files[1]).expect("ours");
    std::fs::remove_file(&files[1]).expect("ours");
    replayed(&lab, "db", &all).expect(INCOMPLETE);
    // What is there is known meanwhile, however often.
    let ran = replayed(&lab, "db", &all).expect(INCOMPLETE);
    assert!(ran.stderr.contains("already"), "{ran:#?}");
    std::fs::write(&files[1], second).expect("written");
    replayed(&lab, "db", &all).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
}

#[test]
fn a_replay_takes_the_place_of_all_runs_that_followed() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    replayed(&lab, "whole.db", &[&lab.path("ring")]).expect(0);
    let second = std::fs::read(&files[1]).expect("ours");
    std::fs::remove_file(&files[1]).expect("ours");
    followed(&lab, "db", frames(&files[..1]), "TERM");
    std::fs::write(&files[1], second).expect("written");
    followed(&lab, "db", frames(&files), "TERM");
    assert_ne!(lab.digest("db"), lab.digest("whole.db"), "connections are cut between the runs");
    replayed(&lab, "db", &[&lab.path("ring")]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
    let runs = ended(&lab, "db");
    // Once it is one, it stays that; nights in which nothing is new leave no more than one row.
    for _ in 0..3 {
        let ran = replayed(&lab, "db", &[&lab.path("ring")]).expect(0);
        assert!(ran.stderr.contains("already"), "{ran:#?}");
    }
    assert_eq!(ended(&lab, "db"), runs + 1);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
}

#[test]
fn what_a_killed_follower_had_read_is_not_counted_again_where_a_ring_has_dropped_a_file() {
    for signal in ["TERM", "KILL"] {
        let lab = Lab::default();
        let files = parts(&lab, 4);
        followed(&lab, "db", frames(&files), signal);
        let all = frames(&files);
        std::fs::remove_file(&files[0]).expect("ours");
        let ran = replayed(&lab, "db", &[&lab.path("ring")]);
        assert_eq!(ran.code, Some(0), "{signal}: {ran:#?}");
        assert_eq!(packets(&lab, "db"), all, "{signal}");
    }
}

#[test]
fn a_capture_whose_end_is_cut_is_counted_once() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    let mut bytes = std::fs::read(&files[0]).expect("ours");
    bytes.truncate(bytes.len() - 7);
    let cut = lab.file("cut.pcap", bytes);
    replayed(&lab, "db", &[&cut, &files[1]]).expect(INCOMPLETE);
    let before = (requests(&lab, "db"), packets(&lab, "db"));
    for _ in 0..2 {
        // That it is cut is told again.
        let ran = replayed(&lab, "db", &[&cut]).expect(INCOMPLETE);
        assert!(ran.stderr.contains("cut"), "{ran:#?}");
        assert_eq!((requests(&lab, "db"), packets(&lab, "db")), before);
    }
}

#[test]
fn a_file_that_two_followers_have_read_one_after_the_other_is_known() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    let whole = std::fs::read(&files[0]).expect("ours");
    let second = std::fs::read(&files[1]).expect("ours");
    std::fs::remove_file(&files[1]).expect("ours");
    let half =
        lab.file("half.pcap", capture::pcap(&capture::read(&files[0]).expect("ours")[..100]));
    let half = std::fs::read(half).expect("ours");
    std::fs::write(&files[0], &half).expect("written");
    followed(&lab, "db", 100, "TERM");
    std::fs::write(&files[0], whole).expect("written");
    std::fs::write(&files[1], second).expect("written");
    followed(&lab, "db", frames(&files), "TERM");
    let ran = replayed(&lab, "db", &[&files[0]]).expect(0);
    assert!(ran.stderr.contains("already"), "{ran:#?}");
    assert_eq!(packets(&lab, "db"), frames(&files));
}

/// Writes the first `n` packets of the clinic's capture from `from` on.
fn write(lab: &Lab, name: &str, from: usize, n: usize) -> PathBuf {
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture");
    lab.file(name, capture::pcap(&frames[from..from + n]))
}

#[test]
fn a_run_stays_where_another_has_read_on_behind_it() {
    let lab = Lab::default();
    let (y, z) = (write(&lab, "y.pcap", 700, 250), write(&lab, "z.pcap", 950, 400));
    let x = write(&lab, "x.pcap", 0, 300);
    replayed(&lab, "db", &[&x, &y]).expect(0);
    write(&lab, "x.pcap", 0, 600);
    replayed(&lab, "db", &[&x, &z]).expect(0);
    assert_eq!(packets(&lab, "db"), 600 + 250 + 400);
    // The first run could be replaced, but the second, which cannot, has none of its packets.
    write(&lab, "x.pcap", 0, 675);
    let ran = replayed(&lab, "db", &[&x, &y]).expect(0);
    assert!(ran.stderr.contains("first 600 packets") && ran.stderr.contains("z.pcap"), "{ran:#?}");
    assert_eq!(packets(&lab, "db"), 675 + 250 + 400);
    let ran = replayed(&lab, "db", &[&x, &y]).expect(0);
    assert!(ran.stderr.contains("already"), "{ran:#?}");
    // What it says helps.
    replayed(&lab, "db", &[&x, &y, &z]).expect(0);
    replayed(&lab, "whole.db", &[&x, &y, &z]).expect(0);
    assert_eq!(packets(&lab, "db"), 675 + 250 + 400);
}

#[test]
fn a_follower_that_found_half_a_packet_gives_way_like_any_other() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    let bytes: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).expect("ours")).collect();
    let frames_of = |n: usize| capture::read(&files[n]).expect("ours");
    let whole: Vec<_> = (0..2).map(frames_of).collect();
    std::fs::write(&files[0], capture::pcap(&whole[0][..300])).expect("written");
    std::fs::remove_file(&files[1]).expect("ours");
    followed(&lab, "db", 300, "TERM");
    // Half of the next record's header.
    let half = [capture::pcap(&whole[0][..300]), vec![0; 7]].concat();
    std::fs::write(&files[0], half).expect("written");
    let mut child = start(&lab, &["ring", "--follow", "--db", "db"], Stdio::null());
    let told = "SELECT count(*) AS n FROM input";
    until("it is read on", || count(&lab, "db", told) == Some(2));
    send("TERM", &child);
    child.wait().expect("a child");
    std::fs::write(&files[0], &bytes[0]).expect("written");
    std::fs::write(&files[1], &bytes[1]).expect("written");
    replayed(&lab, "db", &[&lab.path("ring")]).expect(0);
    replayed(&lab, "whole.db", &[&lab.path("ring")]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
}

#[test]
fn a_capture_that_was_small_and_is_called_otherwise_now_is_known() {
    let lab = Lab::default();
    let (a, b) = (write(&lab, "a.tmp", 0, 15), write(&lab, "b.pcap", 700, 20));
    assert!(std::fs::metadata(&a).expect("ours").len() < 8192, "too short for a head");
    replayed(&lab, "db", &[&a, &b]).expect(0);
    let renamed = write(&lab, "a.pcap", 0, 300);
    std::fs::remove_file(&a).expect("ours");
    replayed(&lab, "db", &[&renamed]).expect(0);
    assert_eq!(packets(&lab, "db"), 300 + 20);
    replayed(&lab, "db", &[&renamed, &b]).expect(0);
    assert_eq!(packets(&lab, "db"), 300 + 20);
}

#[test]
fn a_file_of_which_nothing_was_read_holds_no_run() {
    let lab = Lab::default();
    let (a, b) = (write(&lab, "a.pcap", 0, 200), write(&lab, "b.pcap", 200, 0));
    lab.replay("db", &[&a, &b], &["--filter", "tcp"]).expect(0);
    write(&lab, "b.pcap", 200, 300);
    replayed(&lab, "db", &[&a, &b]).expect(0);
    replayed(&lab, "whole.db", &[&a, &b]).expect(0);
    assert_eq!(packets(&lab, "db"), 500);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
}

#[test]
fn what_counts_twice_is_told_and_nothing_else_is() {
    let lab = Lab::default();
    let (a, b) = (write(&lab, "a.pcap", 0, 480), write(&lab, "b.pcap", 480, 480));
    lab.replay("db", &[&a, &b], &["--filter", "tcp"]).expect(0);
    let ran = replayed(&lab, "db", &[&a]).expect(INCOMPLETE);
    let says = ["counted twice", "b.pcap", "with the filter \"tcp\""];
    assert!(says.iter().all(|word| ran.stderr.contains(word)), "{ran:#?}");
    assert!(!ran.stderr.contains("read on"), "{ran:#?}");
    assert_eq!(packets(&lab, "db"), 960 + 480);
    replayed(&lab, "db", &[&a, &b]).expect(0);
    assert_eq!(packets(&lab, "db"), 960, "what it says helps");
    // A follower reads on behind what shows all, and tells of what goes further and does not.
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let a = write(&lab, "ring/a.pcap", 0, 300);
    replayed(&lab, "db", &[&a]).expect(0);
    write(&lab, "ring/a.pcap", 0, 600);
    lab.replay("db", &[&a], &["--filter", "tcp"]).expect(0);
    assert_eq!(packets(&lab, "db"), 600);
    write(&lab, "ring/a.pcap", 0, 675);
    let mut child = start(&lab, &["ring", "--follow", "--db", "db"], Stdio::null());
    until("it is read on", || seen(&lab, "db") == 675 + 300);
    send("TERM", &child);
    assert_eq!(child.wait().expect("a child").code(), Some(INCOMPLETE));
}

/// What was lost, by the runs that read it.
fn dropped(lab: &Lab, db: &str) -> u64 {
    count(lab, db, "SELECT coalesce(sum(dropped), 0) AS n FROM input").expect("a number")
}

#[test]
fn what_a_file_tells_as_lost_behind_the_last_packet_that_was_read_counts_once() {
    let lab = Lab::default();
    std::fs::create_dir(lab.path("ring")).expect("a folder");
    let frames = capture::read(&fixture("clinic/clinic.pcap")).expect("a fixture");
    let frame = |n: usize| Block::Frame(frames[n].clone());
    let mut blocks: Vec<Block> = (0..100).map(frame).collect();
    let other = write(&lab, "other.pcap", 700, 50);
    let grow = |blocks: &[Block]| lab.file("ring/a.pcapng", capture::pcapng_of(blocks));
    let file = grow(&blocks);
    replayed(&lab, "db", &[&file, &other]).expect(0);
    replayed(&lab, "followed", &[&file, &other]).expect(0);
    let follow = |packets: u64| followed(&lab, "followed", packets, "TERM");
    let mut all = 150;
    for (lost, more) in [(50, 0), (50, 20), (53, 20), (60, 30)] {
        blocks.push(Block::Lost(lost));
        let from = 100 + usize::try_from(all).expect("few");
        blocks.extend((from..).take(more).map(frame));
        all += more as u64;
        grow(&blocks);
        replayed(&lab, "db", &[&file]).expect(0);
        assert_eq!((packets(&lab, "db"), dropped(&lab, "db")), (all + lost, lost));
        follow(all + lost);
        assert_eq!(dropped(&lab, "followed"), lost);
    }
    // Nothing stays of runs that found no packet behind those of one that is replaced.
    for db in ["db", "followed"] {
        replayed(&lab, db, &[&file, &other]).expect(0);
        assert_eq!((packets(&lab, db), dropped(&lab, db)), (all + 60, 60), "{db}");
        assert_eq!(ended(&lab, db), 1, "{db}");
    }
}

#[test]
fn followers_that_found_nothing_leave_no_runs() {
    let lab = Lab::default();
    let files = parts(&lab, 2);
    for _ in 0..3 {
        let told = ended(&lab, "db");
        let mut child = start(&lab, &["ring", "--follow", "--db", "db"], Stdio::null());
        let begun = "SELECT count(*) AS n FROM run WHERE state = 'open'";
        until("it has begun", || lab.path("db").exists() && count(&lab, "db", begun) == Some(1));
        until("what is there is read", || seen(&lab, "db") == frames(&files));
        send("TERM", &child);
        child.wait().expect("a child");
        assert!(ended(&lab, "db") <= told + 1, "no more than one of those that found nothing");
    }
    replayed(&lab, "db", &[&lab.path("ring")]).expect(0);
    let runs = lab.query(
        "db",
        &[
            "sql",
            "SELECT r.id, coalesce(sum(i.seen), 0) AS seen \
        FROM run r LEFT JOIN input i ON i.run = r.id GROUP BY r.id",
        ],
    );
    let seen: Vec<_> = runs.iter().filter_map(|run| run["seen"].as_u64()).collect();
    assert_eq!(seen.iter().sum::<u64>(), frames(&files));
    let (_, before) = seen.split_last().expect("a run");
    assert!(before.iter().all(|packets| *packets > 0), "{seen:?}");
    replayed(&lab, "whole.db", &[&lab.path("ring")]).expect(0);
    assert_eq!(lab.digest("db"), lab.digest("whole.db"));
}

/// Whatever came before, in whatever order: files that grow are replayed and followed, and the
/// follower killed. Once all of them are there and named, each packet is in the inventory once.
#[test]
fn whatever_was_read_before_each_packet_counts_once() {
    let plays = if std::env::var_os("PHITAP_FULL").is_some() { 100 } else { 8 };
    for seed in 0..plays {
        play(seed);
    }
}

/// The packets of a file, and in every other history what it tells as lost, at any place.
fn blocks(path: &Path, rng: &mut Rng, lossy: bool) -> Vec<Block> {
    let (mut blocks, mut lost) = (Vec::new(), 0);
    for frame in capture::read(path).expect("ours") {
        blocks.push(Block::Frame(frame));
        while lossy && rng.below(8) == 0 {
            lost += rng.below(50) as u64;
            blocks.push(Block::Lost(lost));
        }
    }
    blocks
}

/// Packets of a file, and those that it tells as lost.
fn counted(blocks: &[Block]) -> u64 {
    let lost = blocks.iter().rev().find_map(|block| match block {
        Block::Lost(total) => Some(*total),
        Block::Frame(_) => None,
    });
    let frames = blocks.iter().filter(|block| matches!(block, Block::Frame(_)));
    frames.count() as u64 + lost.unwrap_or(0)
}

fn play(seed: u64) {
    let (lab, mut rng) = (Lab::default(), Rng::new(seed));
    let count = rng.among(1..4);
    let paths = parts(&lab, count);
    let lossy = seed % 2 == 1;
    let whole: Vec<Vec<Block>> = paths.iter().map(|path| blocks(path, &mut rng, lossy)).collect();
    let mut there = vec![0; count];
    paths.iter().for_each(|path| std::fs::remove_file(path).expect("ours"));
    let mut history = Vec::new();
    for step in 0..5 {
        // Some of them grow.
        for (at, path) in paths.iter().enumerate() {
            if step == 4 || rng.below(2) == 0 {
                let left = whole[at].len() - there[at];
                there[at] += if step == 4 { left } else { rng.below(left + 1) };
                std::fs::write(path, capture::pcapng_of(&whole[at][..there[at]])).expect("written");
            }
        }
        let all: Vec<&Path> =
            paths.iter().zip(&there).filter(|(_, n)| **n > 0).map(|(p, _)| p.as_path()).collect();
        let now: u64 = whole.iter().zip(&there).map(|(all, n)| counted(&all[..*n])).sum();
        if all.is_empty() {
            continue;
        }
        match rng.below(3) {
            _ if step == 4 => {
                history.push("replay all".to_owned());
                let ran = replayed(&lab, "db", &all);
                assert_eq!(ran.code, Some(0), "seed {seed}, {history:?}: {ran:#?}");
                assert_eq!(packets(&lab, "db"), now, "seed {seed}, {history:?}");
            }
            0 => {
                let some: Vec<&Path> = all.iter().copied().filter(|_| rng.below(2) == 0).collect();
                history.push(format!("replay {} of {}", some.len(), all.len()));
                if !some.is_empty() {
                    replayed(&lab, "db", &some).expect(0);
                }
            }
            n => {
                let signal = if n == 1 { "TERM" } else { "KILL" };
                history.push(format!("follow {} and {signal}", all.len()));
                let mut child = start(&lab, &["ring", "--follow", "--db", "db"], Stdio::null());
                std::thread::park_timeout(Duration::from_millis(rng.below(1500) as u64));
                send(signal, &child);
                child.wait().expect("a child");
            }
        }
        let told = seen(&lab, "db");
        assert!(told <= now, "{told} of {now}: seed {seed}, {history:?}");
    }
}
