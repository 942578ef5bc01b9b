//! Floor 2: from captured frames to TCP segments, one header at a time, without copying.
//!
//! ```text
//! frame ─► link (Ethernet, VLAN, cooked, loopback) ─► network (IPv4, IPv6) ─► transport (TCP)
//! ```
//!
//! Captures are cut (snap length) and checksums are wrong (offload): both are tolerated. What is
//! no TCP segment is named by one of the [`reasons`], so that every packet can be accounted for.
//! Not decoded: tunnels, IP fragments, UDP.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod decoder;
mod link;
mod network;
pub mod reasons;
mod transport;
mod view;

pub use decoder::Decoder;

#[cfg(test)]
mod tests;
