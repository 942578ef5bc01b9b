//! What packets come wrapped in, made once per way and shared.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::base::limits::ENCAPSULATIONS_MAX;
use crate::base::table_state;
use crate::decode::content::Trail;
use crate::model::{Encapsulation, Layer};

/// The encapsulations seen so far. A cache: when it is full it starts anew.
#[derive(Debug)]
pub(super) struct Encapsulations {
    seed: foldhash::quality::RandomState,
    index: HashTable<usize>,
    known: Vec<(Box<[Layer]>, Encapsulation)>,
    /// The place of the one before: packets come in trains.
    last: usize,
    /// That of a packet whose fragments were odd: rare, so not kept.
    odd: Encapsulation,
}

impl Default for Encapsulations {
    fn default() -> Self {
        Encapsulations {
            seed: table_state(),
            index: HashTable::new(),
            known: Vec::new(),
            last: 0,
            odd: Encapsulation::default(),
        }
    }
}

impl Encapsulations {
    /// The encapsulation by `trail`.
    #[inline]
    pub(super) fn of(&mut self, trail: &Trail) -> &Encapsulation {
        if trail.layers.is_empty() && trail.oddities.is_empty() {
            return Default::default();
        }
        self.look_up(trail)
    }

    fn look_up(&mut self, trail: &Trail) -> &Encapsulation {
        let layers = trail.layers.as_slice();
        if !trail.oddities.is_empty() {
            self.odd = Encapsulation::new(layers, trail.oddities);
            return &self.odd;
        }
        if self.known.get(self.last).is_none_or(|(known, _)| **known != *layers) {
            self.last = self.place_of(layers);
        }
        self.known.get(self.last).map_or_else(Default::default, |(_, one)| one)
    }

    fn place_of(&mut self, layers: &[Layer]) -> usize {
        let hash = self.seed.hash_one(layers);
        let known = &self.known;
        let same = |at: &usize| known.get(*at).is_some_and(|(known, _)| **known == *layers);
        if let Some(at) = self.index.find(hash, same) {
            return *at;
        }
        if self.known.len() >= ENCAPSULATIONS_MAX {
            self.known.clear();
            self.index.clear();
        }
        let at = self.known.len();
        self.known.push((layers.into(), Encapsulation::new(layers, Default::default())));
        let (known, seed) = (&self.known, &self.seed);
        let rehash = |at: &usize| known.get(*at).map_or(0, |(known, _)| seed.hash_one(&**known));
        self.index.insert_unique(hash, at, rehash);
        at
    }
}
