//! Link-layer headers: Ethernet with VLAN tags, Linux cooked captures, loopback, raw IP, Cisco
//! HDLC. Numbers and layouts: <https://www.tcpdump.org/linktypes.html>.

use crate::base::limits::VLAN_DEPTH_MAX;
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::{Encapsulation, LinkType, SkipReason};

/// What the link layer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Said by an EtherType.
    Ipv4,
    /// Said by an EtherType.
    Ipv6,
    /// IP, of the version its first four bits tell.
    Ip,
}

const CUT: SkipReason = SkipReason::Malformed(reasons::LINK_HEADER);

/// Removes the link-layer header and the VLAN tags, which are noted in `encapsulation`.
#[inline]
pub(super) fn strip<'a>(
    link: LinkType,
    frame: View<'a>,
    encapsulation: &mut Encapsulation,
) -> Result<(Content, View<'a>), SkipReason> {
    match link {
        LinkType::ETHERNET => typed(frame, 12, encapsulation),
        LinkType::LINUX_SLL => cooked(frame, 14, 16, encapsulation),
        LinkType::LINUX_SLL2 => cooked(frame, 0, 20, encapsulation),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 | LinkType(12 | 14) => {
            Ok((Content::Ip, frame))
        }
        LinkType::NULL | LinkType::LOOP => loopback(frame),
        // Cisco HDLC: address, control, EtherType.
        LinkType(104) => typed(frame, 2, encapsulation),
        _ => Err(SkipReason::Skipped(reasons::LINK_TYPE)),
    }
}

/// A header that ends with an EtherType at `type_at`: IEEE 802.3, or 802.2 where the number is a
/// length.
#[inline]
fn typed<'a>(
    frame: View<'a>,
    type_at: usize,
    encapsulation: &mut Encapsulation,
) -> Result<(Content, View<'a>), SkipReason> {
    let ether_type = be_u16(frame, type_at).ok_or(CUT)?;
    let rest = frame.after(type_at + 2).ok_or(CUT)?;
    ether(ether_type, rest, encapsulation)
}

/// Linux cooked capture: a pseudo header of `len` bytes with the protocol at `type_at`.
fn cooked<'a>(
    frame: View<'a>,
    type_at: usize,
    len: usize,
    encapsulation: &mut Encapsulation,
) -> Result<(Content, View<'a>), SkipReason> {
    let protocol = be_u16(frame, type_at).ok_or(CUT)?;
    let rest = frame.after(len).ok_or(CUT)?;
    match protocol {
        // Linux's ETH_P_802_2: an LLC header follows.
        0x0004 => llc(rest, encapsulation),
        // Linux's other numbers below 1536 (CAN, Novell, …) are no EtherTypes.
        0..0x0600 => Err(SkipReason::Skipped(reasons::ETHERTYPE)),
        _ => ether(protocol, rest, encapsulation),
    }
}

/// What an EtherType announces. VLAN tags (IEEE 802.1Q, 802.1ad, and the numbers used before
/// 802.1ad) are undone; tag 0 only carries a priority and is not noted.
#[inline]
fn ether<'a>(
    mut ether_type: u16,
    mut rest: View<'a>,
    encapsulation: &mut Encapsulation,
) -> Result<(Content, View<'a>), SkipReason> {
    for _ in 0..=VLAN_DEPTH_MAX {
        match ether_type {
            0x0800 => return Ok((Content::Ipv4, rest)),
            0x86dd => return Ok((Content::Ipv6, rest)),
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                let tag = be_u16(rest, 0).ok_or(CUT)?;
                ether_type = be_u16(rest, 2).ok_or(CUT)?;
                rest = rest.after(4).ok_or(CUT)?;
                if tag & 0x0fff != 0 {
                    encapsulation.vlans.push(tag & 0x0fff);
                }
            }
            0..0x0600 => return llc(rest, encapsulation),
            other => return Err(reasons::of_ether_type(other)),
        }
    }
    Err(SkipReason::Malformed(reasons::VLAN_DEPTH))
}

/// IEEE 802.2 LLC: IP only behind SNAP with an Ethernet protocol id (RFC 1042).
fn llc<'a>(
    rest: View<'a>,
    encapsulation: &mut Encapsulation,
) -> Result<(Content, View<'a>), SkipReason> {
    const SNAP_ETHERNET: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];
    let skipped = SkipReason::Skipped(reasons::LLC);
    if !rest.bytes().starts_with(&SNAP_ETHERNET) {
        return Err(skipped);
    }
    let ether_type = be_u16(rest, 6).ok_or(CUT)?;
    if ether_type < 0x0600 {
        return Err(skipped);
    }
    ether(ether_type, rest.after(8).ok_or(CUT)?, encapsulation)
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

#[inline]
fn be_u16(view: View<'_>, at: usize) -> Option<u16> {
    let bytes = view.bytes().get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*bytes))
}
