//! What a header announces, and what was noted on the way to it.

use smallvec::SmallVec;

use crate::base::limits::TUNNEL_DEPTH_MAX;
use crate::decode::ports::TunnelPorts;
use crate::decode::reasons;
use crate::decode::unopened::Unopened;
use crate::model::{FragmentOddities, Layer, SkipReason};

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// An Ethernet frame from its destination address on.
    Ethernet,
    /// What an EtherType says.
    EtherType(u16),
    /// IP, of the version its first four bits tell.
    Ip,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// PPP from its protocol field on (RFC 1661), perhaps behind address and control (RFC 1662).
    Ppp,
}

/// The headers a packet was found behind, outermost first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    pub(super) layers: SmallVec<[Layer; 4]>,
    pub(super) oddities: FragmentOddities,
    /// Ports of tunnels that were named.
    pub(super) ports: TunnelPorts,
    /// What is not opened and ended the way.
    pub(super) unopened: Option<Unopened>,
    descents: usize,
}

impl Trail {
    /// One at its begin, where these ports lead to tunnels as well.
    pub(super) fn of(ports: TunnelPorts) -> Trail {
        Trail { ports, ..Trail::default() }
    }

    /// Notes a VLAN.
    pub(super) fn vlan(&mut self, id: u16) {
        self.note(Layer { id: Some(id.into()), ..Layer::named("vlan") });
    }

    /// Notes a tunnel or a label.
    pub(super) fn note(&mut self, layer: Layer) {
        self.layers.push(layer);
    }

    /// Goes one tunnel or one reassembled datagram deeper.
    pub(super) fn descend(&mut self) -> Result<(), SkipReason> {
        self.descents += 1;
        if self.descents > TUNNEL_DEPTH_MAX {
            return Err(SkipReason::Skipped(reasons::TUNNEL_DEPTH));
        }
        Ok(())
    }
}
