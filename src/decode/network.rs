//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, sliced by etherparse.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use crate::base::limits::IPV6_EXTENSIONS_MAX;
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::SkipReason;

/// An IP packet without its headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// What `payload` starts with: the IP protocol number.
    pub(super) protocol: u8,
    /// Time to live; 0 of what was put together from fragments.
    pub(super) hops: u8,
    /// The identification of an IPv4 packet or of an IPv6 fragment; else 0.
    pub(super) id: u32,
    /// Where `payload` belongs, when it is only a part of what was sent.
    pub(super) part: Option<Part>,
    pub(super) payload: View<'a>,
}

/// The place of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Bytes before it.
    pub(super) offset: u32,
    /// Whether it is not the last.
    pub(super) more: bool,
}

const IPV4: SkipReason = SkipReason::Malformed(reasons::IPV4_HEADER);
const IPV6: SkipReason = SkipReason::Malformed(reasons::IPV6_HEADER);
const EXTENSION: SkipReason = SkipReason::Malformed(reasons::IPV6_EXTENSION);

/// Removes the header of an IP packet of the version its first four bits tell.
#[inline]
pub(super) fn ip(view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    if view.u8(0).is_some_and(|b| b >> 4 == 6) { ipv6(view) } else { ipv4(view) }
}

/// Removes an IPv4 header and what extends it.
#[inline]
pub(super) fn ipv4(view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    let header = Ipv4HeaderSlice::from_slice(view.bytes()).map_err(|_| IPV4)?;
    let header_len = header.slice().len();
    // Segmentation offload leaves the length zero: then the frame's length counts.
    let view = match usize::from(header.total_len()) {
        0 => view,
        total if total < header_len => return Err(IPV4),
        total => view.of_len(total),
    };
    let payload = view.after(header_len).ok_or(IPV4)?;
    let part = header.is_fragmenting_payload().then(|| Part {
        offset: u32::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    let datagram = Datagram {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        protocol: header.protocol().0,
        hops: header.ttl(),
        id: header.identification().into(),
        part,
        payload,
    };
    if datagram.protocol == IpNumber::AUTHENTICATION_HEADER.0 && part.is_none() {
        return assembled(datagram);
    }
    Ok(datagram)
}

/// Removes an IPv6 header and what extends it.
#[inline]
pub(super) fn ipv6(view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    let header = Ipv6HeaderSlice::from_slice(view.bytes()).map_err(|_| IPV6)?;
    let header_len = header.slice().len();
    // Zero: a jumbogram (RFC 2675) or segmentation offload.
    let view = match usize::from(header.payload_length()) {
        0 => view,
        len => view.of_len(header_len + len),
    };
    let datagram = Datagram {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        protocol: header.next_header().0,
        hops: header.hop_limit(),
        id: 0,
        part: None,
        payload: view.after(header_len).ok_or(IPV6)?,
    };
    if header.next_header() == IpNumber::TCP { Ok(datagram) } else { extensions(datagram) }
}

/// Removes what stands between the IP header and the transport header of a datagram that was put
/// together from fragments.
pub(super) fn assembled(datagram: Datagram<'_>) -> Result<Datagram<'_>, SkipReason> {
    if datagram.src.is_ipv6() {
        return extensions(datagram);
    }
    if datagram.protocol != IpNumber::AUTHENTICATION_HEADER.0 {
        return Ok(datagram);
    }
    let (protocol, payload) = authentication(datagram.payload).ok_or(IPV4)?;
    Ok(Datagram { protocol: protocol.0, payload, ..datagram })
}

/// Whether a fragment that begins with the header `protocol` may carry what such headers precede.
pub(super) fn may_precede(protocol: u8) -> bool {
    is_extension(IpNumber(protocol))
}

/// Follows IPv6 extension headers (RFC 8200 section 4) to the first header that is none, or to a
/// fragment.
fn extensions(mut datagram: Datagram<'_>) -> Result<Datagram<'_>, SkipReason> {
    let (mut next, mut rest) = (IpNumber(datagram.protocol), datagram.payload);
    for _ in 0..=IPV6_EXTENSIONS_MAX {
        (next, rest) = match next {
            IpNumber::AUTHENTICATION_HEADER => authentication(rest).ok_or(EXTENSION)?,
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let header =
                    Ipv6FragmentHeaderSlice::from_slice(rest.bytes()).map_err(|_| EXTENSION)?;
                let carried = rest.after(header.slice().len()).ok_or(EXTENSION)?;
                datagram.id = header.identification();
                if header.is_fragmenting_payload() {
                    datagram.part = Some(Part {
                        offset: u32::from(header.fragment_offset().value()) * 8,
                        more: header.more_fragments(),
                    });
                    datagram.protocol = header.next_header().0;
                    datagram.payload = carried;
                    return Ok(datagram);
                }
                // An atomic fragment (RFC 6946) is a packet like any other.
                (header.next_header(), carried)
            }
            other if is_extension(other) => {
                let header =
                    Ipv6RawExtHeaderSlice::from_slice(rest.bytes()).map_err(|_| EXTENSION)?;
                let len = header.slice().len();
                (header.next_header(), rest.after(len).ok_or(EXTENSION)?)
            }
            other => return Ok(Datagram { protocol: other.0, payload: rest, ..datagram }),
        };
    }
    Err(EXTENSION)
}

fn is_extension(number: IpNumber) -> bool {
    number == IpNumber::AUTHENTICATION_HEADER
        || number == IpNumber::IPV6_FRAGMENTATION_HEADER
        || Ipv6RawExtHeaderSlice::header_type_supported(number)
}

/// The authentication header (RFC 4302): what follows it is in the clear.
fn authentication(view: View<'_>) -> Option<(IpNumber, View<'_>)> {
    let header = IpAuthHeaderSlice::from_slice(view.bytes()).ok()?;
    Some((header.next_header(), view.after(header.slice().len())?))
}
