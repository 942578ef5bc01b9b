//! `phitap sql`

use super::args::SqlArgs;
use super::exit::{Exit, Failure};
use super::queries::{open, query_failure, show_records};
use crate::query;
use crate::report::{Column, Record};

/// Runs one statement that only reads.
pub fn run(args: &SqlArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let mut answer = query::sql(&reader, &args.query).map_err(|e| query_failure(&e))?;
    if let Some(limit) = args.output.limit {
        answer.rows.truncate(limit);
    }
    let columns: Vec<Column> = answer.columns.iter().map(|name| Column::named(name)).collect();
    let names = &answer.columns;
    let records: Vec<Record> = answer
        .rows
        .into_iter()
        .map(|row| Record::from_entries(names.iter().cloned().zip(row).collect()))
        .collect();
    show_records(&records, &columns, args.output.format)
}
