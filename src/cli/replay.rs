//! `phitap replay`

use std::path::PathBuf;

use super::args::ReplayArgs;
use super::config::RecordSettings;
use super::earlier::{self, ToRead};
use super::exit::{Exit, Failure, tell};
use super::follow::follow;
use super::main::watch_signals;
use super::record::Record;
use crate::base::StableHasher;
use crate::capture::{Filter, Input, InputError, Inputs};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{OpenInput, Pace, Sources, Upcoming};
use crate::sensor::recorder::RunSpec;
use crate::sensor::stop::Stop;
use crate::store::{InputIdentity, Passed, RunKind};

/// Skipped files that are named; a directory of other things holds thousands.
const SKIPPED_TOLD: usize = 20;

/// Captures that are read at once: each is a file that is open.
const MERGED_MAX: usize = 512;

/// Reads captures into the inventory.
pub fn run(args: &ReplayArgs) -> Result<Exit, Failure> {
    let inputs = Inputs::expand(&args.paths);
    let settings = RecordSettings::resolve(&args.record, &files(&inputs, &args.paths))?;
    let filter = match (&args.filter, &settings.filter) {
        (Some(text), _) => Some(checked(text)?),
        (None, Some(said)) => {
            Some(checked(&said.value).map_err(|failure| said.origin.explain(failure))?)
        }
        (None, None) => None,
    };
    if args.reveal && settings.events.as_ref().is_some_and(|said| said.value.as_os_str() == "-") {
        return Err(Failure::usage(
            "reveal to standard output: --reveal needs a new file, name one with --events",
        ));
    }
    if args.follow {
        return follow(args, settings, filter);
    }
    let mut exit = tell_unusable(&inputs)?;
    let mut lacks = inputs.unusable.iter().any(InputError::may_pass);
    let stop = Stop::default();
    let mut piped = open_piped(&inputs, (filter.as_deref(), &stop))?;
    let mut record = Record::prepare(settings, args.reveal, !args.record.no_progress)?;
    record.stop = stop.clone();
    if args.reveal {
        tell("--reveal: the events file will hold raw host names and URLs; protect it");
    }
    let writer = record.open_writer()?;
    let hasher = record.settings.key.hasher("input");
    let usable = inputs.usable.len();
    let readable = identified(inputs.usable, &hasher);
    if readable.len() < usable {
        exit = exit.and(Exit::Incomplete);
        lacks = true;
    }
    let plan = earlier::plan(&readable, &writer, &hasher, filter.as_deref())?;
    // Who says --again knows that it counts twice.
    let kept = if args.again { &[] } else { plan.kept.as_slice() };
    exit = exit.and(earlier::tell_kept(kept, filter.as_deref()));
    let todo = earlier::to_read(readable, &plan.inputs, args);
    if args.merge && todo.len() > MERGED_MAX {
        let many = todo.len();
        return Err(Failure::usage(format!(
            "merge {many} captures: at most {MERGED_MAX} are read at once; merge those of an hour"
        )));
    }
    record.progress.set_total(total_bytes(&todo));
    watch_signals(&record.stop)?;
    let mut todo = todo.into_iter();
    let mut failed = Vec::new();
    let mut next = || {
        let open = |known: ToRead| {
            piped.take().map_or_else(|| open(&known, (filter.as_deref(), &stop)), Ok)
        };
        if args.merge && todo.len() > 0 {
            let opened: Vec<_> = todo.by_ref().map(open).collect();
            let (readable, not): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
            failed = not.into_iter().filter_map(Result::err).collect();
            return Upcoming::Together(readable.into_iter().flatten().collect());
        }
        match failed.pop() {
            Some(error) => Upcoming::Failed(error),
            None => todo.next().map(open).into(),
        }
    };
    let sources = Sources { next: &mut next, pace: Pace::Files };
    let kind = RunKind::Replay;
    let spec = RunSpec { kind, filter: filter.clone(), replaces: plan.replaces, lacks };
    record.run(sources, (writer, spec), exit)
}

/// Which files they are; says which went away meanwhile.
fn identified(usable: Vec<Input>, hasher: &StableHasher) -> Vec<(Input, Option<InputIdentity>)> {
    let mut readable = Vec::new();
    for input in usable {
        match input.identity(hasher) {
            Ok(identity) => readable.push((input, identity)),
            Err(error) => tell(format!("failed to {error}")),
        }
    }
    readable
}

/// What comes through a pipe cannot be looked at twice: a single one is opened before anything is
/// made, and nothing is where it is no capture.
fn open_piped(inputs: &Inputs, how: (Option<&str>, &Stop)) -> Result<Option<OpenInput>, Failure> {
    match inputs.usable.as_slice() {
        [Input::Stdin] => {
            let stdin = ToRead { input: Input::Stdin, identity: None, before: Passed::default() };
            open(&stdin, how).map(Some).map_err(Failure::usage)
        }
        _ => Ok(None),
    }
}

/// The files that are read, those that were named and turned out unusable among them.
fn files(inputs: &Inputs, named: &[PathBuf]) -> Vec<PathBuf> {
    let usable = inputs.usable.iter().map(|input| match input {
        Input::Path(path) => path.clone(),
        // What standard input was redirected from.
        Input::Stdin => "/dev/stdin".into(),
    });
    usable.chain(named.iter().cloned()).collect()
}

/// A filter that compiles.
fn checked(text: &str) -> Result<String, Failure> {
    Filter::new(text).map(|_| text.to_owned()).map_err(Failure::usage)
}

fn open(
    known: &ToRead,
    (filter, stop): (Option<&str>, &Stop),
) -> Result<OpenInput, crate::capture::CaptureError> {
    let &ToRead { ref input, identity, before } = known;
    let stop = stop.clone();
    let source = input.open(move || stop.asked())?;
    // It compiled before; a second time it does so again.
    let filter = filter.and_then(|text| Filter::new(text).ok());
    let ingest = Ingest::new(Box::new(source), filter).pass_over(before);
    Ok(OpenInput { ingest, identity, identify: None, before })
}

/// Says what cannot be read. Nothing usable at all is a usage error.
pub fn tell_unusable(inputs: &Inputs) -> Result<Exit, Failure> {
    let mut errors = inputs.unusable.iter();
    if inputs.usable.is_empty() {
        let Some(last) = errors.next_back() else {
            return Err(Failure::usage("find anything to read"));
        };
        errors.for_each(tell_error);
        return Err(Failure::usage(last));
    }
    // Where nothing is read, the error says so once for all of them.
    for skipped in inputs.skipped.iter().take(SKIPPED_TOLD) {
        tell(format!("skipped {}: {}", skipped.path.display(), skipped.reason));
    }
    if let Some(more @ 1..) = inputs.skipped.len().checked_sub(SKIPPED_TOLD) {
        tell(format!("skipped {more} more files that are no captures, or links to directories"));
    }
    errors.for_each(tell_error);
    Ok(if inputs.unusable.is_empty() { Exit::Done } else { Exit::Incomplete })
}

fn tell_error(error: &InputError) {
    tell(format!("failed to {error}"));
}

/// The size of all inputs, or 0 when one is a pipe.
fn total_bytes(inputs: &[ToRead]) -> u64 {
    let sizes: Option<Vec<u64>> = inputs.iter().map(|i| i.identity.map(|i| i.size)).collect();
    sizes.map_or(0, |sizes| sizes.iter().sum())
}
