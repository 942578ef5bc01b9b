//! What a packet came to that is not opened: for who wants to know where to look.

use crate::decode::content::Trail;
use crate::decode::ports::TunnelPorts;
use crate::decode::view::View;
use crate::decode::{reasons, walk};
use crate::model::{Packet, SkipReason};

/// Where the way into a packet ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unopened {
    /// An EtherType that is not followed.
    EtherType(u16),
    /// An IP protocol that is not followed.
    IpProtocol(u8),
    /// UDP to a port to which no tunnel goes that is opened.
    UdpPort {
        /// The port.
        port: u16,
        /// The tunnel that its payload looks like: `vxlan` or `geneve`.
        resembles: Option<&'static str>,
    },
}

/// What `packet` came to that is not opened and has no reason of its own; `None` where it is TCP
/// or a fragment, or malformed.
pub fn unopened(packet: &Packet<'_>, ports: TunnelPorts) -> Option<Unopened> {
    let mut trail = Trail::of(ports);
    let frame = View::new(packet.data, packet.wire_len);
    match walk::frame(packet.link, frame, &mut trail).err()? {
        SkipReason::Skipped(reasons::ETHERTYPE | reasons::IP_PROTOCOL | reasons::UDP) => {
            trail.unopened
        }
        // The others have reasons of their own.
        _ => None,
    }
}
