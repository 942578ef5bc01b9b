//! One memory budget, and who may take how much of it.
//!
//! ```text
//! 64 parts: flows 22 | ended flows 4 | early segments 8 | open messages 10 | copies 4
//!           undecided 2 | bodies seen before 6 | paths 4 | fragments 2 | queues 2
//! ```
//!
//! Shares of workers are divided among the shards they work on, that of fragments among the
//! capture threads.
//! What is not traffic's is outside: the program, the rules, and the inventory itself, which has
//! its own limits in [`super::limits`].

use super::limits::{
    COLUMN_PLACES_MAX, FLOW_BYTES, FLOWS_CLOSED_MAX, FLOWS_MAX, FRAGMENT_BYTES_MAX, MEMORY_DEFAULT,
    PATH_BYTES, PATHS_MAX, PATHS_MIN, RECALL_BODY_BYTES_MAX, RECALL_HELD_MAX, ROLLUP_BYTES_MAX,
    ROLLUP_BYTES_MIN,
};

/// Parts the budget has.
const PARTS: u64 = 64;
/// Parts for the places of flows, and for what parsers keep of a flow at rest.
const FLOWS: u64 = 22;
/// Parts for flows that ended a moment ago, in two generations.
const CLOSED: u64 = 4;
/// Parts for segments that came too early.
const EARLY: u64 = 8;
/// Parts for messages that are open: heads, walkers, decoders with their windows.
const MESSAGES: u64 = 10;
/// Parts for bytes that other copies are compared with, a quarter of them of flows that ended.
const HISTORIES: u64 = 4;
/// Parts for flows whose protocol is not told yet.
const UNDECIDED: u64 = 2;
/// Parts for bodies held back.
const HELD: u64 = 2;
/// Parts for what bodies said. Where there are several workers half of it is common to them.
const RECALL: u64 = 4;
/// Parts for paths of fields and their columns.
const PATHS: u64 = 3;
/// Parts for what finds columns in each endpoint.
const PLACES: u64 = 1;
/// Parts for fragments.
const FRAGMENTS: u64 = 2;
/// Parts for segments on their way to workers.
const QUEUES: u64 = 2;

/// What a rollup under way may take, beside the parts: twice as many wait for the writer.
const ROLLUPS: u64 = 1;

/// Memory of a place among the ended flows: 24 bytes and one of the table's own.
const CLOSED_BYTES: u64 = 25;

/// What one worker may hold, and all capture threads; in bytes where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Places of flows, and what is kept of them at rest.
    pub flow_bytes: usize,
    /// Flows kept at most.
    pub flows: usize,
    /// Ended flows remembered for each of two generations.
    pub closed_flows: usize,
    /// Segments that came too early.
    pub early_bytes: usize,
    /// Messages that are open.
    pub message_bytes: usize,
    /// What other copies are compared with.
    pub history_bytes: usize,
    /// The same of flows that ended.
    pub remains_bytes: usize,
    /// Flows whose protocol is not told yet.
    pub undecided_bytes: usize,
    /// What bodies said.
    pub recall_bytes: usize,
    /// The same, of all workers, where there are several.
    pub common_bytes: usize,
    /// Bodies held back at a time.
    pub recall_bodies: usize,
    /// Paths of fields, in number.
    pub paths: usize,
    /// Places of columns in endpoints, in number.
    pub column_places: usize,
    /// Fragments of all capture threads.
    pub fragment_bytes: usize,
    /// Segments on their way to one worker.
    pub queue_bytes: usize,
    /// What was observed and not handed to the writer yet: beside the parts, as the inventory is.
    pub rollup_bytes: usize,
}

impl Shares {
    /// Divides `memory` bytes among `workers`; none counts as one.
    pub fn of(memory: u64, workers: usize) -> Shares {
        let workers = workers.max(1) as u64;
        let usize_of = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let worker = |parts: u64| usize_of(memory / PARTS * parts / workers);
        let closed = usize_of(memory / PARTS * CLOSED / workers / 2 / CLOSED_BYTES);
        let flow_bytes = worker(FLOWS);
        let bodies = worker(HELD) / RECALL_BODY_BYTES_MAX;
        let common = if workers > 1 { 2 } else { 1 };
        Shares {
            flow_bytes,
            flows: (flow_bytes / FLOW_BYTES).clamp(1, FLOWS_MAX),
            // A table of hashes is full at seven eighths of a power of two.
            closed_flows: (closed.max(16).next_power_of_two() / 2 / 8 * 7).min(FLOWS_CLOSED_MAX),
            early_bytes: worker(EARLY),
            message_bytes: worker(MESSAGES),
            history_bytes: worker(HISTORIES) / 4 * 3,
            remains_bytes: worker(HISTORIES) / 4,
            undecided_bytes: worker(UNDECIDED),
            recall_bytes: worker(RECALL) / common,
            common_bytes: usize_of(memory / PARTS * RECALL) / 2 * (common - 1),
            recall_bodies: bodies.min(RECALL_HELD_MAX),
            paths: (worker(PATHS) / PATH_BYTES).clamp(PATHS_MIN, PATHS_MAX),
            column_places: (worker(PLACES) / size_of::<u32>()).min(COLUMN_PLACES_MAX),
            fragment_bytes: usize_of(memory / PARTS * FRAGMENTS).min(FRAGMENT_BYTES_MAX),
            queue_bytes: worker(QUEUES),
            rollup_bytes: worker(ROLLUPS).clamp(ROLLUP_BYTES_MIN, ROLLUP_BYTES_MAX),
        }
    }
}

impl Default for Shares {
    /// Of the default budget, for one worker.
    fn default() -> Self {
        Shares::of(MEMORY_DEFAULT, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all may hold together.
    fn all(shares: &Shares, workers: usize) -> u64 {
        let of_worker = shares.flow_bytes
            + 2 * shares.closed_flows * 25 * 8 / 7
            + shares.early_bytes
            + shares.message_bytes
            + shares.history_bytes
            + shares.remains_bytes
            + shares.undecided_bytes
            + shares.recall_bytes
            + shares.recall_bodies * RECALL_BODY_BYTES_MAX
            + shares.column_places * size_of::<u32>()
            + shares.queue_bytes;
        // The least there may be is beside the parts.
        let paths = shares.paths * PATH_BYTES * usize::from(shares.paths > PATHS_MIN);
        let of_worker = of_worker + paths;
        (of_worker * workers + shares.common_bytes + shares.fragment_bytes) as u64
    }

    #[test]
    fn the_parts_are_the_whole() {
        let parts = [FLOWS, CLOSED, EARLY, MESSAGES, HISTORIES, UNDECIDED, HELD, RECALL, PATHS];
        assert_eq!(parts.iter().sum::<u64>() + PLACES + FRAGMENTS + QUEUES, PARTS);
    }

    #[test]
    fn all_shares_together_stay_within_the_budget_and_use_most_of_it() {
        for mebi in [16, 64, 128, 512, 2048] {
            for workers in [1, 2, 4, 16] {
                let memory = mebi << 20;
                let shares = Shares::of(memory, workers);
                let all = all(&shares, workers);
                assert!(all <= memory, "{mebi} MiB, {workers} workers: {all}");
                assert!(all >= memory / 2 || mebi > 512, "{mebi} MiB, {workers} workers: {all}");
                assert!(shares.flows >= 1000 || mebi < 64 || workers > 2, "{shares:?}");
            }
        }
    }

    #[test]
    fn no_workers_are_one() {
        assert_eq!(Shares::of(1 << 29, 0), Shares::default());
    }
}
