//! Hashes, of two kinds that must not be confused.
//!
//! *Table hashes* ([`TableMap`]) place keys that traffic controls into tables. They are seeded at
//! random per process, so nobody who sends packets can choose keys that collide.
//!
//! *Stable hashes* ([`StableHasher`]) choose what a bounded sample keeps. They depend only on the
//! installation's key, so that equal input gives an equal sample in every process, whatever the
//! order of arrival.

use hashbrown::{HashMap, HashSet};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// The seed of every table in this process.
pub fn table_state() -> foldhash::quality::RandomState {
    foldhash::quality::RandomState::default()
}

/// A hash map for keys that traffic controls.
pub type TableMap<K, V> = HashMap<K, V, foldhash::quality::RandomState>;
/// A hash set for keys that traffic controls.
pub type TableSet<K> = HashSet<K, foldhash::quality::RandomState>;

/// SipHash-2-4 (Aumasson and Bernstein, 2012) under a 128-bit key derived from the installation's
/// key: a pseudorandom function, so a stored hash says nothing about its value without the key.
#[derive(Clone, Copy, Debug)]
pub struct StableHasher {
    key: [u8; 16],
}

impl StableHasher {
    /// A hasher under `key`.
    pub fn new(key: [u8; 16]) -> Self {
        StableHasher { key }
    }

    /// The hash of `bytes`.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn two_table_states_disagree() {
        let (a, b) = (table_state(), table_state());
        let differs = (0u64..64).any(|n| a.hash_one(n) != b.hash_one(n));
        assert!(differs, "the seed is used");
    }

    #[test]
    fn stable_hashes_depend_on_the_key_alone() {
        let a = StableHasher::new([1; 16]);
        assert_eq!(a.hash(b"9434765919"), StableHasher::new([1; 16]).hash(b"9434765919"));
        assert_ne!(a.hash(b"9434765919"), StableHasher::new([2; 16]).hash(b"9434765919"));
    }
}
