//! Ports of tunnels beyond those that are theirs.

use crate::decode::content::Content;
use crate::decode::tunnel::{seems, seems_ip_of};
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
    let ethernet = |len: usize| payload.after(len).is_some_and(|v| seems(Content::Ethernet, v));
    let ip = |version, len: usize| payload.after(len).is_some_and(|v| seems_ip_of(version, v));
    match *head {
        [0x08, 0, 0, 0, _, _, _, 0] if ethernet(8) => Some("vxlan"),
        // With a group policy: two bits may be set, and a group stands in the next two bytes.
        [0x88, bits, _, _, _, _, _, 0] if bits & !0x48 == 0 && ethernet(8) => Some("vxlan"),
        // With a next protocol: IPv4, IPv6, Ethernet.
        [0x0c, 0, 0, 1, _, _, _, 0] if ip(4, 8) => Some("vxlan"),
        [0x0c, 0, 0, 2, _, _, _, 0] if ip(6, 8) => Some("vxlan"),
        [0x0c, 0, 0, 3, _, _, _, 0] if ethernet(8) => Some("vxlan"),
        [lengths, flags, t0, t1, _, _, _, 0] if lengths >> 6 == 0 && flags & 0x3f == 0 => {
            let len = 8 + usize::from(lengths & 0x3f) * 4;
            let fits = match [t0, t1] {
                [0x65, 0x58] => ethernet(len),
                [0x08, 0x00] => ip(4, len),
                [0x86, 0xdd] => ip(6, len),
                _ => false,
            };
            fits.then_some("geneve")
        }
        _ => None,
    }
}
