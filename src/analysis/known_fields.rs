//! Header fields that were seen before.
//!
//! Most fields of a head are those of the head before: programs, policies, tokens. Column and
//! class of such a field are looked up by name and value together, in place of the path by its
//! name and the class by its value. A cache and nothing else, as [`super::values`] is.

use std::hash::BuildHasher;

use crate::base::table_state;
use crate::model::{Direction, Header};

use super::columns::Place;
use super::values::Looked;

/// Slots of each memory.
const SLOTS: usize = 1024;
/// Longer values seldom repeat.
const VALUE_BYTES_MAX: usize = 512;

/// The memory.
pub struct KnownFields {
    state: foldhash::quality::RandomState,
    slots: Vec<Option<Slot>>,
    /// Columns by name alone, for values that are new.
    names: Vec<(u64, u32)>,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    column: u32,
    looked: Looked,
}

impl Default for KnownFields {
    fn default() -> Self {
        KnownFields { state: table_state(), slots: vec![None; SLOTS], names: vec![(0, 0); SLOTS] }
    }
}

impl KnownFields {
    /// Identifies a field among those of one generation of the path table; `None` where it is too
    /// long to be remembered.
    pub fn key(&self, direction: Direction, generation: u32, field: &Header<'_>) -> Option<u64> {
        let short = field.value.len() <= VALUE_BYTES_MAX;
        let side = u64::from(generation) << 1 | u64::from(direction == Direction::ToClient);
        short.then(|| self.state.hash_one((side, field.name, field.value)))
    }

    /// The column of what is called `name` in a place; `find` is asked where it is not
    /// remembered.
    pub fn column(
        &mut self,
        (place, generation): (Place, u32),
        name: &[u8],
        find: impl FnOnce() -> u32,
    ) -> u32 {
        let key = self.state.hash_one((place, generation, name)) | 1 << 63;
        let Some(slot) = self.names.get_mut(slot_of(key)) else { return find() };
        if slot.0 != key {
            *slot = (key, find());
        }
        slot.1
    }

    /// The column of a field, and what the rules say of its value.
    pub fn find(&self, key: u64) -> Option<(u32, Looked)> {
        let slot = self.slots.get(slot_of(key))?.filter(|slot| slot.key == key)?;
        Some((slot.column, slot.looked))
    }

    /// Remembers a field.
    pub fn insert(&mut self, key: u64, column: u32, looked: Looked) {
        if let Some(slot) = self.slots.get_mut(slot_of(key)) {
            *slot = Some(Slot { key, column, looked });
        }
    }
}

fn slot_of(key: u64) -> usize {
    usize::try_from(key).unwrap_or_default() & (SLOTS - 1)
}
