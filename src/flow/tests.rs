//! Facts about single flows.

use crate::base::limits::RIVAL_FLOWS_MAX;
use crate::model::{
    Direction, Encapsulation, EndCause, FragmentOddities, Layer, Segment, StreamEvent, StreamInput,
};

use super::testing::*;
use super::{FlowAnomalies, FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals, Orientation};

fn after_handshake(lines: Vec<Line>) -> Vec<Line> {
    let mut all = handshake();
    all.extend(lines);
    all
}

fn one(lines: &[Line]) -> Told {
    let mut flows = told(lines);
    assert_eq!(flows.len(), 1, "{flows:#?}");
    flows.remove(0)
}

fn anomalies(flow: &Told) -> FlowAnomalies {
    flow.totals.unwrap().anomalies
}

#[test]
fn a_whole_conversation_is_told_in_order() {
    let flow = one(&after_handshake(vec![
        request(ACK, 101, 501, b"GET"),
        response(ACK, 501, 104, b"200"),
        request(FIN, 104, 504, b""),
        response(FIN, 504, 105, b"!"),
        request(ACK, 105, 506, b""),
    ]));
    assert_eq!(flow.info.orientation, Orientation::Syn);
    assert_eq!(flow.streams[0].text(), "GET");
    assert_eq!(flow.streams[1].text(), "200!");
    assert_eq!(flow.streams[0].end, Some(EndCause::Fin));
    assert_eq!(flow.streams[1].end, Some(EndCause::Fin));
    assert!(anomalies(&flow).is_empty());
}

#[test]
fn both_ends_are_told_before_the_input_ends() {
    let mut recorder = Recorder::default();
    let lines = after_handshake(vec![request(FIN, 101, 501, b"a"), response(FIN, 501, 103, b"b")]);
    let mut table = process(&lines, &mut recorder);
    assert!(recorder.flows[0].totals.is_some());
    assert!(table.is_empty());
    table.process(&request(ACK, 103, 503, b"").segment(), &mut recorder);
    table.process(&request(FIN, 101, 501, b"a").segment(), &mut recorder);
    assert_eq!((table.len(), table.counters().after_end), (0, 2));
}

/// Where the bytes lie that it was given.
#[derive(Default)]
struct Places(Vec<*const u8>);

impl FlowHandler for Places {
    type State = ();

    fn open(&mut self, _: &FlowInfo) {}

    fn event(&mut self, _: &FlowInfo, (): &mut (), event: StreamEvent<'_>) {
        if let StreamInput::Bytes(bytes) = event.input {
            self.0.push(bytes.as_ptr());
        }
    }

    fn close(&mut self, _: &FlowInfo, (): (), _: &FlowTotals) {}
}

#[test]
fn what_comes_in_order_is_handed_on_where_it_lies() {
    let mut places = Places::default();
    let mut table = FlowTable::new(FlowConfig::default());
    let lines = after_handshake(vec![
        request(ACK, 101, 501, b"GET"),
        response(ACK, 501, 104, b"200"),
        request(ACK, 104, 504, b"POST"),
    ]);
    lines.iter().for_each(|line| table.process(&line.segment(), &mut places));
    let payloads = lines.iter().map(|line| &line.payload).filter(|bytes| !bytes.is_empty());
    assert_eq!(places.0, payloads.map(|bytes| bytes.as_ptr()).collect::<Vec<_>>());
}

#[test]
fn early_data_waits_for_what_is_missing() {
    let flow = one(&after_handshake(vec![
        request(ACK, 104, 501, b"def"),
        request(FIN, 107, 501, b""),
        request(ACK, 101, 501, b"abc"),
    ]));
    assert_eq!(flow.streams[0].text(), "abcdef");
    assert_eq!(flow.streams[0].end, Some(EndCause::Fin));
}

#[test]
fn sequence_numbers_wrap() {
    let start = u32::MAX - 1;
    let flow = one(&[
        request(SYN, start, 0, b""),
        response(SYN | ACK, 500, start.wrapping_add(1), b""),
        request(ACK, 2, 501, b"de"),
        request(ACK, start.wrapping_add(1), 501, b"abc"),
    ]);
    assert_eq!(flow.streams[0].text(), "abcde");
}

#[test]
fn an_answer_waits_for_the_question_it_acknowledges() {
    let flow = one(&after_handshake(vec![
        response(ACK, 501, 104, b"200"),
        request(ACK, 101, 501, b"GET"),
        response(ACK, 504, 104, b"!"),
    ]));
    assert_eq!(flow.order[0], Direction::ToServer);
    assert_eq!(flow.streams[1].text(), "200!");
}

#[test]
fn data_seen_after_its_acknowledgment_is_no_gap() {
    let mut lines = after_handshake(vec![request(ACK, 104, 501, b"def")]);
    lines.extend((0..20).map(|_| response(ACK, 501, 107, b"")));
    lines.push(request(ACK, 101, 501, b"abc"));
    assert_eq!(one(&lines).streams[0].text(), "abcdef");
}

#[test]
fn acknowledged_data_that_does_not_come_is_a_gap_of_exact_length() {
    let mut recorder = Recorder::default();
    let mut lines = after_handshake(vec![request(ACK, 104, 501, b"def")]);
    lines.extend((0..70).map(|_| response(ACK, 501, 107, b"")));
    let table = process(&lines, &mut recorder);
    assert_eq!(recorder.flows[0].streams[0].text(), "---def");
    assert_eq!((table.counters().gaps, table.counters().gap_bytes), (1, 3));
}

#[test]
fn a_second_of_packet_time_ends_the_wait_too() {
    let mut recorder = Recorder::default();
    let lines = after_handshake(vec![
        request(ACK, 104, 501, b"def"),
        response(ACK, 501, 107, b"").at(1),
        response(ACK, 501, 107, b"").at(1500),
        response(ACK, 501, 107, b"").at(3000),
    ]);
    process(&lines, &mut recorder);
    assert_eq!(recorder.flows[0].streams[0].text(), "---def");
}

#[test]
fn data_that_is_not_acknowledged_is_waited_for() {
    let mut recorder = Recorder::default();
    let mut lines = after_handshake(vec![request(ACK, 104, 501, b"def")]);
    lines.extend((1..200).map(|n| response(ACK, 501, 101, b"").at(n * 100)));
    let mut table = process(&lines, &mut recorder);
    assert_eq!(recorder.flows[0].streams[0].text(), "");
    table.process(&request(ACK, 101, 501, b"abc").at(20_000).segment(), &mut recorder);
    assert_eq!(recorder.flows[0].streams[0].text(), "abcdef");
}

#[test]
fn a_lost_last_segment_is_a_gap_before_the_answer() {
    let mut recorder = Recorder::default();
    let lines = after_handshake(vec![
        request(ACK, 101, 501, b"GE"),
        response(ACK, 501, 111, b"200").at(1),
        request(ACK, 111, 504, b"").at(1100),
    ]);
    process(&lines, &mut recorder);
    assert_eq!(recorder.flows[0].streams[0].text(), "GE--------");
    assert_eq!(recorder.flows[0].streams[1].text(), "200");
}

#[test]
fn bytes_the_capture_cut_off_are_a_gap_behind_the_payload() {
    let flow = one(&after_handshake(vec![
        request(ACK, 101, 501, b"abcdef").cut_to(2),
        request(ACK, 107, 501, b"ghi").cut_to(0),
        request(ACK, 110, 501, b"jkl").cut_to(1),
        response(ACK, 501, 113, b"200"),
    ]));
    assert_eq!(flow.streams[0].text(), "ab-------j--");
    assert_eq!(flow.totals.unwrap().to_server.gap_bytes, 9);
    assert_eq!(flow.streams[1].text(), "200");
}

#[test]
fn a_whole_retransmission_fills_what_the_capture_cut_off() {
    let flow = one(&after_handshake(vec![
        request(ACK, 101, 501, b"abcdef").cut_to(2),
        request(ACK, 101, 501, b"abcdef"),
        request(ACK, 107, 501, b"g"),
    ]));
    assert_eq!(flow.streams[0].text(), "abcdefg");
}

#[test]
fn the_first_copy_is_kept_and_a_conflict_is_flagged() {
    let flow = one(&after_handshake(vec![
        request(ACK, 104, 501, b"def"),
        request(ACK, 103, 501, b"cXXXg"),
        request(ACK, 101, 501, b"ab"),
    ]));
    assert_eq!(flow.streams[0].text(), "abcdefg");
    assert!(anomalies(&flow).contains(FlowAnomalies::OVERLAP_CONFLICT));
    assert!(anomalies(&flow).ambiguous());
    assert_eq!(anomalies(&flow).names().collect::<Vec<_>>(), ["overlap-conflict"]);
}

#[test]
fn late_data_is_flagged() {
    let mut lines = after_handshake(vec![request(ACK, 104, 501, b"def")]);
    lines.extend((0..70).map(|_| response(ACK, 501, 107, b"")));
    lines.push(request(ACK, 101, 501, b"abc"));
    let flow = one(&lines);
    assert_eq!(flow.streams[0].text(), "---def");
    assert!(anomalies(&flow).contains(FlowAnomalies::LATE_DATA));
}

#[test]
fn one_direction_alone_is_delivered_in_order() {
    for lines in [
        vec![
            request(SYN, 100, 0, b""),
            request(ACK, 101, 501, b"ab"),
            request(ACK, 103, 700, b"c"),
        ],
        vec![
            response(SYN | ACK, 500, 101, b""),
            response(ACK, 501, 301, b"ab"),
            response(ACK, 503, 901, b"c"),
        ],
    ] {
        let flow = one(&lines);
        assert_eq!(flow.info.server.port(), 80);
        assert_eq!(flow.streams[0].text() + &flow.streams[1].text(), "abc");
    }
}

#[test]
fn what_was_captured_before_all_of_the_other_direction_waits_for_it() {
    let mut recorder = Recorder::default();
    let mut lines = vec![
        response(SYN | ACK, 500, 101, b""),
        response(ACK, 501, 104, b"answer"),
        request(SYN, 100, 0, b""),
        request(ACK, 101, 501, b""),
        request(ACK, 101, 501, b"ask"),
    ];
    process(&lines, &mut recorder);
    let order: String = recorder.flows[0].order.iter().map(|d| format!("{d:?} ")).collect();
    assert_eq!(order, "ToServer ToClient ");
    // It is not waited for ever, and no bytes are missed that nobody saw.
    lines.truncate(2);
    lines.push(response(ACK, 507, 104, b"s").at(2000));
    lines.push(response(ACK, 508, 204, b"!").at(2001));
    let mut recorder = Recorder::default();
    process(&lines, &mut recorder);
    assert_eq!(recorder.flows[0].streams[1].text(), "answers!");
    assert_eq!(recorder.flows[0].streams[0].text(), "");
}

#[test]
fn without_a_handshake_ports_decide_and_the_lowest_number_is_the_start() {
    let flow = one(&[
        response(ACK, 503, 101, b"cd"),
        response(ACK, 501, 101, b"ab"),
        request(ACK, 101, 505, b"x"),
    ]);
    assert_eq!(flow.info.orientation, Orientation::Ports);
    assert_eq!(flow.info.server.port(), 80);
    assert_eq!(flow.streams[1].text(), "abcd");
    assert_eq!(flow.streams[0].text(), "x");
}

#[test]
fn a_late_syn_still_tells_the_client() {
    let mut lines = vec![request(ACK, 101, 501, b"GET"), request(SYN, 100, 0, b"")];
    for line in &mut lines {
        line.to_server = !line.to_server;
    }
    let flow = one(&lines);
    assert_eq!(flow.info.orientation, Orientation::Syn);
    assert_eq!(flow.info.server.port(), 40_000);
    assert_eq!(flow.streams[0].text(), "GET");
}

#[test]
fn a_keep_alive_at_the_start_makes_no_gap() {
    let mut lines = vec![request(ACK, 100, 501, b""), response(ACK, 501, 101, b"")];
    lines.push(request(ACK, 101, 501, b"abc").at(2000));
    assert_eq!(one(&lines).streams[0].text(), "abc");
}

/// The client's ACK of the handshake tells where the server begins: a first answer that comes
/// after the second is no keep-alive.
#[test]
fn a_begin_that_was_acknowledged_is_no_keep_alive() {
    let flow = one(&[
        request(SYN, 100, 0, b""),
        request(ACK, 101, 501, b""),
        request(ACK, 101, 501, b"ask"),
        response(ACK, 502, 104, b"nswer"),
        response(SYN | ACK, 500, 101, b""),
        response(ACK, 501, 104, b"a"),
    ]);
    assert_eq!(flow.streams[1].text(), "answer");
}

#[test]
fn data_in_a_syn_is_delivered() {
    let flow = one(&[
        request(SYN, 100, 0, b"GET"),
        response(SYN | ACK, 500, 104, b""),
        request(ACK, 104, 501, b" /"),
    ]);
    assert_eq!(flow.streams[0].text(), "GET /");
    assert!(anomalies(&flow).contains(FlowAnomalies::SYN_DATA));
    assert!(!anomalies(&flow).ambiguous());
}

#[test]
fn a_syn_on_a_live_flow_is_ignored_unless_answered() {
    let mut lines = after_handshake(vec![
        request(ACK, 101, 501, b"ab"),
        request(SYN, 9000, 0, b""),
        request(ACK, 103, 501, b"c"),
    ]);
    let flow = one(&lines);
    assert_eq!(flow.streams[0].text(), "abc");
    assert!(anomalies(&flow).contains(FlowAnomalies::SYN_CHALLENGED));
    lines.push(response(SYN | ACK, 7000, 9001, b""));
    lines.push(request(ACK, 9001, 7001, b"new"));
    // The answer may be forged: what was there goes on.
    lines.push(request(ACK, 104, 501, b"d"));
    lines.push(response(ACK, 7001, 9004, b"what"));
    lines.push(response(ACK, 501, 105, b"old"));
    let flows = told(&lines);
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[0].streams[0].text(), "abcd");
    assert_eq!(flows[0].streams[1].text(), "old");
    assert_eq!(flows[1].streams[0].text(), "new");
    assert_eq!(flows[1].streams[1].text(), "what");
}

#[test]
fn what_is_played_beside_a_flow_takes_nothing_of_it() {
    // Both ends of another connection with the client's own number, amidst an answer, and its end.
    let mut lines = after_handshake(vec![
        request(ACK, 101, 501, b"ab"),
        response(ACK, 501, 103, b"one "),
        request(SYN, 100, 0, b""),
        response(SYN | ACK, 77_000_000, 101, b""),
        request(ACK, 101, 77_000_001, b"xy"),
        response(FIN, 77_000_001, 103, b"no"),
        request(FIN, 103, 77_000_004, b""),
        response(ACK, 505, 103, b"two"),
        request(ACK, 103, 508, b"c"),
    ]);
    let flows = told(&lines);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    assert_eq!(flows[0].streams[0].text(), "abc");
    assert_eq!(flows[0].streams[1].text(), "one two");
    assert_eq!(flows[1].streams[0].text(), "xy");
    assert_eq!(flows[1].streams[1].text(), "no");
    // However many there are: the one that carries something stays.
    for n in 1..9 {
        lines.push(request(SYN, 100 + n * 70_000_000, 0, b""));
        lines.push(response(SYN | ACK, 7 + n * 90_000_000, 101 + n * 70_000_000, b""));
    }
    lines.push(request(ACK, 104, 508, b"d"));
    let mut recorder = Recorder::default();
    let table = process(&lines, &mut recorder);
    assert!(table.len() <= RIVAL_FLOWS_MAX, "{}", table.len());
    assert_eq!(recorder.flows[0].streams[0].text(), "abcd");
}

#[test]
fn a_port_that_is_used_again_with_the_same_number_is_told_without_answers() {
    let flows = told(&[
        request(SYN, 100, 0, b""),
        request(ACK, 101, 501, b"first"),
        request(SYN, 100, 0, b"").at(20_000),
        request(ACK, 101, 900_000_501, b"second").at(20_001),
    ]);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    assert_eq!(flows[0].streams[0].text(), "first");
    assert_eq!(flows[1].streams[0].text(), "second");
}

#[test]
fn a_syn_that_was_never_answered_is_replaced_by_the_next() {
    let flows = told(&[
        request(SYN, 100, 0, b""),
        request(SYN, 9000, 0, b"").at(3000),
        response(SYN | ACK, 500, 9001, b"").at(3001),
        request(ACK, 9001, 501, b"x").at(3002),
    ]);
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[1].streams[0].text(), "x");
}

#[test]
fn the_syn_that_was_answered_is_the_one_that_counts() {
    for isns in [[9000, 100], [100, 9000]] {
        let flows = told(&[
            request(SYN, isns[0], 0, b""),
            request(SYN, isns[1], 0, b""),
            response(SYN | ACK, 500, 9001, b""),
            request(ACK, 9001, 501, b"x"),
        ]);
        let texts: Vec<_> = flows.iter().map(|flow| flow.streams[0].text()).collect();
        let answered = isns.iter().position(|isn| *isn == 9000).unwrap();
        assert_eq!((texts[answered].as_str(), texts[1 - answered].as_str()), ("x", ""));
    }
}

#[test]
fn resets_out_of_place_are_ignored_and_others_end_the_flow() {
    let mut lines = after_handshake(vec![
        request(RST, 90_000, 0, b""),
        request(ACK, 101, 501, b"ab"),
        request(ACK, 104, 501, b"d"),
    ]);
    let flow = one(&lines);
    assert!(anomalies(&flow).contains(FlowAnomalies::RESET_IGNORED));
    assert_eq!(flow.streams[0].end, Some(EndCause::Cut));
    lines.push(response(RST, 501, 0, b""));
    let flow = one(&lines);
    assert_eq!(flow.streams[0].text(), "ab-d");
    assert_eq!(flow.streams[0].end, Some(EndCause::Reset));
    assert_eq!(flow.streams[1].end, Some(EndCause::Reset));
}

#[test]
fn new_data_after_a_reset_is_not_missed() {
    let flows = told(&after_handshake(vec![
        request(ACK, 101, 501, b"ab"),
        response(RST, 501, 0, b""),
        request(ACK, 101, 501, b"ab"),
        request(ACK, 103, 501, b"secret"),
    ]));
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[1].info.orientation, Orientation::Continued);
    assert_eq!(flows[1].info.server, flows[0].info.server);
    assert_eq!(flows[1].streams[0].text(), "secret");
    assert!(anomalies(&flows[1]).contains(FlowAnomalies::DATA_AFTER_END));
}

#[test]
fn oddities_are_flagged_and_do_not_disturb() {
    use crate::model::TcpFlags;
    let flow = one(&after_handshake(vec![
        request(0, 101, 0, b"XX"),
        request(ACK, 101u32.wrapping_add(1 << 30) + 1, 501, b"XX"),
        request(ACK | TcpFlags::URG, 101, 501, b"ab"),
        request(ACK, 102, 501, b""),
        request(FIN, 103, 501, b""),
        request(ACK, 103, 501, b"XX"),
    ]));
    assert_eq!(flow.streams[0].text(), "ab");
    for anomaly in [
        FlowAnomalies::DATA_WITHOUT_ACK,
        FlowAnomalies::OUT_OF_WINDOW,
        FlowAnomalies::URGENT,
        FlowAnomalies::DATA_AFTER_FIN,
    ] {
        assert!(anomalies(&flow).contains(anomaly), "{anomaly:?}");
    }
}

#[test]
fn silence_splits_a_flow_whether_or_not_it_was_swept() {
    let lines = after_handshake(vec![
        request(ACK, 101, 501, b"ab"),
        request(ACK, 103, 501, b"cd").at(400_000),
    ]);
    for sweep in [false, true] {
        let mut recorder = Recorder::default();
        let mut table = process(&lines[..4], &mut recorder);
        if sweep {
            table.sweep(lines[4].segment().at, &mut recorder);
            assert!(table.is_empty());
        }
        table.process(&lines[4].segment(), &mut recorder);
        table.finish(&mut recorder);
        let texts: Vec<_> = recorder.flows.iter().map(|f| f.streams[0].text()).collect();
        assert_eq!(texts, ["ab", "cd"]);
        assert_eq!(recorder.flows[0].streams[0].end, Some(EndCause::Expired));
        assert_eq!(table.counters().expired, 1);
    }
}

#[test]
fn time_that_runs_backwards_expires_nothing() {
    let flow = one(&after_handshake(vec![
        request(ACK, 101, 501, b"ab").at(100_000),
        request(ACK, 103, 501, b"cd").at(-500_000),
        request(ACK, 105, 501, b"ef").at(200_000),
    ]));
    assert_eq!(flow.streams[0].text(), "abcdef");
}

#[test]
fn half_open_flows_are_evicted_first() {
    let config = FlowConfig { flows_max: 8, ..FlowConfig::default() };
    let mut lines = after_handshake(vec![request(ACK, 101, 501, b"ab")]);
    lines.extend((0..1000).map(|n| Line { client_port: n, ..request(SYN, 1, 0, b"") }));
    lines.push(request(ACK, 103, 501, b"cd"));
    let mut recorder = Recorder::default();
    let table = process_with(config, &lines, &mut recorder);
    assert_eq!((table.len(), table.counters().evicted), (8, 993));
    assert_eq!(recorder.flows[0].streams[0].text(), "abcd");
}

#[test]
fn a_conversation_joined_in_the_middle_keeps_its_order() {
    let flows = told(&[
        request(ACK, 1000, 5000, b"GET1"),
        response(ACK, 5000, 1004, b"200a"),
        request(ACK, 1004, 5004, b"GET2").at(1),
        response(ACK, 5004, 1008, b"200b").at(1),
        response(FIN, 5008, 1008, b"").at(1),
        request(FIN, 1008, 5009, b"").at(2),
        response(ACK, 5009, 1009, b"").at(2),
        request(SYN, 9000, 0, b"").at(5400),
    ]);
    assert_eq!(flows[0].streams[0].text(), "GET1GET2");
    assert_eq!(flows[0].streams[1].text(), "200a200b");
    use Direction::{ToClient, ToServer};
    let order = flows[0].order.get(..4).unwrap();
    assert_eq!(order, [ToServer, ToClient, ToServer, ToClient]);
}

#[test]
fn virtual_networks_have_flows_of_their_own_and_vlans_do_not() {
    let layer = |name, id, separates| Layer { id: Some(id), separates, ..Layer::named(name) };
    let encapsulation = |layers: &[Layer]| Encapsulation::new(layers, Default::default());
    let [one, two] = [1, 2].map(|vni| encapsulation(&[layer("vxlan", vni, true)]));
    let tagged = encapsulation(&[layer("vlan", 10, false)]);
    let lines = [handshake(), vec![request(ACK, 101, 501, b"hello")]].concat();
    let flows = |wraps: [&Encapsulation; 2]| {
        let mut recorder = Recorder::default();
        let mut table = FlowTable::new(FlowConfig::default());
        for line in &lines {
            for encapsulation in wraps {
                table.process(&Segment { encapsulation, ..line.segment() }, &mut recorder);
            }
        }
        table.finish(&mut recorder);
        recorder.flows
    };
    let bare = Encapsulation::default();
    let apart = flows([&one, &two]);
    assert_eq!(apart.iter().map(|f| f.streams[0].text()).collect::<Vec<_>>(), ["hello"; 2]);
    assert_ne!(apart[0].info.id(), apart[1].info.id());
    assert_eq!(flows([&one, &bare]).len(), 2);
    // One mirror of a trunk and one of an access port: the same packets, with a tag and without.
    let mirrored = flows([&tagged, &bare]);
    assert_eq!(mirrored.len(), 1);
    assert_eq!(mirrored[0].info.encapsulation, tagged, "what its first packet came in");
}

/// Flows of lines each of which comes by one of two virtual networks, by its direction, or both.
fn by_networks(lines: &[Line], of: impl Fn(&Line) -> Vec<u32>) -> Vec<Told> {
    let layer = |id| Layer { id: Some(id), separates: true, ..Layer::named("vxlan") };
    let encapsulation = |vni| Encapsulation::new(&[layer(vni)], Default::default());
    let mut recorder = Recorder::default();
    let mut table = FlowTable::new(FlowConfig::default());
    for line in lines {
        for vni in of(line) {
            let encapsulation = &encapsulation(vni);
            table.process(&Segment { encapsulation, ..line.segment() }, &mut recorder);
        }
    }
    table.finish(&mut recorder);
    assert!(table.is_empty() && table.entries() == 0, "no place and no entry is left");
    recorder.flows
}

#[test]
fn a_flow_whose_directions_come_by_two_virtual_networks_is_one() {
    let ask = [request(ACK, 101, 501, b"hello"), response(ACK, 501, 106, b"world")];
    let end =
        [request(FIN, 106, 506, b""), response(FIN, 506, 107, b""), request(ACK, 107, 507, b"")];
    let lines = [&handshake()[..], &ask, &end].concat();
    let crossed = |line: &Line| vec![if line.to_server { 5 } else { 9 }];
    let flows = by_networks(&lines, crossed);
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].streams.each_ref().map(Heard::text), ["hello", "world"]);
    // A port that is used again, and packets that come when all is over.
    let again: Vec<Line> = [&lines[..], &lines[..3], &ask].concat();
    let later = |(n, line): (usize, Line)| {
        let late = if n < lines.len() { 0 } else { 60_000 };
        let seq = if line.to_server && n >= lines.len() { line.seq + 70_000 } else { line.seq };
        let ack = if !line.to_server && n >= lines.len() { line.ack + 70_000 } else { line.ack };
        Line { millis: line.millis + late, seq, ack, ..line }
    };
    let again: Vec<Line> = again.into_iter().enumerate().map(later).collect();
    let flows = by_networks(&again, crossed);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    assert!(flows.iter().all(|f| f.streams.each_ref().map(Heard::text) == ["hello", "world"]));
}

#[test]
fn flows_of_tenants_with_the_same_addresses_stay_apart_where_sequence_numbers_differ() {
    let handshake = handshake();
    // The server of the second network answers what nobody of the first asked.
    let mut lines = handshake.clone();
    lines.extend([request(ACK, 101, 501, b"hello")]);
    lines[1].ack = lines[1].ack.wrapping_add(1);
    let flows = by_networks(&lines, |line| vec![if line.to_server { 5 } else { 9 }]);
    assert_eq!(flows.len(), 2, "{flows:#?}");
    // Whole in both: two mirrors of the same link.
    let lines = [&handshake[..], &[request(ACK, 101, 501, b"hello")]].concat();
    let flows = by_networks(&lines, |_| vec![5, 9]);
    assert_eq!(flows.iter().map(|f| f.streams[0].text()).collect::<Vec<_>>(), ["hello"; 2]);
}

#[test]
fn odd_fragments_are_anomalies_of_their_flow() {
    let odd = Encapsulation::new(&[], FragmentOddities::CONFLICT);
    let mut recorder = Recorder::default();
    let mut table = process(&handshake(), &mut recorder);
    let line = request(ACK, 101, 501, b"hello");
    table.process(&Segment { encapsulation: &odd, ..line.segment() }, &mut recorder);
    table.finish(&mut recorder);
    let anomalies = recorder.flows[0].totals.unwrap().anomalies;
    assert_eq!(anomalies.names().collect::<Vec<_>>(), ["fragment-conflict"]);
    assert!(anomalies.ambiguous());
}
