//! Commits of MLLP release 2 (HL7 Transport Specification: MLLP, release 2, section 2.2): a block
//! of one byte says whether a message was kept, before anybody looked at it.

use crate::model::{Correlation, Hl7Header};

const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// What one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    Accept,
    Error,
}

impl Commit {
    /// What a block that holds `text` is.
    pub(super) fn read(text: &[u8]) -> Option<Commit> {
        match text {
            [ACK] => Some(Commit::Accept),
            [NAK] => Some(Commit::Error),
            _ => None,
        }
    }

    /// The same in a header: codes of the enhanced mode say as much.
    pub(super) fn header(self) -> Hl7Header<'static> {
        let code: &[u8] = match self {
            Commit::Accept => b"CA",
            Commit::Error => b"CE",
        };
        Hl7Header { acknowledges: Some((code, b"")), ..Hl7Header::default() }
    }

    /// Nobody sends another message before it: it answers the oldest that waits. Behind one that
    /// accepts the acknowledgement of the application may follow.
    pub(super) fn correlation(self) -> Correlation {
        Correlation::Oldest { last: self == Commit::Error }
    }
}
