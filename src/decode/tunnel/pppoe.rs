//! PPP over Ethernet (RFC 2516): sessions; discovery carries nothing.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::EtherType(0x8864)], open };

const LEN: usize = 6;
const CUT: SkipReason = SkipReason::Malformed(reasons::PPPOE_HEADER);

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let view = carried.view;
    let &[version_type, code, s0, s1, l0, l1] = view.bytes().first_chunk::<LEN>().ok_or(CUT)?;
    if version_type != 0x11 || code != 0 {
        return Err(CUT);
    }
    trail.note(carried.layer("pppoe", Some(u16::from_be_bytes([s0, s1]).into())));
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    let payload = view.after(LEN).ok_or(CUT)?;
    // Padding behind a short session packet is not PPP.
    Ok(Opened::Carries(Content::Ppp, payload.of_len(len)))
}
