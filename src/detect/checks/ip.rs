//! Addresses of the Internet Protocol (RFC 791; RFC 4291 section 2.2, RFC 5952).

use std::net::IpAddr;

/// Whether `value` is an address, or a list of them as proxies write it (RFC 7239 section 5.2): the
/// first counts, and stands for somebody: neither unspecified, nor loopback, nor multicast.
pub(super) fn ip(value: &[u8]) -> bool {
    let first = value.split(|b| *b == b',').next().unwrap_or_default();
    let parsed = std::str::from_utf8(first.trim_ascii()).ok().and_then(|text| text.parse().ok());
    parsed.is_some_and(|address: IpAddr| {
        !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_pass_and_versions_do_not() {
        for good in ["203.0.113.7", "10.1.2.3", "2001:db8::7", "203.0.113.7, 10.0.0.1"] {
            assert!(ip(good.as_bytes()), "{good}");
        }
        for wrong in ["203.0.113.256", "1.2.3", "127.0.0.1", "::", "224.0.0.1", "203.0.113.07", ""]
        {
            assert!(!ip(wrong.as_bytes()), "{wrong}");
        }
    }
}
