//! Whose flow it is, in half the room: there are millions of these.

use std::net::{IpAddr, SocketAddr};

use crate::base::Timestamp;
use crate::model::{Encapsulation, FiveTuple};

use super::{FlowInfo, Orientation};

/// What a [`FlowInfo`] is made of, each time somebody is told of the flow.
#[derive(Debug)]
pub(super) struct Identity {
    client: End,
    server: End,
    pub(super) opened: Timestamp,
    pub(super) encapsulation: Encapsulation,
    pub(super) orientation: Orientation,
}

/// An address with its port; a `SocketAddr` takes half as much again.
#[derive(Clone, Copy, Debug)]
struct End {
    ip: IpAddr,
    port: u16,
}

impl End {
    fn of(address: SocketAddr) -> End {
        End { ip: address.ip(), port: address.port() }
    }

    #[inline]
    fn is(&self, address: &SocketAddr) -> bool {
        self.port == address.port() && self.ip == address.ip()
    }

    fn address(self) -> SocketAddr {
        (self.ip, self.port).into()
    }
}

impl Identity {
    pub(super) fn of(info: FlowInfo) -> Identity {
        let FlowInfo { client, server, opened, encapsulation, orientation } = info;
        let (client, server) = (End::of(client), End::of(server));
        Identity { client, server, opened, encapsulation, orientation }
    }

    /// As it is told.
    #[inline]
    pub(super) fn info(&self) -> FlowInfo {
        FlowInfo {
            client: self.client.address(),
            server: self.server.address(),
            opened: self.opened,
            encapsulation: self.encapsulation.clone(),
            orientation: self.orientation,
        }
    }

    /// From client to server.
    pub(super) fn tuple(&self) -> FiveTuple {
        let (src, dst) = (self.client.address(), self.server.address());
        FiveTuple { src, dst, transport: FiveTuple::TCP }
    }

    /// Whether the client is at this address.
    #[inline]
    pub(super) fn is_client(&self, address: &SocketAddr) -> bool {
        self.client.is(address)
    }

    /// Whether `tuple` is one of its two directions.
    #[inline]
    pub(super) fn matches(&self, tuple: &FiveTuple) -> bool {
        let forth = self.client.is(&tuple.src) && self.server.is(&tuple.dst);
        forth || (self.client.is(&tuple.dst) && self.server.is(&tuple.src))
    }

    /// The two ends were taken for each other.
    pub(super) fn turn_round(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }
}
