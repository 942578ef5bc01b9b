//! What is analysed when more comes than can be: a capture is fed from memory as an interface
//! feeds it, at set rates, into the whole sensor with its database. Told are the highest rate at
//! which nothing is lost, and how many whole exchanges a second are analysed there and at one and
//! a half times that rate. `scale` tells how much sooner two workers are done than one with
//! segments that were dealt out to them before.
//!
//! `PHITAP_BENCH_CAPTURE=FILE cargo bench --bench overload [-- scale]`

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it times, and tells")]

use std::error::Error;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phitap::analysis::Worker;
use phitap::base::{InstallationKey, Shares, Timestamp, table_state};
use phitap::capture::file::FileSource;
use phitap::capture::memory::MemorySource;
use phitap::capture::{CaptureError, Losses, Next, PacketSource};
use phitap::decode::Decoder;
use phitap::detect::Detector;
use phitap::inventory::{Caps, Rollup};
use phitap::model::{Packet, Passed, SegmentBatch};
use phitap::rules::RulePack;
use phitap::sensor::ingest::Ingest;
use phitap::sensor::pipeline::{self, OpenInput, Pace, Settings, Sources, Upcoming};
use phitap::sensor::recorder::{Recorder, RunSpec};
use phitap::store::{RuleNames, Writer};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What an interface holds for a reader that is late, as `--buffer` says where nothing is said.
const BUFFER_BYTES: usize = 64 * 1024 * 1024;
/// Runs of which the best counts: the machine may be busy with something else.
const RUNS: usize = 3;

fn main() -> Outcome<()> {
    let Ok(file) = std::env::var("PHITAP_BENCH_CAPTURE") else {
        println!("SKIP: PHITAP_BENCH_CAPTURE names no capture");
        return Ok(());
    };
    let packets = MemorySource::drain(&mut FileSource::open(file.as_ref())?)?;
    let bench = Bench::new()?;
    if std::env::args().any(|arg| arg == "scale") {
        return bench.scale(&packets);
    }
    bench.overload(&Arc::new(Feed::of(&packets)))
}

/// The packets of a capture.
struct Feed {
    arena: Vec<u8>,
    packets: Vec<(Timestamp, phitap::model::LinkType, u32, usize, usize)>,
}

impl Feed {
    fn of(source: &MemorySource) -> Feed {
        let mut feed = Feed { arena: Vec::new(), packets: Vec::new() };
        for packet in source.packets() {
            let start = feed.arena.len();
            feed.arena.extend_from_slice(packet.data);
            let end = feed.arena.len();
            feed.packets.push((packet.at, packet.link, packet.wire_len, start, end));
        }
        feed
    }

    fn packet(&self, at: usize) -> Option<Packet<'_>> {
        let (at, link, wire_len, start, end) = *self.packets.get(at)?;
        Some(Packet { at, link, wire_len, data: self.arena.get(start..end)?, block: None })
    }
}

/// Hands packets out no sooner than their rate allows, and loses those that its buffer has no
/// room for.
struct Paced {
    feed: Arc<Feed>,
    next: usize,
    /// Packets a second; none for as many as are asked for.
    rate: Option<f64>,
    /// Packets the buffer holds.
    room: usize,
    begun: Option<Instant>,
    due: usize,
    lost: u64,
}

impl Paced {
    fn new(feed: &Arc<Feed>, rate: Option<f64>) -> Paced {
        let feed = feed.clone();
        let room = BUFFER_BYTES / (feed.arena.len() / feed.packets.len().max(1) + 64);
        Paced { feed, next: 0, rate, room, begun: None, due: 0, lost: 0 }
    }
}

impl PacketSource for Paced {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        if self.next >= self.due {
            let begun = *self.begun.get_or_insert_with(Instant::now);
            let due = self.rate.map_or(f64::INFINITY, |rate| begun.elapsed().as_secs_f64() * rate);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "so it is")]
            let due = (due as usize).min(self.feed.packets.len());
            self.due = due;
            let late = (due - self.next.min(due)).saturating_sub(self.room);
            if self.rate.is_some() && late > 0 {
                self.lost += late as u64;
                self.next += late;
            }
            if self.next >= due {
                if due == self.feed.packets.len() {
                    return Ok(Next::End);
                }
                std::thread::park_timeout(Duration::from_micros(200));
                return Ok(Next::Idle(self.feed.packets[self.next].0));
            }
        }
        self.next += 1;
        match self.feed.packet(self.next - 1) {
            Some(packet) => Ok(Next::Packet(packet)),
            None => Ok(Next::End),
        }
    }

    fn name(&self) -> &str {
        "memory"
    }

    fn losses(&mut self) -> Losses {
        Losses { kernel: self.lost, ..Losses::default() }
    }
}

/// What came of one run.
#[derive(Clone, Copy)]
struct Told {
    seconds: f64,
    /// Exchanges of which nothing is missing.
    whole: u64,
    exchanges: u64,
    lost: u64,
    seen: u64,
}

fn whole(rollup: &Rollup) -> (u64, u64) {
    let mut sums = (0, 0);
    for stats in rollup.endpoints.values() {
        let c = &stats.coverage;
        let damaged = c.one_sided + c.gaps + c.truncated + c.undecoded;
        sums.0 += c.exchanges.saturating_sub(damaged);
        sums.1 += c.exchanges;
    }
    sums
}

struct Bench {
    detector: Arc<Detector>,
    key: InstallationKey,
    names: Vec<String>,
}

impl Bench {
    fn new() -> Outcome<Bench> {
        let detector = Arc::new(Detector::compile(&RulePack::builtin())?);
        let names = detector.rule_names().map(str::to_owned).collect();
        Ok(Bench { detector, key: InstallationKey::from_bytes([7; 32]), names })
    }

    fn settings(&self) -> Settings {
        let shares = Shares::default();
        let (detector, key) = (self.detector.clone(), self.key.clone());
        Settings {
            workers: 1,
            shards: 1,
            shares,
            worker: Arc::new(move || Worker::new(shares, detector.clone(), &key)),
            stop: Default::default(),
            progress: Default::default(),
            gauge: None,
            watch: None,
            tunnels: Default::default(),
        }
    }

    fn run(&self, feed: &Arc<Feed>, rate: Option<f64>) -> Outcome<Told> {
        let folder = tempfile::tempdir()?;
        let names = RuleNames::new(self.names.clone());
        let writer = Writer::open(&folder.path().join("x.db"), &self.key.id(), names)?;
        let caps = Caps::new(self.key.hasher("caps"));
        let parts = (self.detector.clone(), caps);
        let recorder = Recorder::begin(writer, RunSpec::capture(), parts)?;
        let mut input = Some(Paced::new(feed, rate));
        let mut next = || match input.take() {
            Some(source) => {
                let ingest = Ingest::new(Box::new(source), None);
                Upcoming::Input(Box::new(OpenInput {
                    ingest,
                    identity: None,
                    identify: None,
                    before: Passed::default(),
                }))
            }
            None => Upcoming::End,
        };
        let pace = if rate.is_some() { Pace::Live } else { Pace::Following };
        let begun = Instant::now();
        let sources = Sources { next: &mut next, pace };
        let outcome = pipeline::run(sources, &self.settings(), recorder)?;
        let elapsed = begun.elapsed().as_secs_f64();
        // What is offered takes so long; what is written behind its end is no part of it.
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let seconds = rate.map_or(elapsed, |rate| feed.packets.len() as f64 / rate);
        let (whole, exchanges) = whole(&outcome.recorded.run);
        let packets = outcome.inputs.first().map(|i| i.account.packets.clone());
        let packets = packets.unwrap_or_default();
        let lost = packets.dropped + packets.shed.values().sum::<u64>();
        Ok(Told { seconds, whole, exchanges, lost, seen: packets.seen })
    }

    /// The best of some runs: that in which the most was analysed.
    fn best(&self, feed: &Arc<Feed>, rate: f64) -> Outcome<Told> {
        let mut best: Option<Told> = None;
        for _ in 0..RUNS {
            let told = self.run(feed, Some(rate))?;
            if best.is_none_or(|best| told.whole > best.whole) {
                best = Some(told);
            }
        }
        best.ok_or_else(|| "no run".into())
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn overload(&self, feed: &Arc<Feed>) -> Outcome<()> {
        let free = self.run(feed, None)?;
        let most = feed.packets.len() as f64 / free.seconds;
        tell("as fast as it goes", most, &free);
        // The highest rate at which nothing is lost: a twentieth less each time.
        let mut rate = most * 1.05;
        let full = loop {
            let told = self.best(feed, rate)?;
            tell("offered", rate, &told);
            if told.lost == 0 {
                break told;
            }
            rate *= 0.95;
        };
        let over = self.best(feed, rate * 1.5)?;
        tell("one and a half times that", rate * 1.5, &over);
        let share = (over.whole as f64 / over.seconds) / (full.whole as f64 / full.seconds);
        println!("at 150 % of the rate: {:.0} % of what is analysed at 100 %", share * 100.0);
        Ok(())
    }

    /// One worker, and two at once, over batches that were dealt out to two before.
    fn scale(&self, packets: &MemorySource) -> Outcome<()> {
        let state = table_state();
        let mut halves = [Vec::new(), Vec::new()];
        let mut open = [SegmentBatch::default(), SegmentBatch::default()];
        let mut decoder = Decoder::default();
        for packet in packets.packets() {
            let Ok(segment) = decoder.decode(&packet) else { continue };
            let (a, b) = (segment.tuple.src, segment.tuple.dst);
            let half = usize::from(state.hash_one(if a <= b { (a, b) } else { (b, a) }) & 1 == 1);
            open[half].push(&segment);
            if open[half].len() >= 2048 {
                halves[half].push(std::mem::take(&mut open[half]));
            }
        }
        for (half, rest) in halves.iter_mut().zip(open) {
            half.push(rest);
        }
        let shares = Shares::of(phitap::base::limits::MEMORY_DEFAULT, 2);
        let work = |batches: &[SegmentBatch]| {
            let mut worker = Worker::new(shares, self.detector.clone(), &self.key);
            let (mut last, mut whole) = (Timestamp::default(), 0);
            for batch in batches {
                for segment in batch.iter() {
                    last = segment.at;
                    worker.process(&segment);
                }
                worker.sweep(last);
                if worker.has_much() {
                    whole += worker.take().endpoints.len();
                }
            }
            while worker.finish() {
                whole += worker.take().endpoints.len();
            }
            whole + worker.take().endpoints.len()
        };
        let timed = |batches: &[SegmentBatch]| {
            let begun = on_processor();
            std::hint::black_box(work(batches));
            (on_processor() - begun).as_secs_f64()
        };
        let (mut wall, mut busy) = ([f64::INFINITY; 2], [f64::INFINITY; 2]);
        for _ in 0..RUNS {
            let begun = Instant::now();
            let one: f64 = halves.iter().map(|half| timed(half)).sum();
            wall[0] = wall[0].min(begun.elapsed().as_secs_f64());
            busy[0] = busy[0].min(one);
            let begun = Instant::now();
            let longer = std::thread::scope(|scope| {
                let [a, b] = &halves;
                let other = scope.spawn(|| timed(b));
                timed(a).max(other.join().unwrap_or(f64::INFINITY))
            });
            wall[1] = wall[1].min(begun.elapsed().as_secs_f64());
            busy[1] = busy[1].min(longer);
        }
        for (what, [one, two]) in [("by the wall clock", wall), ("on the processor", busy)] {
            println!("{what}: one worker {one:.3} s, two {two:.3} s: {:.2} times", one / two);
        }
        Ok(())
    }
}

/// How long this thread has had a processor: what else the machine does is left out.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn tell(what: &str, rate: f64, told: &Told) {
    println!(
        "{what:<26} {:>9.0} packets/s: {:>7.0} whole exchanges/s, \
         {} of {} whole, {} of {} packets lost",
        rate,
        told.whole as f64 / told.seconds,
        told.whole,
        told.exchanges,
        told.lost,
        told.seen,
    );
}
