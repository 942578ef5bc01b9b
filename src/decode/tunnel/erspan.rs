//! ERSPAN types II and III (draft-foschiano-erspan-03), carried by GRE. Type I has no header.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel =
    Tunnel { carriers: &[Carrier::EtherType(0x88be), Carrier::EtherType(0x22eb)], open };

const CUT: SkipReason = SkipReason::Malformed(reasons::ERSPAN_HEADER);
const TYPE_II_LEN: usize = 8;
const TYPE_III_LEN: usize = 12;
const SUBHEADER_LEN: usize = 8;

/// A session is a mirror, not a network: it is no part of a flow's identity.
fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let view = carried.view;
    let word = view.be_u32(0).ok_or(CUT)?;
    let session = word & 0x3ff;
    let (len, content) = match word >> 28 {
        1 => (TYPE_II_LEN, Content::Ethernet),
        2 => {
            let last = view.be_u16(TYPE_III_LEN - 2).ok_or(CUT)?;
            let subheader = if last & 1 != 0 { SUBHEADER_LEN } else { 0 };
            let content = match last >> 10 & 0x1f {
                0 => Content::Ethernet,
                2 => Content::Ip,
                _ => return Err(SkipReason::Skipped(reasons::ERSPAN)),
            };
            (TYPE_III_LEN + subheader, content)
        }
        _ => return Err(SkipReason::Skipped(reasons::ERSPAN)),
    };
    trail.note(carried.layer("erspan", Some(session)));
    let payload = view.after(len).ok_or(CUT)?;
    let vlan = u16::try_from(word >> 16 & 0x0fff).unwrap_or(0);
    // The mirrored frame's VLAN stands here where the mirror took the tag off the frame.
    let tagged = matches!(payload.be_u16(12), Some(0x8100 | 0x88a8 | 0x9100 | 0x9200));
    if vlan != 0 && !tagged {
        trail.vlan(vlan);
    }
    Ok(Opened::Carries(content, payload))
}
