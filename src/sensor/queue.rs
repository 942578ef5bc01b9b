//! Shards with what waits for them, and who works on it.
//!
//! A shard gets its batches in order and from one thread at a time; which thread that is does not
//! matter. Each worker begins with a shard of its own and looks at the others when nothing waits
//! for it. A capture thread that reads files has nothing to lose by being late: instead of waiting
//! for room in a queue it takes a batch out of one and works, too.

use std::sync::{Mutex, TryLockError};

use crossbeam_channel::{Receiver, Sender};

use crate::base::Timestamp;
use crate::inventory::Rollup;
use crate::model::SegmentBatch;
use crate::store::InputRecord;

use super::shard::Shard;

/// What a shard is given.
pub(super) enum Work {
    /// Segments of its flows.
    Batch(SegmentBatch),
    /// Hand over what you have; this is the time.
    Tick(Timestamp),
}

/// What the writer is given.
pub(super) enum Report {
    /// What a shard observed.
    Rollup(Box<Rollup>),
    /// The inputs of one capture thread whose accounts have changed.
    Inputs(Vec<InputRecord>),
}

/// A shard and what waits for it.
pub(super) struct ShardQueue {
    /// What waits.
    pub work: Receiver<Work>,
    /// Where empty batches go.
    pub give_back: Sender<SegmentBatch>,
    /// Whoever has the lock takes the next; none once all is done.
    pub shard: Mutex<Option<Shard>>,
}

impl ShardQueue {
    /// Does what is next, unless someone is at it; whether there was anything.
    fn step(&self, to_writer: &Sender<Report>) -> bool {
        loop {
            let mut shard = match self.shard.try_lock() {
                Ok(shard) => shard,
                Err(TryLockError::Poisoned(shard)) => shard.into_inner(),
                Err(TryLockError::WouldBlock) => return false,
            };
            let Some(open) = shard.as_mut() else { return false };
            // Only now: what is taken is done before what comes after it.
            if open.order.wanted() {
                if self.take_in_order(open, false, to_writer) {
                    return true;
                }
            } else if let Ok(work) = self.work.try_recv() {
                self.take(open, work, to_writer);
                return true;
            }
            drop(shard);
            // Whoever was woken for what came meanwhile may have found the lock taken.
            if self.work.is_empty() {
                return false;
            }
        }
    }

    fn take(&self, shard: &mut Shard, work: Work, to_writer: &Sender<Report>) {
        match work {
            Work::Batch(batch) => {
                shard.process(&batch, &mut report(to_writer));
                self.give_back(batch);
            }
            Work::Tick(now) => {
                shard.sweep(now);
                report(to_writer)(shard.take());
            }
        }
    }

    /// Takes up everything that waits and does what of it is due, or with `all` everything; whether
    /// there was anything to do.
    fn take_in_order(&self, shard: &mut Shard, all: bool, to_writer: &Sender<Report>) -> bool {
        shard.order.look();
        let (mut came, mut tick) = (false, None);
        // As many as there can have been when the marks were read.
        for work in self.work.try_iter().take(self.work.capacity().unwrap_or(usize::MAX)) {
            came = true;
            match work {
                Work::Batch(batch) => shard.order.hold(batch),
                Work::Tick(now) => tick = Some(now),
            }
        }
        let back = |batch| self.give_back(batch);
        came |= shard.process_due(all, &mut report(to_writer), back);
        if let Some(now) = tick {
            self.take(shard, Work::Tick(now), to_writer);
        }
        came
    }

    fn give_back(&self, mut batch: SegmentBatch) {
        batch.clear();
        let _ = self.give_back.try_send(batch);
    }

    /// Ends the shard, when no more comes, unless someone does.
    fn finish(&self, to_writer: &Sender<Report>) {
        let shard = match self.shard.try_lock() {
            Ok(mut shard) => shard.take(),
            Err(TryLockError::Poisoned(shard)) => shard.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        let Some(mut shard) = shard else { return };
        if shard.order.wanted() {
            while self.take_in_order(&mut shard, true, to_writer) {}
        }
        for work in self.work.try_iter() {
            self.take(&mut shard, work, to_writer);
        }
        shard.finish(&mut report(to_writer));
    }
}

/// Gives the writer what was observed, and waits while it has enough.
fn report(to_writer: &Sender<Report>) -> impl FnMut(Rollup) {
    |rollup| {
        let _ = to_writer.send(Report::Rollup(Box::new(rollup)));
    }
}

/// A thread that works.
#[derive(Clone)]
pub(super) struct Hand<'a> {
    /// All shards.
    pub queues: &'a [ShardQueue],
    /// Which it looks at first.
    pub first: usize,
    /// Where what was observed goes.
    pub to_writer: Sender<Report>,
}

impl Hand<'_> {
    fn in_turn(&self) -> impl Iterator<Item = &ShardQueue> {
        let (before, from) = self.queues.split_at(self.first.min(self.queues.len()));
        from.iter().chain(before)
    }

    /// Does one thing that waits and nobody is at; whether there was any.
    pub(super) fn help(&self) -> bool {
        self.in_turn().any(|queue| queue.step(&self.to_writer))
    }

    /// Works until there is no more to come, then ends the shards. The bell is rung when something
    /// may wait.
    pub(super) fn serve(&self, bell: &Receiver<()>) {
        while self.help() || bell.recv().is_ok() {}
        self.finish();
    }

    /// Ends the shards that nobody is at: whoever is at one ends it.
    pub(super) fn finish(&self) {
        self.in_turn().for_each(|queue| queue.finish(&self.to_writer));
    }
}

#[cfg(test)]
mod tests;
