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

    #[test]
    fn published_vectors_hold_in_both_directions() {
        let vectors = [
            ("128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("66.35.250.204:80", "128.232.110.120:34855", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ];
        for (src, dst, id) in vectors {
            let tuple = FiveTuple {
                src: src.parse().unwrap(),
                dst: dst.parse().unwrap(),
                transport: FiveTuple::TCP,
            };
            assert_eq!(community_id(&tuple), id);
        }
    }
}
