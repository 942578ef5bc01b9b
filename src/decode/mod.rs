//! Floor 2: from captured frames to TCP segments, one header at a time, without copying.
//!
//! ```text
//! frame ─► link (Ethernet, VLAN, …) ─► network (IPv4, IPv6) ─► transport (TCP) ─► twins ─► segment
//!             ▲                            │          │
//!             └──────── tunnel ◄───────────┘          └─► fragments ─► network, once whole
//! ```
//!
//! Captures are cut (snap length) and checksums are wrong (offload): both are tolerated. What is
//! no TCP segment is named by one of the [`reasons`], so that every packet can be accounted for.
//! Bytes are copied only where fragments are put together.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod content;
mod decoder;
mod encapsulations;
mod fragments;
mod link;
mod network;
mod ports;
mod ppp;
pub mod reasons;
mod transport;
mod tunnel;
mod twins;
mod unopened;
mod view;
mod walk;

pub use decoder::Decoder;
pub use ports::TunnelPorts;
pub use unopened::{Unopened, unopened};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
