//! Link-layer headers: Ethernet with VLAN tags, Linux cooked captures, loopback, raw IP, PPP, Cisco
//! HDLC. Numbers and layouts: <https://www.tcpdump.org/linktypes.html>.

use crate::base::limits::VLAN_DEPTH_MAX;
use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::{LinkType, SkipReason};

const CUT: SkipReason = SkipReason::Malformed(reasons::LINK_HEADER);

/// Removes the link-layer header and the VLAN tags, which are noted in `trail`.
#[inline]
pub(super) fn strip<'a>(
    link: LinkType,
    frame: View<'a>,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    match link {
        LinkType::ETHERNET => typed(frame, 12, trail),
        LinkType::LINUX_SLL => cooked(frame, 14, 16, trail),
        LinkType::LINUX_SLL2 => cooked(frame, 0, 20, trail),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 | LinkType(12 | 14) => {
            Ok((Content::Ip, frame))
        }
        LinkType::NULL | LinkType::LOOP => loopback(frame),
        // PPP, with or without HDLC-like framing.
        LinkType(9 | 50) => Ok((Content::Ppp, frame)),
        // Cisco HDLC: address, control, EtherType.
        LinkType(104) => typed(frame, 2, trail),
        _ => Err(SkipReason::Skipped(reasons::LINK_TYPE)),
    }
}

/// An Ethernet frame inside a tunnel.
pub(super) fn ethernet<'a>(
    frame: View<'a>,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    typed(frame, 12, trail)
}

/// A header that ends with an EtherType at `type_at`: IEEE 802.3, or 802.2 where the number is a
/// length.
#[inline]
fn typed<'a>(
    frame: View<'a>,
    type_at: usize,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    let ether_type = frame.be_u16(type_at).ok_or(CUT)?;
    let rest = frame.after(type_at + 2).ok_or(CUT)?;
    ether(ether_type, rest, trail)
}

/// Linux cooked capture: a pseudo header of `len` bytes with the protocol at `type_at`.
fn cooked<'a>(
    frame: View<'a>,
    type_at: usize,
    len: usize,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    let protocol = frame.be_u16(type_at).ok_or(CUT)?;
    let rest = frame.after(len).ok_or(CUT)?;
    match protocol {
        // Linux's ETH_P_802_2: an LLC header follows.
        0x0004 => llc(rest, trail),
        // Linux's other numbers below 1536 (CAN, Novell, …) are no EtherTypes.
        0..0x0600 => Err(SkipReason::Skipped(reasons::ETHERTYPE)),
        _ => ether(protocol, rest, trail),
    }
}

/// What an EtherType announces. VLAN tags (IEEE 802.1Q, 802.1ad, and the numbers used before
/// 802.1ad) are undone; tag 0 only carries a priority and is not noted.
#[inline]
pub(super) fn ether<'a>(
    mut ether_type: u16,
    mut rest: View<'a>,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    for _ in 0..=VLAN_DEPTH_MAX {
        match ether_type {
            0x0800 => return Ok((Content::Ipv4, rest)),
            0x86dd => return Ok((Content::Ipv6, rest)),
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                let tag = rest.be_u16(0).ok_or(CUT)?;
                ether_type = rest.be_u16(2).ok_or(CUT)?;
                rest = rest.after(4).ok_or(CUT)?;
                if tag & 0x0fff != 0 {
                    trail.vlan(tag & 0x0fff);
                }
            }
            0..0x0600 => return llc(rest, trail),
            other => return Ok((Content::EtherType(other), rest)),
        }
    }
    Err(SkipReason::Malformed(reasons::VLAN_DEPTH))
}

/// IEEE 802.2 LLC: IP by its own number (RFC 948), or behind SNAP with the organisation code of
/// EtherTypes (RFC 1042) or of bridged ones (IEEE 802.1H).
fn llc<'a>(rest: View<'a>, trail: &mut Trail) -> Result<(Content, View<'a>), SkipReason> {
    let skipped = SkipReason::Skipped(reasons::LLC);
    let &[dsap, ssap, control] = rest.bytes().first_chunk::<3>().ok_or(CUT)?;
    match (dsap, ssap, control) {
        (0x06, 0x06, 0x03) => return Ok((Content::Ipv4, rest.after(3).ok_or(CUT)?)),
        (0xaa, 0xaa, 0x03) => {}
        _ => return Err(skipped),
    }
    let organisation = rest.bytes().get(3..6).ok_or(CUT)?;
    if !matches!(organisation, [0, 0, 0 | 0xf8]) {
        return Err(skipped);
    }
    let ether_type = rest.be_u16(6).ok_or(CUT)?;
    if ether_type < 0x0600 {
        return Err(skipped);
    }
    ether(ether_type, rest.after(8).ok_or(CUT)?, trail)
}

/// BSD loopback: the address family in the byte order of whoever captured (`NULL`) or of the
/// network (`LOOP`), and in each system's own number for IPv6.
fn loopback(frame: View<'_>) -> Result<(Content, View<'_>), SkipReason> {
    let family = frame.bytes().first_chunk::<4>().ok_or(CUT)?;
    let rest = frame.after(4).ok_or(CUT)?;
    let family = u32::from_be_bytes(*family).min(u32::from_le_bytes(*family));
    match family {
        2 => Ok((Content::Ipv4, rest)),
        // Linux 10, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30.
        10 | 24 | 28 | 30 => Ok((Content::Ipv6, rest)),
        _ => Err(SkipReason::Skipped(reasons::ETHERTYPE)),
    }
}
