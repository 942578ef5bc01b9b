//! What was lost or excluded before it came here: the interface's own counters and the kernel's
//! filter, as estimates, and the mirror port, of which only numbers of TCP tell. Each test runs in
//! a network namespace of its own, where the machine lets it.

mod support;

use std::net::UdpSocket;
use std::process::{Child, Command};

use serde_json::Value;

use support::live::{Running, is_inside, listen_on, veth};
use support::phitap::Lab;
use support::tcp::{Conversation, payload};
use support::{capture, skip};

fn send(to: &str, packets: usize) {
    let socket = UdpSocket::bind("10.9.0.1:0").expect("a port");
    for _ in 0..packets {
        assert_eq!(socket.send_to(&[7; 200], to).expect("sent"), 200);
    }
}

fn account(lab: &Lab) -> Value {
    let rows = lab.query("live.db", &["coverage"]);
    rows.into_iter().find(|row| row["scope"] == "all").expect("an account")
}

#[test]
fn what_the_kernels_filter_excluded_stands_beside_the_account() {
    if !is_inside("what_the_kernels_filter_excluded_stands_beside_the_account") {
        return;
    }
    veth();
    for rings in ["1", "3"] {
        let lab = Lab::default();
        let more = ["--rings", rings, "--buffer", "4M", "udp dst port 9999"];
        let mut running = listen_on(&lab, "wire1", &more);
        send("10.9.0.2:9999", 400);
        send("10.9.0.2:8888", 600);
        assert_eq!(running.end(), Some(0));
        let all = account(&lab);
        assert_eq!((&all["balanced"], &all["seen"]), (&true.into(), &400.into()), "{all}");
        // Neighbours may be looked for meanwhile.
        let excluded = all["filter_excluded"].as_u64().expect("an estimate");
        assert!((600..650).contains(&excluded), "{rings} rings: {all}");
        assert_eq!(all["interface_lost"], 0, "{all}");
    }
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &[]);
    send("10.9.0.2:8888", 50);
    assert_eq!(running.end(), Some(0));
    assert!(account(&lab).get("filter_excluded").is_none(), "there was no filter");
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
    time.sleep(0.0004)
";

/// Ends with the test.
struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays connections of so many exchanges, of which one segment with payload in `lost_each` was
/// lost, for a minute at most.
fn play(lab: &Lab, exchanges: usize, lost_each: usize) -> Playing {
    let mut frames = Vec::new();
    let (body, mut nth) = ([b' '; 8000], 0);
    for port in (20_000..).take(6000 / exchanges) {
        let client = format!("10.3.0.1:{port}");
        let mut talk = Conversation::open(&client, "10.4.0.1:80", 1_700_000_000_000_000);
        // Each request acknowledges the answer before it.
        for _ in 0..exchanges {
            let answer = ("HTTP/1.1 200 OK\nContent-Type: text/plain", &body[..]);
            talk = talk.exchange(("GET /a HTTP/1.1\nHost: a.example", b""), answer);
        }
        frames.extend(talk.close().into_iter().filter(|frame| {
            nth += usize::from(!payload(frame).1.is_empty());
            payload(frame).1.is_empty() || nth % lost_each != 0
        }));
    }
    capture::write(&lab.path("mirror.pcap"), &frames);
    let mut python = Command::new("python3");
    Playing(python.args(["-c", PLAY]).arg(lab.path("mirror.pcap")).spawn().expect("it starts"))
}

#[test]
fn what_a_mirror_port_lost_turns_health_red() {
    red_by_losses("what_a_mirror_port_lost_turns_health_red", 10, 20);
}

/// What was lost of a connection that is over is counted while it matters.
#[test]
fn a_loss_of_1_7_percent_of_short_connections_turns_health_red() {
    red_by_losses("a_loss_of_1_7_percent_of_short_connections_turns_health_red", 1, 60);
}

fn red_by_losses(name: &'static str, exchanges: usize, lost_each: usize) {
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(name, "no python3");
    }
    if !is_inside(name) {
        return;
    }
    veth();
    let lab = Lab::default();
    let more = ["--blind-after", "6", "--on-loss", "exit", "tcp"];
    let mut running: Running = listen_on(&lab, "wire1", &more);
    let _playing = play(&lab, exchanges, lost_each);
    let red = running.wait_for("health: red");
    assert!(red.contains("of the TCP payload lost before it came here"), "{red}");
    assert_eq!(running.child.wait().expect("a child").code(), Some(3));
}
