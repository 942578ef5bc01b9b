//! What a run reads, and which earlier ones it takes the place of.

use crate::inventory::Rollup;
use crate::store::{InputIdentity, InputRecord, Replaced, RunId, RunKind};

/// What a run is.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// What it reads.
    pub kind: RunKind,
    /// Through which filter.
    pub filter: Option<String>,
    /// What it takes the place of.
    pub replaces: Vec<Replaced>,
    /// Something that was named could not be read and may be another time: the run is not all that
    /// was asked for.
    pub lacks: bool,
}

impl RunSpec {
    /// A capture: it replaces nothing.
    pub fn capture() -> RunSpec {
        RunSpec { kind: RunKind::Capture, filter: None, replaces: Vec::new(), lacks: false }
    }
}

/// What a sealed run leaves.
pub struct Recorded {
    /// What this run saw by itself.
    pub run: Rollup,
    /// Runs that hold more than was read of their inputs now: they stay, and of this one nothing
    /// is kept.
    pub given_up_for: Vec<RunId>,
    /// Rules that stored evidence speaks of and that are not loaded.
    pub unknown_rules: Vec<String>,
}

/// Leaves alone those of `replaces` of which nothing was read again, and tells those of which a
/// part was: whoever stops a replay, or whose disk fails, loses nothing that was stored.
pub(super) fn settle_replaced(replaces: &mut Vec<Replaced>, inputs: &[InputRecord]) -> Vec<RunId> {
    let reached = |held: &InputIdentity| {
        let same = |input: &&InputRecord| input.identity.is_some_and(|i| i.is(held));
        inputs.iter().find(same).map_or(0, InputRecord::reached)
    };
    replaces.retain(|replaced| replaced.holds.iter().any(|(held, _)| reached(held) > 0));
    let falls_short = |replaced: &&Replaced| {
        replaced.holds.iter().any(|(held, packets)| reached(held) < *packets)
    };
    replaces.iter().filter(falls_short).map(|replaced| replaced.run).collect()
}
