//! Who goes when memory of some kind runs short.

use crate::model::{StreamEvent, StreamInput};

use super::testing::*;
use super::{FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals, Scarce};

#[test]
fn early_segments_of_idle_flows_make_room_for_those_of_others() {
    let config = FlowConfig { bytes_per_table: 8 * 2048, ..FlowConfig::default() };
    let mut lines = Vec::new();
    for port in 0..100 {
        let of = |line: Line| Line { client_port: port, ..line }.at(i64::from(port));
        lines.extend(handshake().into_iter().map(of));
        lines.push(of(request(ACK, 201, 501, &[b'x'; 800])));
    }
    // The last one goes on: what was missing comes, and what was early is still there.
    lines.push(Line { client_port: 99, ..request(ACK, 101, 501, &[b'y'; 100]).at(100) });
    let mut recorder = Recorder::default();
    let table = process_with(config, &lines, &mut recorder);
    let evicted = table.counters().evicted_early;
    assert!((85..100).contains(&evicted), "{evicted}");
    assert_eq!(table.counters().waits_broken_off, 0);
    let last = recorder.flows.iter().rfind(|flow| flow.info.client.port() == 99).unwrap();
    assert_eq!(last.streams[0].bytes.len(), 900);
    assert!(last.streams[0].bytes.iter().all(Option::is_some));
    // Those that were evicted were told with what they had, behind a gap.
    assert_eq!(recorder.flows[0].streams[0].bytes.len(), 900);
    assert_eq!(recorder.flows[0].totals.unwrap().to_server.gap_bytes, 100);
}

#[test]
fn a_flow_alone_with_its_early_segments_is_not_evicted_for_them() {
    let config = FlowConfig { bytes_per_table: 4096, ..FlowConfig::default() };
    let mut lines = handshake();
    lines.extend((0..8).map(|n| request(ACK, 201 + 1000 * n, 501, &[b'x'; 1000])));
    let mut recorder = Recorder::default();
    let table = process_with(config, &lines, &mut recorder);
    assert_eq!((table.len(), table.counters().evicted_early), (1, 0));
    assert!(table.counters().waits_broken_off > 0);
    assert!(table.held_bytes() <= 4096);
}

/// Charges a kilobyte for each byte of a stream, until a `.` comes.
#[derive(Default)]
struct Hoarder {
    held: usize,
    resting: usize,
    room: usize,
    evicted: Vec<Scarce>,
    closed: Vec<u16>,
}

impl FlowHandler for Hoarder {
    type State = usize;

    fn open(&mut self, _: &FlowInfo) -> usize {
        self.resting += 1000;
        0
    }

    fn event(&mut self, _: &FlowInfo, state: &mut usize, event: StreamEvent<'_>) {
        if let StreamInput::Bytes(bytes) = event.input {
            let now = if bytes.ends_with(b".") { 0 } else { *state + 1024 * bytes.len() };
            self.held = self.held + now - *state;
            *state = now;
        }
    }

    fn resting_bytes(&self) -> usize {
        self.resting
    }

    fn holds_open(&self, state: &usize) -> bool {
        *state > 0
    }

    fn is_short(&self) -> bool {
        self.held > self.room
    }

    fn evicted(&mut self, what: Scarce) {
        self.evicted.push(what);
    }

    fn close(&mut self, flow: &FlowInfo, state: usize, _: &FlowTotals) {
        self.held -= state;
        self.resting -= 1000;
        self.closed.push(flow.client.port());
    }
}

fn lines_of(port: u16, at: i64, lines: Vec<Line>) -> Vec<Line> {
    lines.into_iter().map(|line| Line { client_port: port, ..line }.at(at)).collect()
}

#[test]
fn of_flows_with_open_messages_the_longest_idle_goes_first() {
    let mut hoarder = Hoarder { room: 10 * 1024, ..Hoarder::default() };
    let mut table = FlowTable::new(FlowConfig::default());
    let mut send = |lines: Vec<Line>, hoarder: &mut Hoarder| {
        lines.iter().for_each(|line| table.process(&line.segment(), hoarder));
        table.counters().evicted_messages
    };
    for port in 0..20 {
        send(lines_of(port, 0, handshake()), &mut hoarder);
    }
    let say = |port: u16, at, seq| lines_of(port, at, vec![request(ACK, seq, 501, b"a")]);
    for port in 0..10 {
        assert_eq!(send(say(port, 10 + i64::from(port), 101), &mut hoarder), 0);
    }
    // Flow 0 ends its message and holds nothing, so it is not among those that may go.
    send(lines_of(0, 30, vec![request(ACK, 102, 501, b".")]), &mut hoarder);
    assert_eq!(send(say(10, 40, 101), &mut hoarder), 0);
    assert_eq!(send(say(11, 50, 101), &mut hoarder), 1);
    assert_eq!((&*hoarder.evicted, &*hoarder.closed), (&[Scarce::Messages][..], &[1][..]));
    assert!(hoarder.held <= hoarder.room);
    // One that asks for all there is and more goes itself, and the others are gone before it.
    send(lines_of(12, 60, vec![request(ACK, 101, 501, &[b'a'; 11])]), &mut hoarder);
    let mut rest = 70;
    while hoarder.held > hoarder.room {
        rest += 1;
        send(lines_of(12, rest, vec![request(ACK, 112, 501, b"")]), &mut hoarder);
        assert!(rest < 80, "it ends");
    }
    assert_eq!(hoarder.closed.last(), Some(&12));
}

#[test]
fn what_handlers_keep_of_flows_at_rest_counts_as_well() {
    let config = FlowConfig { flow_bytes: 14_000, ..FlowConfig::default() };
    let mut hoarder = Hoarder { room: usize::MAX, ..Hoarder::default() };
    let mut table = FlowTable::new(config);
    for port in 0..100 {
        for line in lines_of(port, i64::from(port), handshake()) {
            table.process(&line.segment(), &mut hoarder);
        }
    }
    assert!((8..=11).contains(&table.len()), "{} flows of 1,352 bytes", table.len());
    assert_eq!(table.counters().evicted, 100 - table.len() as u64);
    assert!(hoarder.evicted.iter().all(|what| *what == Scarce::Flows));
}

#[test]
fn a_flow_with_an_open_message_outlives_a_long_silence_and_one_without_does_not() {
    let minutes = |n: i64| n * 60_000;
    let mut hoarder = Hoarder { room: usize::MAX, ..Hoarder::default() };
    let mut table = FlowTable::new(FlowConfig::default());
    for (port, said) in [(1, &b"a"[..]), (2, b".")] {
        let mut lines = handshake();
        lines.push(request(ACK, 101, 501, said));
        lines_of(port, 0, lines).iter().for_each(|l| table.process(&l.segment(), &mut hoarder));
    }
    let now = |millis: i64| crate::base::Timestamp::from_micros(millis * 1000);
    table.sweep(now(minutes(15)), &mut hoarder);
    assert_eq!(hoarder.closed, [2]);
    let more = lines_of(1, minutes(16), vec![request(ACK, 102, 501, b"b")]);
    table.process(&more[0].segment(), &mut hoarder);
    let days = |n: i64| minutes(n * 24 * 60);
    table.sweep(now(days(4)), &mut hoarder);
    assert_eq!((table.len(), &*hoarder.closed), (1, &[2][..]), "who waits a day is not forgotten");
    let more = lines_of(1, days(5), vec![request(FIN | ACK, 103, 501, b"c")]);
    table.process(&more[0].segment(), &mut hoarder);
    table.sweep(now(days(5) + minutes(29)), &mut hoarder);
    assert_eq!((table.len(), &*hoarder.closed), (1, &[2][..]));
    table.sweep(now(days(5) + minutes(34)), &mut hoarder);
    assert_eq!(hoarder.closed, [2, 1], "behind a FIN half an hour is all there is");
}

#[test]
fn a_segment_that_comes_again_megabytes_later_is_waited_for() {
    let piece = [b'x'; 1448];
    let mut lines = handshake();
    let lost = request(ACK, 101, 501, &piece);
    let of = |n: u32| request(ACK, 101 + 1448 * n, 501, &piece);
    // What a window of six megabytes brings until the first of it comes again.
    lines.extend((1..4300).map(of));
    lines.push(lost);
    let mut recorder = Recorder::default();
    let table = process_with(FlowConfig::default(), &lines, &mut recorder);
    assert_eq!((table.counters().gaps, table.counters().waits_broken_off), (0, 0));
    assert_eq!(recorder.flows[0].streams[0].bytes.len(), 4300 * 1448);
}
