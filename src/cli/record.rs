//! The main job, whatever is read: settings become a pipeline, its outcome becomes a summary and
//! an exit code.

use std::sync::Arc;

use super::bar::Bar;
use super::config::RecordSettings;
use super::exit::{Exit, Failure, tell};
use super::queries::query_failure;
use super::summary::{self, Summary};
use crate::analysis::{Commons, Worker};
use crate::base::Shares;
use crate::base::clock;
use crate::inventory::Caps;
use crate::model::{InputAccount, Severity};
use crate::query::{Overview, overview, undecided};
use crate::sensor::health::Watch;
use crate::sensor::pipeline::{self, Outcome, Settings, Sources};
use crate::sensor::progress::Progress;
use crate::sensor::recorder::{Recorder, RunSpec};
use crate::sensor::sight::Gauge;
use crate::sensor::stop::Stop;
use crate::sinks::{EveError, EveFile};
use crate::store::{FailureKind, Reader, RuleNames, RunId, RunKind, StoreError, Writer};

/// What is common to a replay and a capture.
pub struct Record {
    /// What was asked for.
    pub settings: RecordSettings,
    /// Ends the run early.
    pub stop: Stop,
    /// Tells how far it is.
    pub progress: Progress,
    /// Where events go.
    pub events: Option<EveFile>,
    /// Show a progress bar where there is a terminal.
    pub bar: bool,
    /// Watches a live capture for blindness.
    pub watch: Option<Watch>,
}

impl Record {
    /// Opens the events' file.
    pub fn prepare(settings: RecordSettings, reveal: bool, bar: bool) -> Result<Self, Failure> {
        let events = settings.events.as_ref().map(|said| {
            EveFile::create(&said.value, reveal).map_err(|e| {
                said.origin.explain(match e {
                    EveError::Exists { .. } => Failure::usage(e),
                    EveError::Io { .. } => Failure::failed(e),
                })
            })
        });
        let events = events.transpose()?;
        let (stop, progress) = (Stop::default(), Progress::default());
        Ok(Record { settings, stop, progress, events, bar, watch: None })
    }

    /// Opens the database for writing.
    pub fn open_writer(&self) -> Result<Writer, Failure> {
        let names = self.settings.detector.rule_names().map(str::to_owned).collect::<Vec<_>>();
        let path = &self.settings.db;
        let writer = Writer::open(path, &self.settings.key.id(), RuleNames::new(names))
            .map_err(|e| store_failure(&e))?;
        for run in &writer.recovery().removed {
            tell(format!("run {run} was not finished; it was removed from {}", path.display()));
        }
        for run in &writer.recovery().kept {
            tell(format!("capture {run} was not finished; what it had written is kept as partial"));
        }
        Ok(writer)
    }

    /// Runs `sources` into `writer` and says what came of it.
    pub fn run(
        self,
        sources: Sources<'_>,
        (writer, spec): (Writer, RunSpec),
        incomplete: Exit,
    ) -> Result<Exit, Failure> {
        let kind = spec.kind;
        let detector = self.settings.detector.clone();
        let caps = Caps::new(self.settings.key.hasher("caps"));
        let recorder = Recorder::begin(writer, spec, (detector, caps))
            .map_err(|e| store_failure(&e))?
            .within(self.settings.memory);
        let workers = self.settings.workers;
        // With one worker, events are told in the order in which exchanges end.
        let shards = if self.events.is_some() {
            workers.max(1)
        } else {
            pipeline::shards(workers, sources.pace)
        };
        let shares = Shares::of(self.settings.memory, shards);
        let settings = Settings {
            workers,
            shards,
            shares,
            worker: self.worker_maker(shares, shards),
            stop: self.stop.clone(),
            progress: self.progress.clone(),
            gauge: self.watch.is_some().then(Gauge::default),
            watch: self.watch.clone(),
            tunnels: self.settings.tunnels,
        };
        let bar = Bar::show(&self.progress, self.bar);
        let outcome = pipeline::run(sources, &settings, recorder);
        drop(bar);
        // The workers' event sinks write what they hold when they are dropped.
        drop(settings);
        let outcome = outcome.map_err(|e| store_failure(&e))?;
        self.conclude(&outcome, kind, incomplete)
    }

    fn worker_maker(&self, shares: Shares, shards: usize) -> Arc<dyn Fn() -> Worker + Send + Sync> {
        let detector = self.settings.detector.clone();
        let (key, events) = (self.settings.key.clone(), self.events.clone());
        let commons = (shards > 1).then(|| Arc::new(Commons::within(&shares)));
        Arc::new(move || {
            let mut worker = Worker::new(shares, detector.clone(), &key);
            if let Some(commons) = &commons {
                worker.share(Arc::clone(commons));
            }
            if let Some(events) = &events {
                worker.tell(Box::new(events.sink()));
            }
            worker
        })
    }

    fn conclude(
        &self,
        outcome: &Outcome,
        kind: RunKind,
        incomplete: Exit,
    ) -> Result<Exit, Failure> {
        let mut exit = incomplete;
        for failure in &outcome.failures {
            tell(format!("failed to {failure}"));
            // Standard input can be judged only now; when it was all there is, nothing was usable.
            let nothing = kind == RunKind::Replay && outcome.inputs.is_empty();
            exit = exit.and(if nothing { Exit::Usage } else { Exit::Incomplete });
        }
        let given_up = tell_given_up(&outcome.recorded.given_up_for);
        for input in &outcome.inputs {
            if let Some(reason) = &input.account.incomplete {
                let kept = if given_up { "" } else { "; what was read of it was kept" };
                tell(format!("{}: {reason}{kept}", input.account.name));
                exit = exit.and(Exit::Incomplete);
            }
        }
        if given_up {
            exit = exit.and(Exit::Incomplete);
        }
        if outcome.earlier.incomplete > 0 {
            let n = outcome.earlier.incomplete;
            tell(format!("{n} earlier captures are incomplete: phitap coverage names them"));
            exit = exit.and(Exit::Incomplete);
        }
        if outcome.interrupted && kind == RunKind::Replay {
            exit = exit.and(Exit::Incomplete);
        }
        if outcome.panics > 0 {
            let n = outcome.panics;
            tell(format!(
                "{n} internal errors: the flows they were in are missing; please report this"
            ));
            exit = exit.and(Exit::Failed);
        }
        for rule in &outcome.recorded.unknown_rules {
            tell(format!(
                "the database speaks of rule {rule:?}, which is not loaded; \
                 its evidence was left out"
            ));
        }
        let reader = Reader::open(&self.settings.db).map_err(|e| store_failure(&e))?;
        let overview = overview(&reader, summary::FINDINGS_SHOWN).map_err(|e| store_failure(&e))?;
        if let Some(least) = self.settings.fail_on
            && worst_open(&reader, &overview)? >= Some(least)
        {
            exit = exit.and(Exit::Findings);
        }
        let accounts = accounts_of(outcome);
        let to_stdout = self.settings.events.as_ref().is_none_or(|p| p.value.as_os_str() != "-");
        if let Some(events) = &self.events {
            let findings = reader.all_findings().map_err(|e| store_failure(&e))?;
            events.finish(&findings, &accounts, clock::wall()).map_err(Failure::failed)?;
        }
        let summary = Summary {
            overview: &overview,
            run: &outcome.recorded.run,
            inputs: &accounts,
            captures: outcome.earlier.inputs + outcome.inputs.len() as u64,
            db: &self.settings.db,
        };
        if !given_up {
            summary::print(&summary, to_stdout).map_err(Failure::failed)?;
        }
        Ok(exit)
    }
}

/// Says that a run gave way to what was stored; whether it did.
fn tell_given_up(stay: &[RunId]) -> bool {
    let runs: Vec<String> = stay.iter().map(|run| format!("run {run}")).collect();
    if let [first, more @ ..] = runs.as_slice() {
        let runs = more.iter().fold(first.clone(), |all, run| format!("{all} and {run}"));
        let stays = if more.is_empty() { "stays" } else { "stay" };
        tell(format!(
            "ended before all that {runs} had read was read again: {runs} {stays}, and what was \
             read now is not kept; replay it again"
        ));
    }
    !stay.is_empty()
}

/// The greatest severity of what nobody accepted, refuted or resolved.
fn worst_open(reader: &Reader, overview: &Overview) -> Result<Option<Severity>, Failure> {
    let open = undecided(reader, Some(clock::wall())).map_err(|e| query_failure(&e))?;
    Ok(open.map_or_else(|| overview.worst(), |open| open.worst()))
}

/// What became of the packets of all inputs: those that are known as a sum only come first.
fn accounts_of(outcome: &Outcome) -> Vec<InputAccount> {
    let earlier = &outcome.earlier;
    let sum = InputAccount { packets: earlier.packets.clone(), ..InputAccount::default() };
    let sum = (earlier.inputs > 0).then_some(sum);
    sum.into_iter().chain(outcome.inputs.iter().map(|i| i.account.clone())).collect()
}

/// A store's failure with its exit code.
pub fn store_failure(error: &StoreError) -> Failure {
    match error.kind() {
        FailureKind::Usage => Failure::usage(error),
        FailureKind::Output => Failure::failed(error),
    }
}
