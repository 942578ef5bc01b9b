//! From frames to segments: what decoding costs a packet, the search for second copies with it.
#![allow(missing_docs, reason = "criterion makes an undocumented function")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phitap::base::Timestamp;
use phitap::decode::Decoder;
use phitap::model::{LinkType, Packet};

const PACKETS: usize = 16_384;

/// Ethernet, the tags in `types`, IPv4, TCP; every packet has an identification and sequence
/// number of its own, so that none is a duplicate.
fn frames(types: &[u8], payload: usize) -> Vec<Vec<u8>> {
    let frame = |n: usize| {
        let n = u32::try_from(n).unwrap_or(0);
        let total = u16::try_from(40 + payload).unwrap_or(0).to_be_bytes();
        let id = (n & 0xffff).to_be_bytes();
        let mut out = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        out.extend(types);
        out.extend([0x45, 0, total[0], total[1], id[2], id[3], 0x40, 0, 64, 6, 0, 0]);
        out.extend([10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80]);
        out.extend((n * 1460).to_be_bytes());
        out.extend([0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
        out.resize(out.len() + payload, b'x');
        out
    };
    (0..PACKETS).map(frame).collect()
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(PACKETS as u64));
    let cases: [(&str, &[u8], usize); 4] = [
        ("acknowledgments", &[8, 0], 0),
        ("200 bytes", &[8, 0], 200),
        ("1460 bytes", &[8, 0], 1460),
        ("200 bytes in a VLAN", &[0x81, 0, 0, 10, 8, 0], 200),
    ];
    for (name, types, payload) in cases {
        let frames = frames(types, payload);
        let mut decoder = Decoder::default();
        let mut round = 0i64;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                // A second between rounds: what comes again was sent again.
                round += 1_000_000_000;
                for data in &frames {
                    let at = Timestamp::from_nanos(round);
                    let wire_len = u32::try_from(data.len()).unwrap_or(0);
                    let link = LinkType::ETHERNET;
                    let packet = Packet { at, link, data, wire_len, block: None };
                    black_box(decoder.decode(&packet).is_ok());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
