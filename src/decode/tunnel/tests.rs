//! Every tunnel, from packets put together by hand.

use proptest::prelude::*;

use crate::decode::reasons;
use crate::decode::testing::{decode, decode_cut, ethernet, ipv4, ipv4_with, ipv6, tcp, udp};
use crate::model::{LinkType, SkipReason};

const ENDS: &str = "10.0.0.1>10.0.0.2";

fn eth(content: &[u8]) -> Vec<u8> {
    ethernet(&[8, 0], content)
}

/// A GRE header of version 0 with these flags, and its optional words.
fn gre(flags: u8, protocol: u16, words: &[u32], content: &[u8]) -> Vec<u8> {
    let words: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    [&[flags, 0][..], &protocol.to_be_bytes(), &words, content].concat()
}

fn in_gre(gre: &[u8]) -> Vec<u8> {
    eth(&ipv4_with(47, 0, &[], gre))
}

fn in_udp(port: u16, content: &[u8]) -> Vec<u8> {
    eth(&ipv4_with(17, 0, &[], &udp(port, content)))
}

/// A VXLAN header with these flags and network 4096.
fn vxlan(flags: u8, next: u8, content: &[u8]) -> Vec<u8> {
    [&[flags, 0, 0, next, 0, 0x10, 0, 0][..], content].concat()
}

fn geneve(protocol: u16, options: &[u8], content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(options.len() / 4).unwrap();
    let [p0, p1] = protocol.to_be_bytes();
    [&[len, 0, p0, p1, 0, 0x10, 1, 0][..], options, content].concat()
}

/// Labels 100 and 200.
fn mpls(content: &[u8]) -> Vec<u8> {
    [&[0, 6, 0x40, 64, 0, 12, 0x81, 64][..], content].concat()
}

fn pppoe(protocol: &[u8], content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(protocol.len() + content.len()).unwrap().to_be_bytes();
    [&[0x11, 0, 0, 9, len[0], len[1]][..], protocol, content].concat()
}

fn erspan(header: &[u8], content: &[u8]) -> Vec<u8> {
    [header, content].concat()
}

/// What is wrapped, and what is noted on the way to it.
type Case = (&'static str, Vec<u8>, Vec<String>);

/// One packet per way in; each carries the same segment.
fn cases() -> Vec<Case> {
    let ip = ipv4(&tcp(b"GET /"));
    let frame = eth(&ip);
    let ip6 = ipv6(6, &tcp(b"GET /"));
    let tagged = [&frame[..12], &[0x81, 0, 0, 7], &frame[12..]].concat();
    let with = |name: &str| vec![format!("{name} {ENDS}")];
    let labels = || vec!["mpls 100".to_owned(), "mpls 200".to_owned()];
    let two = |a: &str, b: &str| vec![format!("{a} {ENDS}"), format!("{b} {ENDS}")];
    let type_ii = [0x10, 7, 0, 3, 0, 0, 0, 0];
    let type_iii = [0x20, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut subheader = type_iii.to_vec();
    subheader[11] |= 1;
    subheader.extend([0; 8]);
    let nsh = [&[0, 2, 1, 3, 0, 0, 9, 255][..], &frame].concat();
    vec![
        ("mpls", ethernet(&[0x88, 0x47], &mpls(&ip)), labels()),
        ("mpls, IPv6", ethernet(&[0x88, 0x48], &mpls(&ip6)), labels()),
        ("pseudowire", ethernet(&[0x88, 0x47], &mpls(&frame)), labels()),
        (
            "pseudowire of a tagged frame",
            ethernet(&[0x88, 0x47], &mpls(&tagged)),
            [labels(), vec!["vlan 7".to_owned()]].concat(),
        ),
        (
            "pseudowire with a control word",
            ethernet(&[0x88, 0x47], &mpls(&[&[0, 0, 0, 1][..], &frame].concat())),
            labels(),
        ),
        (
            "pseudowire whose address begins like IPv4",
            ethernet(&[0x88, 0x47], &mpls(&[&[0x44][..], &frame[1..]].concat())),
            labels(),
        ),
        (
            "pseudowire of PPPoE",
            ethernet(&[0x88, 0x47], &mpls(&ethernet(&[0x88, 0x64], &pppoe(&[0, 0x21], &ip)))),
            [labels(), vec!["pppoe 9".into()]].concat(),
        ),
        (
            "pseudowire of a provider backbone",
            ethernet(
                &[0x88, 0x47],
                &mpls(&ethernet(&[0x88, 0xe7], &[&[0, 0, 1, 1][..], &frame].concat())),
            ),
            [labels(), vec!["pbb 257".into()]].concat(),
        ),
        ("mpls in UDP", in_udp(6635, &mpls(&ip)), two("mpls 100", "mpls 200")),
        ("mpls in IP", eth(&ipv4_with(137, 0, &[], &mpls(&ip))), two("mpls 100", "mpls 200")),
        ("pppoe", ethernet(&[0x88, 0x64], &pppoe(&[0, 0x21], &ip)), vec!["pppoe 9".into()]),
        (
            "pppoe with padding",
            ethernet(&[0x88, 0x64], &[pppoe(&[0x57], &ip6), vec![0; 30]].concat()),
            vec!["pppoe 9".into()],
        ),
        ("gre", in_gre(&gre(0, 0x0800, &[], &ip)), with("gre")),
        ("gre with everything", in_gre(&gre(0xb0, 0x86dd, &[0, 77, 1], &ip6)), with("gre 77")),
        (
            "gre with a route",
            in_gre(&gre(0x40, 0x0800, &[0, 0x0800_0004, 0x0a00_0003, 0], &ip)),
            with("gre"),
        ),
        ("gre in UDP", in_udp(4754, &gre(0, 0x0800, &[], &ip)), with("gre")),
        ("gre, WCCP", in_gre(&gre(0, 0x883e, &[1], &ip)), with("gre")),
        ("nvgre", in_gre(&gre(0x20, 0x6558, &[0x0010_0203], &frame)), with("nvgre 4098")),
        (
            "pptp",
            in_gre(
                &[&[0x30, 1, 0x88, 0x0b, 0, 80, 0, 5, 0, 0, 0, 1, 0xff, 3, 0x21][..], &ip].concat(),
            ),
            with("pptp 5"),
        ),
        ("erspan I", in_gre(&gre(0, 0x88be, &[], &frame)), two("gre", "erspan")),
        (
            "erspan II",
            in_gre(&gre(0x10, 0x88be, &[1], &erspan(&type_ii, &frame))),
            [two("gre", "erspan 3"), vec!["vlan 7".into()]].concat(),
        ),
        (
            "erspan III",
            in_gre(&gre(0x10, 0x22eb, &[1], &erspan(&type_iii, &frame))),
            two("gre", "erspan 3"),
        ),
        (
            "erspan III with a subheader",
            in_gre(&gre(0x10, 0x22eb, &[1], &erspan(&subheader, &frame))),
            two("gre", "erspan 3"),
        ),
        ("vxlan", in_udp(4789, &vxlan(8, 0, &frame)), with("vxlan 4096")),
        ("vxlan of Linux", in_udp(8472, &vxlan(8, 0, &frame)), with("vxlan 4096")),
        ("vxlan with a policy", in_udp(4789, &vxlan(0x88, 7, &frame)), with("vxlan 4096")),
        ("vxlan-gpe, IPv6", in_udp(4790, &vxlan(0x0c, 2, &ip6)), with("vxlan 4096")),
        ("vxlan-gpe, nsh", in_udp(4790, &vxlan(0x0c, 4, &nsh)), two("vxlan 4096", "nsh 9")),
        ("geneve", in_udp(6081, &geneve(0x6558, &[], &frame)), with("geneve 4097")),
        ("geneve with options", in_udp(6081, &geneve(0x0800, &[1; 12], &ip)), with("geneve 4097")),
        ("4in4", eth(&ipv4_with(4, 0, &[], &ip)), with("4in4")),
        ("6in4", eth(&ipv4_with(41, 0, &[], &ip6)), with("6in4")),
        ("4in6", ethernet(&[0x86, 0xdd], &ipv6(4, &ip)), vec!["4in6 fd00::1>fd00::2".into()]),
        ("6in6", ethernet(&[0x86, 0xdd], &ipv6(41, &ip6)), vec!["6in6 fd00::1>fd00::2".into()]),
        (
            "etherip",
            eth(&ipv4_with(97, 0, &[], &[&[0x30, 0][..], &frame].concat())),
            with("etherip"),
        ),
        (
            "pbb",
            ethernet(&[0x88, 0xa8, 0, 100, 0x88, 0xe7], &[&[0, 0, 1, 1][..], &frame].concat()),
            vec!["vlan 100".into(), "pbb 257".into()],
        ),
        (
            "vntag",
            ethernet(&[0x89, 0x26], &[&[0, 1, 0, 5, 0x81, 0, 0, 7, 8, 0][..], &ip].concat()),
            vec!["vntag 5".into(), "vlan 7".into()],
        ),
    ]
}

#[test]
fn every_tunnel_leads_to_the_segment_and_is_noted() {
    for (name, packet, wrapped) in cases() {
        let found = decode(LinkType::ETHERNET, &packet).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(found.payload, b"GET /", "{name}");
        // ERSPAN is noted with the ends of the GRE that carries it; inner ends are never shown.
        assert_eq!(found.wrapped, wrapped, "{name}");
    }
}

#[test]
fn a_tunnel_cut_anywhere_has_a_reason() {
    for (name, packet, _) in cases() {
        for cut in 0..packet.len() {
            match decode_cut(LinkType::ETHERNET, &packet[..cut], packet.len()) {
                Ok(found) => assert!(b"GET /".starts_with(&found.payload), "{name} at {cut}"),
                Err(SkipReason::Malformed(reason) | SkipReason::Skipped(reason)) => {
                    assert!(reasons::ALL.contains(&reason), "{name} at {cut}: {reason}");
                }
                Err(other) => panic!("{name} at {cut}: {other:?}"),
            }
        }
    }
}

#[test]
fn tunnels_are_followed_to_a_depth_and_no_further() {
    let nested =
        |depth: usize| (0..depth).fold(ipv4(&tcp(b"x")), |inner, _| ipv4_with(4, 0, &[], &inner));
    assert_eq!(decode(LinkType::RAW, &nested(8)).unwrap().wrapped.len(), 8);
    let deeper = decode(LinkType::RAW, &nested(9)).unwrap_err();
    assert_eq!(deeper, SkipReason::Skipped("tunnel-depth"));
    let packet = (0..200).fold(ipv4(&tcp(b"x")), |inner, _| ipv4_with(4, 0, &[], &inner));
    assert_eq!(decode(LinkType::RAW, &packet).unwrap_err(), SkipReason::Skipped("tunnel-depth"));
}

#[test]
fn tunnels_nest_in_any_order() {
    let frame = eth(&ipv4(&tcp(b"GET /")));
    let overlay = in_udp(4789, &vxlan(8, 0, &ethernet(&[0x81, 0, 0, 9], &frame[12..])));
    let mirror = in_gre(&gre(0x10, 0x88be, &[1], &erspan(&[0x10, 0, 0, 3, 0, 0, 0, 0], &overlay)));
    let found = decode(LinkType::ETHERNET, &mirror).unwrap();
    let names = ["gre", "erspan 3", "vxlan 4096", "vlan 9"];
    assert!(found.wrapped.iter().zip(names).all(|(is, name)| is.starts_with(name)), "{found:?}");
    assert_eq!(found.wrapped.len(), 4);
}

#[test]
fn only_what_names_a_virtual_network_is_part_of_a_flow() {
    let separates = ["vxlan", "geneve", "pbb"];
    for (name, packet, wrapped) in cases() {
        let found = decode(LinkType::ETHERNET, &packet).unwrap();
        let expected = wrapped.iter().any(|w| separates.iter().any(|s| w.starts_with(s)));
        assert_eq!(found.network != 0, expected, "{name}");
    }
    // Mirrors that look like NVGRE have another number for each direction.
    let frame = eth(&ipv4(&tcp(b"x")));
    let network = |packet: &[u8]| decode(LinkType::ETHERNET, packet).unwrap().network;
    let nvgre = |key| network(&in_gre(&gre(0x20, 0x6558, &[key], &frame)));
    assert_eq!(nvgre(0x0010_0203), nvgre(0x0010_0204));
    assert_eq!(nvgre(0x0200_0000), nvgre(0));
}

#[test]
fn what_only_shares_a_port_with_a_tunnel_is_udp() {
    let frame = eth(&ipv4(&tcp(b"x")));
    let dns =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\0\0\x01\0\x01";
    for port in [4754, 4789, 4790, 6081, 6635, 8472] {
        for content in [&dns[..], b"", b"x", b"hello, world, this is no tunnel at all", &[0xff; 40]]
        {
            let packet = in_udp(port, content);
            let error = decode(LinkType::ETHERNET, &packet).unwrap_err();
            assert_eq!(error, SkipReason::Skipped("udp"), "{port} {content:02x?}");
        }
    }
    // A reserved bit does not hide a frame.
    let mut odd = vxlan(8, 0, &frame);
    odd[7] = 1;
    assert!(decode(LinkType::ETHERNET, &in_udp(4789, &odd)).is_ok());
    // Not the port of a tunnel.
    let error = decode(LinkType::ETHERNET, &in_udp(4788, &vxlan(8, 0, &frame))).unwrap_err();
    assert_eq!(error, SkipReason::Skipped("udp"));
}

#[test]
fn what_a_tunnel_carries_beside_traffic_has_its_reason() {
    use SkipReason::{Malformed, Skipped};
    let arp = ethernet(&[8, 6], &[0; 46]);
    let cases = [
        (Skipped("arp"), in_udp(4789, &vxlan(8, 0, &arp))),
        (Skipped("vxlan"), in_udp(4790, &vxlan(0x0c, 9, &arp))),
        (Skipped("vxlan"), in_udp(4790, &vxlan(0x0d, 3, &arp))),
        (Skipped("geneve"), in_udp(6081, &[&[0, 0x80, 0x65, 0x58, 0, 0, 1, 0][..], &arp].concat())),
        (Malformed("geneve-header"), in_udp(6081, &[0x3f, 0, 0x65, 0x58, 0, 0, 1, 0])),
        (Skipped("gre"), in_gre(&gre(0, 0, &[], b""))),
        (Skipped("gre"), in_gre(&[0x20, 1, 0x88, 0x0b, 0, 0, 0, 5])),
        (Skipped("gre"), in_gre(&[0, 2, 8, 0])),
        (Malformed("gre-header"), in_gre(&[0xb0, 0, 8, 0, 0, 0])),
        (Skipped("erspan"), in_gre(&gre(0x10, 0x88be, &[1], &[0x50; 60]))),
        (Skipped("ethertype"), in_gre(&gre(0, 0x4321, &[], &[0; 60]))),
        (Skipped("ppp"), ethernet(&[0x88, 0x64], &pppoe(&[0xc0, 0x21], &[1, 1, 0, 4]))),
        (Malformed("ppp-header"), ethernet(&[0x88, 0x64], &pppoe(&[], &[]))),
        (Skipped("mpls"), ethernet(&[0x88, 0x47], &mpls(&[0x10, 0, 0, 0x21, 1, 2]))),
        (Malformed("mpls-header"), ethernet(&[0x88, 0x47], &[0; 80])),
        (Malformed("etherip-header"), eth(&ipv4_with(97, 0, &[], &[0x20; 60]))),
        (Malformed("ipv6-header"), eth(&ipv4_with(41, 0, &[], &ipv4(&tcp(b"x"))))),
    ];
    for (expected, packet) in cases {
        assert_eq!(decode(LinkType::ETHERNET, &packet).unwrap_err(), expected, "{packet:02x?}");
    }
}

#[test]
fn ppp_is_read_with_and_without_framing() {
    let ip = ipv4(&tcp(b"x"));
    for head in [&[0xff, 3, 0, 0x21][..], &[0xff, 3, 0x21], &[0, 0x21], &[0x21]] {
        assert!(decode(LinkType(9), &[head, &ip].concat()).is_ok(), "{head:02x?}");
    }
}

#[test]
fn a_jumbo_frame_is_like_any_other() {
    let payload = vec![b'x'; 8900];
    let found =
        decode(LinkType::ETHERNET, &in_udp(4789, &vxlan(8, 0, &eth(&ipv4(&tcp(&payload))))));
    assert_eq!(found.unwrap().payload.len(), 8900);
}

proptest! {
    #[test]
    fn any_bytes_behind_any_carrier_are_accounted_for(
        carrier in 0usize..18,
        content in proptest::collection::vec(
            prop_oneof![
                any::<u8>(),
                prop::sample::select(vec![0u8, 1, 4, 8, 0x0c, 0x10, 0x20, 0x30, 0x45, 0x60]),
            ],
            0..120,
        ),
        missing in 0usize..50,
    ) {
        let protocols = [4u8, 41, 47, 97, 137];
        let ports = [4754u16, 4789, 4790, 6081, 6635];
        let types = [0x8847u16, 0x8864, 0x88e7, 0x8926, 0x894f, 0x8100, 0x88be, 0x22eb];
        let packet = match carrier {
            n @ 0..5 => eth(&ipv4_with(protocols[n], 0, &[], &content)),
            n @ 5..10 => in_udp(ports[n - 5], &content),
            n => in_gre(&gre(0x10, types[n - 10], &[1], &content)),
        };
        match decode_cut(LinkType::ETHERNET, &packet, packet.len() + missing) {
            Ok(found) => prop_assert!(found.payload.len() <= found.wire_payload_len as usize),
            Err(SkipReason::Skipped(reason) | SkipReason::Malformed(reason)) => {
                prop_assert!(reasons::ALL.contains(&reason));
            }
            Err(SkipReason::Held) => {}
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
