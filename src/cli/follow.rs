//! `phitap replay --follow`

use super::args::ReplayArgs;
use super::config::RecordSettings;
use super::exit::{Exit, Failure, tell};
use super::main::watch_signals;
use super::record::{Record, store_failure};
use crate::base::StableHasher;
use crate::capture::{CaptureError, Filter, Follow, Followed, FollowedFile, Input, PacketSource};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{Identify, OpenInput, Pace, Sources, Upcoming};
use crate::sensor::recorder::RunSpec;
use crate::store::{Earlier, InputPlan, Passed, Reading, Writer};

/// Reads rotating captures as they appear, until a signal.
pub fn follow(
    args: &ReplayArgs,
    settings: RecordSettings,
    filter: Option<String>,
) -> Result<Exit, Failure> {
    let [directory] = args.paths.as_slice() else {
        return Err(Failure::usage("follow several paths: --follow takes one directory"));
    };
    if !directory.is_dir() {
        let directory = directory.display();
        return Err(Failure::usage(format!("follow {directory}: expected a directory")));
    }
    let record = Record::prepare(settings, args.reveal, !args.record.no_progress)?;
    let writer = record.open_writer()?;
    let mut follow = Follow::new(directory);
    skip_known(&mut follow, &record, &writer, filter.as_deref())?;
    let known = readings(&writer, filter.as_deref())?;
    watch_signals(&record.stop)?;
    tell(format!("following {}; stop with Ctrl-C", directory.display()));
    let key = record.settings.key.clone();
    let mut twice = false;
    let mut next = || match follow.look() {
        Ok(Followed::File(file)) => {
            let (before, otherwise) = known_of(&file, &known, &key.hasher("input"));
            twice |= otherwise;
            let identify = Box::new(file.identity(key.hasher("input")));
            // It compiled before; a second time it does so again.
            let filter = filter.as_deref().and_then(|text| Filter::new(text).ok());
            let ingest = Ingest::new(file, filter).pass_over(before);
            let identify = Some(identify as Identify);
            Upcoming::Input(Box::new(OpenInput { ingest, identity: None, identify, before }))
        }
        Ok(Followed::Nothing) => Upcoming::Later,
        Ok(Followed::Passed { path, reason }) => {
            tell(format!("skipped {}: {reason}", path.display()));
            Upcoming::Later
        }
        Err(error) => Upcoming::Failed(CaptureError::from(error)),
    };
    let sources = Sources { next: &mut next, pace: Pace::Following };
    // As with an interface, what was seen may not come again: it is published as it comes, and
    // kept where the end comes without notice.
    let spec = RunSpec { filter: filter.clone(), ..RunSpec::capture() };
    let done = record.run(sources, (writer, spec), Exit::Done);
    if let Some(path) = follow.unready() {
        let path = path.display();
        tell(format!("not read {path}: it is still written, and its beginning is not whole yet"));
    }
    done.map(|exit| if twice { exit.and(Exit::Incomplete) } else { exit })
}

/// Captures that the database has whole, in whatever run, are not read again.
fn skip_known(
    follow: &mut Follow,
    record: &Record,
    writer: &Writer,
    filter: Option<&str>,
) -> Result<(), Failure> {
    let hasher = record.settings.key.hasher("input");
    let done = follow.done().map_err(|e| Failure::usage(format!("list the directory: {e}")))?;
    let mut known = Vec::new();
    for path in done {
        let identity = Input::Path(path.clone()).identity(&hasher).ok().flatten();
        known.push((path, identity));
    }
    let identities: Vec<_> = known.iter().map(|(_, identity)| *identity).collect();
    let filter = filter.map(str::to_owned);
    let earlier = Earlier { filter, only_reads_on: true, ..Earlier::default() };
    let plan = writer.plan(&identities, &earlier).map_err(|e| store_failure(&e))?;
    for ((path, _), plan) in known.iter().zip(&plan.inputs) {
        if let InputPlan::Skip(run) = plan {
            tell(format!("{} is in the inventory already (run {run})", path.display()));
            follow.skip(path);
        }
    }
    Ok(())
}

/// What was read of which files: first what shows all that is read now, the furthest first.
fn readings(writer: &Writer, filter: Option<&str>) -> Result<Vec<Reading>, Failure> {
    let mut readings = writer.readings(filter).map_err(|e| store_failure(&e))?;
    readings.sort_by_key(|reading| (!reading.shows_all, std::cmp::Reverse(reading.read)));
    Ok(readings)
}

/// What of `file` earlier runs have, and whether one has read what is behind them
/// otherwise, so that what both show is counted twice.
fn known_of(file: &FollowedFile, known: &[Reading], hasher: &StableHasher) -> (Passed, bool) {
    let find = |known: &[Reading]| {
        let begins = file.begins_like(hasher, known.iter().map(|reading| reading.identity));
        begins.and_then(|at| known.get(at)).copied()
    };
    let Some(first) = find(known) else { return (Passed::default(), false) };
    let before = if first.shows_all { first.read } else { Passed::default() };
    let further = |reading: &&Reading| !reading.shows_all && reading.read.packets > before.packets;
    let otherwise: Vec<Reading> = known.iter().filter(further).copied().collect();
    let name = file.name();
    if first.shows_all {
        tell(format!(
            "{name}: its first {} packets are in the inventory already (run {}); it is read \
             on behind them",
            before.packets, first.run
        ));
    }
    let otherwise = if otherwise.is_empty() { None } else { find(&otherwise) };
    if let Some(Reading { run, .. }) = otherwise {
        tell(format!(
            "run {run} has read {name} with another filter: it stays, and what passes both is \
             counted twice; replay the directory without a filter to have all of it once"
        ));
    }
    (before, otherwise.is_some())
}
