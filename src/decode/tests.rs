mod corpus;

use std::net::SocketAddr;

use proptest::prelude::*;

use super::reasons;
use super::testing::{Found, decode, decode_cut, ethernet, ipv4, ipv4_with, ipv6, tcp, udp};
use crate::base::Timestamp;
use crate::model::{LinkType, SkipReason, TcpFlags};

fn tuple_text(segment: &Found) -> String {
    format!("{} > {}", segment.tuple.src, segment.tuple.dst)
}

const V4: &str = "10.0.0.1:1000 > 10.0.0.2:80";
const V6: &str = "[fd00::1]:1000 > [fd00::2]:80";

#[test]
fn every_field_of_a_segment_is_read() {
    let frame = ethernet(&[8, 0], &ipv4(&tcp(b"GET /")));
    let segment = decode(LinkType::ETHERNET, &frame).unwrap();
    assert_eq!(segment.at, Timestamp::from_nanos(9));
    assert_eq!(segment.tuple.src, "10.0.0.1:1000".parse::<SocketAddr>().unwrap());
    assert_eq!(segment.tuple.dst, "10.0.0.2:80".parse::<SocketAddr>().unwrap());
    assert_eq!((segment.tuple.transport, segment.seq, segment.ack), (6, 7, 8));
    assert_eq!(segment.flags, TcpFlags(TcpFlags::PSH | TcpFlags::ACK));
    assert_eq!((&segment.payload[..], segment.wire_payload_len), (&b"GET /"[..], 5));
    assert!(segment.wrapped.is_empty());
}

#[test]
fn every_link_type_leads_to_the_same_segment() {
    let (v4, v6) = (ipv4(&tcp(b"x")), ipv6(6, &tcp(b"x")));
    let sll =
        |protocol: [u8; 2]| [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0][..], &protocol].concat();
    let sll2 = |protocol: [u8; 2]| [&protocol[..], &[0; 18]].concat();
    let snap = [0, 40, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let cases: Vec<(LinkType, Vec<u8>)> = vec![
        (LinkType::ETHERNET, ethernet(&snap, &v4)),
        (LinkType::LINUX_SLL, [sll([8, 0]), v4.clone()].concat()),
        (LinkType::LINUX_SLL, [sll([0x86, 0xdd]), v6.clone()].concat()),
        (LinkType::LINUX_SLL2, [sll2([8, 0]), v4.clone()].concat()),
        (LinkType::RAW, v4.clone()),
        (LinkType::RAW, v6.clone()),
        (LinkType(12), v4.clone()),
        (LinkType(14), v6.clone()),
        (LinkType::IPV4, v4.clone()),
        (LinkType::IPV6, v6.clone()),
        (LinkType::NULL, [vec![2, 0, 0, 0], v4.clone()].concat()),
        (LinkType::NULL, [vec![0, 0, 0, 2], v4.clone()].concat()),
        (LinkType::NULL, [vec![30, 0, 0, 0], v6.clone()].concat()),
        (LinkType::NULL, [vec![0, 0, 0, 28], v6.clone()].concat()),
        (LinkType::LOOP, [vec![0, 0, 0, 24], v6.clone()].concat()),
        (LinkType(104), [vec![0x0f, 0, 8, 0], v4].concat()),
    ];
    for (link, frame) in cases {
        let segment = decode(link, &frame).unwrap_or_else(|e| panic!("{link:?}: {e:?}"));
        assert!([V4, V6].contains(&tuple_text(&segment).as_str()), "{link:?}");
        assert_eq!((&segment.payload[..], segment.wire_payload_len), (&b"x"[..], 1), "{link:?}");
    }
}

#[test]
fn vlan_tags_are_undone_and_noted_outermost_first() {
    let tags = [0x88, 0xa8, 0x20, 100, 0x91, 0x00, 0, 0, 0x81, 0x00, 0xe0, 7, 8, 0];
    let frame = ethernet(&tags, &ipv4(&tcp(b"x")));
    let segment = decode(LinkType::ETHERNET, &frame).unwrap();
    assert_eq!(segment.wrapped, ["vlan 100", "vlan 7"], "tag 0 is only a priority");
    assert_eq!(tuple_text(&segment), V4);
}

#[test]
fn eight_vlan_tags_are_undone_and_nine_are_not() {
    let tags = |n: usize| [[0x81, 0x00, 0, 5].repeat(n), vec![8, 0]].concat();
    let eight = ethernet(&tags(8), &ipv4(&tcp(b"x")));
    assert_eq!(decode(LinkType::ETHERNET, &eight).unwrap().wrapped.len(), 8);
    let nine = ethernet(&tags(9), &ipv4(&tcp(b"x")));
    let error = decode(LinkType::ETHERNET, &nine).unwrap_err();
    assert_eq!(error, SkipReason::Malformed("vlan-depth"));
}

#[test]
fn padding_behind_the_ip_packet_is_no_payload() {
    let mut frame = ethernet(&[8, 0], &ipv4(&tcp(b"")));
    frame.resize(60, 0);
    let segment = decode(LinkType::ETHERNET, &frame).unwrap();
    assert_eq!((segment.payload.len(), segment.wire_payload_len), (0, 0));
}

#[test]
fn a_zero_length_left_by_segmentation_offload_means_the_whole_frame() {
    let mut v4 = ipv4(&tcp(b"0123456789"));
    v4[2..4].fill(0);
    let frame = ethernet(&[8, 0], &v4);
    let segment = decode_cut(LinkType::ETHERNET, &frame, frame.len() + 50_000).unwrap();
    assert_eq!((segment.payload.len(), segment.wire_payload_len), (10, 50_010));
    let mut v6 = ipv6(6, &tcp(b"0123456789"));
    v6[4..6].fill(0);
    assert_eq!(decode(LinkType::RAW, &v6).unwrap().wire_payload_len, 10);
}

#[test]
fn a_packet_cut_in_its_payload_says_how_much_is_missing() {
    let frame = ethernet(&[8, 0], &ipv4(&tcp(b"0123456789")));
    let cut = &frame[..frame.len() - 4];
    // Whether or not the recorder noted the wire length: the IP header knows.
    for wire_len in [cut.len(), frame.len()] {
        let segment = decode_cut(LinkType::ETHERNET, cut, wire_len).unwrap();
        assert_eq!((&segment.payload[..], segment.wire_payload_len), (&b"012345"[..], 10));
    }
}

#[test]
fn a_packet_cut_in_its_tcp_options_still_has_its_place() {
    let frame = ethernet(&[8, 0], &ipv4(&tcp(b"0123456789")));
    let segment = decode_cut(LinkType::ETHERNET, &frame[..14 + 20 + 20], frame.len()).unwrap();
    assert_eq!((segment.seq, segment.payload.len(), segment.wire_payload_len), (7, 0, 10));
    let error = decode_cut(LinkType::ETHERNET, &frame[..14 + 20 + 19], frame.len()).unwrap_err();
    assert_eq!(error, SkipReason::Malformed("tcp-header"));
}

#[test]
fn ip_options_and_extension_headers_are_passed_over() {
    let v4 = ipv4_with(6, 0, &[1; 40], &tcp(b"x"));
    assert_eq!(tuple_text(&decode(LinkType::RAW, &v4).unwrap()), V4);
    // Hop-by-hop, routing, destination options, authentication, atomic fragment, TCP.
    let chain = [
        vec![43, 0, 1, 4, 0, 0, 0, 0],
        vec![60, 0, 0, 0, 0, 0, 0, 0],
        vec![51, 0, 1, 4, 0, 0, 0, 0],
        vec![44, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1],
        vec![6, 0, 0, 0, 0, 0, 0, 9],
        tcp(b"x"),
    ]
    .concat();
    let packet = ipv6(0, &chain);
    let segment = decode(LinkType::RAW, &packet).unwrap();
    assert_eq!((tuple_text(&segment).as_str(), &segment.payload[..]), (V6, &b"x"[..]));
    // The authentication header in IPv4.
    let chain = [vec![6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], tcp(b"x")].concat();
    assert_eq!(decode(LinkType::RAW, &ipv4_with(51, 0, &[], &chain)).unwrap().payload, *b"x");
}

#[test]
fn an_endless_chain_of_extension_headers_is_given_up() {
    let chain = [[60, 0, 1, 4, 0, 0, 0, 0].repeat(40), tcp(b"x")].concat();
    let error = decode(LinkType::RAW, &ipv6(60, &chain)).unwrap_err();
    assert_eq!(error, SkipReason::Malformed("ipv6-extension"));
}

#[test]
fn what_is_no_tcp_segment_has_its_reason() {
    use SkipReason::{Malformed, Skipped};
    let ether = |types: &[u8], content: &[u8]| (LinkType::ETHERNET, ethernet(types, content));
    let v4 = |protocol| (LinkType::RAW, ipv4_with(protocol, 0, &[], &[0; 40]));
    let v6 = |next| (LinkType::RAW, ipv6(next, &[0; 40]));
    let mut short = ipv4(&tcp(b"x"));
    short[2..4].copy_from_slice(&[0, 19]);
    let mut offset = tcp(b"x");
    offset[12] = 0x40;
    let mut beyond = tcp(b"x");
    beyond[12] = 0xf0;
    let cases = [
        (Skipped("arp"), ether(&[8, 6], &[0; 46])),
        (Malformed("mpls-header"), ether(&[0x88, 0x47], &[0; 46])),
        (Skipped("pppoe"), ether(&[0x88, 0x63], &[0; 46])),
        (Malformed("pppoe-header"), ether(&[0x88, 0x64], &[0; 46])),
        (Skipped("macsec"), ether(&[0x88, 0xe5], &[0; 46])),
        (Skipped("ethertype"), ether(&[0x88, 0xcc], &[0; 46])),
        (Skipped("ethertype"), (LinkType::NULL, vec![7, 0, 0, 0, 1, 2])),
        (Skipped("ethertype"), (LinkType::LINUX_SLL2, vec![0; 40])),
        (Skipped("llc"), ether(&[0, 38, 0x42, 0x42, 3], &[0; 35])),
        (Skipped("link-type"), (LinkType(105), vec![0; 60])),
        (Skipped("icmp"), v4(1)),
        (Skipped("icmp"), v6(58)),
        (Skipped("udp"), v4(17)),
        (Skipped("sctp"), v4(132)),
        (Skipped("gre"), v4(47)),
        (Skipped("esp"), v6(50)),
        (Malformed("ipv4-header"), v4(4)),
        (Malformed("ipv6-header"), v4(41)),
        (Skipped("ip-protocol"), v4(2)),
        (Skipped("ip-protocol"), v6(59)),
        (Skipped("icmp"), (LinkType::RAW, ipv4_with(1, 0x2000, &[], &[0; 40]))),
        (Skipped("l2tp"), (LinkType::RAW, ipv4_with(17, 0, &[], &udp(1701, b"x")))),
        (Skipped("gtp"), (LinkType::RAW, ipv4_with(17, 0, &[], &udp(2152, b"x")))),
        (Skipped("tzsp"), (LinkType::RAW, ipv4_with(17, 0, &[], &udp(37_008, b"x")))),
        (Skipped("capwap"), (LinkType::RAW, ipv4_with(17, 0, &[], &udp(5247, b"x")))),
        (Skipped("l2tp"), (LinkType::RAW, ipv4_with(115, 0, &[], &[0; 40]))),
        (Skipped("srv6-ethernet"), (LinkType::RAW, ipv6(143, &[0; 40]))),
        (Skipped("cisco-metadata"), ether(&[0x89, 9], &[0; 40])),
        (Skipped("udp"), (LinkType::RAW, ipv4_with(17, 0x2000, &[], &[0; 40]))),
        (Malformed("ipv4-fragment"), (LinkType::RAW, ipv4_with(6, 0x2000, &[], b"x"))),
        (Malformed("ipv4-fragment"), (LinkType::RAW, ipv4_with(6, 0x1fff, &[], &tcp(b"x")))),
        (Malformed("ipv6-fragment"), (LinkType::RAW, ipv6(44, &[6, 0, 0, 1, 0, 0, 0, 9, 0, 0]))),
        (
            SkipReason::Held,
            (LinkType::RAW, ipv6(44, &[&[17, 0, 0, 1, 0, 0, 0, 9][..], &[0; 8]].concat())),
        ),
        (Malformed("link-header"), ether(&[8], &[])),
        (Malformed("link-header"), ether(&[0x81, 0, 0], &[])),
        (Malformed("ipv4-header"), ether(&[8, 0], &[0x45, 0, 0])),
        (Malformed("ipv4-header"), ether(&[8, 0], &ipv6(6, &tcp(b"x")))),
        (Malformed("ipv4-header"), (LinkType::RAW, short)),
        (Malformed("ipv6-header"), ether(&[0x86, 0xdd], &[0x60, 0, 0])),
        (Malformed("ipv6-extension"), (LinkType::RAW, ipv6(0, &[6, 9, 0, 0, 0, 0, 0, 0]))),
        (Malformed("tcp-header"), (LinkType::RAW, ipv4(&offset))),
        (Malformed("tcp-header"), (LinkType::RAW, ipv4(&beyond))),
    ];
    for (expected, (link, frame)) in cases {
        assert_eq!(decode(link, &frame).unwrap_err(), expected, "{link:?} {frame:02x?}");
    }
}

#[test]
fn reasons_are_sorted_and_distinct() {
    assert!(reasons::ALL.is_sorted_by(|a, b| a < b), "{:?}", reasons::ALL);
}

proptest! {
    #[test]
    fn any_bytes_are_a_segment_inside_the_packet_or_a_listed_reason(
        link in prop::sample::select(vec![0u16, 1, 12, 14, 101, 104, 108, 113, 228, 229, 276, 9]),
        // Bytes that lead deeper into the decoder are made likely.
        data in proptest::collection::vec(
            prop_oneof![
                any::<u8>(),
                prop::sample::select(vec![0u8, 1, 2, 6, 8, 44, 0x45, 0x60, 0x81]),
            ],
            0..160,
        ),
        wire_len in 0usize..200,
    ) {
        match decode_cut(LinkType(link), &data, wire_len) {
            Ok(segment) => {
                prop_assert!(segment.payload.len() <= segment.wire_payload_len as usize);
            }
            Err(SkipReason::Skipped(reason) | SkipReason::Malformed(reason)) => {
                prop_assert!(reasons::ALL.contains(&reason));
            }
            Err(SkipReason::Held) => {}
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a_cut_anywhere_keeps_a_prefix_of_the_payload_or_is_malformed(
        cut in 0usize..100,
        v6: bool,
    ) {
        let payload = b"0123456789012345678901234567890123456789";
        let frame = match v6 {
            true => ethernet(&[0x81, 0, 0, 5, 0x86, 0xdd], &ipv6(6, &tcp(payload))),
            false => ethernet(&[0x81, 0, 0, 5, 8, 0], &ipv4(&tcp(payload))),
        };
        let cut = cut.min(frame.len());
        match decode_cut(LinkType::ETHERNET, &frame[..cut], frame.len()) {
            Ok(segment) => {
                prop_assert!(payload.starts_with(&segment.payload));
                prop_assert_eq!(segment.wire_payload_len, 40);
            }
            Err(SkipReason::Malformed(_)) => {}
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
