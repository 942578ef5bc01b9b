//! Community ID v1: one flow has one id in every tool.
//! <https://github.com/corelight/community-id-spec>

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use sha1::{Digest, Sha1};

use super::FiveTuple;

/// The id of `tuple` with the seed 0, the same for both directions: `1:` and 28 characters.
pub fn community_id(tuple: &FiveTuple) -> String {
    let (a, b) = if key(&tuple.src) <= key(&tuple.dst) {
        (tuple.src, tuple.dst)
    } else {
        (tuple.dst, tuple.src)
    };
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    for end in [a, b] {
        match end.ip() {
            IpAddr::V4(ip) => hash.update(ip.octets()),
            IpAddr::V6(ip) => hash.update(ip.octets()),
        }
    }
    hash.update([tuple.transport, 0]);
    hash.update(a.port().to_be_bytes());
    hash.update(b.port().to_be_bytes());
    format!("1:{}", base64::engine::general_purpose::STANDARD.encode(hash.finalize()))
}

/// Ends are ordered by the bytes of address, then port.
fn key(end: &SocketAddr) -> (Vec<u8>, u16) {
    match end.ip() {
        IpAddr::V4(ip) => (ip.octets().to_vec(), end.port()),
        IpAddr::V6(ip) => (ip.octets().to_vec(), end.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The TCP, UDP and SCTP lines of the published baseline (`baseline_deflt.json`). Those of ICMP
    /// speak of types and codes, and there are no such flows here.
    const BASELINE: [(u8, &str, &str, &str); 8] = [
        (6, "128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (6, "66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (
            6,
            "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943",
            "[2607:f8b0:400c:c03::1a]:25",
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (
            6,
            "[2607:f8b0:400c:c03::1a]:25",
            "[2001:470:e5bf:dead:4957:2174:e82c:4887]:63943",
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (17, "192.168.1.52:54585", "8.8.8.8:53", "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (17, "8.8.8.8:53", "192.168.1.52:54585", "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (132, "192.168.170.8:7", "192.168.170.56:7", "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
        (132, "192.168.170.56:7", "192.168.170.8:7", "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
    ];

    #[test]
    fn published_vectors_hold_in_both_directions() {
        for (transport, src, dst, id) in BASELINE {
            let (src, dst) = (src.parse().unwrap(), dst.parse().unwrap());
            assert_eq!(community_id(&FiveTuple { src, dst, transport }), id);
        }
    }
}
