//! Segments that came too early, in order and without overlaps.

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::base::limits::{
    GAP_WAIT_MILLIS, GAP_WAIT_PACKETS, REASSEMBLY_SEGMENT_OVERHEAD as OVERHEAD,
    REASSEMBLY_STREAM_OVERHEAD,
};

/// Bytes to be delivered later.
#[derive(Debug)]
pub(super) struct Chunk {
    /// When its packet was captured.
    pub(super) at: Timestamp,
    /// What its packet looks like.
    pub(super) guise: u16,
    /// Which packet of the flow that was.
    pub(super) packet: u32,
    /// The other stream should have got this far before it is delivered.
    pub(super) needs: u64,
    /// How far its sender had heard the other stream; 0 where that is not known.
    pub(super) heard: u64,
    /// Bytes behind `data` that the capture cut off.
    pub(super) cut: u32,
    pub(super) data: Box<[u8]>,
}

/// A segment to be stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early<'a> {
    pub(super) at: Timestamp,
    pub(super) guise: u16,
    pub(super) packet: u32,
    pub(super) needs: u64,
    pub(super) heard: u64,
    /// Offset of the first byte of `data`.
    pub(super) offset: u64,
    pub(super) cut: u32,
    pub(super) data: &'a [u8],
}

/// A copy that lost.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) at: Timestamp,
    pub(super) guise: u16,
    pub(super) offset: u64,
    pub(super) data: Box<[u8]>,
}

/// What became of a segment to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stored {
    /// Memory charged for it.
    pub(super) charge: usize,
    /// Some of its bytes were there already.
    pub(super) overlap: bool,
    /// And they were different.
    pub(super) conflict: bool,
}

/// The early segments of one stream. Chunks never overlap: the first copy of a byte is kept.
///
/// ```text
/// next        100        140   150        180
///  |  hole     | chunk A  |     | chunk B  |      A.cut may reach into the hole between
/// ```
#[derive(Debug)]
pub(super) struct Pending {
    chunks: BTreeMap<u64, Chunk>,
    /// Copies that differ from chunks, until they can be told.
    others: Vec<Other>,
    /// Memory charged, for all chunks and itself.
    charge: usize,
    /// When the stream last moved.
    pub(super) moved: Timestamp,
    lag: Lag,
}

/// How far the receiver's acknowledgments had come a while ago: at least 32 packets of the flow,
/// or a second, and at most twice that.
#[derive(Debug)]
struct Lag {
    marked: Timestamp,
    marked_packet: u32,
    at_mark: u64,
    earlier: u64,
}

impl Pending {
    pub(super) fn new(at: Timestamp, packet: u32, acked: u64) -> Self {
        Pending {
            chunks: BTreeMap::new(),
            others: Vec::new(),
            charge: REASSEMBLY_STREAM_OVERHEAD,
            moved: at,
            lag: Lag { marked: at, marked_packet: packet, at_mark: acked, earlier: 0 },
        }
    }

    /// Offset of the first byte held, and its chunk.
    pub(super) fn first(&self) -> Option<(u64, &Chunk)> {
        self.chunks.first_key_value().map(|(offset, chunk)| (*offset, chunk))
    }

    /// Offset behind the last byte held.
    pub(super) fn end(&self) -> u64 {
        self.chunks.last_key_value().map_or(0, |(offset, chunk)| chunk.end(*offset))
    }

    pub(super) fn pop_first(&mut self) -> Option<(u64, Chunk)> {
        let (offset, chunk) = self.chunks.pop_first()?;
        self.charge -= chunk.charge();
        Some((offset, chunk))
    }

    /// The copies that lost, to be told.
    pub(super) fn take_others(&mut self) -> Vec<Other> {
        self.charge -= self.others.iter().map(Other::charge).sum::<usize>();
        std::mem::take(&mut self.others)
    }

    /// Whether there are copies to be told.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// The first chunk no longer waits for the other stream.
    pub(super) fn release_first(&mut self) {
        if let Some(mut first) = self.chunks.first_entry() {
            first.get_mut().needs = 0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Segments held.
    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Memory charged: bytes, a fixed overhead per segment, and one for the stream.
    pub(super) fn charge(&self) -> usize {
        self.charge
    }

    /// What had been acknowledged a while ago, given what is now.
    pub(super) fn long_acked(&mut self, at: Timestamp, packet: u32, acked: u64) -> u64 {
        let lag = &mut self.lag;
        let packets = packet.wrapping_sub(lag.marked_packet);
        if packets >= GAP_WAIT_PACKETS
            || at.since(lag.marked).as_millis() >= u128::from(GAP_WAIT_MILLIS)
        {
            lag.earlier = lag.at_mark;
            lag.at_mark = acked;
            lag.marked = at;
            lag.marked_packet = packet;
        }
        lag.earlier
    }

    /// Keeps those bytes of `early` that are not held yet, as far as `room` (memory) and
    /// `segments` (pieces held in all) allow.
    pub(super) fn store(&mut self, early: Early<'_>, room: usize, segments: usize) -> Stored {
        let mut stored = Stored::default();
        let end = early.offset + early.data.len() as u64;
        let mut cursor = early.offset;
        while cursor < end {
            if let Some((start, chunk)) = self.chunks.range(..=cursor).next_back()
                && chunk.end(*start) > cursor
            {
                let stop = chunk.end(*start).min(end);
                let mine = part(early.data, cursor - early.offset, stop - early.offset);
                let theirs = part(&chunk.data, cursor - start, stop - start);
                stored.overlap = true;
                stored.conflict |= mine != theirs;
                cursor = stop;
                continue;
            }
            let following = self.chunks.range(cursor + 1..).next();
            let stop = following.map_or(end, |(start, _)| end.min(*start));
            let piece = part(early.data, cursor - early.offset, stop - early.offset);
            let charge = piece.len() + OVERHEAD;
            if self.chunks.len() >= segments || stored.charge + charge > room {
                return stored;
            }
            stored.charge += self.place(cursor, &early, piece);
            cursor = stop;
        }
        if stored.conflict {
            stored.charge += self.keep_other(&early, room.saturating_sub(stored.charge), segments);
        }
        if early.cut > 0 && self.chunks.len() < segments && stored.charge + OVERHEAD <= room {
            stored.charge += self.note_cut(end, &early);
        }
        stored
    }

    /// Keeps a copy that lost, as far as there is room; returns what it costs.
    fn keep_other(&mut self, early: &Early<'_>, room: usize, segments: usize) -> usize {
        let &Early { at, guise, offset, .. } = early;
        let other = Other { at, guise, offset, data: early.data.into() };
        let cost = other.charge();
        if cost > room || self.others.len() >= segments {
            return 0;
        }
        self.charge += cost;
        self.others.push(other);
        cost
    }

    /// Puts a chunk where no bytes are held; returns what it costs.
    fn place(&mut self, offset: u64, early: &Early<'_>, data: &[u8]) -> usize {
        let &Early { at, guise, packet, needs, heard, .. } = early;
        let mut chunk = Chunk { at, guise, packet, needs, heard, cut: 0, data: data.into() };
        let cost = chunk.charge();
        self.charge += cost;
        let Some(hollow) = self.chunks.remove(&offset) else {
            self.chunks.insert(offset, chunk);
            return cost;
        };
        // A chunk of which nothing was captured stood here: what is now known replaces it.
        let known = u32::try_from(data.len()).unwrap_or(u32::MAX);
        chunk.cut = hollow.cut.saturating_sub(known);
        self.charge -= hollow.charge();
        self.chunks.insert(offset, chunk);
        cost - hollow.charge()
    }

    /// Remembers that the capture cut off what follows `end`; returns what that costs.
    fn note_cut(&mut self, end: u64, early: &Early<'_>) -> usize {
        match self.chunks.range_mut(..=end).next_back() {
            Some((start, chunk)) if chunk.end(*start) == end => {
                chunk.cut = chunk.cut.max(early.cut);
                0
            }
            Some((start, chunk)) if chunk.end(*start) > end => 0,
            _ => {
                let cost = self.place(end, early, &[]);
                if let Some(chunk) = self.chunks.get_mut(&end) {
                    chunk.cut = early.cut;
                }
                cost
            }
        }
    }
}

impl Other {
    fn charge(&self) -> usize {
        self.data.len() + OVERHEAD
    }
}

impl Chunk {
    fn end(&self, offset: u64) -> u64 {
        offset + self.data.len() as u64
    }

    fn charge(&self) -> usize {
        self.data.len() + OVERHEAD
    }
}

fn part(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let range = usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(0);
    bytes.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early(offset: u64, data: &[u8]) -> Early<'_> {
        let (at, packet, needs, heard) = (Timestamp::default(), 0, 0, 0);
        Early { at, guise: 0, packet, needs, heard, offset, cut: 0, data }
    }

    fn content(mut pending: Pending) -> Vec<(u64, Vec<u8>, u32)> {
        let chunks = std::iter::from_fn(|| pending.pop_first());
        let all = chunks.map(|(offset, chunk)| (offset, chunk.data.to_vec(), chunk.cut)).collect();
        pending.take_others();
        assert_eq!(pending.charge(), REASSEMBLY_STREAM_OVERHEAD);
        all
    }

    fn empty() -> Pending {
        Pending::new(Timestamp::default(), 0, 0)
    }

    #[test]
    fn the_first_copy_is_kept_and_a_different_one_is_told() {
        let mut pending = empty();
        assert!(!pending.store(early(10, b"abc"), 10_000, 10).overlap);
        let again = pending.store(early(9, b"xabcy"), 10_000, 10);
        assert!(again.overlap && !again.conflict);
        assert!(pending.store(early(10, b"aXc"), 10_000, 10).conflict);
        let want = vec![(9, b"x".to_vec(), 0), (10, b"abc".to_vec(), 0), (13, b"y".to_vec(), 0)];
        assert_eq!(content(pending), want);
    }

    #[test]
    fn what_the_capture_cut_is_filled_by_a_whole_copy() {
        let mut pending = empty();
        pending.store(Early { cut: 4, ..early(10, b"") }, 10_000, 10);
        pending.store(early(10, b"ab"), 10_000, 10);
        assert_eq!(content(pending), vec![(10, b"ab".to_vec(), 2)]);
    }

    #[test]
    fn room_and_segments_are_never_exceeded() {
        let mut pending = empty();
        assert_eq!(pending.store(early(10, &[0; 50]), 50 + OVERHEAD - 1, 10).charge, 0);
        pending.store(early(10, b"a"), 10_000, 2);
        pending.store(early(12, b"a"), 10_000, 2);
        assert_eq!(pending.store(early(14, b"a"), 10_000, 2), Stored::default());
        assert_eq!(pending.len(), 2);
    }

    #[test]
    fn acknowledgments_count_only_after_a_while() {
        let mut pending = Pending::new(Timestamp::default(), 0, 0);
        let at = Timestamp::default();
        assert_eq!(pending.long_acked(at, 1, 100), 0);
        assert_eq!(pending.long_acked(at, GAP_WAIT_PACKETS, 100), 0);
        assert_eq!(pending.long_acked(at, 2 * GAP_WAIT_PACKETS, 200), 100);
        let later = Timestamp::from_seconds(1, 0);
        assert_eq!(pending.long_acked(later, 2 * GAP_WAIT_PACKETS + 1, 300), 200);
    }
}
