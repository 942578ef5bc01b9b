use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::base::limits::{
    DEPTH_MAX, DEPTH_TOLD_MAX, KEYS_PER_NODE_MAX, SCALAR_OVERLAP_BYTES, SCALAR_WINDOW_BYTES,
};
use crate::content::recorder::{KeepNamed, Recorder, Seen, cut};
use crate::content::{JsonWalker, PathTable, Root};

use super::{is_blank, looks_like_json};

struct Walked {
    seen: Vec<Seen>,
    malformed: bool,
    complete: bool,
}

fn walk_pieces(pieces: &[&[u8]], paths: &mut PathTable) -> Walked {
    let root = paths.root(Root::Json);
    let mut walker = JsonWalker::new(root, paths);
    let mut sink = Recorder::default();
    for piece in pieces {
        walker.push(piece, paths, &mut sink);
    }
    let complete = walker.is_complete();
    walker.finish(paths, &mut sink);
    Walked { seen: sink.seen, malformed: walker.is_malformed(), complete }
}

/// What is walked of a body whose media type says that each line is a record.
fn walk_lines(pieces: &[&[u8]]) -> Walked {
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut walker = JsonWalker::new(paths.root(Root::Json), &paths);
    walker.expect_lines();
    let mut sink = Recorder::default();
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    let complete = walker.is_complete();
    walker.finish(&mut paths, &mut sink);
    Walked { seen: sink.seen, malformed: walker.is_malformed(), complete }
}

fn walk(text: &[u8]) -> Walked {
    walk_pieces(&[text], &mut PathTable::new(Box::new(KeepNamed)))
}

fn values(text: &str) -> Vec<(String, String)> {
    Recorder { seen: walk(text.as_bytes()).seen }.values()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// The same walk over a parsed document: what serde_json understood, in the order of the text.
fn model(json: &Json, path: &str, out: &mut Vec<Seen>) {
    let mut note = |what, bytes: &[u8]| {
        out.push(Seen { what, path: path.to_owned(), bytes: bytes.to_vec() });
    };
    match json {
        Json::Null => note("null", b"null"),
        Json::Bool(b) => note("boolean", b.to_string().as_bytes()),
        Json::Number(n) => note("number", n.to_string().as_bytes()),
        Json::String(s) if looks_like_json(s.as_bytes()) => {
            let trimmed = s.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_blank));
            match serde_json::from_str(trimmed) {
                Ok(inner) => model(&inner, &format!("{path}|$"), out),
                Err(_) => note("unclear", s.as_bytes()),
            }
        }
        Json::String(s) => note("string", s.as_bytes()),
        Json::Array(items) => {
            items.iter().for_each(|item| model(item, &format!("{path}[*]"), out));
        }
        Json::Object(members) => {
            note("enter", b"");
            for (key, value) in members {
                let mut member = path.to_owned();
                crate::content::names::push_member(key, &mut member);
                model(value, &member, out);
            }
            out.push(Seen { what: "leave", path: path.to_owned(), bytes: Vec::new() });
        }
    }
}

/// Objects come back sorted by key from serde_json, so both sides are compared as sets of lines.
fn sorted(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.sort_by(|a, b| (&a.path, a.what, &a.bytes).cmp(&(&b.path, b.what, &b.bytes)));
    seen
}

fn arb_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        (-1.0e10..1.0e10f64).prop_map(Json::from),
        "[a-z \\\\\"\u{1F600}é\n\t/]{0,12}".prop_map(Json::String),
        Just(Json::String("{\"inner\":[1,\"x\\\\n\"]}".into())),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            proptest::collection::btree_map("[a-e\\\\\" é]{0,20}", inner, 0..6)
                .prop_map(|m| Json::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_walk_is_that_of_serde_json(json in arb_json(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&json)
        } else {
            serde_json::to_string(&json)
        }.unwrap();
        let walked = walk(text.as_bytes());
        prop_assert!(!walked.malformed && walked.complete, "{text}");
        let mut expected = Vec::new();
        model(&json, "$", &mut expected);
        prop_assert_eq!(sorted(walked.seen), sorted(expected));
    }

    #[test]
    fn cutting_a_document_anywhere_changes_nothing(
        json in arb_json(),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let text = serde_json::to_vec(&json).unwrap();
        let mut paths = PathTable::new(Box::new(KeepNamed));
        let cut = walk_pieces(&cut(&text, &cuts), &mut paths);
        prop_assert_eq!(cut.seen, walk(&text).seen);
    }

    #[test]
    fn cutting_anything_like_json_anywhere_changes_nothing(
        text in "[\\[\\]{}\",:a0 \\\\u1-9d8tfn'\n-]{0,60}",
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let mut paths = PathTable::new(Box::new(KeepNamed));
        let cut = walk_pieces(&cut(text.as_bytes(), &cuts), &mut paths);
        let whole = walk(text.as_bytes());
        prop_assert_eq!((cut.malformed, cut.complete), (whole.malformed, whole.complete));
        prop_assert_eq!(cut.seen, whole.seen);
    }

    #[test]
    fn cutting_torn_lines_anywhere_changes_nothing(
        text in concat!(
            "(\\{\"a\":|\\{\"a\":\\[\"b|\\{\"k|1\\}|\\]\\}|\"\\}|\\\\|\\\\u0",
            "|\u{1e}|\n|\n\\{\"c\":|,|\"|\\[){0,24}",
        ),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let whole = walk_lines(&[text.as_bytes()]);
        let cut = walk_lines(&cut(text.as_bytes(), &cuts));
        prop_assert_eq!((cut.malformed, cut.complete), (whole.malformed, whole.complete));
        prop_assert_eq!(cut.seen, whole.seen);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        let told = walk(text.as_bytes());
        let bytes = walk_pieces(&bytes, &mut PathTable::new(Box::new(KeepNamed)));
        prop_assert_eq!(bytes.seen, told.seen);
    }

    #[test]
    fn a_record_that_is_torn_anywhere_costs_that_record_alone(
        json in arb_json(),
        at in any::<prop::sample::Index>(),
        declared: bool,
    ) {
        let record = serde_json::json!({ "a": json, "b": [{ "c": 1 }, "x"] }).to_string();
        let torn = &record.as_bytes()[..at.index(record.len())];
        let good = r#"{"good":[{"n":7}]}"#.as_bytes();
        let walked = |first: &[u8]| -> Vec<Seen> {
            let text = [good, good, first, good, good].join(&b'\n');
            if declared { walk_lines(&[&text]).seen } else { walk(&text).seen }
        };
        let ends = |seen: &[Seen]| seen[seen.len() - 10..].to_vec();
        prop_assert_eq!(ends(&walked(torn)), ends(&walked(good)));
    }

    #[test]
    fn values_over_many_lines_are_no_torn_records(
        values in proptest::collection::vec(arb_json(), 1..4),
    ) {
        let text = |pretty: bool| -> Vec<u8> {
            let text = |json: &Json| match pretty {
                true => serde_json::to_string_pretty(json).unwrap(),
                false => json.to_string(),
            };
            values.iter().map(text).collect::<Vec<_>>().join("\n").into_bytes()
        };
        let (short, long) = (walk(&text(false)), walk(&text(true)));
        prop_assert!(!long.malformed && !short.malformed);
        prop_assert_eq!(&short.seen, &long.seen);
        prop_assert_eq!(short.seen, walk_lines(&[&text(true)]).seen);
    }

    #[test]
    fn no_bytes_panic_and_enters_are_left(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let seen = walk(&bytes).seen;
        let count = |what| seen.iter().filter(|s| s.what == what).count();
        prop_assert_eq!(count("enter"), count("leave"));
    }

    #[test]
    fn clearing_the_paths_between_pushes_changes_nothing(
        json in arb_json(),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let text = serde_json::to_vec(&json).unwrap();
        let mut paths = PathTable::new(Box::new(KeepNamed));
        let root = paths.root(Root::Json);
        let mut walker = JsonWalker::new(root, &paths);
        let mut sink = Recorder::default();
        for piece in cut(&text, &cuts) {
            walker.push(piece, &mut paths, &mut sink);
            paths.clear();
        }
        walker.finish(&mut paths, &mut sink);
        prop_assert_eq!(sink.seen, walk(&text).seen);
    }
}

#[test]
fn paths_are_canonical() {
    let text = r#"{"patients":[{"nhs":"943","a b":1,"it's":null}],"x":{"y":[[true]]}}"#;
    let expected = [
        ("$.patients[*].nhs", "943"),
        ("$.patients[*]['a b']", "1"),
        ("$.patients[*]['it\\'s']", "null"),
        ("$.x.y[*][*]", "true"),
    ];
    assert_eq!(values(text), pairs(&expected));
    assert_eq!(values(r#"[{"x":1}]"#), pairs(&[("$[*].x", "1")]));
    assert_eq!(values("12"), pairs(&[("$", "12")]));
}

#[test]
fn lines_are_walked_as_one_object() {
    let text = "{\"x\":1}\n{\"x\":2}\r\n\n\u{1e}{\"x\":3}";
    assert_eq!(values(text), pairs(&[("$.x", "1"), ("$.x", "2"), ("$.x", "3")]));
}

#[test]
fn a_torn_line_shifts_nothing_behind_it() {
    let good = r#"{"id":"p","at":[{"n":1}]}"#;
    for torn in [
        r#"{"id":"q","at":[{"n":1"#,
        r#"{"id":"q","at":[{"n":1}"#,
        r#"{"id":"q","at":["#,
        r#"{"id":"#,
        r#"{"id"#,
        r#"{"id":"unfinis"#,
        r#"{"id":"unfinis\"#,
        r#"{"id":"caf\u00"#,
        r#"{"id":"q","#,
        "ERROR: timeout (retry [3",
        "ERROR: timeout (retry [",
        r#"n":1}]} half a line, "its"#,
    ] {
        let torn = torn.replace("\\\\", "\\");
        for line_end in ["\n", "\r\n", "\n\u{1e}"] {
            let text = [good, good, torn.as_str(), good, good].join(line_end);
            for walked in [walk(text.as_bytes()), walk_lines(&[text.as_bytes()])] {
                assert!(walked.malformed && walked.complete, "{torn}");
                let seen = Recorder { seen: walked.seen }.values();
                let behind = pairs(&[("$.id", "p"), ("$.at[*].n", "1")]);
                assert_eq!(seen[seen.len() - 4..], [&behind[..], &behind].concat(), "{torn}");
            }
        }
    }
}

#[test]
fn what_is_laid_out_over_lines_is_whole() {
    let listing = "{\"rows\":[\n{\"id\":1},\n{\"id\":2}\n]}\n";
    assert_eq!(values(listing), pairs(&[("$.rows[*].id", "1"), ("$.rows[*].id", "2")]));
    let twice = values(&listing.repeat(3));
    assert!(twice.len() == 6 && twice.iter().all(|(path, _)| path == "$.rows[*].id"), "{twice:?}");
    let braces = "{\n\"a\":\n{\n\"b\":\n[\n{\n\"c\":1}]}}\n";
    let seen = walk_lines(&[braces.as_bytes(), braces.as_bytes()]).seen;
    let seen = Recorder { seen }.values();
    assert_eq!(seen, pairs(&[("$.a.b[*].c", "1"), ("$.a.b[*].c", "1")]));
    let quoted = values("{\"a\":1}\n{\"a\":\"two\nlines\n \\n{\"}\n");
    assert_eq!(quoted, pairs(&[("$.a", "1"), ("$.a", "two\nlines\n \n{")]));
}

#[test]
fn json_in_a_string_goes_on_behind_a_bar() {
    let text = r#"{"payload":" {\"ssn\":\"x\",\"n\":{\"m\":\"[\\\"y\\\"]\"}} ","not":"{name}"}"#;
    let expected = [("$.payload|$.ssn", "x"), ("$.payload|$.n.m|$[*]", "y"), ("$.not", "{name}")];
    assert_eq!(values(text), pairs(&expected));
}

#[test]
fn a_cut_document_is_walked_as_far_as_it_goes() {
    let walked = walk(br#"{"a":{"b":"uncle"#);
    assert!(!walked.complete);
    let what: Vec<_> = walked.seen.iter().map(|s| (s.what, s.path.as_str())).collect();
    let expected =
        [("enter", "$"), ("enter", "$.a"), ("string", "$.a.b"), ("leave", "$.a"), ("leave", "$")];
    assert_eq!(what, expected);
}

#[test]
fn garbage_is_told_and_the_rest_is_walked() {
    let text = r#"{name: John Smith, 'q': 1,, "a" "b", "ssn": "x"]"#;
    let walked = walk(text.as_bytes());
    assert!(walked.malformed);
    let seen = Recorder { seen: walked.seen }.values();
    assert_eq!(
        seen,
        pairs(&[("$.name", "John Smith"), ("$.q", "1"), ("$.a", "b"), ("$.ssn", "x")])
    );
}

#[test]
fn keys_that_are_data_become_a_star_and_are_looked_at() {
    let mut paths = PathTable::new(Box::new(|key: &[u8]| !key.contains(&b'@')));
    let long = "k".repeat(300);
    let text = format!(r#"{{"a@b":{{"x":1}},"{long}":2,"c":3}}"#);
    let seen = Recorder { seen: walk_pieces(&[text.as_bytes()], &mut paths).seen }.values();
    let expected =
        [("key $.*", "a@b"), ("$.*.x", "1"), ("key $.*", &long), ("$.*", "2"), ("$.c", "3")];
    assert_eq!(seen, pairs(&expected));
}

#[test]
fn an_object_of_many_keys_is_a_map() {
    let members: Vec<String> =
        (0..KEYS_PER_NODE_MAX + 10).map(|n| format!("\"k{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(","));
    let mut paths = PathTable::new(Box::new(KeepNamed));
    for _ in 0..2 {
        let seen = walk_pieces(&[text.as_bytes()], &mut paths).seen;
        let stars = seen.iter().filter(|s| s.what == "number" && s.path == "$.*").count();
        assert_eq!(stars, 9, "one more than may stand apart has a name");
    }
}

#[test]
fn what_is_deep_keeps_its_own_name_below_a_cut_path() {
    let depth = DEPTH_MAX + 50;
    let text = format!("{}\"x\",{{\"k\":7}},\"y\"{}", "[".repeat(depth), "]".repeat(depth));
    let walked = walk(text.as_bytes());
    let cut = format!("${}.*", "[*]".repeat(DEPTH_MAX));
    let seen = Recorder { seen: walked.seen }.values();
    let (element, member) = (format!("{cut}[*]"), format!("{cut}.k"));
    assert_eq!(seen, pairs(&[(&element, "x"), (&member, "7"), (&element, "y")]));
    assert!(walked.complete);
    for depth in [DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 3000] {
        let tail = "}".repeat(depth);
        let text = format!("{}{{\"ssn\":\"x\"}},\"b\":[[1],2]{tail}", "{\"a\":".repeat(depth));
        let seen = values(&text);
        let named: Vec<&str> = seen.iter().map(|(path, _)| &path[path.len() - 4..]).collect();
        assert_eq!(named[0], ".ssn", "{depth}: {seen:?}");
        assert_eq!(seen.len(), 3, "{depth}");
        assert!(seen.iter().all(|(path, _)| path.len() < 3 * DEPTH_MAX), "{depth}");
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(7).collect();
        let cut = walk_pieces(&pieces, &mut PathTable::new(Box::new(KeepNamed))).seen;
        assert_eq!(Recorder { seen: cut }.values(), seen, "{depth}");
    }
}

#[test]
fn what_is_deeper_than_is_told_apart_is_looked_at_and_told() {
    let text =
        format!("[{}\"x\",{{\"k\":7}}{}]", "[".repeat(DEPTH_TOLD_MAX), "]".repeat(DEPTH_TOLD_MAX));
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut walker = JsonWalker::new(paths.root(Root::Json), &paths);
    let mut sink = Recorder::default();
    walker.push(text.as_bytes(), &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    let seen: Vec<String> = sink.values().into_iter().map(|(_, value)| value).collect();
    assert_eq!(seen, ["x", "k", "7"]);
    assert!(walker.has_nameless() && !walker.is_malformed());
}

#[test]
fn long_scalars_come_in_overlapping_windows() {
    let long: Vec<u8> = (b'a'..b'x').cycle().take(3 * SCALAR_WINDOW_BYTES).collect();
    let mut text = b"[\"".to_vec();
    text.extend_from_slice(&long);
    text.extend_from_slice(b"\"]");
    let whole = walk(&text).seen;
    let step = SCALAR_WINDOW_BYTES - SCALAR_OVERLAP_BYTES;
    for (n, window) in whole.iter().enumerate() {
        assert_eq!(window.what, if n == 0 { "string" } else { "continued" });
        let end = (n * step + SCALAR_WINDOW_BYTES).min(long.len());
        assert_eq!(window.bytes, long[n * step..end]);
    }
    assert_eq!(whole.len(), 4);
    let pieces: Vec<&[u8]> = text.chunks(1000).collect();
    assert_eq!(walk_pieces(&pieces, &mut PathTable::new(Box::new(KeepNamed))).seen, whole);
}

#[test]
fn a_long_string_of_json_streams_into_its_own_walk() {
    let item = "{\\\"a\\\":\\\"b\\\"}";
    let count = 2 * SCALAR_WINDOW_BYTES / 9;
    let text = format!("{{\"p\":\"[{}]\"}}", vec![item; count].join(","));
    let seen = values(&text);
    assert_eq!(seen.len(), count);
    assert!(seen.iter().all(|s| s == &("$.p|$[*].a".to_owned(), "b".to_owned())));
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(777).collect();
    let cut = walk_pieces(&pieces, &mut PathTable::new(Box::new(KeepNamed))).seen;
    assert_eq!(Recorder { seen: cut }.values(), seen);
}

#[test]
fn the_corpus_is_walked_as_serde_json_does() {
    let corpus = std::env::var_os("PHITAP_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let files: Vec<PathBuf> = walkdir::WalkDir::new(corpus.join("fhir"))
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .step_by(7)
        .collect();
    if files.is_empty() {
        eprintln!("SKIP: the_corpus_is_walked_as_serde_json_does (corpus not found)");
        return;
    }
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut compared = 0;
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let Ok(json) = serde_json::from_slice::<Json>(text) else { continue };
        let pieces: Vec<&[u8]> = text.chunks(1460).collect();
        let walked = walk_pieces(&pieces, &mut paths);
        let mut expected = Vec::new();
        model(&json, "$", &mut expected);
        let strings = |seen: Vec<Seen>| -> Vec<Seen> {
            // serde_json writes numbers in its own way, and looks into no attachments.
            let plain = |s: &Seen| s.what != "number" && !s.path.contains('|');
            let seen = seen.into_iter().filter(plain).collect();
            sorted(seen)
        };
        assert!(!walked.malformed && walked.complete, "{}", file.display());
        assert_eq!(strings(walked.seen), strings(expected), "{}", file.display());
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}
