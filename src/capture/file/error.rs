//! Why a file gives no packets at all.

use std::io;

/// A file that is no usable capture. Fits after "failed to"; names the file, what was expected
/// and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refuses.
    #[error("open {name}: {source}")]
    Open {
        /// Which file.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A directory where a file is needed.
    #[error("read {name}: it is a directory; expected a capture file")]
    Directory {
        /// Which path.
        name: String,
    },
    /// Nothing in it.
    #[error("read {name}: it is empty; expected a pcap or pcapng capture")]
    Empty {
        /// Which file.
        name: String,
    },
    /// Some other kind of file.
    #[error(
        "read {name}: it begins with {found}, which is no capture; \
         expected pcap or pcapng, plain or compressed with gzip or zstd"
    )]
    NotACapture {
        /// Which file.
        name: String,
        /// Its first bytes in hexadecimal, and what they mean where that is known.
        found: String,
    },
    /// A capture whose file header cannot be used.
    #[error("read {name}: the file header is {what}")]
    Header {
        /// Which file.
        name: String,
        /// `cut short at offset 12: …` or `damaged at offset 4: …`.
        what: String,
    },
}

impl FileError {
    /// Whether there is nothing now where there may be a capture another time: the system refused,
    /// or nobody has written yet.
    pub fn may_pass(&self) -> bool {
        matches!(self, FileError::Open { .. } | FileError::Empty { .. })
    }

    /// Whether the file is simply something else than a capture, so that a directory which holds
    /// it can pass over it.
    pub fn is_other_kind(&self) -> bool {
        matches!(
            self,
            FileError::Empty { .. } | FileError::NotACapture { .. } | FileError::Directory { .. }
        )
    }
}
