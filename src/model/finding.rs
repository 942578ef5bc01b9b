//! Findings: rows that someone triages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Info,
    /// Worth fixing some day.
    Low,
    /// Worth planning.
    Medium,
    /// Worth fixing now.
    High,
    /// Worth stopping for.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Severity::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or_else(|| format!("expected info, low, medium, high or critical, not {text:?}"))
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// Who may call.
    Auth,
    /// How it is used.
    Behaviour,
    /// How it is set up.
    Configuration,
    /// What changed.
    Drift,
    /// Where it can be read.
    Exposure,
    /// What it carries.
    SensitiveData,
    /// How it travels.
    Transport,
}

impl FindingKind {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Auth => "auth",
            FindingKind::Behaviour => "behaviour",
            FindingKind::Configuration => "configuration",
            FindingKind::Drift => "drift",
            FindingKind::Exposure => "exposure",
            FindingKind::SensitiveData => "sensitive-data",
            FindingKind::Transport => "transport",
        }
    }
}
