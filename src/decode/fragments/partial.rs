//! One datagram of which not every fragment has come.

use smallvec::SmallVec;

use crate::base::Timestamp;
use crate::base::limits::{
    DATAGRAM_BYTES_MAX, FRAGMENT_OVERHEAD, FRAGMENT_READINGS_MAX, FRAGMENTS_PER_DATAGRAM_MAX,
};
use crate::decode::network::{Datagram, Part};
use crate::decode::view::View;
use crate::model::{FiveTuple, FragmentOddities};

/// Packets that brought the fragments so far, by the number of their input.
pub(in crate::decode) type Carriers = SmallVec<[(u32, u64); 1]>;

/// A datagram put together.
#[derive(Clone, Debug)]
pub(in crate::decode) struct Whole {
    pub(in crate::decode) protocol: u8,
    /// The bytes up to the first that was not captured.
    pub(in crate::decode) bytes: Vec<u8>,
    pub(in crate::decode) wire_len: usize,
    /// Other readings, when copies differed: the bytes where the last copies win, then those where
    /// one of them does, over one of the first.
    pub(in crate::decode) others: Vec<Vec<u8>>,
    pub(in crate::decode) oddities: FragmentOddities,
    /// The packets that brought the other fragments.
    pub(in crate::decode) carriers: Carriers,
}

/// What a fragment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It brought something, or something else than was known.
    New,
    /// Another fragment brought exactly that.
    Again,
    /// There are too many.
    Full,
}

/// Bytes of a datagram: `len` from `start` on, of which the first `kept` lie in the arena at `at`.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    len: u32,
    at: usize,
    kept: u32,
}

impl Piece {
    fn end(&self) -> u32 {
        self.start + self.len
    }
}

#[derive(Debug)]
pub(super) struct Partial {
    /// Time of the first fragment that came.
    pub(super) since: Timestamp,
    /// Which one of the table this is; tells it from an earlier one of the same key.
    pub(super) serial: u64,
    pub(super) carriers: Carriers,
    /// Whether it turned out not to be for us: its fragments are skipped as they come.
    pub(super) dismissed: bool,
    protocol: u8,
    /// In order, without overlap.
    pieces: SmallVec<[Piece; 4]>,
    /// Copies that differ from what was known, in the order they came.
    rewrites: Vec<Piece>,
    arena: Vec<u8>,
    total: Option<u32>,
    covered: u32,
    oddities: FragmentOddities,
}

impl Partial {
    pub(super) fn new(since: Timestamp, serial: u64, protocol: u8) -> Self {
        Partial {
            since,
            serial,
            carriers: Carriers::new(),
            dismissed: false,
            protocol,
            pieces: SmallVec::new(),
            rewrites: Vec::new(),
            arena: Vec::new(),
            total: None,
            covered: 0,
            oddities: FragmentOddities::default(),
        }
    }

    /// What it is charged.
    pub(super) fn cost(&self) -> usize {
        let pieces = self.pieces.len() + self.rewrites.len() + 1;
        self.arena.len() + pieces * FRAGMENT_OVERHEAD
    }

    /// Forgets what it holds: it is not for us.
    pub(super) fn dismiss(&mut self) {
        self.dismissed = true;
        (self.pieces, self.rewrites, self.arena) = Default::default();
    }

    /// Adds a fragment whose place [`place`] found possible.
    pub(super) fn add(&mut self, fragment: &Datagram<'_>, (offset, len): (u32, u32)) -> Added {
        let more = fragment.part.is_some_and(|part| part.more);
        if self.pieces.len() + self.rewrites.len() >= FRAGMENTS_PER_DATAGRAM_MAX {
            return Added::Full;
        }
        if offset == 0 {
            // RFC 8200: only the first fragment says what the datagram carries.
            self.protocol = fragment.protocol;
            if fragment.protocol == FiveTuple::TCP && len < 20 {
                self.oddities.insert(FragmentOddities::TINY);
            }
        }
        let mut added = self.fill(offset, len, fragment.payload.bytes());
        let end = offset + len;
        if !more && self.total.is_none() {
            self.total = Some(end);
            added = Added::New;
        }
        let reach = self.pieces.last().map_or(end, Piece::end);
        if self.total.is_some_and(|total| total < reach || (!more && total != end)) {
            // Bytes behind the end: receivers that take the datagram at all take the first end.
            self.oddities.insert(FragmentOddities::CONFLICT);
        }
        added
    }

    /// Keeps what is new of a range, and compares what is not.
    fn fill(&mut self, offset: u32, len: u32, bytes: &[u8]) -> Added {
        let end = offset + len;
        let known = |p: &&Piece| p.start < end && p.end() > offset;
        let overlapped: SmallVec<[Piece; 4]> = self.pieces.iter().filter(known).copied().collect();
        let again = matches!(overlapped[..], [p] if p.start <= offset && p.end() >= end);
        let mut conflict = false;
        let mut at = offset;
        for piece in &overlapped {
            if at < piece.start {
                self.keep(at, piece.start, (offset, bytes));
            }
            let (from, to) = (piece.start.max(offset), piece.end().min(end));
            conflict |= self.differs(piece, (from, to), (offset, bytes));
            at = piece.end();
        }
        if at < end {
            self.keep(at, end, (offset, bytes));
        }
        if conflict {
            self.oddities.insert(FragmentOddities::CONFLICT);
            let rewrite = self.store(offset, end, (offset, bytes));
            self.rewrites.push(rewrite);
        } else if !overlapped.is_empty() && !again {
            self.oddities.insert(FragmentOddities::OVERLAP);
        }
        if again && !conflict { Added::Again } else { Added::New }
    }

    fn keep(&mut self, start: u32, end: u32, from: (u32, &[u8])) {
        let piece = self.store(start, end, from);
        let place = self.pieces.partition_point(|p| p.start < start);
        self.pieces.insert(place, piece);
        self.covered += end - start;
    }

    /// Copies the bytes of `start..end` out of a fragment that begins at `offset`.
    fn store(&mut self, start: u32, end: u32, (offset, bytes): (u32, &[u8])) -> Piece {
        let bytes = range(bytes, start - offset, end - offset);
        let at = self.arena.len();
        self.arena.extend_from_slice(bytes);
        let kept = u32::try_from(bytes.len()).unwrap_or(0);
        Piece { start, len: end - start, at, kept }
    }

    /// Whether a fragment's copy of `from..to` differs from the piece's. What was not captured
    /// agrees with everything.
    fn differs(
        &self,
        piece: &Piece,
        (from, to): (u32, u32),
        (offset, bytes): (u32, &[u8]),
    ) -> bool {
        let mine = range(self.bytes_of(piece), from - piece.start, to - piece.start);
        let theirs = range(bytes, from - offset, to - offset);
        mine.iter().zip(theirs).any(|(a, b)| a != b)
    }

    fn bytes_of(&self, piece: &Piece) -> &[u8] {
        self.arena.get(piece.at..piece.at + piece.kept as usize).unwrap_or_default()
    }

    /// Whether every byte came.
    pub(super) fn is_whole(&self) -> bool {
        let Some(total) = self.total else { return false };
        if self.covered < total {
            return false;
        }
        let mut next = 0;
        for piece in &self.pieces {
            if piece.start != next {
                break;
            }
            next = piece.end();
        }
        next >= total
    }

    /// What receivers make of it that do not keep the first copies. Which copy wins is decided for
    /// each overlap of two fragments, by where they begin and end (Novak 2005).
    fn others(&self, first: &[u8]) -> Vec<Vec<u8>> {
        if self.rewrites.is_empty() {
            return Vec::new();
        }
        let mut last = first.to_vec();
        for rewrite in &self.rewrites {
            self.write(&mut last, rewrite, (rewrite.start, rewrite.end()));
        }
        let mut others = vec![last];
        for rewrite in &self.rewrites {
            for piece in &self.pieces {
                let (from, to) = (piece.start.max(rewrite.start), piece.end().min(rewrite.end()));
                if from >= to || others.len() >= FRAGMENT_READINGS_MAX {
                    continue;
                }
                let mut other = first.to_vec();
                self.write(&mut other, rewrite, (from, to));
                if other != first && !others.contains(&other) {
                    others.push(other);
                }
            }
        }
        others
    }

    /// Puts the bytes `from..to` of a rewrite in their place.
    fn write(&self, bytes: &mut [u8], rewrite: &Piece, (from, to): (u32, u32)) {
        let new = range(self.bytes_of(rewrite), from - rewrite.start, to - rewrite.start);
        for (old, new) in bytes.iter_mut().skip(from as usize).zip(new) {
            *old = *new;
        }
    }

    /// The datagram, first copies first.
    pub(super) fn put_together(self) -> Whole {
        let total = self.total.unwrap_or(0);
        let mut bytes = Vec::with_capacity(total as usize);
        for piece in &self.pieces {
            let wanted = total.saturating_sub(piece.start).min(piece.len);
            let known = range(self.bytes_of(piece), 0, wanted);
            bytes.extend_from_slice(known);
            if known.len() < wanted as usize {
                break;
            }
        }
        let others = self.others(&bytes);
        Whole {
            protocol: self.protocol,
            bytes,
            wire_len: total as usize,
            others,
            oddities: self.oddities,
            carriers: self.carriers,
        }
    }
}

/// Offset and length of a fragment, when a datagram can have it.
pub(super) fn place(part: Part, payload: View<'_>, v6: bool) -> Option<(u32, u32)> {
    let mut len = u32::try_from(payload.wire_len()).ok()?;
    if part.more && !len.is_multiple_of(8) {
        // RFC 8200 section 4.5 discards such a fragment; IPv4 receivers round it down.
        len = if v6 { 0 } else { len & !7 };
    }
    let fits = len > 0 && part.offset.checked_add(len)? <= DATAGRAM_BYTES_MAX;
    fits.then_some((part.offset, len))
}

fn range(bytes: &[u8], from: u32, to: u32) -> &[u8] {
    let from = bytes.len().min(from as usize);
    let to = bytes.len().min(to as usize);
    bytes.get(from..to).unwrap_or_default()
}
