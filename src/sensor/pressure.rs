//! What a worker that cannot keep up is spared: whole flows, so that those it gets are whole.
//!
//! A flow is taken where its hash lies below a threshold. While a capture thread mostly waits for
//! the worker, the threshold goes down; when it hardly ever does, up again. Flows that are left
//! out now are also left out at any lower threshold, so that few change sides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::base::clock::Stopwatch;

/// Parts of the hashes; a threshold of so many takes every flow.
const ALL: u32 = 1 << 16;
/// How often it is judged at least: some batches long, and much less than what the kernel's buffer
/// holds.
pub(super) const WINDOW: Duration = Duration::from_millis(50);
/// How long a pause of the worker may be at most before flows are left out.
const PATIENCE_MAX: Duration = Duration::from_secs(1);
/// The share of the kernel's buffer that such a pause may fill, as one in so many.
const BUFFER_SHARE: u64 = 4;
/// Judgements by which the threshold goes down at once, at most.
const STEPS_MAX: u128 = 8;
/// Judgements that may be made up for at once, where nothing came meanwhile.
const WINDOWS_MAX: u128 = 64;

/// The way of one capture thread to a worker, as that can be gone.
#[derive(Debug)]
pub(super) struct Pressure {
    /// The threshold; all ways to the worker share it.
    taken: Arc<AtomicU32>,
    /// Since the last judgement.
    since: Stopwatch,
    waited: Duration,
    /// How often it is judged.
    patience: Duration,
}

impl Default for Pressure {
    fn default() -> Self {
        let taken = Arc::new(AtomicU32::new(ALL));
        let (since, waited) = (Stopwatch::start(), Duration::ZERO);
        Pressure { taken, since, waited, patience: WINDOW }
    }
}

impl Pressure {
    /// One under which so many parts of all flows are taken.
    #[cfg(test)]
    pub(super) fn of(taken: u32) -> Pressure {
        Pressure { taken: Arc::new(AtomicU32::new(taken)), ..Pressure::default() }
    }

    /// The same worker's, for another capture thread.
    pub(super) fn shared(&self) -> Pressure {
        Pressure { taken: self.taken.clone(), ..Pressure::default() }
    }

    /// Whether nothing is left out.
    #[inline]
    pub(super) fn takes_all(&self) -> bool {
        self.taken.load(Ordering::Relaxed) == ALL
    }

    /// Whether a flow with this hash is taken.
    #[inline]
    pub(super) fn takes(&self, hash: u64) -> bool {
        hash >> 48 < u64::from(self.taken.load(Ordering::Relaxed))
    }

    /// How long the worker may be waited for at once: what comes meanwhile is in the kernel's
    /// buffer.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// The worker may be waited for so long.
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The worker was waited for so long, or not at all.
    pub(super) fn note(&mut self, waited: Duration) {
        self.waited += waited;
        let elapsed = self.since.elapsed();
        if elapsed >= self.patience {
            self.judge(elapsed);
            (self.since, self.waited) = (Stopwatch::start(), Duration::ZERO);
        }
    }

    /// Where the thread waited more than half of the time, more comes than the worker can take: an
    /// input that is not late leaves nothing to wait with.
    fn judge(&self, elapsed: Duration) {
        let taken = self.taken.load(Ordering::Relaxed);
        let next = if self.waited > elapsed / 2 {
            // As fast as with the shortest patience.
            let steps = (elapsed.as_nanos() / WINDOW.as_nanos()).clamp(1, STEPS_MAX);
            (0..steps).fold(taken, |taken, _| taken - taken / 16)
        } else if self.waited < elapsed / 10 {
            let windows = (elapsed.as_nanos() / WINDOW.as_nanos()).clamp(1, WINDOWS_MAX);
            let windows = u32::try_from(windows).unwrap_or(1);
            (taken + windows * (ALL / 64)).min(ALL)
        } else {
            taken
        };
        self.taken.store(next, Ordering::Relaxed);
    }
}

/// How long a worker may be waited for where `buffer` bytes wait meanwhile, of which so many came
/// in `elapsed`.
pub(super) fn patience(buffer: u64, (bytes, elapsed): (u64, Duration)) -> Duration {
    let full = elapsed.as_secs_f64() * float(buffer / BUFFER_SHARE) / float(bytes.max(1));
    Duration::try_from_secs_f64(full).unwrap_or(PATIENCE_MAX).clamp(WINDOW, PATIENCE_MAX)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a second are far fewer than 2^52")]
fn float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_the_buffer_bridges_leaves_nothing_out() {
        let second = |bytes| (bytes, Duration::from_secs(1));
        // 64 MiB hold half a second of one Gbit/s; a quarter of them an eighth.
        assert_eq!(patience(64 << 20, second(128 << 20)), Duration::from_millis(125));
        assert_eq!(patience(64 << 20, second(10 << 30)), WINDOW);
        assert_eq!(patience(64 << 20, second(0)), PATIENCE_MAX);
        let mut pressure = Pressure::default();
        pressure.be_patient(Duration::from_secs(3600));
        (0..10).for_each(|_| pressure.note(Duration::from_millis(60)));
        assert!(pressure.takes_all());
        // A pause that is longer leaves out as many as it would have in pieces.
        pressure.waited = 4 * WINDOW;
        pressure.judge(4 * WINDOW);
        let mut by_one = Pressure::default();
        (0..4).for_each(|_| judge(&mut by_one, 50));
        assert_eq!(taken(&pressure), taken(&by_one));
    }

    /// Hashes that lie evenly.
    fn taken(pressure: &Pressure) -> Vec<u64> {
        let hashes = (0..1000).map(|n: u64| n.wrapping_mul(u64::MAX / 1000));
        hashes.filter(|hash| pressure.takes(*hash)).collect()
    }

    fn judge(pressure: &mut Pressure, waited: u64) {
        pressure.waited = Duration::from_millis(waited);
        pressure.judge(WINDOW);
    }

    #[test]
    fn whoever_waits_takes_ever_fewer_flows_of_those_it_took() {
        let mut pressure = Pressure::default();
        assert!(pressure.takes_all() && pressure.takes(u64::MAX));
        let mut before = taken(&pressure);
        for _ in 0..6 {
            judge(&mut pressure, 40);
            let now = taken(&pressure);
            assert!(now.len() < before.len() && now.iter().all(|hash| before.contains(hash)));
            before = now;
        }
        assert!((600..750).contains(&before.len()), "{}", before.len());
        // In between it stays as it is.
        judge(&mut pressure, 15);
        assert_eq!(taken(&pressure), before);
        // Some flows are taken whatever happens.
        (0..1000).for_each(|_| judge(&mut pressure, 50));
        assert!(pressure.takes(0));
    }

    #[test]
    fn whoever_does_not_wait_soon_takes_all_again() {
        let mut pressure = Pressure::default();
        let other = pressure.shared();
        (0..6).for_each(|_| judge(&mut pressure, 40));
        assert!(!other.takes_all(), "threads share it");
        let before = taken(&pressure);
        judge(&mut pressure, 1);
        let after = taken(&pressure);
        assert!(after.len() > before.len() && before.iter().all(|hash| after.contains(hash)));
        // Nothing came for a second.
        pressure.waited = Duration::ZERO;
        pressure.judge(20 * WINDOW);
        (0..20).for_each(|_| judge(&mut pressure, 0));
        assert!(other.takes_all());
    }
}
