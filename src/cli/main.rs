//! From arguments to an exit code.

use std::process::ExitCode;
use std::thread;

use clap::Parser;
use clap::error::ErrorKind;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::{Cli, Command};
use super::exit::{Exit, Failure, tell};
use super::{capture, changes, db, docs, doctor, openapi, queries, replay, report, rules, sql};
use crate::sensor::stop::Stop;

/// Runs the command line.
pub fn main() -> ExitCode {
    hide_panic_messages();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error).into(),
    };
    let exit = match dispatch(&cli.command) {
        Ok(exit) => exit,
        Err(Failure { exit, message }) => {
            tell(format!("failed to {message}"));
            exit
        }
    };
    exit.into()
}

/// What the command line got wrong, in one line; help and the version as clap tells them.
fn refuse(error: &clap::Error) -> Exit {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    let is_help = [DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion];
    if is_help.contains(&error.kind()) {
        error.exit();
    }
    tell(format!("failed to use an option: {}", in_one_line(&error.render().to_string())));
    Exit::Usage
}

/// What clap says of a mistake, with its tips, but without the usage behind it.
fn in_one_line(told: &str) -> String {
    let of_usage = |line: &&str| !line.starts_with("Usage:") && !line.starts_with("For more");
    let lines = told.lines().take_while(of_usage).map(str::trim).filter(|line| !line.is_empty());
    let mut out = String::new();
    for line in lines {
        let line = line.strip_prefix("error: ").unwrap_or(line);
        if !out.is_empty() {
            out.push_str(if line.starts_with("tip:") { "; " } else { " " });
        }
        out.push_str(line);
    }
    out
}

fn dispatch(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Replay(args) => replay::run(args),
        Command::Capture(args) => capture::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Services(args) => queries::services(args),
        Command::Endpoints(args) => queries::endpoints(args),
        Command::Fields(args) => queries::fields(args),
        Command::Findings(args) => queries::findings(args),
        Command::Clients(args) => queries::clients(args),
        Command::Changes(args) => changes::run(args),
        Command::Coverage(args) => queries::coverage(args),
        Command::Report(args) => report::run(args),
        Command::Openapi(args) => openapi::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Db(args) => db::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Schema(args) => docs::schema(args),
        Command::Completions { shell } => docs::completions(*shell),
        Command::Man => docs::man(),
    }
}

/// A panic's message may quote what was being parsed. Only the place is told.
fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(|| "?".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        tell(format!("internal error at {place}; the sensor goes on without that flow"));
    }));
}

/// The first SIGINT, SIGTERM or SIGHUP asks the run to end; a second SIGINT ends the process at
/// once. SIGHUP stays ignored where it is (`nohup`), and SIGUSR1, by which log rotation and service
/// managers knock at other programs, does nothing.
pub fn watch_signals(stop: &Stop) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|e| Failure::failed(format!("watch for signals: {e}")))?;
    let (mut interrupt, mut terminate, mut hang_up, mut knock) = {
        let _inside = runtime.enter();
        let watch =
            |kind| signal(kind).map_err(|e| Failure::failed(format!("watch for signals: {e}")));
        let hang_up = if ignores_hang_up() { None } else { Some(watch(SignalKind::hangup())?) };
        let knock = watch(SignalKind::user_defined1())?;
        (watch(SignalKind::interrupt())?, watch(SignalKind::terminate())?, hang_up, knock)
    };
    let stop = stop.clone();
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = hung_up(&mut hang_up) => {}
                () = forever(&mut knock) => {}
            }
            stop.ask();
            tell("stopping; what was seen is being written (Ctrl-C again ends at once)");
            interrupt.recv().await;
            std::process::exit(i32::from(Exit::Incomplete as u8));
        });
    });
    Ok(())
}

/// Whether SIGHUP was ignored when the process began.
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

async fn forever(signal: &mut Signal) {
    while signal.recv().await.is_some() {}
    std::future::pending().await
}
