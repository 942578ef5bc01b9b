//! How often equal leaves occur in one message.

use std::hash::BuildHasher;

use crate::base::table_state;

use super::leaves::{Candidate, Leaf};

/// Places of a table that is hardly used: of most documents, that is enough.
const SLOTS_MIN: usize = 1024;

/// Counts leaves in a table that is never cleared: what is left of earlier messages has another
/// serial. Sorting them takes several times as long.
#[derive(Debug)]
pub(super) struct Tally {
    slots: Vec<Slot>,
    serial: u32,
    /// Spreads leaves over the slots; odd, and drawn at random.
    factor: u64,
    plain: Vec<(Leaf, u32)>,
    others: Vec<(Leaf, Candidate)>,
}

/// Where an earlier leaf of the message is in `plain`.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    serial: u32,
    place: u32,
}

/// The different plain leaves of a message, each with how often it occurs, and all others.
pub(super) type Tallied = (Box<[(Leaf, u32)]>, Box<[(Leaf, Candidate)]>);

impl Default for Tally {
    fn default() -> Self {
        Tally {
            slots: Vec::new(),
            serial: 0,
            factor: table_state().hash_one(0) | 1,
            plain: Vec::new(),
            others: Vec::new(),
        }
    }
}

impl Tally {
    /// Counts the `leaves` of one message.
    pub(super) fn of(&mut self, leaves: impl Iterator<Item = (Leaf, Candidate)>) -> Tallied {
        self.plain.clear();
        self.others.clear();
        self.begin();
        for (leaf, found) in leaves {
            if leaf.is_plain() {
                self.count(leaf);
            } else {
                self.others.push((leaf, found));
            }
        }
        (self.plain[..].into(), self.others[..].into())
    }

    /// Makes every slot free.
    fn begin(&mut self) {
        self.serial = self.serial.wrapping_add(1);
        if self.slots.is_empty() || self.serial == 0 {
            self.rebuild(self.slots.len().max(SLOTS_MIN));
        }
    }

    #[inline]
    fn count(&mut self, leaf: Leaf) {
        // Half of the slots stay free, so that a search ends soon.
        if self.plain.len() * 2 >= self.slots.len() {
            self.rebuild(self.slots.len() * 2);
        }
        let Tally { slots, serial, factor, plain, .. } = self;
        let mask = slots.len() - 1;
        let mut at = first_slot(leaf, *factor, mask);
        while let Some(slot) = slots.get_mut(at) {
            if slot.serial != *serial {
                let Ok(place) = u32::try_from(plain.len()) else { return };
                *slot = Slot { serial: *serial, place };
                plain.push((leaf, 1));
                return;
            }
            if let Some((known, count)) = plain.get_mut(slot.place as usize)
                && *known == leaf
            {
                *count += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// A table of so many slots, a power of two, for the leaves so far.
    fn rebuild(&mut self, slots: usize) {
        self.serial = 1;
        self.slots.clear();
        self.slots.resize(slots, Slot::default());
        let mask = slots - 1;
        for ((leaf, _), place) in self.plain.iter().zip(0..) {
            let mut at = first_slot(*leaf, self.factor, mask);
            while let Some(slot) = self.slots.get_mut(at) {
                if slot.serial == 0 {
                    *slot = Slot { serial: 1, place };
                    break;
                }
                at = (at + 1) & mask;
            }
        }
    }
}

/// By the upper bits of a product, in which all bits of the leaf have a part.
#[inline]
fn first_slot(leaf: Leaf, factor: u64, mask: usize) -> usize {
    let mixed = leaf.bits().wrapping_mul(factor) >> 32;
    usize::try_from(mixed).unwrap_or(0) & mask
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn leaves_are_counted_as_a_map_counts_them(
            messages in proptest::collection::vec(
                proptest::collection::vec((0u32..90, 0u32..40, any::<bool>()), 0..3000),
                1..4,
            ),
        ) {
            // The serial goes round.
            let mut tally = Tally { serial: u32::MAX - 1, ..Tally::default() };
            for message in messages {
                let leaves: Vec<(Leaf, Candidate)> = message
                    .iter()
                    .map(|(column, class, plain)| (Leaf::of(*column, *class, *plain), Candidate::default()))
                    .collect();
                let mut counts = BTreeMap::new();
                for (leaf, _) in leaves.iter().filter(|(leaf, _)| leaf.is_plain()) {
                    *counts.entry(leaf.bits()).or_insert(0u32) += 1;
                }
                let (plain, others) = tally.of(leaves.iter().copied());
                let tallied: BTreeMap<u64, u32> =
                    plain.iter().map(|(leaf, count)| (leaf.bits(), *count)).collect();
                prop_assert_eq!(plain.len(), tallied.len());
                prop_assert_eq!(tallied, counts);
                prop_assert_eq!(others.len(), leaves.iter().filter(|(l, _)| !l.is_plain()).count());
            }
        }
    }
}
