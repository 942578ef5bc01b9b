//! `phitap db`

use super::args::{DbArgs, DbCommand, StoreArgs};
use super::config::db_path;
use super::exit::{Exit, Failure, tell};
use super::record::store_failure;
use crate::inventory::{canonical_lines, digest};
use crate::store::Reader;

/// Checks, identifies or purges a database.
pub fn run(args: &DbArgs) -> Result<Exit, Failure> {
    match &args.command {
        DbCommand::Check(store) => check(store),
        DbCommand::Digest { store, export } => identify(store, *export),
        DbCommand::Purge(args) => super::purge::run(args),
    }
}

fn open(store: &StoreArgs) -> Result<Reader, Failure> {
    Reader::open(&db_path(store)?).map_err(|e| store_failure(&e))
}

#[expect(clippy::print_stdout, reason = "this is the answer")]
fn check(store: &StoreArgs) -> Result<Exit, Failure> {
    let reader = open(store)?;
    let problems = reader.check().map_err(|e| store_failure(&e))?;
    if problems.is_empty() {
        println!("{}: ok", reader.path().display());
        return Ok(Exit::Done);
    }
    for problem in &problems {
        tell(format!("{}: {problem}", reader.path().display()));
    }
    Err(Failure::usage(format!(
        "find {} whole: {} problems; replay the captures into a new database",
        reader.path().display(),
        problems.len()
    )))
}

#[expect(clippy::print_stdout, reason = "this is the answer")]
fn identify(store: &StoreArgs, export: bool) -> Result<Exit, Failure> {
    let inventory = open(store)?.inventory().map_err(|e| store_failure(&e))?;
    if export {
        for line in canonical_lines(&inventory) {
            println!("{line}");
        }
    } else {
        println!("{}", digest(&inventory));
    }
    Ok(Exit::Done)
}
