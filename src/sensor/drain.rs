//! The end of a capture: what the kernel still holds when it was told to stop.

use std::time::Duration;

use crate::base::clock::Stopwatch;

/// How long a capture goes on reading what the kernel holds once it was told to stop.
const DRAIN_MAX: Duration = Duration::from_millis(500);

/// After a signal the kernel still holds packets that came before it: they are read until it has
/// none left.
#[derive(Default)]
pub(super) struct Drain {
    since: Option<Stopwatch>,
    idle: u32,
}

impl Drain {
    /// Whether the kernel was asked for long enough: on a busy link it always has more.
    pub(super) fn is_over(&mut self) -> bool {
        self.since.get_or_insert_with(Stopwatch::start).elapsed() >= DRAIN_MAX
    }

    /// Whether the kernel had nothing, twice: the first time it may have been asked before the
    /// signal, and hands over what came last only after its own timeout.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.idle += 1;
        self.idle > 1 || self.is_over()
    }
}
