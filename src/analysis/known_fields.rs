//! Header fields that were seen before.
//!
//! Most fields of a head are those of the head before: programs, policies, tokens. Column and
//! class of such a field are looked up by name and value together, in place of the path by its
//! name and the class by its value. A cache and nothing else, as [`super::values`] is.

use std::hash::BuildHasher;

use crate::base::table_state;
use crate::model::{Direction, Header};

use super::values::Looked;

/// Slots of the memory.
const SLOTS: usize = 1024;
/// Longer values seldom repeat.
const VALUE_BYTES_MAX: usize = 512;

/// The memory.
pub struct KnownFields {
    state: foldhash::quality::RandomState,
    slots: Vec<Option<Slot>>,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    column: u32,
    looked: Looked,
}

impl Default for KnownFields {
    fn default() -> Self {
        KnownFields { state: table_state(), slots: vec![None; SLOTS] }
    }
}

impl KnownFields {
    /// Identifies a field among those of one generation of the path table; `None` where it is too
    /// long to be remembered.
    pub fn key(&self, direction: Direction, generation: u32, field: &Header<'_>) -> Option<u64> {
        let short = field.value.len() <= VALUE_BYTES_MAX;
        let place = u64::from(generation) << 1 | u64::from(direction == Direction::ToClient);
        short.then(|| self.state.hash_one((place, field.name, field.value)))
    }

    /// The column of a field, and what the rules say of its value.
    pub fn find(&self, key: u64) -> Option<(u32, Looked)> {
        let slot = self.slots.get(place(key))?.filter(|slot| slot.key == key)?;
        Some((slot.column, slot.looked))
    }

    /// Remembers a field.
    pub fn insert(&mut self, key: u64, column: u32, looked: Looked) {
        if let Some(slot) = self.slots.get_mut(place(key)) {
            *slot = Some(Slot { key, column, looked });
        }
    }
}

fn place(key: u64) -> usize {
    usize::try_from(key).unwrap_or_default() & (SLOTS - 1)
}
