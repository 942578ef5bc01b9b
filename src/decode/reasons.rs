//! Why a packet made no segment: the closed list of names users see in `coverage`.

use crate::model::{Reason, SkipReason};

/// ARP and RARP.
pub const ARP: Reason = "arp";
/// Wireless control and data between access point and controller (RFC 5415): not opened.
pub const CAPWAP: Reason = "capwap";
/// Cisco MetaData (EtherType 0x8909): not opened.
pub const CISCO_METADATA: Reason = "cisco-metadata";
/// ERSPAN of a version or with a content that is not followed.
pub const ERSPAN: Reason = "erspan";
/// An ERSPAN header that is cut.
pub const ERSPAN_HEADER: Reason = "erspan-header";
/// IPsec ESP: encrypted.
pub const ESP: Reason = "esp";
/// An Ethernet-in-IP header that is cut or contradicts RFC 3378.
pub const ETHERIP_HEADER: Reason = "etherip-header";
/// An EtherType that carries no IP, such as LLDP, EAPOL or PROFINET.
pub const ETHERTYPE: Reason = "ethertype";
/// A fragment of a datagram that never became whole.
pub const FRAGMENT_INCOMPLETE: Reason = "fragment-incomplete";
/// Shed: a fragment of a datagram that was given up because too much was held.
pub const FRAGMENT_MEMORY: Reason = "fragment-memory";
/// A GENEVE control packet.
pub const GENEVE: Reason = "geneve";
/// A GENEVE header that is cut, or whose options are.
pub const GENEVE_HEADER: Reason = "geneve-header";
/// GRE that carries no packet: keep-alives, acknowledgments, unknown versions.
pub const GRE: Reason = "gre";
/// A GRE header that is cut.
pub const GRE_HEADER: Reason = "gre-header";
/// GTP-U of mobile networks (3GPP TS 29.281): not opened.
pub const GTP: Reason = "gtp";
/// ICMP and ICMPv6.
pub const ICMP: Reason = "icmp";
/// A transport protocol that is not followed, such as IGMP, OSPF or VRRP.
pub const IP_PROTOCOL: Reason = "ip-protocol";
/// A fragment that no IPv4 datagram can have: empty, or beyond 65,535 bytes.
pub const IPV4_FRAGMENT: Reason = "ipv4-fragment";
/// Cut, not version 4, or shorter than its own length fields say.
pub const IPV4_HEADER: Reason = "ipv4-header";
/// Extension headers that are cut or more than are followed.
pub const IPV6_EXTENSION: Reason = "ipv6-extension";
/// A fragment that no IPv6 datagram can have: empty, of an odd length, or too far out.
pub const IPV6_FRAGMENT: Reason = "ipv6-fragment";
/// Cut, or not version 6.
pub const IPV6_HEADER: Reason = "ipv6-header";
/// L2TP, of version 2 (RFC 2661) or 3 (RFC 3931): not opened.
pub const L2TP: Reason = "l2tp";
/// A link-layer header that is cut.
pub const LINK_HEADER: Reason = "link-header";
/// A link type that is not decoded, such as Wi-Fi, Bluetooth or USB.
pub const LINK_TYPE: Reason = "link-type";
/// IEEE 802.2 LLC without IP: spanning tree, NetBIOS, IPX.
pub const LLC: Reason = "llc";
/// IEEE 802.1AE MACsec.
pub const MACSEC: Reason = "macsec";
/// MPLS that carries no packet: operation and maintenance.
pub const MPLS: Reason = "mpls";
/// A label stack that is cut, or deeper than is read.
pub const MPLS_HEADER: Reason = "mpls-header";
/// A network service header before something that is not followed.
pub const NSH: Reason = "nsh";
/// A network service header that is cut or contradicts itself.
pub const NSH_HEADER: Reason = "nsh-header";
/// An IEEE 802.1ah tag that is cut.
pub const PBB_HEADER: Reason = "pbb-header";
/// PPP control protocols; PPP that is compressed or encrypted.
pub const PPP: Reason = "ppp";
/// PPP that is cut.
pub const PPP_HEADER: Reason = "ppp-header";
/// PPPoE discovery.
pub const PPPOE: Reason = "pppoe";
/// A PPPoE header that is cut, or of another version.
pub const PPPOE_HEADER: Reason = "pppoe-header";
/// SCTP.
pub const SCTP: Reason = "sctp";
/// Ethernet behind a segment routing header (RFC 8986 section 9): not opened.
pub const SRV6_ETHERNET: Reason = "srv6-ethernet";
/// A TCP header that is cut, or whose length contradicts the packet's.
pub const TCP_HEADER: Reason = "tcp-header";
/// More nested tunnels than are followed.
pub const TUNNEL_DEPTH: Reason = "tunnel-depth";
/// TaZmen Sniffer Protocol, a mirror of access points: not opened.
pub const TZSP: Reason = "tzsp";
/// UDP that carries no tunnel: QUIC and DNS among it.
pub const UDP: Reason = "udp";
/// More nested VLAN tags than are undone.
pub const VLAN_DEPTH: Reason = "vlan-depth";
/// A virtual interface tag that is cut.
pub const VNTAG_HEADER: Reason = "vntag-header";
/// VXLAN that carries something that is not followed.
pub const VXLAN: Reason = "vxlan";
/// A VXLAN header that is cut.
pub const VXLAN_HEADER: Reason = "vxlan-header";

/// Every reason decoding gives, sorted by name.
pub const ALL: [Reason; 46] = [
    ARP,
    CAPWAP,
    CISCO_METADATA,
    ERSPAN,
    ERSPAN_HEADER,
    ESP,
    ETHERIP_HEADER,
    ETHERTYPE,
    FRAGMENT_INCOMPLETE,
    FRAGMENT_MEMORY,
    GENEVE,
    GENEVE_HEADER,
    GRE,
    GRE_HEADER,
    GTP,
    ICMP,
    IP_PROTOCOL,
    IPV4_FRAGMENT,
    IPV4_HEADER,
    IPV6_EXTENSION,
    IPV6_FRAGMENT,
    IPV6_HEADER,
    L2TP,
    LINK_HEADER,
    LINK_TYPE,
    LLC,
    MACSEC,
    MPLS,
    MPLS_HEADER,
    NSH,
    NSH_HEADER,
    PBB_HEADER,
    PPP,
    PPP_HEADER,
    PPPOE,
    PPPOE_HEADER,
    SCTP,
    SRV6_ETHERNET,
    TCP_HEADER,
    TUNNEL_DEPTH,
    TZSP,
    UDP,
    VLAN_DEPTH,
    VNTAG_HEADER,
    VXLAN,
    VXLAN_HEADER,
];

/// The reason for an EtherType that is not followed.
pub(super) fn of_ether_type(ether_type: u16) -> SkipReason {
    SkipReason::Skipped(match ether_type {
        0x0806 | 0x8035 => ARP,
        0x8863 => PPPOE,
        0x88e5 => MACSEC,
        0x8909 => CISCO_METADATA,
        _ => ETHERTYPE,
    })
}

/// The reason for an IP protocol number that is not followed.
pub(super) fn of_ip_protocol(protocol: u8) -> SkipReason {
    SkipReason::Skipped(match protocol {
        1 | 58 => ICMP,
        17 => UDP,
        50 => ESP,
        115 => L2TP,
        132 => SCTP,
        143 => SRV6_ETHERNET,
        _ => IP_PROTOCOL,
    })
}

/// The reason for a UDP port to which no tunnel goes that is opened.
pub(super) fn of_udp_port(port: u16) -> SkipReason {
    SkipReason::Skipped(match port {
        1701 => L2TP,
        2152 => GTP,
        5246 | 5247 => CAPWAP,
        37_008 => TZSP,
        _ => UDP,
    })
}
