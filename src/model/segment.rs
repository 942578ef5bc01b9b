//! TCP segments after decoding, and batches of them.

use std::net::{IpAddr, SocketAddr};

use crate::base::Timestamp;

use super::{Block, Encapsulation};

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
    /// What the sender's headers look like: time to live and length of the TCP header. Segments of
    /// one sender share it, those that somebody forges or means not to arrive often do not.
    pub guise: u16,
    /// The payload that was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire. More than `payload.len()` where the capture cut the
    /// packet: the difference is a gap of known length behind `payload`.
    pub wire_payload_len: u32,
    /// What the packet was wrapped in.
    pub encapsulation: &'a Encapsulation,
    /// What the packet lies in, where that can be shared.
    pub block: Option<&'a Block>,
}

/// Segments with their payloads, each in the block that a file was read into or else in an arena of
/// the batch: the only copy an in-order payload ever gets.
///
/// ```text
/// block     | header | payload 0 | header | payload 2 |
/// arena     | payload 1 |
/// segments  [0: block 54..94]  [1: arena 0..40]  [2: block 148..158]
/// ```
#[derive(Debug, Default)]
pub struct SegmentBatch {
    arena: Vec<u8>,
    block: Option<Block>,
    bytes: usize,
    segments: Vec<Stored>,
    /// What the segments were wrapped in; neighbours mostly share it.
    encapsulations: Vec<Encapsulation>,
    /// Which of the threads that capture at once filled it.
    pub source: u32,
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
    guise: u16,
    wire_payload_len: u32,
    place: Place,
    len: usize,
    encapsulation: usize,
}

/// Where a payload begins.
#[derive(Clone, Copy, Debug)]
enum Place {
    Arena(usize),
    Block(usize),
}

impl SegmentBatch {
    /// Whether `segment` would be copied only because the batch holds another block.
    #[inline]
    pub fn is_of_another_block(&self, segment: &Segment<'_>) -> bool {
        matches!((&self.block, segment.block), (Some(held), Some(block)) if !held.is(block))
    }

    /// Appends `segment`: a copy, unless it lies in the block of the batch.
    pub fn push(&mut self, segment: &Segment<'_>) {
        let place = self.keep(segment.block, segment.payload);
        self.bytes += segment.payload.len();
        let encapsulation = self.place_of(segment.encapsulation);
        self.segments.push(Stored {
            at: segment.at,
            tuple: segment.tuple,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            urgent: segment.urgent,
            guise: segment.guise,
            wire_payload_len: segment.wire_payload_len,
            place,
            len: segment.payload.len(),
            encapsulation,
        });
    }

    fn keep(&mut self, block: Option<&Block>, payload: &[u8]) -> Place {
        if let Some(block) = block
            && let Some(start) = block.place_of(payload)
            && self.block.get_or_insert_with(|| block.clone()).is(block)
        {
            return Place::Block(start);
        }
        let start = self.arena.len();
        self.arena.extend_from_slice(payload);
        Place::Arena(start)
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
        self.segments.iter().map(|stored| self.segment(stored))
    }

    /// The segment at this place among them.
    pub fn get(&self, at: usize) -> Option<Segment<'_>> {
        self.segments.get(at).map(|stored| self.segment(stored))
    }

    /// When it was captured.
    pub fn at(&self, at: usize) -> Option<Timestamp> {
        self.segments.get(at).map(|stored| stored.at)
    }

    #[inline]
    fn segment<'a>(&'a self, s: &Stored) -> Segment<'a> {
        Segment {
            at: s.at,
            tuple: s.tuple,
            seq: s.seq,
            ack: s.ack,
            flags: s.flags,
            urgent: s.urgent,
            guise: s.guise,
            payload: self.payload(s.place, s.len),
            wire_payload_len: s.wire_payload_len,
            encapsulation: self.encapsulations.get(s.encapsulation).unwrap_or_default(),
            block: self.block.as_ref(),
        }
    }

    /// Memory it takes but for a block, that for more segments included.
    pub fn held_bytes(&self) -> usize {
        self.arena.capacity() + self.segments.capacity() * size_of::<Stored>()
    }

    fn payload(&self, place: Place, len: usize) -> &[u8] {
        let (bytes, start) = match place {
            Place::Arena(start) => (&self.arena[..], start),
            Place::Block(start) => (self.block.as_ref().map_or(&[][..], Block::bytes), start),
        };
        bytes.get(start..start + len).unwrap_or_default()
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
        self.bytes
    }

    /// Forgets the segments and the block, and keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.block = None;
        self.bytes = 0;
        self.segments.clear();
        self.encapsulations.clear();
    }
}
