//! What both formats make of their bytes: packets as places in the window.

use crate::base::Timestamp;
use crate::capture::source::{Incomplete, IncompleteCause};
use crate::model::LinkType;

/// One packet record: its captured bytes are the `captured` bytes that begin `skip` bytes behind
/// the start of the window, and `len` bytes behind the start the next record begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) at: Timestamp,
    pub(super) link: LinkType,
    pub(super) wire_len: u32,
    pub(super) skip: usize,
    pub(super) captured: usize,
    pub(super) len: usize,
}

/// Multi-byte numbers in the byte order the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    #[inline]
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Big => u16::from_be_bytes(bytes),
            ByteOrder::Little => u16::from_le_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Big => u32::from_be_bytes(bytes),
            ByteOrder::Little => u32::from_le_bytes(bytes),
        }
    }

    #[inline]
    pub(super) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            ByteOrder::Big => u64::from_be_bytes(bytes),
            ByteOrder::Little => u64::from_le_bytes(bytes),
        }
    }
}

/// The link type in a 32-bit field whose upper bits say something else (the length of the frame
/// check sequence). A number beyond 16 bits belongs to nobody and becomes 65535.
pub(super) fn link_type(field: u32) -> LinkType {
    LinkType(u16::try_from(field & 0x03ff_ffff).unwrap_or(u16::MAX))
}

pub(super) fn damaged(offset: u64, detail: String) -> Box<Incomplete> {
    Box::new(Incomplete { cause: IncompleteCause::Damaged, offset, detail })
}
