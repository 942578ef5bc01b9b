//! Commits of MLLP release 2 (HL7 Transport Specification: MLLP, release 2, section 2.2): a block
//! of one byte says whether a message was kept, before anybody looked at it. The hybrid protocol
//! (HLLP) says so of one that came damaged.

use crate::model::{Correlation, Hl7Header};

const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
/// Bytes of a NAK of the hybrid protocol.
const HLLP_NAK_BYTES: usize = 13;

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
            _ if text.len() >= HLLP_NAK_BYTES && Commit::may_be_hllp(text) => Some(Commit::Error),
            _ => None,
        }
    }

    /// What a byte between blocks is: some receivers answer without a frame.
    pub(super) fn bare(byte: u8) -> Option<Commit> {
        Commit::read(&[byte])
    }

    /// Whether `text` is or may become the NAK of the hybrid protocol (HL7 v2.3 appendix C, section
    /// C.4): `N23`, CR, why, and five and three digits by which it is checked.
    pub(super) fn may_be_hllp(text: &[u8]) -> bool {
        let fits = |(at, byte): (usize, &u8)| match at {
            0 => *byte == b'N',
            3 => *byte == b'\r',
            4 => b"CXBG".contains(byte),
            1 | 2 | 5..HLLP_NAK_BYTES => byte.is_ascii_digit(),
            // Some end it as lines end.
            _ => *byte == b'\r',
        };
        text.len() <= HLLP_NAK_BYTES + 1 && text.iter().enumerate().all(fits)
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
