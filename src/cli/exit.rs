//! Exit codes, and how failures are told: one line that says what, where and what to do.

use std::io::Write;
use std::process::ExitCode;

use super::bar;

/// What the process ends with; the largest that applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; a capture stopped by a signal is done.
    #[default]
    Done = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// A bad option, filter, rule or database, or no usable input at all.
    Usage = 2,
    /// A capture cut short, some of several inputs unusable, an interrupted replay, too much loss.
    Incomplete = 3,
    /// Internal, or output failed: disk full, unwritable.
    Failed = 4,
}

impl Exit {
    /// The worse of both.
    pub fn and(self, other: Exit) -> Exit {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A failure that ends the command.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A lower-case fragment that fits after "failed to".
    pub message: String,
}

impl Failure {
    /// A user's mistake.
    pub fn usage(message: impl ToString) -> Failure {
        Failure { exit: Exit::Usage, message: message.to_string() }
    }

    /// A failure of ours or of the output.
    pub fn failed(message: impl ToString) -> Failure {
        Failure { exit: Exit::Failed, message: message.to_string() }
    }
}

/// Tells a person something on standard error, in one line.
pub fn tell(line: impl std::fmt::Display) {
    let line = line.to_string().replace(['\n', '\r'], " ");
    let line: String = line.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    bar::aside(|| {
        // Whether anyone listens makes no difference to the work.
        let _ = writeln!(std::io::stderr().lock(), "phitap: {line}");
    });
}
