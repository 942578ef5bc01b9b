//! Where streams begin, and what acknowledgments prove: what anybody can forge loses nothing.

use super::testing::*;
use super::{FlowAnomalies, Orientation};
use crate::model::TcpFlags;

const PSH: u8 = TcpFlags::PSH;

/// Forty packets without data: longer than anything is waited for.
fn idle(seq: u32, ack: u32) -> impl Iterator<Item = Line> {
    (0..20).flat_map(move |_| [request(ACK, seq, ack, b""), response(ACK, ack, seq, b"")])
}

#[test]
fn an_acknowledgment_of_what_was_never_sent_loses_nothing() {
    let far = [1, 50, 5000, 1 << 20, (1 << 20) + 1, 3 << 20, (1 << 30) - 1, (1 << 30) + 9, 1 << 31];
    for far in far {
        for (forged, bytes) in [(true, &b""[..]), (true, b"GET "), (false, b""), (false, b"one ")] {
            let mut lines = handshake();
            // Who says what it never heard, alone or with data that comes again as it should.
            lines.push(match forged {
                true => request(ACK, 101, 501 + far, bytes),
                false => response(ACK, 501, 101_u32.wrapping_add(far), bytes),
            });
            lines.extend(idle(101, 501));
            lines.extend([
                request(ACK, 105, 501, b"/a").at(2000),
                request(ACK, 101, 501, b"GET ").at(2000),
                response(ACK, 505, 107, b"two").at(2000),
                response(ACK, 501, 107, b"one ").at(2000),
                request(FIN, 107, 508, b"").at(2000),
                response(FIN, 508, 108, b"").at(2000),
            ]);
            let flows = told(&lines);
            assert_eq!(flows.len(), 1, "{far} {forged}");
            let [asked, answered] = [0, 1].map(|n| flows[0].streams[n].text());
            let both = [asked.as_str(), answered.as_str()];
            assert_eq!(both, ["GET /a", "one two"], "{far} {forged}");
        }
    }
}

#[test]
fn an_acknowledgment_of_what_never_comes_ends_what_is_there_in_its_place() {
    for far in [1, 5000, 3 << 20] {
        let mut lines = handshake();
        lines.push(request(ACK, 101, 501, b"GET"));
        lines.push(response(ACK, 501, 104 + far, b""));
        lines.extend(idle(104, 501));
        lines.push(response(ACK, 501, 104, b"one").at(2000));
        let flows = told(&lines);
        assert!(flows[0].streams[0].text().starts_with("GET"), "{far}");
        assert_eq!(flows[0].streams[1].text(), "one", "{far}");
    }
}

#[test]
fn data_where_the_other_end_waits_for_it_counts_more_than_a_forged_handshake() {
    for forged in [5500_u32, 400, 500_u32.wrapping_add(1_500_000_000), 3_000_000_000] {
        let flows = told(&[
            request(SYN, 100, 0, b""),
            response(SYN | ACK, forged, 101, b""),
            response(SYN | ACK, 500, 101, b""),
            request(ACK, 101, 501, b"GET"),
            response(ACK, 501, 104, b"one"),
            response(ACK, 504, 104, b" two"),
        ]);
        let flow = &flows[0];
        assert_eq!(flow.streams[0].text(), "GET", "{forged}");
        // A little behind, it is as if what lies between had been lost.
        assert!(flow.streams[1].text().ends_with("one two"), "{forged}");
        let anomalies = flow.totals.unwrap().anomalies;
        let mismatch = anomalies.contains(FlowAnomalies::HANDSHAKE_MISMATCH);
        assert_eq!(mismatch, flow.streams[1].text() == "one two", "{forged}");
    }
}

/// A SYN that nobody answered, as far as was seen, moves nothing: what begins elsewhere is whole,
/// whatever order it came in, and no gap is told.
#[test]
fn a_syn_that_nobody_answered_moves_no_stream() {
    let text = b"what was said";
    let data = |from: usize, to: usize, ack| {
        request(ACK, 101 + u32::try_from(from).unwrap(), ack, &text[from..to])
    };
    let said = [data(0, 4, 501), data(4, 9, 501), data(9, 13, 501)];
    let [a, b, c] = said.clone();
    let handshakes: [Vec<Line>; 3] = [
        vec![],
        vec![request(SYN, 100, 0, b""), request(ACK, 101, 501, b"")],
        vec![request(SYN, 100, 0, b"")],
    ];
    let isns = [90_u32, 105, 108, 200, 100_000, 1 << 30, 0_u32.wrapping_sub(5_000_000), 1 << 31];
    let answers =
        [vec![], vec![response(ACK, 501, 101, b"")], vec![response(ACK, 501, 114, b"yes")]];
    for (isn, handshake) in isns.iter().flat_map(|isn| handshakes.iter().map(move |h| (*isn, h))) {
        let forged = request(SYN, isn, 0, b"");
        for (order, answer) in [said.clone(), [a.clone(), c.clone(), b.clone()]]
            .iter()
            .flat_map(|order| answers.iter().map(move |answer| (order, answer)))
        {
            for place in 0..=handshake.len() {
                let mut lines = handshake.clone();
                lines.insert(place, forged.clone());
                if answer.first().is_some_and(|line| line.ack == 101) {
                    lines.extend(answer.clone());
                }
                lines.extend(order.clone());
                if answer.first().is_some_and(|line| line.ack == 114) {
                    lines.extend(answer.clone());
                }
                let flows = told(&lines);
                let texts: Vec<_> = flows.iter().map(|flow| flow.streams[0].text()).collect();
                let name = format!("{isn} {} {place} {answer:?} {texts:?}", handshake.len());
                assert!(texts.iter().any(|text| text == "what was said"), "{name}");
                let gaps = flows.iter().filter_map(|flow| flow.totals);
                assert_eq!(gaps.map(|t| t.to_server.gap_bytes).sum::<u64>(), 0, "{name}");
            }
        }
    }
}

#[test]
fn the_lost_begin_of_a_stream_stays_a_gap() {
    let mut lines = handshake();
    lines.extend([
        request(ACK, 101, 501, b"GET"),
        // Twenty bytes were not captured; the client has them.
        request(ACK, 104, 521, b""),
        response(ACK, 521, 104, b"rest"),
    ]);
    let flows = told(&lines);
    assert_eq!(flows[0].streams[1].text(), "-".repeat(20) + "rest");
}

#[test]
fn a_port_used_again_with_the_same_number_is_another_flow_where_the_answer_is_another() {
    let first = || {
        let mut lines = handshake();
        lines.extend([request(ACK, 101, 501, b"GET"), response(ACK, 501, 104, b"one")]);
        lines
    };
    let mut again = first();
    again.extend([
        request(SYN, 100, 0, b"").at(30_000),
        response(SYN | ACK, 502, 101, b"").at(30_000),
        request(ACK, 101, 503, b"PUT").at(30_000),
        response(ACK, 503, 104, b"two").at(30_000),
    ]);
    let flows = told(&again);
    let said: Vec<_> = flows.iter().map(|f| [f.streams[0].text(), f.streams[1].text()]).collect();
    assert_eq!(said, [["GET", "one"], ["PUT", "two"]]);
    assert_eq!(flows[1].info.orientation, Orientation::SynAck);
    // Sent again it is no other, and neither is it where nobody answers.
    let mut resent = first();
    resent.extend([
        request(SYN, 100, 0, b""),
        response(SYN | ACK, 500, 101, b""),
        request(ACK, 104, 504, b" more"),
    ]);
    let flows = told(&resent);
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].streams[0].text(), "GET more");
}

#[test]
fn a_probe_that_brings_a_byte_is_not_the_begin_of_a_stream_picked_up_midway() {
    // Answered at once, or not; often enough that nothing is waited for; with the answers first.
    for (probes, answered) in [(1, true), (1, false), (2, true), (40, true), (40, false)] {
        let mut lines = Vec::new();
        for n in 0..probes {
            lines.push(request(ACK, 100, 501, b"\0").at(n * 30_000));
            if answered {
                lines.push(response(ACK, 501, 101, b"").at(n * 30_000));
            }
        }
        let at = probes * 30_000;
        lines.extend([
            request(ACK | PSH, 101, 501, b"GET").at(at),
            response(ACK | PSH, 501, 104, b"one").at(at),
            request(ACK | PSH, 104, 504, b"PUT").at(at),
        ]);
        let flows = told(&lines);
        assert_eq!(flows.len(), 1);
        let said = [0, 1].map(|n| flows[0].streams[n].text());
        assert_eq!(said, ["GETPUT", "one"], "{probes} {answered}");
    }
}

#[test]
fn a_first_byte_that_was_written_alone_is_part_of_its_stream() {
    for (flags, byte) in [(ACK | PSH, b"G"), (ACK, b"G"), (ACK | PSH, b"\0")] {
        let midway = [
            request(flags, 101, 501, byte),
            response(ACK, 501, 102, b""),
            request(ACK | PSH, 102, 501, b"ET").at(100),
        ];
        let flows = told(&midway);
        let whole = [&byte[..], b"ET"].concat();
        assert_eq!(flows[0].streams[0].text().as_bytes(), whole);
    }
    // Behind a handshake even a zero that was not pushed is.
    let mut lines = handshake();
    lines.extend([request(ACK, 101, 501, b"\0"), request(ACK, 102, 501, b"ET")]);
    assert_eq!(told(&lines)[0].streams[0].text(), "\0ET");
}

/// A connection that carried something each way, and what comes of another on the same ports, where
/// `lost` names what was not captured; the other's numbers lie `apart` from the first's, the
/// server's where Linux begins behind a connection in TIME_WAIT.
fn used_again(apart: u32, lost: &[&str]) -> Vec<Line> {
    let (client, server) = (104_u32.wrapping_add(apart), 504 + 65_537);
    let (asks, answers) = (client.wrapping_add(1), server + 1);
    let mut lines = handshake();
    lines.extend([request(ACK, 101, 501, b"one"), response(ACK, 501, 104, b"two")]);
    let more = [
        ("fin-client", request(FIN, 104, 504, b"")),
        ("fin-server", response(FIN, 504, 105, b"")),
        ("syn", request(SYN, client, 0, b"")),
        ("syn-ack", response(SYN | ACK, server, asks, b"")),
        ("ack", request(ACK, asks, answers, b"")),
        ("data", request(ACK, asks, answers, b"three")),
        ("data", response(ACK, answers, asks.wrapping_add(5), b"four")),
        ("data", request(FIN, asks.wrapping_add(5), answers + 4, b"")),
        ("data", response(FIN, answers + 4, asks.wrapping_add(6), b"")),
    ];
    let captured = more.into_iter().filter(|(what, _)| !lost.contains(what));
    lines.extend(captured.map(|(_, line)| line.at(2000)));
    lines
}

#[test]
fn a_port_used_again_is_another_flow_whatever_was_lost_between() {
    let steps = ["fin-client", "fin-server", "syn", "syn-ack", "ack"];
    for apart in [31_250_000, 31_250_000_u32.wrapping_neg(), 1 << 31] {
        for mask in 0..1 << steps.len() {
            let chosen = steps.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1);
            let lost: Vec<&str> = chosen.map(|(_, step)| *step).collect();
            let flows = told(&used_again(apart, &lost));
            let texts: Vec<[String; 2]> =
                flows.iter().map(|flow| [0, 1].map(|n| flow.streams[n].text())).collect();
            let expected = [["one", "two"], ["three", "four"]];
            assert_eq!(texts, expected, "{apart} apart, without {lost:?}");
            let gaps = |flow: &Told| {
                let totals = flow.totals.unwrap();
                totals.to_server.gap_bytes + totals.to_client.gap_bytes
            };
            assert_eq!(flows.iter().map(gaps).sum::<u64>(), 0, "{apart} apart, without {lost:?}");
        }
    }
}

#[test]
fn what_lies_far_away_by_one_of_its_numbers_alone_is_of_the_same_flow() {
    let mut lines = handshake();
    lines.extend([request(ACK, 101, 501, b"one"), response(ACK, 501, 104, b"two")]);
    lines.push(response(ACK, 504 + (3 << 20), 104, b"far"));
    lines.extend(idle(104, 507 + (3 << 20)));
    let flows = told(&lines);
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].totals.unwrap().to_client.gap_bytes, 3 << 20, "an outage is a gap");
}
