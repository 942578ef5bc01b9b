//! `phitap changes`

use super::args::ChangesArgs;
use super::exit::{Exit, Failure, tell};
use super::filters::pattern;
use super::moment::{Way, moment};
use super::queries::{open, query_failure, show};
use super::record::store_failure;
use crate::base::clock;
use crate::query::{self, OperationFilter};
use crate::report::columns;
use crate::store::Reader;

/// Lists what is new, gone or different.
pub fn run(args: &ChangesArgs) -> Result<Exit, Failure> {
    let since = args.since.as_deref();
    let since =
        since.map(|text| moment("--since", text, (clock::wall(), Way::Back))).transpose()?;
    let reader = open(&args.output)?;
    let earlier = args.against.as_deref().map(Reader::open).transpose();
    let earlier = earlier.map_err(|e| store_failure(&e))?;
    let filter = query::ChangeFilter {
        operation: OperationFilter {
            service: pattern(&args.service),
            operation: pattern(&args.operation),
            ..OperationFilter::default()
        },
        since,
        held: None,
        limit: args.output.limit,
    };
    let changes =
        query::changes(&reader, earlier.as_ref(), &filter).map_err(|e| query_failure(&e))?;
    if !changes.compared {
        let since = since.map_or_else(String::new, |since| format!(" since {since}"));
        tell(format!("nothing was seen{since}, so there is nothing to compare"));
    }
    show(&changes.rows, columns::CHANGES, &args.output)
}
