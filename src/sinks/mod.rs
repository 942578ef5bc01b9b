//! Floor 7: events out.
//!
//! - [`eve`], `hl7v2`, `flow`: JSON lines in the shape of Suricata's EVE; what they say of messages
//!   and of connections

pub mod eve;
mod flow;
mod hl7v2;

pub use eve::{EveError, EveFile, EveSink};
