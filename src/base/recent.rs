//! Whether the same was seen a moment ago: a bounded memory of the latest packets.

use super::Timestamp;
use super::limits::{DUPLICATE_MILLIS, DUPLICATE_PACKETS, DUPLICATE_PACKETS_MAX};

/// The latest packets by a hash, which is to be seeded per process, so that nobody can make two
/// packets that only look alike.
///
/// ```text
/// ring    | 0 | 1 | 2 | … 16383 |    in the order they came, overwritten in that order
/// heads   bucket of a hash ─► its latest place ─► so many places before ─► …
/// ```
///
/// A ring, not a cache that forgets by hash: how many duplicates are found is the same in every
/// process. It takes no memory before the first packet: of many inputs that are open, one decodes.
/// Where packets come so fast that the oldest would be overwritten too soon, it doubles.
#[derive(Debug)]
pub struct Recent {
    ring: Box<[Seen]>,
    /// Numbers of the latest packet of each bucket.
    heads: Box<[u32]>,
    /// Packets noted so far, plus one: 0 is none.
    next: u32,
}

/// Sixteen bytes, so that one line of the cache has four.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    hash: u64,
    at: Moment,
    /// The packet before it in its bucket.
    older: u32,
}

/// A time in units of 2^16 ns, modulo 78 hours.
#[derive(Clone, Copy, Debug, Default)]
struct Moment(u32);

impl Moment {
    fn of(at: Timestamp) -> Moment {
        // Truncated on purpose: only near times are told apart.
        let [_, _, a, b, c, d, _, _] = at.nanos().to_be_bytes();
        Moment(u32::from_be_bytes([a, b, c, d]))
    }

    fn is_near(self, other: Moment) -> bool {
        const APART: u64 = ((DUPLICATE_MILLIS * 1_000_000) >> 16) + 1;
        let apart = self.0.wrapping_sub(other.0).cast_signed().unsigned_abs();
        u64::from(apart) <= APART
    }
}

const _: () = assert!(DUPLICATE_PACKETS.is_power_of_two());
const _: () = assert!(DUPLICATE_PACKETS_MAX.is_power_of_two());

impl Default for Recent {
    fn default() -> Self {
        Recent { ring: Box::default(), heads: Box::default(), next: 1 }
    }
}

impl Recent {
    /// Whether what has this hash was seen a moment ago; notes that it was.
    #[inline]
    pub fn saw(&mut self, hash: u64, at: Timestamp) -> bool {
        let at = Moment::of(at);
        let head = self.heads.get(self.bucket(hash)).copied().unwrap_or(0);
        let mut older = head;
        while older != 0 && self.next.wrapping_sub(older) as usize <= self.ring.len() {
            let Some(seen) = self.ring.get(self.place(older)) else { break };
            if seen.hash == hash && seen.at.is_near(at) {
                return true;
            }
            older = seen.older;
        }
        if self.ring.is_empty() || self.next % LOOK_EACH == 1 {
            self.make_room(at);
        }
        self.note(hash, at);
        false
    }

    /// Grows where the next place is of a packet whose copy may still come.
    #[cold]
    fn make_room(&mut self, at: Moment) {
        let oldest = self.ring.get(self.place(self.next));
        if oldest.is_none_or(|oldest| oldest.hash != 0 && oldest.at.is_near(at)) {
            self.grow();
        }
    }

    #[inline]
    fn note(&mut self, hash: u64, at: Moment) {
        let (bucket, place) = (self.bucket(hash), self.place(self.next));
        if let (Some(slot), Some(head)) = (self.ring.get_mut(place), self.heads.get_mut(bucket)) {
            *slot = Seen { hash, at, older: *head };
            *head = self.next;
        }
        self.next = self.next.wrapping_add(1).max(1);
    }

    /// Makes twice as many places, while there may be more, and notes again what was noted.
    fn grow(&mut self) {
        let places = (2 * self.ring.len()).max(DUPLICATE_PACKETS);
        if places > DUPLICATE_PACKETS_MAX {
            return;
        }
        let (newer, older) = self.ring.split_at_checked(self.place(self.next)).unwrap_or_default();
        let noted: Vec<Seen> = older.iter().chain(newer).copied().collect();
        self.ring = vec![Seen::default(); places].into();
        self.heads = vec![0; BUCKETS_EACH * places].into();
        for seen in noted {
            self.note(seen.hash, seen.at);
        }
    }

    /// Where the packet of this number stands.
    fn place(&self, number: u32) -> usize {
        number as usize & self.ring.len().wrapping_sub(1)
    }

    fn bucket(&self, hash: u64) -> usize {
        usize::try_from(hash).unwrap_or(0) & self.heads.len().wrapping_sub(1)
    }
}

/// Packets between two looks at how old the oldest is: at most so many are overwritten too soon.
const LOOK_EACH: u32 = 64;

/// Buckets for each place: most have one packet or none.
const BUCKETS_EACH: usize = 2;
