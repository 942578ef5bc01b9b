//! Fragments in every order, and what becomes of those that lead nowhere.

use proptest::prelude::*;

use crate::base::Timestamp;
use crate::decode::network::{Datagram, Part};
use crate::decode::testing::{
    Bookkeeper, Found, decode_by, ethernet, fragment, fragments, ipv4, ipv4_with, ipv6, tcp, udp,
};
use crate::decode::view::View;
use crate::model::{FragmentOddities, LinkType, PacketAccount, SkipReason};

use super::table::{Bounds, Fragments, Origin};

const TCP: u8 = 6;
const UDP: u8 = 17;

fn text(found: &[Found]) -> Vec<String> {
    found.iter().map(|f| String::from_utf8_lossy(&f.payload).into_owned()).collect()
}

/// A TCP header of 24 bytes and this payload, 40 bytes in all: cuts at 8, 16, 24 and 32.
fn segment() -> Vec<u8> {
    tcp(b"0123456789abcdef")
}

fn run(packets: &[Vec<u8>]) -> (Vec<Found>, PacketAccount) {
    let mut books = Bookkeeper::default();
    let found = books.take(packets);
    (found, books.finish())
}

#[test]
fn fragments_make_the_segment_they_were_cut_from() {
    let packets = fragments(TCP, 7, &segment(), &[24, 32]);
    let (found, account) = run(&packets);
    assert_eq!(text(&found), ["0123456789abcdef"]);
    assert_eq!((account.analysed, account.seen), (3, 3));
    assert!(found[0].oddities.is_empty() && found[0].wrapped.is_empty());
}

#[test]
fn ipv6_fragments_do_too() {
    let content = segment();
    let part = |offset: u16, more: u16, content: &[u8]| {
        let field = (offset | more).to_be_bytes();
        // A header only for the destination, in front of the transport header.
        ipv6(44, &[&[60, 0, field[0], field[1], 0, 0, 0, 9][..], content].concat())
    };
    let whole = [&[TCP, 0, 1, 4, 0, 0, 0, 0][..], &content].concat();
    let packets = [part(24, 0, &whole[24..]), part(0, 1, &whole[..24])];
    let (found, account) = run(&packets);
    assert_eq!((text(&found), account.analysed), (vec!["0123456789abcdef".to_owned()], 2));
}

/// RFC 8200 section 4.5: what the others say of the header that follows counts for nothing.
#[test]
fn of_ipv6_the_first_fragment_alone_says_what_is_carried() {
    const ICMP: u8 = 58;
    let content = segment();
    let part = |header: u8, (offset, more): (u16, u16), content: &[u8]| {
        let field = (offset | more).to_be_bytes();
        ipv6(44, &[&[header, 0, field[0], field[1], 0, 0, 0, 9][..], content].concat())
    };
    for other in [ICMP, 132, 253] {
        let (first, last) =
            (part(TCP, (0, 1), &content[..24]), part(other, (24, 0), &content[24..]));
        for packets in [[first.clone(), last.clone()], [last, first]] {
            let (found, account) = run(&packets);
            let seen = (text(&found), account.analysed);
            assert_eq!(seen, (vec!["0123456789abcdef".to_owned()], 2), "{other}");
        }
        // One that carries something else is no segment, whatever the others say: all of its
        // fragments count as that.
        let (first, last) =
            (part(ICMP, (0, 1), &content[..24]), part(other, (24, 0), &content[24..]));
        for packets in [[first.clone(), last.clone()], [last, first]] {
            let (found, account) = run(&packets);
            let skipped: Vec<(&str, u64)> =
                account.skipped.iter().map(|(k, v)| (&**k, *v)).collect();
            assert_eq!((found.len(), skipped), (0, vec![("icmp", 2)]), "{other}");
        }
        // Nor does a decoy before the first hide it.
        let packets = [
            part(other, (0, 1), &[0; 24]),
            part(TCP, (0, 1), &content[..24]),
            part(other, (24, 0), &content[24..]),
        ];
        let (found, _) = run(&packets);
        assert!(text(&found).contains(&"0123456789abcdef".to_owned()), "{other}");
    }
}

#[test]
fn of_overlapping_copies_the_first_is_kept_and_the_last_read_as_well() {
    let mut other = segment();
    other[24..32].copy_from_slice(b"HIJKLMNO");
    let packets = [
        fragment(TCP, 7, (0, true), &segment()[..32]),
        fragment(TCP, 7, (24, true), &other[24..32]),
        fragment(TCP, 7, (32, false), &segment()[32..]),
    ];
    let (found, account) = run(&packets);
    assert_eq!(text(&found), ["0123456789abcdef", "HIJKLMNO89abcdef"]);
    assert!(found.iter().all(|f| f.oddities.contains(FragmentOddities::CONFLICT)));
    assert_eq!(account.analysed, 3, "the second reading is no packet");
}

#[test]
fn copies_that_agree_are_told_and_change_nothing() {
    let content = segment();
    let packets = [
        fragment(TCP, 7, (0, true), &content[..32]),
        fragment(TCP, 7, (16, false), &content[16..]),
    ];
    let (found, _) = run(&packets);
    assert_eq!(text(&found), ["0123456789abcdef"]);
    assert_eq!(found[0].oddities, FragmentOddities::OVERLAP);
}

#[test]
fn teardrop_and_fragments_beyond_the_end_are_harmless() {
    let content = segment();
    // The second lies inside the first, as in 1997.
    let teardrop = [
        fragment(TCP, 7, (0, true), &content[..32]),
        fragment(TCP, 7, (24, false), &content[24..28]),
    ];
    let (found, account) = run(&teardrop);
    assert_eq!((text(&found), account.analysed), (vec!["0123".to_owned()], 2));
    assert_eq!(found[0].oddities, FragmentOddities::CONFLICT);
    // Beyond 65,535 bytes, as in 1996.
    let (found, account) = run(&[fragment(TCP, 7, (65_528, false), &[0; 100])]);
    assert_eq!((found.len(), account.malformed["ipv4-fragment"]), (0, 1));
}

#[test]
fn tiny_fragments_are_told() {
    let (found, _) = run(&fragments(TCP, 7, &segment(), &[8, 16, 24, 32]));
    assert_eq!(text(&found), ["0123456789abcdef"]);
    assert_eq!(found[0].oddities, FragmentOddities::TINY);
}

#[test]
fn a_fragment_that_comes_twice_is_a_duplicate() {
    let packets = fragments(TCP, 7, &segment(), &[24, 32]);
    let doubled: Vec<Vec<u8>> = packets.iter().flat_map(|p| [p.clone(), p.clone()]).collect();
    let (found, account) = run(&doubled);
    assert_eq!((found.len(), account.analysed, account.duplicate), (1, 3, 3));
}

#[test]
fn what_never_becomes_whole_has_its_reason() {
    let packets = fragments(TCP, 7, &segment(), &[24, 32]);
    for missing in 0..3 {
        let mut some = packets.clone();
        some.remove(missing);
        let (found, account) = run(&some);
        assert_eq!((found.len(), account.analysed), (0, 0));
        assert_eq!(account.skipped["fragment-incomplete"], 2);
    }
}

#[test]
fn an_id_used_again_after_the_wait_begins_another_datagram() {
    let old = fragments(TCP, 7, &segment(), &[24]);
    let new = fragments(TCP, 7, &tcp(b"another segment!"), &[24]);
    let mut books = Bookkeeper::default();
    assert!(books.take([&old[0]]).is_empty());
    books.nanos += 31_000_000_000;
    assert_eq!(text(&books.take([&new[1], &new[0]])), ["another segment!"]);
    let account = books.finish();
    assert_eq!((account.analysed, account.skipped["fragment-incomplete"]), (2, 1));
}

#[test]
fn what_waits_is_given_up_by_packet_time_alone() {
    let packets = fragments(TCP, 7, &segment(), &[24]);
    let mut books = Bookkeeper::default();
    books.take([&packets[0]]);
    books.nanos += 121_000_000_000;
    books.take([&ipv4(&tcp(b"x"))]);
    books.take([&ipv4(&tcp(b"y"))]);
    assert_eq!(books.account.skipped["fragment-incomplete"], 1);
}

#[test]
fn fragments_of_what_carries_no_tcp_are_not_kept() {
    let datagram = udp(53, &[7; 100]);
    let (found, account) = run(&fragments(UDP, 7, &datagram, &[24, 48]));
    assert_eq!((found.len(), account.skipped["udp"]), (0, 3));
    let mut reversed = fragments(UDP, 7, &datagram, &[24, 48]);
    reversed.reverse();
    let (_, account) = run(&reversed);
    assert_eq!(account.skipped["udp"], 3, "also when the first comes last: {account:?}");
}

#[test]
fn a_datagram_that_turns_out_to_be_nothing_takes_its_fragments_with_it() {
    let mut bad = segment();
    bad[12] = 0x10;
    let (_, account) = run(&fragments(TCP, 7, &bad, &[24, 32]));
    assert_eq!((account.analysed, account.malformed["tcp-header"]), (0, 3));
}

#[test]
fn tunnels_come_in_fragments_and_fragments_in_tunnels() {
    let vxlan = |inner: &[u8]| {
        let frame = ethernet(&[8, 0], inner);
        udp(4789, &[&[8, 0, 0, 0, 0, 0, 5, 0][..], &frame].concat())
    };
    // Two inner fragments, each in an outer datagram of two fragments.
    let inner = fragments(TCP, 7, &segment(), &[24]);
    let mut packets = Vec::new();
    for (id, inner) in (1..).zip(&inner) {
        packets.extend(fragments(UDP, id, &vxlan(inner), &[40]));
    }
    let (found, account) = run(&packets);
    assert_eq!((text(&found), account.analysed), (vec!["0123456789abcdef".to_owned()], 4));
    assert_eq!(found[0].wrapped, ["vxlan 5 10.0.0.1>10.0.0.2"]);
    // Without the last, all three that are there lead nowhere.
    let (found, account) = run(&packets[..3]);
    assert_eq!((found.len(), account.skipped["fragment-incomplete"]), (0, 3));
    // An outer datagram that carries half of another one: its two packets wait with it.
    let (_, account) = run(&packets[..2]);
    assert_eq!((account.analysed, account.skipped["fragment-incomplete"]), (0, 2));
}

#[test]
fn fragments_of_two_virtual_networks_do_not_mix() {
    let vxlan = |vni: u8, inner: &[u8]| {
        let frame = ethernet(&[8, 0], inner);
        let header = [8, 0, 0, 0, 0, 0, vni, 0];
        ipv4_with(UDP, 0, &[], &udp(4789, &[&header[..], &frame].concat()))
    };
    let a = fragments(TCP, 7, &segment(), &[24]);
    let b = fragments(TCP, 7, &tcp(b"another segment!"), &[24]);
    let packets = [vxlan(1, &a[0]), vxlan(2, &b[0]), vxlan(2, &b[1]), vxlan(1, &a[1])];
    let (found, _) = run(&packets);
    assert_eq!(text(&found), ["another segment!", "0123456789abcdef"]);
    assert_ne!(found[0].network, found[1].network);
}

#[test]
fn fragments_may_lie_in_two_inputs() {
    let packets = fragments(TCP, 7, &segment(), &[24]);
    let mut books = Bookkeeper::default();
    books.take([&packets[0]]);
    books.decoder.begin_input(1);
    assert_eq!(books.take([&packets[1]]).len(), 1);
    books.decoder.begin_input(2);
    let other = fragments(TCP, 8, &segment(), &[24]);
    let packet = (LinkType::RAW, &other[0][..], other[0].len());
    assert_eq!(decode_by(&mut books.decoder, 10_000_000_000, packet), Err(SkipReason::Held));
    books.decoder.finish();
    let settled: Vec<_> = books.decoder.settled().collect();
    assert_eq!(settled.iter().map(|s| (s.input, s.packets)).collect::<Vec<_>>(), [(2, 1)]);
}

#[test]
fn a_cut_fragment_leaves_a_gap_of_known_length() {
    let packets = fragments(TCP, 7, &segment(), &[32]);
    let mut books = Bookkeeper::default();
    let cut = (LinkType::RAW, &packets[0][..20 + 28], packets[0].len());
    assert_eq!(decode_by(&mut books.decoder, 1, cut), Err(SkipReason::Held));
    let found = decode_by(&mut books.decoder, 2, (LinkType::RAW, &packets[1], packets[1].len()));
    let found = found.unwrap();
    assert_eq!((&found.payload[..], found.wire_payload_len), (&b"0123"[..], 16));
}

fn origin(nanos: i64) -> Origin {
    let at = Timestamp::from_nanos(nanos);
    Origin { at, network: 0, input: 0, carriers: Default::default(), ports: Default::default() }
}

fn part(id: u32, offset: u32, content: &[u8]) -> Datagram<'_> {
    Datagram {
        src: [10, 0, 0, 1].into(),
        dst: [10, 0, 0, 2].into(),
        protocol: TCP,
        hops: 64,
        id,
        part: Some(Part { offset, more: true }),
        payload: View::of_datagram(content, content.len()),
    }
}

#[test]
fn what_is_held_stays_within_its_bounds_and_the_oldest_goes_first() {
    let mut held = Fragments::new(Bounds { datagrams: 10, bytes: 1 << 20 });
    for id in 0..100 {
        assert!(matches!(held.add(&part(id, 8, &[0; 8]), origin(1)), Err(SkipReason::Held)));
    }
    assert_eq!(held.settled().len(), 90);
    assert!(held.settled().iter().all(|s| s.why == SkipReason::Shed("fragment-memory")));
    let mut held = Fragments::new(Bounds { datagrams: 1000, bytes: 10_000 });
    for id in 0..1000 {
        let _ = held.add(&part(id, 8, &[0; 1000]), origin(1));
        assert!(held.held() <= 10_000);
    }
    held.finish();
    assert_eq!(held.held(), 0);
    assert_eq!(held.settled().iter().map(|s| s.packets).sum::<u64>(), 1000);
}

#[test]
fn one_datagram_has_no_more_pieces_than_its_limit() {
    let mut held = Fragments::new(Bounds { datagrams: 10, bytes: 1 << 20 });
    let mut packets = 0;
    for n in 0..2000 {
        let _ = held.add(&part(1, n * 16, &[0; 8]), origin(1));
        packets += 1;
        if !held.settled().is_empty() {
            break;
        }
    }
    assert_eq!(packets, 1025);
    assert_eq!(held.settled()[0].packets, 1025);
}

/// The segment, and it with other bytes from 24 on.
fn two_copies() -> (Vec<u8>, Vec<u8>) {
    let (real, mut decoy) = (segment(), segment());
    decoy[24..].copy_from_slice(b"################");
    (real, decoy)
}

#[test]
fn what_differs_from_a_whole_datagram_makes_another_reading_of_it() {
    let (real, decoy) = two_copies();
    let [head, lost] = &fragments(TCP, 7, &decoy, &[24])[..] else { panic!("two") };
    let tail = &fragments(TCP, 7, &real, &[24])[1];
    for order in [[head, lost, tail], [lost, head, tail], [head, tail, lost]] {
        let mut books = Bookkeeper::default();
        let mut found = Vec::new();
        for packet in order {
            found.extend(books.take([packet]));
            books.nanos += 9_000_000_000;
        }
        assert_eq!(found.len(), 2, "{:?}", text(&found));
        assert!(text(&found).contains(&"0123456789abcdef".to_owned()), "{:?}", text(&found));
        assert!(found[1].oddities.contains(FragmentOddities::CONFLICT));
        let account = books.finish();
        assert_eq!((account.analysed, account.seen), (3, 3));
    }
}

#[test]
fn a_copy_of_what_made_a_datagram_whole_is_a_duplicate() {
    let packets = fragments(TCP, 7, &segment(), &[24, 32]);
    let mut books = Bookkeeper::default();
    assert_eq!(books.take(&packets).len(), 1);
    books.nanos += 1_000_000_000;
    assert!(books.take(&packets).is_empty());
    let account = books.finish();
    assert_eq!((account.analysed, account.duplicate), (3, 3));
}

#[test]
fn where_a_datagram_ends_in_two_places_both_are_read() {
    let content = segment();
    let head = fragment(TCP, 7, (0, true), &content[..24]);
    let tail = fragment(TCP, 7, (24, false), &content[24..]);
    let short = fragment(TCP, 7, (24, false), b"####");
    let far = fragment(TCP, 7, (4000, false), b"####");
    let (found, account) = run(&[head.clone(), short, tail.clone()]);
    assert_eq!((found[0].payload.len(), account.analysed), (4, 3));
    assert!(text(&found).contains(&"0123456789abcdef".to_owned()), "{:?}", text(&found));
    let (found, account) = run(&[head, far, tail]);
    assert_eq!((text(&found), account.analysed), (vec!["0123456789abcdef".to_owned()], 3));
    assert!(found[0].oddities.contains(FragmentOddities::CONFLICT));
}

#[test]
fn decoys_around_each_fragment_hide_none() {
    let content = segment();
    let part = |at: usize, more, bytes: &[u8]| fragment(TCP, 7, (at, more), bytes);
    let packets = [
        part(0, true, &content[..24]),
        part(24, true, b"########"),
        part(32, false, b"########"),
        part(24, true, &content[24..32]),
        part(24, true, b"--------"),
        part(32, false, &content[32..]),
        part(32, false, b"--------"),
    ];
    let (found, account) = run(&packets);
    assert!(text(&found).contains(&"0123456789abcdef".to_owned()), "{:?}", text(&found));
    assert_eq!(account.analysed, 7);
}

#[test]
fn a_first_fragment_that_is_no_segment_hides_none() {
    let content = segment();
    let decoy = fragment(TCP, 7, (0, true), &[0; 24]);
    let packets = fragments(TCP, 7, &content, &[24]);
    let (found, account) = run(&[decoy, packets[1].clone(), packets[0].clone()]);
    assert_eq!(text(&found), ["0123456789abcdef"]);
    assert_eq!((account.analysed, account.malformed["tcp-header"]), (1, 2));
}

#[test]
fn an_id_used_again_at_once_is_read_right_all_the_same() {
    let mut books = Bookkeeper::default();
    for payload in ["0123456789abcdef", "0123456789", "a longer one than those before it"] {
        let found = books.take(&fragments(TCP, 7, &tcp(payload.as_bytes()), &[24, 32]));
        assert!(text(&found).contains(&payload.to_owned()), "{:?}", text(&found));
    }
    let account = books.finish();
    assert_eq!((account.analysed, account.duplicate), (6, 3), "what agrees is a copy");
}

#[test]
fn a_whole_datagram_is_kept_no_longer_than_a_receiver_waits() {
    let (real, decoy) = two_copies();
    let mut books = Bookkeeper::default();
    assert_eq!(books.take(&fragments(TCP, 7, &decoy, &[24])).len(), 1);
    books.nanos += 31_000_000_000;
    assert!(books.take([&fragments(TCP, 7, &real, &[24])[1]]).is_empty());
    let account = books.finish();
    assert_eq!((account.analysed, account.skipped["fragment-incomplete"]), (2, 1));
}

#[test]
fn whole_datagrams_make_room_for_those_that_wait() {
    let mut held = Fragments::new(Bounds { datagrams: 1000, bytes: 10_000 });
    assert_eq!(held.add(&part(0, 8, &[0; 1000]), origin(1)).unwrap_err(), SkipReason::Held);
    for id in 1..1000 {
        let mut last = part(id, 8, &[0; 1000]);
        last.part = Some(Part { offset: 8, more: false });
        assert_eq!(held.add(&last, origin(1)).unwrap_err(), SkipReason::Held);
        assert!(held.add(&part(id, 0, &[0; 8]), origin(1)).is_ok());
        assert!(held.held() <= 10_000);
    }
    assert!(held.settled().is_empty(), "the one that waits is still there");
    held.finish();
    assert_eq!((held.held(), held.settled().len()), (0, 1));
}

#[test]
fn decoys_without_end_are_shed_and_cost_little() {
    let content = tcp(&[b'x'; 60_000]);
    let mut packets = fragments(TCP, 7, &content, &[30_000]);
    for n in 0..5000usize {
        let bytes = n.to_be_bytes();
        packets.push(fragment(TCP, 7, (24 + n * 8 % 59_000, true), &bytes));
    }
    let (found, account) = run(&packets);
    let bytes: usize = found.iter().map(|f| f.payload.len()).sum();
    assert!(bytes <= 4 * 1024 * 1024, "{bytes}");
    assert!(account.shed["fragment-memory"] > 0);
    assert_eq!(account.seen, 5002);
}

proptest! {
    #[test]
    fn what_comes_after_a_decoy_is_read_wherever_it_stands(
        at in 3usize..40,
        order in Just([0usize, 1, 2]).prop_shuffle(),
        seconds in 0i64..15,
    ) {
        let content = tcp(&(0..300u32).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<_>>());
        let lost = [&content[..at * 8], &vec![255; content.len() - at * 8]].concat();
        let real = fragments(TCP, 7, &content, &[at * 8]);
        let lost = fragments(TCP, 7, &lost, &[at * 8]);
        let sent = [&real[0], &lost[1], &real[1]];
        let mut books = Bookkeeper::default();
        let mut found = Vec::new();
        for n in order {
            found.extend(books.take([sent[n]]));
            books.nanos += seconds * 1_000_000_000;
        }
        prop_assert!(found.iter().any(|f| f.payload == content[24..]));
        prop_assert!(found.iter().any(|f| f.oddities.contains(FragmentOddities::CONFLICT)));
        prop_assert_eq!(books.finish().analysed, 3);
    }
}

proptest! {
    #[test]
    fn any_cuts_in_any_order_make_the_same_segment(
        cuts in proptest::collection::btree_set(1usize..40, 0..10),
        seed in proptest::collection::vec(any::<u32>(), 16),
    ) {
        let content = tcp(&(0..300u32).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<_>>());
        let cuts: Vec<usize> = cuts.into_iter().map(|cut| cut * 8).collect();
        let mut packets: Vec<_> = seed.iter().zip(fragments(TCP, 7, &content, &cuts)).collect();
        packets.sort_by_key(|(key, _)| **key);
        let packets: Vec<Vec<u8>> = packets.into_iter().map(|(_, packet)| packet).collect();
        let (found, account) = run(&packets);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].payload, &content[24..]);
        prop_assert_eq!(account.analysed, account.seen);
    }

    #[test]
    fn any_fragments_are_accounted_for_once(
        soup in proptest::collection::vec(
            (0u16..4, 0usize..12, any::<bool>(), 0usize..60, any::<u8>(), 0usize..4, 0i64..20),
            0..60,
        ),
    ) {
        let mut books = Bookkeeper::default();
        let mut segments = 0;
        for (id, place, more, len, byte, protocol, seconds) in soup {
            let protocol = [TCP, TCP, UDP, 47][protocol];
            let packet = fragment(protocol, id, (place * 8, more), &vec![byte; len]);
            books.nanos += seconds * 1_000_000_000;
            segments += books.take([&packet]).len();
        }
        let account = books.finish();
        prop_assert!(account.balances());
        prop_assert!(segments > 0 || account.analysed == 0, "settled: {:?}", account);
    }
}
