//! One segment of a conversation is missing: everything else is found, nothing is invented, and
//! coverage says that something is missing.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;

use support::capture::{self, Frame};
use support::phitap::Lab;
use support::recut;
use support::tcp::{self, Conversation};

const EXCHANGES: usize = 12;
/// Small, so that a message has several segments.
const SEGMENT: usize = 160;
/// Ethernet, IPv4 and TCP without options.
const HEADERS_LEN: usize = 54;

/// Half of an exchange: which one, and where it lies in its stream.
struct Said {
    by_client: bool,
    text: String,
}

/// What both sides say, JSON without a line end, every exchange with names of its own.
fn exchange(n: usize) -> [Said; 2] {
    let name = char::from(b'a' + u8::try_from(n).expect("a dozen")).to_string().repeat(3);
    let pad = "x".repeat(150 + 40 * (n % 4));
    let body = format!("{{\"asked{name}\":\"v\",\"pad\":\"{pad}\"}}");
    let request = format!(
        "POST /go/{name} HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let body = format!("{{\"told{name}\":\"v\",\"pad\":\"{pad}{pad}\"}}");
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    [Said { by_client: true, text: request }, Said { by_client: false, text: response }]
}

/// The frames of the conversation. `pipelined`: everything is asked before anything is answered.
fn conversation(pipelined: bool) -> Vec<Frame> {
    let exchanges: Vec<_> = (0..EXCHANGES).map(exchange).collect();
    let mut talk = Conversation::open("10.3.0.1:40000", "10.3.0.2:80", 1_700_000_000_000_000)
        .segments_of(SEGMENT);
    if pipelined {
        for [request, _] in &exchanges {
            talk = talk.ask(&request.text);
        }
        for [_, response] in &exchanges {
            talk = talk.answer(&response.text);
        }
    } else {
        for [request, response] in &exchanges {
            talk = talk.ask(&request.text).answer(&response.text);
        }
    }
    talk.close()
}

/// Each frame with a payload: its place, who sent it, and the exchange its bytes belong to. No
/// segment has bytes of two messages.
fn segments(frames: &[Frame], pipelined: bool) -> Vec<(usize, bool, usize)> {
    let mut order: Vec<(bool, usize, usize)> = Vec::new();
    let halves: Vec<_> = (0..EXCHANGES).map(exchange).collect();
    let lens = |half: usize| {
        halves.iter().enumerate().map(move |(n, e)| (e[half].by_client, n, e[half].text.len()))
    };
    if pipelined {
        order.extend(lens(0).chain(lens(1)));
    } else {
        order.extend(lens(0).zip(lens(1)).flat_map(|(a, b)| [a, b]));
    }
    let mut whose = order.iter().flat_map(|(by_client, n, len)| {
        std::iter::repeat_n((*by_client, *n), len.div_ceil(SEGMENT))
    });
    let payload = |(_, frame): &(usize, &Frame)| frame.bytes.len() > HEADERS_LEN;
    let with_payload = frames.iter().enumerate().filter(payload);
    let segments: Vec<_> = with_payload
        .map(|(at, _)| {
            let (by_client, n) = whose.next().expect("as many segments as messages need");
            (at, by_client, n)
        })
        .collect();
    assert_eq!(whose.next(), None);
    segments
}

/// What the database knows: operation, direction and field of every body field.
fn fields(lab: &Lab, db: &str) -> BTreeSet<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = lab.query(db, &["fields", "--all"]);
    rows.iter()
        .filter(|row| row["location"] == "body")
        .map(|row| {
            let names = ["operation", "direction", "field"].map(|name| text(row, name));
            names.join(" ")
        })
        .collect()
}

fn sum(rows: &[Value], name: &str) -> u64 {
    rows.iter().map(|row| row["coverage"][name].as_u64().expect("a number")).sum()
}

fn without_each_segment(pipelined: bool) {
    let frames = conversation(pipelined);
    let lab = Lab::default();
    capture::write(&lab.path("whole.pcap"), &frames);
    lab.replay("whole.db", &[&lab.path("whole.pcap")], &[]).expect(0);
    let whole = fields(&lab, "whole.db");
    assert!(whole.len() >= 4 * EXCHANGES, "{whole:#?}");
    for (place, by_client, n) in segments(&frames, pipelined) {
        let mut damaged = frames.clone();
        damaged.remove(place);
        let name = format!("without {place} of exchange {n}, by client: {by_client}");
        let (pcap, db) = (lab.path(&format!("{place}.pcap")), format!("{place}.db"));
        capture::write(&pcap, &damaged);
        lab.replay(&db, &[&pcap], &[]).expect(0);
        let seen = fields(&lab, &db);
        let letters = char::from(b'a' + u8::try_from(n).expect("a dozen")).to_string().repeat(3);
        let of_others = |field: &&String| !field.contains(&letters);
        let missing: Vec<_> = whole.difference(&seen).filter(of_others).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
        // What was answered to a request that is not there has no name.
        let invented: Vec<_> =
            seen.difference(&whole).filter(|f| f.contains("/go/") || of_others(f)).collect();
        let nameless = |f: &&&String| !f.contains("/go/") && f.contains("pad");
        let invented: Vec<_> = invented.iter().filter(|f| !nameless(f)).collect();
        assert!(invented.is_empty(), "{name}: {invented:?}");
        let rows = lab.query(&db, &["endpoints"]);
        assert!(sum(&rows, "gaps") >= 1, "{name}: {rows:#?}");
        assert_eq!(sum(&rows, "one_sided"), 0, "{name}: {rows:#?}");
        if place % 9 == 0 {
            let pieces = lab.path("pieces.pcap");
            capture::write(&pieces, &recut::recut(&damaged, || 1));
            let again = format!("{place}-pieces.db");
            lab.replay(&again, &[&pieces], &[]).expect(0);
            assert_eq!(lab.digest(&db), lab.digest(&again), "{name}");
        }
    }
}

#[test]
fn without_any_one_segment_every_other_exchange_is_found() {
    without_each_segment(false);
}

#[test]
fn without_any_one_segment_every_other_pipelined_exchange_is_found() {
    without_each_segment(true);
}

/// The capture begins in the middle of a message; from the next on everything is read.
#[test]
fn a_capture_that_begins_inside_a_message_gives_all_that_follow() {
    let frames = conversation(false);
    let lab = Lab::default();
    capture::write(&lab.path("whole.pcap"), &frames);
    lab.replay("whole.db", &[&lab.path("whole.pcap")], &[]).expect(0);
    let whole = fields(&lab, "whole.db");
    for (place, by_client, n) in segments(&frames, false).into_iter().skip(1).take(16) {
        let (pcap, db) = (lab.path(&format!("{place}.pcap")), format!("{place}.db"));
        capture::write(&pcap, &frames[place..]);
        lab.replay(&db, &[&pcap], &[]).expect(0);
        let seen = fields(&lab, &db);
        let name = format!("from {place} of exchange {n}, by client: {by_client}");
        for later in n + 1..EXCHANGES {
            let letters = char::from(b'a' + u8::try_from(later).expect("a dozen"));
            let letters = letters.to_string().repeat(3);
            let of_it = |f: &&String| f.contains(&letters);
            assert!(whole.iter().filter(of_it).eq(seen.iter().filter(of_it)), "{name}: {seen:#?}");
        }
    }
}

/// The answer to the SYN was lost, too, so nothing says that bytes are missing but the method.
#[test]
fn what_is_left_of_a_method_behind_a_syn_that_nobody_answered_is_none() {
    const SYN: u8 = 0x02;
    const PSH_ACK: u8 = 0x18;
    for (method, left, operation) in [
        ("GET", "ET", "GET /patients/{id}"),
        ("POST", "OST", "POST /patients/{id}"),
        // What is left may be the end of several.
        ("POST", "T", "(request cut)"),
        ("GET", "GET", "GET /patients/{id}"),
        ("GETT", "ETT", "OTHER /patients/{id}"),
    ] {
        let client = "10.3.0.1:40000".parse().expect("an address");
        let server = "10.3.0.2:80".parse().expect("an address");
        let lost = u32::try_from(method.len() - left.len()).expect("few");
        let request = format!("{left} /patients/17 HTTP/1.1\r\nHost: api.example\r\n\r\n");
        let end = 101 + lost + u32::try_from(request.len()).expect("short");
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                      Content-Length: 21\r\n\r\n{\"ssn\":\"536-22-8415\"}";
        let frames = [
            tcp::frame((client, server), (100, 0, SYN), b""),
            tcp::frame((client, server), (101 + lost, 901, PSH_ACK), request.as_bytes()),
            tcp::frame((server, client), (901, end, PSH_ACK), answer.as_bytes()),
        ];
        let frames: Vec<_> = (1_700_000_000_000_000..).zip(frames).collect();
        let frames: Vec<_> = frames.into_iter().map(|(at, bytes)| Frame::new(at, bytes)).collect();
        let lab = Lab::default();
        let path = lab.path("lost.pcap");
        capture::write(&path, &frames);
        lab.replay("phitap.db", &[&path], &[]).expect(0);
        let rows = lab.query("phitap.db", &["endpoints"]);
        let [row] = rows.as_slice() else { panic!("{left}: {rows:#?}") };
        assert_eq!(row["operation"], operation, "{left}");
        assert_eq!(row["coverage"]["gaps"], u64::from(lost > 0 && left != "ETT"), "{left}");
        assert_eq!(row["requests"], 1, "{left}");
    }
}
