//! Ethernet in IP (RFC 3378).

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::IpProtocol(97)], open };

const CUT: SkipReason = SkipReason::Malformed(reasons::ETHERIP_HEADER);

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    // Version 3, and twelve bits that must be zero.
    if carried.view.be_u16(0) != Some(0x3000) {
        return Err(CUT);
    }
    trail.note(carried.layer("etherip", None));
    Ok(Opened::Carries(Content::Ethernet, carried.view.after(2).ok_or(CUT)?))
}
