//! `phitap db`

use serde_json::{Map, Value, json};

use super::args::{AnswerArgs, DbArgs, DbCommand, Format};
use super::config::db_path;
use super::exit::{Exit, Failure, tell};
use super::queries::{print_text, show_records};
use super::record::store_failure;
use crate::inventory::{canonical_lines, digest};
use crate::report::{Column, Record};
use crate::store::Reader;

/// Checks, identifies or purges a database.
pub fn run(args: &DbArgs) -> Result<Exit, Failure> {
    match &args.command {
        DbCommand::Check(answer) => check(answer),
        DbCommand::Digest { answer, export } => identify(answer, *export),
        DbCommand::Purge(args) => super::purge::run(args),
    }
}

fn open(answer: &AnswerArgs) -> Result<Reader, Failure> {
    Reader::open(&db_path(&answer.store)?).map_err(|e| store_failure(&e))
}

fn check(answer: &AnswerArgs) -> Result<Exit, Failure> {
    let reader = open(answer)?;
    let name = reader.path().display().to_string();
    let problems = reader.check().map_err(|e| store_failure(&e))?;
    if answer.format != Format::Table {
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let row = [("database", json!(name)), ("whole", json!(found.is_empty()))];
        show(row.into_iter().chain([("problems", json!(found))]), answer.format)?;
    } else if problems.is_empty() {
        print_text(&format!("{name}: ok\n"))?;
    }
    if problems.is_empty() {
        return Ok(Exit::Done);
    }
    for problem in &problems {
        tell(format!("{name}: {problem}"));
    }
    Err(Failure::usage(format!(
        "find {name} whole: {} problems; replay the captures into a new database",
        problems.len()
    )))
}

fn identify(answer: &AnswerArgs, export: bool) -> Result<Exit, Failure> {
    let inventory = open(answer)?.inventory().map_err(|e| store_failure(&e))?;
    if answer.format != Format::Table {
        let whole = ("digest", json!(digest(&inventory)));
        let lines = export.then(|| ("lines", json!(canonical_lines(&inventory))));
        show([whole].into_iter().chain(lines), answer.format)?;
    } else if export {
        let mut text = canonical_lines(&inventory).join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        print_text(&text)?;
    } else {
        print_text(&format!("{}\n", digest(&inventory)))?;
    }
    Ok(Exit::Done)
}

/// Writes one row.
fn show(row: impl Iterator<Item = (&'static str, Value)>, format: Format) -> Result<(), Failure> {
    let row: Map<String, Value> = row.map(|(name, value)| (name.to_owned(), value)).collect();
    let columns: Vec<Column> = row.keys().map(|name| Column::named(name)).collect();
    let records = Record::all(&[row]).map_err(|e| Failure::failed(format!("write: {e}")))?;
    show_records(&records, &columns, format).map(drop)
}
