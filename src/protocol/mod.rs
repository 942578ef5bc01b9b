//! Floor 4: what is spoken in a flow. Sans-IO parsers turn the ordered bytes of both directions
//! into messages; identification tells which parser a flow needs.
//!
//! - [`registry`]: [`PROTOCOLS`], one line per protocol
//! - [`parser`]: the traits and the shape of a registry entry
//! - [`identify`]: first bytes in, protocol and orientation out
//! - [`http1`]: HTTP/1.0 and HTTP/1.1
//! - [`mllp`]: HL7 v2 in MLLP blocks
//! - [`tls`]: handshakes of TLS, without decryption
//! - [`starttls`], [`proxy`], [`socks`]: what stands before TLS, and before anything
//! - [`http2`], [`websocket`], [`dicom`], [`ssh`]: told apart, not yet parsed

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod dicom;
pub mod http1;
pub mod http2;
pub mod identify;
pub mod mllp;
pub mod parser;
pub mod proxy;
pub mod registry;
pub mod socks;
pub mod ssh;
pub mod starttls;
pub mod tls;
pub mod websocket;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod recorder;

pub use http1::{HEAD_CUT, HOST_LOST, leaves_framing_open};
pub use identify::{Identification, Identifier, begins_what_is_read};
pub use parser::{MessageSink, Parser, Protocol, Rest, Verdict, bits, hand_on};
pub use registry::{PROTOCOLS, protocol_named};
