//! Floods against the memory budget: the real program on captures made to exhaust it, each with a
//! legitimate session behind or among what floods. Small by default; `PHITAP_FULL=1` floods as
//! much as the ledger says.

mod support;

use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use phitap::base::table_state;

use support::capture::{self, Frame};
use support::phitap::{Lab, Ran};
use support::{say, tcp};

const SYN: u8 = 0x02;
const PSH_ACK: u8 = 0x18;
const ACK: u8 = 0x10;
const MIB: u64 = 1024 * 1024;
/// What the program takes beyond the budget: the rules, the inventory, what is freed and kept.
const BESIDE: u64 = 64 * MIB;
const BEGUN_US: u64 = 1_700_000_000_000_000;
const FLOODED: &str = "10.0.0.2:80";

fn is_full() -> bool {
    std::env::var_os("PHITAP_FULL").is_some()
}

/// A size: a sample of it, unless everything is asked for.
fn sized(sample: u32, full: u32) -> u32 {
    if is_full() { full } else { sample }
}

/// A capture that is written as it is made.
struct Wire {
    out: BufWriter<File>,
    at_us: u64,
}

impl Wire {
    fn new(path: &Path) -> Wire {
        let mut out = BufWriter::new(File::create(path).expect("a file"));
        out.write_all(&capture::pcap(&[])).expect("written");
        Wire { out, at_us: BEGUN_US }
    }

    fn frame(&mut self, bytes: &[u8]) {
        self.at_us += 2;
        let record = capture::pcap(&[Frame::new(self.at_us, bytes.to_vec())]);
        self.out.write_all(record.get(24..).expect("behind the header")).expect("written");
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, at: (u32, u32, u8), payload: &[u8]) {
        self.frame(&tcp::frame((from, to), at, payload));
    }

    /// A connection to the server that is flooded, from attacker number `n`.
    fn connect(&mut self, n: u32) {
        let (from, to) = (attacker(n), server());
        self.send(from, to, (100, 0, SYN), b"");
        self.send(to, from, (900, 101, SYN | ACK), b"");
        self.send(from, to, (101, 901, ACK), b"");
    }

    /// After five seconds, the session that must not be missed.
    fn finish(mut self) {
        self.at_us += 5_000_000;
        for frame in legitimate(0) {
            self.frame(&frame.bytes);
        }
        self.out.flush().expect("written");
    }
}

fn server() -> SocketAddr {
    FLOODED.parse().expect("ip:port")
}

/// The address of attacker number `n`.
fn attacker(n: u32) -> SocketAddr {
    let port = u16::try_from(1025 + n % 50_000).expect("a port");
    (Ipv4Addr::from_bits(0x0b00_0000 + n / 50_000), port).into()
}

/// Legitimate session number `n`.
fn legitimate(n: u32) -> Vec<Frame> {
    let client = SocketAddr::from((Ipv4Addr::from_bits(0x0a64_0001 + n / 1000), 20_000));
    let client =
        SocketAddr::new(client.ip(), client.port() + u16::try_from(n % 1000).expect("u16"));
    let body = format!("{{\"email\":\"jane.roe{n}@clinic.example\"}}");
    tcp::Conversation::open(&client.to_string(), "10.99.0.1:80", BEGUN_US)
        .exchange(
            (&format!("GET /legit/{n} HTTP/1.1\nHost: legit.example"), b""),
            ("HTTP/1.1 200 OK\nContent-Type: application/json", body.as_bytes()),
        )
        .close()
}

/// Replays `pcap` within `memory`; the most memory of its own the program had, looked at every
/// millisecond: how much of its file the system keeps mapped is not the program's doing.
fn replay(lab: &Lab, pcap: &Path, memory: u64, workers: u32) -> u64 {
    let (memory, workers) = (memory.to_string(), workers.to_string());
    let args = lab.replay_args("x.db", &[pcap], &["--memory", &memory, "--workers", &workers]);
    let mut child = lab.command(args).stdout(Stdio::null()).spawn().expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        if let Some(ended) = child.try_wait().expect("a child") {
            assert_eq!(ended.code(), Some(0));
            return most;
        }
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let kept = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = kept.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(kib.unwrap_or(0) * 1024);
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// How many of the legitimate exchanges are in the inventory, whole, and with their field.
fn inventoried(lab: &Lab) -> u64 {
    let rows = lab.query("x.db", &["endpoints"]);
    let of_us = |row: &&serde_json::Value| row["service"] == "legit.example";
    let legit: Vec<_> = rows.iter().filter(of_us).collect();
    let fields = lab.query("x.db", &["fields"]);
    let email = fields.iter().find(|f| f["field"] == "$.email").expect("the field is there");
    assert_eq!(email["data_classes"][0]["class"], "contact.email", "{email}");
    let whole = |row: &serde_json::Value| {
        let damaged: u64 = ["one_sided", "gaps", "truncated", "undecoded"]
            .iter()
            .filter_map(|name| row["coverage"][name].as_u64())
            .sum();
        row["statuses"]["200"].as_u64().unwrap_or(0).saturating_sub(damaged)
    };
    legit.iter().map(|row| whole(row)).sum()
}

/// Floods with what `make` writes and looks at memory and at the session that follows.
#[track_caller]
fn flood(name: &str, make: impl FnOnce(&mut Wire)) {
    let (sample, full) = ([(16, 1)], [(128, 1), (512, 2)]);
    flood_within(name, if is_full() { &full } else { &sample }, make);
}

/// The same with each of these budgets, in MiB, and numbers of workers.
#[track_caller]
fn flood_within(name: &str, settings: &[(u64, u32)], make: impl FnOnce(&mut Wire)) {
    let recorded = Lab::default();
    let pcap = recorded.path("flood.pcap");
    let mut wire = Wire::new(&pcap);
    make(&mut wire);
    wire.finish();
    for (memory, workers) in settings {
        let lab = Lab::default();
        let peak = replay(&lab, &pcap, memory * MIB, *workers) / MIB;
        say(&format!("{name}, {workers} workers: {peak} MiB of {memory} and {}", BESIDE / MIB));
        assert!(peak <= memory + BESIDE / MIB, "{name}, {workers} workers: {peak} MiB");
        assert!(peak > 10, "the measurement works");
        assert_eq!(inventoried(&lab), 1, "{name}: the session five seconds later");
    }
}

/// Floods that make rows of the inventory, which workers may make faster than the writer takes
/// them: every number of workers, and when all is asked for every budget from the `least` on.
#[track_caller]
fn flood_rows(name: &str, least: u64, make: impl FnOnce(&mut Wire)) {
    let budgets: &[u64] = if is_full() { &[least, 128, 512] } else { &[least] };
    let all = budgets.iter().flat_map(|memory| [0, 1, 2].map(|workers| (*memory, workers)));
    flood_within(name, &all.collect::<Vec<_>>(), make);
}

#[test]
fn a_syn_flood_stays_within_the_budget() {
    flood("SYN flood", |wire| {
        for n in 0..sized(100_000, 2_000_000) {
            wire.send(attacker(n), server(), (n, 0, SYN), b"");
        }
    });
}

#[test]
fn flows_with_out_of_order_data_stay_within_the_budget() {
    flood("early segments", |wire| {
        let flows = sized(5_000, 100_000);
        (0..flows).for_each(|n| wire.connect(n));
        for piece in 0..4 {
            for n in 0..flows {
                let at = (201 + piece * 1500, 901, PSH_ACK);
                wire.send(attacker(n), server(), at, &[b'x'; 1400]);
            }
        }
    });
}

/// As many as before, of one byte each: what holds them is more than they are.
#[test]
fn flows_with_single_bytes_out_of_order_stay_within_the_budget() {
    flood("single bytes", |wire| {
        let flows = sized(20_000, 200_000);
        (0..flows).for_each(|n| wire.connect(n));
        for n in 0..flows {
            wire.send(attacker(n), server(), (201, 901, PSH_ACK), b"x");
        }
    });
}

/// Peak memory of so many flows that stay open and say nothing more, less that of a fifth of them.
fn idle_flows(count: u32, talk: bool) -> u64 {
    let lab = Lab::default();
    let peak = |name: &str, count: u32| {
        let pcap = lab.path(name);
        let mut wire = Wire::new(&pcap);
        for n in 0..count {
            // What is held for late copies is held for a few seconds.
            wire.at_us += u64::from(sized(333, 100));
            wire.connect(n);
            if talk {
                let (from, to) = (attacker(n), server());
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                let request = b"GET /a HTTP/1.1\r\nHost: i\r\n\r\n";
                wire.send(from, to, (101, 901, PSH_ACK), request);
                wire.send(to, from, (901, 101 + 28, PSH_ACK), answer);
            }
        }
        wire.finish();
        replay(&lab, &pcap, 1024 * MIB, 1)
    };
    peak("many.pcap", count).saturating_sub(peak("few.pcap", count / 5))
}

/// A million cost 400 MB at most, whether they said something before or not. Of fewer it matters
/// when their tables last grew, and which thread freed what.
#[test]
fn flows_at_rest_cost_little() {
    let count = sized(300_000, 1_000_000);
    for (name, talk) in [("silent", false), ("after one exchange", true)] {
        let cost = idle_flows(count, talk);
        let more = u64::from(count - count / 5);
        let (each, slack) = (cost / more, u64::from(sized(24, 0)) * MIB);
        say(&format!("{more} flows, {name}: {} MB, {each} bytes each", cost / 1_000_000));
        assert!(cost <= more * 400 + slack, "{name}: {cost} bytes");
    }
}

/// Each has a window of its own.
#[test]
fn open_compressed_bodies_stay_within_the_budget() {
    let head = b"POST /a HTTP/1.1\r\nHost: flooded.example\r\nContent-Type: application/json\r\n\
                 Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n";
    // A gzip header, then a stored block of deflate that goes on (RFC 1951 section 3.2.4).
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0, 0xff, 0x7f, 0x00, 0x80];
    let request = [&head[..], &gzip, b"{\"a\":\"", &[b'z'; 600]].concat();
    flood("open bodies", |wire| {
        for n in 0..sized(3_000, 100_000) {
            wire.connect(n);
            wire.send(attacker(n), server(), (101, 901, PSH_ACK), &request);
        }
    });
}

/// Each keeps a head that does not end.
#[test]
fn open_heads_stay_within_the_budget() {
    let head =
        [&b"GET /a HTTP/1.1\r\nHost: flooded.example\r\nX-Pad: "[..], &[b'z'; 1300]].concat();
    flood("open heads", |wire| {
        for n in 0..sized(10_000, 100_000) {
            wire.connect(n);
            wire.send(attacker(n), server(), (101, 901, PSH_ACK), &head);
        }
    });
}

/// A name that nobody has: of letters, so that it stands for no number.
fn made_up(n: u32) -> String {
    let letter = |n: u32| char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
    (0..5).map(|place| letter(n / 26_u32.pow(place))).collect()
}

/// Each SYN brings a request to a host of its own, whole or cut.
#[test]
fn made_up_hosts_stay_within_the_budget_and_take_no_known_ones_place() {
    for (name, end) in [("made-up hosts", "\r\n\r\n"), ("the same, cut", "\r\nX: aaaa")] {
        flood_rows(name, 16, |wire| {
            for n in 0..sized(20_000, 300_000) {
                let host = made_up(n);
                let request = format!("GET /patients HTTP/1.1\r\nHost: {host}.example{end}");
                wire.send(attacker(n), server(), (n, 0, SYN), request.as_bytes());
            }
        });
    }
}

/// Answers of 200 hosts with 500 keys each that nobody used before.
#[test]
fn made_up_keys_stay_within_the_budget() {
    flood_rows("made-up keys", 32, |wire| {
        for n in 0..sized(600, 16_000) {
            let (from, to) = (attacker(n), server());
            let request = format!("GET /patients HTTP/1.1\r\nHost: h{}.example\r\n\r\n", n % 200);
            let members: Vec<_> =
                (0..500).map(|key| format!("\"{}\":\"a b\"", made_up(n * 500 + key))).collect();
            let body = format!("{{{}}}", members.join(","));
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let asked = 101 + u32::try_from(request.len()).expect("short");
            wire.connect(n);
            wire.send(from, to, (101, 901, PSH_ACK), request.as_bytes());
            let mut at = 901;
            for piece in [head.as_bytes(), body.as_bytes()].concat().chunks(1400) {
                wire.send(to, from, (at, asked, PSH_ACK), piece);
                at += u32::try_from(piece.len()).expect("short");
            }
        }
    });
}

/// Answered requests to paths of 4,000 hosts that nobody used before.
#[test]
fn made_up_paths_stay_within_the_budget() {
    flood("made-up paths", |wire| {
        for n in 0..sized(5_000, 1_000_000) {
            let (from, to, host) = (attacker(n), server(), n % 4000);
            let path = made_up(n);
            let request = format!("GET /{path} HTTP/1.1\r\nHost: h{host}.example\r\n\r\n");
            let asked = 101 + u32::try_from(request.len()).expect("short");
            wire.connect(n);
            wire.send(from, to, (101, 901, PSH_ACK), request.as_bytes());
            let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                           Content-Length: 9\r\n\r\n{\"a\":\"b\"}";
            wire.send(to, from, (901, asked, PSH_ACK), answer);
        }
    });
}

/// A scan of virtual hosts, each answered as unknown, among which is one that is known.
#[test]
fn what_stands_for_made_up_hosts_is_told() {
    let lab = Lab::default();
    let pcap = lab.path("flood.pcap");
    let mut wire = Wire::new(&pcap);
    let scanned = 1500;
    for n in 0..scanned {
        let (from, to, host) = (attacker(n), server(), made_up(n));
        let request = format!("GET /patients HTTP/1.1\r\nHost: {host}.example\r\n\r\n");
        let asked = 101 + u32::try_from(request.len()).expect("short");
        wire.connect(n);
        wire.send(from, to, (101, 901, PSH_ACK), request.as_bytes());
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        wire.send(to, from, (901, asked, PSH_ACK), answer);
    }
    wire.finish();
    // 256 services have room there.
    let memory = (16 * MIB).to_string();
    let ran = lab.replay("x.db", &[&pcap], &["--memory", &memory]).expect(0);
    assert!(
        ran.stdout.contains("services without rows of their own: they stand as one"),
        "{ran:?}"
    );
    assert_eq!(inventoried(&lab), 1);
    let services = lab.query("x.db", &["services"]);
    assert_eq!(services.len(), 257);
    let coverage = lab.query("x.db", &["coverage"]);
    let told = |name: &str| {
        let row = coverage.iter().find(|row| row["anomaly"] == name);
        row.unwrap_or_else(|| panic!("no {name}"))["count"].as_u64().expect("a count")
    };
    let merged = u64::from(scanned) + 1 - 256;
    assert_eq!(told("services-merged"), merged);
    assert!(told("inventory-memory") >= merged);
}

/// Four packets of a flood come with every packet of a thousand sessions, fifty at a time.
#[test]
fn among_a_flood_the_legitimate_exchanges_are_found() {
    let lab = Lab::default();
    let pcap = lab.path("mixed.pcap");
    let mut wire = Wire::new(&pcap);
    let sessions = 1000;
    // At the least budget, sixteen times the flows it has places for.
    let flooding = 4 * sized(1, 8);
    let mut waiting: Vec<_> = (0..sessions).rev().map(|n| legitimate(n).into_iter()).collect();
    let (mut open, mut n) = (Vec::new(), 0);
    while !waiting.is_empty() || !open.is_empty() {
        while open.len() < 50
            && let Some(next) = waiting.pop()
        {
            open.push(next);
        }
        open.retain_mut(|session| {
            let Some(frame) = session.next() else { return false };
            wire.frame(&frame.bytes);
            for _ in 0..flooding {
                n += 1;
                let (from, to) = (attacker(n), server());
                match n % 4 {
                    0 => wire.send(from, to, (n, 5, PSH_ACK), &[b'y'; 200]),
                    1 => wire.send(from, to, (n, 7, ACK), b""),
                    _ => wire.send(from, to, (n, 0, SYN), b""),
                }
            }
            true
        });
    }
    wire.finish();
    let memory = 16 * MIB;
    let peak = replay(&lab, &pcap, memory, 1);
    let found = inventoried(&lab);
    say(&format!("{found} of {sessions} among {n} packets of a flood, {} MiB", peak / MIB));
    assert!(found * 100 >= u64::from(sessions) * 99, "{found} of {sessions}");
    assert!(peak <= memory + BESIDE, "{} MiB", peak / MIB);
}

/// Set where the test runs itself to print a hash.
const PRINT: &str = "PHITAP_TEST_PRINT_HASH";

#[test]
fn every_process_hashes_with_a_key_of_its_own() {
    if std::env::var_os(PRINT).is_some() {
        return say(&format!("hash {}", table_state().hash_one(7_u64)));
    }
    let run = || {
        let this = std::env::current_exe().expect("this program");
        let output = Command::new(this)
            .args(["--exact", "every_process_hashes_with_a_key_of_its_own", "--nocapture"])
            .env(PRINT, "1")
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = told.lines().find_map(|line| line.strip_prefix("hash ").map(str::to_owned));
        line.unwrap_or_else(|| panic!("no hash: {told}"))
    };
    let hashes: std::collections::BTreeSet<_> = (0..4).map(|_| run()).collect();
    assert!(hashes.len() >= 3, "{hashes:?}");
}

/// What was evicted is told.
#[test]
fn what_was_evicted_is_counted() {
    let lab = Lab::default();
    let pcap = lab.path("flood.pcap");
    let mut wire = Wire::new(&pcap);
    (0..50_000).for_each(|n| wire.send(attacker(n), server(), (n, 0, SYN), b""));
    wire.finish();
    let memory = (16 * MIB).to_string();
    let ran: Ran = lab.replay("x.db", &[&pcap], &["--memory", &memory]).expect(0);
    assert!(ran.stdout.contains("flows ended early for want of memory: raise --memory"), "{ran:?}");
    let asked = "SELECT count FROM run_anomaly WHERE name = 'evicted-for-flows'";
    let told = lab.run(["sql", asked, "--db", "x.db", "--format", "json"]).expect(0).rows();
    let count = told[0]["count"].as_u64().expect("a number");
    assert!((20_000..50_000).contains(&count), "{count}");
}
