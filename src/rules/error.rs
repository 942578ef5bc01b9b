//! What can be wrong with a rule file.

use std::io;

use thiserror::Error;

use super::place::Place;

/// Why rules could not be loaded or compiled. The text fits after "failed to".
#[derive(Debug, Error)]
pub enum RuleError {
    /// The file or folder could not be read.
    #[error("read rules from {file}: {source}")]
    Read {
        /// As the user named it.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is no TOML, or a key is unknown, missing or of another type.
    #[error("read rules from {file}, line {line}{place}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// `, rule us-ssn, key weight`, as far as it is known.
        place: Place,
        /// What the TOML reader expected.
        message: String,
    },
    /// A key of a rule has a value that cannot be used.
    #[error("use rule {rule} of {file}, line {line}: {key}: {reason}")]
    Rule {
        /// The file.
        file: String,
        /// Line of the rule's `id`, counted from 1.
        line: usize,
        /// The rule's id.
        rule: String,
        /// The key.
        key: &'static str,
        /// What was expected.
        reason: String,
    },
    /// A rule is switched off that is not there.
    #[error("switch off rule {rule:?} in {file}, line {line}: off: there is no such rule")]
    Off {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What was named.
        rule: String,
    },
    /// More rules than fit.
    #[error("use {count} rules: at most {max} fit (a rule with masks and bare masks counts twice)")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many fit.
        max: usize,
    },
}
