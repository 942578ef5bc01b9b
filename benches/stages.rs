//! What the stages below parsing cost on a capture, each on its own, best of three, in one run:
//! reading it, decoding its packets, putting its flows together; and inflating every gzip body in
//! it with zlib-rs alone, the yardstick for compressed traffic.
//!
//! `PHITAP_BENCH_CAPTURE=FILE cargo bench --bench stages`

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it times, and tells")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress, Status};
use phitap::base::limits::DECODE_BUFFER_BYTES;
use phitap::capture::file::FileSource;
use phitap::capture::{Next, PacketSource};
use phitap::decode::Decoder;
use phitap::flow::{FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals};
use phitap::model::{Direction, MessageEvent, MessageHead, Packet, StreamEvent, StreamInput};
use phitap::protocol::http1::Http1;
use phitap::protocol::{MessageSink, Parser};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let Ok(file) = std::env::var("PHITAP_BENCH_CAPTURE") else {
        println!("SKIP: PHITAP_BENCH_CAPTURE names no capture");
        return Ok(());
    };
    let file = Path::new(&file);
    let tell = |what: &str, (time, count): (Duration, u64), unit: &str| {
        println!("{what:<32} {:>8.3} s  {count} {unit}", time.as_secs_f64());
    };
    tell("read", best(|| each(file, |_| {}))?, "packets");
    tell("read, decode", best(|| decode(file))?, "segments");
    tell("read, decode, flow", best(|| Ok(reassemble(file, Count(0))?.0))?, "payload bytes");
    let bodies = reassemble(file, Collect(Vec::new()))?.0;
    println!("{} bodies with gzip", bodies.len());
    tell("inflate alone", best(|| inflate(&bodies))?, "bytes");
    Ok(())
}

fn best(mut run: impl FnMut() -> Outcome<u64>) -> Outcome<(Duration, u64)> {
    let mut best = (Duration::MAX, 0);
    for _ in 0..3 {
        let start = Instant::now();
        let count = black_box(run()?);
        best = best.min((start.elapsed(), count));
    }
    Ok(best)
}

fn each(file: &Path, mut packet: impl FnMut(&Packet<'_>)) -> Outcome<u64> {
    let mut source = FileSource::open(file)?;
    let mut packets = 0;
    loop {
        match source.next_packet()? {
            Next::Packet(next) => packet(&next),
            Next::End => return Ok(packets),
            _ => continue,
        }
        packets += 1;
    }
}

fn decode(file: &Path) -> Outcome<u64> {
    let (mut decoder, mut segments) = (Decoder::default(), 0);
    each(file, |packet| segments += u64::from(black_box(decoder.decode(packet)).is_ok()))?;
    Ok(segments)
}

/// Counts payload.
struct Count(u64);

impl FlowHandler for Count {
    type State = ();

    fn open(&mut self, _: &FlowInfo) {}

    fn event(&mut self, _: &FlowInfo, (): &mut (), event: StreamEvent<'_>) {
        if let StreamInput::Bytes(bytes) = event.input {
            self.0 += bytes.len() as u64;
        }
    }

    fn close(&mut self, _: &FlowInfo, (): (), _: &FlowTotals) {}
}

/// Puts the flows of a capture together for `handler`.
fn reassemble<H: FlowHandler>(file: &Path, mut handler: H) -> Outcome<H> {
    let mut decoder = Decoder::default();
    let mut table = FlowTable::new(FlowConfig::default());
    each(file, |packet| {
        if let Ok(segment) = decoder.decode(packet) {
            table.process(&segment, &mut handler);
        }
    })?;
    table.finish(&mut handler);
    Ok(handler)
}

/// Collects the bodies of responses that are compressed with gzip.
#[derive(Default)]
struct Bodies {
    whole: Vec<Vec<u8>>,
    open: bool,
}

impl MessageSink for Bodies {
    fn message(&mut self, event: MessageEvent<'_>) {
        match event {
            MessageEvent::Head { head: MessageHead::HttpResponse { headers, .. }, .. } => {
                self.open = headers.iter().any(|header| {
                    header.name.eq_ignore_ascii_case(b"content-encoding")
                        && header.value.eq_ignore_ascii_case(b"gzip")
                });
                if self.open {
                    self.whole.push(Vec::new());
                }
            }
            MessageEvent::Body { direction: Direction::ToClient, bytes } if self.open => {
                if let Some(body) = self.whole.last_mut() {
                    body.extend_from_slice(bytes);
                }
            }
            _ => {}
        }
    }
}

/// One parser and its bodies per flow.
struct Collect(Vec<Vec<u8>>);

impl FlowHandler for Collect {
    type State = (Http1, Bodies);

    fn open(&mut self, _: &FlowInfo) -> Self::State {
        (Http1::new(), Bodies::default())
    }

    fn event(&mut self, _: &FlowInfo, (parser, bodies): &mut Self::State, event: StreamEvent<'_>) {
        parser.push(event, bodies);
    }

    fn close(&mut self, _: &FlowInfo, (_, bodies): Self::State, _: &FlowTotals) {
        self.0.extend(bodies.whole);
    }
}

/// A gzip member's header without optional fields (RFC 1952 section 2.3), as servers send it.
const HEADER_BYTES: usize = 10;

/// One decoder and one buffer for all bodies, so that nothing but inflating is timed.
fn inflate(bodies: &[Vec<u8>]) -> Outcome<u64> {
    let mut decoder = Decompress::new(false);
    let mut buffer = vec![0; DECODE_BUFFER_BYTES];
    let mut total = 0;
    for body in bodies {
        decoder.reset(false);
        let mut rest = body.get(HEADER_BYTES..).unwrap_or_default();
        loop {
            let (read, written) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(rest, &mut buffer, FlushDecompress::None)?;
            let used = usize::try_from(decoder.total_in() - read)?;
            rest = rest.get(used..).unwrap_or_default();
            let made = decoder.total_out() - written;
            total += made;
            black_box(&buffer);
            if status == Status::StreamEnd || used == 0 && made == 0 {
                break;
            }
        }
    }
    Ok(total)
}
