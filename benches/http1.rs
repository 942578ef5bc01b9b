//! Cost of HTTP/1 parsing alone: `cargo bench --bench http1`.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phitap::base::Timestamp;
use phitap::model::{Direction, MessageEvent, Offsets, StreamEvent, StreamInput};
use phitap::protocol::http1::Http1;
use phitap::protocol::{MessageSink, Parser};

const REQUEST: &[u8] = b"GET /fhir/Patient/4711 HTTP/1.1\r\nHost: fhir.example\r\n\
    User-Agent: curl/8.5.0\r\nAccept: application/fhir+json\r\n\r\n";

const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 23:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 15\r\nConnection: keep-alive\r\n\r\n\
    {\"ok\": [1, 2]}\n";

struct Count(usize);

impl MessageSink for Count {
    fn message(&mut self, event: MessageEvent<'_>) {
        if let MessageEvent::Body { bytes, .. } = black_box(event) {
            self.0 += bytes.len();
        }
    }
}

fn push(parser: &mut Http1, direction: Direction, bytes: &[u8], sink: &mut Count) {
    let input = StreamInput::Bytes(bytes);
    parser.push(
        StreamEvent { direction, at: Timestamp::default(), offsets: Offsets::default(), input },
        sink,
    );
}

fn exchanges(c: &mut Criterion) {
    let mut group = c.benchmark_group("http1");
    let (mut parser, mut sink) = (Http1::new(), Count(0));
    group.bench_function("tiny exchange", |b| {
        b.iter(|| {
            push(&mut parser, Direction::ToServer, black_box(REQUEST), &mut sink);
            push(&mut parser, Direction::ToClient, black_box(RESPONSE), &mut sink);
        });
    });
    group.bench_function("tiny exchange, heads cut in two", |b| {
        b.iter(|| {
            for (direction, bytes) in
                [(Direction::ToServer, REQUEST), (Direction::ToClient, RESPONSE)]
            {
                let (first, second) = bytes.split_at(60);
                push(&mut parser, direction, black_box(first), &mut sink);
                push(&mut parser, direction, black_box(second), &mut sink);
            }
        });
    });
    group.finish();
}

/// Worst shapes at two sizes: the time per byte must not grow with the size.
fn worst_shapes(c: &mut Criterion) {
    let mut group = c.benchmark_group("http1 worst");
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let found = "GET / HTTP/1.1\r\n";
    for size in [128 * 1024, 8 * 1024 * 1024] {
        for (name, start, unit, piece) in [
            ("1-byte chunks", head, "1\r\nx\r\n", usize::MAX),
            ("folded fields", found, "A: b\r\n c\r\n", usize::MAX),
            ("tiny fields", found, "a:b\r\n", usize::MAX),
            ("tiny fields, 1-byte segments", found, "a:b\r\n", 1),
            ("long field, 1-byte segments", found, "aaaaa:a", 1),
            ("request lines behind a loss", "\n\u{0}\n", found, usize::MAX),
            ("unfinished heads behind a loss", "\n\u{0}\n", "GET / HTTP/1.1\r\nA: b\r\n", 1448),
        ] {
            let text = [start.as_bytes(), &unit.as_bytes().repeat(size / unit.len())].concat();
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(format!("{name}, {} KiB", size / 1024), |b| {
                b.iter(|| {
                    let (mut parser, mut sink) = (Http1::new(), Count(0));
                    for piece in text.chunks(piece) {
                        push(&mut parser, Direction::ToServer, piece, &mut sink);
                    }
                    sink.0
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(500));
    targets = exchanges, worst_shapes
}
criterion_main!(benches);
