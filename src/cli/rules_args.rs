//! What the user typed about detection rules.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::Format;

/// `phitap rules`
#[derive(Debug, Clone, Args)]
pub struct RulesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// What to do with rules.
#[derive(Debug, Clone, Subcommand)]
pub enum RulesCommand {
    /// List every rule with its class
    List {
        /// A folder of rules besides the built-in ones
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
        /// How rows are shown
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Check rule files, and say what is wrong with which key
    Check {
        /// Rule files, or folders of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Write rules of gitleaks (.toml) or recognisers of Presidio (.yaml) anew as rules of phitap
    Import {
        /// Their files
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The folder for the rules, one file for each of theirs; --rules takes it
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Run every rule's own examples
    Test {
        /// A folder of rules besides the built-in ones
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
}
