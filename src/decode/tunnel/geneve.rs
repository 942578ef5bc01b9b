//! GENEVE (RFC 8926).

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::{Layer, SkipReason};

use super::carried::{Carried, Carrier, Opened, Tunnel};
use super::guess::seems;

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::UdpPort(6081)], open };

const LEN: usize = 8;
const CUT: SkipReason = SkipReason::Malformed(reasons::GENEVE_HEADER);

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let view = carried.view;
    if view.wire_len() < LEN || view.u8(0).is_some_and(|b| b >> 6 != 0) {
        return Ok(Opened::Foreign);
    }
    let &[lengths, flags, t0, t1, v0, v1, v2, reserved] =
        view.bytes().first_chunk::<LEN>().ok_or(CUT)?;
    let options_len = usize::from(lengths & 0x3f) * 4;
    let vni = u32::from_be_bytes([0, v0, v1, v2]);
    let content = match u16::from_be_bytes([t0, t1]) {
        0x6558 => Content::Ethernet,
        0x0800 => Content::Ipv4,
        0x86dd => Content::Ipv6,
        0..0x0600 => return Ok(Opened::Foreign),
        other => Content::EtherType(other),
    };
    let payload = view.after(LEN + options_len).ok_or(CUT)?;
    // What RFC 8926 reserves is zero; senders that think otherwise must carry something plausible.
    let regular = flags & 0x3f == 0 && reserved == 0;
    if !regular && !seems(content, payload) {
        return Ok(Opened::Foreign);
    }
    // A control packet carries no traffic.
    if flags & 0x80 != 0 {
        return Err(SkipReason::Skipped(reasons::GENEVE));
    }
    trail.note(Layer { separates: true, ..carried.layer("geneve", Some(vni)) });
    Ok(Opened::Carries(content, payload))
}
