//! Addresses as they are shown, and the network that one is likely to share with its neighbours.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// `10.0.3.0/24`, `2001:db8::/64`: what is told of a client where its address would say too much.
pub fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// `10.0.3.7:443`, `[2001:db8::1]:443`; without a port where that is 0.
pub fn address_text(address: SocketAddr) -> String {
    match (address.port(), address.ip()) {
        (0, IpAddr::V4(v4)) => v4.to_string(),
        (0, IpAddr::V6(v6)) => format!("[{v6}]"),
        _ => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("10.0.3.17"), "10.0.3.0/24");
        assert_eq!(of("2001:db8::3:0:0:1"), "2001:db8::/64");
    }

    #[test]
    fn a_port_that_says_nothing_is_not_shown() {
        for text in ["10.0.3.17:443", "[2001:db8::1]:443"] {
            let mut address: SocketAddr = text.parse().unwrap();
            assert_eq!(address_text(address), text);
            address.set_port(0);
            assert_eq!(address_text(address), text.trim_end_matches(":443"));
        }
    }
}
