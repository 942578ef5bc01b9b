//! Why a question has no answer.

use crate::store::{FailureKind, StoreError};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The statement is none, or not one that only reads.
    #[error("run the statement: {reason}")]
    Statement {
        /// What is wrong with it, in one line.
        reason: String,
    },
}

impl QueryError {
    /// Whose turn it is: decides the exit code.
    pub fn kind(&self) -> FailureKind {
        match self {
            QueryError::Store(error) => error.kind(),
            QueryError::Statement { .. } => FailureKind::Usage,
        }
    }
}
