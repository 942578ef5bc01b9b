//! VXLAN (RFC 7348), with group policy (draft-smith-vxlan-group-policy) and protocol extension
//! (draft-ietf-nvo3-vxlan-gpe). AWS traffic mirroring is VXLAN on the usual port.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::{Layer, SkipReason};

use super::carried::{Carried, Carrier, Opened, Tunnel};
use super::guess::{seems_ethernet, seems_ip_of};

const GPE_PORT: u16 = 4790;

pub(super) const TUNNEL: Tunnel = Tunnel {
    // 8472 is what Linux used before the port was assigned, and what its overlays still use.
    carriers: &[Carrier::UdpPort(4789), Carrier::UdpPort(8472), Carrier::UdpPort(GPE_PORT)],
    open,
};

const LEN: usize = 8;
const CUT: SkipReason = SkipReason::Malformed(reasons::VXLAN_HEADER);

/// The VNI is valid.
const INSTANCE: u8 = 0x08;
const GROUP_POLICY: u8 = 0x80;
const NEXT_PROTOCOL: u8 = 0x04;
const OAM: u8 = 0x01;

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let view = carried.view;
    let Some(payload) = view.after(LEN) else { return Ok(Opened::Foreign) };
    let Some(&flags) = view.bytes().first() else { return Err(CUT) };
    if flags & INSTANCE == 0 {
        return Ok(Opened::Foreign);
    }
    let &[_, r0, r1, next, v0, v1, v2, r2] = view.bytes().first_chunk::<LEN>().ok_or(CUT)?;
    // On a port that says nothing the bits do, where IP of the version they name follows.
    let extended = [flags, r0, r1] == [INSTANCE | NEXT_PROTOCOL, 0, 0]
        && matches!(next, 1 | 2)
        && seems_ip_of(if next == 1 { 4 } else { 6 }, payload);
    let gpe = carried.by == Carrier::UdpPort(GPE_PORT) || extended;
    // What RFC 7348 reserves is zero; senders that think otherwise must carry something plausible.
    let reserved = if gpe { 0xc0 } else { !(INSTANCE | GROUP_POLICY) };
    let policy = flags & GROUP_POLICY != 0;
    let regular = flags & reserved == 0 && r2 == 0 && (gpe || policy || [r0, r1, next] == [0; 3]);
    if !regular && !seems_ethernet(payload) {
        return Ok(Opened::Foreign);
    }
    let vni = u32::from_be_bytes([0, v0, v1, v2]);
    trail.note(Layer { separates: true, ..carried.layer("vxlan", Some(vni)) });
    if !gpe || flags & NEXT_PROTOCOL == 0 {
        return Ok(Opened::Carries(Content::Ethernet, payload));
    }
    let skipped = SkipReason::Skipped(reasons::VXLAN);
    Ok(match next {
        _ if flags & OAM != 0 => return Err(skipped),
        1 => Opened::Carries(Content::Ipv4, payload),
        2 => Opened::Carries(Content::Ipv6, payload),
        3 => Opened::Carries(Content::Ethernet, payload),
        4 => Opened::Carries(Content::EtherType(0x894f), payload),
        5 => Opened::Carries(Content::EtherType(0x8847), payload),
        _ => return Err(skipped),
    })
}
