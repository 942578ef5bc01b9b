//! A worker whose panics are caught: what traffic may not do, it cannot do twice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender};

use crate::analysis::Worker;
use crate::base::Timestamp;
use crate::inventory::Rollup;
use crate::model::SegmentBatch;
use crate::store::InputRecord;

/// What a worker is given.
pub(super) enum Work {
    /// Segments of its flows.
    Batch(SegmentBatch),
    /// Hand over what you have; this is the time.
    Tick(Timestamp),
}

/// What the writer is given.
pub(super) enum Report {
    /// What a worker observed.
    Rollup(Box<Rollup>),
    /// How far the inputs are.
    Inputs(Vec<InputRecord>),
}

/// A worker whose panics are caught: the shard starts anew and the sensor goes on.
pub(super) struct Shard {
    make: Arc<dyn Fn() -> Worker + Send + Sync>,
    pub(super) worker: Worker,
    panics: Arc<Panics>,
}

/// What panics cost.
#[derive(Debug, Default)]
pub(super) struct Panics {
    count: AtomicU64,
    segments: AtomicU64,
}

impl Panics {
    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Segments that were not looked at because of them.
    pub(super) fn segments(&self) -> u64 {
        self.segments.load(Ordering::Relaxed)
    }
}

impl Shard {
    /// A shard with a new worker.
    pub(super) fn new(make: Arc<dyn Fn() -> Worker + Send + Sync>, panics: Arc<Panics>) -> Self {
        let worker = make();
        Shard { make, worker, panics }
    }

    /// Panics of this and its fellow shards.
    pub(super) fn panics(&self) -> &Arc<Panics> {
        &self.panics
    }

    /// Processes every segment of a batch.
    pub(super) fn process(&mut self, batch: &SegmentBatch) {
        let mut left = batch.len() as u64;
        let mut last = None;
        let caught = catch_unwind(AssertUnwindSafe(|| {
            for segment in batch.iter() {
                left -= 1;
                last = Some(segment.at);
                self.worker.process(&segment);
            }
            if let Some(at) = last {
                self.worker.sweep(at);
            }
        }));
        if caught.is_err() {
            // The segment that caused it was looked at as far as it went; the rest is lost.
            self.panics.count.fetch_add(1, Ordering::Relaxed);
            self.panics.segments.fetch_add(left, Ordering::Relaxed);
            self.worker = (self.make)();
        }
    }

    /// Ends every flow; what was observed since the last rollup.
    pub(super) fn finish(&mut self) -> Rollup {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            self.worker.finish();
            self.worker.take()
        }));
        caught.unwrap_or_else(|_| {
            self.panics.count.fetch_add(1, Ordering::Relaxed);
            Rollup::default()
        })
    }
}

/// Works until there is no more to come, then hands over what is left.
pub(super) fn serve(
    mut shard: Shard,
    work: &Receiver<Work>,
    give_back: &Sender<SegmentBatch>,
    to_writer: &Sender<Report>,
) {
    for work in work {
        let mut due = false;
        match work {
            Work::Batch(mut batch) => {
                shard.process(&batch);
                batch.clear();
                let _ = give_back.try_send(batch);
            }
            Work::Tick(now) => {
                shard.worker.sweep(now);
                due = true;
            }
        }
        if due || shard.worker.has_much() {
            let _ = to_writer.send(Report::Rollup(Box::new(shard.worker.take())));
        }
    }
    let _ = to_writer.send(Report::Rollup(Box::new(shard.finish())));
}
