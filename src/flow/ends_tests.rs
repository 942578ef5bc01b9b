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

/// What an exchange looks like in which both ends say a word.
fn words(first: u32, second: u32) -> [Line; 3] {
    [
        request(ACK, first, second, b"ask"),
        response(ACK, second, first + 3, b"tell"),
        request(ACK, first + 3, second + 4, b""),
    ]
}

#[test]
fn a_reset_behind_what_never_arrived_is_not_the_end() {
    // Data, or a FIN, that lies far ahead, a RST behind it; then what is really said.
    for ahead in [request(ACK, 10_101, 501, b"x"), request(FIN, 10_101, 501, b"")] {
        let flow = one(&[
            ahead,
            request(RST, 10_102, 0, b""),
            request(ACK, 101, 501, b"real"),
            response(ACK, 501, 105, b"answer"),
        ]);
        assert!(flow.streams[0].text().starts_with("real"), "{flow:?}");
        assert_eq!(flow.streams[1].text(), "answer");
    }
    // The same with a RST that has the right number.
    let flow = one(&[
        request(ACK, 301, 501, b"x"),
        request(RST, 101, 0, b""),
        request(ACK, 101, 501, b"real"),
    ]);
    assert!(flow.streams[0].text().starts_with("real"), "{flow:?}");
}

#[test]
fn what_was_never_delivered_is_not_absorbed_by_the_flow_that_ended() {
    let mut lines = words(101, 501).to_vec();
    lines.extend([request(RST, 104, 0, b""), request(ACK, 104, 505, b"more")]);
    let flows = flows(&lines);
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[1].info.orientation, Orientation::Continued);
    assert_eq!(flows[1].streams[0].text(), "more");
    // A RST far from where it goes on is not believed there either.
    let mut lines = words(101, 501).to_vec();
    lines.extend([
        request(RST, 104, 0, b""),
        request(ACK, 104, 505, b"mo"),
        request(RST, 1_000_104, 0, b""),
        request(ACK, 106, 505, b"re"),
    ]);
    let flows = self::flows(&lines);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    assert_eq!(flows[1].streams[0].text(), "more");
}

#[test]
fn a_syn_that_nobody_answers_does_not_take_over_what_a_reset_ended() {
    let mut lines = words(101, 501).to_vec();
    lines.extend([
        request(RST, 104, 0, b""),
        request(SYN, 900_000_000, 0, b""),
        request(ACK, 104, 505, b"more"),
        response(ACK, 505, 108, b"yes"),
    ]);
    let flows = flows(&lines);
    let last = flows.last().unwrap();
    assert_eq!((&*last.streams[0].text(), &*last.streams[1].text()), ("more", "yes"));
}

#[test]
fn a_port_used_again_is_known_by_what_follows_where_the_answer_was_not_captured() {
    let mut lines = words(101, 501).to_vec();
    lines.extend([
        request(SYN, 900_000_000, 0, b""),
        request(ACK, 900_000_001, 700_000_001, b""),
        request(ACK, 900_000_001, 700_000_001, b"second"),
        response(ACK, 700_000_001, 900_000_007, b"answer"),
    ]);
    let flows = flows(&lines);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    assert_eq!(flows[1].info.orientation, Orientation::Syn);
    assert_eq!(flows[1].streams[0].text(), "second");
    assert_eq!(flows[1].streams[1].text(), "answer");
}

#[test]
fn what_waited_behind_a_fin_that_was_taken_back_is_not_delivered() {
    let flow = one(&[
        request(FIN, 70_101, 501, b""),
        request(ACK, 101, 501, b"all"),
        request(FIN, 104, 501, b""),
        response(FIN, 501, 105, b""),
    ]);
    assert_eq!(flow.streams[0].text(), "all");
    assert_eq!(flow.streams[0].end, Some(EndCause::Fin));
    assert!(anomalies(&flow).contains(FlowAnomalies::FIN_MOVED));
}
