//! What the user typed. No file is touched here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::number::number;
use crate::model::Severity;

pub use super::coverage_args::CoverageArgs;
pub use super::lifecycle_args::{
    ChangesArgs, Decision, FieldsCommand, FindingsCommand, FindingsSetArgs, MarkArgs, MarkWord,
    MarkerArgs, MarksArgs, MarksCommand, OpenApiArgs, OpenApiCommand, OpenApiExportArgs, PurgeArgs,
    ReportArgs, ReportFormat,
};
pub use super::rules_args::{RulesArgs, RulesCommand};
pub use super::tunnel_args::TunnelArgs;

/// Inventory the APIs on a monitored network, and the personal and health data they carry.
///
/// phitap reads packets (from capture files or a mirrored port), puts the conversations back
/// together, and keeps an inventory in a SQLite database. It never sends anything, and it keeps no
/// detected value.
#[derive(Debug, Parser)]
#[command(name = "phitap", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  phitap replay capture.pcap            read a capture into ./phitap.db and say what was seen
  phitap findings --severity high       what is exposed
  phitap fields --class gb.nhs_number   where NHS numbers travel
  sudo phitap doctor -i eth1            is a mirrored port good enough, and what to change
  sudo phitap capture -i eth1           listen on a mirrored port until Ctrl-C

Exit codes: 0 done; 1 findings at or above --fail-on; 2 usage or configuration;
3 input incomplete; 4 internal, or output failed.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read capture files (pcap, pcapng, also gzip or zstd) into the inventory
    Replay(ReplayArgs),
    /// Listen on interfaces until SIGINT, SIGTERM or SIGHUP
    Capture(CaptureArgs),
    /// Say what an interface or a capture shows, what is missing, and what to change
    Doctor(DoctorArgs),
    /// List the services that were seen
    Services(ServicesArgs),
    /// List the endpoints that were seen, the most exposed first
    Endpoints(EndpointsArgs),
    /// List the fields of the endpoints with the data classes found in them
    Fields(FieldsArgs),
    /// List the findings, the most severe first
    Findings(FindingsArgs),
    /// List the clients that were seen
    Clients(ClientsArgs),
    /// List what is new, gone or different, between two times or two databases
    Changes(ChangesArgs),
    /// Account for every packet, and say what could not be seen
    Coverage(CoverageArgs),
    /// Write a report to hand over: one HTML file, Markdown, SARIF or CSV
    Report(ReportArgs),
    /// Write what was observed as an OpenAPI document
    Openapi(OpenApiArgs),
    /// Run a read-only SQL query against the database
    Sql(SqlArgs),
    /// Check, identify or purge a database
    Db(DbArgs),
    /// List, check, test or import detection rules
    Rules(RulesArgs),
    /// Print the JSON Schema of events and query rows
    Schema(SchemaArgs),
    /// Print a shell completion script
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// Where things are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The database [default: phitap.db]
    #[arg(long, value_name = "FILE", env = "PHITAP_DB")]
    pub db: Option<PathBuf>,
    /// Options in a TOML file; those on the command line win
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What replay and capture share.
#[derive(Debug, Clone, Args)]
pub struct RecordArgs {
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The installation's key, made on first use [default: $XDG_DATA_HOME/phitap/key]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// A folder of rules that add to the built-in ones or switch them off
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// How much evidence a class needs: default, strict (rather a field too many than one missed)
    /// or lab (numbers that issuers keep for tests are no finding) [default: default]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Worker threads; 0 does everything in one thread [default: one less than the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = number::<usize>(0..=256))]
    pub workers: Option<usize>,
    /// Memory for all that traffic makes the sensor hold, such as 512M [default: 512M]
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// Append every exchange as a JSON line (EVE) to a file, or to standard output with `-`
    #[arg(long, value_name = "FILE|-")]
    pub events: Option<PathBuf>,
    /// Exit with 1 when there is a finding of this severity or above
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Severity>,
    /// Show no progress bar
    #[arg(long)]
    pub no_progress: bool,
    /// Ports of tunnels.
    #[command(flatten)]
    pub tunnels: TunnelArgs,
}

/// `phitap replay`
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Captures, directories with captures anywhere below, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What replay and capture share.
    #[command(flatten)]
    pub record: RecordArgs,
    /// Read only packets that match, in the language of pcap-filter(7)
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Read the captures of one directory as they appear and grow, sorted by name, until SIGINT or
    /// SIGTERM
    #[arg(long, conflicts_with = "again")]
    pub follow: bool,
    /// Read all captures at once, by packet time: where a tap writes each direction to a file of
    /// its own
    #[arg(long, conflicts_with = "follow")]
    pub merge: bool,
    /// Count captures again that are in the database already
    #[arg(long)]
    pub again: bool,
    /// Write raw host names and URLs to the --events file, which must be new (laboratory use)
    #[arg(long, requires = "events")]
    pub reveal: bool,
}

/// `phitap capture`
#[derive(Debug, Clone, Args)]
pub struct CaptureArgs {
    /// The interface to listen on; may be given several times
    #[arg(short, long, value_name = "IFACE", required = true)]
    pub interface: Vec<String>,
    /// Listen only to packets that match, in the language of pcap-filter(7); one or several words.
    /// Options may stand before and behind it; words that begin with `-` need quotes, or `--`
    /// before the filter
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// What replay and capture share.
    #[command(flatten)]
    pub record: RecordArgs,
    /// The same as FILTER
    #[arg(long = "filter", value_name = "BPF", conflicts_with = "filter")]
    pub filter_option: Option<String>,
    /// Bytes kept of each packet
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, allow_negative_numbers = true)]
    #[arg(value_parser = number::<u32>(1..=262_144))]
    pub snaplen: u32,
    /// The kernel's buffer, such as 64M
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub buffer: String,
    /// Sockets per interface, each with a thread and a buffer of its own; the kernel deals flows
    /// out to them (PACKET_FANOUT)
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = number::<u8>(1..=64))]
    pub rings: u8,
    /// Take only what is for this host: for an interface that is no mirror port
    #[arg(long)]
    pub no_promiscuous: bool,
    /// Go on as this user, without any privilege, once the interfaces are open
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// When the sensor does not see (no packets, one direction only, more than 1 % lost, nothing
    /// but TLS): say so and go on, or write what was seen and exit with 3
    #[arg(long, value_enum, value_name = "warn|exit", default_value_t = OnLoss::Warn)]
    pub on_loss: OnLoss,
    /// Seconds of blindness before that is said
    #[arg(long, value_name = "N", default_value_t = 30, allow_negative_numbers = true)]
    #[arg(value_parser = number::<u64>(1..=3600))]
    pub blind_after: u64,
}

/// What a capture does when it does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnLoss {
    /// Says so
    Warn,
    /// Ends
    Exit,
}

/// `phitap doctor`
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Captures to look at instead of an interface
    #[arg(value_name = "PATH", conflicts_with = "interface")]
    pub paths: Vec<PathBuf>,
    /// The interface to look at; may be given several times. Without one, and without PATH:
    /// which interfaces there are
    #[arg(short, long, value_name = "IFACE")]
    pub interface: Vec<String>,
    /// How long to listen
    #[arg(long, value_name = "N", default_value_t = 30, allow_negative_numbers = true)]
    #[arg(value_parser = number::<u64>(1..=3600))]
    pub seconds: u64,
    /// The kernel's buffer, such as 64M
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub buffer: String,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t = DoctorFormat::Table)]
    pub format: DoctorFormat,
    /// Ports of tunnels.
    #[command(flatten)]
    pub tunnels: TunnelArgs,
}

/// The formats of `phitap doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people; fits the terminal
    Table,
    /// One array of objects
    Json,
}

/// How rows are shown.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// How rows are shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Show at most this many rows
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = number::<usize>(0..=u32::MAX))]
    pub limit: Option<usize>,
}

/// How an answer that is no list is shown.
#[derive(Debug, Clone, Args)]
pub struct AnswerArgs {
    /// Where things are kept.
    #[command(flatten)]
    pub store: StoreArgs,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// The four formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people; fits the terminal
    Table,
    /// One array of objects
    Json,
    /// One object a line
    Jsonl,
    /// For spreadsheets
    Csv,
}

/// Which endpoints.
#[derive(Debug, Clone, Args)]
pub struct EndpointFilterArgs {
    /// Only this service
    #[arg(long)]
    pub service: Option<String>,
    /// Only operations that contain this text, or match it where it has `*`
    #[arg(long, value_name = "TEXT")]
    pub operation: Option<String>,
    /// Only this method
    #[arg(long)]
    pub method: Option<String>,
    /// Only with this data class; `gb.*` stands for all that begin so
    #[arg(long, value_name = "CLASS")]
    pub class: Option<String>,
}

/// `phitap services`
#[derive(Debug, Clone, Args)]
pub struct ServicesArgs {
    /// Only this service
    #[arg(long)]
    pub service: Option<String>,
    /// Only this severity or above
    #[arg(long)]
    pub severity: Option<Severity>,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap endpoints`
#[derive(Debug, Clone, Args)]
pub struct EndpointsArgs {
    /// Which endpoints.
    #[command(flatten)]
    pub endpoint: EndpointFilterArgs,
    /// Only this severity or above
    #[arg(long)]
    pub severity: Option<Severity>,
    /// Only where this authentication was seen, `none` among them
    #[arg(long)]
    pub auth: Option<String>,
    /// Only endpoints whose exchanges are encrypted so: none, some or all
    #[arg(long)]
    pub encrypted: Option<String>,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap fields`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FieldsArgs {
    /// What to say of fields, instead of listing them.
    #[command(subcommand)]
    pub command: Option<FieldsCommand>,
    /// Which endpoints.
    #[command(flatten)]
    pub endpoint: EndpointFilterArgs,
    /// Only fields whose path contains this text, or matches it where it has `*`
    #[arg(long)]
    pub field: Option<String>,
    /// Only requests or responses
    #[arg(long, value_name = "request|response")]
    pub direction: Option<String>,
    /// Only in this place: path, query, header, cookie or body
    #[arg(long)]
    pub location: Option<String>,
    /// Only classes of at least this confidence
    #[arg(long, value_name = "0-100", value_parser = number::<u8>(0..=100))]
    #[arg(allow_negative_numbers = true)]
    pub min_confidence: Option<u8>,
    /// Also fields without a data class
    #[arg(long)]
    pub all: bool,
    /// Say for every field why a class was given or withheld
    #[arg(long)]
    pub explain: bool,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap findings`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FindingsArgs {
    /// What to do with a finding, instead of listing them.
    #[command(subcommand)]
    pub command: Option<FindingsCommand>,
    /// Which endpoints.
    #[command(flatten)]
    pub endpoint: EndpointFilterArgs,
    /// Only this severity or above
    #[arg(long)]
    pub severity: Option<Severity>,
    /// Only this kind: sensitive-data, auth, transport, exposure, …
    #[arg(long)]
    pub kind: Option<String>,
    /// Only this rule
    #[arg(long)]
    pub rule: Option<String>,
    /// Only this state: new, acknowledged, …
    #[arg(long)]
    pub state: Option<String>,
    /// Only the finding with this id, with everything that was ever decided about it
    #[arg(long)]
    pub id: Option<String>,
    /// Every finding by itself, instead of those of one rule, endpoint and direction together
    #[arg(long)]
    pub all: bool,
    /// Say why each matters, what to do, and which standards it concerns
    #[arg(long)]
    pub explain: bool,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap clients`
#[derive(Debug, Clone, Args)]
pub struct ClientsArgs {
    /// Only this address
    #[arg(long)]
    pub client: Option<String>,
    /// Only clients of this service
    #[arg(long)]
    pub service: Option<String>,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap sql`
#[derive(Debug, Clone, Args)]
pub struct SqlArgs {
    /// One SELECT; the views v_* are made for it (docs/database.md describes them)
    pub query: String,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `phitap db`
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// What to do with a database.
#[derive(Debug, Clone, Subcommand)]
pub enum DbCommand {
    /// Check that the file is whole
    Check(AnswerArgs),
    /// Print the SHA-256 of the canonical inventory: equal inventories have equal digests
    Digest {
        /// How the answer is shown.
        #[command(flatten)]
        answer: AnswerArgs,
        /// Print what the digest is made of instead
        #[arg(long)]
        export: bool,
    },
    /// Remove a service, or what was last seen before a time, for good
    Purge(PurgeArgs),
}

/// `phitap schema`
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaOf::Events)]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The lines of --events
    Events,
    /// A row of `phitap services`
    Services,
    /// A row of `phitap endpoints`
    Endpoints,
    /// A row of `phitap fields`
    Fields,
    /// A row of `phitap findings`
    Findings,
    /// A row of `phitap clients`
    Clients,
    /// A row of `phitap coverage`
    Coverage,
    /// A row of `phitap changes`
    Changes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(args: &[&str]) -> CaptureArgs {
        let args = ["phitap", "capture", "-i", "lo"].iter().chain(args);
        match Cli::try_parse_from(args).unwrap().command {
            Command::Capture(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_may_stand_behind_a_filter_of_several_words() {
        for args in [
            &["tcp", "port", "80", "--db", "x.db", "--snaplen", "99"][..],
            &["--db", "x.db", "--snaplen", "99", "tcp", "port", "80"],
            &["--snaplen", "99", "--db", "x.db", "--", "tcp", "port", "80"],
        ] {
            let got = capture(args);
            assert_eq!(got.filter, ["tcp", "port", "80"], "{args:?}");
            assert_eq!(got.record.store.db, Some("x.db".into()), "{args:?}");
            assert_eq!(got.snaplen, 99, "{args:?}");
        }
        let got = capture(&["tcp port 80", "--db", "x.db"]);
        assert_eq!(
            (got.filter, got.record.store.db),
            (vec!["tcp port 80".into()], Some("x.db".into()))
        );
        assert_eq!(capture(&["ip[2]", "-", "20", ">", "0"]).filter.join(" "), "ip[2] - 20 > 0");
        assert_eq!(capture(&["--", "-1", "<", "len"]).filter, ["-1", "<", "len"]);
    }
}
