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
fn a_header_that_begins_with_empty_lines_is_told_however_it_is_cut() {
    const HEADER: &str = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0cabcdefghijkl";
    for midstream in [false, true] {
        assert_eq!(told(midstream, &[ask(HEADER)]), "proxy");
    }
    assert_eq!(told(false, &[ask("\r\n\r\n\0\r\nQUOTE\n")]), "undecided");
    assert_eq!(told(false, &[ask(["\r\n\r\n", REQUEST].concat())]), "http/1");
}

#[test]
fn a_method_of_any_length_that_fits_a_start_line_is_told() {
    use crate::base::limits::HTTP_METHOD_BYTES_MAX as MOST;
    for length in [257, 600, 4000, MOST] {
        let line = format!("{} /patients HTTP/1.1\r\nHost: x\r\n\r\n", "M".repeat(length));
        let (told, events) = identify(false, &[ask(&line)], usize::MAX);
        assert_eq!(told, "http/1", "{length}");
        assert_eq!(identify(false, &[ask(&line)], 100), (told, events), "{length}");
    }
    let long = format!("{} /patients HTTP/1.1\r\n\r\n", "M".repeat(MOST + 1));
    let silent = [ask(long), answer("{}")];
    assert_eq!(identify(false, &silent, usize::MAX).0, "unidentified");
    assert_eq!(identify(false, &silent, 1000).0, "unidentified");
    // A word that is short takes no more than it did.
    let other = [ask(format!("BREW /{} HTTP/1.1\r\n", "p".repeat(600))), answer("{}")];
    assert_eq!(identify(false, &other, usize::MAX).0, "unidentified");
    assert_eq!(identify(false, &other, 7).0, "unidentified");
}

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
        (answer("\x0bMSH|^~\\&|A|B|C|D|||ACK^A01|1|"), "mllp"),
        (answer("\x0bMSH|^~\\&|"), "undecided"),
        (ask(b"\x01\x00\x00\x00\x00\xd1\x00\x01\x00\x00"), "dicom"),
        (answer("SSH-2.0-x\r\n"), "undecided"),
        (ask("GE"), "undecided"),
        (ask("EHLO x\r\n"), "undecided"),
    ] {
        assert_eq!(told(false, std::slice::from_ref(&step)), expected, "{step:?}");
        assert_eq!(told(true, std::slice::from_ref(&step)), expected, "{step:?}");
    }
}

#[test]
fn ssh_is_what_both_ends_greet_with() {
    let greeting = || answer("SSH-2.0-x\r\n");
    assert_eq!(told(false, &[greeting(), ask("SSH-2.0-y\r\n")]), "ssh");
    assert_eq!(told(false, &[greeting(), ask(b"\x00\x00\x05\xdc\x06\x14")]), "ssh");
    // In the server's name anybody may greet.
    assert_eq!(told(false, &[greeting(), ask(REQUEST), answer(RESPONSE)]), "http/1");
}

#[test]
fn empty_lines_before_a_request_do_not_hide_it() {
    for lines in [1, 300, 3000] {
        assert_eq!(told(false, &[ask("\r\n".repeat(lines) + REQUEST)]), "http/1", "{lines}");
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
    assert_eq!(told(false, &[ask("A".repeat(9000)), answer("x\r\n")]), "unidentified");
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

/// Where a client opened the flow a server that begins is not its client for that.
#[test]
fn either_side_may_send_a_message_of_hl7_where_it_is_known_who_opened_the_flow() {
    let message = |kind: &str| format!("\x0bMSH|^~\\&|A|B|C|D|||{kind}|1|");
    for step in [answer(message("ADT^A01")), ask(message("ACK^A01"))] {
        assert_eq!(told(false, std::slice::from_ref(&step)), "mllp", "{step:?}");
        assert_eq!(told(true, std::slice::from_ref(&step)), "mllp flipped", "{step:?}");
    }
}

#[test]
fn blocks_that_keep_a_connection_alive_hide_no_message_behind_them() {
    let message = "\x0bMSH|^~\\&|A|B|C|D|||ADT^A01|1|";
    for idle in ["\x0b\x1c\r", "\x06", "\x0b\x06\x1c\r", "\r\n\x0b\x1c\r\n"] {
        for times in [1, 3, 600] {
            let idle = idle.repeat(times);
            let expected = if idle.contains('\x1c') || times < 600 { "mllp" } else { "undecided" };
            for piece in [1, 2, usize::MAX] {
                let alone = identify(false, &[ask(format!("{idle}{message}"))], piece).0;
                assert_eq!(alone, expected, "{idle:?} {piece}");
                let steps = [ask(&idle), answer(&idle), answer("\x06"), ask(message)];
                let told = identify(false, &steps, piece).0;
                assert_eq!(told == "mllp", expected == "mllp", "{idle:?} {piece}");
            }
        }
    }
    assert_eq!(told(false, &[ask("\x0b\x1c\rhello"), answer("hello")]), "undecided");
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
