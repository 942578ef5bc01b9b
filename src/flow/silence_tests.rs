//! What the silence of a flow decides, and that it does so whoever notices it.

use crate::base::Timestamp;
use crate::model::EndCause;

use super::FlowAnomalies;
use super::testing::*;

/// The lines, then sweeps at these milliseconds.
fn swept(lines: &[Line], sweeps: &[i64]) -> Vec<Told> {
    let mut recorder = Recorder::default();
    let mut table = process(lines, &mut recorder);
    for millis in sweeps {
        table.sweep(Timestamp::from_micros(millis * 1000), &mut recorder);
    }
    recorder.flows
}

/// An exchange of which the server's second segment of three was lost; `closes`, or stays.
fn torn(closes: bool) -> Vec<Line> {
    let mut all = handshake();
    all.push(request(ACK, 101, 501, b"ask").at(1));
    all.push(response(ACK, 501, 104, b"one").at(2));
    all.push(response(ACK, 507, 104, b"three").at(3));
    all.push(request(ACK, 104, 512, b"").at(4));
    if closes {
        all.push(request(FIN, 104, 512, b"").at(5));
        all.push(response(FIN, 512, 105, b"").at(6));
        all.push(request(ACK, 105, 513, b"").at(7));
    }
    all
}

#[test]
fn what_stands_behind_a_gap_is_told_once_the_flow_is_silent() {
    for closes in [false, true] {
        let lines = torn(closes);
        let early = swept(&lines, &[10, 1500]);
        assert_eq!(early[0].streams[1].text(), "one", "a late packet may still come");
        let late = swept(&lines, &[2100]);
        assert_eq!(late[0].streams[1].text(), "one---three");
        let ends = late[0].streams.iter().map(|stream| stream.end).collect::<Vec<_>>();
        let end = closes.then_some(EndCause::Fin);
        assert_eq!(ends, [end, end], "it is over where both ends closed");
        assert_eq!(late[0].totals.is_some(), closes);
    }
}

#[test]
fn the_next_packet_finds_what_a_sweep_would_have_done() {
    // What was lost comes after all, a second and more after everything else, or in time.
    for (millis, late) in [(900, false), (1100, true), (5000, true)] {
        let mut lines = torn(false);
        lines.push(response(ACK, 504, 104, b"two").at(millis));
        lines.push(request(ACK, 104, 512, b"more").at(millis + 1));
        let flows = told(&lines);
        let text = if late { "one---three" } else { "onetwothree" };
        assert_eq!(flows[0].streams[1].text(), text, "after {millis} ms");
        assert_eq!(flows[0].streams[0].text(), "askmore");
        let anomalies = flows[0].totals.unwrap().anomalies;
        assert_eq!(anomalies.contains(FlowAnomalies::LATE_DATA), late);
        // The same with a sweep between.
        let mut recorder = Recorder::default();
        let (begin, rest) = lines.split_at(lines.len() - 2);
        let mut table = process(begin, &mut recorder);
        table.sweep(Timestamp::from_micros((millis + 1000) * 1000), &mut recorder);
        for line in rest {
            table.process(&line.segment(), &mut recorder);
        }
        table.finish(&mut recorder);
        assert_eq!(by_client(&recorder.flows), by_client(&flows), "after {millis} ms");
    }
}

#[test]
fn a_flow_that_was_over_by_then_is_not_gone_on_with() {
    let mut lines = torn(true);
    lines.push(request(SYN, 9000, 0, b"").at(3000));
    lines.push(response(SYN | ACK, 7000, 9001, b"").at(3001));
    lines.push(request(ACK, 9001, 7001, b"again").at(3002));
    let flows = told(&lines);
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[0].streams[1].text(), "one---three");
    assert_eq!(flows[0].streams[1].end, Some(EndCause::Fin));
    assert_eq!(flows[1].streams[0].text(), "again");
}

#[test]
fn a_lost_end_is_told_where_a_fin_shows_it_and_the_other_end_has_it() {
    let mut lines = handshake();
    lines.push(request(ACK, 101, 501, b"ask").at(1));
    lines.push(response(ACK, 501, 104, b"one").at(2));
    lines.push(response(FIN, 507, 104, b"").at(3));
    let waits = swept(&lines, &[5000]);
    assert_eq!(waits[0].streams[1].text(), "one", "it may be sent again");
    assert_eq!(waits[0].streams[1].end, None);
    lines.push(request(FIN, 104, 508, b"").at(4));
    lines.push(response(ACK, 508, 105, b"").at(5));
    let told = swept(&lines, &[2100]);
    assert_eq!(told[0].streams[1].text(), "one---");
    assert!(told[0].totals.is_some(), "both ends closed");
}

#[test]
fn what_nobody_acknowledged_is_waited_for() {
    let mut lines = torn(false);
    lines.truncate(lines.len() - 1);
    assert_eq!(swept(&lines, &[60_000])[0].streams[1].text(), "one");
    // A sender that hears nothing sends again after seconds.
    lines.push(response(ACK, 504, 104, b"two").at(4000));
    assert_eq!(told(&lines)[0].streams[1].text(), "onetwothree");
}

#[test]
fn of_one_direction_alone_nothing_is_acknowledged_and_ten_seconds_decide() {
    let lines = [
        request(SYN, 100, 0, b""),
        request(ACK, 101, 501, b"one").at(1),
        request(ACK, 107, 501, b"three").at(2),
    ];
    assert_eq!(swept(&lines, &[9000])[0].streams[0].text(), "one");
    assert_eq!(swept(&lines, &[11_100])[0].streams[0].text(), "one---three");
    assert_eq!(swept(&lines, &[3000, 11_100])[0].streams[0].text(), "one---three");
}

#[test]
fn a_flow_without_a_handshake_is_told_without_another_packet() {
    let lines = [request(ACK, 101, 501, b"ask"), response(ACK, 501, 104, b"answer").at(3)];
    assert!(swept(&lines, &[1000]).is_empty(), "a SYN may come late");
    let flows = swept(&lines, &[2100]);
    assert_eq!(flows[0].streams.clone().map(|stream| stream.text()), ["ask", "answer"]);
}

#[test]
fn of_many_silent_flows_each_sweep_looks_at_some() {
    let mut recorder = Recorder::default();
    let mut lines = Vec::new();
    for client_port in 1..=5000 {
        lines.extend(torn(true).into_iter().map(|line| Line { client_port, ..line }));
    }
    let mut table = process(&lines, &mut recorder);
    assert_eq!(table.len(), 5000);
    let mut left = Vec::new();
    while !table.is_empty() {
        table.sweep(Timestamp::from_micros(3_000_000), &mut recorder);
        left.push(table.len());
        assert!(left.len() < 100, "{left:?}");
    }
    assert!(left.len() > 1 && left.windows(2).all(|pair| pair[0] > pair[1]), "{left:?}");
    assert_eq!(table.held_bytes(), 0);
}
