//! HL7 v2 in the Minimal Lower Layer Protocol (HL7 Transport Specification: MLLP, release 1): a
//! vertical tab, the message, a file separator and a carriage return. A message and its
//! acknowledgement find each other by MSH-10 and MSA-2.
//!
//! - [`probe`]: whether a flow speaks it, and which way its messages go
//! - [`header`]: what MSH and MSA say
//! - [`parser`]: blocks as they are found in the wild

pub mod header;
pub mod parser;
pub mod probe;

#[cfg(test)]
mod tests;

pub use parser::MllpParser;
pub use probe::PROTOCOL;
