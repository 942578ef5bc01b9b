use proptest::prelude::*;

use super::super::recorder::{KeepAll, Recorder, cut};
use super::super::{BodyAnomaly, BodyPlan, BodySummary, BodyWalker, Format, PathTable};

fn seen(pieces: &[&[u8]]) -> (Recorder, BodySummary) {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/event-stream"), None));
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    let summary = walker.finish(&mut paths, &mut sink);
    (sink, summary)
}

fn values(stream: &str) -> Vec<(String, String)> {
    seen(&[stream.as_bytes()]).0.values()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn data_of_an_event_is_walked_as_json() {
    let expected =
        pairs(&[("event", "admit"), ("id", "7"), ("$.mrn", "12"), ("$.names[*]", "Roe")]);
    for stream in [
        "event: admit\nid: 7\ndata: {\"mrn\":\"12\",\"names\":[\"Roe\"]}\n\n",
        "event:admit\r\nid:7\r\ndata:{\"mrn\":\"12\",\r\ndata:\"names\":[\"Roe\"]}\r\n\r\n",
        "\u{feff}event: admit\rid: 7\rdata: {\"mrn\":\rdata\rdata: \"12\",\"names\":[\"Roe\"]}\r\r",
    ] {
        assert_eq!(values(stream), expected, "{stream}");
        let (_, summary) = seen(&[stream.as_bytes()]);
        assert_eq!((summary.format, summary.truncated), (Format::Events, false));
        assert!(summary.anomalies.iter().next().is_none());
    }
}

#[test]
fn lines_of_text_are_joined_and_events_are_apart() {
    let stream = ": hello\n\ndata: one\ndata:  two\n\ndata: [DONE]\n\n\ndata\n\nretry: 10\n";
    let expected =
        [("comment", "hello"), ("$", "one\n two"), ("$", "[DONE]"), ("$", ""), ("retry", "10")];
    assert_eq!(values(stream), pairs(&expected));
}

#[test]
fn what_is_no_field_is_text() {
    let expected = [("$", "mrn: 12"), ("$", "dat"), ("$", "event-x"), ("$.a", "1")];
    assert_eq!(values("mrn: 12\ndat\nevent-x\ndata: {\"a\":1}\n\n"), pairs(&expected));
    // A server that names a stream and sends lines of JSON.
    assert_eq!(values("{\"a\":1}\n{\"a\":2}\n"), pairs(&[("$.a", "1"), ("$.a", "2")]));
}

#[test]
fn a_stream_that_is_cut_is_walked_as_far_as_it_goes() {
    let (sink, summary) = seen(&[b"data: {\"a\":\"x\",\"b\":\"y"]);
    assert_eq!(sink.values(), pairs(&[("$.a", "x"), ("$.b", "y")]));
    assert!(summary.truncated);
    let (_, summary) = seen(&[b"data: {\"a\" x}\n\n"]);
    assert!(summary.anomalies.contains(BodyAnomaly::JsonSyntax));
}

#[test]
fn long_data_streams_and_behind_a_gap_the_next_line_is_walked() {
    let long = format!("data: [{}{{\"a\":2}}]\n\n", "{\"a\":1},".repeat(20_000));
    assert_eq!(values(&long).len(), 20_001);
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/event-stream"), None));
    let before = format!("{}data: {{\"a\":\"x", ": x\n".repeat(200));
    walker.push(before.as_bytes(), &mut paths, &mut sink);
    walker.gap(7);
    walker.push(b"tail\"}\n\ndata: {\"b\":1}\n\n", &mut paths, &mut sink);
    assert!(walker.finish(&mut paths, &mut sink).truncated);
    assert_eq!(sink.values()[200..], pairs(&[("$.a", "x"), ("$.b", "1")]));
    assert!(walker.held_bytes() < 100_000);
}

proptest! {
    #[test]
    fn cutting_a_stream_anywhere_changes_nothing(
        lines in proptest::collection::vec(
            "(data|id|:|dat|event)?:? ?[\\[{\"a:1,}\\]]{0,8}(\r|\n|\r\n)", 0..12),
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let stream = lines.concat();
        let walk = |cuts: &[usize]| {
            let (sink, summary) = seen(&cut(stream.as_bytes(), cuts));
            (sink.seen, summary)
        };
        prop_assert_eq!(walk(&cuts), walk(&[]));
    }

    #[test]
    fn forgetting_the_paths_changes_nothing(
        text in "(data: \\{\"[ab]\":\"[xy]{0,3}\",\n?data:\"c\":\\[1,2\\]\\}\n\n){1,4}",
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let plan = BodyPlan::from_headers(Some(b"text/event-stream"), None);
        let mut walker = BodyWalker::new(plan);
        for piece in cut(text.as_bytes(), &cuts) {
            walker.push(piece, &mut paths, &mut sink);
            paths.clear();
        }
        walker.finish(&mut paths, &mut sink);
        prop_assert_eq!(sink.seen, seen(&[text.as_bytes()]).0.seen);
    }
}
