//! The tag of Cisco fabric extenders (IEEE 802.1BR's forerunner): which virtual interface.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::EtherType(0x8926)], open };

const LEN: usize = 6;
const CUT: SkipReason = SkipReason::Malformed(reasons::VNTAG_HEADER);

/// Direction, pointer, destination (14 bits), looped, reserved, version, source (12 bits); then
/// the EtherType of what follows.
fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let tag = carried.view.be_u32(0).ok_or(CUT)?;
    let ether_type = carried.view.be_u16(4).ok_or(CUT)?;
    trail.note(carried.layer("vntag", Some(tag & 0x0fff)));
    Ok(Opened::Carries(Content::EtherType(ether_type), carried.view.after(LEN).ok_or(CUT)?))
}
