//! What `phitap doctor` measures, and what it makes of it.
//!
//! - [`facts`]: the ordinary pipeline, without a database, and what it measured
//! - [`frames`]: lengths of frames as they pass
//! - [`mod@judge`]: facts become remarks: a pure function
//! - `services`: which services look clinical
//! - [`unopened`]: what came that is not opened, by EtherType, protocol and port

pub mod facts;
pub mod frames;
pub mod judge;
mod services;
pub mod unopened;

#[cfg(test)]
mod tests;

pub use facts::{Facts, Place, examine};
pub use frames::{FrameLengths, Frames, Measured};
pub use judge::{Grade, Remark, judge};
pub use unopened::UnopenedKinds;
