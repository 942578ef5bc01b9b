//! What happens to bodies as they pass.
//!
//! A body streams through its walker. A small one is held back until it ends, because most small
//! ones were seen before ([`super::recall`]); one that turns out long, has a gap or is cut streams
//! from there on.

use std::borrow::Cow;

use crate::base::limits::RECALL_BODY_BYTES_MAX;
use crate::content::{BodyAnomaly, BodyPlan, BodySummary, BodyWalker, PathTable};
use crate::model::{Direction, Header, HeaderName, Location};

use super::columns::Place;
use super::commons::Own;
use super::half::Half;
use super::inspect::{BodyFacts, Inspector};
use super::recall::Held;
use super::workbench::Workbench;

impl Workbench {
    /// The next bytes of a body.
    pub fn body(&mut self, direction: Direction, half: &mut Half, bytes: &[u8]) {
        half.body_bytes += bytes.len() as u64;
        if half.generation != self.paths.generation() || self.holds(half, bytes) {
            return;
        }
        self.stream_held(direction, half);
        self.stream(direction, half, bytes);
    }

    /// Bytes of a body that will never be seen.
    pub fn body_gap(&mut self, direction: Direction, half: &mut Half, len: u64) {
        half.gap = true;
        half.body_bytes += len;
        if half.generation != self.paths.generation() {
            return;
        }
        self.stream_held(direction, half);
        if let Some(mut walker) = walker_of(half) {
            walker.gap(len);
            half.walker = Some(walker);
        }
    }

    /// The end of a message.
    pub fn end(&mut self, direction: Direction, half: &mut Half, complete: bool) {
        half.ended = true;
        half.truncated |= !complete;
        if half.generation != self.paths.generation() {
            half.leaves.clear();
            (half.walker, half.held) = (None, None);
            half.truncated = true;
            half.anomaly("path-table-reset");
            return;
        }
        match half.held.take() {
            Some(held) if complete => {
                self.recall_or_walk(direction, half, &held);
                self.recall.release(held);
                return;
            }
            held => half.held = held,
        }
        self.stream_held(direction, half);
        if let Some(summary) = self.finish_walk(direction, half) {
            half.told(&summary);
        }
    }

    /// Holds `bytes` back, if the body is whole so far and stays small.
    fn holds(&mut self, half: &mut Half, bytes: &[u8]) -> bool {
        // Another reading is read once.
        if half.walker.is_some() || self.shadow.is_some() {
            return false;
        }
        if half.held.is_none() {
            half.held = self.recall.hold();
        }
        match &mut half.held {
            Some(held) if held.bytes.len() + bytes.len() <= RECALL_BODY_BYTES_MAX => {
                held.bytes.extend_from_slice(bytes);
                true
            }
            _ => false,
        }
    }

    fn stream_held(&mut self, direction: Direction, half: &mut Half) {
        if let Some(held) = half.held.take() {
            self.stream(direction, half, &held.bytes);
            self.recall.release(held);
        }
    }

    fn stream(&mut self, direction: Direction, half: &mut Half, bytes: &[u8]) {
        let Some(mut walker) = walker_of(half) else { return };
        self.walk(direction, half, |paths, sink| walker.push(bytes, paths, sink));
        half.walker = Some(walker);
    }

    fn finish_walk(&mut self, direction: Direction, half: &mut Half) -> Option<BodySummary> {
        let mut walker = half.walker.take()?;
        let mut summary = None;
        self.walk(direction, half, |paths, sink| summary = Some(walker.finish(paths, sink)));
        self.hear(half);
        summary
    }

    /// A whole body: what it said when it was walked before, or else now.
    fn recall_or_walk(&mut self, direction: Direction, half: &mut Half, held: &Held) {
        let key = self.recall.key(direction, half.plan_key, &held.bytes);
        // The head may have said something already, by a parameter called `fhirVersion`.
        let silent = half.facts == BodyFacts::default();
        let Workbench { recall, paths, columns, values, .. } = self;
        if silent && let Some(known) = recall.find(key, Own { paths, columns, values }) {
            half.facts.clone_from(&known.facts);
            half.told(&known.summary);
            half.recalled = Some(known);
            return;
        }
        // Logged apart, in memory that the walk before used: most often it is not kept.
        let head = std::mem::replace(&mut half.leaves, std::mem::take(&mut self.scratch));
        self.stream(direction, half, &held.bytes);
        let summary = self.finish_walk(direction, half);
        if let Some(summary) = &summary {
            half.told(summary);
        }
        let whole = |said: &BodySummary| {
            !half.leaves.has_folded() && !said.anomalies.contains(BodyAnomaly::PathLimit)
        };
        let alone = half.batch.is_empty() && half.answers.len() < 2;
        if silent
            && alone
            && let Some(summary) = summary.filter(whole)
        {
            let Workbench { recall, paths, columns, values, .. } = self;
            let said = (half.facts.clone(), summary, Own { paths, columns, values });
            half.recalled = recall.learn(key, &half.leaves, said);
        }
        let mut body = std::mem::replace(&mut half.leaves, head);
        // What is remembered is added from there, the first time like every other.
        if half.recalled.is_none() {
            half.leaves.append(&mut body);
        }
        body.clear();
        self.scratch = body;
    }

    /// Runs one step of a walker with an inspector over `half`'s log.
    fn walk(
        &mut self,
        direction: Direction,
        half: &mut Half,
        step: impl FnOnce(&mut PathTable, &mut Inspector<'_>),
    ) {
        // What answers, and another reading, is of one exchange.
        half.frames.whole = direction == Direction::ToClient || self.shadow.is_some();
        let (paths, shared) = self.shared();
        let mut sink = Inspector {
            shared,
            leaves: &mut half.leaves,
            frames: &mut half.frames,
            facts: &mut half.facts,
            place: Place { direction, location: Location::Body },
        };
        step(paths, &mut sink);
    }
}

/// The walker of `half`'s body, made from its plan at first; `None` when there was no head.
fn walker_of(half: &mut Half) -> Option<Box<BodyWalker>> {
    let walker = half.walker.take();
    walker
        .or_else(|| half.plan.take().map(|plan| Box::new(BodyWalker::new(BodyPlan::clone(&plan)))))
}

impl Half {
    /// Notes what the walk of the body said.
    fn told(&mut self, summary: &BodySummary) {
        self.truncated |= summary.truncated;
        self.undecoded |= summary.undecoded.is_some();
        self.unread.merge(summary.unread);
        for anomaly in summary.anomalies.iter() {
            self.anomaly(anomaly.0);
        }
    }
}

/// The codings of a body in the order they were applied: the content's, which may stand in several
/// fields, then the transfer's (RFC 9110 section 8.4, RFC 9112 section 6.1).
pub(super) fn codings_of<'a>(headers: &[Header<'a>]) -> Option<Cow<'a, [u8]>> {
    let mut codings: Option<Cow<'a, [u8]>> = None;
    for name in [HeaderName::ContentEncoding, HeaderName::TransferEncoding] {
        for header in headers.iter().filter(|h| h.known == name) {
            // The usual transfer coding is none of the body's.
            if header.value.eq_ignore_ascii_case(b"chunked") {
                continue;
            }
            codings = Some(match codings {
                None => Cow::Borrowed(header.value),
                Some(before) => Cow::Owned([&before[..], b",", header.value].concat()),
            });
        }
    }
    codings
}

#[cfg(test)]
mod tests;
