//! The leaves of one message, logged while it passes and folded into evidence when it is known
//! which endpoint it belongs to.

use crate::base::{Mask, TableMap};
use crate::model::Evidence;

use super::values::Values;

/// Leaves logged before they are folded: bounds the memory of one open message, whatever the size
/// of its body.
pub const LEAVES_MAX: usize = 32 * 1024;

/// Set in [`Leaf::class`] for a later window of a long scalar: what rules found in it is added, and
/// it is not counted as another value.
pub const CONTINUED: u32 = 1 << 31;

/// One leaf.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Place of its column in [`super::columns::Columns`].
    pub column: u32,
    /// Place of its value's class in [`Values`], perhaps with [`CONTINUED`].
    pub class: u32,
    /// Keyed hash of a candidate.
    pub hash: u64,
    /// Mask of a candidate.
    pub mask: u64,
}

/// Evidence of one column, while it is open.
#[derive(Debug, Default)]
pub struct ColumnEvidence {
    /// The summary so far.
    pub evidence: Evidence,
    /// Serial of the last message that contributed, to count messages.
    last: u64,
    /// Equal plain values in a row that are not counted yet: their class and number.
    run: (u32, u64),
}

impl ColumnEvidence {
    /// Counts the values that wait in `run`.
    fn settle(&mut self, values: &Values) {
        let (class, count) = std::mem::take(&mut self.run);
        if count > 0
            && let Some(class) = values.class(class)
        {
            self.evidence.count(class.kind, class.form, count);
        }
    }
}

/// Evidence by column.
#[derive(Debug, Default)]
pub struct ColumnTable {
    /// One more than the place in `open`; 0 where the column has none. Indexed by column.
    places: Vec<u32>,
    open: Vec<(u32, ColumnEvidence)>,
}

impl ColumnTable {
    /// The evidence of `column`.
    pub fn at(&mut self, column: u32) -> Option<&mut ColumnEvidence> {
        let at = column as usize;
        if at >= self.places.len() {
            self.places.resize(at + 1, 0);
        }
        let place = self.places.get_mut(at)?;
        if *place == 0 {
            self.open.push((column, ColumnEvidence::default()));
            *place = u32::try_from(self.open.len()).ok()?;
        }
        self.open.get_mut(*place as usize - 1).map(|(_, evidence)| evidence)
    }

    /// Adds a leaf of message number `serial` that occurs `count` times in it.
    #[inline]
    pub fn add(&mut self, leaf: &Leaf, count: u64, values: &Values, serial: u64) {
        let Some(column) = self.at(leaf.column) else { return };
        column.evidence.exchanges += u64::from(column.last != serial);
        column.last = serial;
        // Most values are no candidates, and of the class of the one before.
        if leaf.hash == 0 && leaf.class == column.run.0 && column.run.1 > 0 {
            column.run.1 += count;
            return;
        }
        column.settle(values);
        let plain = leaf.class & CONTINUED == 0
            && values.class(leaf.class).is_some_and(|class| class.outcome.is_empty());
        if plain {
            column.run = (leaf.class, count);
        } else {
            for _ in 0..count {
                summarise(leaf, values, &mut column.evidence);
            }
        }
    }

    /// Takes everything out, and keeps the memory of the index.
    pub fn drain(&mut self, values: &Values) -> impl Iterator<Item = (u32, Evidence)> {
        for (_, open) in &mut self.open {
            open.settle(values);
        }
        for (column, _) in &self.open {
            if let Some(place) = self.places.get_mut(*column as usize) {
                *place = 0;
            }
        }
        std::mem::take(&mut self.open).into_iter().map(|(column, open)| (column, open.evidence))
    }

    /// Whether nothing was added since the last drain.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

/// The log of one message.
#[derive(Debug, Default)]
pub struct Leaves {
    log: Vec<Leaf>,
    /// What was folded because the log was full.
    folded: TableMap<u32, Evidence>,
}

impl Leaves {
    /// Appends a leaf; its place in the log.
    pub fn push(&mut self, leaf: Leaf) -> usize {
        self.log.push(leaf);
        self.log.len() - 1
    }

    /// How many leaves are in the log.
    pub fn count(&self) -> usize {
        self.log.len()
    }

    /// The leaves logged from place `from` on.
    pub fn since(&self, from: usize) -> &[Leaf] {
        self.log.get(from..).unwrap_or_default()
    }

    /// Whether a part of the log was folded already.
    pub fn has_folded(&self) -> bool {
        !self.folded.is_empty()
    }

    /// Whether the log should be folded.
    pub fn is_full(&self) -> bool {
        self.log.len() >= LEAVES_MAX
    }

    /// Changes the columns of the leaves logged from `from` on.
    pub fn amend(&mut self, from: usize, mut column: impl FnMut(u32) -> u32) {
        for leaf in self.log.iter_mut().skip(from) {
            leaf.column = column(leaf.column);
        }
    }

    /// Changes the column of one leaf.
    pub fn amend_one(&mut self, at: usize, column: impl FnOnce(u32) -> u32) {
        if let Some(leaf) = self.log.get_mut(at) {
            leaf.column = column(leaf.column);
        }
    }

    /// Summarises the log and empties it.
    pub fn fold(&mut self, values: &Values) {
        for leaf in self.log.drain(..) {
            summarise(&leaf, values, self.folded.entry(leaf.column).or_default());
        }
    }

    /// Adds everything to `table` as message number `serial` and empties the log.
    pub fn commit(&mut self, table: &mut ColumnTable, values: &Values, serial: u64) {
        for (column, evidence) in self.folded.drain() {
            if let Some(open) = table.at(column) {
                open.evidence.exchanges += u64::from(open.last != serial);
                open.last = serial;
                open.evidence.merge(evidence);
            }
        }
        for leaf in self.log.drain(..) {
            table.add(&leaf, 1, values, serial);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.log.clear();
        self.folded.clear();
    }
}

fn summarise(leaf: &Leaf, values: &Values, evidence: &mut Evidence) {
    let Some(class) = values.class(leaf.class & !CONTINUED) else { return };
    if leaf.class & CONTINUED == 0 {
        evidence.count(class.kind, class.form, 1);
    }
    if !class.outcome.is_empty() {
        evidence.candidate(leaf.hash, class.outcome, 1);
        evidence.offer_exemplar(leaf.hash, Mask::from_bits(leaf.mask));
    }
}
