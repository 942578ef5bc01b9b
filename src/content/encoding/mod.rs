//! Content codings (RFC 9110 section 8.4.1) and the transfer encodings of parts (RFC 2045
//! section 6), and the encodings of values, undone as bytes arrive.

mod base64;
mod brotli;
mod chain;
mod deflate;
mod gzip;
mod hex;
mod percent;
mod pool;
mod quoted_printable;
mod references;
mod registry;
mod zstd;

#[cfg(test)]
mod tests;

pub(crate) use base64::{sextet, triplet};
pub(crate) use chain::{Chain, ChainState};
pub(crate) use hex::nibble;
pub(crate) use pool::with_buffer;
pub(crate) use quoted_printable::QuotedPrintable;
pub(crate) use references::decode_reference;
pub use registry::{CODINGS, Coding, Decode, Progress, Status, TRANSFER_CODINGS, VALUE_CODINGS};
pub(crate) use registry::{
    base64_coding, coding_named, hex_coding, percent_coding, references_coding,
};
