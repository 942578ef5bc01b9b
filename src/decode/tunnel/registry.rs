//! Every tunnel that is undone.

use std::net::IpAddr;

use crate::decode::content::Trail;
use crate::decode::view::View;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};
use super::{erspan, etherip, geneve, gre, ip_in_ip, mpls, nsh, pbb, pppoe, vntag, vxlan};

/// One line per tunnel.
pub(super) const TUNNELS: [&Tunnel; 11] = [
    &erspan::TUNNEL,
    &etherip::TUNNEL,
    &geneve::TUNNEL,
    &gre::TUNNEL,
    &ip_in_ip::TUNNEL,
    &mpls::TUNNEL,
    &nsh::TUNNEL,
    &pbb::TUNNEL,
    &pppoe::TUNNEL,
    &vntag::TUNNEL,
    &vxlan::TUNNEL,
];

fn tunnel_by(carrier: Carrier) -> Option<&'static Tunnel> {
    TUNNELS.into_iter().find(|tunnel| tunnel.carriers.contains(&carrier))
}

/// Opens the tunnel that an EtherType announces; `None` where none does.
pub(in crate::decode) fn by_ether_type<'a>(
    ether_type: u16,
    view: View<'a>,
    trail: &mut Trail,
) -> Option<Result<Opened<'a>, SkipReason>> {
    let by = Carrier::EtherType(ether_type);
    // ERSPAN is announced by the EtherType of GRE: its ends are those noted last.
    let ends = trail.layers.last().and_then(|layer| layer.ends);
    tunnel_by(by).map(|tunnel| (tunnel.open)(&Carried { view, by, ends }, trail))
}

/// Opens the tunnel that an IP protocol number announces; `None` where none does.
pub(in crate::decode) fn by_ip_protocol<'a>(
    protocol: u8,
    (ends, view): ((IpAddr, IpAddr), View<'a>),
    trail: &mut Trail,
) -> Option<Result<Opened<'a>, SkipReason>> {
    let by = Carrier::IpProtocol(protocol);
    tunnel_by(by).map(|tunnel| (tunnel.open)(&Carried { view, by, ends: Some(ends) }, trail))
}

/// Opens the tunnel that a UDP port announces; `None` where none does.
pub(in crate::decode) fn by_udp_port<'a>(
    port: u16,
    (ends, view): ((IpAddr, IpAddr), View<'a>),
    trail: &mut Trail,
) -> Option<Result<Opened<'a>, SkipReason>> {
    let by = Carrier::UdpPort(port);
    tunnel_by(by).map(|tunnel| (tunnel.open)(&Carried { view, by, ends: Some(ends) }, trail))
}

/// Whether an IP protocol number announces a tunnel.
pub(in crate::decode) fn is_carried_by_ip(protocol: u8) -> bool {
    tunnel_by(Carrier::IpProtocol(protocol)).is_some()
}

/// Whether a UDP port announces a tunnel.
pub(in crate::decode) fn is_port(port: u16) -> bool {
    tunnel_by(Carrier::UdpPort(port)).is_some()
}
