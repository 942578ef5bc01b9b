//! Why the database could not be used, told so that the reader knows what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::model::RuleId;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file; only reading says so, writing makes one.
    #[error(
        "open database {path}: no such file; make one with `phitap replay` or name another with \
         --db"
    )]
    NotFound {
        /// Which file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error(
        "open database {path}: expected a phitap database, found {found}; it was left as it is, \
         name another file with --db"
    )]
    NotADatabase {
        /// Which file.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// An empty file: a database that was never made.
    #[error(
        "open database {path}: it is empty, nothing was recorded into it yet; record with `phitap \
         replay` or `phitap capture`, or name another file with --db"
    )]
    Unmade {
        /// Which file.
        path: PathBuf,
    },
    /// The file was made by a later version.
    #[error(
        "open database {path}: its format is version {found}, this program knows up to {known}; \
         use a newer phitap or name another file with --db"
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// `user_version` in the file.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// The file was made by an earlier version; reading changes nothing, so it is not brought up to
    /// date.
    #[error(
        "read database {path}: its format is version {found}, this program reads {known}; replay \
         or capture into it once, which brings it up to date"
    )]
    Older {
        /// Which file.
        path: PathBuf,
        /// `user_version` in the file.
        found: i64,
        /// The version that is read.
        known: i64,
    },
    /// The file was made with another key: hashes in it mean nothing to ours.
    #[error(
        "open database {path}: it was made with key {found}, the key in use is {expected}; name \
         the key it was made with by --key-file, or another file with --db"
    )]
    OtherKey {
        /// Which file.
        path: PathBuf,
        /// Id of the key it was made with.
        found: String,
        /// Id of the key in use.
        expected: String,
    },
    /// The file was made with a key, and there is none where it was looked for.
    #[error(
        "open database {path}: it was made with key {found}, and there is no key file {key}; name \
         the key it was made with by --key-file, or another file with --db"
    )]
    NoKey {
        /// Which file.
        path: PathBuf,
        /// Id of the key it was made with.
        found: String,
        /// Where the key was looked for.
        key: PathBuf,
    },
    /// Another process writes to it.
    #[error(
        "write database {path}: another phitap is writing to it; wait until it ends or name \
         another file with --db"
    )]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// What was removed is gone, but a reader keeps the write-ahead log from being emptied.
    #[error(
        "overwrite what was removed from database {path}: it is removed, but another program that \
         reads the database keeps its log; end that program and purge again"
    )]
    Held {
        /// Which file.
        path: PathBuf,
    },
    /// A write-ahead log without its database: the database was removed or renamed.
    #[error(
        "open database {path}: its write-ahead log {path}-wal is there and the database is not; \
         put the database back, or remove the log to start anew"
    )]
    Orphan {
        /// Which file.
        path: PathBuf,
    },
    /// The content contradicts itself.
    #[error(
        "read database {path}: it is damaged ({what}); keep a copy, restore a backup or name \
         another file with --db and replay the captures"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What contradicts.
        what: String,
    },
    /// The file or its folder cannot be written.
    #[error("write database {path}: {reason}; make it writable or name another file with --db")]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file cannot be read.
    #[error("read database {path}: {reason}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No space left.
    #[error(
        "write database {path}: the disk is full; what was stored before is intact, free some \
         space and run again"
    )]
    Full {
        /// Which file.
        path: PathBuf,
    },
    /// Reading or writing failed below SQLite.
    #[error("access database {path}: {reason}; what was stored before is intact")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// A run, finding or word that the caller named is not there.
    #[error("find {what} in database {path}")]
    Missing {
        /// Which file.
        path: PathBuf,
        /// What was asked for.
        what: String,
    },
    /// Something SQLite refused for a reason of our making.
    #[error("use database {path}: {source}")]
    Sql {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Evidence names a rule that the rule set does not have.
    #[error("write database {path}: rule number {} has no name", rule.0)]
    UnnamedRule {
        /// Which file.
        path: PathBuf,
        /// Which rule.
        rule: RuleId,
    },
}

/// Whose turn it is: decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The user named the wrong file or key, or it is in use: exit code 2.
    Usage,
    /// Writing failed, or this program is wrong: exit code 4.
    Output,
}

impl StoreError {
    /// Whose turn it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            StoreError::NotFound { .. }
            | StoreError::NotADatabase { .. }
            | StoreError::Unmade { .. }
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::OtherKey { .. }
            | StoreError::NoKey { .. }
            | StoreError::Busy { .. }
            | StoreError::Orphan { .. }
            | StoreError::Damaged { .. }
            | StoreError::Unreadable { .. }
            | StoreError::Missing { .. } => FailureKind::Usage,
            StoreError::Unwritable { .. }
            | StoreError::Full { .. }
            | StoreError::Io { .. }
            | StoreError::Sql { .. }
            | StoreError::Held { .. }
            | StoreError::UnnamedRule { .. } => FailureKind::Output,
        }
    }
}

/// A failure before it knows which file it is about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// SQLite said no.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A stored value cannot be.
    #[error("{0}")]
    Damaged(String),
    /// See [`StoreError::Missing`].
    #[error("{0}")]
    Missing(String),
    /// See [`StoreError::UnnamedRule`].
    #[error("rule number {} has no name", .0.0)]
    UnnamedRule(RuleId),
}

impl Fault {
    /// The failure told about the file `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_path_buf();
        match self {
            Fault::Sql(source) => from_sql(path, source),
            Fault::Damaged(what) => StoreError::Damaged { path, what },
            Fault::Missing(what) => StoreError::Missing { path, what },
            Fault::UnnamedRule(rule) => StoreError::UnnamedRule { path, rule },
        }
    }
}

fn from_sql(path: PathBuf, source: rusqlite::Error) -> StoreError {
    let reason = source.to_string();
    match &source {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => return StoreError::Damaged { path, what: reason },
        _ => {}
    }
    // The log's index could not grow: where there is no room, that is how SQLite says so.
    if let Some(error) = source.sqlite_error()
        && error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    {
        return StoreError::Full { path };
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, what: reason },
        Some(ErrorCode::NotADatabase) => {
            StoreError::NotADatabase { path, found: "a file that is no SQLite database".into() }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => {
            StoreError::Io { path, reason }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreError::Unwritable { path, reason }
        }
        _ => StoreError::Sql { path, source },
    }
}

/// What the system said when the file was opened to write.
pub(crate) fn unwritable(path: &Path, source: &io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full { path: path.into() }
        }
        _ => StoreError::Unwritable { path: path.into(), reason: source.to_string() },
    }
}
