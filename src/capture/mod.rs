//! Floor 2: where packets come from, and the only place that reads them. Everything is a
//! [`PacketSource`]: capture files, interfaces, packets in memory, and a wrapper that makes a
//! source worse on purpose.
//!
//! The packet a source hands out borrows the source's buffer: nothing is copied here.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod counted;
#[cfg(target_os = "linux")]
mod fanout;
pub mod file;
pub mod filter;
pub mod follow;
pub mod impair;
pub mod inputs;
pub mod lasting;
pub mod live;
pub mod memory;
mod numbered;
mod source;

pub use file::{FileError, FileSource};
pub use filter::{Filter, FilterError};
pub use follow::{Follow, Followed, FollowedFile};
pub use impair::{ImpairedSource, Impairment};
pub use inputs::{Input, InputError, Inputs, SkippedFile};
pub use lasting::LastingSource;
pub use live::{BUFFER_BYTES_MAX, Interface, LiveError, LiveOptions, LiveSource, interface_of};
pub use memory::MemorySource;
pub use source::{
    Absence, CaptureError, Incomplete, IncompleteCause, Losses, Next, PacketSource, Progress,
};

#[cfg(test)]
mod tests;
