//! Ports of tunnels beyond those that are theirs.

use crate::decode::content::Content;
use crate::decode::tunnel::seems;
use crate::decode::view::View;

/// UDP ports to which some networks send VXLAN or GENEVE. Copied with every packet, so there are
/// few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TunnelPorts {
    /// Zero where there are fewer.
    vxlan: [u16; TunnelPorts::MAX],
    geneve: [u16; TunnelPorts::MAX],
}

impl TunnelPorts {
    /// Ports of one kind.
    pub const MAX: usize = 4;

    /// These ports; those beyond [`TunnelPorts::MAX`] are left out, and so is zero, which is none.
    pub fn new(vxlan: &[u16], geneve: &[u16]) -> Self {
        let few = |ports: &[u16]| {
            let mut few = [0; TunnelPorts::MAX];
            let named = ports.iter().filter(|port| **port != 0);
            few.iter_mut().zip(named).for_each(|(place, port)| *place = *port);
            few
        };
        TunnelPorts { vxlan: few(vxlan), geneve: few(geneve) }
    }

    /// The port that is known of the tunnel that `port` leads to; `port` itself where it was not
    /// named.
    pub(super) fn known(&self, port: u16) -> u16 {
        if port == 0 || *self == TunnelPorts::default() {
            return port;
        }
        match port {
            _ if self.vxlan.contains(&port) => VXLAN,
            _ if self.geneve.contains(&port) => GENEVE,
            _ => port,
        }
    }
}

const VXLAN: u16 = 4789;
const GENEVE: u16 = 6081;

/// The tunnel that a UDP payload looks like, whatever its port: header bits that are fixed, and a
/// frame behind them of a kind that is used.
pub(super) fn resembles(payload: View<'_>) -> Option<&'static str> {
    let head = payload.bytes().first_chunk::<8>()?;
    let inner = |len: usize, content| payload.after(len).is_some_and(|view| seems(content, view));
    match head {
        [0x08, 0, 0, 0, _, _, _, 0] if inner(8, Content::Ethernet) => Some("vxlan"),
        [lengths, flags, 0x65, 0x58, _, _, _, 0] if lengths >> 6 == 0 && flags & 0x3f == 0 => {
            let len = 8 + usize::from(lengths & 0x3f) * 4;
            inner(len, Content::Ethernet).then_some("geneve")
        }
        _ => None,
    }
}
