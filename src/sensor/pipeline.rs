//! From sources to a sealed run.
//!
//! ```text
//! capture (this thread)      workers (N, by hash of the five-tuple)     writer (one)
//! source → decode → shard ══bounded══► Worker::process(batch) ══bounded══► Recorder
//! ```
//!
//! Files wait when a queue is full. Live input does not: it sheds the batch and counts it, which
//! is a gap later on, and parsers know gaps. With no workers everything runs in one thread: the
//! same core, the same result.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::analysis::Worker;
use crate::base::clock::Stopwatch;
use crate::base::{Timestamp, table_state};
use crate::capture::CaptureError;
use crate::decode::Decoder;
use crate::model::{FiveTuple, Segment, SegmentBatch, Settled};
use crate::store::{InputIdentity, InputRecord, StoreError};

use super::drain::Drain;
use super::ingest::{Ingest, Step};
use super::progress::Progress;
use super::recorder::{Recorded, Recorder};
use super::shard::{Panics, Report, Shard, Work, serve};
use super::stop::Stop;

/// Segments of one batch.
const BATCH_SEGMENTS: usize = 512;
/// Payload bytes of one batch.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that wait for a worker.
const QUEUE_BATCHES: usize = 16;
/// Rollups that wait for the writer.
const QUEUE_ROLLUPS: usize = 8;
/// How often live input makes workers hand over what they have.
const TICK: Duration = Duration::from_millis(500);
/// Packets between two looks at the clock, the stop flag and the progress.
const LOOK_PACKETS: u64 = 1024;

/// What is read, in order.
pub struct Sources<'a> {
    /// Opens the next input.
    pub next: &'a mut dyn FnMut() -> Option<Result<OpenInput, CaptureError>>,
    /// Whether packets that cannot be taken at once are lost.
    pub live: bool,
}

/// One input, ready to be read.
pub struct OpenInput {
    /// The input.
    pub ingest: Ingest,
    /// Which file it is.
    pub identity: Option<InputIdentity>,
}

/// How a run goes.
#[derive(Clone)]
pub struct Settings {
    /// Worker threads; 0 runs everything in the calling thread.
    pub workers: usize,
    /// Makes a worker.
    pub worker: Arc<dyn Fn() -> Worker + Send + Sync>,
    /// Ends the run early.
    pub stop: Stop,
    /// Tells how far it is.
    pub progress: Progress,
}

/// What a run leaves.
pub struct Outcome {
    /// What was recorded.
    pub recorded: Recorded,
    /// The inputs with their accounts.
    pub inputs: Vec<InputRecord>,
    /// Inputs that could not be opened or read on.
    pub failures: Vec<CaptureError>,
    /// Whether someone stopped it.
    pub interrupted: bool,
    /// Panics of workers: each lost the flows of its shard.
    pub panics: u64,
}

/// Runs `sources` to their end, or until someone stops it.
pub fn run(
    mut sources: Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    if settings.workers == 0 {
        inline(&mut sources, settings, recorder)
    } else {
        threaded(&mut sources, settings, recorder)
    }
}

fn inline(
    sources: &mut Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    let mut here = Inline {
        shard: Shard::new(settings.worker.clone(), Arc::default()),
        batch: SegmentBatch::default(),
        recorder,
        failed: None,
    };
    let mut capture = Capture::new(settings);
    capture.read(sources, &mut here);
    here.flush();
    let rollup = here.shard.finish();
    here.recorder.add(rollup);
    if let Some(error) = here.failed {
        return Err(error);
    }
    let panics = here.shard.panics().clone();
    capture.conclude(here.recorder, &panics)
}

/// Where the capture loop's segments go.
trait Lane {
    fn push(&mut self, segment: &Segment<'_>);
    /// Hands over what is pending; `now` is the packet time or the clock of an idle interface.
    fn tick(&mut self, now: Timestamp, inputs: &dyn Fn() -> Vec<InputRecord>);
    /// Whether nothing more can be taken: the store failed.
    fn broken(&self) -> bool;
}

struct Inline {
    shard: Shard,
    batch: SegmentBatch,
    recorder: Recorder,
    failed: Option<StoreError>,
}

impl Inline {
    fn flush(&mut self) {
        if let Some(rollup) = self.shard.process(&self.batch) {
            self.recorder.add(rollup);
        }
        self.batch.clear();
        if self.shard.worker.has_much() {
            let rollup = self.shard.worker.take();
            self.recorder.add(rollup);
        }
    }
}

impl Lane for Inline {
    fn push(&mut self, segment: &Segment<'_>) {
        self.batch.push(segment);
        if self.batch.len() >= BATCH_SEGMENTS || self.batch.bytes() >= BATCH_BYTES {
            self.flush();
        }
    }

    fn tick(&mut self, now: Timestamp, inputs: &dyn Fn() -> Vec<InputRecord>) {
        self.flush();
        self.shard.worker.sweep(now);
        let rollup = self.shard.worker.take();
        self.recorder.add(rollup);
        if self.recorder.is_due()
            && let Err(error) = self.recorder.flush(&inputs())
        {
            self.failed = Some(error);
        }
    }

    fn broken(&self) -> bool {
        self.failed.is_some()
    }
}

/// The capture loop.
struct Capture<'a> {
    settings: &'a Settings,
    decoder: Decoder,
    done: Vec<InputRecord>,
    failures: Vec<CaptureError>,
    interrupted: bool,
    bytes_before: u64,
    packets_before: u64,
    since_tick: Stopwatch,
}

impl<'a> Capture<'a> {
    fn new(settings: &'a Settings) -> Self {
        Capture {
            settings,
            decoder: Decoder::default(),
            done: Vec::new(),
            failures: Vec::new(),
            interrupted: false,
            bytes_before: 0,
            packets_before: 0,
            since_tick: Stopwatch::start(),
        }
    }

    fn read(&mut self, sources: &mut Sources<'_>, lane: &mut dyn Lane) {
        while !self.settings.stop.asked() && !lane.broken() {
            match (sources.next)() {
                None => return,
                Some(Err(error)) => self.failures.push(error),
                Some(Ok(input)) => self.read_input(input, sources.live, lane),
            }
        }
        self.interrupted = self.settings.stop.asked();
    }

    fn read_input(&mut self, input: OpenInput, live: bool, lane: &mut dyn Lane) {
        let OpenInput { mut ingest, identity } = input;
        let number = u32::try_from(self.done.len()).unwrap_or(u32::MAX);
        ingest.go_on(std::mem::take(&mut self.decoder), number);
        let mut last = Timestamp::default();
        let mut stopped = false;
        let mut drain = Drain::default();
        loop {
            if ingest.packets() % LOOK_PACKETS == 0
                && self.look(&mut ingest, last, live, lane)
                && (!live || drain.is_over())
            {
                stopped = true;
                break;
            }
            match ingest.step() {
                Ok(Step::Segment(segment)) => {
                    last = segment.at;
                    lane.push(&segment);
                }
                Ok(Step::Counted) => {}
                Ok(Step::Idle(now)) => {
                    if self.look(&mut ingest, now, live, lane) && (!live || drain.is_quiet()) {
                        stopped = true;
                        break;
                    }
                }
                Ok(Step::End) => break,
                Err(error) => {
                    self.failures.push(error);
                    stopped = true;
                    break;
                }
            }
        }
        self.note_progress(&ingest);
        self.bytes_before += ingest.source().progress().bytes_read;
        self.packets_before += ingest.packets();
        let mut account = ingest.account();
        self.settle(ingest.settled_earlier());
        self.decoder = ingest.hand_on();
        if stopped && !live && account.incomplete.is_none() {
            account.incomplete = Some("interrupted".into());
        }
        self.done.push(InputRecord { account, identity });
    }

    /// Accounts for packets of inputs that are done: fragments that waited there for others.
    fn settle(&mut self, settled: impl IntoIterator<Item = Settled>) {
        for settled in settled {
            if let Some(record) = self.done.get_mut(settled.input as usize) {
                record.account.packets.settle(&settled);
            }
        }
    }

    /// Looks up from the packets now and then; whether to stop.
    fn look(
        &mut self,
        ingest: &mut Ingest,
        now: Timestamp,
        live: bool,
        lane: &mut dyn Lane,
    ) -> bool {
        self.note_progress(ingest);
        if live && self.since_tick.elapsed() >= TICK {
            self.since_tick = Stopwatch::start();
            let account = ingest.account();
            let inputs = || vec![InputRecord { account: account.clone(), identity: None }];
            lane.tick(now, &inputs);
        }
        self.settings.stop.asked() || lane.broken()
    }

    fn note_progress(&self, ingest: &Ingest) {
        let bytes = self.bytes_before + ingest.source().progress().bytes_read;
        self.settings.progress.set(bytes, self.packets_before + ingest.packets());
    }

    fn conclude(mut self, recorder: Recorder, panics: &Panics) -> Result<Outcome, StoreError> {
        self.decoder.finish();
        let settled: Vec<Settled> = self.decoder.settled().collect();
        self.settle(settled);
        let lost = panics.segments();
        if let Some(record) = self.done.last_mut() {
            let packets = &mut record.account.packets;
            let taken = lost.min(packets.analysed);
            if taken > 0 {
                packets.analysed -= taken;
                *packets.shed.entry("worker-panic").or_default() += taken;
            }
        }
        let recorded = recorder.seal(&self.done, self.interrupted)?;
        Ok(Outcome {
            recorded,
            inputs: self.done,
            failures: self.failures,
            interrupted: self.interrupted,
            panics: panics.count(),
        })
    }
}

fn threaded(
    sources: &mut Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    let panics = Arc::new(Panics::default());
    let failed = Mutex::new(None);
    let (to_writer, from_workers) = bounded::<Report>(QUEUE_ROLLUPS);
    let mut capture = Capture::new(settings);
    let recorder = thread::scope(|scope| {
        let mut lanes = Vec::new();
        for _ in 0..settings.workers {
            let (to_worker, work) = bounded::<Work>(QUEUE_BATCHES);
            let (give_back, empty) = bounded::<SegmentBatch>(QUEUE_BATCHES + 1);
            let (make, panics) = (settings.worker.clone(), panics.clone());
            let to_writer = to_writer.clone();
            scope.spawn(move || {
                let shard = Shard::new(make, panics);
                serve(shard, &work, &give_back, &to_writer);
            });
            lanes.push(ShardLane { to_worker, empty, batch: SegmentBatch::default() });
        }
        let failed = &failed;
        let writer = scope.spawn(move || write_loop(recorder, &from_workers, failed));
        let state = table_state();
        let live = sources.live;
        let mut shards = Shards { lanes, state, live, failed, to_writer, shed: 0 };
        capture.read(sources, &mut shards);
        shards.flush_all();
        let shed = shards.shed;
        drop(shards);
        let recorder = writer.join();
        if let (Some(record), true) = (capture.done.last_mut(), shed > 0) {
            let packets = &mut record.account.packets;
            let taken = shed.min(packets.analysed);
            packets.analysed -= taken;
            *packets.shed.entry("queue-full").or_default() += taken;
        }
        recorder
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    match recorder {
        Ok(recorder) => capture.conclude(recorder, &panics),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

struct ShardLane {
    to_worker: Sender<Work>,
    empty: Receiver<SegmentBatch>,
    batch: SegmentBatch,
}

struct Shards<'a> {
    lanes: Vec<ShardLane>,
    state: foldhash::quality::RandomState,
    live: bool,
    failed: &'a Mutex<Option<StoreError>>,
    to_writer: Sender<Report>,
    shed: u64,
}

impl Shards<'_> {
    fn lane_of(&self, tuple: &FiveTuple) -> usize {
        if self.lanes.len() == 1 {
            return 0;
        }
        let (a, b) =
            if tuple.src <= tuple.dst { (tuple.src, tuple.dst) } else { (tuple.dst, tuple.src) };
        let lane = self.state.hash_one((a, b, tuple.transport)) % self.lanes.len() as u64;
        usize::try_from(lane).unwrap_or_default()
    }

    fn flush(&mut self, at: usize) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        if lane.batch.is_empty() {
            return;
        }
        let next = lane.empty.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut lane.batch, next);
        if !self.live {
            // The worker ends only when this lane does.
            let _ = lane.to_worker.send(Work::Batch(batch));
            return;
        }
        if let Err(
            TrySendError::Full(Work::Batch(mut batch))
            | TrySendError::Disconnected(Work::Batch(mut batch)),
        ) = lane.to_worker.try_send(Work::Batch(batch))
        {
            self.shed += batch.len() as u64;
            batch.clear();
            lane.batch = batch;
        }
    }

    fn flush_all(&mut self) {
        for at in 0..self.lanes.len() {
            self.flush(at);
        }
    }
}

impl Lane for Shards<'_> {
    fn push(&mut self, segment: &Segment<'_>) {
        let at = self.lane_of(&segment.tuple);
        let Some(lane) = self.lanes.get_mut(at) else { return };
        lane.batch.push(segment);
        if lane.batch.len() >= BATCH_SEGMENTS || lane.batch.bytes() >= BATCH_BYTES {
            self.flush(at);
        }
    }

    fn tick(&mut self, now: Timestamp, inputs: &dyn Fn() -> Vec<InputRecord>) {
        self.flush_all();
        for lane in &self.lanes {
            // A worker that is behind hands over what it has soon enough by itself.
            let _ = lane.to_worker.try_send(Work::Tick(now));
        }
        let _ = self.to_writer.try_send(Report::Inputs(inputs()));
    }

    fn broken(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

fn write_loop(
    mut recorder: Recorder,
    reports: &Receiver<Report>,
    failed: &Mutex<Option<StoreError>>,
) -> Recorder {
    let mut inputs = Vec::new();
    for report in reports {
        match report {
            Report::Rollup(rollup) => recorder.add(*rollup),
            Report::Inputs(now) => inputs = now,
        }
        let mut slot = failed.lock().unwrap_or_else(PoisonError::into_inner);
        // After a failure the queue is only drained, so that nobody waits for ever.
        if slot.is_none() && recorder.is_due() {
            *slot = recorder.flush(&inputs).err();
        }
    }
    recorder
}
