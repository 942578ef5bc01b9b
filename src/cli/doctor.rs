//! `phitap doctor`: what a network engineer asks of a mirror port, in plain words.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{DoctorArgs, DoctorFormat};
use super::capture::{buffer_bytes, open_all};
use super::config::load_rules;
use super::exit::{Exit, Failure, tell};
use super::main::watch_signals;
use super::replay::tell_unusable;
use crate::analysis::Worker;
use crate::base::clock::Stopwatch;
use crate::base::{InstallationKey, Shares};
use crate::capture::live::mtu;
use crate::capture::{CaptureError, Input, Inputs, LiveOptions, LiveSource, Next, PacketSource};
use crate::detect::Detector;
use crate::inventory::Caps;
use crate::report::Layout;
use crate::report::text::{escaped, wrapped};
use crate::sensor::diagnosis::{
    Facts, FrameLengths, Frames, Measured, Place, Remark, UnopenedKinds, examine, judge,
};
use crate::sensor::ingest::Ingest;
use crate::sensor::pipeline::{OpenInput, Pace, Settings, Sources};
use crate::sensor::progress::Progress;
use crate::sensor::stop::Stop;
use crate::store::Passed;

/// Ethernet's, for captures, which do not say.
const MTU: u32 = 1500;
/// How long each interface is listened to when none was named.
const LOOK: Duration = Duration::from_secs(3);

/// Looks at an interface or captures.
pub fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let options =
        LiveOptions { buffer_bytes: buffer_bytes(&args.buffer)?, ..LiveOptions::default() };
    if args.paths.is_empty() && args.interface.is_empty() {
        return look_around(&options, args.format);
    }
    let (facts, exit) = if args.paths.is_empty() { listen(args, &options)? } else { read(args)? };
    let remarks = judge(&facts);
    match args.format {
        DoctorFormat::Json => print(&format!("{:#}\n", rows(&remarks)))?,
        DoctorFormat::Table => print(&table(&remarks, &facts, Layout::of_stdout().width))?,
    }
    Ok(exit)
}

fn listen(args: &DoctorArgs, options: &LiveOptions) -> Result<(Facts, Exit), Failure> {
    let sources = open_all(&args.interface, 1, options)?;
    // The greatest: what is longer than that fits none of them.
    let mtu = args.interface.iter().filter_map(|name| mtu(name)).max();
    let frames = frames(args, mtu.unwrap_or(MTU))?;
    let stop = Stop::default();
    watch_signals(&stop)?;
    tell(format!(
        "listening on {} for {} seconds; Ctrl-C ends sooner",
        args.interface.join(", "),
        args.seconds
    ));
    let (until, seconds) = (stop.clone(), args.seconds);
    thread::spawn(move || {
        let (watch, wanted) = (Stopwatch::start(), Duration::from_secs(seconds));
        while let Some(left) = wanted.checked_sub(watch.elapsed()).filter(|left| !left.is_zero()) {
            thread::park_timeout(left);
        }
        until.ask();
    });
    let mut sources = sources.into_iter();
    let mut next = || sources.next().map(|source| Ok(opened(Box::new(source), &frames))).into();
    let sources = Sources { next: &mut next, pace: Pace::Live };
    let place = Place::Interfaces(args.interface.clone());
    examined(sources, (place, &frames, stop))
}

fn read(args: &DoctorArgs) -> Result<(Facts, Exit), Failure> {
    let inputs = Inputs::expand(&args.paths);
    let exit = tell_unusable(&inputs)?;
    let frames = frames(args, MTU)?;
    let stop = Stop::default();
    watch_signals(&stop)?;
    let mut inputs = inputs.usable.into_iter();
    let mut next = || {
        let stop = stop.clone();
        let open = |input: Input| input.open(move || stop.asked()).map_err(CaptureError::from);
        let source = inputs.next().map(open);
        source.map(|source| source.map(|source| opened(Box::new(source), &frames))).into()
    };
    let sources = Sources { next: &mut next, pace: Pace::Files };
    let (facts, then) = examined(sources, (Place::Files, &frames, stop.clone()))?;
    Ok((facts, exit.and(then)))
}

/// What is measured of frames, where a link carries so much.
fn frames(args: &DoctorArgs, mtu: u32) -> Result<Frames, Failure> {
    let unopened = UnopenedKinds::opening(args.tunnels.ports()?);
    Ok(Frames { lengths: FrameLengths::of_mtu(mtu), unopened })
}

fn opened(source: Box<dyn PacketSource>, frames: &Frames) -> OpenInput {
    let source = Measured::new(source, frames.clone());
    let ingest = Ingest::new(Box::new(source), None);
    OpenInput { ingest, identity: None, identify: None, before: Passed::default() }
}

/// Runs the pipeline without a database, under a key that nobody keeps.
fn examined(
    sources: Sources<'_>,
    (place, frames, stop): (Place, &Frames, Stop),
) -> Result<(Facts, Exit), Failure> {
    let detector = Arc::new(load_rules(None)?);
    let key = InstallationKey::throwaway().map_err(Failure::failed)?;
    let caps = Caps::new(key.hasher("caps"));
    let settings = Settings {
        workers: 1,
        shards: 1,
        shares: Shares::default(),
        worker: worker_maker(detector.clone(), key),
        stop,
        progress: Progress::default(),
        gauge: None,
        watch: None,
        tunnels: frames.unopened.ports(),
    };
    let (outcome, sights) =
        examine(sources, &settings, (detector, caps)).map_err(Failure::failed)?;
    let mut exit = Exit::Done;
    for failure in &outcome.failures {
        tell(format!("failed to {failure}"));
        exit = exit.and(Exit::Incomplete);
    }
    if outcome.inputs.is_empty() && !outcome.failures.is_empty() {
        return Err(Failure::usage("read anything"));
    }
    let facts = Facts::new(place, (outcome, sights), frames);
    let exit = if facts.incomplete.is_empty() { exit } else { exit.and(Exit::Incomplete) };
    Ok((facts, exit))
}

fn worker_maker(
    detector: Arc<Detector>,
    key: InstallationKey,
) -> Arc<dyn Fn() -> Worker + Send + Sync> {
    Arc::new(move || Worker::new(Shares::default(), detector.clone(), &key))
}

/// What there is to listen to.
fn look_around(options: &LiveOptions, format: DoctorFormat) -> Result<Exit, Failure> {
    let mut interfaces = LiveSource::interfaces();
    // Those that libpcap makes up (`any`, `nflog`) are no mirror ports.
    interfaces.retain(|i| mtu(&i.name).is_some());
    if interfaces.is_empty() {
        return Err(Failure::usage("find an interface; run as root, or name captures to look at"));
    }
    let up = interfaces.iter().filter(|i| i.is_up);
    tell(format!("listening for {} seconds on all that are up", LOOK.as_secs()));
    let listeners: Vec<_> = up
        .map(|interface| {
            let (name, options) = (interface.name.clone(), options.clone());
            let listener = thread::spawn(move || heard(&name, &options));
            (interface.name.clone(), listener)
        })
        .collect();
    let mut found: Vec<(String, Result<u64, String>)> = Vec::new();
    for (name, listener) in listeners {
        let heard = listener.join().unwrap_or_else(|_| Err("an internal error".to_owned()));
        found.push((name, heard));
    }
    let refused = found.iter().filter(|(_, heard)| heard.is_err()).count();
    let down = interfaces.iter().filter(|i| !i.is_up).map(|i| i.name.as_str()).collect::<Vec<_>>();
    let loopback = |name: &str| interfaces.iter().any(|i| i.name == name && i.is_loopback);
    let best = found
        .iter()
        .filter(|(name, heard)| !loopback(name) && heard.as_ref().is_ok_and(|n| *n > 0))
        .max_by_key(|(_, heard)| heard.as_ref().copied().unwrap_or(0));
    let next = best.map_or_else(
        || "ip link set IFACE up, connect it to a mirror port, then: phitap doctor -i IFACE".into(),
        |(name, _)| format!("phitap doctor -i {name}"),
    );
    match format {
        DoctorFormat::Json => print(&format!("{:#}\n", around_rows(&found, &down)))?,
        DoctorFormat::Table => print(&around_table(&found, &down, &next))?,
    }
    if refused == found.len() && refused > 0 {
        return Err(Failure::usage("listen on any interface: run as root"));
    }
    Ok(Exit::Done)
}

/// Packets on an interface within a look.
fn heard(name: &str, options: &LiveOptions) -> Result<u64, String> {
    let mut source = LiveSource::open(name, options).map_err(|e| e.to_string())?;
    let watch = Stopwatch::start();
    let mut packets = 0;
    while watch.elapsed() < LOOK {
        match source.next_packet().map_err(|e| e.to_string())? {
            Next::Packet(_) => packets += 1,
            Next::Idle(_) => {}
            Next::End => break,
        }
    }
    Ok(packets)
}

fn around_rows(found: &[(String, Result<u64, String>)], down: &[&str]) -> Value {
    let up = found.iter().map(|(name, heard)| match heard {
        Ok(packets) => json!({"interface": name, "up": true, "packets": packets}),
        Err(why) => json!({"interface": name, "up": true, "refused": why}),
    });
    up.chain(down.iter().map(|name| json!({"interface": name, "up": false}))).collect()
}

fn around_table(found: &[(String, Result<u64, String>)], down: &[&str], next: &str) -> String {
    let width = Layout::of_stdout().width.max(40);
    let mut out = String::new();
    let column = found.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, heard) in found {
        let first = format!("{name:<column$}  ");
        let text = match heard {
            Ok(packets) => format!("up, {packets} packets in {} seconds", LOOK.as_secs()),
            Err(why) => format!("up, but failed to {why}"),
        };
        out.push_str(&wrapped(&text, width, (&first, &" ".repeat(column + 2))));
    }
    if !down.is_empty() {
        out.push_str(&wrapped(&format!("down: {}", down.join(", ")), width, ("", "  ")));
    }
    let _ = writeln!(out);
    out.push_str(&wrapped(&format!("Next: {next}"), width, ("", "  ")));
    out
}

fn rows(remarks: &[Remark]) -> Value {
    let row = |remark: &Remark| {
        json!({
            "check": remark.check,
            "severity": remark.grade.name(),
            "measured": remark.measured,
            "meaning": remark.meaning,
            "actions": remark.actions,
        })
    };
    remarks.iter().map(row).collect()
}

/// One paragraph per remark, the worst first, and the next command.
fn table(remarks: &[Remark], facts: &Facts, width: usize) -> String {
    let width = width.max(40);
    let mut out = String::new();
    for remark in remarks {
        let first = format!("{:<8} ", remark.grade.name());
        let indent = " ".repeat(9);
        let text = format!("{}: {}", remark.check, remark.measured);
        out.push_str(&wrapped(&escaped(&text), width, (&first, &indent)));
        out.push_str(&wrapped(&escaped(&remark.meaning), width, (&indent, &indent)));
        for action in &remark.actions {
            let (first, further) = (format!("{indent}→ "), format!("{indent}  "));
            out.push_str(&wrapped(&escaped(action), width, (&first, &further)));
        }
    }
    let next = match &facts.place {
        Place::Interfaces(names) => format!("phitap capture -i {}", names.join(" -i ")),
        Place::Files => "phitap replay PATH".to_owned(),
    };
    let _ = writeln!(out, "\nNext: {next}");
    out
}

fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}
