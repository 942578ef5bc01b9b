//! What holds for every parser of the registry, whatever it is fed.

use proptest::prelude::*;

use crate::base::limits::{HEAD_BYTES_MAX, PENDING_REQUESTS_MAX};
use crate::model::{Direction, EndCause};

use super::recorder::{Recorder, Step, answer, ask, each, push, record};
use super::{PROTOCOLS, Parser, Protocol, Rest};

/// What one flow may hold: both heads at twice their limit (a vector doubles), and requests.
const HELD_BYTES_MAX: usize = 4 * HEAD_BYTES_MAX + 2 * PENDING_REQUESTS_MAX;

fn parsers() -> impl Iterator<Item = (&'static Protocol, fn() -> Box<dyn Parser>)> {
    PROTOCOLS.iter().filter_map(|protocol| Some((*protocol, protocol.parser?)))
}

/// Pieces of conversations which, put together in any order, reach into every corner.
const SHREDS: &[&str] = &[
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "HEAD /b HTTP/1.1\r\n\r\n",
    "POST /c HTTP/1.1\nContent-Length: 5\n\nhello",
    "POST /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "CONNECT h:1 HTTP/1.1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 200\r\n\r\n",
    "HTTP/1.0 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "5\r\nhello\r\n",
    "3;x=\"y\"\r\nabc\r\n0\r\n",
    "0\r\n\r\n",
    "0\r\nTrailer: t\r\n folded\r\n\r\n",
    "fffffffffffffffff\r\n",
    "GET /e HTTP/1.1\r\nA : b\r\n c\r\nno colon\r\n: v\r\nB\rC: \x01d\r\n\r\n",
    "get  /f\tx HTTP/1.7 \r\n indented\r\nX:y\r\n\r\n",
    "GET /old\r\n",
    "{}GET /g HTTP/1.1\r\nHost: x\r\n\r\n",
    "\"}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
    "\r\n",
    "\r",
    "\n",
    "junk",
    "HTTP/1.",
    "GET ",
    "\u{0}\u{1}binary\u{ff}",
    "\u{b}MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1\r\u{1c}\r",
    "\u{b}MSH|^~\\&|C|D|A|B|20260101||ACK^A01|9|P|2.5\rMSA|AA|1\r\u{1c}\r",
    "\u{b}\u{feff}FHS|^~\\&\r\nBHS|^~\\&\nMSH|^~\\&|A|B|C|D|||ORU^R01|2\r",
    "OBX|1|ST\rMSH|^~\\&|A|B|C|D|||ORU^R01|3|P|2.3\r",
    "SFT|x\rMSA|AE|2\r",
    "\u{b}",
    "\u{1c}",
    "\u{1c}\r",
    "\rMSH",
    "\rMS",
    "MSH|^~\\&|",
    "220 ESMTP\r\n",
    "STARTTLS\r\n",
    "a1 STARTTLS\r\n",
    "AUTH TLS\r\n",
    "0\u{c}\u{2}\u{1}\u{1}w",
    "1.3.6.1.4.1.1466.20037",
    "200 NNTP\r\n",
    "<?xml version='1.0'?><stream:stream to='x'>",
    "<starttls xmlns='x'/>",
];

/// The same for protocols whose bytes are no text: records and messages of TLS, whole and cut.
const BINARY: &[&[u8]] = &[
    b"\x16\x03\x01\x00\x35\x01\x00\x00\x31\x03\x03ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ\
      \x00\x00\x02\x13\x01\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04",
    b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03YYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY\x00\xc0\x2f\x00",
    b"\x16\x03\x03\x00\x0a\x0b\x00\x00\x06\x00\x00\x03\x00\x00\x00",
    b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00",
    b"\x16\x03\x03\x00\x03\x0b\x00\xff",
    b"\x14\x03\x03\x00\x01\x01",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x15\x03\x03\x00\x02\x01\x5a",
    b"\x17\x03\x03\x00\x03abc",
    b"\x80\x0c\x01\x03\x01\x00\x03\x00\x00\x00\x00\x00\x00\x2f",
    b"\x16\x03\x03\x3f\xff\x0b\x7f\xff\xff",
    b"\x16\x03",
    b"\0\0\0\x08\x04\xd2\x16\x2f",
    b"S",
    b"\x05\x02\x00\x02",
    b"\x05\x00",
    b"\x05\x02",
    b"\x01\x03ada\x02pw",
    b"\x01\x00",
    b"\x05\x01\x00\x01abcd\x00\x50",
    b"\x05\x00\x00\x03\x01a\x00\x50",
    b"\x12\x01\x00\x1a\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\0\0\0\0\x01",
    b"\x04\x01\x00\x1a\0\0\x01\0\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\0\0\0\0\x01",
    b"\x12\x01\x00\x0e\0\0\x01\0\x14\x03\x03\x00\x01\x01",
    b"\x12\x01\x00\x0f\0\0\x01\0\x15\x03\x03\x00\x02\x02\x28",
    b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037",
    b"\x0b\x06\x1c\r",
    b"\x0b\x15\x1c\r",
    b"\x02MSH|^~\\&|A|B\r\x03",
    b"\x0bFHS|^~\\&|A\r\x1c\r",
    b"\x0bMSH|^~\\&|A\rBTS|1\r\x1c\r",
    b"\x0bBTS|1\rFTS|1\r\x1c\r",
    b"\x0bM\0S\0H\0|\0^\0~\0A\0\r\0\x1c\r",
    b"\0\x0b\0M\0S\0H\0|\0^\0|\x4e\x0b\0\r\0\x1c\0\r",
    b"\xff\xfeM\0S\0H\0|\0A\xd8\x0b\0M\0S\0H\0|\0A\0\r\0\x1c\r",
    b"\x04\x01\x00\x50abcd\0",
    b"\x04\x01\x00\x50\0\0\0\x01u\0a.b\0",
    b"\0\x5a\0\x50abcd",
    b"\x20\0\0\x01\x85\xae\x0f\0\0\0\0\x01-\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
];

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::ToServer), Just(Direction::ToClient)]
}

fn step() -> impl Strategy<Value = Step> {
    let cause = prop_oneof![Just(EndCause::Fin), Just(EndCause::Reset), Just(EndCause::Cut)];
    prop_oneof![
        12 => (direction(), prop::sample::select(SHREDS))
            .prop_map(|(d, text)| Step::Bytes(d, text.as_bytes().to_vec())),
        4 => prop::sample::select(SHREDS).prop_map(|text| {
            if text.starts_with("HTTP") { answer(text) } else { ask(text) }
        }),
        4 => (direction(), prop::sample::select(BINARY))
            .prop_map(|(d, bytes)| Step::Bytes(d, bytes.to_vec())),
        2 => (direction(), prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(d, bytes)| Step::Bytes(d, bytes)),
        2 => (direction(), 0u64..12).prop_map(|(d, len)| Step::Gap(d, len)),
        1 => (direction(), cause).prop_map(|(d, cause)| Step::End(d, cause)),
    ]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cutting_the_input_anywhere_changes_nothing(steps in steps(), piece in 1usize..40) {
        for (protocol, parser) in parsers() {
            let whole = record(parser(), &steps, usize::MAX);
            prop_assert_eq!(&record(parser(), &steps, piece), &whole, "{}", protocol.name);
            prop_assert_eq!(&record(parser(), &steps, 1), &whole, "{}", protocol.name);
        }
    }

    /// Between messages a parser is put away, and another goes on that was used elsewhere.
    #[test]
    fn whoever_goes_on_where_a_parser_rested_says_the_same(
        steps in steps(),
        others in steps(),
        piece in 1usize..40,
    ) {
        for (protocol, parser) in parsers() {
            let whole = record(parser(), &steps, usize::MAX);
            let mut used = parser();
            for step in &others {
                push(used.as_mut(), step, usize::MAX, &mut Recorder::default());
            }
            used.resume(Rest::default());
            prop_assert_eq!(used.rest().is_some(), parser().rest().is_some());
            let (mut sink, mut at_hand, mut spare) = (Recorder::default(), used, parser());
            for step in &steps {
                each(step, piece, &mut |event| {
                    at_hand.push(event, &mut sink);
                    if let Some(rest) = at_hand.rest() {
                        assert!(at_hand.is_between_messages());
                        std::mem::swap(&mut at_hand, &mut spare);
                        at_hand.resume(rest);
                        assert_eq!(at_hand.rest(), Some(rest));
                    }
                });
            }
            prop_assert_eq!(&sink.finish(), &whole, "{}", protocol.name);
        }
    }

    #[test]
    fn what_is_held_stays_within_its_limit(steps in steps()) {
        for (protocol, parser) in parsers() {
            let mut parser = parser();
            let mut sink = Recorder::default();
            for step in &steps {
                push(parser.as_mut(), step, 7, &mut sink);
                prop_assert!(parser.held_bytes() <= HELD_BYTES_MAX, "{}", protocol.name);
            }
        }
    }

    #[test]
    fn every_message_that_starts_ends_once(steps in steps()) {
        for (protocol, parser) in parsers() {
            let mut steps = steps.clone();
            for direction in [Direction::ToServer, Direction::ToClient] {
                steps.push(Step::End(direction, EndCause::Cut));
            }
            let events = record(parser(), &steps, usize::MAX);
            for arrow in [">", "<"] {
                let mut open = false;
                for event in events.iter().filter_map(|e| e.strip_prefix(arrow)) {
                    let event = event.trim();
                    if event.starts_with("end") {
                        prop_assert!(open, "{}: end without head: {events:?}", protocol.name);
                        open = false;
                    } else if is_head(event) {
                        prop_assert!(!open, "{}: head in a message: {events:?}", protocol.name);
                        open = true;
                    } else if event.starts_with("lost") {
                        prop_assert!(!open, "{}: lost in a message: {events:?}", protocol.name);
                    }
                }
                let switched = events.iter().any(|e| e.starts_with("switch"));
                prop_assert!(!open || switched, "{}: no end: {events:?}", protocol.name);
            }
        }
    }
}

/// Whether a recorded event is the head of a message.
fn is_head(event: &str) -> bool {
    event.contains(" 1.0") || event.contains(" 1.1") || event.starts_with("hl7v2 ")
}

#[test]
fn endless_lines_and_heads_are_held_within_the_limit() {
    let shapes: [&[u8]; 10] = [
        b"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        b"GET / HTTP/1.1\r\nA: ",
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x0bMSH|^~\\&|",
        b"\x0bMSH|^~\\&|\r",
        b"\x0b",
        b"\x16\x03\x03\x40\x00\x0b\x01\xff\xff",
        b"\x80",
    ];
    let tails: [&[u8]; 7] =
        [b"a", b"a: b\r\n", b" fold\r\n", b"GET / HTTP/1.1\r\n\r\n", b"SFT|x\r", b" ", b"MSH|\r"];
    for (_, parser) in parsers() {
        for shape in shapes {
            for tail in tails {
                let mut parser = parser();
                let mut sink = Recorder::default();
                push(parser.as_mut(), &ask(shape), usize::MAX, &mut sink);
                let tail = ask(tail.repeat(500 * 1024 / tail.len() / 100));
                for _ in 0..100 {
                    push(parser.as_mut(), &tail, 999, &mut sink);
                    assert!(parser.held_bytes() <= HELD_BYTES_MAX);
                }
            }
        }
    }
}
