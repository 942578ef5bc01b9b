//! MPLS label stacks (RFC 3032), over Ethernet, PPP, GRE, IP (RFC 4023) and UDP (RFC 7510), and the
//! pseudowires inside (RFC 4385, RFC 4448).

use crate::base::limits::MPLS_LABELS_MAX;
use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};
use super::guess::{seems, seems_ethernet, seems_ip};

pub(super) const TUNNEL: Tunnel = Tunnel {
    carriers: &[
        Carrier::EtherType(0x8847),
        Carrier::EtherType(0x8848),
        Carrier::IpProtocol(137),
        Carrier::UdpPort(6635),
    ],
    open,
};

const CUT: SkipReason = SkipReason::Malformed(reasons::MPLS_HEADER);

/// Labels are not part of a flow's identity: the two directions carry different ones.
fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let udp = matches!(carried.by, Carrier::UdpPort(_));
    match labels(carried, trail) {
        Ok(Opened::Carries(content, view)) if udp && !seems(content, view) => Ok(Opened::Foreign),
        // Whatever came to the port: without a whole stack, nothing speaks for MPLS.
        Err(CUT) if udp && carried.view.bytes().len() == carried.view.wire_len() => {
            Ok(Opened::Foreign)
        }
        other => other,
    }
}

fn labels<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let mut view = carried.view;
    for _ in 0..MPLS_LABELS_MAX {
        let entry = view.be_u32(0).ok_or(CUT)?;
        view = view.after(4).ok_or(CUT)?;
        trail.note(carried.layer("mpls", Some(entry >> 12)));
        if entry & 0x100 != 0 {
            return payload(view);
        }
    }
    Err(CUT)
}

/// Whether an Ethernet frame begins here whose EtherType is that of a VLAN tag. Four bytes into
/// such a frame there seems to be another: that of the tag follows where its own would be.
fn is_tagged(view: View<'_>) -> bool {
    matches!(view.be_u16(12), Some(0x8100 | 0x88a8 | 0x9100 | 0x9200))
}

/// Whether an Ethernet frame begins here that says that it carries a tunnel, where four bytes on
/// there is one only if what stands there is taken for a length and not for a tunnel's number.
fn is_tunnelled(view: View<'_>) -> bool {
    matches!(view.be_u16(12), Some(0x8847 | 0x8848 | 0x8863 | 0x8864 | 0x88e5 | 0x88e7))
        && view.be_u16(16).is_some_and(|length| length < 0x0600)
}

/// No field says what follows the last label. IP tells itself by its version; a control word
/// begins with four zero bits; else it is an Ethernet frame whose address happens to begin so.
fn payload(view: View<'_>) -> Result<Opened<'_>, SkipReason> {
    let first = view.u8(0).ok_or(CUT)?;
    let behind_word = view.after(4);
    Ok(match first >> 4 {
        4 | 6 if seems_ip(view) || !seems_ethernet(view) => Opened::Carries(Content::Ip, view),
        0 if behind_word.is_some_and(seems_ethernet) && !is_tagged(view) && !is_tunnelled(view)
            || !seems_ethernet(view) =>
        {
            Opened::Carries(Content::Ethernet, behind_word.ok_or(CUT)?)
        }
        // An associated channel: operation and maintenance, no traffic (RFC 4385 section 5).
        1 if !seems_ethernet(view) => return Err(SkipReason::Skipped(reasons::MPLS)),
        _ => Opened::Carries(Content::Ethernet, view),
    })
}
