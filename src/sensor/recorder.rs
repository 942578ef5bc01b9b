//! The writer's side: rollups of the workers go in, a run in the store comes out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::{self, Stopwatch};
use crate::detect::Detector;
use crate::inventory::{Caps, EndpointKey, Inventory, Rollup, assess};
use crate::store::{InputRecord, RunId, RunKind, Seal, StoreError, Writer};

/// How often a live capture writes what it has seen, at the soonest.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// A flush takes at most this share of the time: a large inventory is written less often.
const FLUSH_SHARE: u32 = 5;

/// One run being recorded.
pub struct Recorder {
    writer: Writer,
    run: RunId,
    kind: RunKind,
    replaces: Vec<RunId>,
    detector: Arc<Detector>,
    caps: Caps,
    rollup: Rollup,
    changed: BTreeSet<EndpointKey>,
    /// What all other runs add up to; loaded when it is first needed.
    others: Option<Rollup>,
    since_flush: Stopwatch,
    flush_took: Duration,
    unknown_rules: BTreeSet<String>,
}

/// What a sealed run leaves.
pub struct Recorded {
    /// What all runs add up to.
    pub inventory: Inventory,
    /// What this run saw by itself.
    pub run: Rollup,
    /// Rules that stored evidence speaks of and that are not loaded.
    pub unknown_rules: Vec<String>,
}

impl Recorder {
    /// Begins a run that will replace the runs in `replaces`.
    pub fn begin(
        mut writer: Writer,
        kind: RunKind,
        replaces: Vec<RunId>,
        (detector, caps): (Arc<Detector>, Caps),
    ) -> Result<Self, StoreError> {
        let run = writer.begin_run(kind, clock::wall())?;
        Ok(Recorder {
            writer,
            run,
            kind,
            replaces,
            detector,
            caps,
            rollup: Rollup::default(),
            changed: BTreeSet::new(),
            others: None,
            since_flush: Stopwatch::start(),
            flush_took: Duration::ZERO,
            unknown_rules: BTreeSet::new(),
        })
    }

    /// Adds what a worker has observed.
    pub fn add(&mut self, rollup: Rollup) {
        if self.kind == RunKind::Capture {
            self.changed.extend(rollup.endpoints.keys().cloned());
        }
        self.rollup.merge(rollup, &self.caps);
    }

    /// Whether a live capture should flush now.
    pub fn is_due(&self) -> bool {
        let interval = FLUSH_INTERVAL.max(self.flush_took * FLUSH_SHARE);
        self.kind == RunKind::Capture && self.since_flush.elapsed() >= interval
    }

    /// Writes what a live capture has seen so far, and publishes the inventory with it.
    pub fn flush(&mut self, inputs: &[InputRecord]) -> Result<(), StoreError> {
        let watch = Stopwatch::start();
        if !self.changed.is_empty() {
            let changed = std::mem::take(&mut self.changed);
            self.writer.write_changed(self.run, &self.rollup, &changed, inputs)?;
            let inventory = self.assess()?;
            self.writer.publish(&inventory)?;
        }
        self.flush_took = watch.elapsed();
        self.since_flush = Stopwatch::start();
        Ok(())
    }

    /// Ends the run.
    pub fn seal(
        mut self,
        inputs: &[InputRecord],
        interrupted: bool,
    ) -> Result<Recorded, StoreError> {
        self.writer.write_all(self.run, &self.rollup)?;
        let inventory = self.assess()?;
        self.writer.seal(&Seal {
            run: self.run,
            inputs,
            // A capture has no end but the one it is given.
            interrupted: interrupted && self.kind == RunKind::Replay,
            replaces: &self.replaces,
            ended: clock::wall(),
            inventory: &inventory,
        })?;
        self.writer.close()?;
        let unknown_rules = self.unknown_rules.into_iter().collect();
        Ok(Recorded { inventory, run: self.rollup, unknown_rules })
    }

    /// Gives the run up: nothing of it stays.
    pub fn abandon(mut self) -> Result<(), StoreError> {
        self.writer.abandon(self.run)?;
        self.writer.close()
    }

    fn assess(&mut self) -> Result<Inventory, StoreError> {
        let mut whole = match &self.others {
            Some(others) => others.clone(),
            None => {
                let mut others = Rollup::default();
                let mut except = self.replaces.clone();
                except.push(self.run);
                for loaded in self.writer.load_sealed(&except)? {
                    self.unknown_rules.extend(loaded.unknown_rules);
                    others.merge(loaded.rollup, &self.caps);
                }
                self.others.insert(others).clone()
            }
        };
        whole.merge(self.rollup.clone(), &self.caps);
        Ok(assess(whole, &*self.detector, &self.caps))
    }
}
