//! What several capture threads bring is read by packet time.
//!
//! The kernel deals packets out by what it sees outside: those of one connection that comes in
//! fragments or in a tunnel may come by two rings, as the two directions of another do by the two
//! outputs of a tap. Each thread hands over batches of its own, some behind, and an answer would be
//! read before what it answers.
//!
//! ```text
//! thread 0  | 1 4 5 |      | 9 |        mark 9
//! thread 1  | 2 3 |  | 7 |              mark 8     1 2 3 4 5 7 are due; 9 waits
//! ```
//!
//! A thread's mark for a shard says that everything it captured before that time was handed over.
//! A segment is due where no other thread may still bring one from before it. One thread alone
//! needs none of this.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::base::Timestamp;
use crate::base::clock::Stopwatch;
use crate::model::{Segment, SegmentBatch};

/// How far ahead of its mark a thread may run: what it has for shards is handed over so often.
const STEP: Duration = Duration::from_millis(20);
/// How much later than captured a packet may be read, by an interface that has nothing at the
/// moment: what the kernel holds back to hand over more at once, and the time to wake up.
pub(super) const IDLE_SLACK: Duration = Duration::from_millis(60);
/// How long anything is held because another thread's mark stays behind: its clock is another, or
/// its interface cannot be read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a thread that has come to `at` is far from its mark. A clock that was set back is.
pub(super) fn is_far(mark: Timestamp, at: Timestamp) -> bool {
    at.since(mark) >= STEP || mark.since(at) >= PATIENCE
}

/// How far each thread has come, for each shard. Cloned freely; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(Arc<OnceLock<Table>>);

#[derive(Debug)]
struct Table {
    shards: usize,
    nanos: Box<[AtomicI64]>,
}

impl Marks {
    /// So many threads capture for so many shards: from now on there is an order, if there are
    /// several.
    pub(super) fn among(&self, sources: usize, shards: usize) {
        if sources > 1 {
            let none = || AtomicI64::new(i64::MIN);
            let nanos = || (0..sources * shards).map(|_| none()).collect();
            self.0.get_or_init(|| Table { shards, nanos: nanos() });
        }
    }

    /// Whether there is an order to be kept.
    pub(super) fn wanted(&self) -> bool {
        self.0.get().is_some()
    }

    /// This thread has handed over to this shard everything from before `at`.
    pub(super) fn reach(&self, source: u32, shard: usize, at: Timestamp) {
        self.set(source, shard, at.nanos());
    }

    /// This thread brings nothing more.
    pub(super) fn end(&self, source: u32, shard: usize) {
        self.set(source, shard, i64::MAX);
    }

    fn set(&self, source: u32, shard: usize, nanos: i64) {
        let Some(table) = self.0.get() else { return };
        let at = source as usize * table.shards + shard;
        if let Some(mark) = table.nanos.get(at) {
            mark.store(nanos, Ordering::Release);
        }
    }

    /// The marks of all threads for one shard. What was handed over before them is taken up next.
    fn read(&self, shard: usize, into: &mut Vec<i64>) {
        into.clear();
        let Some(table) = self.0.get() else { return };
        let marks = table.nanos.iter().skip(shard).step_by(table.shards.max(1));
        into.extend(marks.map(|mark| mark.load(Ordering::Acquire)));
    }
}

/// Some segments of one thread's batch.
#[derive(Clone, Copy, Debug)]
struct Run {
    source: usize,
    /// Which of the batches that are held of it.
    batch: usize,
    from: usize,
    to: usize,
}

/// What one thread brought that is not due yet.
#[derive(Debug)]
struct Held {
    batches: VecDeque<SegmentBatch>,
    /// Since when each of them is held.
    since: VecDeque<Stopwatch>,
    /// Where the next segment stands: in which batch, and there.
    next: (usize, usize),
    /// When the last that it brought was captured.
    came_to: i64,
}

impl Default for Held {
    fn default() -> Self {
        let (batches, since) = Default::default();
        Held { batches, since, next: (0, 0), came_to: i64::MIN }
    }
}

impl Held {
    /// When its next segment was captured.
    fn head(&self) -> Option<i64> {
        let (batch, at) = self.next;
        Some(self.batches.get(batch)?.at(at)?.nanos())
    }

    /// Whether something of it is held for too long.
    fn is_late(&self) -> bool {
        self.since.front().is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// Passes over its segments up to a time, the next one at least.
    fn run_to(&mut self, limit: i64) -> Option<(usize, usize, usize)> {
        let (batch, from) = self.next;
        let segments = self.batches.get(batch)?;
        let within = |at: &usize| segments.at(*at).is_some_and(|time| time.nanos() <= limit);
        let to = (from + 1..segments.len()).find(|at| !within(at)).unwrap_or(segments.len());
        self.next = if to < segments.len() { (batch, to) } else { (batch + 1, 0) };
        Some((batch, from, to))
    }
}

/// The segments of one shard that are not due yet.
#[derive(Debug, Default)]
pub(super) struct Order {
    marks: Marks,
    shard: usize,
    /// What may be held; beyond it the oldest are read before their time.
    limit: usize,
    sources: Vec<Held>,
    held_bytes: usize,
    /// What is due.
    runs: Vec<Run>,
    read: Vec<i64>,
}

impl Order {
    /// Of this shard, within so many bytes.
    pub(super) fn new(marks: Marks, shard: usize, limit: usize) -> Order {
        Order { marks, shard, limit, ..Order::default() }
    }

    /// Whether there is an order to be kept.
    pub(super) fn wanted(&self) -> bool {
        self.marks.wanted()
    }

    /// Whether anything is held.
    #[cfg(test)]
    fn holds(&self) -> bool {
        self.held_bytes > 0
    }

    /// Learns how far the threads have come. Then everything that was handed over by now has to be
    /// [held](Order::hold), and then it is known what is due.
    pub(super) fn look(&mut self) {
        self.marks.read(self.shard, &mut self.read);
    }

    /// Takes in what a thread handed over.
    pub(super) fn hold(&mut self, batch: SegmentBatch) {
        let source = batch.source as usize;
        let Some(last) = batch.len().checked_sub(1).and_then(|last| batch.at(last)) else { return };
        while self.sources.len() <= source.max(self.read.len().saturating_sub(1)) {
            self.sources.push(Held::default());
        }
        let Some(held) = self.sources.get_mut(source) else { return };
        held.came_to = last.nanos();
        self.held_bytes += batch.held_bytes();
        held.batches.push_back(batch);
        held.since.push_back(Stopwatch::start());
    }

    /// Finds what is due, or with `all` whatever is held; whether there is anything.
    pub(super) fn find(&mut self, all: bool) -> bool {
        self.runs.clear();
        let mut left = self.held_bytes;
        let late = self.sources.iter().any(Held::is_late);
        while let Some((source, limit)) = self.next_of(all || late || left > self.limit) {
            let Some(held) = self.sources.get_mut(source) else { break };
            let Some((batch, from, to)) = held.run_to(limit) else { break };
            let done = held.batches.get(batch).filter(|batch| to == batch.len());
            left -= done.map_or(0, SegmentBatch::held_bytes).min(left);
            self.runs.push(Run { source, batch, from, to });
        }
        !self.runs.is_empty()
    }

    /// The thread that has the oldest segment, where that is due, and up to when its next ones are.
    fn next_of(&self, forced: bool) -> Option<(usize, i64)> {
        let (mut first, mut limit) = (None, i64::MAX);
        for (source, held) in self.sources.iter().enumerate() {
            let Some(head) = held.head() else {
                // It may bring what is from right behind its mark, or behind its last.
                let mark = self.read.get(source).copied().unwrap_or(i64::MAX);
                limit = limit.min(if forced { i64::MAX } else { mark.max(held.came_to) });
                continue;
            };
            match first {
                Some((_, least)) if least <= head => limit = limit.min(head),
                Some((_, least)) => {
                    limit = limit.min(least);
                    first = Some((source, head));
                }
                None => first = Some((source, head)),
            }
        }
        let (source, head) = first?;
        (head <= limit).then_some((source, limit))
    }

    /// How many segments are due.
    pub(super) fn count(&self) -> u64 {
        self.runs.iter().map(|run| (run.to - run.from) as u64).sum()
    }

    /// The segments that are due, each with the thread that brought it.
    pub(super) fn due(&self) -> impl Iterator<Item = (u32, Segment<'_>)> {
        self.runs.iter().flat_map(|run| {
            let batch = self.sources.get(run.source).and_then(|s| s.batches.get(run.batch));
            let source = batch.map_or(0, |batch| batch.source);
            let segments = (run.from..run.to).filter_map(move |at| batch?.get(at));
            segments.map(move |segment| (source, segment))
        })
    }

    /// They were read: gives back the batches of which nothing is left.
    pub(super) fn done(&mut self, mut give_back: impl FnMut(SegmentBatch)) {
        self.runs.clear();
        for held in &mut self.sources {
            let (read, at) = held.next;
            held.since.drain(..read.min(held.since.len()));
            for batch in held.batches.drain(..read.min(held.batches.len())) {
                self.held_bytes -= batch.held_bytes().min(self.held_bytes);
                give_back(batch);
            }
            held.next = (0, at);
        }
    }
}

#[cfg(test)]
mod tests;
