use crate::model::{Direction, EndCause};
use crate::protocol::Verdict;
use crate::protocol::recorder::{Step, answer, ask, record};

use super::{MllpParser, PROTOCOL};

const ADT: &str = "MSH|^~\\&|REG|NORTH|LAB|EAST|20260101||ADT^A01|m1|P|2.5\rPID|1\r";
const ACK: &str = "MSH|^~\\&|LAB|EAST|REG|NORTH|20260101||ACK^A01|a1|P|2.5\rMSA|AA|m1\r";

fn block(text: &str) -> String {
    format!("\u{b}{text}\u{1c}\r")
}

/// Heads, ends and oddities, without bodies.
fn told(steps: &[Step]) -> Vec<String> {
    let lines = record(Box::new(MllpParser::default()), steps, usize::MAX);
    lines.into_iter().filter(|line| !line.contains(" body ")).collect()
}

fn bodies(steps: &[Step]) -> Vec<String> {
    let lines = record(Box::new(MllpParser::default()), steps, usize::MAX);
    lines.into_iter().filter_map(|l| Some(l.split_once(" body ")?.1.to_owned())).collect()
}

const ADT_HEAD: &str = "> hl7v2 ADT^A01 REG>LAB m1 2.5";

#[test]
fn a_message_and_its_acknowledgement_are_told_with_what_joins_them() {
    let steps = [ask(block(ADT)), answer(block(ACK))];
    let ack = "< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1";
    assert_eq!(told(&steps), [ADT_HEAD, "> end", ack, "< end"]);
    let shown = |text: &str| text.as_bytes().escape_ascii().to_string();
    assert_eq!(bodies(&steps), [shown(ADT), shown(ACK)]);
}

#[test]
fn several_messages_in_one_segment_and_one_in_many_are_the_same() {
    let two = format!("{}{}", block(ADT), block(ADT));
    let pieces: Vec<Step> = two.as_bytes().chunks(7).map(ask).collect();
    assert_eq!(told(&pieces), told(&[ask(&two)]));
    assert_eq!(told(&pieces), [ADT_HEAD, "> end", ADT_HEAD, "> end"]);
}

#[test]
fn missing_and_doubled_frame_bytes_are_named_and_passed_over() {
    let odd = |bytes: String| told(&[ask(bytes), ask(block(ADT))]);
    let whole = [ADT_HEAD, "> end", ADT_HEAD, "> end"];
    let with = |at: usize, name: &str| {
        let mut lines: Vec<String> = whole.map(str::to_owned).to_vec();
        lines.insert(at, format!("> odd {name}"));
        lines
    };
    assert_eq!(odd(format!("{ADT}\u{1c}\r")), with(0, "mllp-start-missing"));
    assert_eq!(odd(format!("\u{feff}{ADT}\u{1c}\r")), with(0, "mllp-start-missing"));
    assert_eq!(odd(format!("\u{b}\u{b}{ADT}\u{1c}\r")), with(0, "mllp-frame-bytes-doubled"));
    assert_eq!(odd(format!("\u{b}{ADT}")), with(1, "mllp-end-missing"));
    assert_eq!(odd(format!("\u{b}{ADT}\u{1c}")), with(2, "mllp-carriage-return-missing"));
    let doubled = odd(format!("\u{b}{ADT}\u{1c}\r\u{1c}\r"));
    assert_eq!(doubled, with(2, "mllp-frame-bytes-doubled"));
    assert_eq!(odd(format!("\u{b}{ADT}\u{1c}\rhello")), with(2, "mllp-noise"));
    assert_eq!(odd(format!("\u{b}{ADT}\u{1c}\r\n\r\n")), whole);
}

#[test]
fn each_message_of_a_batch_is_one() {
    let silent = format!("{ADT_HEAD} expects nothing");
    let batch = format!("FHS|^~\\&|F\nBHS|^~\\&|B\n{ADT}{ADT}BTS|2\nFTS|1\n");
    let steps = [ask(block(&batch))];
    assert_eq!(told(&steps), [silent.as_str(), "> end", silent.as_str(), "> end"]);
    let [first, second] = &bodies(&steps)[..] else { panic!("two bodies") };
    assert!(first.starts_with("FHS|") && first.ends_with("PID|1\\r"), "{first}");
    assert!(second.starts_with("MSH|") && second.ends_with("FTS|1\\n"), "{second}");
}

#[test]
fn a_batch_may_lack_its_vertical_tab_as_a_message_may() {
    let silent = format!("{ADT_HEAD} expects nothing");
    for start in ["FHS|^~\\&|F\rBHS|^~\\&|B\r", "BHS|^~\\&|B\r", "\u{feff}FHS|^~\\&|F\r"] {
        let batch = format!("{start}{ADT}{ADT}BTS|2\r\u{1c}\r");
        let end = "> end";
        let expected = ["> odd mllp-start-missing", &silent, end, &silent, end];
        assert_eq!(told(&[ask(&batch)]), expected, "{start}");
        let pieces: Vec<Step> = batch.as_bytes().chunks(1).map(ask).collect();
        assert_eq!(told(&pieces), expected, "{start}");
        let verdict = |direction| (PROTOCOL.probe)(direction, batch.as_bytes());
        assert_eq!(verdict(Direction::ToServer), Verdict::Match, "{start}");
        assert_eq!(verdict(Direction::ToClient), Verdict::NoMatch, "{start}");
    }
    let marked = format!("\u{feff}{ADT}");
    for cut in 0..8 {
        let verdict = (PROTOCOL.probe)(Direction::ToServer, &marked.as_bytes()[..cut]);
        assert_eq!(verdict, Verdict::NeedMore, "{cut}");
    }
    assert_eq!((PROTOCOL.probe)(Direction::ToServer, b"\xef\xbb\xbfhello"), Verdict::NoMatch);
}

#[test]
fn other_separators_line_ends_marks_and_software_segments_are_read() {
    let custom = "MSH#*~\\&#REG*x#N#LAB#E#1##ORU*R01#m2#P#2.8.2\nPID#1\n";
    assert_eq!(told(&[ask(block(custom))]), ["> hl7v2 ORU^R01 REG>LAB m2 2.8.2", "> end"]);
    let marked = format!("\u{feff}\r\n {ADT}");
    assert_eq!(told(&[ask(block(&marked))]), [ADT_HEAD, "> end"]);
    let late = ACK.replace("\rMSA", "\rSFT|maker\rUAC|x\rMSA");
    let head = "< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1";
    assert_eq!(told(&[answer(block(&late))]), [head, "< end"]);
}

#[test]
fn after_a_gap_the_next_block_is_found() {
    let steps = [
        ask(format!("\u{b}{ADT}")),
        Step::Gap(Direction::ToServer, 40),
        ask(format!("SH|of something else\r\u{1c}\r{}", block(ADT))),
    ];
    let expected = [ADT_HEAD, "> gap 40", "> end incomplete", "> lost", ADT_HEAD, "> end"];
    assert_eq!(told(&steps), expected);
}

#[test]
fn a_message_cut_by_the_end_of_its_stream_says_so() {
    let end = Step::End(Direction::ToServer, EndCause::Cut);
    let steps = [ask(format!("\u{b}{ADT}")), end.clone()];
    assert_eq!(told(&steps), [ADT_HEAD, "> end incomplete"]);
    assert_eq!(told(&[ask("\u{b}hello"), end]), ["> odd mllp-not-hl7"]);
}

#[test]
fn what_is_no_hl7_is_passed_over_to_the_next_block() {
    let steps = [ask(block("ISA*00*x")), ask(block("")), ask(block(ADT))];
    assert_eq!(told(&steps), ["> odd mllp-not-hl7", ADT_HEAD, "> end"]);
}

#[test]
fn what_may_answer_anything_is_told_and_what_keeps_alive_is_not() {
    let after = |bytes: &str| told(&[ask(block(ADT)), answer(bytes)]).split_off(2);
    let foreign = ["< odd mllp-not-hl7", "< unread"];
    assert_eq!(after("\u{b}\u{6}\u{1c}\r"), foreign, "a commit of release 2");
    assert_eq!(after(&block("MSA|AA|m1\r")), foreign, "no header");
    assert_eq!(after("\u{6}"), ["< unread"], "a bare byte");
    for nothing in ["\u{b}\u{1c}\r", "\r\n", "\0"] {
        assert!(after(nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn a_block_may_stand_behind_line_ends() {
    let verdict = |direction, text: &str| (PROTOCOL.probe)(direction, text.as_bytes());
    use Direction::{ToClient, ToServer};
    for blanks in ["\r\n", "\n", "  "] {
        assert_eq!(verdict(ToServer, blanks), Verdict::NeedMore);
        assert_eq!(verdict(ToServer, &format!("{blanks}{}", block(ADT))), Verdict::Match);
        assert_eq!(verdict(ToClient, &format!("{blanks}{}", block(ACK))), Verdict::Match);
        assert_eq!(verdict(ToServer, &format!("{blanks}GET / HTTP/1.1\r\n")), Verdict::NoMatch);
    }
}

#[test]
fn messages_go_to_the_server_and_answers_to_the_client() {
    let verdict = |direction, text: &str| (PROTOCOL.probe)(direction, text.as_bytes());
    use Direction::{ToClient, ToServer};
    let (message, ack) = (block(ADT), block(ACK));
    assert_eq!(verdict(ToServer, &message), Verdict::Match);
    assert_eq!(verdict(ToClient, &message), Verdict::NoMatch);
    assert_eq!(verdict(ToClient, &ack), Verdict::Match);
    assert_eq!(verdict(ToServer, &ack), Verdict::NoMatch);
    for cut in 0..30 {
        assert_eq!(verdict(ToServer, &message[..cut]), Verdict::NeedMore, "{cut}");
    }
    assert_eq!(verdict(ToServer, ADT), Verdict::Match);
    assert_eq!(verdict(ToServer, "MSH|^~\\"), Verdict::NeedMore);
    assert_eq!(verdict(ToServer, "MSH=1"), Verdict::NoMatch);
    assert_eq!(verdict(ToServer, "\u{b}hello"), Verdict::NoMatch);
    let long = format!("\u{b}MSH|^~\\&|{}", "x".repeat(600));
    assert_eq!(verdict(ToServer, &long), Verdict::Match);
    assert_eq!((PROTOCOL.start_line)(ACK.as_bytes(), true), Some((0, ToClient)));
    assert_eq!((PROTOCOL.start_line)(b"MSH is a word", true), None);
    assert_eq!((PROTOCOL.start_line)(b"PID|1", true), None);
}

#[test]
fn batches_and_what_asks_for_no_answer_are_told() {
    let silent = format!("{ADT_HEAD} expects nothing");
    let asks = |accept: &str, application: &str| {
        let head = ADT.replacen("|2.5\r", &format!("|2.5|||{accept}|{application}\r"), 1);
        told(&[ask(block(&head))])
    };
    assert_eq!(asks("", ""), [ADT_HEAD, "> end"]);
    assert_eq!(asks("AL", "NE"), [ADT_HEAD, "> end"]);
    assert_eq!(asks("NE", "al"), [ADT_HEAD, "> end"]);
    for (accept, application) in [("NE", "NE"), ("NE", ""), ("ER", "SU")] {
        assert_eq!(asks(accept, application), [silent.as_str(), "> end"], "{accept} {application}");
    }
    // Every message of a batch, and none behind it.
    let batch = block(&format!("FHS|^~\\&|REG\rBHS|^~\\&|REG\r{ADT}{ADT}BTS|2\r"));
    let end = "> end";
    let expected = [&silent, end, &silent, end, ADT_HEAD, end];
    assert_eq!(told(&[ask(batch + &block(ADT))]), expected);
}
