//! What the user typed about an inventory that exists: decisions, changes, purging, and what is
//! handed over. No file is touched here.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::args::{OutputArgs, StoreArgs};
use crate::model::Severity;

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

/// What people say of fields.
#[derive(Debug, Clone, Subcommand)]
pub enum FieldsCommand {
    /// Say of fields that they are, or are not, of a class
    Mark(MarkArgs),
    /// List what was said of fields; export and import it as a file
    Marks(MarksArgs),
}

/// What marks are made with.
#[derive(Debug, Clone, Args)]
pub struct MarkerArgs {
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

/// `phitap fields mark`
#[derive(Debug, Clone, Args)]
pub struct MarkArgs {
    /// What is said of the fields
    #[arg(value_enum)]
    pub verdict: MarkWord,
    /// Of which data class
    pub class: String,
    /// The field's whole path, as `phitap fields` shows it
    #[arg(long, value_name = "PATH")]
    pub field: String,
    /// Only of this service, by its whole name
    #[arg(long)]
    pub service: Option<String>,
    /// Only of this operation, whole, as `phitap fields` shows it
    #[arg(long)]
    pub operation: Option<String>,
    /// Only in requests or responses
    #[arg(long, value_name = "request|response")]
    pub direction: Option<String>,
    /// Only in this place: path, query, header, cookie or body
    #[arg(long)]
    pub location: Option<String>,
    /// Why; kept as it is, so name no person
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who says so [default: who is logged in]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// What marks are made with.
    #[command(flatten)]
    pub marker: MarkerArgs,
}

/// What is said of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MarkWord {
    /// They are of the class
    Is,
    /// They are not
    IsNot,
    /// What was said of them no longer holds
    Withdraw,
}

/// `phitap fields marks`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct MarksArgs {
    /// What to do with marks, instead of listing them.
    #[command(subcommand)]
    pub command: Option<MarksCommand>,
    /// Also what was said before, and what was withdrawn
    #[arg(long)]
    pub history: bool,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What to do with marks.
#[derive(Debug, Clone, Subcommand)]
pub enum MarksCommand {
    /// Write the marks in force as TOML
    Export {
        /// Write to this file, or to standard output with `-`
        #[arg(short, long, value_name = "FILE|-", default_value = "-")]
        output: PathBuf,
        /// Where things are kept.
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Take the marks of such a file, but none for which a later one stands
    Import {
        /// The file
        file: PathBuf,
        /// What marks are made with.
        #[command(flatten)]
        marker: MarkerArgs,
    },
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
    /// Only findings of this severity or above: for sarif and csv, which list every finding
    #[arg(long, value_name = "LEVEL")]
    pub severity: Option<Severity>,
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
