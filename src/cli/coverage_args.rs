//! What `phitap coverage` takes.

use clap::Args;

use super::args::OutputArgs;

/// `phitap coverage`
#[derive(Debug, Clone, Args)]
pub struct CoverageArgs {
    /// Only services and endpoints of this service
    #[arg(long)]
    pub service: Option<String>,
    /// Only endpoints whose operations contain this text, or match it where it has `*`
    #[arg(long, value_name = "TEXT")]
    pub operation: Option<String>,
    /// Only packets of inputs whose names contain this text, or match it where it has `*`
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["service", "operation"])]
    pub input: Option<String>,
    /// How rows are shown.
    #[command(flatten)]
    pub output: OutputArgs,
}
