//! Requests among decoys by chance: segments that never arrive (their time to live is one), that no
//! receiver takes (out of its window, with an acknowledgment of what was never sent, without one),
//! ends that are none, and pauses.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::support::capture::Frame;
use crate::support::rng::Rng;
use crate::support::tcp::frame;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const URG: u8 = 0x20;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
const SECRET: &str = "219-09-9998";
const DECOY: &str = "not-a-value";
const FAR: [u32; 3] = [70_000, 1_000_000, 10_000_000];
const KINDS: [&str; 15] = [
    "none",
    "none",
    "low data",
    "low harmless",
    "far data",
    "far fin",
    "low rst",
    "low rst about",
    "low fin",
    "far rst",
    "ack ahead",
    "low syn",
    "without ack",
    "low urgent",
    "pause",
];
/// Where fields lie in an Ethernet frame of IPv4 without options.
const TTL_AT: usize = 14 + 8;
const URGENT_AT: usize = 14 + 20 + 18;

/// One connection that is played.
pub(crate) struct Play {
    pub(crate) frames: Vec<Frame>,
    /// What was played, for whoever has to find out why it was missed.
    pub(crate) decoys: Vec<String>,
    ends: [SocketAddr; 2],
    isn: [u32; 2],
    at_us: u64,
    /// How far each side came.
    said: [u32; 2],
    /// Where the request at hand begins.
    begun: u32,
    request: Vec<u8>,
    harmless: Vec<u8>,
}

/// How segments differ from what the client's own stack would send.
#[derive(Clone, Copy, Default)]
struct Odd {
    low: bool,
    ack_ahead: u32,
    urgent: bool,
}

const LOW: Odd = Odd { low: true, ack_ahead: 0, urgent: false };
const PLAIN: Odd = Odd { low: false, ack_ahead: 0, urgent: false };

/// The address of play `number`, by which it is known in the inventory.
pub(crate) fn server(number: usize) -> String {
    format!("10.10.{}.{}:80", number / 250, 1 + number % 250)
}

fn request(host: &str, value: &str) -> Vec<u8> {
    let body = format!(r#"{{"visit":"ward","ssn":"{value}","note":"routine"}}"#);
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    format!("POST /patients HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n{body}").into_bytes()
}

fn chance32(rng: &mut Rng) -> u32 {
    u32::try_from(rng.next() >> 32).expect("32 bits")
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a segment")
}

impl Play {
    /// Play `number` of a test, as `rng` decides.
    pub(crate) fn new(number: usize, rng: &mut Rng) -> Play {
        let port = 10_000 + u16::try_from(number).expect("a port");
        let client = SocketAddr::from(([10, 9, 0, 1], port));
        let host = server(number);
        let mut play = Play {
            frames: Vec::new(),
            decoys: Vec::new(),
            ends: [client, host.parse().expect("ip:port")],
            isn: [chance32(rng), chance32(rng)],
            at_us: 1_700_000_000_000_000 + 2000 * number as u64,
            said: [0; 2],
            begun: 0,
            request: request(&host, SECRET),
            harmless: request(&host, DECOY),
        };
        play.run(rng);
        play
    }

    fn run(&mut self, rng: &mut Rng) {
        self.client((u32::MAX, SYN), &[], PLAIN);
        self.server((u32::MAX, SYN | ACK), &[]);
        self.client((0, ACK), &[], PLAIN);
        self.decoy(rng);
        self.decoy(rng);
        if rng.below(10) < 3 {
            let get = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", self.ends[1]);
            self.say(get.as_bytes());
            self.answer();
            self.begun = self.said[0];
            self.decoy(rng);
            self.decoy(rng);
        }
        let request = self.request.clone();
        let cuts = *rng.pick(&[0, 1, 3]);
        let mut places: BTreeSet<usize> = (0..cuts).map(|_| rng.among(1..request.len())).collect();
        places.insert(request.len());
        let mut from = 0;
        for to in places {
            self.say(&request[from..to]);
            self.server((self.said[1], ACK), &[]);
            self.decoy(rng);
            from = to;
        }
        self.answer();
        let [asked, answered] = self.said;
        self.client((asked, FIN | ACK), &[], PLAIN);
        self.said[0] += 1;
        self.server((answered, FIN | ACK), &[]);
        self.said[1] += 1;
        self.client((asked + 1, ACK), &[], PLAIN);
    }

    fn say(&mut self, bytes: &[u8]) {
        self.client((self.said[0], PSH | ACK), bytes, PLAIN);
        self.said[0] += len32(bytes);
    }

    fn answer(&mut self) {
        self.server((self.said[1], PSH | ACK), ANSWER);
        self.said[1] += len32(ANSWER);
        self.client((self.said[0], ACK), &[], PLAIN);
    }

    fn client(&mut self, (at, flags): (u32, u8), payload: &[u8], odd: Odd) {
        let seq = self.isn[0].wrapping_add(1).wrapping_add(at);
        self.segment(0, (seq, flags), payload, odd);
    }

    fn server(&mut self, (at, flags): (u32, u8), payload: &[u8]) {
        let seq = self.isn[1].wrapping_add(1).wrapping_add(at);
        self.segment(1, (seq, flags), payload, PLAIN);
    }

    fn segment(&mut self, side: usize, (seq, flags): (u32, u8), payload: &[u8], odd: Odd) {
        let peer = self.isn[1 - side].wrapping_add(1).wrapping_add(self.said[1 - side]);
        let ack = if flags & ACK == 0 { 0 } else { peer.wrapping_add(odd.ack_ahead) };
        let ends = (self.ends[side], self.ends[1 - side]);
        let flags = flags | if odd.urgent { URG } else { 0 };
        let mut bytes = frame(ends, (seq, ack, flags), payload);
        bytes[TTL_AT] = if odd.low { 1 } else { 64 };
        bytes[URGENT_AT + 1] = u8::from(odd.urgent);
        self.at_us += 1000;
        self.frames.push(Frame::new(self.at_us, bytes));
    }

    /// Something that the server does not take, or nothing.
    fn decoy(&mut self, rng: &mut Rng) {
        let next = self.said[0];
        let off = *rng.pick(&[0, 0, 0, 1, 3, -1, -5, 20, 300, 5000]);
        let at = next.wrapping_add_signed(off);
        let len = *rng.pick(&[1, 5, 20, 200, 1400]);
        let get = format!("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", self.ends[1]).into_bytes();
        let bytes = rng.pick(&[self.harmless.clone(), vec![0; 3000], get]).clone();
        let bytes = &bytes[..len.min(bytes.len())];
        let far = next + *rng.pick(&FAR);
        let push = PSH | ACK;
        let kind = *rng.pick(&KINDS);
        match kind {
            "low data" => self.client((at, push), bytes, LOW),
            "low harmless" => {
                let from = usize::try_from(next - self.begun).expect("an offset");
                let rest = self.harmless.get(from..).unwrap_or_default().to_vec();
                self.client((next, push), &rest[..len.min(rest.len())], LOW);
            }
            "far data" => self.client((far, push), bytes, PLAIN),
            "far fin" => self.client((far, FIN | ACK), &[], PLAIN),
            "low rst" => self.client((next, RST | ACK), &[], LOW),
            "low rst about" => self.client((at, RST | ACK), &[], LOW),
            "low fin" => self.client((at, FIN | ACK), &[], LOW),
            "far rst" => self.client((far, RST), &[], PLAIN),
            "ack ahead" => {
                let ack_ahead = *rng.pick(&[1, 50, 5000, 500_000]);
                self.client((next, push), bytes, Odd { ack_ahead, ..PLAIN });
            }
            "low syn" => self.segment(0, (chance32(rng), SYN), &[], LOW),
            "without ack" => self.client((next, PSH), bytes, PLAIN),
            "low urgent" => self.client((next, push), bytes, Odd { urgent: true, ..LOW }),
            "pause" => self.at_us += *rng.pick(&[100_000, 1_500_000, 12_000_000]),
            _ => return,
        }
        self.decoys.push(format!("{kind} at {next} ({off}, {len})"));
    }
}
