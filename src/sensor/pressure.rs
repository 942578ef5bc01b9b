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
/// How often it is judged: some batches long, and much less than what the kernel's buffer holds.
const WINDOW: Duration = Duration::from_millis(50);
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
}

impl Default for Pressure {
    fn default() -> Self {
        let taken = Arc::new(AtomicU32::new(ALL));
        Pressure { taken, since: Stopwatch::start(), waited: Duration::ZERO }
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

    /// The worker was waited for so long, or not at all.
    pub(super) fn note(&mut self, waited: Duration) {
        self.waited += waited;
        let elapsed = self.since.elapsed();
        if elapsed >= WINDOW {
            self.judge(elapsed);
            (self.since, self.waited) = (Stopwatch::start(), Duration::ZERO);
        }
    }

    /// Where the thread waited more than half of the time, more comes than the worker can take: an
    /// input that is not late leaves nothing to wait with.
    fn judge(&self, elapsed: Duration) {
        let taken = self.taken.load(Ordering::Relaxed);
        let next = if self.waited > elapsed / 2 {
            taken - taken / 16
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

#[cfg(test)]
mod tests {
    use super::*;

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
