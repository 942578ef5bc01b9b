//! Live capture to the packet: a known number of packets is sent over a veth pair, and every one
//! of them is accounted for, whether the reader keeps up or not, by one socket or by several. Each
//! test runs in a network namespace of its own, where the machine lets it.

mod support;

use std::net::{TcpListener, UdpSocket};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use support::capture;
use support::live::{Running, exchange, ip, is_inside, listen, listen_on, veth};
use support::phitap::Lab;
use support::tcp::{Conversation, tunnelled};
use support::{say, skip};

/// Where packets go; nobody is there, but the neighbour is known.
const NOBODY: &str = "10.9.0.2:9999";
/// What counts: the kernel hands over nothing else.
const OF_US: &str = "udp dst port 9999";

/// Sends so many packets from each of so many ports.
fn send(ports: usize, each: usize) {
    for _ in 0..ports {
        let socket = UdpSocket::bind("10.9.0.1:0").expect("a port");
        for n in 0..each {
            let payload = [u8::try_from(n % 256).expect("a byte"); 200];
            assert_eq!(socket.send_to(&payload, NOBODY).expect("sent"), 200);
        }
    }
}

fn signal(running: &Running, name: &str) {
    let id = running.child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("kill runs").success());
}

fn coverage(lab: &Lab) -> Vec<Value> {
    lab.query("live.db", &["coverage"])
}

fn number(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// The whole account: seen, skipped as UDP, dropped by the kernel.
fn account(lab: &Lab) -> (u64, u64, u64) {
    let rows = coverage(lab);
    let all = rows.iter().find(|row| row["scope"] == "all").expect("an account");
    assert_eq!(all["balanced"], true, "{all}");
    let udp = all["skipped"]["udp"].as_u64().unwrap_or(0);
    let (seen, dropped) = (number(all, "seen"), number(all, "dropped"));
    assert_eq!(seen, udp + dropped, "there is nothing else in it: {all}");
    (seen, udp, dropped)
}

/// How often each reader is sent to.
fn rounds() -> usize {
    if std::env::var_os("PHITAP_FULL").is_some() { 20 } else { 3 }
}

#[test]
fn every_packet_sent_to_a_fast_reader_is_accounted_for() {
    if !is_inside("every_packet_sent_to_a_fast_reader_is_accounted_for") {
        return;
    }
    veth();
    let mut lost = 0;
    for round in 0..rounds() {
        let lab = Lab::default();
        let mut running = listen_on(&lab, "wire1", &[OF_US]);
        let sent = 1000 + 37 * round;
        send(1, sent);
        assert_eq!(running.end(), Some(0));
        let (seen, _, dropped) = account(&lab);
        assert_eq!(seen, sent as u64, "round {round}");
        lost += dropped;
    }
    say(&format!("a fast reader: {} rounds, {lost} packets lost", rounds()));
}

#[test]
fn every_packet_sent_to_a_slow_reader_is_accounted_for() {
    if !is_inside("every_packet_sent_to_a_slow_reader_is_accounted_for") {
        return;
    }
    veth();
    for round in 0..rounds() {
        let lab = Lab::default();
        let mut running = listen_on(&lab, "wire1", &["--buffer", "1M", OF_US]);
        // It reads nothing for as long as it takes to send far more than its buffer holds.
        signal(&running, "STOP");
        let sent = 20_000 + 37 * round;
        send(1, sent);
        signal(&running, "CONT");
        std::thread::park_timeout(Duration::from_millis(100));
        // And then reads on.
        send(1, 100);
        assert_eq!(running.end(), Some(0));
        let (seen, read, dropped) = account(&lab);
        assert_eq!(seen, sent as u64 + 100, "round {round}");
        assert!(dropped > 1000 && read > 100, "round {round}: {read} read, {dropped} dropped");
    }
}

#[test]
fn an_interface_that_goes_away_is_told_at_once_and_the_others_are_read_on() {
    if !is_inside("an_interface_that_goes_away_is_told_at_once_and_the_others_are_read_on") {
        return;
    }
    veth();
    ip("link add gone0 type veth peer name gone1");
    ip("link set gone0 up");
    ip("link set gone1 up");
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &["-i", "gone1", OF_US]);
    ip("link del gone0");
    let red = running.wait_for("health: red");
    assert!(red.contains("gone1 is gone"), "{red}");
    send(1, 50);
    assert_eq!(running.end(), Some(3), "what it was to hear it did not");
    let (seen, ..) = account(&lab);
    assert_eq!(seen, 50, "the other was read on");
}

/// What is said of the input of this name.
fn input(lab: &Lab, name: &str) -> Value {
    let rows = coverage(lab);
    let row = rows.iter().find(|row| row["scope"] == "input" && row["input"] == name);
    row.unwrap_or_else(|| panic!("no {name} in {rows:#?}")).clone()
}

/// Takes the pair away and makes it anew, as often as that is told of.
fn replug(running: &Running) {
    ip("link del wire0");
    let red = running.wait_for("health: red");
    assert!(red.contains("wire1 is gone") && red.contains("opened again"), "{red}");
    veth();
    let green = running.wait_for("health: green again");
    assert!(green.contains("wire1 is gone"), "{green}");
}

#[test]
fn an_interface_that_comes_back_is_read_on_and_its_absence_is_told() {
    if !is_inside("an_interface_that_comes_back_is_read_on_and_its_absence_is_told") {
        return;
    }
    veth();
    let lab = Lab::default();
    // No other interface keeps the capture going, and its filter holds for the new socket too.
    let mut running = listen_on(&lab, "wire1", &[OF_US]);
    let mut sent = 0;
    for round in 1..=2 {
        send(1, 20 + round);
        sent += 20 + round;
        std::thread::park_timeout(Duration::from_millis(300));
        replug(&running);
    }
    send(1, 50);
    assert_eq!(running.end(), Some(3), "what it was to hear meanwhile it did not");
    assert_eq!(account(&lab).0, sent as u64 + 50, "before, between and after");
    let row = input(&lab, "wire1");
    let told = row["incomplete"].as_str().unwrap_or_default();
    assert!(told.starts_with("away 2 times, for "), "{row}");
    let more: Vec<String> = running.told.try_iter().collect();
    assert!(!more.iter().any(|line| line.contains("health")), "once each: {more:?}");
}

#[test]
fn rings_of_an_interface_that_comes_back_share_its_packets_again() {
    if !is_inside("rings_of_an_interface_that_comes_back_share_its_packets_again") {
        return;
    }
    veth();
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &["--rings", "3", "--buffer", "4M", OF_US]);
    send(30, 10);
    std::thread::park_timeout(Duration::from_millis(300));
    replug(&running);
    // Every ring has taken up its socket.
    std::thread::park_timeout(Duration::from_millis(500));
    send(150, 10);
    assert_eq!(running.end(), Some(3));
    assert_eq!(account(&lab).0, 1800, "no packet comes by two rings");
    let each = [1, 2, 3].map(|n| number(&input(&lab, &format!("wire1, ring {n} of 3")), "seen"));
    assert!(each.iter().all(|n| *n > 300 && n % 10 == 0), "whole flows for each: {each:?}");
}

#[test]
fn a_link_that_goes_down_and_up_is_read_on() {
    if !is_inside("a_link_that_goes_down_and_up_is_read_on") {
        return;
    }
    veth();
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &[OF_US]);
    send(1, 20);
    std::thread::park_timeout(Duration::from_millis(300));
    ip("link set wire1 down");
    std::thread::park_timeout(Duration::from_millis(500));
    ip("link set wire1 up");
    std::thread::park_timeout(Duration::from_millis(500));
    ip("neigh replace 10.9.0.2 lladdr 02:00:00:00:09:02 dev wire0");
    send(1, 30);
    let code = running.end();
    assert_eq!(account(&lab).0, 50);
    assert_eq!(code, Some(0), "it was there all the time");
}

#[test]
fn on_loss_exit_does_not_wait_for_an_interface_to_come_back() {
    if !is_inside("on_loss_exit_does_not_wait_for_an_interface_to_come_back") {
        return;
    }
    veth();
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &["--on-loss", "exit", OF_US]);
    send(1, 20);
    std::thread::park_timeout(Duration::from_millis(300));
    ip("link del wire0");
    running.wait_for("--on-loss exit: ending");
    assert_eq!(running.child.wait().expect("a child").code(), Some(3));
    assert_eq!(account(&lab).0, 20);
}

#[test]
fn buffers_that_cannot_be_had_are_refused_in_one_line() {
    let lab = Lab::default();
    for command in ["capture", "doctor"] {
        for (buffer, said) in [
            ("9G", "9G is more than one buffer can be: use 2047M at most"),
            ("2G", "use 2047M at most"),
            ("99999G", "use 2047M at most"),
            ("0", "no packet fits into 0 bytes"),
            ("-1M", "expected a size such as 64M"),
            ("lots", "expected a size such as 64M"),
        ] {
            let buffer = format!("--buffer={buffer}");
            let told = lab.run([command, "-i", "lo", &buffer]).expect(2).stderr;
            let lines: Vec<&str> = told.lines().collect();
            assert!(lines.len() == 1 && lines[0].contains("--buffer"), "{command}: {told}");
            assert!(lines[0].contains(said), "{command} {buffer}: {told}");
        }
    }
    for snaplen in ["0", "262145", "99999999999"] {
        let told = lab.run(["capture", "-i", "lo", "--snaplen", snaplen]).expect(2).stderr;
        assert!(told.contains("--snaplen") && told.contains("1 to 262144"), "{told}");
    }
}

#[test]
fn rings_share_the_packets_of_an_interface_and_each_has_its_account() {
    if !is_inside("rings_share_the_packets_of_an_interface_and_each_has_its_account") {
        return;
    }
    veth();
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &["--rings", "3", "--buffer", "4M", OF_US]);
    send(150, 10);
    assert_eq!(running.end(), Some(0));
    let (seen, _, dropped) = account(&lab);
    assert_eq!((seen, dropped), (1500, 0), "no packet comes by two rings");
    let rows = coverage(&lab);
    let of = |n: usize| {
        let name = format!("wire1, ring {n} of 3");
        let row = rows.iter().find(|row| row["scope"] == "input" && row["input"] == name.as_str());
        number(row.unwrap_or_else(|| panic!("no {name} in {rows:#?}")), "seen")
    };
    let each = [of(1), of(2), of(3)];
    assert_eq!(each.iter().sum::<u64>(), 1500);
    // Fifty flows each at random.
    assert!(each.iter().all(|n| (150..900).contains(n) && n % 10 == 0), "whole flows: {each:?}");
}

#[test]
fn exchanges_that_come_by_several_rings_are_whole() {
    if !is_inside("exchanges_that_come_by_several_rings_are_whole") {
        return;
    }
    let lab = Lab::default();
    let mut running = listen(&lab, &["--rings", "4", "--workers", "2", "--buffer", "4M", "tcp"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    for _ in 0..60 {
        exchange(&listener, "/by-rings", "{\"email\":\"jane.roe@clinic.example\"}");
    }
    assert_eq!(running.end(), Some(0));
    let rows = lab.query("live.db", &["endpoints"]);
    let row = rows.iter().find(|row| row["path"] == "/by-rings").expect("the endpoint");
    assert_eq!(row["statuses"]["200"], 60, "{row}");
    for damage in ["one_sided", "gaps", "truncated", "undecoded", "ambiguous"] {
        assert_eq!(row["coverage"][damage].as_u64().unwrap_or(0), 0, "{damage}: {row}");
    }
    let used = coverage(&lab);
    let used = used.iter().filter(|row| row["scope"] == "input" && number(row, "seen") > 0);
    assert!(used.count() >= 2, "more than one ring had flows");
}

/// The kernel deals out by the packets of the tunnel, of which each goes its own way here.
#[test]
fn connections_that_the_kernel_deals_to_several_rings_are_read_in_order() {
    let name = "connections_that_the_kernel_deals_to_several_rings_are_read_in_order";
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(name, "no python3");
    }
    if !is_inside(name) {
        return;
    }
    const CONNECTIONS: u16 = 60;
    const EXCHANGES: usize = 10;
    veth();
    let lab = Lab::default();
    let mut frames = Vec::new();
    for number in 0..CONNECTIONS {
        let client = format!("10.7.0.1:{}", 20_000 + number);
        let at_us = 1_700_000_000_000_000;
        let mut talk = Conversation::open(&client, "10.8.0.1:80", at_us).segments_of(1300);
        for _ in 0..EXCHANGES {
            let answer = ("HTTP/1.1 200 OK\nContent-Type: text/plain", &[b'a'; 2000][..]);
            talk = talk.exchange(("GET /tunnelled HTTP/1.1\nHost: a.example", b""), answer);
        }
        frames.extend(talk.close());
    }
    let vxlan = [8, 0, 0, 0, 0, 0, 7, 0];
    let frames: Vec<_> = (0u16..)
        .zip(&frames)
        .map(|(n, frame)| tunnelled(frame, (49_152 + n % 997, 4789), &vxlan))
        .collect();
    capture::write(&lab.path("tunnel.pcap"), &frames);
    let more = ["--rings", "4", "--workers", "2", "--buffer", "4M"];
    let mut running = listen_on(&lab, "wire1", &more);
    let sent = Command::new("python3").args(["-c", PLAY]).arg(lab.path("tunnel.pcap")).status();
    assert!(sent.expect("python3 runs").success());
    assert_eq!(running.end(), Some(0));
    let used = coverage(&lab);
    let used = used.iter().filter(|row| row["scope"] == "input" && number(row, "seen") > 200);
    assert!(used.count() >= 3, "the rings share the packets");
    let rows = lab.query("live.db", &["endpoints"]);
    let row = rows.iter().find(|row| row["path"] == "/tunnelled").expect("the endpoint");
    let all = usize::from(CONNECTIONS) * EXCHANGES;
    assert_eq!((&row["requests"], &row["statuses"]["200"]), (&all.into(), &all.into()), "{row}");
    for damage in ["one_sided", "gaps", "truncated", "undecoded", "ambiguous"] {
        assert_eq!(row["coverage"][damage].as_u64().unwrap_or(0), 0, "{damage}: {row}");
    }
}

/// Sends the frames of a capture, those of the client into one interface and all others into
/// another, as a tap with two outputs does.
const TAP: &str = "
import socket, struct, sys, time
ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW) for _ in range(2)]
ends[0].bind(('wire0', 0)); ends[1].bind(('back0', 0))
data = open(sys.argv[1], 'rb').read()
at = 24
while at < len(data):
    length = struct.unpack('<I', data[at + 8:at + 12])[0]
    frame = data[at + 16:at + 16 + length]
    ends[0 if frame[26:30] == bytes([10, 3, 0, 1]) else 1].send(frame)
    at += 16 + length
    time.sleep(0.0003)
";

/// One for each path.
const STATUSES: std::ops::Range<u8> = 206..226;

#[test]
fn a_tap_with_two_outputs_is_one_conversation() {
    let name = "a_tap_with_two_outputs_is_one_conversation";
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(name, "no python3");
    }
    if !is_inside(name) {
        return;
    }
    veth();
    ip("link add back0 type veth peer name back1");
    for end in ["back0", "back1"] {
        ip(&format!("link set {end} up"));
    }
    let lab = Lab::default();
    let mut frames = Vec::new();
    for connection in 0..20 {
        let client = format!("10.3.0.1:{}", 40_000 + connection);
        let mut talk = Conversation::open(&client, "10.3.0.2:80", 1_700_000_000_000_000);
        for status in STATUSES {
            let path = format!("/go/{}", char::from(status - 206 + b'a').to_string().repeat(3));
            talk = talk
                .ask(format!("GET {path} HTTP/1.1\r\nHost: api.example\r\n\r\n"))
                .answer(format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}"));
        }
        frames.extend(talk.close());
    }
    capture::write(&lab.path("tap.pcap"), &frames);
    let more = ["-i", "back1", "--workers", "2", "tcp"];
    let mut running = listen_on(&lab, "wire1", &more);
    let sent = Command::new("python3").args(["-c", TAP]).arg(lab.path("tap.pcap")).status();
    assert!(sent.expect("python3 runs").success());
    assert_eq!(running.end(), Some(0));
    let rows = lab.query("live.db", &["endpoints"]);
    for status in STATUSES {
        let path = format!("/go/{}", char::from(status - 206 + b'a').to_string().repeat(3));
        let row = rows.iter().find(|row| row["path"] == path.as_str());
        let row = row.unwrap_or_else(|| panic!("no {path} in {rows:#?}"));
        assert_eq!(row["statuses"][status.to_string()], 20, "{row}");
        assert_eq!(row["requests"], 20, "{row}");
    }
}

/// Sends the frames of a capture into one interface, a little apart.
const PLAY: &str = "
import socket, struct, sys, time
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
end.bind(('wire0', 0))
data = open(sys.argv[1], 'rb').read()
at = 24
while at < len(data):
    length = struct.unpack('<I', data[at + 8:at + 12])[0]
    end.send(data[at + 16:at + 16 + length])
    at += 16 + length
    time.sleep(0.0002)
";

/// A bridge between two interfaces hands each packet on: both of them see it.
#[test]
fn what_comes_by_two_interfaces_is_counted_once() {
    let name = "what_comes_by_two_interfaces_is_counted_once";
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(name, "no python3");
    }
    if !is_inside(name) {
        return;
    }
    let made = Command::new("ip").args(["link", "add", "both", "type", "bridge"]).output();
    if !made.is_ok_and(|made| made.status.success()) {
        return skip(name, "no bridges");
    }
    // Where bridges ask the packet filter, it drops what has no good checksum.
    let _ = std::fs::write("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
    veth();
    ip("link add back0 type veth peer name back1");
    for end in ["back0", "back1", "both"] {
        ip(&format!("link set {end} up"));
    }
    ip("link set wire1 master both");
    ip("link set back1 master both");
    for forwards in ["wire1", "back1"] {
        // It hands on what it would keep from where it came from, too.
        let floods = ["link", "set", "dev", forwards, "state", "3", "learning", "off"];
        let _ = Command::new("bridge").args(floods).output();
    }
    // The link may need a while until its carrier is there.
    let forwards = |port: &str| {
        let shown = Command::new("ip").args(["-d", "link", "show", port]).output();
        shown.is_ok_and(|s| String::from_utf8_lossy(&s.stdout).contains("state forwarding"))
    };
    for _ in 0..100 {
        if forwards("wire1") && forwards("back1") {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let lab = Lab::default();
    let mut frames = Vec::new();
    let connections = 150;
    for n in 0..connections {
        // Short ones: a copy may come when all of it is over.
        let talk = Conversation::open(&format!("10.3.0.1:{}", 40_000 + n), "10.3.0.2:80", n * 999);
        let request = "GET /twice HTTP/1.1\r\nHost: api.example\r\n\r\n";
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        frames.extend(talk.ask(request).answer(response).close());
    }
    capture::write(&lab.path("play.pcap"), &frames);
    let mut running = listen_on(&lab, "wire1", &["-i", "back1", "--workers", "2", "tcp"]);
    let sent = Command::new("python3").args(["-c", PLAY]).arg(lab.path("play.pcap")).status();
    assert!(sent.expect("python3 runs").success());
    assert_eq!(running.end(), Some(0));
    let seen = |name: &str| number(&input(&lab, name), "seen");
    if seen("back1") == 0 {
        return skip(name, "the bridge hands nothing on");
    }
    let rows = lab.query("live.db", &["endpoints"]);
    let row = rows.iter().find(|row| row["path"] == "/twice").expect("the endpoint");
    assert_eq!(row["requests"], connections, "{row}");
    let rows = coverage(&lab);
    let all = rows.iter().find(|row| row["scope"] == "all").expect("an account");
    assert_eq!(all["balanced"], true, "{all}");
    assert_eq!(number(all, "duplicate"), frames.len() as u64, "{all}");
    assert_eq!(number(all, "analysed"), frames.len() as u64, "{all}");
    let found = ["wire1", "back1"].map(|name| number(&input(&lab, name), "duplicate"));
    assert_eq!(found.iter().sum::<u64>(), frames.len() as u64, "each with its input: {found:?}");
}

#[test]
fn rings_without_workers_are_refused() {
    let lab = Lab::default();
    let ran = lab.run(["capture", "-i", "lo", "--rings", "2", "--workers", "0"]).expect(2);
    assert!(ran.stderr.contains("several interfaces or rings need at least 1"), "{}", ran.stderr);
    lab.run(["capture", "-i", "lo", "--rings", "0"]).expect(2);
}

#[test]
fn an_interface_is_promiscuous_while_it_is_listened_to_unless_told_otherwise() {
    if !is_inside("an_interface_is_promiscuous_while_it_is_listened_to_unless_told_otherwise") {
        return;
    }
    veth();
    let promiscuity = || {
        let output = Command::new("ip").args(["-d", "link", "show", "wire1"]).output();
        let text = String::from_utf8_lossy(&output.expect("ip runs").stdout).into_owned();
        let behind = text.split_once("promiscuity ").expect("what ip -d tells").1;
        behind.split_whitespace().next().expect("a number").parse::<u32>().expect("a number")
    };
    assert_eq!(promiscuity(), 0);
    for (more, expected) in [(&[OF_US][..], 1), (&["--no-promiscuous", OF_US][..], 0)] {
        let lab = Lab::default();
        let mut running = listen_on(&lab, "wire1", more);
        assert_eq!(promiscuity(), expected, "{more:?}");
        send(1, 10);
        assert_eq!(running.end(), Some(0));
        assert_eq!(account(&lab).0, 10, "{more:?}");
    }
    assert_eq!(promiscuity(), 0, "it is left as it was");
}
