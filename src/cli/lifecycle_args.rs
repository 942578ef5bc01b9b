//! What the user typed about an inventory that exists: decisions, changes, purging, and what is
//! handed over. No file is touched here.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::args::{OutputArgs, StoreArgs};

/// What to do with a finding.
#[derive(Debug, Clone, Subcommand)]
pub enum FindingsCommand {
    /// Record what was decided about a finding
    Set(FindingsSetArgs),
}

/// `phitap findings set`
#[derive(Debug, Clone, Args)]
pub struct FindingsSetArgs {
    /// The finding, by the id that `phitap findings` shows
    pub id: String,
    /// What was decided
    #[arg(value_enum)]
    pub state: Decision,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// When the decision ends: a date, a time, or from now on (30d); the finding is new again then
    #[arg(long, value_name = "DATE|DURATION")]
    pub until: Option<String>,
    /// Who looks after it
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// What someone can decide about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// Nothing: as if nobody had looked
    New,
    /// Someone works on it
    Acknowledged,
    /// It is not so
    FalsePositive,
    /// It is known and lived with
    Accepted,
    /// It is mended; seen again later it becomes `regressed`
    Resolved,
}

/// `phitap changes`
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("between").required(true).multiple(true).args(["since", "against"])))]
pub struct ChangesArgs {
    /// Compare what was seen since with what was known then: a date, a time, or a duration (7d)
    #[arg(long, value_name = "DATE|DURATION")]
    pub since: Option<String>,
    /// Compare with another, earlier database
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Only this service
    #[arg(long)]
    pub service: Option<String>,
    /// Only operations that contain this text, or match it where it has `*`
    #[arg(long, value_name = "TEXT")]
    pub operation: Option<String>,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap db purge`
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["service", "before"])))]
pub struct PurgeArgs {
    /// Remove this service, by its whole name
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Remove what was last seen before: a date, a time, or so long ago (90d)
    #[arg(long, value_name = "DATE|DURATION")]
    pub before: Option<String>,
    /// Do it; without, say what would be removed and remove nothing
    #[arg(long)]
    pub yes: bool,
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The installation's key [default: $XDG_DATA_HOME/phitap/key]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The folder of rules that the database was made with, if any
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
}

/// `phitap report`
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Write to this file, or to standard output with `-`
    #[arg(short, long, value_name = "FILE|-", default_value = "-")]
    pub output: PathBuf,
    /// The form [default: by the file's ending (.html, .md, .sarif, .csv), else html]
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// What the report is called
    #[arg(long, value_name = "TEXT", default_value = "API exposure report")]
    pub title: String,
    /// Tell changes since then instead of since the last report: a date, a time, or a duration (7d)
    #[arg(long, value_name = "DATE|DURATION")]
    pub since: Option<String>,
    /// Do not remember this report as the last one
    #[arg(long)]
    pub draft: bool,
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// The forms of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One page that needs nothing else, for the screen and for paper
    Html,
    /// Text with tables, for tickets and repositories
    Markdown,
    /// SARIF 2.1.0: the findings for code scanning tools
    Sarif,
    /// The findings for spreadsheets
    Csv,
}

/// `phitap openapi`
#[derive(Debug, Clone, Args)]
pub struct OpenApiArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: OpenApiCommand,
}

/// What to do with OpenAPI documents.
#[derive(Debug, Clone, Subcommand)]
pub enum OpenApiCommand {
    /// Write what was observed as an OpenAPI document in JSON, with data classes, without values
    Export(OpenApiExportArgs),
}

/// `phitap openapi export`
#[derive(Debug, Clone, Args)]
pub struct OpenApiExportArgs {
    /// Only this service
    #[arg(long)]
    pub service: Option<String>,
    /// The version of the specification to follow
    #[arg(long, value_name = "VERSION", default_value = "3.1",
        value_parser = ["3.1", "3.1.0", "3.0", "3.0.3"])]
    pub openapi_version: String,
    /// Write to this file, or to standard output with `-`
    #[arg(short, long, value_name = "FILE|-", default_value = "-")]
    pub output: PathBuf,
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
}
