//! GRE (RFC 2784, RFC 2890), NVGRE (RFC 7637), GRE in UDP (RFC 8086), and the enhanced GRE of PPTP
//! (RFC 2637 section 4.1).

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::{Layer, SkipReason};

use super::carried::{Carried, Carrier, Opened, Tunnel};
use super::guess::seems;

pub(super) const TUNNEL: Tunnel =
    Tunnel { carriers: &[Carrier::IpProtocol(47), Carrier::UdpPort(4754)], open };

const CUT: SkipReason = SkipReason::Malformed(reasons::GRE_HEADER);
const SKIPPED: SkipReason = SkipReason::Skipped(reasons::GRE);

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const RESERVED: u16 = 0x0778;

/// The protocol types that are no EtherTypes of packets.
const PPP: u16 = 0x880b;
const TRANSPARENT_BRIDGING: u16 = 0x6558;
const WCCP: u16 = 0x883e;
const ERSPAN_1_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let mut view = carried.view;
    let udp = matches!(carried.by, Carrier::UdpPort(_));
    let (Some(flags), Some(protocol)) = (view.be_u16(0), view.be_u16(2)) else {
        let shorter = udp && view.wire_len() < 4;
        return if shorter { Ok(Opened::Foreign) } else { Err(CUT) };
    };
    if udp && (flags & (RESERVED | ROUTING) != 0 || flags & 7 != 0) {
        return Ok(Opened::Foreign);
    }
    view = view.after(4).ok_or(CUT)?;
    match flags & 7 {
        0 => {}
        1 if protocol == PPP && flags & KEY != 0 => return enhanced(carried, flags, view, trail),
        _ => return Err(SKIPPED),
    }
    if flags & (CHECKSUM | ROUTING) != 0 {
        view = view.after(4).ok_or(CUT)?;
    }
    let key = if flags & KEY != 0 { Some(word(&mut view)?) } else { None };
    if flags & SEQUENCE != 0 {
        view = view.after(4).ok_or(CUT)?;
    }
    if flags & ROUTING != 0 {
        view = routes(view)?;
    }
    trail.note(layer(carried, protocol, key));
    if is_erspan_1(protocol, flags) {
        trail.note(carried.layer("erspan", None));
    }
    match payload(protocol, flags, view)? {
        Opened::Carries(content, view) if udp && !seems(content, view) => Ok(Opened::Foreign),
        opened => Ok(opened),
    }
}

/// A key does not separate networks: RFC 2890 leaves it to each end, so that the two directions of
/// a flow may carry different ones. Nor does the Virtual Subnet ID of NVGRE: the mirrors of VMware
/// look the same and put another number there for each direction.
fn layer(carried: &Carried<'_>, protocol: u16, key: Option<u32>) -> Layer {
    match key {
        Some(key) if protocol == TRANSPARENT_BRIDGING => carried.layer("nvgre", Some(key >> 8)),
        _ => carried.layer("gre", key),
    }
}

/// ERSPAN type I has no header, so no session either, and no sequence number by which it is told
/// from type II.
fn is_erspan_1(protocol: u16, flags: u16) -> bool {
    protocol == ERSPAN_1_2 && flags & SEQUENCE == 0
}

fn payload(protocol: u16, flags: u16, view: View<'_>) -> Result<Opened<'_>, SkipReason> {
    Ok(match protocol {
        // A keep-alive (Cisco): a GRE header that carries nothing.
        0 => return Err(SKIPPED),
        TRANSPARENT_BRIDGING => Opened::Carries(Content::Ethernet, view),
        ERSPAN_1_2 if is_erspan_1(protocol, flags) => Opened::Carries(Content::Ethernet, view),
        ERSPAN_1_2 | ERSPAN_3 => Opened::Carries(Content::EtherType(protocol), view),
        PPP => Opened::Carries(Content::Ppp, view),
        // WCCP version 2 puts a redirect header of four bytes before the packet.
        WCCP if view.u8(0).is_some_and(|b| b >> 4 != 4) => {
            Opened::Carries(Content::Ip, view.after(4).ok_or(CUT)?)
        }
        WCCP => Opened::Carries(Content::Ip, view),
        0x0800 => Opened::Carries(Content::Ipv4, view),
        0x86dd => Opened::Carries(Content::Ipv6, view),
        other => Opened::Carries(Content::EtherType(other), view),
    })
}

/// PPTP: the key is a payload length and the receiver's call number, the payload PPP.
fn enhanced<'a>(
    carried: &Carried<'a>,
    flags: u16,
    mut view: View<'a>,
    trail: &mut Trail,
) -> Result<Opened<'a>, SkipReason> {
    let key = word(&mut view)?;
    for bit in [SEQUENCE, ACKNOWLEDGMENT] {
        if flags & bit != 0 {
            view = view.after(4).ok_or(CUT)?;
        }
    }
    if flags & SEQUENCE == 0 {
        // An acknowledgment alone.
        return Err(SKIPPED);
    }
    trail.note(carried.layer("pptp", Some(key & 0xffff)));
    let len = usize::try_from(key >> 16).unwrap_or(0);
    Ok(Opened::Carries(Content::Ppp, view.of_len(len)))
}

/// Passes over source routes (RFC 1701): the last has neither family nor length.
fn routes(mut view: View<'_>) -> Result<View<'_>, SkipReason> {
    loop {
        let entry = word(&mut view)?;
        let len = usize::try_from(entry & 0xff).unwrap_or(0);
        view = view.after(len).ok_or(CUT)?;
        if entry >> 16 == 0 && len == 0 {
            return Ok(view);
        }
    }
}

fn word(view: &mut View<'_>) -> Result<u32, SkipReason> {
    let word = view.be_u32(0).ok_or(CUT)?;
    *view = view.after(4).ok_or(CUT)?;
    Ok(word)
}
