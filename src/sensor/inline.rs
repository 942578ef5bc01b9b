//! Everything in one thread.

use std::sync::Arc;

use crate::base::Timestamp;
use crate::model::{Segment, SegmentBatch};
use crate::store::{InputRecord, StoreError};

use super::pipeline::{BATCH_BYTES, BATCH_SEGMENTS, Capture, Lane, Outcome, Settings, Sources};
use super::recorder::Recorder;
use super::shard::Shard;

/// Runs `sources` to their end in the calling thread.
pub(super) fn inline(
    sources: &mut Sources<'_>,
    settings: &Settings,
    recorder: Recorder,
) -> Result<Outcome, StoreError> {
    let mut here = Inline {
        shard: Shard::new(settings.worker.clone(), Arc::default()).gauged(settings.gauge.clone()),
        batch: SegmentBatch::default(),
        recorder,
        failed: None,
    };
    let mut capture = Capture::new(settings, (0, 1));
    capture.read(sources, &mut here);
    here.flush();
    let Inline { mut shard, mut recorder, failed, .. } = here;
    shard.finish(&mut |rollup| recorder.add(rollup));
    if let Some(error) = failed {
        return Err(error);
    }
    let panics = shard.panics().clone();
    // What it held makes room for what is concluded.
    drop(shard);
    capture.conclude(recorder, &panics)
}

struct Inline {
    shard: Shard,
    batch: SegmentBatch,
    recorder: Recorder,
    failed: Option<StoreError>,
}

impl Inline {
    fn flush(&mut self) {
        self.shard.process(&self.batch, &mut |rollup| self.recorder.add(rollup));
        self.batch.clear();
    }
}

impl Lane for Inline {
    fn push(&mut self, segment: &Segment<'_>) {
        let full = self.batch.len() >= BATCH_SEGMENTS || self.batch.bytes() >= BATCH_BYTES;
        if full || self.batch.is_of_another_block(segment) {
            self.flush();
        }
        self.batch.push(segment);
    }

    fn tick(&mut self, now: Timestamp, inputs: Vec<InputRecord>) -> bool {
        self.flush();
        self.shard.sweep(now);
        let rollup = self.shard.take();
        self.recorder.add(rollup);
        self.recorder.note_inputs(inputs);
        if self.recorder.is_due()
            && let Err(error) = self.recorder.flush()
        {
            self.failed = Some(error);
        }
        true
    }

    fn broken(&self) -> bool {
        self.failed.is_some()
    }
}
