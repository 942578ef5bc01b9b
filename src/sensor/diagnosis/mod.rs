//! What `phitap doctor` measures, and what it makes of it.
//!
//! - [`facts`]: the ordinary pipeline, without a database, and what it measured
//! - [`frames`]: lengths of frames as they pass
//! - [`mod@judge`]: facts become remarks: a pure function
//! - `services`: which services look clinical

pub mod facts;
pub mod frames;
pub mod judge;
mod services;

#[cfg(test)]
mod tests;

pub use facts::{Facts, Place, examine};
pub use frames::{FrameLengths, Measured};
pub use judge::{Grade, Remark, judge};
