//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, sliced by etherparse.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use crate::base::limits::IPV6_EXTENSIONS_MAX;
use crate::decode::link::Content;
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
    pub(super) payload: View<'a>,
}

const IPV4: SkipReason = SkipReason::Malformed(reasons::IPV4_HEADER);
const IPV6: SkipReason = SkipReason::Malformed(reasons::IPV6_HEADER);
const EXTENSION: SkipReason = SkipReason::Malformed(reasons::IPV6_EXTENSION);

/// Removes the IP header and what extends it.
#[inline]
pub(super) fn strip(content: Content, view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    match content {
        Content::Ipv4 => ipv4(view),
        Content::Ipv6 => ipv6(view),
        Content::Ip if view.bytes().first().is_some_and(|b| b >> 4 == 6) => ipv6(view),
        Content::Ip => ipv4(view),
    }
}

#[inline]
fn ipv4(view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    let header = Ipv4HeaderSlice::from_slice(view.bytes()).map_err(|_| IPV4)?;
    let header_len = header.slice().len();
    // Segmentation offload leaves the length zero: then the frame's length counts.
    let view = match usize::from(header.total_len()) {
        0 => view,
        total if total < header_len => return Err(IPV4),
        total => view.of_len(total),
    };
    let mut payload = view.after(header_len).ok_or(IPV4)?;
    let mut protocol = header.protocol();
    let fragment = header.is_fragmenting_payload();
    if protocol == IpNumber::AUTHENTICATION_HEADER && !fragment {
        (protocol, payload) = authentication(payload).ok_or(IPV4)?;
    }
    // What a fragment of another protocol carried was not for us anyway.
    if fragment && protocol == IpNumber::TCP {
        return Err(SkipReason::Skipped(reasons::IPV4_FRAGMENT));
    }
    Ok(Datagram {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        protocol: protocol.0,
        payload,
    })
}

#[inline]
fn ipv6(view: View<'_>) -> Result<Datagram<'_>, SkipReason> {
    let header = Ipv6HeaderSlice::from_slice(view.bytes()).map_err(|_| IPV6)?;
    let header_len = header.slice().len();
    // Zero: a jumbogram (RFC 2675) or segmentation offload.
    let view = match usize::from(header.payload_length()) {
        0 => view,
        len => view.of_len(header_len + len),
    };
    let payload = view.after(header_len).ok_or(IPV6)?;
    let (protocol, payload) = match header.next_header() {
        IpNumber::TCP => (IpNumber::TCP, payload),
        first => extensions(first, payload)?,
    };
    Ok(Datagram {
        src: header.source_addr().into(),
        dst: header.destination_addr().into(),
        protocol: protocol.0,
        payload,
    })
}

/// Follows IPv6 extension headers (RFC 8200 section 4) to the first header that is none.
fn extensions(first: IpNumber, at: View<'_>) -> Result<(IpNumber, View<'_>), SkipReason> {
    let (mut next, mut rest) = (first, at);
    for _ in 0..=IPV6_EXTENSIONS_MAX {
        (next, rest) = match next {
            IpNumber::AUTHENTICATION_HEADER => authentication(rest).ok_or(EXTENSION)?,
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let header =
                    Ipv6FragmentHeaderSlice::from_slice(rest.bytes()).map_err(|_| EXTENSION)?;
                let carried = header.next_header();
                let whole = !header.is_fragmenting_payload();
                let tcp_perhaps = carried == IpNumber::TCP || is_extension(carried);
                if !whole && tcp_perhaps {
                    return Err(SkipReason::Skipped(reasons::IPV6_FRAGMENT));
                }
                if !whole {
                    return Err(reasons::of_ip_protocol(carried.0));
                }
                // An atomic fragment (RFC 6946) is a packet like any other.
                (carried, rest.after(header.slice().len()).ok_or(EXTENSION)?)
            }
            other if is_extension(other) => {
                let header =
                    Ipv6RawExtHeaderSlice::from_slice(rest.bytes()).map_err(|_| EXTENSION)?;
                let len = header.slice().len();
                (header.next_header(), rest.after(len).ok_or(EXTENSION)?)
            }
            other => return Ok((other, rest)),
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
