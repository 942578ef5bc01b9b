//! The only place that asks the operating system what time it is.
//!
//! Everything between capture and store is driven by packet time, so that a replay gives the same
//! result on every day. The clock is read for three things: live capture's idle time, the run's
//! own start and end, and progress shown to a person.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// Wall time now, as a [`Timestamp`].
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// A monotonic stopwatch.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
