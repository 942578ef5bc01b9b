//! One datagram: the fragments of it that came, and what receivers may make of them.

use smallvec::SmallVec;

use crate::base::Timestamp;
use crate::base::limits::{
    DATAGRAM_BYTES_MAX, FRAGMENT_OVERHEAD, FRAGMENT_READINGS_MAX, FRAGMENT_REREAD_BYTES_MAX,
    FRAGMENTS_PER_DATAGRAM_MAX,
};
use crate::decode::network::{Datagram, Part};
use crate::decode::view::View;
use crate::decode::walk::may_lead_to_tcp;
use crate::model::{FiveTuple, FragmentOddities};

/// Packets that brought the fragments so far, by the number of their input.
pub(in crate::decode) type Carriers = SmallVec<[(u32, u64); 1]>;

pub(super) const UDP: u8 = 17;

/// A datagram put together.
#[derive(Clone, Debug)]
pub(in crate::decode) struct Whole {
    pub(in crate::decode) protocol: u8,
    /// What it may be, one at least: the first copies, then the last, then mixtures. Of a datagram
    /// that was whole before, what a later fragment makes of it.
    pub(in crate::decode) readings: Vec<Reading>,
    pub(in crate::decode) oddities: FragmentOddities,
    /// The packets that brought the other fragments.
    pub(in crate::decode) carriers: Carriers,
}

/// What a receiver may make of a datagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Reading {
    /// The bytes up to the first that was not captured.
    pub(in crate::decode) bytes: Vec<u8>,
    pub(in crate::decode) wire_len: usize,
}

/// What a fragment did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It brought something, or something else than was known.
    New,
    /// Another fragment brought exactly that.
    Again,
    /// There are too many.
    Full,
    /// With it, the datagram can be read like this.
    Whole(Vec<Reading>),
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
    /// Time of the first fragment that came, or of the one that made it whole.
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
    /// Where last fragments said that the datagram ends, the latest at the end.
    ends: SmallVec<[u32; 1]>,
    /// Whether it could be read before.
    whole: bool,
    /// What reading it anew has cost so far.
    spent: usize,
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
            ends: SmallVec::new(),
            whole: false,
            spent: 0,
            oddities: FragmentOddities::default(),
        }
    }

    /// What it is charged.
    pub(super) fn cost(&self) -> usize {
        self.arena.len() + (self.count() + 1) * FRAGMENT_OVERHEAD
    }

    fn count(&self) -> usize {
        self.pieces.len() + self.rewrites.len() + self.ends.len()
    }

    /// Forgets what it holds: it is not for us.
    pub(super) fn dismiss(&mut self) {
        self.dismissed = true;
        (self.pieces, self.rewrites, self.arena) = Default::default();
    }

    /// Whether its first bytes came.
    pub(super) fn has_first(&self) -> bool {
        self.pieces.first().is_some_and(|piece| piece.start == 0)
    }

    /// What it carries, as far as is known.
    pub(super) fn protocol(&self) -> u8 {
        self.protocol
    }

    pub(super) fn oddities(&self) -> FragmentOddities {
        self.oddities
    }

    /// Adds a fragment whose place [`place`] found possible.
    pub(super) fn add(&mut self, fragment: &Datagram<'_>, (offset, len): (u32, u32)) -> Added {
        let end = offset + len;
        let last = fragment.part.is_some_and(|part| !part.more);
        let bytes = fragment.payload.bytes();
        if self.is_known((offset, end), bytes) && (!last || self.ends.contains(&end)) {
            return Added::Again;
        }
        let is_spent = self.spent > FRAGMENT_REREAD_BYTES_MAX;
        if is_spent || self.count() >= FRAGMENTS_PER_DATAGRAM_MAX {
            return Added::Full;
        }
        let before = if self.whole { self.readings() } else { Vec::new() };
        if offset == 0 {
            self.begin(fragment.protocol, len);
        }
        self.fill((offset, end), bytes);
        if last {
            self.ends.retain(|known| *known != end);
            self.ends.push(end);
        }
        let reach = self.pieces.last().map_or(end, Piece::end);
        if self.ends.iter().any(|end| *end < reach) {
            // Bytes behind an end: some receivers take the datagram all the same.
            self.oddities.insert(FragmentOddities::CONFLICT);
        }
        let mut readings = self.readings();
        readings.retain(|reading| !before.contains(reading));
        if readings.is_empty() {
            return Added::New;
        }
        self.whole = true;
        Added::Whole(readings)
    }

    /// RFC 8200: only the first fragment says what the datagram carries. Of two that differ, the
    /// one counts that leads on to TCP.
    fn begin(&mut self, protocol: u8, len: u32) {
        if !self.has_first() || leads(protocol) >= leads(self.protocol) {
            self.protocol = protocol;
        }
        if protocol == FiveTuple::TCP && len < 20 {
            self.oddities.insert(FragmentOddities::TINY);
        }
    }

    /// Whether one fragment brought these very bytes, and no other one contradicted it.
    fn is_known(&self, (from, to): (u32, u32), bytes: &[u8]) -> bool {
        let mut pieces = self.pieces.iter();
        let around = pieces.find(|piece| piece.start <= from && piece.end() >= to);
        around.is_some_and(|piece| !self.differs(piece, (from, to), (from, bytes)))
            && !self.is_rewritten(from, to)
    }

    fn is_rewritten(&self, from: u32, to: u32) -> bool {
        self.rewrites.iter().any(|rewrite| rewrite.start < to && rewrite.end() > from)
    }

    /// Keeps what is new of a range, and compares what is not.
    fn fill(&mut self, (offset, end): (u32, u32), bytes: &[u8]) {
        let known = |p: &&Piece| p.start < end && p.end() > offset;
        let overlapped: SmallVec<[Piece; 4]> = self.pieces.iter().filter(known).copied().collect();
        let again = matches!(overlapped[..], [p] if p.start <= offset && p.end() >= end);
        let mut conflict = self.is_rewritten(offset, end);
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
    }

    fn keep(&mut self, start: u32, end: u32, from: (u32, &[u8])) {
        let piece = self.store(start, end, from);
        let place = self.pieces.partition_point(|p| p.start < start);
        self.pieces.insert(place, piece);
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

    /// How many bytes came without a hole.
    fn reach(&self) -> u32 {
        let mut reach = 0;
        for piece in &self.pieces {
            if piece.start != reach {
                break;
            }
            reach = piece.end();
        }
        reach
    }

    /// What receivers make of it; nothing while bytes are missing. Where it ends in two places, the
    /// latest word and the longest count.
    fn readings(&mut self) -> Vec<Reading> {
        if self.ends.is_empty() {
            return Vec::new();
        }
        let reach = self.reach();
        let within = |end: &u32| *end <= reach;
        let latest = self.ends.iter().rev().copied().find(within);
        let longest = self.ends.iter().copied().filter(within).max();
        let mut out = Vec::new();
        for total in latest.into_iter().chain(longest.filter(|_| longest != latest)) {
            self.read(total, &mut out);
        }
        let bytes: usize = out.iter().map(|reading| reading.bytes.len()).sum();
        self.spent += bytes + self.arena.len() + self.pieces.len() * self.rewrites.len();
        out
    }

    /// Adds what receivers make of its first `total` bytes. Which copy wins is decided for each
    /// overlap of two fragments, by where they begin and end (Novak 2005): the first copies, the
    /// last, of the later ones the first (a decoy on either side of it), one of the later.
    fn read(&self, total: u32, out: &mut Vec<Reading>) {
        let wire_len = total as usize;
        let mut note = |bytes: Vec<u8>| {
            let reading = Reading { bytes, wire_len };
            if out.len() <= FRAGMENT_READINGS_MAX && !out.contains(&reading) {
                out.push(reading);
            }
        };
        let first = self.first(total);
        note(first.clone());
        if self.rewrites.is_empty() {
            return;
        }
        let (mut last, mut early) = (first.clone(), first.clone());
        for (later, earlier) in self.rewrites.iter().zip(self.rewrites.iter().rev()) {
            self.write(&mut last, later, (later.start, later.end()));
            self.write(&mut early, earlier, (earlier.start, earlier.end()));
        }
        note(last);
        note(early);
        let overlaps = self.rewrites.iter().rev().flat_map(|rewrite| {
            let common = |p: &Piece| (p.start.max(rewrite.start), p.end().min(rewrite.end()));
            self.pieces.iter().map(move |piece| (rewrite, common(piece)))
        });
        let overlaps = overlaps.filter(|(_, (from, to))| from < to);
        for (rewrite, range) in overlaps.take(FRAGMENT_READINGS_MAX) {
            let mut other = first.clone();
            self.write(&mut other, rewrite, range);
            note(other);
        }
    }

    /// Its first `total` bytes where the first copies win.
    fn first(&self, total: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(total as usize);
        for piece in &self.pieces {
            let wanted = total.saturating_sub(piece.start).min(piece.len);
            let known = range(self.bytes_of(piece), 0, wanted);
            bytes.extend_from_slice(known);
            if known.len() < wanted as usize {
                break;
            }
        }
        bytes
    }

    /// Puts the bytes `from..to` of a rewrite in their place.
    fn write(&self, bytes: &mut [u8], rewrite: &Piece, (from, to): (u32, u32)) {
        let new = range(self.bytes_of(rewrite), from - rewrite.start, to - rewrite.start);
        for (old, new) in bytes.iter_mut().skip(from as usize).zip(new) {
            *old = *new;
        }
    }
}

/// How likely what begins with `protocol` holds TCP.
fn leads(protocol: u8) -> u8 {
    match protocol {
        UDP => 1,
        other => 2 * u8::from(other == FiveTuple::TCP || may_lead_to_tcp(other)),
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
