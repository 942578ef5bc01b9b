//! The writer's side: rollups of the workers go in, a run in the store comes out.

mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::{self, Stopwatch};
use crate::base::limits::MEMORY_DEFAULT;
use crate::detect::Detector;
use crate::inventory::room::BEYOND;
use crate::inventory::{
    Caps, EndpointKey, EndpointStats, Inventory, Keys, Marks, Part, Rollup, assess,
};
use crate::store::{InputRecord, Replaced, RunId, RunKind, Seal, StoreError, Writer};

use super::backlog::{Backlog, Urgency};
use super::parts::{self, Observed};

pub use spec::{Recorded, RunSpec};

/// How often a live capture writes what it has seen, at the soonest.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// Between two flushes it rests for so many times what the last one took,
const FLUSH_REST: u32 = 2;
/// but no longer: a query knows of a packet within five seconds.
const FLUSH_INTERVAL_MAX: Duration = Duration::from_secs(3);
/// A flush of what is new takes no more, but goes on as soon as what workers brought meanwhile is
/// taken: their queue is short.
const NEW_MAX: Duration = Duration::from_millis(500);
/// One of what else has changed takes no more.
const MORE_MAX: Duration = Duration::from_millis(250);
/// Endpoints that are published in one transaction.
const PART_ENDPOINTS: usize = 256;
/// Until an endpoint was called so often in this run, what is known of it changes.
const NEW_REQUESTS: u64 = 64;
/// From so many endpoints on the run's rollup is kept small, whenever it has doubled.
const COMPACT_ENDPOINTS: usize = 32_768;

/// Beyond what a run may have, rows are given up when they are a fourth of that more.
const MORE_SHARE: usize = 4;
/// The same where memory is short, for each service that is kept.
const ROWS_EACH: usize = 4;

/// One run being recorded.
pub struct Recorder {
    /// Where it is written, and as which run; nowhere for a diagnosis.
    store: Option<(Writer, RunId)>,
    kind: RunKind,
    /// Runs that this one takes the place of once it has read as much.
    replaces: Vec<Replaced>,
    /// Something that was named is not read.
    lacks: bool,
    detector: Arc<Detector>,
    /// Of all runs together.
    caps: Caps,
    /// Of this one while it is recorded, within the memory budget.
    own: Caps,
    rollup: Rollup,
    /// What a live capture has not published yet.
    backlog: Backlog,
    /// Every service there is, also in other runs.
    known: BTreeSet<Arc<str>>,
    /// Whether that is less than usual.
    short: bool,
    /// Endpoints from which on the rollup is kept small.
    compact_endpoints: usize,
    /// Endpoints from which on the rollup is made small again.
    compact_at: usize,
    /// It was, and rows of the run may be gone.
    compacted: bool,
    /// Fields that came since they were last counted.
    fields_since: usize,
    /// Inputs whose accounts have changed since the last flush, by their places in the run.
    inputs: BTreeMap<u32, InputRecord>,
    /// The place behind those written: another one is told although it may have changed nothing.
    inputs_written: u32,
    /// What all other runs add up to; loaded when it is first needed, for a capture at once.
    others: Option<Rollup>,
    /// What people said of fields when it was last looked.
    marks: Marks,
    since_flush: Stopwatch,
    flush_took: Duration,
    /// It had no time for all.
    unfinished: bool,
    unknown_rules: BTreeSet<String>,
}

impl Recorder {
    /// Begins a run.
    pub fn begin(
        mut writer: Writer,
        spec: RunSpec,
        (detector, caps): (Arc<Detector>, Caps),
    ) -> Result<Self, StoreError> {
        let RunSpec { kind, filter, replaces, lacks } = spec;
        let run = writer.begin_run(kind, clock::wall())?;
        if let Some(filter) = filter {
            writer.note_filter(run, &filter)?;
        }
        writer.note_profile(run, detector.profile())?;
        let recorder = Recorder::in_memory(detector, caps);
        let mut recorder =
            Recorder { store: Some((writer, run)), kind, replaces, lacks, ..recorder };
        if kind == RunKind::Capture {
            recorder.reread_marks()?;
            recorder.load_others()?;
            recorder.note_stale();
        }
        Ok(recorder)
    }

    /// Records without a database.
    pub fn in_memory(detector: Arc<Detector>, caps: Caps) -> Self {
        Recorder {
            store: None,
            kind: RunKind::Replay,
            replaces: Vec::new(),
            lacks: false,
            detector,
            own: caps,
            short: false,
            compact_endpoints: COMPACT_ENDPOINTS,
            caps,
            rollup: Rollup::default(),
            backlog: Backlog::default(),
            known: BTreeSet::new(),
            compact_at: COMPACT_ENDPOINTS,
            compacted: false,
            fields_since: 0,
            inputs: BTreeMap::new(),
            inputs_written: 0,
            others: None,
            marks: Marks::default(),
            since_flush: Stopwatch::start(),
            flush_took: Duration::ZERO,
            unfinished: false,
            unknown_rules: BTreeSet::new(),
        }
    }

    /// Keeps of this run what `memory` bytes are enough for.
    pub fn within(mut self, memory: u64) -> Self {
        self.own = self.caps.within(memory);
        self.short = memory < MEMORY_DEFAULT;
        let shown = self.own.services.saturating_mul(ROWS_EACH);
        self.compact_endpoints = shown.min(COMPACT_ENDPOINTS);
        self.compact_at = self.compact_endpoints;
        self
    }

    /// Adds what a worker has observed.
    pub fn add(&mut self, rollup: Rollup) {
        if self.kind == RunKind::Capture {
            self.note_changes(&rollup);
        }
        self.fields_since += rollup.field_count();
        self.rollup.merge(rollup, &self.own);
        // Most of what comes is known: they are counted seldom.
        let many = self.fields_since > self.own.fields / MORE_SHARE;
        if many {
            self.fields_since = 0;
        }
        if self.rollup.endpoints.len() >= self.compact_at
            || many && self.rollup.field_count() > self.own.fields
        {
            self.compact();
        }
    }

    fn note_changes(&mut self, rollup: &Rollup) {
        for (key, stats) in &rollup.endpoints {
            let urgency = self.urgency(key, stats);
            self.backlog.note_endpoint(key, urgency);
        }
        for service in rollup.services.keys() {
            self.backlog.note(service, Urgency::More);
        }
        for service in rollup.service_names() {
            if !self.known.contains(service) {
                self.known.insert(service.clone());
            }
        }
        let others = self.backlog.others();
        others.clients.extend(rollup.clients.keys().copied());
        others.flows.extend(rollup.flows.keys().cloned());
    }

    /// Why what comes of an endpoint is worth telling.
    fn urgency(&self, key: &EndpointKey, now: &EndpointStats) -> Urgency {
        if !self.is_new(key, now) {
            return Urgency::More;
        }
        let speaks = now.fields.values().any(|evidence| !evidence.rules.is_empty());
        if speaks { Urgency::Sensitive } else { Urgency::New }
    }

    /// Whether what comes of an endpoint may tell something that nobody knows.
    fn is_new(&self, key: &EndpointKey, now: &EndpointStats) -> bool {
        let known = [Some(&self.rollup), self.others.as_ref()];
        let known = known.map(|rollup| rollup.and_then(|rollup| rollup.endpoints.get(key)));
        let requests: u64 = known.iter().flatten().map(|stats| stats.coverage.exchanges).sum();
        let knows = |field| known.iter().flatten().any(|stats| stats.fields.contains_key(field));
        requests < NEW_REQUESTS || !now.fields.keys().all(knows)
    }

    /// Keeps the run's rollup small: names that many endpoints differ in stand for one.
    fn compact(&mut self) {
        self.rollup.compact(&self.own);
        let now = self.rollup.endpoints.len();
        let more = self.own.endpoints / MORE_SHARE;
        self.compact_at = (2 * now).min(now.max(self.own.endpoints) + more);
        self.compact_at = self.compact_at.max(self.compact_endpoints);
        self.compacted = true;
        // Names that became part of others are known no more: whoever makes them up makes many.
        self.known.clear();
        let rollups = self.others.iter().chain([&self.rollup]);
        self.known.extend(rollups.flat_map(Rollup::service_names).cloned());
    }

    /// Cuts the run to what its memory is enough for, and counts what it keeps no row of. Where
    /// that is as much as ever, whoever looks at all runs together cuts.
    fn bound(&mut self) {
        let rows =
            |rollup: &Rollup| (rollup.endpoints.len(), rollup.clients.len(), rollup.flows.len());
        let before = rows(&self.rollup);
        if self.short {
            self.rollup.conclude(&self.own);
        } else if before.0 > self.own.endpoints || self.rollup.field_count() > self.own.fields {
            self.rollup.compact(&self.own);
        }
        self.compacted |= rows(&self.rollup) != before;
        let beyond = self.rollup.requests_beyond();
        if beyond > 0 && (self.short || self.compacted) {
            self.rollup.anomalies.insert(BEYOND, beyond);
        }
    }

    /// Whether a live capture should flush now.
    pub fn is_due(&self) -> bool {
        let interval = match self.backlog.urgency() {
            Some(Urgency::Sensitive | Urgency::New) if self.unfinished => Duration::ZERO,
            _ => FLUSH_INTERVAL.max(self.flush_took * FLUSH_REST).min(FLUSH_INTERVAL_MAX),
        };
        self.kind == RunKind::Capture && self.since_flush.elapsed() >= interval
    }

    /// Takes the accounts of inputs that have changed; the next flush writes them.
    pub fn note_inputs(&mut self, inputs: Vec<InputRecord>) {
        self.inputs.extend(inputs.into_iter().map(|input| (input.position, input)));
    }

    /// Writes what a live capture has seen so far, and publishes it: as much of it as its time
    /// allows, what is new first.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let watch = Stopwatch::start();
        self.unfinished = false;
        if self.reread_marks()? {
            self.note_stale();
        }
        let end = self.inputs.keys().last().map_or(0, |place| place + 1);
        if !self.backlog.is_empty() || self.compacted || end > self.inputs_written {
            self.inputs_written = self.inputs_written.max(end);
            self.load_others()?;
            if self.compacted || self.known.len() > self.caps.services {
                self.publish_all()?;
            } else {
                self.publish_parts(&watch)?;
            }
        }
        self.flush_took = watch.elapsed();
        self.since_flush = Stopwatch::start();
        Ok(())
    }

    /// Publishes part after part.
    fn publish_parts(&mut self, watch: &Stopwatch) -> Result<(), StoreError> {
        self.note_crowds();
        self.backlog.let_eldest_pass();
        loop {
            self.publish_part()?;
            let most = match self.backlog.urgency() {
                None => return Ok(()),
                Some(Urgency::Sensitive | Urgency::New) => NEW_MAX,
                Some(Urgency::More | Urgency::Stale) => MORE_MAX,
            };
            if watch.elapsed() >= most {
                self.unfinished = true;
                return Ok(());
            }
        }
    }

    /// Publishes those whose turn it is.
    fn publish_part(&mut self) -> Result<(), StoreError> {
        let part = self.take_part();
        let inventory = self.observed().assess(&part);
        let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
        if let Some((writer, run)) = &mut self.store {
            writer.write_part(*run, &self.rollup, &part, &inputs)?;
            writer.publish_part(&inventory, &part)?;
        }
        Ok(())
    }

    /// Takes those whose turn it is.
    fn take_part(&mut self) -> Part {
        let others = self.others.get_or_insert_default();
        self.backlog.take(PART_ENDPOINTS, [others, &self.rollup])
    }

    /// Clients and rows of flows of which some must make room for others change all at once.
    fn note_crowds(&mut self) {
        let others = self.others.get_or_insert_default();
        let overflow = others.clients_overflow + self.rollup.clients_overflow > 0;
        let clients = others.clients.len() + self.rollup.clients.len();
        let changed = self.backlog.others();
        if overflow || clients > self.own.clients {
            changed.clients = Keys::All;
        }
        if self.rollup.flows.len() >= self.own.flow_rows {
            changed.flows = Keys::All;
        }
    }

    /// Publishes everything at once: services make room for others, or rows have been joined.
    fn publish_all(&mut self) -> Result<(), StoreError> {
        let inventory = self.assess()?;
        let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
        let mut part = Part { clients: Keys::All, flows: Keys::All, ..Part::default() };
        part.services = self.known.iter().map(|name| (name.clone(), Keys::All)).collect();
        if let Some((writer, run)) = &mut self.store {
            writer.write_part(*run, &self.rollup, &part, &inputs)?;
            writer.publish(&inventory)?;
        }
        self.backlog.clear();
        self.compacted = false;
        Ok(())
    }

    /// Ends the run; `inputs` are all, but for those that were noted and have not changed since.
    pub fn seal(
        mut self,
        inputs: &[InputRecord],
        interrupted: bool,
    ) -> Result<Recorded, StoreError> {
        self.bound();
        let given_up_for = spec::settle_replaced(&mut self.replaces, inputs);
        if !given_up_for.is_empty() {
            if let Some((mut writer, run)) = self.store.take() {
                writer.abandon(run)?;
                writer.close()?;
            }
            return Ok(Recorded { run: self.rollup, given_up_for, unknown_rules: Vec::new() });
        }
        match self.kind {
            RunKind::Capture => self.publish_rest()?,
            RunKind::Replay => {
                self.reread_marks()?;
                self.load_others()?;
            }
        }
        self.note_inputs(inputs.to_vec());
        let inputs: Vec<_> = std::mem::take(&mut self.inputs).into_values().collect();
        if let Some((mut writer, run)) = self.store.take() {
            let replaces: Vec<RunId> = self.replaces.iter().map(|replaced| replaced.run).collect();
            let seal = Seal {
                run,
                inputs: &inputs,
                // A capture has no end but the one it is given.
                interrupted: (interrupted || self.lacks) && self.kind == RunKind::Replay,
                replaces: &replaces,
                ended: clock::wall(),
                inventory: None,
            };
            match self.kind {
                RunKind::Capture => writer.seal(&seal)?,
                RunKind::Replay => self.write_all(&mut writer, &seal)?,
            }
            writer.close()?;
        }
        let unknown_rules = self.unknown_rules.into_iter().collect();
        Ok(Recorded { run: self.rollup, given_up_for, unknown_rules })
    }

    /// Writes all that a replay saw, and says what all runs add up to: nobody looked before.
    fn write_all(&self, writer: &mut Writer, seal: &Seal<'_>) -> Result<(), StoreError> {
        let (observed, rollup) = (self.observed(), &self.rollup);
        let parts = observed.all_parts(PART_ENDPOINTS);
        parts::assessed(
            &parts,
            |part| observed.assess(part),
            |assessed| {
                writer.write_all(seal.run, rollup)?;
                writer.seal_in_parts(seal, assessed.map(|(_, inventory)| inventory))
            },
        )
    }

    /// All that was observed, and how it is judged.
    fn observed(&self) -> Observed<'_> {
        Observed {
            others: self.others.as_ref(),
            own: &self.rollup,
            detector: &self.detector,
            marks: &self.marks,
            caps: &self.caps,
        }
    }

    /// Publishes what a capture has not published yet: all else is there.
    fn publish_rest(&mut self) -> Result<(), StoreError> {
        if self.reread_marks()? {
            self.note_stale();
        }
        if self.compacted || !self.backlog.is_empty() && self.known.len() > self.caps.services {
            return self.publish_all();
        }
        self.note_crowds();
        let mut parts = Vec::new();
        while !self.backlog.is_empty() {
            parts.push(self.take_part());
        }
        let mut inputs: Vec<_> = match parts.is_empty() {
            true => Vec::new(),
            false => std::mem::take(&mut self.inputs).into_values().collect(),
        };
        let Some((mut writer, run)) = self.store.take() else { return Ok(()) };
        let (observed, rollup) = (self.observed(), &self.rollup);
        let written = parts::assessed(
            &parts,
            |part| observed.assess(part),
            |assessed| {
                for (part, inventory) in assessed {
                    writer.write_part(run, rollup, part, &std::mem::take(&mut inputs))?;
                    writer.publish_part(&inventory, part)?;
                }
                Ok(())
            },
        );
        self.store = Some((writer, run));
        written
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

    /// Every service there is may be judged in another way than it was published.
    fn note_stale(&mut self) {
        for service in &self.known {
            self.backlog.note(service, Urgency::Stale);
        }
    }

    /// Loads what all other runs add up to, once.
    fn load_others(&mut self) -> Result<(), StoreError> {
        if self.others.is_some() {
            return Ok(());
        }
        let mut others = Rollup::default();
        if let Some((writer, run)) = &self.store {
            let mut except: Vec<_> = self.replaces.iter().map(|replaced| replaced.run).collect();
            except.push(*run);
            for loaded in writer.load_sealed(&except)? {
                self.unknown_rules.extend(loaded.unknown_rules);
                others.merge(loaded.rollup, &self.caps);
            }
        }
        self.known.extend(others.service_names().cloned());
        self.others = Some(others);
        Ok(())
    }

    fn assess(&mut self) -> Result<Inventory, StoreError> {
        self.load_others()?;
        let mut whole = self.others.clone().unwrap_or_default();
        whole.merge(self.rollup.clone(), &self.caps);
        Ok(assess(whole, &self.detector.judging(), &self.marks, &self.caps))
    }
}

#[cfg(test)]
mod tests;
