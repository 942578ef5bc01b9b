//! Floor 7: events out.
//!
//! - [`eve`]: JSON lines in the shape of Suricata's EVE

pub mod eve;

pub use eve::{EveError, EveFile, EveSink};
