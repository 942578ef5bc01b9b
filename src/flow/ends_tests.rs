//! How flows end: each end closes by itself, and a port is used again.

use crate::model::EndCause;

use super::testing::*;
use super::{FlowAnomalies, Orientation};

fn flows(lines: &[Line]) -> Vec<Told> {
    let mut all = handshake();
    all.extend(lines.iter().cloned());
    told(&all)
}

fn one(lines: &[Line]) -> Told {
    let mut flows = flows(lines);
    assert_eq!(flows.len(), 1, "{flows:#?}");
    flows.remove(0)
}

fn anomalies(flow: &Told) -> FlowAnomalies {
    flow.totals.unwrap().anomalies
}

#[test]
fn an_end_that_closed_still_hears_the_other() {
    // The client has nothing more to say; the server answers on and closes later.
    let half = vec![
        request(FIN, 101, 501, b"GET"),
        response(ACK, 501, 105, b"one "),
        request(ACK, 105, 505, b""),
        response(ACK, 505, 105, b"two"),
    ];
    let flow = one(&half);
    assert_eq!(flow.streams[0].end, Some(EndCause::Fin));
    assert_eq!(flow.streams[1].text(), "one two");
    assert_eq!(flow.streams[1].end, Some(EndCause::Cut), "it has not closed yet");
    let mut whole = half;
    whole.push(response(FIN, 508, 105, b"!"));
    let flow = one(&whole);
    assert_eq!(flow.streams[1].text(), "one two!");
    assert_eq!(flow.streams[1].end, Some(EndCause::Fin));
    assert!(anomalies(&flow).is_empty());
}

#[test]
fn a_server_that_closed_first_still_hears_the_client() {
    let flow = one(&[
        response(FIN, 501, 101, b"bye"),
        request(ACK, 101, 505, b"last"),
        request(ACK, 105, 505, b" words"),
        request(FIN, 111, 505, b""),
    ]);
    assert_eq!(flow.streams[0].text(), "last words");
    assert_eq!(flow.streams[1].text(), "bye");
    assert!(flow.streams.iter().all(|stream| stream.end == Some(EndCause::Fin)));
}

#[test]
fn a_fin_waits_for_what_was_sent_before_it() {
    let flow = one(&[
        request(FIN, 104, 501, b"d"),
        request(ACK, 101, 501, b"abc"),
        response(FIN, 501, 106, b""),
    ]);
    assert_eq!(flow.streams[0].text(), "abcd");
    assert!(flow.streams.iter().all(|stream| stream.end == Some(EndCause::Fin)));
}

#[test]
fn a_port_used_again_after_both_ends_closed_is_another_flow() {
    let lines = [
        request(FIN, 101, 501, b"a"),
        response(FIN, 501, 103, b"b"),
        request(ACK, 103, 503, b""),
        request(SYN, 70_000, 0, b""),
        response(SYN | ACK, 90_000, 70_001, b""),
        request(ACK, 70_001, 90_001, b"again"),
    ];
    let flows = flows(&lines);
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[0].streams[0].text(), "a");
    assert_eq!(flows[1].streams[0].text(), "again");
    assert_eq!(flows[1].info.orientation, Orientation::Syn);
}
