//! Provider backbone bridging: the I-TAG of IEEE 802.1ah (IEEE 802.1Q-2018 section 9.7). The B-TAG
//! before it is an IEEE 802.1ad tag.

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::{Layer, SkipReason};

use super::carried::{Carried, Carrier, Opened, Tunnel};

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[Carrier::EtherType(0x88e7)], open };

const LEN: usize = 4;
const CUT: SkipReason = SkipReason::Malformed(reasons::PBB_HEADER);

/// The service instance is one customer's network, the same both ways.
fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let tag = carried.view.be_u32(0).ok_or(CUT)?;
    let service = tag & 0x00ff_ffff;
    trail.note(Layer { id: Some(service), separates: true, ..Layer::named("pbb") });
    Ok(Opened::Carries(Content::Ethernet, carried.view.after(LEN).ok_or(CUT)?))
}
