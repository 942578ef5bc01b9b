//! HTTP/1.0 and HTTP/1.1 (RFC 9110 and 9112).
//!
//! - [`anomalies`]: everything odd that can be told, by name
//! - `probe`: first bytes, and lines found by searching
//! - `head`: start lines and fields, strictly by httparse, else tolerantly
//! - `framing`: how long a body is
//! - `chunked`: the chunked transfer coding
//! - `astray`: a chunked body behind a gap in its framing
//! - `trailers`: the fields behind a chunked body
//! - `stream`: one direction: heads and bodies
//! - `resync`: gaps, ends, and the search for the next message
//! - `connection`: both directions, and the requests that wait for their response

pub mod anomalies;
mod astray;
mod chunked;
mod connection;
mod doubt;
mod framing;
mod head;
mod probe;
mod resync;
mod stream;
mod trailers;

#[cfg(test)]
mod tests;

pub use anomalies::{HEAD_CUT, HOST_LOST, leaves_framing_open};
pub use connection::Http1;
pub use probe::PROTOCOL;
