//! What tunnels are to the registry.

use std::net::IpAddr;

use crate::decode::content::{Content, Trail};
use crate::decode::view::View;
use crate::model::{Layer, SkipReason};

/// What announces a tunnel's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Carrier {
    /// An EtherType, of Ethernet or of GRE.
    EtherType(u16),
    /// An IP protocol number.
    IpProtocol(u8),
    /// The destination port of a UDP datagram.
    UdpPort(u16),
}

/// A tunnel's header and what follows it.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Carried<'a> {
    pub(in crate::decode) view: View<'a>,
    pub(in crate::decode) by: Carrier,
    /// Sender and receiver of the IP packet that carries it, where one does directly.
    pub(in crate::decode) ends: Option<(IpAddr, IpAddr)>,
}

impl Carried<'_> {
    /// The layer to note: `name` between the carrier's ends.
    pub(super) fn layer(&self, name: &'static str, id: Option<u32>) -> Layer {
        Layer { id, ends: self.ends, ..Layer::named(name) }
    }
}

/// What a tunnel's header turned out to be.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) enum Opened<'a> {
    /// A header; behind it is this.
    Carries(Content, View<'a>),
    /// Something else that only shares the tunnel's port.
    Foreign,
}

/// A kind of tunnel. `open` removes the header and notes the tunnel; it says [`Opened::Foreign`]
/// where the port is all that speaks for the tunnel and the bytes speak against it.
pub(super) struct Tunnel {
    pub(super) carriers: &'static [Carrier],
    pub(super) open: for<'a> fn(&Carried<'a>, &mut Trail) -> Result<Opened<'a>, SkipReason>,
}
