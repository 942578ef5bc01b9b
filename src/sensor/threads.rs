//! The same with threads: a capture thread per interface, workers, the writer.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};

use crate::base::clock::Stopwatch;
use crate::base::{Timestamp, table_state};
use crate::model::{FiveTuple, Segment, SegmentBatch};
use crate::store::{InputRecord, StoreError};

use super::copies::Copies;
use super::order::{self, Marks, Order};
use super::pipeline::{
    BATCH_BYTES, BATCH_SEGMENTS, Capture, Lane, OpenInput, Outcome, Pace, Settings, Sources,
};
use super::pressure::Pressure;
use super::queue::{Hand, Report, ShardQueue, Work};
use super::recorder::Recorder;
use super::shard::{Panics, Shard};

/// Batches that wait, for each worker, where memory allows.
const QUEUE_BATCHES_MAX: usize = 4;
/// What a batch takes: its bytes, and about as much again as a quarter of them for the segments.
const BATCH_HELD_BYTES: usize = BATCH_BYTES + BATCH_BYTES / 4;
/// Rollups of each shard that wait for the writer, and of all at least: while it writes, shards
/// that have little go on.
const QUEUE_ROLLUPS: usize = 2;
/// See [`QUEUE_ROLLUPS`].
const QUEUE_ROLLUPS_MIN: usize = 4;
/// How long a capture that ends waits for a worker that is behind: a part of the two seconds in
/// which all is written.
const LAST_BATCH_WAIT: Duration = Duration::from_millis(500);

/// Among how many shards so many workers divide the flows. A capture thread that reads files works,
/// too, where it would wait.
pub fn shards(workers: usize, pace: Pace) -> usize {
    match pace {
        Pace::Live => workers.max(1),
        Pace::Files | Pace::Following => workers + 1,
    }
}

/// Runs `sources` to their end with worker threads.
pub(super) fn threaded(
    sources: &mut Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    let panics = Arc::new(Panics::default());
    let failed = AtomicBool::new(false);
    // As many that are empty go back.
    let batches = settings.shares.queue_bytes / BATCH_HELD_BYTES / 2;
    let most = QUEUE_BATCHES_MAX * settings.workers / settings.shards.max(1);
    let batches = batches.clamp(1, most.max(1));
    let rollups = (QUEUE_ROLLUPS * settings.shards).max(QUEUE_ROLLUPS_MIN);
    let (to_writer, from_workers) = bounded::<Report>(rollups);
    let mut capture = Capture::new(settings, (0, 1));
    let (copies, marks) = (capture.copies().clone(), Marks::default());
    let told = (&panics, &copies, &marks);
    let (lanes, queues): (Vec<_>, Vec<_>) =
        (0..settings.shards).map(|number| shard(settings, (number, batches), told)).unzip();
    let recorder = thread::scope(|scope| {
        let (bell, rung) = bounded::<()>(settings.workers);
        let hand = |first| Hand { queues: &queues, first, to_writer: to_writer.clone() };
        for worker in 0..settings.workers {
            let (hand, rung) = (hand(worker), rung.clone());
            scope.spawn(move || hand.serve(&rung));
        }
        let failed = &failed;
        let writer = scope.spawn(move || write_loop(recorder, &from_workers, failed));
        let (state, live) = (table_state(), sources.pace == Pace::Live);
        let hand = hand(settings.workers);
        drop((to_writer, rung));
        let (since, idle, shed) = (Timestamp::MIN, Timestamp::MIN, 0);
        let shards = Shards { lanes, state, live, failed, hand, bell, shed, marks, since, idle };
        if live {
            listen(scope, &mut capture, (sources, settings), shards);
        } else {
            let mut shards = shards;
            capture.read(sources, &mut shards);
            shards.finish(&mut capture);
        }
        // The workers and the writer end when nobody is left to hand them anything.
        writer.join()
    });
    match recorder {
        Ok(recorder) => capture.conclude(recorder?, &panics),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A new shard, its queue and the way there.
fn shard(
    settings: &Settings,
    (number, batches): (usize, usize),
    (panics, copies, marks): (&Arc<Panics>, &Arc<Copies>, &Marks),
) -> (ShardLane, ShardQueue) {
    let (to_shard, work) = bounded::<Work>(batches);
    let (give_back, empty) = bounded::<SegmentBatch>(batches + 1);
    let order = Order::new(marks.clone(), number, settings.shares.queue_bytes / 2);
    let shard = Shard::new(settings.worker.clone(), panics.clone());
    let shard = shard.telling(copies.clone()).ordered(order);
    let shard = Mutex::new(Some(shard.gauged(settings.gauge.clone())));
    let (batch, pressure) = (SegmentBatch::default(), Pressure::default());
    let lane = ShardLane { to_shard, empty, batch, pressure, source: 0 };
    (lane, ShardQueue { work, give_back, shard })
}

/// Reads every live input at once: the first in this thread, each further one in its own. A flow
/// is one worker's whatever interfaces its packets come by.
fn listen<'scope, 'env>(
    scope: &'scope thread::Scope<'scope, 'env>,
    capture: &mut Capture<'_>,
    (sources, settings): (&mut Sources<'_>, &'scope Settings),
    shards: Shards<'scope>,
) {
    let inputs = capture.open_all(sources);
    let count = inputs.len();
    let copies = capture.copies().clone();
    copies.among(count);
    shards.marks.among(count, settings.shards);
    let mut inputs = inputs.into_iter();
    let first = inputs.next();
    let read = |input: OpenInput, mut shards: Shards<'scope>, mut capture: Capture<'scope>| {
        capture.read_input(input, Pace::Live, &mut shards);
        shards.finish(&mut capture);
        capture
    };
    let others: Vec<ScopedJoinHandle<'_, Capture<'_>>> = inputs
        .zip(1..)
        .map(|(input, source)| {
            let shards = shards.of_source(source);
            let other = Capture::new(settings, (source, count)).telling(copies.clone());
            scope.spawn(move || read(input, shards, other))
        })
        .collect();
    if let Some(input) = first {
        let own = Capture::new(settings, (0, count)).telling(copies);
        capture.absorb(read(input, shards, own));
    }
    for other in others {
        match other.join() {
            Ok(other) => capture.absorb(other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// The way to one shard.
struct ShardLane {
    to_shard: Sender<Work>,
    empty: Receiver<SegmentBatch>,
    batch: SegmentBatch,
    pressure: Pressure,
    /// The capture thread whose way it is.
    source: u32,
}

impl ShardLane {
    fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_SEGMENTS || self.batch.bytes() >= BATCH_BYTES
    }

    /// Hands over what is pending of files, which wait where the shard is behind. Meanwhile it may
    /// `help`, as long as there is something to do.
    fn deliver(&mut self, mut help: impl FnMut() -> bool) {
        if self.batch.is_empty() {
            return;
        }
        let mut work = Work::Batch(self.exchange());
        while let Err(TrySendError::Full(back)) = self.to_shard.try_send(work) {
            if !help() {
                // The shard ends only when this lane does.
                let _ = self.to_shard.send(back);
                return;
            }
            work = back;
        }
    }

    /// Hands over what is pending of live input; how many segments were lost. Where the shard is
    /// behind it goes on filling its batch: those of a few segments, as quiet interfaces make them,
    /// are no reason to lose any. Only when it is full it waits, a little, and that it had to is
    /// what decides on the flows that are left out.
    fn flush(&mut self) -> u64 {
        if self.batch.is_empty() {
            return 0;
        }
        if !self.to_shard.is_full() {
            let batch = self.exchange();
            match self.to_shard.try_send(Work::Batch(batch)) {
                // Another capture thread was quicker, or the worker is gone.
                Err(
                    TrySendError::Full(Work::Batch(batch))
                    | TrySendError::Disconnected(Work::Batch(batch)),
                ) => self.batch = batch,
                _ => {
                    self.pressure.note(Duration::ZERO);
                    return 0;
                }
            }
        }
        if self.is_full() { self.wait() } else { 0 }
    }

    /// Hands over a full batch as soon as there is room, or loses it where that takes too long; how
    /// many segments were lost.
    fn wait(&mut self) -> u64 {
        let watch = Stopwatch::start();
        let lost = self.hand_over(self.pressure.patience());
        self.pressure.note(watch.elapsed());
        lost
    }

    /// Hands over the last batch of live input, for which there is a little time; how many segments
    /// were lost.
    fn finish(&mut self) -> u64 {
        if self.batch.is_empty() {
            return 0;
        }
        self.hand_over(LAST_BATCH_WAIT)
    }

    fn hand_over(&mut self, within: Duration) -> u64 {
        let batch = self.exchange();
        match self.to_shard.send_timeout(Work::Batch(batch), within) {
            Err(
                SendTimeoutError::Timeout(Work::Batch(mut batch))
                | SendTimeoutError::Disconnected(Work::Batch(mut batch)),
            ) => {
                let lost = batch.len() as u64;
                batch.clear();
                self.batch = batch;
                lost
            }
            _ => 0,
        }
    }

    /// What is pending, for an empty batch.
    fn exchange(&mut self) -> SegmentBatch {
        let next = self.empty.try_recv().unwrap_or_default();
        self.batch.source = self.source;
        std::mem::replace(&mut self.batch, next)
    }
}

/// The ways of one capture thread to all workers.
struct Shards<'a> {
    lanes: Vec<ShardLane>,
    state: foldhash::quality::RandomState,
    live: bool,
    failed: &'a AtomicBool,
    hand: Hand<'a>,
    /// Rung when something waits.
    bell: Sender<()>,
    shed: u64,
    /// How far this thread and others have come.
    marks: Marks,
    /// When what was captured last had been handed over to everyone.
    since: Timestamp,
    /// The clock when this thread had nothing last, which was before it asked again.
    idle: Timestamp,
}

impl<'a> Shards<'a> {
    /// The same ways, for the thread that reads another input.
    fn of_source(&self, source: u32) -> Shards<'a> {
        let lane = |lane: &ShardLane| ShardLane {
            to_shard: lane.to_shard.clone(),
            empty: lane.empty.clone(),
            batch: SegmentBatch::default(),
            pressure: lane.pressure.shared(),
            source,
        };
        Shards {
            lanes: self.lanes.iter().map(lane).collect(),
            // One flow has one worker, whichever thread sees it.
            state: self.state.clone(),
            hand: self.hand.clone(),
            bell: self.bell.clone(),
            shed: 0,
            marks: self.marks.clone(),
            ..*self
        }
    }

    /// Hands over what is pending and tells what did not fit.
    fn finish(mut self, capture: &mut Capture<'_>) {
        if self.live {
            self.shed += self.lanes.iter_mut().map(ShardLane::finish).sum::<u64>();
            for (shard, lane) in self.lanes.iter().enumerate() {
                self.marks.end(lane.source, shard);
            }
            let _ = self.bell.try_send(());
            capture.shed(self.shed);
            return;
        }
        self.flush_all();
        // Nothing is left to be read.
        drop((self.lanes, self.bell));
        self.hand.finish();
    }

    /// A number of the flow, the same in both directions and, within the run, for whichever
    /// thread sees it.
    fn hash(&self, tuple: &FiveTuple) -> u64 {
        if let [only] = self.lanes.as_slice()
            && only.pressure.takes_all()
        {
            return 0;
        }
        let (a, b) =
            if tuple.src <= tuple.dst { (tuple.src, tuple.dst) } else { (tuple.dst, tuple.src) };
        self.state.hash_one((a, b, tuple.transport))
    }

    fn lane_of(&self, hash: u64) -> usize {
        usize::try_from(hash % self.lanes.len().max(1) as u64).unwrap_or_default()
    }

    /// Hands over what is pending for every worker.
    fn flush_all(&mut self) {
        for at in 0..self.lanes.len() {
            self.flush(at);
        }
    }

    /// Tells others that everything from before `at` was handed over, where it was.
    fn mark(&mut self, at: Timestamp) {
        self.since = at;
        for (shard, lane) in self.lanes.iter().enumerate().filter(|(_, l)| l.batch.is_empty()) {
            self.marks.reach(lane.source, shard, at);
        }
        let _ = self.bell.try_send(());
    }

    /// Hands over what is pending for one.
    fn flush(&mut self, at: usize) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        if self.live {
            self.shed += lane.flush();
        } else {
            lane.deliver(|| {
                let helped = self.hand.help();
                // While it was at a shard, others did not see what waits there.
                let _ = self.bell.try_send(());
                helped
            });
        }
        // Where it was rung already nobody sleeps.
        let _ = self.bell.try_send(());
    }
}

impl Lane for Shards<'_> {
    fn push(&mut self, segment: &Segment<'_>) {
        self.passed(segment.at);
        let hash = self.hash(&segment.tuple);
        let at = self.lane_of(hash);
        let Some(lane) = self.lanes.get_mut(at) else { return };
        if !lane.pressure.takes(hash) {
            self.shed += 1;
            return;
        }
        if lane.batch.is_of_another_block(segment) {
            self.flush(at);
        }
        let Some(lane) = self.lanes.get_mut(at) else { return };
        lane.batch.push(segment);
        if lane.is_full() {
            self.flush(at);
        }
    }

    #[inline]
    fn passed(&mut self, at: Timestamp) {
        // Others wait until they know what this thread has from before what they have.
        if self.live && self.marks.wanted() && order::is_far(self.since, at) {
            self.flush_all();
            self.mark(at);
        }
    }

    fn idle(&mut self, now: Timestamp) {
        self.flush_all();
        if self.marks.wanted() {
            // By the clock of the time before: that of now was read behind the look, and what came
            // in between may be there.
            let at = std::mem::replace(&mut self.idle, now).before(order::IDLE_SLACK);
            if at >= self.since || order::is_far(self.since, at) {
                self.mark(at);
            }
        }
    }

    fn may_wait(&mut self, patience: Duration) {
        self.lanes.iter_mut().for_each(|lane| lane.pressure.be_patient(patience));
    }

    fn tick(&mut self, now: Timestamp, inputs: Vec<InputRecord>) -> bool {
        self.flush_all();
        for lane in &self.lanes {
            // A worker that is behind hands over what it has soon enough by itself.
            let _ = lane.to_shard.try_send(Work::Tick(now));
        }
        let _ = self.bell.try_send(());
        self.hand.to_writer.try_send(Report::Inputs(inputs)).is_ok()
    }

    fn take_shed(&mut self) -> u64 {
        std::mem::take(&mut self.shed)
    }

    fn broken(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Records what is reported until there is no more to come. After a failure, which others see,
/// reports are only taken, so that nobody waits for ever.
fn write_loop(
    mut recorder: Recorder,
    reports: &Receiver<Report>,
    failed: &AtomicBool,
) -> Result<Recorder, StoreError> {
    let take = |recorder: &mut Recorder, report| match report {
        Report::Rollup(rollup) => recorder.add(*rollup),
        Report::Inputs(inputs) => recorder.note_inputs(inputs),
    };
    for report in reports {
        take(&mut recorder, report);
        // What came while it wrote: workers wait for room in the queue.
        for report in reports.try_iter().take(reports.capacity().unwrap_or(1)) {
            take(&mut recorder, report);
        }
        if recorder.is_due()
            && let Err(error) = recorder.flush()
        {
            failed.store(true, Ordering::Relaxed);
            reports.iter().for_each(drop);
            return Err(error);
        }
    }
    Ok(recorder)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::model::TcpFlags;

    fn lane(batches: usize) -> (ShardLane, Receiver<Work>) {
        let (to_shard, work) = bounded(batches);
        let (_, empty) = bounded(batches);
        let (batch, pressure) = (SegmentBatch::default(), Pressure::default());
        (ShardLane { to_shard, empty, batch, pressure, source: 0 }, work)
    }

    fn push(lane: &mut ShardLane, payload: &[u8]) {
        let end = SocketAddr::from(([10, 0, 0, 1], 80));
        lane.batch.push(&Segment {
            at: Timestamp::default(),
            tuple: FiveTuple { src: end, dst: end, transport: FiveTuple::TCP },
            seq: 1,
            ack: 0,
            flags: TcpFlags(0),
            urgent: 0,
            guise: 0,
            payload,
            wire_payload_len: 0,
            encapsulation: Default::default(),
            block: None,
        });
    }

    #[test]
    fn a_worker_that_is_behind_costs_small_batches_of_live_input_nothing() {
        let (mut lane, work) = lane(2);
        for _ in 0..100 {
            push(&mut lane, b"x");
            assert_eq!(lane.flush(), 0);
        }
        let waiting = lane.batch.len() as u64;
        assert_eq!(waiting, 98, "two batches of one fit");
        let taken = std::thread::spawn(move || work.iter().count());
        assert_eq!(lane.finish(), 0);
        drop(lane);
        assert_eq!(taken.join().expect("no panic"), 3, "the last batch too");
    }

    #[test]
    fn live_input_sheds_a_full_batch_when_the_worker_is_behind_and_counts_it() {
        let (mut lane, _work) = lane(1);
        let big = vec![0; BATCH_BYTES];
        push(&mut lane, &big);
        assert_eq!(lane.flush(), 0, "there is room");
        push(&mut lane, b"x");
        assert_eq!(lane.flush(), 0, "a small one waits");
        push(&mut lane, &big);
        assert_eq!(lane.flush(), 2, "a full one does not");
        assert!(lane.batch.is_empty());
        push(&mut lane, b"x");
        assert_eq!(lane.finish(), 1, "nor the last one for ever");
    }

    #[test]
    fn under_pressure_flows_are_left_out_whole_and_every_segment_is_counted() {
        let (to_writer, _reports) = bounded(1);
        let (bell, _rung) = bounded(1);
        let hand = Hand { queues: &[], first: 0, to_writer };
        let failed = AtomicBool::new(false);
        let mut lanes = Vec::new();
        let mut works = Vec::new();
        for _ in 0..2 {
            let (mut lane, work) = lane(64);
            lane.pressure = Pressure::of(1 << 15);
            lanes.push(lane);
            works.push(work);
        }
        let state = table_state();
        let (marks, since, idle) = (Marks::default(), Timestamp::MIN, Timestamp::MIN);
        let (failed, live, shed) = (&failed, true, 0);
        let mut shards =
            Shards { lanes, state, live, failed, hand, bell, shed, marks, since, idle };
        let (flows, segments) = (1000_u16, 3);
        let server = SocketAddr::from(([10, 0, 0, 1], 80));
        for n in (0..flows).cycle().take(usize::from(flows) * segments) {
            let client = SocketAddr::from(([10, 0, 0, 2], 1000 + n));
            for (src, dst) in [(client, server), (server, client)] {
                shards.push(&Segment {
                    at: Timestamp::default(),
                    tuple: FiveTuple { src, dst, transport: FiveTuple::TCP },
                    seq: 1,
                    ack: 0,
                    flags: TcpFlags(0),
                    urgent: 0,
                    guise: 0,
                    payload: b"x",
                    wire_payload_len: 1,
                    encapsulation: Default::default(),
                    block: None,
                });
            }
        }
        shards.flush_all();
        let lost = shards.take_shed();
        drop(shards);
        let mut taken = std::collections::BTreeMap::new();
        for work in works.into_iter().flatten() {
            let Work::Batch(batch) = work else { continue };
            for segment in batch.iter() {
                let port = segment.tuple.src.port().max(segment.tuple.dst.port());
                *taken.entry(port).or_insert(0) += 1;
            }
        }
        assert!(taken.values().all(|count| *count == 2 * segments), "each whole: {taken:?}");
        assert!((300..700).contains(&taken.len()), "about half: {}", taken.len());
        let all = 2 * segments * usize::from(flows);
        assert_eq!(taken.len() * 2 * segments + usize::try_from(lost).expect("few"), all);
    }

    #[test]
    fn a_thread_says_how_far_it_has_come_with_what_makes_no_segment_too() {
        let (to_writer, _from_workers) = bounded(1);
        let (bell, _rung) = bounded(1);
        let hand = Hand { queues: &[], first: 0, to_writer };
        let marks = Marks::default();
        marks.among(2, 1);
        let (one, _work) = lane(4);
        let mut shards = Shards {
            lanes: vec![one],
            state: table_state(),
            live: true,
            failed: &AtomicBool::new(false),
            hand,
            bell,
            shed: 0,
            marks: marks.clone(),
            since: Timestamp::MIN,
            idle: Timestamp::MIN,
        };
        let at = |millis: i64| Timestamp::from_micros(1_700_000_000_000_000 + millis * 1000);
        // What another thread brought waits for this one.
        let due = |millis: i64| {
            let (mut order, mut batch) = (Order::new(marks.clone(), 0, 1 << 30), lane(1).0);
            push(&mut batch, b"x");
            let mut held = SegmentBatch::default();
            held.source = 1;
            held.push(&Segment { at: at(millis), ..batch.batch.get(0).expect("pushed") });
            order.look();
            order.hold(held);
            order.find(false)
        };
        assert!(!due(0));
        shards.passed(at(10));
        assert!(due(5) && !due(15));
        shards.passed(at(100));
        assert!(due(95));
        // The clock of the first look says nothing of what was there behind it.
        shards.idle(at(500));
        assert!(!due(400), "it may not have been read");
        shards.idle(at(520));
        assert!(due(430) && !due(450), "what the kernel holds back may be to come");
    }
}
