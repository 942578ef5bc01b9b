//! What reassembly makes of segments: ordered bytes, gaps and ends.

use crate::base::Timestamp;

/// Which way bytes travel in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client to the server: requests.
    ToServer,
    /// From the server to the client: responses.
    ToClient,
}

impl Direction {
    /// The other way.
    pub fn reversed(self) -> Self {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }

    /// 0 for requests, 1 for responses: an index into a pair.
    pub fn index(self) -> usize {
        match self {
            Direction::ToServer => 0,
            Direction::ToClient => 1,
        }
    }
}

/// Why a stream will bring no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// FIN and everything before it was delivered, or skipped as gaps.
    Fin,
    /// The connection was reset.
    Reset,
    /// No packet for too long, or the five-tuple was used again.
    Expired,
    /// Removed for memory, or the input ended while the flow was open.
    Cut,
}

/// One step of one stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamEvent<'a> {
    /// Which stream.
    pub direction: Direction,
    /// Time of the packet that brought it.
    pub at: Timestamp,
    /// Where it stands.
    pub offsets: Offsets,
    /// What came.
    pub input: StreamInput<'a>,
}

/// Where bytes stand in the two streams of their flow, counted from the same unknown number for
/// all of a flow. They say which of two messages of opposite directions can be the answer to the
/// other, in whatever order they were captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Of the first byte.
    pub begin: u64,
    /// Behind the last byte of the other stream that the sender had when it sent them (the
    /// acknowledgment number, RFC 9293 section 3.4); 0 where that is not known.
    pub heard: u64,
    /// Of a gap: the capture left the bytes out (its snap length), they were not lost.
    pub cut: bool,
}

/// Bytes that a receiver may have read in the place of those that were delivered: another copy of
/// them, or some that the first reading leaves out. Not every one differs. One without bytes that
/// stands for none only says that there are other readings.
#[derive(Clone, Copy, Debug)]
pub struct SecondCopy<'a> {
    /// Which stream.
    pub direction: Direction,
    /// Time of the packet that brought it.
    pub at: Timestamp,
    /// Where it begins, counted from the next byte to be delivered: negative behind it.
    pub back: i64,
    /// Whether it begins where its stream does.
    pub begins: bool,
    /// How many bytes of the stream it stands for.
    pub replaces: u32,
    /// The bytes.
    pub bytes: &'a [u8],
    /// What its packet looks like: copies of one sender share it.
    pub guise: u16,
    /// Why it is told: the name of an anomaly.
    pub why: &'static str,
}

/// A gap is an input like any other: the parser knows how long it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamInput<'a> {
    /// The next bytes in order.
    Bytes(&'a [u8]),
    /// This many bytes will never be seen.
    Gap(u64),
    /// No more will come.
    End(EndCause),
}

/// What one direction of a flow carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTotals {
    /// Packets, those without payload included; saturates.
    pub packets: u32,
    /// Payload bytes delivered.
    pub bytes: u64,
    /// Payload bytes known to be missing.
    pub gap_bytes: u64,
}

impl StreamTotals {
    /// Whether any packet of this direction was seen.
    pub fn seen(&self) -> bool {
        self.packets > 0
    }
}
