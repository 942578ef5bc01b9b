//! `phitap openapi`

use super::args::{OpenApiArgs, OpenApiCommand, OpenApiExportArgs};
use super::config::db_path;
use super::exit::{Exit, Failure, tell};
use super::filters::pattern;
use super::queries::query_failure;
use super::record::store_failure;
use super::report::write;
use crate::query::{self, OperationFilter};
use crate::report::openapi::{OpenApiVersion, openapi};
use crate::store::Reader;

/// Writes what was observed as an OpenAPI document.
pub fn run(args: &OpenApiArgs) -> Result<Exit, Failure> {
    match &args.command {
        OpenApiCommand::Export(args) => export(args),
    }
}

fn export(args: &OpenApiExportArgs) -> Result<Exit, Failure> {
    let version = match args.openapi_version.as_str() {
        "3.0" | "3.0.3" => OpenApiVersion::V30,
        _ => OpenApiVersion::V31,
    };
    let reader = Reader::open(&db_path(&args.store)?).map_err(|e| store_failure(&e))?;
    let filter = OperationFilter { service: pattern(&args.service), ..OperationFilter::default() };
    let endpoints = query::observed(&reader, &filter).map_err(|e| query_failure(&e))?;
    let exported = openapi(&endpoints, version)
        .map_err(|e| Failure::failed(format!("write the document: {e}")))?;
    if let Some(service) = args.service.as_ref().filter(|_| endpoints.is_empty()) {
        return Err(Failure::usage(format!(
            "find service {service:?}: nothing in the inventory matches; phitap services lists them"
        )));
    }
    if exported.operations == 0 {
        let service = args.service.as_ref().map_or_else(String::new, |s| format!(" of {s:?}"));
        return Err(Failure::usage(format!("find operations{service} that OpenAPI can describe")));
    }
    if exported.left_out > 0 {
        let left = match exported.left_out {
            1 => "1 endpoint is left out".to_owned(),
            n => format!("{n} endpoints are left out"),
        };
        tell(format!("{left}: OpenAPI describes HTTP with its usual methods only"));
    }
    write(&args.output, &args.store, &exported.text)?;
    Ok(Exit::Done)
}
