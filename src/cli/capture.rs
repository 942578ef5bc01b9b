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
use crate::capture::{
    BUFFER_BYTES_MAX, Filter, LastingSource, LiveError, LiveOptions, PacketSource,
};
use crate::sensor::health::{Change, Watch};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{OpenInput, Pace, Sources};
use crate::sensor::recorder::RunSpec;
use crate::sensor::stop::Stop;
use crate::store::Passed;

/// Smaller buffers are made of a few blocks: what is missing of them is rounding.
const BUFFER_TOLD_BYTES: u64 = 4 << 20;

/// Listens until a signal.
pub fn run(args: &CaptureArgs) -> Result<Exit, Failure> {
    // Before a key is made or an interface opened.
    buffer_bytes(&args.buffer)?;
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
            Ok(OpenInput { ingest, identity: None, identify: None, before: Passed::default() })
        });
        opened.into()
    };
    let sources = Sources { next: &mut next, pace: Pace::Live };
    let exit = record.run(sources, (writer, RunSpec::capture()), Exit::Done)?;
    Ok(if blind.load(Ordering::Relaxed) { exit.and(Exit::Incomplete) } else { exit })
}

/// Opens the interfaces with the privileges there are, gives those up, and goes on as another
/// user: whatever comes after it (configuration, rules, key, database, events) is that user's. A
/// filter is set last: that takes no privilege, and it may stand in the configuration.
fn unprivileged(
    args: &CaptureArgs,
    name: &str,
) -> Result<(RecordSettings, Vec<LastingSource>), Failure> {
    let user = User::named(name).map_err(Failure::usage)?;
    let mut sources = open_all(&args.interface, args.rings.into(), &unfiltered(args)?)?;
    user.become_for_good().map_err(Failure::usage)?;
    sources.iter_mut().for_each(LastingSource::stay_away);
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
    Ok(LiveOptions {
        promiscuous: !args.no_promiscuous,
        snap_len_bytes: args.snaplen,
        buffer_bytes: buffer_bytes(&args.buffer)?,
        filter: None,
    })
}

/// The bytes of `--buffer`: no more than libpcap takes, which would quietly take less.
pub fn buffer_bytes(text: &str) -> Result<u32, Failure> {
    let refuse = |why| Origin::Option("--buffer").refuse(why);
    let bytes = size(text).ok_or_else(|| refuse(size_expected(text)))?;
    match u32::try_from(bytes) {
        Ok(0) => Err(refuse("no packet fits into 0 bytes; use 1M or more".to_owned())),
        Ok(bytes) if u64::from(bytes) <= BUFFER_BYTES_MAX => Ok(bytes),
        _ => Err(refuse(format!(
            "{text} is more than one buffer can be: use 2047M at most; --rings gives an interface \
             several"
        ))),
    }
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
) -> Result<Vec<LastingSource>, Failure> {
    let mut sources: Vec<LastingSource> = Vec::new();
    for (at, interface) in interfaces.iter().enumerate() {
        if interfaces.iter().take(at).any(|before| before == interface) {
            return Err(Failure::usage(format!("listen on {interface} twice: name it once")));
        }
        sources.extend(LastingSource::open(interface, rings, options).map_err(|e| match e {
            LiveError::Gone { .. } => Failure::failed(e),
            _ => Failure::usage(e),
        })?);
    }
    sources.iter().for_each(|source| tell_less_buffer(source, options.buffer_bytes));
    Ok(sources)
}

/// The kernel had not as much memory as was asked for. What is rounded is not worth a word.
fn tell_less_buffer(source: &LastingSource, wanted: u32) {
    let wanted = u64::from(wanted);
    if let Some(got) = source.buffer_bytes()
        && got < wanted - wanted / 16
        && wanted >= BUFFER_TOLD_BYTES
    {
        let [got, wanted] = [got, wanted].map(|bytes| bytes >> 20);
        let name = source.name();
        tell(format!(
            "{name}: the kernel gave a buffer of {got} MiB in place of {wanted} MiB (--buffer): \
             memory is short; packets are lost sooner"
        ));
    }
}
