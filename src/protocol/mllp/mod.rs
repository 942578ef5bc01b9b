//! HL7 v2 in the Minimal Lower Layer Protocol (HL7 Transport Specification: MLLP, release 1): a
//! vertical tab, the message, a file separator and a carriage return. A message and its
//! acknowledgement find each other by MSH-10 and MSA-2.
//!
//! - [`probe`]: whether a flow speaks it, and which way its messages go
//! - [`header`]: what MSH and MSA say
//! - [`parser`]: blocks as they are found in the wild
//! - `lane`, `between`, `out`: one direction, what stands between its blocks, and where it tells
//!   what it finds
//! - `kinds`, `joins`: which messages ask, which answer, and what joins them
//! - `batch`: batches over many blocks; `commit`: what release 2 adds; `wide`: blocks in UTF-16

mod batch;
mod between;
mod commit;
pub mod header;
mod joins;
mod kinds;
mod lane;
mod out;
pub mod parser;
pub mod probe;
mod starts;
mod wide;

#[cfg(test)]
mod tests;

pub use parser::MllpParser;
pub use probe::PROTOCOL;
