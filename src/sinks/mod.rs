//! Floor 7: events out.
//!
//! - [`eve`], `hl7v2`, `flow`, `common`: JSON lines in the shape of Suricata's EVE; what they say
//!   of messages, of connections, and of both

mod common;
pub mod eve;
mod flow;
mod hl7v2;

pub use eve::{EveError, EveFile, EveSink};
