//! The same packet a second time: both sides of a router, two mirrors of one link, a link whose
//! both ends are mirrored.
//!
//! What a router, a switch or a mirror changes is left out of the comparison: hardware addresses,
//! VLAN tags, tunnels around it, time to live, traffic class, checksums. What a sender changes when
//! it sends again is in it: the IPv4 identification, TCP timestamps (RFC 7323). The whole payload
//! is compared, not a sample of it: two segments that agree in all headers and differ in one byte
//! are an attack on whoever takes them for one, and reassembly must see both.
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

use crate::base::recent::Recent;
use crate::base::{Timestamp, table_state};
use crate::decode::network::Datagram;

/// The latest packets by a hash that is seeded per process.
#[derive(Debug)]
pub(super) struct Twins {
    seed: foldhash::quality::RandomState,
    recent: Recent,
}

impl Default for Twins {
    fn default() -> Self {
        Twins { seed: table_state(), recent: Recent::default() }
    }
}

impl Twins {
    /// Whether this datagram, of this virtual network, was seen a moment ago; notes that it was.
    #[inline]
    pub(super) fn saw(&mut self, at: Timestamp, datagram: &Datagram<'_>, network: u64) -> bool {
        let hash = self.hash(datagram, network);
        self.recent.saw(hash, at)
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

#[cfg(test)]
mod tests {
    use crate::decode::Decoder;
    use crate::decode::testing::{decode_by, ethernet, ipv4, ipv6, tcp, udp};
    use crate::model::{LinkType, SkipReason};

    const MILLI: i64 = 1_000_000;

    fn is_duplicate(decoder: &mut Decoder, nanos: i64, packet: &[u8]) -> bool {
        match decode_by(decoder, nanos, (LinkType::ETHERNET, packet, packet.len())) {
            Ok(_) => false,
            Err(why) => {
                assert_eq!(why, SkipReason::Duplicate);
                true
            }
        }
    }

    fn frame(ip: &[u8]) -> Vec<u8> {
        ethernet(&[8, 0], ip)
    }

    /// Frame of 14, IP header of 20, TCP header of 24 bytes.
    fn changed(at: usize, to: u8) -> Vec<u8> {
        let mut packet = frame(&ipv4(&tcp(&[b'x'; 600])));
        packet[at] = to;
        packet
    }

    #[test]
    fn what_a_router_or_a_mirror_changes_does_not_make_another_packet() {
        let packet = changed(0, 2);
        let tagged = [&packet[..12], &[0x81, 0, 0, 7], &packet[12..]].concat();
        let cases = [
            ("nothing", packet.clone()),
            ("hardware address", changed(3, 0x77)),
            ("VLAN tag", tagged),
            ("time to live", changed(14 + 8, 63)),
            ("traffic class", changed(14 + 1, 0xb8)),
            ("IP checksum", changed(14 + 10, 0)),
            ("TCP checksum", changed(14 + 20 + 16, 0)),
        ];
        for (name, copy) in cases {
            let mut decoder = Decoder::default();
            assert!(!is_duplicate(&mut decoder, 0, &packet), "{name}");
            assert!(is_duplicate(&mut decoder, MILLI, &copy), "{name}");
        }
    }

    #[test]
    fn what_a_sender_changes_makes_another_packet() {
        let packet = changed(0, 2);
        for (name, at) in [
            ("identification", 14 + 5),
            ("address", 14 + 15),
            ("port", 14 + 20 + 1),
            ("sequence number", 14 + 20 + 7),
            ("acknowledgment", 14 + 20 + 11),
            ("flags", 14 + 20 + 13),
            ("options", 14 + 20 + 20),
            ("first byte", 14 + 44),
            ("a byte in the middle", 14 + 44 + 300),
            ("last byte", 14 + 44 + 599),
        ] {
            let mut decoder = Decoder::default();
            assert!(!is_duplicate(&mut decoder, 0, &packet), "{name}");
            assert!(!is_duplicate(&mut decoder, 1, &changed(at, 0x35)), "{name}");
        }
    }

    #[test]
    fn the_window_ends_by_time_and_by_packets() {
        let packet = changed(0, 2);
        let mut decoder = Decoder::default();
        assert!(!is_duplicate(&mut decoder, 0, &packet));
        assert!(is_duplicate(&mut decoder, 100 * MILLI, &packet));
        assert!(!is_duplicate(&mut decoder, 101 * MILLI, &packet), "sent again");
        // Clocks of two taps: the copy may carry the earlier time.
        assert!(is_duplicate(&mut decoder, 30 * MILLI, &packet));
        let other = |n: u16| {
            let [a, b] = n.to_be_bytes();
            let mut packet = changed(14 + 4, a);
            packet[14 + 5] = b;
            packet
        };
        // Clocks that go back: what came between is far away in time, so nothing is made room for.
        for (between, expected) in [(16_383, true), (16_384, false)] {
            let mut decoder = Decoder::default();
            assert!(!is_duplicate(&mut decoder, 0, &other(0)));
            for n in 1..=between {
                assert!(!is_duplicate(&mut decoder, 1000 * MILLI, &other(n)));
            }
            assert_eq!(is_duplicate(&mut decoder, 0, &other(0)), expected, "{between}");
        }
    }

    #[test]
    fn where_packets_come_fast_more_of_them_are_remembered() {
        let numbered = |n: u32| {
            let mut packet = changed(0, 2);
            packet[38..42].copy_from_slice(&n.to_be_bytes());
            packet
        };
        // 600,000 a second: the copies come after 95 ms.
        let micros = |n: u32| i64::from(n) * 5 / 3 * 1000;
        let late = 57_000;
        let mut decoder = Decoder::default();
        for n in 0..2 * late {
            assert!(!is_duplicate(&mut decoder, micros(n), &numbered(n)), "{n}");
            if let Some(first) = n.checked_sub(late) {
                assert!(is_duplicate(&mut decoder, micros(n), &numbered(first)), "{first}");
            }
        }
        // Twice as fast there is no room for 100 ms, and never is there more.
        let mut decoder = Decoder::default();
        for n in 0..65_537 {
            assert!(!is_duplicate(&mut decoder, 0, &numbered(n)));
        }
        assert!(!is_duplicate(&mut decoder, 0, &numbered(0)), "its place was used again");
        assert!(is_duplicate(&mut decoder, 0, &numbered(2)));
    }

    #[test]
    fn many_packets_and_their_copies_are_told_apart() {
        let mut decoder = Decoder::default();
        for n in 0..20_000u32 {
            let mut packet = changed(0, 2);
            packet[38..42].copy_from_slice(&n.to_be_bytes());
            assert!(!is_duplicate(&mut decoder, i64::from(n) * 1000, &packet));
            assert!(is_duplicate(&mut decoder, i64::from(n) * 1000 + 1, &packet));
        }
    }

    #[test]
    fn ipv6_has_duplicates_too_and_networks_have_their_own() {
        let packet = ethernet(&[0x86, 0xdd], &ipv6(6, &tcp(b"x")));
        let mut decoder = Decoder::default();
        assert!(!is_duplicate(&mut decoder, 0, &packet));
        assert!(is_duplicate(&mut decoder, 1, &packet));
        let vxlan = |vni: u8| {
            let content = [&[8, 0, 0, 0, 0, 0, vni, 0][..], &packet].concat();
            frame(&crate::decode::testing::ipv4_with(17, 0, &[], &udp(4789, &content)))
        };
        assert!(!is_duplicate(&mut decoder, 2, &vxlan(1)));
        assert!(!is_duplicate(&mut decoder, 2, &vxlan(2)));
        assert!(is_duplicate(&mut decoder, 2, &vxlan(1)));
    }

    #[test]
    fn the_hash_is_seeded_per_decoder() {
        let datagram = crate::decode::network::ipv4;
        let packet = ipv4(&tcp(b"x"));
        let view = crate::decode::view::View::new(&packet, 0);
        let datagram = datagram(view).unwrap();
        let hashes = [(); 2].map(|()| super::Twins::default().hash(&datagram, 0));
        assert_ne!(hashes[0], hashes[1]);
    }
}
