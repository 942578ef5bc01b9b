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

#[cfg(test)]
mod tests {
    use crate::decode::testing::{decode, ipv4, ipv4_with, ipv6, tcp};
    use crate::model::LinkType;

    #[test]
    fn the_carrier_says_which_version_is_inside() {
        let (v4, v6) = (ipv4(&tcp(b"x")), ipv6(6, &tcp(b"x")));
        let name = |packet: &[u8]| decode(LinkType::RAW, packet).unwrap().wrapped.join(" ");
        assert_eq!(name(&ipv4_with(4, 0, &[], &v4)), "4in4 10.0.0.1>10.0.0.2");
        assert_eq!(name(&ipv6(41, &v6)), "6in6 fd00::1>fd00::2");
        assert!(decode(LinkType::RAW, &ipv4_with(4, 0, &[], &v6)).is_err());
    }
}
