//! Telling what follows a header that does not say it.

use crate::decode::content::Content;
use crate::decode::view::View;

/// Whether the bytes could be what a header says they are. What cannot be told is believed.
pub(in crate::decode) fn seems(content: Content, view: View<'_>) -> bool {
    match content {
        Content::Ethernet => seems_ethernet(view),
        Content::Ip | Content::Ipv4 | Content::Ipv6 => seems_ip(view),
        Content::EtherType(_) | Content::Ppp => !view.bytes().is_empty(),
    }
}

/// Whether the bytes could be an IPv4 or IPv6 packet: version, and lengths that fit. Bytes that
/// were not captured speak for it.
pub(super) fn seems_ip(view: View<'_>) -> bool {
    let fits = |len: Option<u16>, head: usize, least: usize| {
        len.is_none_or(|len| {
            let len = usize::from(len) + head;
            len == head || (least..=view.wire_len()).contains(&len)
        })
    };
    match view.u8(0).map(|b| (b >> 4, usize::from(b & 0x0f) * 4)) {
        Some((4, header_len)) => header_len >= 20 && fits(view.be_u16(2), 0, header_len),
        Some((6, _)) => fits(view.be_u16(4), 40, 40),
        Some(_) => false,
        None => view.wire_len() >= 20,
    }
}

/// The same of one version.
pub(in crate::decode) fn seems_ip_of(version: u8, view: View<'_>) -> bool {
    seems_ip(view) && view.u8(0).is_none_or(|b| b >> 4 == version)
}

/// Whether the bytes could be an Ethernet frame: an EtherType that is used, and under IP's the
/// right version. Bytes that were not captured speak for it.
pub(super) fn seems_ethernet(view: View<'_>) -> bool {
    const HEADER: usize = 14;
    let Some(rest) = view.after(HEADER) else { return false };
    let version = rest.u8(0).map(|b| b >> 4);
    match view.be_u16(HEADER - 2) {
        Some(0x0800) => version.is_none_or(|v| v == 4),
        Some(0x86dd) => version.is_none_or(|v| v == 6),
        Some(len @ 0..0x0600) => (3..=rest.wire_len()).contains(&usize::from(len)),
        // ARP, RARP, VLAN tags, MPLS, PPPoE, EAPOL, PBB, MACsec, LLDP.
        Some(0x0806 | 0x8035 | 0x8100 | 0x88a8 | 0x8847 | 0x8848 | 0x8863 | 0x8864) => true,
        Some(0x888e | 0x88e7 | 0x88e5 | 0x88cc | 0x9100 | 0x9200) => true,
        Some(_) => false,
        None => true,
    }
}
