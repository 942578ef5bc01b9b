//! From header to header: the way into a packet, to the transport header or to a fragment.

use crate::decode::content::{Content, Trail};
use crate::decode::network::{self, Datagram};
use crate::decode::ports::resembles;
use crate::decode::tunnel::{self, Opened};
use crate::decode::unopened::Unopened;
use crate::decode::view::View;
use crate::decode::{link, ppp, reasons};
use crate::model::{FiveTuple, LinkType, SkipReason};

const UDP: u8 = 17;
const UDP_HEADER_LEN: usize = 8;

/// Walks a captured frame to its innermost datagram: TCP, or a fragment of what may lead there.
#[inline]
pub(super) fn frame<'a>(
    link: LinkType,
    frame: View<'a>,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    let (content, view) = link::strip(link, frame, trail)?;
    let datagram = match content {
        Content::Ipv4 => network::ipv4(view)?,
        Content::Ipv6 => network::ipv6(view)?,
        Content::Ip => network::ip(view)?,
        other => inner(other, view, trail)?,
    };
    datagram_on(datagram, trail)
}

/// Walks on from a datagram: `datagram` itself where it is TCP or a fragment.
#[inline]
pub(super) fn datagram_on<'a>(
    datagram: Datagram<'a>,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    if datagram.protocol == FiveTuple::TCP {
        return Ok(datagram);
    }
    tunnelled(datagram, trail)
}

/// Opens tunnels until a datagram is TCP or a fragment. Every turn takes one tunnel, so it ends.
fn tunnelled<'a>(
    mut datagram: Datagram<'a>,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    while datagram.protocol != FiveTuple::TCP {
        // Of IPv6 only the first fragment says what the datagram carries (RFC 8200 section 4.5).
        let is_v6 = datagram.src.is_ipv6();
        if datagram.part.is_some() && (is_v6 || may_lead_to_tcp(datagram.protocol)) {
            return Ok(datagram);
        }
        let (content, view) = carried(&datagram, trail)?;
        datagram = inner(content, view, trail)?;
    }
    Ok(datagram)
}

/// Whether fragments that begin with `protocol` are worth putting together.
pub(super) fn may_lead_to_tcp(protocol: u8) -> bool {
    protocol == UDP || tunnel::is_carried_by_ip(protocol) || network::may_precede(protocol)
}

/// The tunnel a datagram is, opened.
fn carried<'a>(
    datagram: &Datagram<'a>,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    let other = reasons::of_ip_protocol(datagram.protocol);
    if datagram.part.is_some() {
        return Err(other);
    }
    let ends = (datagram.src, datagram.dst);
    let opened = if datagram.protocol == UDP {
        let port = datagram.payload.be_u16(2).ok_or(other)?;
        let payload = datagram.payload.after(UDP_HEADER_LEN).ok_or(other)?;
        let opened = tunnel::by_udp_port(trail.ports.known(port), (ends, payload), trail);
        if !matches!(opened, Some(Ok(Opened::Carries(..)))) {
            let resembles = resembles(payload);
            trail.unopened = Some(Unopened::UdpPort { port, resembles });
        }
        opened.or_else(|| Some(Err(reasons::of_udp_port(port))))
    } else {
        let opened = tunnel::by_ip_protocol(datagram.protocol, (ends, datagram.payload), trail);
        if opened.is_none() {
            trail.unopened = Some(Unopened::IpProtocol(datagram.protocol));
        }
        opened
    };
    match opened.ok_or(other)?? {
        Opened::Carries(content, view) => {
            trail.descend()?;
            Ok((content, view))
        }
        Opened::Foreign => Err(other),
    }
}

/// Follows what has no IP header yet to its datagram.
fn inner<'a>(
    mut content: Content,
    mut view: View<'a>,
    trail: &mut Trail,
) -> Result<Datagram<'a>, SkipReason> {
    loop {
        (content, view) = match content {
            Content::Ipv4 => return network::ipv4(view),
            Content::Ipv6 => return network::ipv6(view),
            Content::Ip => return network::ip(view),
            Content::Ethernet => link::ethernet(view, trail)?,
            Content::Ppp => ppp::strip(view)?,
            Content::EtherType(ether_type) => announced(ether_type, view, trail)?,
        };
    }
}

/// What an EtherType announces: a network layer or tags, else a tunnel.
fn announced<'a>(
    ether_type: u16,
    view: View<'a>,
    trail: &mut Trail,
) -> Result<(Content, View<'a>), SkipReason> {
    let (content, view) = link::ether(ether_type, view, trail)?;
    let Content::EtherType(other) = content else { return Ok((content, view)) };
    let skipped = reasons::of_ether_type(other);
    trail.descend()?;
    let opened = tunnel::by_ether_type(other, view, trail);
    if opened.is_none() {
        trail.unopened = Some(Unopened::EtherType(other));
    }
    match opened.ok_or(skipped)?? {
        Opened::Carries(content, view) => Ok((content, view)),
        Opened::Foreign => Err(skipped),
    }
}
