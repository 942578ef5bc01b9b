use proptest::prelude::*;

use super::*;
use crate::protocol::recorder::{Recorder, Step, answer, ask, each};

/// What identification says of the steps: name and flip, or how it ended; with what the protocol's
/// parser makes of everything, held events first.
fn identify(midstream: bool, steps: &[Step], piece: usize) -> (String, Vec<String>) {
    let mut identifier = Identifier::new(midstream);
    let mut told = String::from("undecided");
    let mut parser = None;
    let mut sink = Recorder::default();
    for step in steps {
        each(step, piece, &mut |event| {
            if let Some(parser) = &mut parser {
                push_to(parser, event, &mut sink);
            } else if told == "undecided" {
                match identifier.push(&event) {
                    Identification::Undecided => {}
                    Identification::Unidentified => told = "unidentified".into(),
                    Identification::Found { protocol, flipped } => {
                        told = protocol.name.to_string() + if flipped { " flipped" } else { "" };
                        parser = protocol.parser.map(|make| (make(), flipped));
                        if let Some(parser) = &mut parser {
                            identifier.replay(|held| push_to(parser, held, &mut sink));
                            push_to(parser, event, &mut sink);
                        }
                    }
                }
            }
        });
    }
    (told, sink.finish())
}

fn push_to(
    (parser, flipped): &mut (Box<dyn crate::protocol::Parser>, bool),
    mut event: StreamEvent<'_>,
    sink: &mut Recorder,
) {
    if *flipped {
        event.direction = event.direction.reversed();
    }
    parser.push(event, sink);
}

fn told(midstream: bool, steps: &[Step]) -> String {
    let (told, events) = identify(midstream, steps, usize::MAX);
    assert_eq!(identify(midstream, steps, 1), (told.clone(), events));
    told
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn first_bytes_tell_protocol_and_orientation() {
    for (step, expected) in [
        (ask(REQUEST), "http/1"),
        (answer(RESPONSE), "http/1"),
        (answer(REQUEST), "http/1 flipped"),
        (ask(RESPONSE), "http/1 flipped"),
        (ask("BREW /pot HTTP/1.1\r\n"), "http/1"),
        (ask(b"\x16\x03\x01\x00\x50\x01\x00"), "tls"),
        (answer(b"\x16\x03\x01\x00\x50\x01\x00"), "tls flipped"),
        (ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "http/2"),
        (ask("\x0bMSH|^~\\&|A|B|C|D|||ADT^A01|1|"), "mllp"),
        (answer("\x0bMSH|^~\\&|A|B|C|D|||ADT^A01|1|"), "mllp flipped"),
        (answer("\x0bMSH|^~\\&|A|B|C|D|||ACK^A01|1|"), "mllp"),
        (answer("\x0bMSH|^~\\&|"), "undecided"),
        (ask(b"\x01\x00\x00\x00\x00\xd1\x00\x01\x00\x00"), "dicom"),
        (answer("SSH-2.0-x\r\n"), "ssh"),
        (ask("GE"), "undecided"),
        (ask("EHLO x\r\n"), "undecided"),
    ] {
        assert_eq!(told(false, std::slice::from_ref(&step)), expected, "{step:?}");
        assert_eq!(told(true, std::slice::from_ref(&step)), expected, "{step:?}");
    }
}

#[test]
fn a_flow_is_unidentified_once_neither_direction_fits() {
    let steps = [answer("200 news.example ready\r\n"), ask("EHLO x\r\n")];
    assert_eq!(told(false, &steps), "unidentified");
    assert_eq!(told(true, &steps), "undecided");
    // One direction that fits is enough.
    assert_eq!(told(false, &[ask("\x00junk"), answer(RESPONSE)]), "http/1");
    // A token that never ends is no method.
    assert_eq!(told(false, &[ask("A".repeat(600)), answer("x\r\n")]), "unidentified");
}

#[test]
fn a_flow_picked_up_in_a_body_is_told_by_the_next_message() {
    let body = "half a body\r\n<html>\n".repeat(50);
    let steps = [answer(format!("{body}{RESPONSE}")), ask(REQUEST)];
    let (name, events) = identify(true, &steps, usize::MAX);
    assert_eq!(name, "http/1");
    let expected = ["< lost", "< tentative 200 1.1 Content-Length=0", "< end"];
    assert_eq!(events[1..4], expected);
    for piece in [1, 2, 7, 100] {
        assert_eq!(identify(true, &steps, piece), (name.clone(), events.clone()));
    }
    // The same with a guess that was wrong.
    assert_eq!(told(true, &[ask(format!("{body}{RESPONSE}"))]), "http/1 flipped");
    assert_eq!(told(false, &[ask(format!("{body}{RESPONSE}"))]), "undecided");
}

#[test]
fn a_message_right_behind_a_body_tells_the_protocol_too() {
    let long = "x".repeat(3 * RESYNC_LINE_BYTES_MAX);
    for body in ["{\"half\":\"a body\"}", long.as_str()] {
        let steps = [answer(format!("{body}{RESPONSE}"))];
        assert_eq!(told(true, &steps), "http/1");
        let events = identify(true, &steps, usize::MAX).1;
        assert_eq!(events[1..], ["< lost", "< tentative 200 1.1 Content-Length=0", "< end"]);
        // It does not turn the flow round: bodies quote messages.
        assert_eq!(told(true, &[answer(format!("{body}{REQUEST}"))]), "undecided");
    }
}

#[test]
fn a_flow_picked_up_in_a_block_is_told_by_the_next() {
    let message = "\x0bMSH|^~\\&|A|B|C|D|||ORU^R01|1|P|2.5\rPID|1\r\x1c\r";
    let half = message.replace("\x0bMSH", "PV1").repeat(9);
    let steps = [ask(format!("{half}{message}{message}"))];
    let (name, events) = identify(true, &steps, usize::MAX);
    assert_eq!(name, "mllp");
    assert_eq!(events[0], "> hl7v2 ORU^R01 A>C 1 2.5");
    for piece in [1, 2, 7, 100] {
        assert_eq!(identify(true, &steps, piece), (name.clone(), events.clone()));
    }
}

#[test]
fn a_gap_is_handed_on_to_the_parser() {
    let steps = [Step::Gap(Direction::ToServer, 10), ask(REQUEST)];
    let (name, events) = identify(false, &steps, usize::MAX);
    assert_eq!(name, "http/1");
    assert_eq!(events[1..], ["> lost", "> tentative GET / 1.1 Host=x", "> end"]);
    assert_eq!(identify(false, &steps, 1), (name, events));
}

#[test]
fn the_search_ends_with_its_budget_and_holds_little() {
    let mut identifier = Identifier::new(true);
    let line = [b'x'; 1000];
    let mut last = Identification::Undecided;
    for direction in [Direction::ToServer, Direction::ToClient] {
        for _ in 0..=IDENTIFY_BYTES_MAX / line.len() + 1 {
            let event = StreamEvent {
                direction,
                at: Timestamp::default(),
                offsets: Offsets::default(),
                input: StreamInput::Bytes(&line),
            };
            last = identifier.push(&event);
            assert!(identifier.held_bytes() < 6 * RESYNC_LINE_BYTES_MAX);
        }
    }
    assert!(matches!(last, Identification::Unidentified));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn cutting_the_input_anywhere_changes_nothing(
        steps in crate::protocol::laws::steps(),
        midstream in any::<bool>(),
        piece in 1usize..40,
    ) {
        let whole = identify(midstream, &steps, usize::MAX);
        prop_assert_eq!(&identify(midstream, &steps, 1), &whole);
        prop_assert_eq!(&identify(midstream, &steps, piece), &whole);
    }
}
