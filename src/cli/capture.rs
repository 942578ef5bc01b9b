//! `phitap capture`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::{CaptureArgs, OnLoss};
use super::config::{Origin, RecordSettings, size, size_expected};
use super::exit::{Exit, Failure, tell};
use super::main::watch_signals;
use super::record::Record;
use super::user::User;
use crate::capture::{Filter, LiveError, LiveOptions, LiveSource};
use crate::sensor::health::{Change, Watch};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{OpenInput, Pace, Sources};
use crate::sensor::stop::Stop;
use crate::store::RunKind;

/// Listens until a signal.
pub fn run(args: &CaptureArgs) -> Result<Exit, Failure> {
    let (settings, sources) = match &args.user {
        None => {
            let settings = RecordSettings::resolve(&args.record, &[])?;
            let filter = filter(args, &settings)?;
            let options = options(args, &settings, filter)?;
            let sources = open_all(&args.interface, args.rings.into(), &options)?;
            (settings, sources)
        }
        Some(name) => unprivileged(args, name)?,
    };
    let mut record = Record::prepare(settings, false, !args.record.no_progress)?;
    let writer = record.open_writer()?;
    watch_signals(&record.stop)?;
    let blind = Arc::new(AtomicBool::new(false));
    record.watch = Some(watch(args, &record.stop, &blind));
    tell(format!("listening on {}; stop with Ctrl-C", args.interface.join(", ")));
    let mut sources = sources.into_iter();
    let mut next = || {
        let opened = sources.next().map(|source| {
            let ingest = Ingest::new(Box::new(source), None);
            Ok(OpenInput { ingest, identity: None, identify: None })
        });
        opened.into()
    };
    let sources = Sources { next: &mut next, pace: Pace::Live };
    let exit = record.run(sources, (writer, RunKind::Capture, Vec::new()), Exit::Done)?;
    Ok(if blind.load(Ordering::Relaxed) { exit.and(Exit::Incomplete) } else { exit })
}

/// Opens the interfaces with the privileges there are, gives those up, and goes on as another
/// user: whatever comes after it (configuration, rules, key, database, events) is that user's. A
/// filter is set last: that takes no privilege, and it may stand in the configuration.
fn unprivileged(
    args: &CaptureArgs,
    name: &str,
) -> Result<(RecordSettings, Vec<LiveSource>), Failure> {
    let user = User::named(name).map_err(Failure::usage)?;
    let mut sources = open_all(&args.interface, args.rings.into(), &unfiltered(args)?)?;
    user.become_for_good().map_err(Failure::usage)?;
    let settings = RecordSettings::resolve(&args.record, &[])?;
    let filter = filter(args, &settings)?;
    let LiveOptions { filter, .. } = options(args, &settings, filter)?;
    if let Some(filter) = filter {
        for source in &mut sources {
            source.filter(&filter).map_err(Failure::usage)?;
        }
    }
    Ok((settings, sources))
}

/// What is to be listened to: the command line's, else the configuration file's.
fn filter(args: &CaptureArgs, settings: &RecordSettings) -> Result<Option<String>, Failure> {
    let words = (!args.filter.is_empty()).then(|| args.filter.join(" "));
    let typed = words.or_else(|| args.filter_option.clone());
    // What is wrong with the filter of the file is told with the file.
    let configured = settings.filter.as_ref().filter(|_| typed.is_none());
    if let Some(said) = configured {
        Filter::new(&said.value).map_err(|e| said.origin.explain(Failure::usage(e)))?;
    }
    Ok(typed.or_else(|| configured.map(|said| said.value.clone())))
}

fn unfiltered(args: &CaptureArgs) -> Result<LiveOptions, Failure> {
    let bad_buffer = || Origin::Option("--buffer").refuse(size_expected(&args.buffer));
    let buffer = size(&args.buffer).ok_or_else(bad_buffer)?;
    Ok(LiveOptions {
        promiscuous: !args.no_promiscuous,
        snap_len_bytes: args.snaplen,
        buffer_bytes: u32::try_from(buffer).unwrap_or(u32::MAX),
        filter: None,
    })
}

fn options(
    args: &CaptureArgs,
    settings: &RecordSettings,
    filter: Option<String>,
) -> Result<LiveOptions, Failure> {
    let options = LiveOptions { filter, ..unfiltered(args)? };
    if (args.interface.len() > 1 || args.rings > 1) && settings.workers == 0 {
        let why = "use --workers 0: several interfaces or rings need at least 1";
        return Err(Failure::usage(why));
    }
    Ok(options)
}

/// Says every change of health, and ends the capture where that was asked for.
fn watch(args: &CaptureArgs, stop: &Stop, blind: &Arc<AtomicBool>) -> Watch {
    let (stop, blind) = (stop.clone(), blind.clone());
    let exits = args.on_loss == OnLoss::Exit;
    Watch::new(Duration::from_secs(args.blind_after), move |change: &Change| {
        if change.began {
            tell(format!("health: red: {}", change.text));
        } else {
            // What was measured; what to do is done.
            let ended = change.text.split_once(": ").map_or("", |(measured, _)| measured);
            tell(format!("health: green again: this has ended: {ended}"));
        }
        if change.began && exits && !blind.swap(true, Ordering::Relaxed) {
            tell("--on-loss exit: ending; what was seen is being written");
            stop.ask();
        }
    })
}

/// Opens every interface; one that cannot be opened is a usage error, so that nobody believes to
/// listen where nothing is heard.
pub fn open_all(
    interfaces: &[String],
    rings: usize,
    options: &LiveOptions,
) -> Result<Vec<LiveSource>, Failure> {
    let mut sources: Vec<LiveSource> = Vec::new();
    for (at, interface) in interfaces.iter().enumerate() {
        if interfaces.iter().take(at).any(|before| before == interface) {
            return Err(Failure::usage(format!("listen on {interface} twice: name it once")));
        }
        sources.extend(LiveSource::open_rings(interface, rings, options).map_err(|e| match e {
            LiveError::Gone { .. } => Failure::failed(e),
            _ => Failure::usage(e),
        })?);
    }
    Ok(sources)
}
