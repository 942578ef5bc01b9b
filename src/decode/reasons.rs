//! Why a packet made no segment: the closed list of names users see in `coverage`.

use crate::model::{Reason, SkipReason};

/// ARP and RARP.
pub const ARP: Reason = "arp";
/// An EtherType that carries no IP, such as LLDP, EAPOL or PROFINET.
pub const ETHERTYPE: Reason = "ethertype";
/// IPsec ESP: encrypted.
pub const ESP: Reason = "esp";
/// A GRE tunnel.
pub const GRE: Reason = "gre";
/// ICMP and ICMPv6.
pub const ICMP: Reason = "icmp";
/// IPv4 or IPv6 inside IP.
pub const IP_IN_IP: Reason = "ip-in-ip";
/// A transport protocol that is not followed, such as IGMP, OSPF or VRRP.
pub const IP_PROTOCOL: Reason = "ip-protocol";
/// A fragment of an IPv4 packet that carries TCP.
pub const IPV4_FRAGMENT: Reason = "ipv4-fragment";
/// Cut, not version 4, or shorter than its own length fields say.
pub const IPV4_HEADER: Reason = "ipv4-header";
/// Extension headers that are cut or more than are followed.
pub const IPV6_EXTENSION: Reason = "ipv6-extension";
/// A fragment of an IPv6 packet that may carry TCP.
pub const IPV6_FRAGMENT: Reason = "ipv6-fragment";
/// Cut, or not version 6.
pub const IPV6_HEADER: Reason = "ipv6-header";
/// A link-layer header that is cut.
pub const LINK_HEADER: Reason = "link-header";
/// A link type that is not decoded, such as Wi-Fi, Bluetooth or USB.
pub const LINK_TYPE: Reason = "link-type";
/// IEEE 802.2 LLC without IP: spanning tree, NetBIOS, IPX.
pub const LLC: Reason = "llc";
/// IEEE 802.1AE MACsec.
pub const MACSEC: Reason = "macsec";
/// MPLS labels.
pub const MPLS: Reason = "mpls";
/// PPP over Ethernet.
pub const PPPOE: Reason = "pppoe";
/// SCTP.
pub const SCTP: Reason = "sctp";
/// A TCP header that is cut, or whose length contradicts the packet's.
pub const TCP_HEADER: Reason = "tcp-header";
/// UDP, QUIC and DNS among it.
pub const UDP: Reason = "udp";
/// More nested VLAN tags than are undone.
pub const VLAN_DEPTH: Reason = "vlan-depth";

/// Every reason decoding gives, sorted by name.
pub const ALL: [Reason; 22] = [
    ARP,
    ESP,
    ETHERTYPE,
    GRE,
    ICMP,
    IP_IN_IP,
    IP_PROTOCOL,
    IPV4_FRAGMENT,
    IPV4_HEADER,
    IPV6_EXTENSION,
    IPV6_FRAGMENT,
    IPV6_HEADER,
    LINK_HEADER,
    LINK_TYPE,
    LLC,
    MACSEC,
    MPLS,
    PPPOE,
    SCTP,
    TCP_HEADER,
    UDP,
    VLAN_DEPTH,
];

/// The reason for an EtherType that is not followed.
pub(super) fn of_ether_type(ether_type: u16) -> SkipReason {
    SkipReason::Skipped(match ether_type {
        0x0806 | 0x8035 => ARP,
        0x8847 | 0x8848 => MPLS,
        0x8863 | 0x8864 => PPPOE,
        0x88e5 => MACSEC,
        _ => ETHERTYPE,
    })
}

/// The reason for an IP protocol number that is not followed.
pub(super) fn of_ip_protocol(protocol: u8) -> SkipReason {
    SkipReason::Skipped(match protocol {
        1 | 58 => ICMP,
        4 | 41 => IP_IN_IP,
        17 => UDP,
        47 => GRE,
        50 => ESP,
        132 => SCTP,
        _ => IP_PROTOCOL,
    })
}
