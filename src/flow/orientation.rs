//! Who is the server of a flow, and what is its number.

use std::net::{IpAddr, SocketAddr};

use crate::base::{StableHasher, Timestamp};
use crate::model::FiveTuple;

/// Client and server by port numbers alone: a known server port, else the lower one. Equal ports
/// are settled by address, so that the answer does not depend on who was seen first.
pub(super) fn by_ports(tuple: &FiveTuple, server_ports: &[u16]) -> (SocketAddr, SocketAddr) {
    let rank = |end: &SocketAddr| (!server_ports.contains(&end.port()), end.port(), end.ip());
    if rank(&tuple.src) < rank(&tuple.dst) {
        (tuple.dst, tuple.src)
    } else {
        (tuple.src, tuple.dst)
    }
}

/// The two ends in an order that does not depend on the direction.
pub(super) fn canonical(tuple: &FiveTuple) -> (&SocketAddr, &SocketAddr) {
    if tuple.src <= tuple.dst { (&tuple.src, &tuple.dst) } else { (&tuple.dst, &tuple.src) }
}

/// [`super::FlowInfo::id`]: SipHash-2-4 under an all-zero key, so it names and does not protect.
/// The virtual network counts where there is one.
pub(super) fn flow_id(tuple: &FiveTuple, network: u64, opened: Timestamp) -> u64 {
    let (low, high) = canonical(tuple);
    let mut bytes = [0u8; 52];
    let mut rest = &mut bytes[..];
    for end in [low, high] {
        let ip = match end.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        put(&mut rest, &ip.octets());
        put(&mut rest, &end.port().to_be_bytes());
    }
    put(&mut rest, &opened.nanos().to_be_bytes());
    put(&mut rest, &network.to_be_bytes());
    let len = if network == 0 { bytes.len() - size_of::<u64>() } else { bytes.len() };
    StableHasher::new([0; 16]).hash(bytes.get(..len).unwrap_or_default())
}

fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    if let Some((head, tail)) = std::mem::take(rest).split_at_mut_checked(bytes.len()) {
        head.copy_from_slice(bytes);
        *rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(src: &str, dst: &str) -> FiveTuple {
        FiveTuple {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            transport: FiveTuple::TCP,
        }
    }

    #[test]
    fn a_known_port_beats_a_lower_one() {
        let t = tuple("10.0.0.1:2575", "10.0.0.2:1044");
        assert_eq!(by_ports(&t, &[]).1, t.dst);
        assert_eq!(by_ports(&t, &[2575]).1, t.src);
    }

    #[test]
    fn neither_guess_nor_number_depends_on_direction() {
        for t in [
            tuple("10.0.0.1:7", "10.0.0.2:7"),
            tuple("[::1]:443", "[::2]:40000"),
            tuple("10.0.0.1:80", "10.0.0.1:40000"),
        ] {
            let at = Timestamp::from_nanos(5);
            assert_eq!(by_ports(&t, &[]), by_ports(&t.reversed(), &[]));
            assert_eq!(flow_id(&t, 0, at), flow_id(&t.reversed(), 0, at));
            assert_ne!(flow_id(&t, 0, at), flow_id(&t, 0, Timestamp::from_nanos(6)));
            assert_ne!(flow_id(&t, 0, at), flow_id(&t, 1, at));
        }
    }
}
