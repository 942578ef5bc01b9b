//! The same packet a second time: both sides of a router, two mirrors of one link, a link whose
//! both ends are mirrored.
//!
//! What a router, a switch or a mirror changes is left out of the comparison: hardware addresses,
//! VLAN tags, tunnels around it, time to live, traffic class, checksums. What a sender changes when
//! it sends again is in it: the IPv4 identification, TCP timestamps (RFC 7323). The whole payload is
//! compared, not a sample of it: two segments that agree in all headers and differ in a byte are an
//! attack on whoever takes them for one, and reassembly must see both.
//!
//! Only what would be analysed is compared, TCP segments with or without payload and fragments on
//! their way to one: an acknowledgment that comes twice costs as much as data to look at, and a
//! count of duplicates that leaves half of them out says nothing about the mirror. What is skipped
//! is skipped twice.
//!
//! An IPv6 or `id = 0` retransmission without timestamps that comes within the window looks like a
//! duplicate. Nothing is lost by that: its bytes are those that were seen.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use crate::base::limits::{DUPLICATE_MILLIS, DUPLICATE_PACKETS};
use crate::base::{Timestamp, table_state};
use crate::decode::network::Datagram;

/// The latest packets by a hash that is seeded per process, so that nobody can make two packets
/// that only look alike.
///
/// ```text
/// ring    | 0 | 1 | 2 | … 4095 |     in the order they came, overwritten in that order
/// heads   bucket of a hash ─► its latest place ─► `older` ─► …
/// ```
///
/// A ring, not a cache that forgets by hash: how many duplicates are found is the same in every
/// process.
#[derive(Debug)]
pub(super) struct Twins {
    seed: foldhash::quality::RandomState,
    ring: Box<[Seen]>,
    /// Numbers of the latest packet of each bucket.
    heads: Box<[u32]>,
    /// Packets noted so far, plus one: 0 is none.
    next: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    hash: u64,
    at: Timestamp,
    /// The packet before it in its bucket.
    older: u32,
}

const BUCKETS: usize = 2 * DUPLICATE_PACKETS;
const PACKETS: u32 = 4096;
const _: () = assert!(PACKETS as usize == DUPLICATE_PACKETS && BUCKETS.is_power_of_two());

impl Default for Twins {
    fn default() -> Self {
        Twins {
            seed: table_state(),
            ring: vec![Seen::default(); DUPLICATE_PACKETS].into(),
            heads: vec![0; BUCKETS].into(),
            next: 1,
        }
    }
}

impl Twins {
    /// Whether this datagram, of this virtual network, was seen a moment ago; notes that it was.
    #[inline]
    pub(super) fn saw(&mut self, at: Timestamp, datagram: &Datagram<'_>, network: u64) -> bool {
        let hash = self.hash(datagram, network);
        let bucket = usize::try_from(hash).unwrap_or(0) % BUCKETS;
        let head = self.heads.get(bucket).copied().unwrap_or(0);
        let mut older = head;
        while older != 0 && self.next.wrapping_sub(older) <= PACKETS {
            let Some(seen) = self.ring.get(place(older)) else { break };
            if seen.hash == hash && is_near(seen.at, at) {
                return true;
            }
            older = seen.older;
        }
        self.note(bucket, Seen { hash, at, older: head });
        false
    }

    fn note(&mut self, bucket: usize, seen: Seen) {
        if let (Some(slot), Some(head)) =
            (self.ring.get_mut(place(self.next)), self.heads.get_mut(bucket))
        {
            *slot = seen;
            *head = self.next;
        }
        self.next = self.next.wrapping_add(1).max(1);
    }

    fn hash(&self, datagram: &Datagram<'_>, network: u64) -> u64 {
        let mut hasher = self.seed.build_hasher();
        match (datagram.src, datagram.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                hasher.write_u64(u64::from(src.to_bits()) << 32 | u64::from(dst.to_bits()));
            }
            (src, dst) => {
                for end in [src, dst] {
                    match end {
                        IpAddr::V4(ip) => hasher.write_u32(ip.to_bits()),
                        IpAddr::V6(ip) => hasher.write_u128(ip.to_bits()),
                    }
                }
            }
        }
        let part = datagram.part.map_or(0, |part| part.offset << 1 | u32::from(part.more));
        hasher.write_u64(u64::from(datagram.id) << 32 | u64::from(part));
        hasher.write_u64(network);
        let bytes = datagram.payload.bytes();
        // The TCP checksum is wrong in one copy where a network card was to compute it.
        match bytes.split_at_checked(CHECKSUM_AT) {
            Some((head, tail)) if datagram.part.is_none() => {
                hasher.write(head);
                hasher.write(tail.get(2..).unwrap_or_default());
            }
            _ => hasher.write(bytes),
        }
        hasher.finish()
    }
}

/// Where the checksum stands in a TCP header.
const CHECKSUM_AT: usize = 16;

fn place(number: u32) -> usize {
    (number % PACKETS) as usize
}

fn is_near(a: Timestamp, b: Timestamp) -> bool {
    a.nanos().abs_diff(b.nanos()) <= Duration::from_millis(DUPLICATE_MILLIS).as_nanos() as u64
}
