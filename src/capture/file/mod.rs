//! Capture files: pcap and pcapng in all their byte orders and resolutions, from a path or from
//! any reader, plain or compressed with gzip or zstd. What a file is follows from its first
//! bytes, never from its name.
//!
//! ```text
//! path, stdin ─► container (gzip, zstd) ─► window (1 MiB, refilled) ─► pcap | pcapng ─► packets
//! ```

mod container;
mod error;
mod pcap;
mod pcapng;
mod pipe;
mod reader;
mod record;
mod window;

pub use error::FileError;
pub use reader::FileSource;

#[cfg(test)]
mod tests;
