use base64::Engine as _;
use proptest::prelude::*;

use super::super::recorder::{KeepAll, Recorder, cut};
use super::super::{BodyPlan, BodyWalker, PathTable};
use super::Hl7Walker;

fn walk(body: &[u8], cuts: &[usize]) -> Recorder {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = Hl7Walker::at_level(0, 0);
    for piece in cut(body, cuts) {
        walker.push(piece, &mut paths, &mut sink);
    }
    walker.finish(&mut paths, &mut sink);
    sink
}

fn fields(body: &str) -> Vec<(String, String)> {
    walk(body.as_bytes(), &[]).values()
}

fn has(body: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(fields(body), expected, "{body:?}");
}

#[test]
fn fields_components_subcomponents_and_repetitions_have_their_paths() {
    has(
        "MSH|^~\\&|APP||||||ADT^A01\rPID|1||4711^^^HOSP&1.2.3&ISO^MR~0815||LÖW^Ada||19800101\r",
        &[
            ("MSH-3", "APP"),
            ("MSH-9.1", "ADT"),
            ("MSH-9.2", "A01"),
            ("PID-1", "1"),
            ("PID-3.1", "4711"),
            ("PID-3.4.1", "HOSP"),
            ("PID-3.4.2", "1.2.3"),
            ("PID-3.4.3", "ISO"),
            ("PID-3.5", "MR"),
            ("PID-3", "0815"),
            ("PID-5.1", "LÖW"),
            ("PID-5.2", "Ada"),
            ("PID-7", "19800101"),
        ],
    );
}

#[test]
fn every_line_end_ends_a_segment_and_repeated_segments_share_their_paths() {
    let expected = [("OBX-1", "1"), ("OBX-1", "2"), ("ZX1-2", "x"), ("NTE-3", "y")];
    for end in ["\r", "\n", "\r\n", "\r\r", "\n\n"] {
        let body = ["OBX|1", "OBX|2", "ZX1||x", "NTE|||y"].join(end);
        has(&body, &expected);
        has(&(body + end), &expected);
    }
}

#[test]
fn a_line_feed_in_a_field_is_of_its_text_where_segments_end_with_cr() {
    for end in ["\r", "\r\n"] {
        let lines = ["MSH|^~\\&|A", "NTE|1||one\ntwo\n\nPIDs^b\nc|\n|d\n", "PID|1"];
        has(
            &lines.join(end),
            &[
                ("MSH-3", "A"),
                ("NTE-1", "1"),
                ("NTE-3.1", "one\ntwo\n\nPIDs"),
                ("NTE-3.2", "b\nc"),
                ("NTE-4", "\n"),
                ("NTE-5", "d"),
                ("PID-1", "1"),
            ],
        );
    }
    // Each message of a batch says it for itself, and what stands without a header ends with any.
    has(
        "BHS|^~\\&|B\rMSH|^~\\&|A\nPID|1\nMSH|^~\\&|C\rPID|2\nx\rNTE|1",
        &[
            ("BHS-3", "B"),
            ("MSH-3", "A"),
            ("PID-1", "1"),
            ("MSH-3", "C"),
            ("PID-1", "2\nx"),
            ("NTE-1", "1"),
        ],
    );
    // A sender that ends the header otherwise than what follows.
    has(
        "MSH|^~\\&|A\rPID|1\nPV1|2\nMSH|^~\\&|B\nNTE|x\n",
        &[("MSH-3", "A"), ("PID-1", "1"), ("PV1-1", "2"), ("MSH-3", "B"), ("NTE-1", "x")],
    );
}

#[test]
fn a_document_in_pieces_is_walked_as_one() {
    let document = "<ClinicalDocument><title>Note</title><id root=\"1.2\"/><given>Ada</given>\
                    <family>Lovelace</family></ClinicalDocument>";
    let coded = base64::engine::general_purpose::STANDARD.encode(document);
    let ed = |n: usize, kind: &str, piece: &str, more: &str| {
        format!("OBX|{n}|ED|34133-9^CDA^LN|1|^application^xml^{kind}^{piece}|||{more}|||F\r")
    };
    let told = |body: String| {
        let values = of_body(Some(b"x-application/hl7-v2+er7"), body.as_bytes());
        let inside: Vec<_> = values.into_iter().filter(|(path, _)| path.contains('/')).collect();
        let expected = [
            ("/ClinicalDocument/title", "Note"),
            ("/ClinicalDocument/id/@root", "1.2"),
            ("/ClinicalDocument/given", "Ada"),
            ("/ClinicalDocument/family", "Lovelace"),
        ];
        assert_eq!(inside.len(), expected.len(), "{inside:?}");
        for ((path, value), (end, expected)) in inside.iter().zip(expected) {
            assert!(path.starts_with("OBX-5") && path.ends_with(end), "{path}");
            assert_eq!(value, expected);
        }
    };
    let header = "MSH|^~\\&|A\r";
    for parts in [1, 2, 3, 7] {
        for (kind, text) in [("Base64", coded.as_str()), ("A", document)] {
            let size = text.len().div_ceil(parts);
            let pieces = text.as_bytes().chunks(size).map(|p| std::str::from_utf8(p).unwrap());
            let body: String =
                pieces.clone().enumerate().map(|(n, piece)| ed(n, kind, piece, "")).collect();
            told(format!("{header}{body}PID|1\r"));
            let lines = pieces.enumerate().map(|(n, p)| format!("OBX|{n}|TX|1^D||{p}||||||F\r"));
            if size >= if kind == "A" { 40 } else { 60 } {
                told(format!("{header}{}", lines.collect::<String>()));
            }
        }
    }
    // What stands beside a piece is walked where the first did not say it.
    let (one, two) = coded.split_at(33);
    let body = [header, &ed(1, "Base64", one, "a"), &ed(2, "Base64", two, "b"), "NTE|1"].concat();
    let found = fields(&body);
    let beside: Vec<&str> =
        found.iter().filter(|(p, _)| p == "OBX-8").map(|(_, value)| value.as_str()).collect();
    assert_eq!(beside, ["a", "b"]);
    assert_eq!(found.last().unwrap().0, "NTE-1");
}

#[test]
fn a_gap_behind_a_piece_ends_its_document() {
    let one = "MSH|^~\\&|A\rOBX|1|ED|A||^T^x^A^<a><b>1</b>|||F";
    for more in ["", "\r", "\rOBX|2|ED|", "\rOBX|2|ED|A||^T^x^A^<c>", "\rNTE"] {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = Hl7Walker::at_level(0, 0);
        walker.push(format!("{one}{more}").as_bytes(), &mut paths, &mut sink);
        walker.gap(&mut paths, &mut sink);
        walker.push(b"x\rOBX|2|ED|A||^T^x^A^2</b>\r", &mut paths, &mut sink);
        walker.finish(&mut paths, &mut sink);
        let of = |what: &str| sink.seen.iter().filter(|s| s.what == what).count();
        assert_eq!(of("enter"), of("leave"), "{more:?}");
        let values = sink.values();
        assert!(values.contains(&("OBX-8".to_owned(), "F".to_owned())), "{more:?} {values:?}");
        assert_eq!(values.last().unwrap().1, "2</b>", "{more:?}");
    }
}

#[test]
fn values_of_other_observations_and_whole_documents_are_not_joined() {
    let obx = |n: usize, rest: &str| format!("OBX|{n}|{rest}\r");
    for (one, two) in [
        // Another observation, another part of it, another type.
        ("ED|A||^T^x^A^one", "ED|B||^T^x^A^two"),
        ("ED|A|1|^T^x^A^one", "ED|A|2|^T^x^A^two"),
        ("ED|A||^T^x^A^one", "ED|A||^T^y^A^two"),
        ("ED|A||^T^x^A^one", "TX|A||two"),
        // Documents of their own.
        ("ED|A||^T^x^A^<a>1</a>", "ED|A||^T^x^A^<b>2</b>"),
        ("ED|A||^T^pdf^Base64^JVBERi0xLjQKJeLjz9M", "ED|A||^T^pdf^Base64^JVBERi0xLjUKJeLjz9N"),
        ("ED|A||^T^x^Base64^AQIDBAUGBwgJCg==", "ED|A||^T^x^Base64^CwwNDg8QERITFA"),
        // Results, and lines of a text.
        ("ST|A||<5", "ST|A||7"),
        ("TX|A||Chest clear", "TX|A||Heart normal"),
        ("TX|A||<LOD", "TX|A||3.2"),
        ("ED|A||^T^x^A^Jane", "ED|A||^T^x^A^536-22-1234"),
        ("ED|A||^T^x^A^{\"a\":1}", "ED|A||^T^x^A^{\"b\":2}"),
        ("NM|A||5", "NM|A||7"),
    ] {
        let values = |body: &str| {
            let mut values = fields(body);
            values.retain(|(path, _)| path.starts_with("OBX-5"));
            values
        };
        let (one, two) = (obx(1, one), obx(2, two));
        let apart = [values(&one), values(&two)].concat();
        assert_eq!(values(&(one.clone() + &two)), apart, "{one} {two}");
    }
}

#[test]
fn each_header_says_which_characters_separate() {
    has(
        "FHS|^~\\&|F\rBHS|^~\\&|B\rMSH#*!?@#A\rPID#1##7*x!8@9\rMSH|^~\\&|C\rPID|1^2\r",
        &[
            ("FHS-3", "F"),
            ("BHS-3", "B"),
            ("MSH-3", "A"),
            ("PID-1", "1"),
            ("PID-3.1", "7"),
            ("PID-3.2", "x"),
            ("PID-3.1.1", "8"),
            ("PID-3.1.2", "9"),
            ("MSH-3", "C"),
            ("PID-1.1", "1"),
            ("PID-1.2", "2"),
        ],
    );
    has("MSH|^~\\&#|A\rPID|1", &[("MSH-3", "A"), ("PID-1", "1")]);
}

#[test]
fn escape_sequences_are_written_out_and_what_is_none_stays() {
    has(
        "NTE|a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f|\\X41C3b6\\|\
         x\\.br\\y\\H\\z\\N\\|C:\\temp\\new|\\q|a\\",
        &[
            ("NTE-1", "a|b^c&d~e\\f"),
            ("NTE-2", "Aö"),
            ("NTE-3", "x\nyz"),
            ("NTE-4", "C:\\temp\\new"),
            ("NTE-5", "\\q"),
            ("NTE-6", "a\\"),
        ],
    );
    let long = format!("\\{}", "x".repeat(100));
    has(&format!("NTE|{long}|b"), &[("NTE-1", &long), ("NTE-2", "b")]);
}

#[test]
fn absent_values_are_no_leaves_and_two_quotes_are_a_null() {
    let seen = walk(b"PID|||\"\"||\"\"^x|\"a\"\r", &[]).seen;
    let leaves: Vec<(&str, &str)> = seen
        .iter()
        .filter(|s| !matches!(s.what, "enter" | "leave"))
        .map(|s| (s.what, s.path.as_str()))
        .collect();
    let expected =
        [("null", "PID-3"), ("null", "PID-5.1"), ("string", "PID-5.2"), ("string", "PID-6")];
    assert_eq!(leaves, expected);
}

#[test]
fn lines_that_are_no_segment_and_unknown_names_are_looked_at_without_a_name() {
    has(
        "OBX|1\rand more text\nLEE|Ada|4711\rPI\rPID\r",
        &[("OBX-1", "1"), ("*", "and more text"), ("*-1", "Ada"), ("*-2", "4711"), ("*", "PI")],
    );
    has(&format!("PID|{}x", "|".repeat(299)), &[("PID-*", "x")]);
}

#[test]
fn frames_nest_and_close() {
    let seen = walk(b"PID|1|a^b~c\rOBX", &[3, 9]).seen;
    let frames: Vec<String> = seen
        .iter()
        .filter(|s| matches!(s.what, "enter" | "leave"))
        .map(|s| format!("{} {}", s.what, s.path))
        .collect();
    let expected = [
        "enter ",
        "enter PID",
        "enter PID-1",
        "leave PID-1",
        "enter PID-2",
        "leave PID-2",
        "enter PID-2",
        "leave PID-2",
        "leave PID",
        "leave ",
    ];
    assert_eq!(frames, expected);
}

#[test]
fn after_a_gap_the_next_segment_is_walked() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = Hl7Walker::at_level(0, 0);
    walker.push(b"PID|1||47", &mut paths, &mut sink);
    walker.gap(&mut paths, &mut sink);
    walker.push(b"x^MR|y\rOBX|2\r", &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    let of = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(sink.values(), [of("PID-1", "1"), of("PID-3", "47"), of("OBX-1", "2")]);
}

fn of_body(content_type: Option<&[u8]>, body: &[u8]) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(content_type, None));
    walker.push(body, &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    sink.values()
}

#[test]
fn a_body_is_told_by_its_type_or_by_its_first_bytes_and_a_mark_is_left_out() {
    let body = b"\xef\xbb\xbfMSH|^~\\&|A\rPID|1\r";
    let expected = [("MSH-3".to_owned(), "A".to_owned()), ("PID-1".to_owned(), "1".to_owned())];
    for kind in [None, Some(&b"text/plain"[..]), Some(b"x-application/hl7-v2+er7")] {
        assert_eq!(of_body(kind, body), expected, "{kind:?}");
    }
}

#[test]
fn msh_18_names_the_charset() {
    let message = |charset: &str| format!("MSH|^~\\&|A|||||||||||||||{charset}|\rPID|1||");
    let last = |charset: &str, name: &[u8]| {
        let body = [message(charset).as_bytes(), name].concat();
        of_body(None, &body).pop().unwrap().1
    };
    assert_eq!(last("8859/1", b"L\xf6w"), "Löw");
    assert_eq!(last("8859/15~UNICODE UTF-8", b"L\xf6w"), "Löw");
    assert_eq!(last("UNICODE UTF-8", "Löw".as_bytes()), "Löw");
    assert_eq!(last("", "Löw".as_bytes()), "Löw");
    // The second byte of this character is the escape character of most messages.
    assert_eq!(last("ISO IR14", b"\x95\x5c"), "表");
    assert_eq!(last("ISO IR87", b"\x1b$B;3ED\x1b(B"), "山田");
}

const INSIDE: &str = "MSH|^~\\&|A\rPID|1||4711^^^H^MR||ROE^JANE";

/// The fields below the one value of a body.
fn inside(kind: &str, body: &str) -> Vec<(String, String)> {
    of_body(Some(kind.as_bytes()), body.as_bytes())
}

fn expected(below: &str) -> Vec<(String, String)> {
    [("MSH-3", "A"), ("PID-1", "1"), ("PID-3.1", "4711"), ("PID-3.4", "H"), ("PID-3.5", "MR")]
        .into_iter()
        .chain([("PID-5.1", "ROE"), ("PID-5.2", "JANE")])
        .map(|(path, text)| (format!("{below}|{path}"), text.to_owned()))
        .collect()
}

#[test]
fn a_message_in_a_value_is_walked_field_by_field_wherever_the_value_stands() {
    for end in ["\r", "\n", "\r\n"] {
        for before in ["", "\n  ", "\u{feff}", "\u{feff}\r\n", "\u{b}"] {
            let message = format!("{before}{}{end}", INSIDE.replace('\r', end));
            let json = serde_json::json!({ "m": [message] }).to_string();
            assert_eq!(inside("application/json", &json), expected("$.m[*]"), "{json}");
            let coded: String = message.bytes().map(|b| format!("%{b:02X}")).collect();
            let form = inside("application/x-www-form-urlencoded", &format!("m={coded}"));
            assert_eq!(form, expected("m"), "{coded}");
            if before == "\u{b}" {
                continue;
            }
            let xml = format!("<a><m><![CDATA[{message}]]></m></a>");
            assert_eq!(inside("text/xml", &xml), expected("/a/m"), "{xml}");
            let coded = message.replace('&', "&amp;").replace('\r', "&#13;");
            let attribute = format!("<a m=\"{coded}\"/>");
            assert_eq!(inside("text/xml", &attribute), expected("/a/@m"), "{attribute}");
            let part = format!(
                "--x\r\nContent-Disposition: form-data; name=\"m\"\r\n\r\n{message}\r\n--x--\r\n"
            );
            let found = inside("multipart/form-data; boundary=x", &part);
            assert_eq!(found, expected("part:m"), "{part:?}");
        }
    }
    // Each with characters of its own, and one inside another.
    let odd = serde_json::json!({ "m": "MSH#*!?@#A\rPID###7*x" }).to_string();
    assert_eq!(inside("application/json", &odd).last().unwrap().0, "$.m|PID-3.2");
    let twice = serde_json::json!({ "m": "MSH|^~\\&|A\rOBX|1|TX|||MSH#*!?@#B" }).to_string();
    assert_eq!(inside("application/json", &twice).last().unwrap().0, "$.m|OBX-5|MSH-3");
}

#[test]
fn a_text_that_only_names_a_segment_is_a_text() {
    for text in
        ["MSH", "MSH|", "MSH|x|y", "MSH-9 is the type", "BHS||", "MSH|^|x", "see MSH|^~\\&|A"]
    {
        let body = serde_json::json!({ "m": text }).to_string();
        let found = inside("application/json", &body);
        assert_eq!(found, [("$.m".to_owned(), text.to_owned())]);
    }
}

const SHREDS: &[&str] = &[
    "MSH|^~\\&|A|B\r",
    "MSH#*!?@#A\n",
    "PID|1||4711^^^H&1.2&ISO^MR~x|",
    "\\F\\",
    "\\X4",
    "1\\",
    "\\",
    "\"\"",
    "|",
    "^",
    "~",
    "&",
    "\r",
    "\n",
    "ZZ",
    "OBX|1|TX|",
    "text",
    "{\"a\":1}",
    "BTS|",
    "é",
    "OBX|1|ED|A||^T^x^A^<a><b>c</b>",
    "OBX|2|ED|A||^T^x^A^",
    "OBX|3|TX|B||",
    "<a><b>1</b></a>",
    "|||F",
];

proptest! {
    #[test]
    fn cutting_the_body_anywhere_changes_nothing(
        shreds in proptest::collection::vec(proptest::sample::select(SHREDS), 0..16),
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let body = shreds.concat();
        prop_assert_eq!(walk(body.as_bytes(), &cuts).seen, walk(body.as_bytes(), &[]).seen);
    }

    #[test]
    fn long_values_are_windowed_alike_however_cut(
        len in 65_000usize..140_000,
        cuts in proptest::collection::vec(0usize..140_000, 0..4),
        end in proptest::sample::select(&["|", "^x|", "&x|", "\r"][..]),
    ) {
        let body = format!("OBX|{}{end}", "y".repeat(len));
        prop_assert_eq!(walk(body.as_bytes(), &cuts).seen, walk(body.as_bytes(), &[]).seen);
    }

    #[test]
    fn any_bytes_are_walked_and_every_frame_closes(
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let seen = walk(&body, &[]).seen;
        let of = |what: &str| seen.iter().filter(|s| s.what == what).count();
        prop_assert_eq!(of("enter"), of("leave"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_message_in_a_value_is_the_same_however_the_body_is_cut(
        shreds in proptest::collection::vec(proptest::sample::select(SHREDS), 0..16),
        lines in proptest::sample::select(&[0usize, 1, 6_500][..]),
        cuts in proptest::collection::vec(0usize..120_000, 0..8),
    ) {
        // Long ones flow on window by window.
        let message = format!("{INSIDE}\r{}{}", shreds.concat(), "OBX|1|TX|x\r".repeat(lines));
        let body = serde_json::json!({ "m": message }).to_string();
        let walk = |cuts: &[usize]| {
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/json"), None));
            for piece in cut(body.as_bytes(), cuts) {
                walker.push(piece, &mut paths, &mut sink);
            }
            walker.finish(&mut paths, &mut sink);
            sink.seen
        };
        let whole = walk(&[]);
        prop_assert!(walk(&cuts) == whole, "pieces say something else");
        let told: Vec<_> = whole.iter().filter(|s| s.path == "$.m").collect();
        prop_assert!(told.is_empty(), "{told:?}");
    }
}
