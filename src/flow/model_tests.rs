//! Laws, against a naive model: random cuts, orders, copies and losses of known streams.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::base::Timestamp;

use super::testing::*;
use super::{FlowConfig, FlowTable};

/// One stream of each direction, as sent: what every byte at its place is.
const STREAM_BYTES: usize = 600;

fn byte(direction_to_server: bool, at: usize) -> u8 {
    let salt = if direction_to_server { 7 } else { 91 };
    u8::try_from((at * 31 + at / 251 + salt) % 256).unwrap()
}

fn stream(to_server: bool) -> Vec<u8> {
    (0..STREAM_BYTES).map(|at| byte(to_server, at)).collect()
}

fn data(to_server: bool, isn: u32, from: usize, to: usize) -> Line {
    let payload = &stream(to_server)[from..to];
    let seq = isn.wrapping_add(1).wrapping_add(u32::try_from(from).unwrap());
    if to_server { request(ACK, seq, 0, payload) } else { response(ACK, seq, 0, payload) }
}

/// Cuts `0..STREAM_BYTES` at the given places.
fn pieces(cuts: &[usize]) -> Vec<(usize, usize)> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % STREAM_BYTES).collect();
    at.extend([0, STREAM_BYTES]);
    at.sort_unstable();
    at.dedup();
    at.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Moves each line by less than its jitter; at most `reach` others overtake one.
fn shuffled(lines: Vec<Line>, jitter: &[usize], reach: usize) -> Vec<Line> {
    let mut keyed: Vec<(usize, Line)> = lines
        .into_iter()
        .enumerate()
        .map(|(n, line)| (n + jitter[n % jitter.len()] % reach, line))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, line)| line).collect()
}

/// A conversation of both streams, alternately, each segment acknowledging all sent before it.
fn conversation(isns: [u32; 2], cuts: &[usize]) -> Vec<Line> {
    let [client, server] = isns;
    let mut lines = vec![
        request(SYN, client, 0, b""),
        response(SYN | ACK, server, client.wrapping_add(1), b""),
        request(ACK, client.wrapping_add(1), server.wrapping_add(1), b""),
    ];
    let mut sent = [client.wrapping_add(1), server.wrapping_add(1)];
    for (from, to) in pieces(cuts) {
        for to_server in [true, false] {
            let mut line = data(to_server, isns[usize::from(!to_server)], from, to);
            line.ack = sent[usize::from(to_server)];
            sent[usize::from(!to_server)] = line.seq.wrapping_add(line.wire);
            lines.push(line);
        }
    }
    lines.push(request(FIN, sent[0], sent[1], b""));
    lines.push(response(FIN, sent[1], sent[0].wrapping_add(1), b""));
    lines
}

/// One flow has all bytes of both streams. A SYN that comes after both FINs begins a flow of its
/// own, without bytes: it cannot be told from a port used again.
fn assert_whole(flows: &[Told]) {
    let flows: Vec<_> = flows.iter().filter(|flow| !flow.order.is_empty()).collect();
    assert_eq!(flows.len(), 1);
    for to_server in [true, false] {
        let heard = &flows[0].streams[usize::from(!to_server)];
        let want: Vec<Option<u8>> = stream(to_server).into_iter().map(Some).collect();
        assert_same(&heard.bytes, &want);
    }
}

/// Equal, or the first difference.
fn assert_same(heard: &[Option<u8>], want: &[Option<u8>]) {
    let differ = heard.iter().zip(want).position(|(a, b)| a != b);
    assert_eq!((differ, heard.len()), (None, want.len()));
}

/// Initial sequence numbers, often just before the wrap.
fn isn() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (0u32..700).prop_map(|n| u32::MAX - n)]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn cuts_orders_and_copies_change_nothing(
        isns in [isn(), isn()],
        cuts in vec(any::<usize>(), 0..40),
        copies in vec(any::<(bool, usize, usize, usize)>(), 0..20),
        jitter in vec(any::<usize>(), 1..40),
    ) {
        let mut lines = conversation(isns, &cuts);
        let last = lines.len() - 2;
        for (to_server, a, b, place) in copies {
            let (a, b) = (a % STREAM_BYTES, b % STREAM_BYTES);
            let mut copy = data(to_server, isns[usize::from(!to_server)], a.min(b), a.max(b) + 1);
            copy.ack = isns[usize::from(to_server)].wrapping_add(1);
            lines.insert(3 + place % (last - 2), copy);
        }
        // The whole conversation, handshake and FINs included, out of order.
        let flows = told(&shuffled(lines.clone(), &jitter, 8));
        assert_whole(&flows);
        let odd: Vec<_> = flows[0].totals.unwrap().anomalies.names().collect();
        prop_assert!(odd.is_empty(), "{odd:?}");
        // Without the handshake.
        let flows = told(&shuffled(lines[3..].to_vec(), &jitter, 8));
        assert_whole(&flows);
    }

    #[test]
    fn answers_do_not_overtake_questions(
        isns in [isn(), isn()],
        cuts in vec(any::<usize>(), 0..20),
        jitter in vec(any::<usize>(), 1..40),
    ) {
        let mut lines = conversation(isns, &cuts);
        // Both ends were seen once: only then it is known that there is anything to wait for.
        let rest = lines.split_off(3);
        lines.extend(shuffled(rest, &jitter, 8));
        let flows = told(&lines);
        // Each answer acknowledges one more question.
        let mut lead = 0;
        for direction in &flows[0].order {
            lead += if direction.index() == 0 { 1 } else { -1 };
            prop_assert!(lead >= 0);
        }
    }

    #[test]
    fn losses_are_gaps_of_exact_length(
        isns in [isn(), isn()],
        cuts in vec(any::<usize>(), 4..40),
        lost in vec(any::<bool>(), 80),
        jitter in vec(any::<usize>(), 1..40),
    ) {
        let lines = conversation(isns, &cuts);
        let last = lines.len() - 2;
        let kept = |n: usize| n < 3 || n >= last || !lost[n % lost.len()];
        let mut want = [vec![None; STREAM_BYTES], vec![None; STREAM_BYTES]];
        for (_, line) in lines.iter().enumerate().filter(|(n, _)| kept(*n)) {
            let side = usize::from(!line.to_server);
            let from = line.seq.wrapping_sub(isns[side].wrapping_add(1)) as usize;
            for (at, byte) in line.payload.iter().enumerate() {
                want[side][from + at] = Some(*byte);
            }
        }
        let survivors = lines.iter().enumerate().filter(|(n, _)| kept(*n));
        let survivors = survivors.map(|(_, line)| line.clone()).collect();
        let flows = told(&shuffled(survivors, &jitter, 4));
        prop_assert_eq!(flows.len(), 1);
        for (heard, want) in flows[0].streams.iter().zip(&want) {
            assert_same(&heard.bytes, want);
        }
    }

    #[test]
    fn other_flows_and_sweeps_change_nothing(
        ports in vec(1u16..6, 1..200),
        cuts in vec(any::<usize>(), 0..20),
        jitter in vec(any::<usize>(), 1..40),
        sweeps in vec(any::<bool>(), 1..20),
    ) {
        let of = |port: u16| -> Vec<Line> {
            let isns = [u32::from(port) * 1000, u32::MAX - u32::from(port)];
            let lines = shuffled(conversation(isns, &cuts), &jitter, 8);
            lines.into_iter().map(|line| Line { client_port: port, ..line }).collect()
        };
        let mut alone = Vec::new();
        let mut queues: Vec<_> = (1..6).map(|port| of(port).into_iter()).collect();
        for port in 1..6 {
            alone.extend(told(&of(port)));
        }
        let mut recorder = Recorder::default();
        let mut table = FlowTable::new(FlowConfig::default());
        let order = ports.iter().copied().chain((1..6).cycle().take(5 * 200));
        for (n, port) in order.enumerate() {
            if let Some(line) = queues[usize::from(port) - 1].next() {
                table.process(&line.segment(), &mut recorder);
            }
            if sweeps[n % sweeps.len()] {
                table.sweep(Timestamp::from_micros(1_900_000), &mut recorder);
            }
        }
        table.finish(&mut recorder);
        prop_assert!(by_client(&recorder.flows) == by_client(&alone));
    }

    #[test]
    fn silence_decides_the_same_whoever_notices_it(
        cuts in vec(any::<usize>(), 4..40),
        lost in vec(any::<bool>(), 80),
        pauses in vec(prop::sample::select(vec![0i64, 1, 300, 900, 1100, 4000, 12_000]), 1..20),
        sweeps in vec(any::<bool>(), 1..20),
    ) {
        let of = |port: u16| -> Vec<Line> {
            let isns = [u32::from(port) * 1000, u32::MAX - u32::from(port)];
            let mut millis = 0;
            let lines = conversation(isns, &cuts).into_iter().enumerate();
            let lines = lines.filter_map(|(n, line)| {
                millis += pauses[(n + usize::from(port)) % pauses.len()];
                let kept = !lost[(n + usize::from(port)) % lost.len()];
                kept.then_some(Line { client_port: port, ..line.at(millis) })
            });
            lines.collect()
        };
        let alone: Vec<_> = (1..6).flat_map(|port| told(&of(port))).collect();
        let mut all: Vec<_> = (1..6).flat_map(of).collect();
        all.sort_by_key(|line| line.millis);
        let mut recorder = Recorder::default();
        let mut table = FlowTable::new(FlowConfig::default());
        for (n, line) in all.iter().enumerate() {
            table.process(&line.segment(), &mut recorder);
            if sweeps[n % sweeps.len()] {
                table.sweep(Timestamp::from_micros(line.millis * 1000), &mut recorder);
            }
        }
        table.finish(&mut recorder);
        // Where a begin was lost, the ports tell who is who, and five clients are one.
        let all = |flows: &[Told]| {
            let mut all: Vec<_> = by_client(flows).into_values().flatten().collect();
            all.sort();
            all
        };
        prop_assert_eq!(all(&recorder.flows), all(&alone));
    }

    #[test]
    fn any_segments_stay_within_the_limits(
        raw in vec((any::<(u8, u32, u32)>(), 0usize..60, 0u32..80, 0i64..400_000), 0..400),
        wild in any::<bool>(),
        flows_max in 1usize..6,
    ) {
        let config = FlowConfig {
            flows_max,
            bytes_per_stream: 700,
            segments_per_stream: 5,
            bytes_per_table: 1500,
            ..FlowConfig::default()
        };
        let mut recorder = Recorder::default();
        let mut table = FlowTable::new(config);
        let mut millis = 0;
        for ((bits, seq, ack), len, wire, gap) in raw {
            // Mostly near each other, mostly plain data; sometimes a long silence.
            millis += if gap > 390_000 { gap } else { gap % 7 };
            let span = if wild { u32::MAX } else { 300 };
            let (seq, ack) = (seq % span, ack % span);
            let flags = [ACK, ACK, ACK, ACK, FIN, SYN, SYN | ACK, RST, 0, ACK | 0x20];
            let line = Line {
                to_server: bits & 1 == 0,
                flags: flags[usize::from(bits >> 1) % flags.len()],
                client_port: 1 + u16::from(bits >> 6) * 2,
                wire,
                ..request(ACK, seq, ack, &vec![bits; len])
            };
            table.process(&line.at(millis).segment(), &mut recorder);
            prop_assert!(table.held_bytes() <= 1500, "{}", table.held_bytes());
            prop_assert!(table.len() <= flows_max);
        }
        table.finish(&mut recorder);
        prop_assert_eq!(table.held_bytes(), 0);
        prop_assert!(table.is_empty());
        let counters = table.counters();
        let ends = counters.finished + counters.reset + counters.expired + counters.evicted;
        prop_assert_eq!(counters.opened, ends + counters.cut);
        prop_assert_eq!(counters.opened, recorder.flows.len() as u64);
        prop_assert!(recorder.flows.iter().all(|flow| flow.totals.is_some()));
    }
}
