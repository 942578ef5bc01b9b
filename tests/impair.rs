//! A mirror that loses packets at random: how much was lost is told about right, what was damaged
//! is marked, and nothing is invented. `PHITAP_FULL=1` takes more seeds.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use support::capture::{self, Frame};
use support::phitap::Lab;
use support::rng::Rng;
use support::tcp::{Conversation, payload};

const CONVERSATIONS: usize = 160;
const EXCHANGES: usize = 14;
const SERVER_PORT: u16 = 80;
/// What is asked for: no two share words that would collapse.
const PATHS: [&str; 12] = [
    "/wards", "/beds", "/visits", "/orders", "/results", "/images", "/letters", "/notes", "/bills",
    "/claims", "/rota", "/stock",
];

/// How clients write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Heads fit in one segment.
    Plain,
    /// The first byte of a request goes alone.
    FirstByteAlone,
    /// The host is named behind some thousand bytes of other fields.
    HostLast,
}

/// Where the segments of one exchange are among the frames. Each asks a host of its own.
#[derive(Default)]
struct Placed {
    /// Those of the request.
    request: Vec<usize>,
    /// Those of the response.
    response: Vec<usize>,
}

struct Traffic {
    style: Style,
    frames: Vec<Frame>,
    exchanges: Vec<Placed>,
}

/// Conversations by turns, each exchange with bodies of one to seven segments.
fn traffic(style: Style, rng: &mut Rng) -> Traffic {
    let mut frames: Vec<(Frame, Option<(usize, bool)>)> = Vec::new();
    let mut asked = 0;
    for n in 0..CONVERSATIONS {
        let client = format!("10.4.{}.{}:{}", n / 250, 1 + n % 250, 30_000 + n);
        let start = 1_700_000_000_000_000 + n as u64 * 911;
        let mut talk = Conversation::open(&client, "10.5.0.1:80", start);
        let mut halves = Vec::new();
        for _ in 0..EXCHANGES {
            let [request, response] = exchange(asked, style, rng);
            let alone = usize::from(style == Style::FirstByteAlone);
            let (first, rest) = request.split_at(alone);
            let asks = alone + rest.len().div_ceil(1460);
            halves.extend(std::iter::repeat_n((asked, true), asks));
            halves.extend(std::iter::repeat_n((asked, false), response.len().div_ceil(1460)));
            asked += 1;
            talk = talk.ask(first).ask(rest).answer(&response);
        }
        let mut whose = halves.into_iter();
        frames.extend(talk.close().into_iter().map(|frame| {
            let exchange = if payload(&frame).1.is_empty() { None } else { whose.next() };
            (frame, exchange)
        }));
        assert_eq!(whose.next(), None, "as many segments as messages need");
    }
    frames.sort_by_key(|(frame, _)| frame.at_us);
    let mut exchanges: Vec<Placed> = (0..asked).map(|_| Placed::default()).collect();
    for (at, (_, exchange)) in frames.iter().enumerate() {
        if let Some((n, asks)) = *exchange
            && let Some(placed) = exchanges.get_mut(n)
        {
            if asks { &mut placed.request } else { &mut placed.response }.push(at);
        }
    }
    Traffic { style, frames: frames.into_iter().map(|(frame, _)| frame).collect(), exchanges }
}

fn host(n: usize) -> String {
    format!("h{n}.example")
}

/// One in four asks with a body, one in eight for a head alone.
fn exchange(n: usize, style: Style, rng: &mut Rng) -> [String; 2] {
    let (path, number, host) = (*rng.pick(&PATHS), rng.digits(5), host(n));
    let (method, asks) = match rng.below(8) {
        0 => ("HEAD", String::new()),
        1 | 2 => ("POST", format!("{{\"rows\":[{}]}}", "7,".repeat(rng.among(1..2000)) + "7")),
        _ => ("GET", String::new()),
    };
    let mut request = format!("{method} {path}/{number} HTTP/1.1\r\n");
    if style == Style::HostLast {
        let token = "e".repeat(rng.among(1500..4000));
        request.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    request.push_str(&format!("Host: {host}\r\n"));
    if !asks.is_empty() {
        let length = asks.len();
        let fields = "Content-Type: application/json\r\nContent-Length";
        request.push_str(&format!("{fields}: {length}\r\n"));
    }
    request.push_str(&format!("\r\n{asks}"));
    let mut body = String::from("{\"rows\":[0");
    for _ in 0..rng.among(1..600) {
        body.push_str(&format!(",{}", rng.digits(16)));
    }
    body.push_str("]}");
    let length = body.len();
    if method == "HEAD" {
        body.clear();
    }
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    [request, response]
}

/// The frames that a mirror losing `per_mille` of them lets through.
fn kept(traffic: &Traffic, per_mille: usize, rng: &mut Rng) -> Vec<bool> {
    traffic.frames.iter().map(|_| rng.below(1000) >= per_mille).collect()
}

fn number(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// Rows by service and operation.
fn operations(lab: &Lab, db: &str) -> BTreeMap<[String; 2], Value> {
    let rows = lab.query(db, &["endpoints"]);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let named = |row: Value| (["service", "operation"].map(|name| text(&row, name)), row);
    rows.into_iter().map(named).collect()
}

/// Share of the payload that was lost, as the sensor says.
fn estimate(lab: &Lab, db: &str) -> f64 {
    let rows = lab.query(db, &["coverage"]);
    let flows = || rows.iter().filter(|row| row["scope"] == "flows");
    let lost: u64 = flows().map(|row| number(row, "gap_bytes")).sum();
    let seen: u64 = flows().map(|row| number(row, "bytes")).sum();
    lost as f64 / (seen + lost) as f64
}

fn holds(traffic: &Traffic, per_mille: usize, seed: u64, known: &BTreeSet<[String; 2]>) {
    let name = format!("{per_mille} in a thousand lost, seed {seed}");
    let kept = kept(traffic, per_mille, &mut Rng::new(seed));
    let through = traffic.frames.iter().zip(&kept).filter(|(_, kept)| **kept);
    let through: Vec<Frame> = through.map(|(frame, _)| frame.clone()).collect();
    let lab = Lab::default();
    let db = format!("{per_mille}-{seed}.db");
    capture::write(&lab.path("damaged.pcap"), &through);
    lab.replay(&db, &[&lab.path("damaged.pcap")], &[]).expect(0);

    // How much was lost.
    let bytes = |frame: &Frame| payload(frame).1.len() as f64;
    let all: f64 = traffic.frames.iter().map(bytes).sum();
    let lost: f64 =
        traffic.frames.iter().zip(&kept).filter(|(_, k)| !**k).map(|(frame, _)| bytes(frame)).sum();
    let (truth, told) = (lost / all, estimate(&lab, &db));
    if per_mille >= 10 {
        assert!((told - truth).abs() <= truth / 4.0, "{name}: {told:.5} is told of {truth:.5}");
    }

    // Nothing is invented. What lost its request, or too much of it, is no endpoint: its row names
    // none, no service counts it, and all of it is marked.
    let seen = operations(&lab, &db);
    let marks_of = |row: &Value| -> u64 {
        let coverage = &row["coverage"];
        ["gaps", "one_sided", "truncated"].map(|mark| number(coverage, mark)).iter().sum()
    };
    let mut named: BTreeMap<&str, u64> = BTreeMap::new();
    for (operation, row) in &seen {
        let [service, words] = operation;
        if ["(response only)", "(request cut)"].contains(&&**words) {
            assert!(row["method"].is_null() && row["path"].is_null(), "{name}: {row}");
            let exchanges = number(&row["coverage"], "exchanges");
            assert!(marks_of(row) >= exchanges, "{name}: {operation:?} is not marked: {row}");
            continue;
        }
        assert!(known.contains(operation), "{name}: {operation:?} is invented");
        *named.entry(service).or_default() += 1;
    }
    for service in lab.query(&db, &["services"]) {
        let is = service["service"].as_str().unwrap_or_default();
        let endpoints = number(&service, "endpoints");
        assert_eq!(endpoints, named.get(is).copied().unwrap_or(0), "{name}: {is}");
    }

    // What was damaged and began is there and marked, and what was not is there: whole but for a
    // few beside what was lost of which nobody can say which answer is theirs.
    let (mut whole, mut beside) = (0, 0);
    let mut marks: BTreeMap<&str, u64> = BTreeMap::new();
    for ([service, _], row) in &seen {
        *marks.entry(service).or_default() += marks_of(row);
    }
    for (n, exchange) in traffic.exchanges.iter().enumerate() {
        let asked = exchange.request.iter().all(|at| kept[*at]);
        let began = exchange.request.first().is_some_and(|at| kept[*at]);
        let damaged = !asked || exchange.response.iter().any(|at| !kept[*at]);
        let marks = marks.get(host(n).as_str());
        if !damaged {
            whole += 1;
            let marks = marks.unwrap_or_else(|| panic!("{name}: nothing of {}", host(n)));
            beside += usize::from(*marks > 0);
        } else if asked || (began && traffic.style == Style::Plain) {
            assert!(marks.is_some_and(|marks| *marks > 0), "{name}: {}: {marks:?}", host(n));
        } else {
            assert!(marks.is_none_or(|marks| *marks > 0), "{name}: {}: {marks:?}", host(n));
        }
    }
    let few = if traffic.style == Style::Plain { 25 } else { 8 };
    assert!(beside * few <= whole, "{name}: {beside} of {whole} are marked");
}

fn invents_nothing(style: Style, lost: &[usize]) {
    let traffic = traffic(style, &mut Rng::new(7));
    let segments = traffic.frames.iter().filter(|frame| !payload(frame).1.is_empty()).count();
    assert!(segments >= 10_000, "{segments} segments with payload");
    assert!(traffic.frames.iter().any(|frame| payload(frame).0 == SERVER_PORT));
    let lab = Lab::default();
    capture::write(&lab.path("whole.pcap"), &traffic.frames);
    lab.replay("whole.db", &[&lab.path("whole.pcap")], &[]).expect(0);
    let whole: BTreeSet<[String; 2]> = operations(&lab, "whole.db").into_keys().collect();
    assert_eq!(whole.len(), CONVERSATIONS * EXCHANGES);
    assert!(estimate(&lab, "whole.db") == 0.0);
    let seeds = if std::env::var_os("PHITAP_FULL").is_some() { 20 } else { 1 };
    for per_mille in lost {
        for seed in 0..seeds {
            holds(&traffic, *per_mille, seed, &whole);
        }
    }
}

#[test]
fn losses_are_estimated_damage_is_marked_and_nothing_is_invented() {
    invents_nothing(Style::Plain, &[1, 10, 50, 200]);
}

#[test]
fn a_request_whose_first_byte_is_lost_invents_no_method() {
    invents_nothing(Style::FirstByteAlone, &[10, 50]);
}

#[test]
fn a_request_that_loses_its_host_invents_no_service() {
    invents_nothing(Style::HostLast, &[10, 50]);
}

/// Client ports of which each opens one connection after the other, as a busy client has them.
const PORTS: usize = 60;
const REUSES: usize = 50;
/// Linux counts initial sequence numbers up by one every 64 ns (RFC 6528, `secure_tcp_seq`).
const NUMBERS_PER_MS: u32 = 15_625;

/// Connections of two small exchanges, every two seconds on the same ports, numbered as Linux does:
/// the server begins 2^16 + 1 behind what the connection before had come to (TIME_WAIT).
fn reused_ports() -> Vec<Frame> {
    let mut frames = Vec::new();
    for port in 0..PORTS {
        let client = format!("10.4.1.{}:{}", 1 + port % 8, 40_000 + port);
        let first = u32::try_from(port).expect("few") + 1;
        let mut isn = [0x1234_5678_u32.wrapping_mul(first), 0x9abc_def0];
        for reuse in 0..REUSES {
            let at_ms = 2_000 * reuse as u64 + 31 * port as u64;
            let start = 1_700_000_000_000_000 + at_ms * 1000;
            let request = format!("GET {}/7 HTTP/1.1\r\nHost: p.example\r\n\r\n", PATHS[port % 12]);
            let body = format!("{{\"beds\":{reuse}}}");
            let length = body.len();
            let response = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            let talk = Conversation::numbered((&client, "10.5.0.1:80"), start, isn);
            let talk = talk.ask(&request).answer(&response).ask(&request).answer(&response);
            frames.extend(talk.close());
            let said = 2 * u32::try_from(response.len()).expect("short");
            let [client, server] = &mut isn;
            *client = client.wrapping_add(2_000 * NUMBERS_PER_MS);
            *server = server.wrapping_add(1 + said + 1 + 65_537);
        }
    }
    frames.sort_by_key(|frame| frame.at_us);
    frames
}

#[test]
fn losses_are_estimated_where_client_ports_are_used_again() {
    let frames = reused_ports();
    let bytes = |frame: &Frame| payload(frame).1.len() as f64;
    let all: f64 = frames.iter().map(bytes).sum();
    let segments = frames.iter().filter(|frame| !payload(frame).1.is_empty()).count();
    assert!(segments >= 10_000, "{segments} segments with payload");
    let lab = Lab::default();
    for per_mille in [0, 10, 50, 200] {
        let name = format!("{per_mille} in a thousand lost");
        let mut rng = Rng::new(3);
        let (kept, lost): (Vec<Frame>, Vec<Frame>) =
            frames.iter().cloned().partition(|_| rng.below(1000) >= per_mille);
        let db = format!("reused-{per_mille}.db");
        capture::write(&lab.path("reused.pcap"), &kept);
        lab.replay(&db, &[&lab.path("reused.pcap")], &[]).expect(0);
        let (truth, told) = (lost.iter().map(bytes).sum::<f64>() / all, estimate(&lab, &db));
        assert!((told - truth).abs() <= truth / 4.0, "{name}: {told:.5} is told of {truth:.5}");
        let requests: u64 = lab
            .query(&db, &["endpoints"])
            .iter()
            .filter(|row| !row["path"].is_null())
            .map(|row| number(row, "requests"))
            .sum();
        let asked = kept.iter().filter(|frame| payload(frame).1.starts_with(b"GET ")).count();
        assert_eq!(requests, asked as u64, "{name}: each request that was seen is there");
    }
}
