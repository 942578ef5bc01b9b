//! `phitap capture`

use super::args::CaptureArgs;
use super::config::{Origin, RecordSettings, size, size_expected};
use super::exit::{Exit, Failure, tell};
use super::main::watch_signals;
use super::record::Record;
use crate::capture::{Filter, LiveError, LiveOptions, LiveSource};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{OpenInput, Sources};
use crate::store::RunKind;

/// Listens until a signal.
pub fn run(args: &CaptureArgs) -> Result<Exit, Failure> {
    let settings = RecordSettings::resolve(&args.record, &[])?;
    let words = (!args.filter.is_empty()).then(|| args.filter.join(" "));
    let typed = words.or_else(|| args.filter_option.clone());
    // What is wrong with the filter of the file is told with the file.
    let configured = settings.filter.as_ref().filter(|_| typed.is_none());
    if let Some(said) = configured {
        Filter::new(&said.value).map_err(|e| said.origin.explain(Failure::usage(e)))?;
    }
    let filter = typed.or_else(|| configured.map(|said| said.value.clone()));
    let bad_buffer = || Origin::Option("--buffer").refuse(size_expected(&args.buffer));
    let buffer = size(&args.buffer).ok_or_else(bad_buffer)?;
    let options = LiveOptions {
        snap_len_bytes: args.snaplen,
        buffer_bytes: u32::try_from(buffer).unwrap_or(u32::MAX),
        filter,
        ..LiveOptions::default()
    };
    if args.interface.len() > 1 && settings.workers == 0 {
        return Err(Failure::usage("use --workers 0: several interfaces need at least 1"));
    }
    let sources = open(&args.interface, &options)?;
    let record = Record::prepare(settings, false, !args.record.no_progress)?;
    let writer = record.open_writer()?;
    watch_signals(&record.stop)?;
    tell(format!("listening on {}; stop with Ctrl-C", args.interface.join(", ")));
    let mut sources = sources.into_iter();
    let mut next = || {
        let ingest = Ingest::new(Box::new(sources.next()?), None);
        Some(Ok(OpenInput { ingest, identity: None }))
    };
    let sources = Sources { next: &mut next, live: true };
    record.run(sources, (writer, RunKind::Capture, Vec::new()), Exit::Done)
}

/// Opens every interface; one that cannot be opened is a usage error, so that nobody believes to
/// listen where nothing is heard.
fn open(interfaces: &[String], options: &LiveOptions) -> Result<Vec<LiveSource>, Failure> {
    let mut sources: Vec<LiveSource> = Vec::new();
    for (at, interface) in interfaces.iter().enumerate() {
        if interfaces.iter().take(at).any(|before| before == interface) {
            return Err(Failure::usage(format!("listen on {interface} twice: name it once")));
        }
        sources.push(LiveSource::open(interface, options).map_err(|e| match e {
            LiveError::Gone { .. } => Failure::failed(e),
            _ => Failure::usage(e),
        })?);
    }
    Ok(sources)
}
