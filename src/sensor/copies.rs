//! Second copies of packets that came by different interfaces, or by different rings of one.
//!
//! Each capture thread recognises those among its own packets (`decode`). Two threads meet at the
//! worker of the flow, and nowhere else; there what one of them brought a moment ago is recognised
//! when the other brings it, however far one is behind the other. The packet is in its input's
//! account as analysed by then, so each batch says which thread it is from and the count goes back.
//!
//! What a router or a mirror changes is not compared, nor is what the sender changes when it sends
//! again: what agrees in all numbers and all bytes tells reassembly nothing new.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::recent::Recent;
use crate::base::table_state;
use crate::model::Segment;

/// How many were found, by the thread whose batch they stood in.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Known once it is known how many threads there are; none while there is one.
    by_source: OnceLock<Box<[AtomicU64]>>,
}

impl Copies {
    /// So many threads capture: from now on copies are looked for, if there are several.
    pub(super) fn among(&self, sources: usize) {
        if sources > 1 {
            self.by_source.get_or_init(|| (0..sources).map(|_| AtomicU64::new(0)).collect());
        }
    }

    /// Whether they are looked for.
    pub(super) fn wanted(&self) -> bool {
        self.by_source.get().is_some()
    }

    /// So many stood in a batch of this thread.
    pub(super) fn add(&self, source: u32, count: u64) {
        if let Some(counter) = self.counter(source).filter(|_| count > 0) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Those of a thread that were not taken yet.
    pub(super) fn take(&self, source: u32) -> u64 {
        self.counter(source).map_or(0, |counter| counter.swap(0, Ordering::Relaxed))
    }

    /// All that were not taken, by their threads.
    pub(super) fn rest(&self) -> Vec<(u32, u64)> {
        let count = self.by_source.get().map_or(0, |counters| counters.len());
        (0..).take(count).map(|source| (source, self.take(source))).collect()
    }

    fn counter(&self, source: u32) -> Option<&AtomicU64> {
        self.by_source.get()?.get(usize::try_from(source).ok()?)
    }
}

/// The latest segments of one shard.
#[derive(Debug)]
pub(super) struct Twice {
    seed: foldhash::quality::RandomState,
    recent: Recent,
}

impl Default for Twice {
    fn default() -> Self {
        Twice { seed: table_state(), recent: Recent::default() }
    }
}

impl Twice {
    /// Whether the same segment came a moment ago.
    pub(super) fn saw(&mut self, segment: &Segment<'_>) -> bool {
        let mut hasher = self.seed.build_hasher();
        hasher.write_u64(self.seed.hash_one(segment.tuple));
        hasher.write_u64(u64::from(segment.seq) << 32 | u64::from(segment.ack));
        let flags = u64::from(segment.flags.0) << 16 | u64::from(segment.urgent);
        hasher.write_u64(flags << 32 | u64::from(segment.wire_payload_len));
        hasher.write_u64(segment.encapsulation.network());
        hasher.write(segment.payload);
        self.recent.saw(hasher.finish(), segment.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::model::{FiveTuple, TcpFlags};

    #[test]
    fn what_agrees_in_all_numbers_and_bytes_is_the_same_for_a_moment() {
        let ends = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let tuple = FiveTuple::tcp((ends.0.into(), 4000), (ends.1.into(), 80));
        let segment = |seq, payload| Segment {
            at: Timestamp::from_micros(1_000_000),
            tuple,
            seq,
            ack: 7,
            flags: TcpFlags(TcpFlags::ACK),
            urgent: 0,
            guise: 0,
            payload,
            wire_payload_len: 3,
            encapsulation: Default::default(),
            block: None,
        };
        let mut twice = Twice::default();
        let first = segment(1, b"abc");
        assert!(!twice.saw(&first));
        let others = [
            segment(2, b"abc"),
            segment(1, b"abd"),
            Segment { ack: 8, ..first.clone() },
            Segment { flags: TcpFlags(TcpFlags::FIN), ..first.clone() },
            Segment { urgent: 1, ..first.clone() },
            Segment { wire_payload_len: 4, ..first.clone() },
            Segment { tuple: tuple.reversed(), ..first.clone() },
            Segment { at: Timestamp::from_micros(1_300_000), ..first.clone() },
        ];
        assert!(others.iter().all(|other| !twice.saw(other)));
        // Another guise is that of a copy behind a router.
        let behind = Timestamp::from_micros(1_299_000);
        assert!(twice.saw(&Segment { guise: 9, at: behind, ..first }));
    }

    #[test]
    fn they_are_counted_for_the_thread_whose_batch_they_stood_in() {
        let copies = Copies::default();
        copies.among(1);
        assert!(!copies.wanted());
        copies.among(2);
        assert!(copies.wanted());
        copies.add(1, 3);
        copies.add(1, 2);
        copies.add(2, 9);
        assert_eq!([0, 1, 1, 2].map(|source| copies.take(source)), [0, 5, 0, 0]);
        copies.add(0, 4);
        assert_eq!(copies.rest(), [(0, 4), (1, 0)]);
    }
}
