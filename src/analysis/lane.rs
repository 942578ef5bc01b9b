//! One direction of a history.

use std::collections::VecDeque;

use crate::base::limits::{HISTORY_BEFORE_BYTES, HISTORY_BYTES};
use crate::model::EndCause;

use super::history::Copy;

/// What a copy is to what was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The same.
    Same,
    /// It differs, and is kept for when the period is over.
    Differs,
    /// It is kept; what it stands for is still to come.
    Kept,
    /// It differs from bytes of an earlier period.
    Before,
    /// What it stands for is not held any more.
    Unknown,
    /// What it stands for came when nothing was remembered any more.
    Beyond,
}

/// One direction. Places are counted from where the history began.
#[derive(Debug, Default)]
pub struct Lane {
    /// The latest bytes; zero where they are missing.
    pub(super) bytes: VecDeque<u8>,
    /// Where the first of them stands.
    pub(super) base: usize,
    /// Which of them are missing: from, to.
    pub(super) holes: VecDeque<(usize, usize)>,
    /// Where pieces ended as they came, in this period.
    pub(super) cuts: VecDeque<usize>,
    /// Where this period begins.
    pub(super) start: usize,
    /// The period's begin is no longer held.
    pub(super) headless: bool,
    /// Bytes that came since nothing is remembered any more.
    pub(super) passed: usize,
    /// How the stream ended.
    pub end: Option<EndCause>,
}

impl Lane {
    /// Where the next byte will stand.
    #[inline]
    pub(super) fn next(&self) -> usize {
        self.base.saturating_add(self.bytes.len())
    }

    /// Where the byte stands that lies so far from the next of the stream.
    pub(super) fn place(&self, back: i64) -> Option<usize> {
        let next = self.next().checked_add(self.passed)?;
        next.checked_add_signed(isize::try_from(back).ok()?)
    }

    /// Begins with `bytes`, of which so many, and perhaps more before them, are of this period.
    pub(super) fn restore(&mut self, bytes: impl Iterator<Item = u8>, period: usize) {
        self.bytes.extend(bytes);
        self.headless = period > self.bytes.len();
        self.start = self.bytes.len().saturating_sub(period);
    }

    pub(super) fn emptied(mut self) -> Lane {
        self.bytes.clear();
        self.holes.clear();
        self.cuts.clear();
        if self.bytes.capacity() > 2 * HISTORY_BEFORE_BYTES {
            return Lane::default();
        }
        Lane { bytes: self.bytes, holes: self.holes, cuts: self.cuts, ..Lane::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(HISTORY_BYTES)..).unwrap_or_default();
        let passed_over = bytes.len() - kept.len();
        if passed_over > 0 {
            self.forget(self.bytes.len());
            self.base = self.base.saturating_add(passed_over);
            self.headless = true;
        }
        self.make_room(kept.len());
        self.bytes.extend(kept);
        if self.cuts.len() < HISTORY_BEFORE_BYTES {
            self.cuts.push_back(self.next());
        }
    }

    pub(super) fn skip(&mut self, len: u64) {
        let skipped = usize::try_from(len).ok().filter(|len| *len <= HISTORY_BYTES);
        let Some(len) = skipped else {
            self.forget(self.bytes.len());
            self.base = self.base.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
            self.headless = true;
            return;
        };
        self.make_room(len);
        let from = self.next();
        self.bytes.resize(self.bytes.len() + len, 0);
        self.holes.push_back((from, from + len));
    }

    /// Forgets the oldest bytes where `more` would be too many.
    #[inline]
    fn make_room(&mut self, more: usize) {
        let excess = (self.bytes.len() + more).saturating_sub(HISTORY_BYTES);
        if excess > 0 {
            self.forget(excess);
        }
    }

    fn forget(&mut self, len: usize) {
        self.bytes.drain(..len.min(self.bytes.len()));
        self.base = self.base.saturating_add(len);
        self.headless |= self.base > self.start;
        while self.cuts.front().is_some_and(|cut| *cut <= self.base) {
            self.cuts.pop_front();
        }
        while self.holes.front().is_some_and(|(_, to)| *to <= self.base) {
            self.holes.pop_front();
        }
    }

    pub(super) fn begin_period(&mut self) {
        self.forget(self.bytes.len().saturating_sub(HISTORY_BEFORE_BYTES));
        (self.start, self.headless) = (self.next(), false);
        self.cuts.clear();
    }

    pub(super) fn compare(&self, at: usize, bytes: &[u8]) -> Compared {
        let known = self.range(at, at + bytes.len());
        let differs = known.clone().zip(bytes).any(|(a, b)| a != b);
        let fills = self.holes.iter().any(|(from, to)| *from < at + bytes.len() && *to > at);
        match known.len() {
            _ if differs || fills => Compared::Differs,
            len if len < bytes.len() => Compared::Kept,
            _ => Compared::Same,
        }
    }

    fn range(&self, from: usize, to: usize) -> std::collections::vec_deque::Iter<'_, u8> {
        let place = |at: usize| at.saturating_sub(self.base).min(self.bytes.len());
        self.bytes.range(place(from)..place(to).max(place(from)))
    }

    /// The bytes of this period, those that are missing as `None`; no bytes where its begin is
    /// not held any more.
    pub fn cells(&self) -> Option<Vec<Option<u8>>> {
        if self.headless {
            return None;
        }
        let mut cells: Vec<Option<u8>> =
            self.range(self.start, self.next()).map(|b| Some(*b)).collect();
        for (from, to) in &self.holes {
            let range = from.saturating_sub(self.start)..to.saturating_sub(self.start);
            if let Some(hole) = cells.get_mut(range) {
                hole.fill(None);
            }
        }
        Some(cells)
    }

    /// What was delivered right behind `copy`, which stands apart.
    pub fn behind(&self, copy: &Copy) -> Vec<u8> {
        let end = copy.at.saturating_add(copy.bytes.len());
        if end < self.base { Vec::new() } else { self.bytes(end, self.next()) }
    }

    /// All bytes at hand.
    pub fn held(&self) -> Vec<u8> {
        self.bytes(self.base, self.next())
    }

    /// Where this period begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The bytes from `from` to `to`, as far as they are there.
    pub fn bytes(&self, from: usize, to: usize) -> Vec<u8> {
        self.range(from, to).copied().collect()
    }

    /// Whether `from..to` touches missing bytes or reaches beyond the end.
    pub fn is_open(&self, from: usize, to: usize) -> bool {
        to > self.next() || self.holes.iter().any(|(start, end)| *start < to && *end > from)
    }

    /// Places in `from..to` where pieces ended as they came.
    pub fn cuts(&self, from: usize, to: usize) -> impl Iterator<Item = usize> {
        self.cuts.iter().copied().filter(move |cut| *cut > from && *cut < to)
    }
}
