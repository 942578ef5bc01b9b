//! Floor 7: events out.
//!
//! - [`eve`], `hl7v2`: JSON lines in the shape of Suricata's EVE; what they say of messages

pub mod eve;
mod hl7v2;

pub use eve::{EveError, EveFile, EveSink};
