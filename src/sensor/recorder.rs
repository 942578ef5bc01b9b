//! The writer's side: rollups of the workers go in, a run in the store comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::{self, Stopwatch};
use crate::detect::Detector;
use crate::inventory::{Caps, EndpointKey, Inventory, Marks, Rollup, assess};
use crate::store::{InputRecord, RunId, RunKind, Seal, StoreError, Writer};

/// How often a live capture writes what it has seen, at the soonest.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// A flush takes at most this share of the time: a large inventory is written less often,
const FLUSH_SHARE: u32 = 5;
/// but still so often that a query knows of a packet within five seconds.
const FLUSH_INTERVAL_MAX: Duration = Duration::from_secs(3);

/// One run being recorded.
pub struct Recorder {
    /// Where it is written, and as which run; nowhere for a diagnosis.
    store: Option<(Writer, RunId)>,
    kind: RunKind,
    replaces: Vec<RunId>,
    detector: Arc<Detector>,
    caps: Caps,
    rollup: Rollup,
    changed: BTreeSet<EndpointKey>,
    /// Inputs whose accounts have changed since the last flush, by their places in the run.
    inputs: BTreeMap<u32, InputRecord>,
    /// The place behind those written: another one is told although it may have changed nothing.
    inputs_written: u32,
    /// What all other runs add up to; loaded when it is first needed.
    others: Option<Rollup>,
    /// What people said of fields when it was last looked.
    marks: Marks,
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
        writer.note_profile(run, detector.profile())?;
        let recorder = Recorder::in_memory(detector, caps);
        Ok(Recorder { store: Some((writer, run)), kind, replaces, ..recorder })
    }

    /// Records without a database.
    pub fn in_memory(detector: Arc<Detector>, caps: Caps) -> Self {
        Recorder {
            store: None,
            kind: RunKind::Replay,
            replaces: Vec::new(),
            detector,
            caps,
            rollup: Rollup::default(),
            changed: BTreeSet::new(),
            inputs: BTreeMap::new(),
            inputs_written: 0,
            others: None,
            marks: Marks::default(),
            since_flush: Stopwatch::start(),
            flush_took: Duration::ZERO,
            unknown_rules: BTreeSet::new(),
        }
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
        let interval = FLUSH_INTERVAL.max(self.flush_took * FLUSH_SHARE).min(FLUSH_INTERVAL_MAX);
        self.kind == RunKind::Capture && self.since_flush.elapsed() >= interval
    }

    /// Takes the accounts of inputs that have changed; the next flush writes them.
    pub fn note_inputs(&mut self, inputs: Vec<InputRecord>) {
        self.inputs.extend(inputs.into_iter().map(|input| (input.position, input)));
    }

    /// Writes what a live capture has seen so far, and publishes the inventory with it.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let watch = Stopwatch::start();
        let end = self.inputs.keys().last().map_or(0, |place| place + 1);
        if self.reread_marks()? || !self.changed.is_empty() || end > self.inputs_written {
            self.inputs_written = self.inputs_written.max(end);
            let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
            let changed = std::mem::take(&mut self.changed);
            if let Some((writer, run)) = &mut self.store {
                writer.write_changed(*run, &self.rollup, &changed, &inputs)?;
            }
            let inventory = self.assess()?;
            if let Some((writer, _)) = &mut self.store {
                writer.publish(&inventory)?;
            }
        }
        self.flush_took = watch.elapsed();
        self.since_flush = Stopwatch::start();
        Ok(())
    }

    /// Ends the run; `inputs` are all, but for those that were noted and have not changed since.
    pub fn seal(
        mut self,
        inputs: &[InputRecord],
        interrupted: bool,
    ) -> Result<Recorded, StoreError> {
        if let Some((writer, run)) = &mut self.store {
            writer.write_all(*run, &self.rollup)?;
        }
        self.reread_marks()?;
        let inventory = self.assess()?;
        self.note_inputs(inputs.to_vec());
        let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
        if let Some((mut writer, run)) = self.store {
            writer.seal(&Seal {
                run,
                inputs: &inputs,
                // A capture has no end but the one it is given.
                interrupted: interrupted && self.kind == RunKind::Replay,
                replaces: &self.replaces,
                ended: clock::wall(),
                inventory: &inventory,
            })?;
            writer.close()?;
        }
        let unknown_rules = self.unknown_rules.into_iter().collect();
        Ok(Recorded { inventory, run: self.rollup, unknown_rules })
    }

    /// Gives the run up: nothing of it stays.
    pub fn abandon(self) -> Result<(), StoreError> {
        let Some((mut writer, run)) = self.store else { return Ok(()) };
        writer.abandon(run)?;
        writer.close()
    }

    /// Whether someone has said something else of a field since.
    fn reread_marks(&mut self) -> Result<bool, StoreError> {
        let Some((writer, _)) = &self.store else { return Ok(false) };
        let marks = writer.marks()?;
        let changed = marks != self.marks;
        self.marks = marks;
        Ok(changed)
    }

    fn assess(&mut self) -> Result<Inventory, StoreError> {
        let mut whole = match &self.others {
            Some(others) => others.clone(),
            None => {
                let mut others = Rollup::default();
                if let Some((writer, run)) = &self.store {
                    let mut except = self.replaces.clone();
                    except.push(*run);
                    for loaded in writer.load_sealed(&except)? {
                        self.unknown_rules.extend(loaded.unknown_rules);
                        others.merge(loaded.rollup, &self.caps);
                    }
                }
                self.others.insert(others).clone()
            }
        };
        whole.merge(self.rollup.clone(), &self.caps);
        Ok(assess(whole, &*self.detector, &self.marks, &self.caps))
    }
}
