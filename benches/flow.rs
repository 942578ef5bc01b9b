//! Segments in order through the flow table: what reassembly itself costs per segment.
#![allow(missing_docs, reason = "criterion makes an undocumented function")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phitap::base::Timestamp;
use phitap::flow::{FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals};
use phitap::model::{FiveTuple, Segment, StreamEvent, StreamInput, TcpFlags};

const FLOWS: u32 = 100_000;
const PAYLOAD: [u8; 200] = [b'x'; 200];

/// Counts bytes; its state is as large as that of a small parser.
struct Count(u64);

impl FlowHandler for Count {
    type State = [u64; 8];

    fn open(&mut self, _: &FlowInfo) -> [u64; 8] {
        [0; 8]
    }

    fn event(&mut self, _: &FlowInfo, state: &mut [u64; 8], event: StreamEvent<'_>) {
        if let StreamInput::Bytes(bytes) = event.input {
            state[0] += bytes.len() as u64;
        }
    }

    fn close(&mut self, _: &FlowInfo, state: [u64; 8], _: &FlowTotals) {
        self.0 += state[0];
    }
}

fn segment(flow: u32, to_server: bool, flags: u8, seq: u32, ack: u32) -> Segment<'static> {
    let [a, b, c, d] = flow.to_be_bytes();
    let tuple = FiveTuple::tcp(
        ([10, b, c, d].into(), 40_000 + u16::from(a)),
        ([192, 168, 0, 1].into(), 80),
    );
    let payload: &[u8] = if flags == TcpFlags::ACK { &PAYLOAD } else { &[] };
    Segment {
        at: Timestamp::from_nanos(i64::from(seq)),
        tuple: if to_server { tuple } else { tuple.reversed() },
        seq,
        ack,
        flags: TcpFlags(flags),
        urgent: 0,
        guise: 0,
        payload,
        wire_payload_len: u32::try_from(payload.len()).unwrap_or(0),
        encapsulation: Default::default(),
        block: None,
    }
}

/// Data in order on 100,000 flows at once, one segment per flow in turn: every lookup misses the
/// processor's caches.
fn in_order(criterion: &mut Criterion) {
    let mut table = FlowTable::new(FlowConfig::default());
    let mut handler = Count(0);
    for flow in 0..FLOWS {
        table.process(&segment(flow, true, TcpFlags::SYN, 0, 0), &mut handler);
        table.process(&segment(flow, false, TcpFlags::SYN | TcpFlags::ACK, 0, 1), &mut handler);
    }
    let mut group = criterion.benchmark_group("flow");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(FLOWS)));
    let mut seq = 1u32;
    group.bench_function("in order, 100k flows", |bencher| {
        bencher.iter(|| {
            for flow in 0..FLOWS {
                let flow = flow.wrapping_mul(48_271) % FLOWS;
                let data = segment(flow, true, TcpFlags::ACK, seq, 1);
                table.process(black_box(&data), &mut handler);
            }
            seq = seq.wrapping_add(200);
        });
    });
    // Handshake, question, answer, both FINs, last ACK: eight segments per connection.
    group.throughput(Throughput::Elements(8 * u64::from(FLOWS / 10)));
    group.bench_function("whole connections", |bencher| {
        bencher.iter(|| {
            let mut table = FlowTable::new(FlowConfig::default());
            for flow in 0..FLOWS / 10 {
                let (syn, ack, fin) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::FIN);
                for (to_server, flags, seq, peer) in [
                    (true, syn, 0, 0),
                    (false, syn | ack, 0, 1),
                    (true, ack | TcpFlags::PSH, 1, 1),
                    (true, ack, 1, 1),
                    (false, ack, 1, 201),
                    (true, fin | ack, 201, 201),
                    (false, fin | ack, 201, 202),
                    (true, ack | TcpFlags::PSH, 202, 202),
                ] {
                    let segment = segment(flow, to_server, flags, seq, peer);
                    table.process(black_box(&segment), &mut handler);
                }
            }
            table.len()
        });
    });
    group.finish();
    black_box(handler.0);
}

criterion_group!(benches, in_order);
criterion_main!(benches);
