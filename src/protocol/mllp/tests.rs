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
const FOREIGN: [&str; 3] = ["> odd mllp-not-hl7", "> hl7v2 foreign", "> end"];

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
    let mut noisy = with(2, "mllp-noise");
    noisy.insert(3, "> unread".to_owned());
    assert_eq!(odd(format!("\u{b}{ADT}\u{1c}\rhello")), noisy);
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
        assert_eq!(verdict(Direction::ToClient), Verdict::Turned, "{start}");
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
    let tabs = ADT.replace('|', "\t").replace("MSH", "msh").replace("PID", "pid");
    assert_eq!(told(&[ask(block(&tabs))]), [ADT_HEAD, "> end"]);
    let found = (PROTOCOL.probe)(Direction::ToServer, block(&tabs).as_bytes());
    assert_eq!(found, Verdict::Match);
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
    assert_eq!(told(&[ask("\u{b}hello"), end.clone()]), FOREIGN);
    // What is no header may have become one.
    assert_eq!(told(&[ask("\u{b}MS"), end]), ["> odd mllp-not-hl7", "> unread"]);
}

#[test]
fn what_is_no_hl7_is_passed_over_to_the_next_block() {
    let steps = [ask(block("ISA*00*x")), ask(block("")), ask(block(ADT))];
    assert_eq!(told(&steps), ["> odd mllp-not-hl7", "> hl7v2 foreign", "> end", ADT_HEAD, "> end"]);
}

#[test]
fn what_may_answer_anything_is_told_and_what_keeps_alive_is_not() {
    let after = |bytes: &str| told(&[ask(block(ADT)), answer(bytes)]).split_off(2);
    let foreign = ["< odd mllp-not-hl7", "< hl7v2 foreign", "< end"];
    for text in ["ERR|broken\r", "OK", "MSAX|AA|m1", "{}"] {
        assert_eq!(after(&block(text)), foreign, "{text}");
    }
    assert_eq!(after("hello"), ["< unread"], "not in a block");
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
    assert_eq!(verdict(ToClient, &message), Verdict::Turned);
    assert_eq!(verdict(ToClient, &ack), Verdict::Match);
    assert_eq!(verdict(ToServer, &ack), Verdict::Turned);
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

/// `text` in UTF-16, the byte that `big` says first.
fn utf16(text: &str, big: bool) -> Vec<u8> {
    let to_bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn a_block_in_utf_16_is_read_as_the_same_in_utf_8() {
    let text = ADT.replace("PID|1", "PID|1||4711||下不^Łucja\u{1f600}|ജ");
    let text = text.replacen("|2.5\r", "|2.5||||||UNICODE UTF-16\r", 1);
    let expected = record(Box::new(MllpParser::default()), &[ask(block(&text))], usize::MAX);
    let bytes = |big| {
        let (message, mark) = (utf16(&text, big), utf16("\u{feff}", big));
        let framed = |parts: &[&[u8]]| [b"\x0b", parts.concat().as_slice(), b"\x1c\r"].concat();
        let encoded = |mark: &str| utf16(&block(&format!("{mark}{text}")), big);
        (framed(&[&message]), framed(&[&mark, &message]), encoded("\u{feff}"), encoded(""))
    };
    let (little, little_marked, little_encoded, _) = bytes(false);
    let (big, big_marked, big_encoded_marked, big_encoded) = bytes(true);
    for block in
        [little, little_marked, little_encoded, big, big_marked, big_encoded_marked, big_encoded]
    {
        assert_eq!((PROTOCOL.probe)(Direction::ToServer, &block), Verdict::Match);
        let bodies = |lines: Vec<String>| {
            let body = |line: &String| line.split_once(" body ").map(|(_, text)| text.to_owned());
            let heads: Vec<_> = lines.iter().filter(|line| body(line).is_none()).cloned().collect();
            (heads, lines.iter().filter_map(body).collect::<String>())
        };
        // Twice: whatever stands behind a block does not disturb the next.
        let twice =
            record(Box::new(MllpParser::default()), &[ask(&block), ask(&block)], usize::MAX);
        let expected = [expected.clone(), expected.clone()].concat();
        assert_eq!(bodies(twice), bodies(expected), "{}", block.escape_ascii());
    }
}

#[test]
fn start_and_end_of_text_frame_as_well_and_are_told() {
    let framed = |text: &str| format!("\u{2}{text}\u{3}");
    let other = "> odd mllp-frame-bytes-other";
    let once = [other, ADT_HEAD, "> end"];
    assert_eq!(told(&[ask(framed(ADT))]), once);
    // With a carriage return, without one, and in UTF-16.
    let steps = [ask(framed(ADT) + "\r"), ask(framed(ADT)), ask(utf16(&framed(ADT), false))];
    assert_eq!(told(&steps), [once, once, once].concat());
    let verdict = (PROTOCOL.probe)(Direction::ToServer, framed(ADT).as_bytes());
    assert_eq!(verdict, Verdict::Match);
    // In a block of the standard neither is a frame byte.
    let inside = ADT.replace("PID|1", "PID|\u{2}\u{3}");
    assert_eq!(told(&[ask(block(&inside))]), [ADT_HEAD, "> end"]);
    // After a gap the next one is found where blocks had them.
    let steps = [
        ask(framed(ADT)),
        Step::Gap(Direction::ToServer, 9),
        ask(format!("x\u{3}{}", framed(ADT))),
    ];
    assert_eq!(told(&steps).split_off(3), ["> lost", ADT_HEAD, "> end"]);
}

#[test]
fn a_batch_over_many_blocks_is_told_as_one_in_one_block_is() {
    let silent = format!("{ADT_HEAD} expects nothing");
    let (headers, trailers) = ("FHS|^~\\&|F\rBHS|^~\\&|B\r", "BTS|2\rFTS|1\r");
    let end = "> end";
    let expected = [&silent, end, &silent, end, ADT_HEAD, end];
    let apart = [block(headers), block(ADT), block(ADT), block(trailers), block(ADT)];
    let last = [block(headers), block(ADT), block(&format!("{ADT}{trailers}")), block(ADT)];
    let (file, batch) = headers.split_at(11);
    let each = [&[block(file), block(batch)], &apart[1..]].concat();
    for blocks in [&apart[..], &last, &each] {
        assert_eq!(told(&blocks.iter().map(ask).collect::<Vec<_>>()), expected);
        assert_eq!(told(&[ask(blocks.concat())]), expected);
        let bytes = blocks.concat();
        let pieces: Vec<Step> = bytes.as_bytes().chunks(1).map(ask).collect();
        assert_eq!(told(&pieces), expected);
        let bodies = bodies(&[ask(bytes)]).concat();
        assert!(bodies.starts_with("FHS|") && bodies.contains("B\\rMSH|"), "{bodies}");
    }
    // Without a trailer it lasts, and a gap ends it.
    let steps =
        [ask(block(headers)), ask(block(ADT)), Step::Gap(Direction::ToServer, 1), ask(block(ADT))];
    let expected = [&silent, end, "> lost", ADT_HEAD, end];
    assert_eq!(told(&steps), expected);
}

#[test]
fn trailers_in_a_block_of_their_own_are_told_where_they_have_a_comment() {
    let steps = |trailers: &str| {
        [block("BHS|^~\\&|B\r"), block(ADT), block(trailers), block(ADT)].map(ask).to_vec()
    };
    let silent = format!("{ADT_HEAD} expects nothing");
    let plain = [&silent, "> end", ADT_HEAD, "> end"];
    for trailers in ["BTS|2\r", "BTS|2||\rFTS|1\r", "BTS\r", "BTS|\r\n"] {
        assert_eq!(told(&steps(trailers)), plain, "{trailers}");
    }
    for trailers in ["BTS|2|for Jane Roe\r", "BTS|2\rFTS|1|for Jane Roe\r"] {
        let lines = told(&steps(trailers));
        assert_eq!(lines[2], "> hl7v2 BTS^ >   expects nothing", "{trailers}");
        assert_eq!(lines.len(), 6, "{lines:?}");
        assert!(bodies(&steps(trailers)).concat().contains("for Jane Roe"), "{trailers}");
    }
}

#[test]
fn a_commit_of_release_2_answers_whichever_way_it_goes() {
    let after = |bytes: &str| told(&[ask(block(ADT)), answer(bytes)]).split_off(2);
    assert_eq!(after("\u{b}\u{6}\u{1c}\r"), ["< hl7v2 ^ >   CA ", "< end"]);
    assert_eq!(after("\u{b}\u{15}\u{1c}\r"), ["< hl7v2 ^ >   CE ", "< end"]);
    assert_eq!(told(&[ask("\u{b}\u{15}\u{1c}\r")]), ["> hl7v2 ^ >   CE ", "> end"]);
    assert_eq!(told(&[ask("\u{b}\u{7}\u{1c}\r")]), FOREIGN);
}

#[test]
fn a_commit_may_lack_its_frame() {
    let after = |bytes: &str| told(&[ask(block(ADT)), answer(bytes)]).split_off(2);
    let (kept, not) = (["< hl7v2 ^ >   CA ", "< end"], ["< hl7v2 ^ >   CE ", "< end"]);
    for around in ["", "\r\n", "\0"] {
        assert_eq!(after(&format!("{around}\u{6}{around}")), kept);
        assert_eq!(after(&format!("{around}\u{15}{around}")), not);
    }
    assert_eq!(after("\u{6}\u{15}"), [kept, not].concat());
    // Behind a block as before one, but not in what is noise anyway.
    let ack = ["< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1", "< end"];
    assert_eq!(after(&format!("\u{6}{}\u{15}", block(ACK))), [kept, ack, not].concat());
    assert_eq!(after("x\u{6}\u{15}"), ["< unread"]);
    assert_eq!(told(&[ask("\u{6}"), ask(block(ADT))])[2..], [ADT_HEAD, "> end"]);
    // A loss is one to who answers so, too.
    let lost = Step::Gap(Direction::ToClient, 1);
    let steps = [ask(block(ADT)), answer("\u{6}"), lost.clone(), answer("\u{15}")];
    assert_eq!(told(&steps)[4..], [&["< lost"][..], &not].concat());
    // So is noise. Who ever answered so may do it again.
    let odd = ["< odd mllp-noise", "< unread"];
    assert_eq!(after("\u{6}busy\u{15}"), [&kept[..], &odd, &not].concat());
    let steps = [ask(block(ADT)), answer(format!("\u{6}{}", block(ACK))), lost, answer("\u{15}")];
    assert_eq!(told(&steps)[6..], [&["< lost"][..], &not].concat());
    // Of who answered in blocks a byte stands in anything.
    let lost = Step::Gap(Direction::ToClient, 1);
    let steps = [ask(block(ADT)), answer(block(ACK)), lost, answer("\u{15}")];
    assert_eq!(told(&steps)[4..], ["< lost"]);
}

#[test]
fn behind_a_loss_answers_are_found_as_they_are_framed() {
    let ack = ["< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1", "< end"];
    let start = "< odd mllp-start-missing";
    let behind = |before: &[&str], lost: u64, bytes: &str| {
        let mut steps = vec![ask(block(ADT))];
        steps.extend(before.iter().map(answer));
        let at = told(&steps).len();
        steps.push(Step::Gap(Direction::ToClient, lost));
        steps.extend(bytes.as_bytes().chunks(5).map(answer));
        told(&steps).split_off(at)
    };
    // The first answer was lost: whatever comes may be one.
    let kept = ["< hl7v2 ^ >   CA ", "< end"];
    assert_eq!(behind(&[], 1, "\u{6}"), [&["< lost"][..], &kept].concat());
    assert_eq!(behind(&[], 90, &block(ACK)), [&["< lost"][..], &ack].concat());
    let first = behind(&[], 9, &format!("AA|m0\r{ACK}\u{1c}\r"));
    assert_eq!(first, [&["< lost", start][..], &ack].concat());
    // Answers without a vertical tab.
    let unframed = behind(&[ACK, "\u{1c}\r"], 9, &format!("AA|m0\r{ACK}\u{1c}\r"));
    assert_eq!(unframed, [&["< lost", start][..], &ack].concat());
    let same = behind(&[ACK], 9, &format!("\r{ACK}"));
    assert_eq!(same[..5], ["< gap 9", "< end incomplete", "< lost", start, ack[0]]);
    // Where all had one, what stands in the rest of a block is none.
    let inside = format!("x\r{ACK}\u{1c}\r{}", block(ACK));
    assert_eq!(behind(&[&block(ACK)], 9, &inside), [&["< lost"][..], &ack].concat());
    // Nor does a name stand within a line.
    assert_eq!(behind(&[], 9, &format!("xMSH|{}", block(ACK)))[1..], ack);
}

#[test]
fn what_lacks_its_start_ends_where_a_bare_answer_comes() {
    let ack = ["< odd mllp-start-missing", "< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1", "< end"];
    let kept = ["< hl7v2 ^ >   CA ", "< end"];
    let text = format!("{ACK}\u{6}{ACK}\u{6}");
    for size in [1, 7, text.len()] {
        let steps = text.as_bytes().chunks(size).map(answer);
        let steps: Vec<Step> = std::iter::once(ask(block(ADT))).chain(steps).collect();
        assert_eq!(told(&steps)[2..], [&ack[..], &kept, &ack, &kept].concat(), "{size}");
    }
    // Within a block it is text.
    let steps = [ask(block(ADT)), answer(block(&format!("{ACK}\u{6}")))];
    assert_eq!(told(&steps)[2..], ack[1..]);
}

#[test]
fn an_acknowledgement_without_a_header_is_one() {
    for msa in ["MSA|AA|m1\r", "MSA|AA|m1", "msa#AA#m1\nERR#x\r", " MSA|AA|m1|why\r"] {
        let bytes = block(msa);
        let expected = ["< odd mllp-header-missing", "< hl7v2 ACK^ >   AA m1", "< end"];
        assert_eq!(told(&[ask(block(ADT)), answer(&bytes)])[2..], expected, "{msa:?}");
        let pieces: Vec<Step> = bytes.as_bytes().chunks(1).map(answer).collect();
        assert_eq!(told(&pieces), expected, "{msa:?}");
        assert_eq!(bodies(&pieces).concat(), msa.escape_default().to_string());
    }
}

#[test]
fn a_nak_of_hllp_says_that_the_message_came_damaged() {
    for why in ["N23\rC00123045", "N23\rX00123045\r", "N23\rG99999999"] {
        let bytes = block(why);
        let expected = ["< hl7v2 ^ >   CE ", "< end"];
        assert_eq!(told(&[ask(block(ADT)), answer(&bytes)])[2..], expected, "{why:?}");
        let pieces: Vec<Step> = bytes.as_bytes().chunks(1).map(answer).collect();
        assert_eq!(told(&pieces), expected, "{why:?}");
    }
    for other in ["N23", "N23\rC00123", "N23\rA00123045", "N23\rC001230456", "NTE|1"] {
        let foreign = ["< odd mllp-not-hl7", "< hl7v2 foreign", "< end"];
        assert_eq!(told(&[answer(block(other))]), foreign, "{other:?}");
    }
}

#[test]
fn an_acknowledgement_is_found_behind_other_segments_and_no_further_than_its_message() {
    let head = "< hl7v2 ACK^A01 LAB>REG a1 2.5 AA m1";
    for between in ["ERR|PID^1^5", "EVN|A01", "ZAK|x", "SFT|v\rNTE|1||x", ""] {
        let late = ACK.replace("\rMSA", &format!("\r{between}\rMSA"));
        assert_eq!(told(&[answer(block(&late))]), [head, "< end"], "{between}");
        let bytes: Vec<Step> = block(&late).as_bytes().chunks(1).map(answer).collect();
        assert_eq!(told(&bytes), [head, "< end"], "{between}");
        assert_eq!(bodies(&[answer(block(&late))]).concat(), late.escape_default().to_string());
    }
    // What tells something has its acknowledgement first or none, and each message has its own.
    let telling = ADT.replace("PID|1", "PID|1\rMSA|AA|x");
    assert_eq!(told(&[ask(block(&telling))]), [ADT_HEAD, "> end"]);
    let two = ACK.replace("MSA|AA|m1\r", "ERR|x\r") + ACK;
    let none = "< hl7v2 ACK^A01 LAB>REG a1 2.5";
    assert_eq!(told(&[answer(block(&two))]), [none, "< end", head, "< end"]);
}

#[test]
fn a_message_in_lower_case_is_one_wherever_it_stands() {
    let lower = ADT.replace("MSH", "msh").replace("PID", "pid");
    let two = [ADT_HEAD, "> end", ADT_HEAD, "> end"];
    for text in [block(&format!("{lower}{lower}")), block(&format!("{ADT}{lower}"))] {
        let bytes: Vec<Step> = text.as_bytes().chunks(1).map(ask).collect();
        assert_eq!(told(&[ask(&text)]), two);
        assert_eq!(told(&bytes), two);
    }
    let bare = format!("{lower}\u{1c}\r");
    assert_eq!(told(&[ask(&bare)])[..2], ["> odd mllp-start-missing", ADT_HEAD]);
    assert_eq!((PROTOCOL.probe)(Direction::ToServer, bare.as_bytes()), Verdict::Match);
    let word = ADT.replace("PID|1", "NTE|1\rmsHe|x\rmshe|y");
    assert_eq!(told(&[ask(block(&word))]), [ADT_HEAD, "> end"]);
    assert_eq!(bodies(&[ask(block(&word))]).concat(), word.escape_default().to_string());
}

#[test]
fn blocks_of_hllp_are_read_behind_their_version() {
    for version in ["D23", "D23\r"] {
        let text = block(&format!("{version}{ADT}00123045"));
        let bytes: Vec<Step> = text.as_bytes().chunks(1).map(ask).collect();
        assert_eq!(told(&[ask(&text)]), [ADT_HEAD, "> end"]);
        assert_eq!(told(&bytes), [ADT_HEAD, "> end"]);
        assert!(bodies(&bytes).concat().starts_with("MSH|"));
        let verdict = |text: &[u8]| (PROTOCOL.probe)(Direction::ToServer, text);
        assert_eq!(verdict(text.as_bytes()), Verdict::Match);
        for cut in 1..8 {
            assert_eq!(verdict(&text.as_bytes()[..cut]), Verdict::NeedMore, "{cut}");
        }
    }
    assert_eq!(told(&[ask(block("D2x|1"))]), FOREIGN);
}

#[test]
fn what_a_message_is_may_stand_in_its_structure_or_its_event() {
    let of = |kind: &str, rest: &str| {
        let text = ADT.replace("ADT^A01", kind).replace("PID|1", rest);
        told(&[ask(block(&text))]).remove(0)
    };
    for (kind, rest) in [
        ("^^ADT_A01", "PID|1"),
        ("ADT", "EVN|A01|2026"),
        ("^^ADT_A05", "EVN|A01"),
        ("ADT^^ADT_A01", "PID|1"),
        ("ADT^A01^ADT_A04", "EVN|A04"),
    ] {
        assert_eq!(of(kind, rest), ADT_HEAD, "{kind} {rest}");
    }
    assert_eq!(of("ADT", "PID|1"), ADT_HEAD.replace("A01", ""));
}
