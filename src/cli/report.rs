//! `phitap report`

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::args::{ReportArgs, ReportFormat, StoreArgs};
use super::config::{Origin, db_path, kept};
use super::exit::{Exit, Failure, tell};
use super::moment::{Way, moment};
use super::outputs::spare_precious;
use super::queries::{print_text, query_failure};
use super::record::store_failure;
use crate::base::{Timestamp, clock};
use crate::query::{self, ReportData, ReportFilter};
use crate::report::{html, markdown, sarif};
use crate::store::{Reader, Triage};

/// Writes a report, and remembers that it was made.
pub fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    // What a file is matters more than what its name ends in.
    spare(&args.output, &args.store)?;
    let form = format(args)?;
    if args.severity.is_some() && !matches!(form, ReportFormat::Sarif | ReportFormat::Csv) {
        let why = "use it with --format sarif or csv: a page sums all findings up, the worst first";
        return Err(Origin::Option("--severity").refuse(why.to_owned()));
    }
    let now = clock::wall();
    let since = args.since.as_deref().map(|text| moment("--since", text, (now, Way::Back)));
    let path = db_path(&args.store)?;
    let reader = Reader::open(&path).map_err(|e| store_failure(&e))?;
    let filter = ReportFilter { now, since: since.transpose()? };
    let mut data = query::report(&reader, &filter).map_err(|e| query_failure(&e))?;
    drop(reader);
    if let Some(least) = args.severity {
        data.keep_findings(least);
    }
    let text = match form {
        ReportFormat::Html => html::html(&data, &args.title),
        ReportFormat::Markdown => markdown::markdown(&data, &args.title),
        ReportFormat::Sarif => sarif::sarif(&data).map_err(Failure::failed)?,
        ReportFormat::Csv => sarif::csv(&data).map_err(Failure::failed)?,
    };
    write(&args.output, &args.store, &text)?;
    if !args.draft {
        remember(&path, &data, now);
    }
    Ok(Exit::Done)
}

/// As asked, or else by the ending of the file: one that names another kind of document is refused,
/// since nothing would open it. What has no ending (standard output, a device) is HTML.
fn format(args: &ReportArgs) -> Result<ReportFormat, Failure> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let ending = args.output.extension().and_then(|e| e.to_str()).unwrap_or_default();
    Ok(match ending.to_ascii_lowercase().as_str() {
        "md" | "markdown" => ReportFormat::Markdown,
        "sarif" => ReportFormat::Sarif,
        "csv" => ReportFormat::Csv,
        "html" | "htm" | "" => ReportFormat::Html,
        _ => {
            return Err(Failure::usage(format!(
                "write {}: a report is HTML (which browsers print to PDF), Markdown, SARIF or CSV: \
                 end the name in .html, .md, .sarif or .csv, or say --format",
                args.output.display()
            )));
        }
    })
}

/// Writes to a file that only the user may read, or to standard output. What was asked, its key
/// and configuration, and any capture or database are not written over.
pub fn write(output: &Path, store: &StoreArgs, text: &str) -> Result<(), Failure> {
    if output.as_os_str() == "-" {
        return print_text(text).map(drop);
    }
    spare(output, store)?;
    let failed = |e| Failure::failed(format!("write {}: {e}", output.display()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // It names hosts, paths and fields of the network: as private as the database.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(output).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Refuses a file that holds what is asked, kept or precious.
fn spare(output: &Path, store: &StoreArgs) -> Result<(), Failure> {
    if output.as_os_str() == "-" {
        return Ok(());
    }
    let origin = Origin::Option("--output");
    kept(store)?.spare(output, &origin)?;
    spare_precious(output, &origin)
}

/// A report of nothing is not one to compare with, and one that cannot be noted was made all the
/// same.
fn remember(path: &Path, data: &ReportData, made: Timestamp) {
    let Some((_, covered)) = data.watched else { return };
    let noted = Triage::open(path).and_then(|mut triage| triage.note_report(made, covered));
    if let Err(error) = noted {
        tell(format!("the next report will not tell changes since this one: failed to {error}"));
    }
}
