//! Network service header (RFC 8300): the path through a chain of network functions.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::EtherType(0x894f)], open };

const LEN_MIN: usize = 8;
const CUT: SkipReason = SkipReason::Malformed(reasons::NSH_HEADER);

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let view = carried.view;
    let &[b0, b1, _, next, p0, p1, p2, _] = view.bytes().first_chunk::<LEN_MIN>().ok_or(CUT)?;
    let len = usize::from(b1 & 0x3f) * 4;
    if b0 >> 6 != 0 || len < LEN_MIN {
        return Err(CUT);
    }
    let skipped = SkipReason::Skipped(reasons::NSH);
    let content = match next {
        _ if b0 & 0x20 != 0 => return Err(skipped),
        1 => Content::Ipv4,
        2 => Content::Ipv6,
        3 => Content::Ethernet,
        4 => Content::EtherType(0x894f),
        5 => Content::EtherType(0x8847),
        _ => return Err(skipped),
    };
    trail.note(carried.layer("nsh", Some(u32::from_be_bytes([0, p0, p1, p2]))));
    Ok(Opened::Carries(content, view.after(len).ok_or(CUT)?))
}
