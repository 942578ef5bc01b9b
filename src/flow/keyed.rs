//! Five-tuples as keys: hashed under a seed that nobody else knows.

use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, SocketAddr};

use crate::model::FiveTuple;

use super::orientation;

/// Hash of a five-tuple in a virtual network under `seed`, the same for both directions.
pub(super) fn hash(seed: &foldhash::quality::RandomState, tuple: &FiveTuple, network: u64) -> u64 {
    let mut hasher = seed.build_hasher();
    if network != 0 {
        hasher.write_u64(network);
    }
    match (tuple.src, tuple.dst) {
        (SocketAddr::V4(src), SocketAddr::V4(dst)) => {
            let end = |ip: u32, port: u16| u64::from(ip) << 16 | u64::from(port);
            let a = end(src.ip().to_bits(), src.port());
            let b = end(dst.ip().to_bits(), dst.port());
            hasher.write_u64(a.min(b));
            hasher.write_u64(a.max(b));
        }
        _ => {
            let (low, high) = orientation::canonical(tuple);
            for end in [low, high] {
                match end.ip() {
                    IpAddr::V4(ip) => hasher.write_u32(ip.to_bits()),
                    IpAddr::V6(ip) => hasher.write_u128(ip.to_bits()),
                }
                hasher.write_u16(end.port());
            }
        }
    }
    hasher.finish()
}

/// What an index keeps of a hash.
pub(super) fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(0)
}
