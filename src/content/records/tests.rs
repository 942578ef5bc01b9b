use proptest::prelude::*;

use super::super::recorder::{KeepAll, Recorder, cut};
use super::super::{BodyPlan, BodyWalker, Root};
use super::*;
use crate::base::limits::SCALAR_WINDOW_BYTES;

/// The fields of the records in a text in pieces, without its root.
fn records(pieces: &[&[u8]], forgetful: bool) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut records = Records::at_level(0);
    for piece in pieces {
        let root = paths.root(Root::Text);
        records.push(piece, root, &mut paths, &mut sink);
        if forgetful {
            paths.clear();
        }
    }
    records.finish(&mut paths, &mut sink);
    sink.values()
}

fn of(text: &str) -> Vec<(String, String)> {
    let found = records(&[text.as_bytes()], false);
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(records(&bytes, false), found, "{text}");
    assert_eq!(records(&bytes, true), found, "{text}");
    found
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect()
}

/// The fields of a whole body of text but for itself.
fn in_body(text: &str) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/plain"), None));
    walker.push(text.as_bytes(), &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    sink.values().into_iter().filter(|(path, _)| path != "$").collect()
}

#[test]
fn records_among_text_are_walked_wherever_they_stand() {
    for (text, found) in [
        (r#"12:00 INFO body={"a":"x"} status=200"#, &[("$|$.a", "x")][..]),
        (
            "POST /x\n{\"a\":\"x\",\n \"b\": [1, true]}\n200 OK",
            &[("$|$.a", "x"), ("$|$.b[*]", "1"), ("$|$.b[*]", "true")],
        ),
        (r#"req={"a":"x"} resp={ "ok" : true}"#, &[("$|$.a", "x"), ("$|$.ok", "true")]),
        ("saved {\"a\":1} in 12 ms\nsaved {\"a\":2} in 9 ms\n", &[("$|$.a", "1"), ("$|$.a", "2")]),
        (r#"Could not parse {"a":"}\"{"}."#, &[("$|$.a", "}\"{")]),
        (r#"of [ {"a":1}, {"a":2} ] two"#, &[("$|$[*].a", "1"), ("$|$[*].a", "2")]),
        (r#"{"a":1} and {"b":{"c":[[]]}}, done"#, &[("$|$.a", "1")]),
        (r#"a {"a":1}{"b":2} b"#, &[("$|$.a", "1"), ("$|$.b", "2")]),
        // Cut, and with a value that is no JSON.
        (r#"got {"a":"x","b":"yz"#, &[("$|$.a", "x"), ("$|$.b", "yz")]),
        (
            r#"got {"a": Ann Roe, "b": 2024-01-01T10:00} ok"#,
            &[("$|$.a", "Ann Roe"), ("$|$.b", "2024-01-01T10:00")],
        ),
        ("got {\"a\":1,} ok", &[("$|$.a", "1")]),
    ] {
        assert_eq!(of(text), pairs(found), "{text}");
    }
}

#[test]
fn records_that_are_quoted_once_more_are_walked() {
    for text in [
        r#"level=info body="{\"a\":\"x \\\"y\\\"\",\"b\":[1]}" status=200"#,
        r#"msg="sent {\"a\":\"x \\\"y\\\"\", \"b\":[1]} twice" status=200"#,
        r#"body="{\n  \"a\": \"x \\\"y\\\"\",\n  \"b\": [1]\n}" x=1"#,
    ] {
        assert_eq!(of(text), pairs(&[("$|$|$.a", "x \"y\""), ("$|$|$.b[*]", "1")]), "{text}");
    }
    let array = r#"body="[{\"a\":1},{\"a\":2}]" x"#;
    assert_eq!(of(array), pairs(&[("$|$|$[*].a", "1"), ("$|$|$[*].a", "2")]));
}

#[test]
fn prose_and_templates_give_no_names() {
    for text in [
        r#"Hello {"name"} and {"given", "family"}, welcome"#,
        r#"{count, plural, one {"item"} other {"items"}} in the basket"#,
        "query { user(id: \"x\") { name } } # of {\"user\"}",
        "{{\"name\"}} {% if \"a\" %} {'a': 1} {a:1} {} [] [{}] {\"a\"",
        "f({\"a\" => 1}) and {\"a\"\n} {\"a\nb\": 1}",
        r#"\{\"a" {\ "a":1} "#,
    ] {
        assert_eq!(of(text), [], "{text}");
    }
    // A record that is none from somewhere on is text from there.
    for (text, found) in [
        ("{\"a\":1, …\nThe next, as was said: {b: 2}, or so", &[("$|$.a", "1")][..]),
        ("{\"a\":\"said\nThe next, \"b\": 2, {\"c\":3} x", &[("$|$.a", "said"), ("$|$.c", "3")]),
        ("{\"a\":1 {\"b\":2} x", &[("$|$.a", "1"), ("$|$.b", "2")]),
        ("{\"a\": 12 apples, 3 pears, b: 1}", &[("$|$.a", "12")]),
        ("{\"a\": true stories, b: 1}", &[("$|$.a", "true")]),
        ("{\"a\":1] {\"b\":2} x", &[("$|$.a", "1"), ("$|$.b", "2")]),
        (
            "x=\"{\\\"a\\\":1\" {\"b\":2} x",
            &[("$|$", "{\"a\":1"), ("$|$|$.a", "1"), ("$|$.b", "2")],
        ),
    ] {
        assert_eq!(of(text), pairs(found), "{text}");
    }
    let prose = format!("{{\"a\": {} \"b\": 1}}", "word ".repeat(BARE_BYTES_MAX));
    assert_eq!(of(&prose).len(), 1);
}

#[test]
fn what_stands_around_is_said_once_and_what_stands_within_there() {
    let secret = "VGhlIHBhdGllbnQgaXMgQW5uIFJvZSwgYm9ybiAxOTYxLTAzLTE0";
    let plain = "The patient is Ann Roe, born 1961-03-14";
    let text = format!("a {secret} {{\"a\":\"{secret}\"}} b {secret} {{\"b\":1}} c");
    let expected =
        [("$|$.a", secret), ("$|$.a|$", plain), ("$|$.b", "1"), ("$|$", plain), ("$|$", plain)];
    assert_eq!(in_body(&text), pairs(&expected));
    // The same in windows, at whatever place of them it is.
    for before in (0..2000).step_by(97) {
        let before = SCALAR_WINDOW_BYTES - before;
        let text = format!("a {} {text}{}", "-".repeat(before), "-".repeat(SCALAR_WINDOW_BYTES));
        let mut found = in_body(&text);
        found.sort();
        let mut expected = pairs(&expected);
        expected.sort();
        assert_eq!(found, expected, "{before}");
    }
}

#[test]
fn scripts_and_pages_are_no_text_with_records() {
    for media in ["text/javascript", "application/javascript; charset=utf-8", "text/css"] {
        for text in ["var b = f({\"a\":1}); g()".to_owned(), "b = f({\"a\":1}); ".repeat(9000)] {
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(media.as_bytes()), None));
            walker.push(text.as_bytes(), &mut paths, &mut sink);
            walker.finish(&mut paths, &mut sink);
            assert!(sink.values().iter().all(|(path, _)| path == "$"), "{media}");
        }
    }
}

#[test]
fn what_begins_a_thousand_times_and_never_ends_takes_linear_time() {
    // Looked through to the end from each bracket, each of these would take minutes.
    for one in ["{", "{\"", "{\"a\":", "{\"a\":[", "[{\"a\":\"", "{\\\"a\\\":", "{\"a\":1 ", "[ ["]
    {
        let text = one.repeat(2_000_000 / one.len());
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut records = Records::at_level(0);
        let root = paths.root(Root::Text);
        for piece in text.as_bytes().chunks(SCALAR_WINDOW_BYTES) {
            records.push(piece, root, &mut paths, &mut sink);
            assert!(records.held_bytes() < 8 * SCALAR_WINDOW_BYTES, "{one}");
        }
        records.finish(&mut paths, &mut sink);
    }
}

proptest! {
    #[test]
    fn cutting_a_text_with_records_anywhere_changes_nothing(
        text in "([\\[{}\"\\\\a:1, \\n]|\\{\"a\":|\\{\\\\\"a\\\\\":|\\{\"a\":\"b\"\\}){0,40}",
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let whole = records(&[text.as_bytes()], false);
        let pieces = cut(text.as_bytes(), &cuts);
        prop_assert_eq!(&records(&pieces, false), &whole);
        prop_assert_eq!(&records(&pieces, true), &whole);
    }

    #[test]
    fn any_object_in_text_is_walked_as_it_is_by_itself(
        members in proptest::collection::vec(("[a-z]{1,6}", "[ -~]{0,12}"), 1..5),
        before in "[a-z =\n]{0,9}",
        behind in "[a-z =\n.]{0,9}",
    ) {
        let object = members.into_iter().collect::<std::collections::BTreeMap<_, _>>();
        let json = serde_json::to_string(&object).unwrap();
        let quoted = serde_json::to_string(&json).unwrap();
        let walked = |prefix: &str| object.iter().map(|(name, value)| {
            (format!("{prefix}.{name}"), value.clone())
        }).collect::<Vec<_>>();
        let top = |found: Vec<(String, String)>, prefix: &str| found
            .into_iter()
            .filter(|(path, _)| path.matches('|').count() == prefix.matches('|').count())
            .collect::<Vec<_>>();
        let found = records(&[format!("{before}{json}{behind}").as_bytes()], false);
        prop_assert_eq!(top(found, "$|$"), walked("$|$"));
        let found = records(&[format!("{before}{quoted}{behind}").as_bytes()], false);
        prop_assert_eq!(top(found, "$|$|$"), walked("$|$|$"));
    }
}
