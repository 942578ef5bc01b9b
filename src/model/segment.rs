//! TCP segments after decoding, and batches of them.

use std::net::{IpAddr, SocketAddr};

use crate::base::Timestamp;

use super::Encapsulation;

/// Who sent a segment to whom. Always the innermost addresses when the packet came through a
/// tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiveTuple {
    /// The sender.
    pub src: SocketAddr,
    /// The receiver.
    pub dst: SocketAddr,
    /// The IP protocol number: 6 for TCP.
    pub transport: u8,
}

impl FiveTuple {
    /// IP protocol number of TCP.
    pub const TCP: u8 = 6;

    /// A TCP five-tuple.
    pub fn tcp(src: (IpAddr, u16), dst: (IpAddr, u16)) -> Self {
        FiveTuple { src: src.into(), dst: dst.into(), transport: Self::TCP }
    }

    /// The same flow seen from the other end.
    pub fn reversed(self) -> Self {
        FiveTuple { src: self.dst, dst: self.src, transport: self.transport }
    }
}

/// The flag byte of a TCP header (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment field is significant.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer is significant.
    pub const URG: u8 = 0x20;

    /// Whether any of `bits` is set.
    pub fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

/// One TCP segment after decoding.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// When the packet was captured.
    pub at: Timestamp,
    /// Who sent it to whom.
    pub tuple: FiveTuple,
    /// Sequence number of the first payload byte, or of the SYN where that flag is set.
    pub seq: u32,
    /// Acknowledgment number, significant where that flag is set.
    pub ack: u32,
    /// The flags.
    pub flags: TcpFlags,
    /// Urgent pointer, significant where that flag is set.
    pub urgent: u16,
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire. More than `payload.len()` where the capture cut the
    /// packet: the difference is a gap of known length behind `payload`.
    pub wire_payload_len: u32,
    /// What the packet was wrapped in.
    pub encapsulation: &'a Encapsulation,
}

/// Segments with their payloads in one arena: the only copy an in-order payload ever gets.
///
/// ```text
/// arena     | payload 0 | payload 1 | payload 2 |
/// segments  [0: 0..40]  [1: 40..80]  [2: 80..90]
/// ```
#[derive(Debug, Default)]
pub struct SegmentBatch {
    arena: Vec<u8>,
    segments: Vec<Stored>,
    /// What the segments were wrapped in; neighbours mostly share it.
    encapsulations: Vec<Encapsulation>,
}

/// Encapsulations, from the last one on, that a new segment is compared with.
const RECENT: usize = 8;

#[derive(Debug)]
struct Stored {
    at: Timestamp,
    tuple: FiveTuple,
    seq: u32,
    ack: u32,
    flags: TcpFlags,
    urgent: u16,
    wire_payload_len: u32,
    start: usize,
    len: usize,
    encapsulation: usize,
}

impl SegmentBatch {
    /// Appends a copy of `segment`.
    pub fn push(&mut self, segment: &Segment<'_>) {
        let start = self.arena.len();
        self.arena.extend_from_slice(segment.payload);
        let encapsulation = self.place_of(segment.encapsulation);
        self.segments.push(Stored {
            at: segment.at,
            tuple: segment.tuple,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            urgent: segment.urgent,
            wire_payload_len: segment.wire_payload_len,
            start,
            len: segment.payload.len(),
            encapsulation,
        });
    }

    fn place_of(&mut self, encapsulation: &Encapsulation) -> usize {
        let held = self.encapsulations.len();
        let mut recent = self.encapsulations.iter().rev().take(RECENT);
        if let Some(back) = recent.position(|one| one.is_shared_with(encapsulation)) {
            return held - 1 - back;
        }
        self.encapsulations.push(encapsulation.clone());
        held
    }

    /// The segments in the order they were pushed.
    pub fn iter(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().map(|s| Segment {
            at: s.at,
            tuple: s.tuple,
            seq: s.seq,
            ack: s.ack,
            flags: s.flags,
            urgent: s.urgent,
            payload: self.arena.get(s.start..s.start + s.len).unwrap_or_default(),
            wire_payload_len: s.wire_payload_len,
            encapsulation: self.encapsulations.get(s.encapsulation).unwrap_or_default(),
        })
    }

    /// How many segments there are.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Payload bytes held.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Forgets the segments and keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.segments.clear();
        self.encapsulations.clear();
    }
}
