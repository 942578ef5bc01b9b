//! IP in IP: 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473).

use crate::decode::content::{Content, Trail};
use crate::decode::reasons;
use crate::model::SkipReason;

use super::carried::{Carried, Carrier, Opened, Tunnel};

const IPV4: Carrier = Carrier::IpProtocol(4);
const IPV6: Carrier = Carrier::IpProtocol(41);

pub(super) const TUNNEL: Tunnel = Tunnel { carriers: &[IPV4, IPV6], open };

fn open<'a>(carried: &Carried<'a>, trail: &mut Trail) -> Result<Opened<'a>, SkipReason> {
    let outer_v6 = carried.ends.is_some_and(|(src, _)| src.is_ipv6());
    let (name, content) = match (carried.by, outer_v6) {
        (IPV4, false) => ("4in4", Content::Ipv4),
        (IPV4, true) => ("4in6", Content::Ipv4),
        (IPV6, false) => ("6in4", Content::Ipv6),
        (IPV6, true) => ("6in6", Content::Ipv6),
        _ => return Err(SkipReason::Skipped(reasons::IP_PROTOCOL)),
    };
    trail.note(carried.layer(name, None));
    Ok(Opened::Carries(content, carried.view))
}
