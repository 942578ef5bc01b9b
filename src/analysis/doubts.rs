//! When another copy calls in question what a flow said, and whom that concerns.
//!
//! A conversation keeps a [`History`] of what passes, and judges it when a period is over: at the
//! next request, when the flow ends, or when the time is over in which copies are expected. All
//! of that follows from the flow's own packets; a sweep only does it sooner.

use std::time::Duration;

use crate::base::limits::HISTORY_SLACK_SECONDS;
use crate::base::{Span, Timestamp};
use crate::flow::FlowInfo;
use crate::model::{Direction, SecondCopy, StreamEvent, StreamInput};
use crate::protocol::{Verdict, begins_what_is_read, protocol_named};

use super::accumulate::{EndpointRef, SlotRef};
use super::conversation::Conversation;
use super::history::{Compared, History};
use super::readings::turned;
use super::workbench::Workbench;

/// Histories of one worker: those that are spare, and what all take.
#[derive(Debug, Default)]
pub struct Histories {
    #[expect(clippy::vec_box, reason = "they move between conversations; nothing is copied")]
    spare: Vec<Box<History>>,
    held: usize,
}

/// Histories kept for reuse.
const SPARE_MAX: usize = 256;
/// Exchanges of one period whose endpoints are remembered.
const SLOTS_MAX: usize = 64;

impl Histories {
    /// A history, where what all take stays within `budget`.
    pub(super) fn begin(&mut self, budget: usize) -> Option<Box<History>> {
        let history = self.spare.pop().unwrap_or_default();
        if self.held + history.held_bytes() > budget {
            return None;
        }
        self.held += history.held_bytes();
        Some(history)
    }

    /// One of them takes so many bytes more.
    pub(super) fn grew(&mut self, bytes: usize) {
        self.held += bytes;
    }

    fn release(&mut self, mut history: Box<History>) {
        self.held -= history.held_bytes().min(self.held);
        if self.spare.len() < SPARE_MAX {
            history.clear();
            self.spare.push(history);
        }
    }
}

/// What the two ends say is not of one protocol.
const CONTRADICTED: &str = "protocol-contradicted";

/// What is noted of a conversation, in one byte: there are millions of these.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks(u8);

impl Marks {
    /// The exchange that ended last is counted as ambiguous already.
    const BLAMED: u8 = 1;
    /// Its protocol was told by the server alone, and the client said nothing yet.
    pub(super) const UNHEARD: u8 = 1 << 1;
    /// Messages were lost, and some stand open that may be told once nothing more comes.
    pub(super) const UNSETTLED: u8 = 1 << 2;

    pub(super) fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }

    pub(super) fn set(&mut self, mark: u8, on: bool) {
        self.0 = if on { self.0 | mark } else { self.0 & !mark };
    }
}

/// What a conversation remembers for copies that come late.
#[derive(Debug, Default)]
pub struct Memory {
    history: Option<Box<History>>,
    /// The endpoint of the exchange that ended last.
    last: Option<SlotRef>,
}

impl Memory {
    /// Whether bytes are remembered.
    pub fn is_any(&self) -> bool {
        self.history.is_some()
    }

    /// What is remembered, where a copy that comes `at` then does not come too late.
    pub(super) fn history_at(&self, at: Timestamp) -> Option<&History> {
        self.history.as_deref().filter(|history| !history.is_over(at, Duration::ZERO))
    }

    /// The endpoint of the exchange that ended last.
    pub(super) fn last(&self) -> Option<SlotRef> {
        self.last
    }

    /// Remembers what another flow had.
    pub(super) fn take_up(&mut self, history: Box<History>, last: Option<SlotRef>) {
        (self.history, self.last) = (Some(history), last);
    }

    /// Whether bytes were remembered of something that is not over.
    pub fn is_midway(&self) -> bool {
        self.history.as_ref().is_some_and(|history| history.spent.is_none())
    }
}

impl Conversation {
    /// Remembers what is about to be looked at.
    pub fn remember(&mut self, flow: &FlowInfo, event: &StreamEvent<'_>, bench: &mut Workbench) {
        if bench.shadow.is_some() {
            return;
        }
        if self.is_closed() {
            if let Some(history) = &mut self.memory.history {
                // What told the protocol is called in question: what goes on may be of another.
                let grown = history.go_on(event.direction, event.input);
                bench.histories.held += grown;
                if grown > 0 && bench.histories.held > bench.shares.history_bytes {
                    self.forget(flow, bench);
                }
            }
            return;
        }
        let StreamInput::Bytes(bytes) = event.input else {
            // A large gap takes the bytes with it that copies are of.
            let gap = |h: &mut Box<History>| match event.input {
                StreamInput::Gap(len) => {
                    let len = usize::try_from(len).unwrap_or(usize::MAX);
                    h.is_full(event.direction, len) && h.is_doubted()
                }
                _ => false,
            };
            if self.memory.history.as_mut().is_some_and(gap) {
                self.read_history(flow, bench);
            }
            if let Some(history) = &mut self.memory.history {
                history.add(event.direction, event.input);
            }
            return;
        };
        self.begin_period(flow, event.direction, bench);
        let full = |h: &mut Box<History>| h.is_full(event.direction, bytes.len()) && h.is_doubted();
        if self.memory.history.as_mut().is_some_and(full) {
            self.read_history(flow, bench);
        }
        self.begin_history(bench);
        let Some(history) = &mut self.memory.history else { return };
        let before = history.held_bytes();
        history.add(event.direction, event.input);
        bench.histories.held += history.held_bytes().saturating_sub(before);
        if bench.histories.held > bench.shares.history_bytes {
            self.forget(flow, bench);
        }
    }

    /// Begins a history, if what comes now is the begin of something.
    fn begin_history(&mut self, bench: &mut Workbench) {
        if self.memory.history.is_none() && self.may_remember() {
            let first = self.is_identifying();
            self.memory.history = bench.histories.begin(bench.shares.history_bytes);
            if let Some(history) = &mut self.memory.history {
                history.first = first;
            }
        }
    }

    /// Something comes in `direction`: if that is who asks, and nothing is open, a new period.
    fn begin_period(&mut self, flow: &FlowInfo, direction: Direction, bench: &mut Workbench) {
        let asks = (direction == Direction::ToServer) != self.is_flipped();
        let over = |h: &&mut Box<History>| asks && h.spent.is_some();
        let Some(history) = self.memory.history.as_mut().filter(over) else { return };
        if history.goes_on && !history.is_full(direction, 0) {
            history.spent = None;
            return;
        }
        let ahead = history.take_ahead();
        self.judge(flow, bench);
        if let Some(history) = &mut self.memory.history {
            history.begin_period();
            history.put_back(ahead);
        }
    }

    /// Notes what the step just done has ended.
    #[inline]
    pub fn settle_memory(&mut self, at: Timestamp, bench: &mut Workbench) {
        if bench.shadow.is_some() {
            return;
        }
        if let Some(last) = bench.finished.last() {
            self.memory.last = Some(*last);
            self.marks.set(Marks::BLAMED, false);
        }
        let mut waits = false;
        let closed = self.is_closed();
        if let Some(history) = &mut self.memory.history {
            let room = SLOTS_MAX.saturating_sub(history.slots.len());
            history.slots.extend(bench.finished.iter().copied().take(room));
            waits = history.spent.is_none() && (closed || !history.slots.is_empty());
        }
        // Asked last: most steps are the next bytes of a body.
        if waits
            && self.is_over()
            && let Some(history) = &mut self.memory.history
        {
            history.spent = Some(at);
        }
        bench.finished.clear();
        for open in bench.unframed.drain(..) {
            let Some(history) = &mut self.memory.history else { continue };
            if !history.unframed.contains(&open) {
                history.unframed.push(open);
            }
        }
    }

    /// Another copy came of bytes of this flow; whether it is known to differ.
    pub fn second_copy(
        &mut self,
        flow: &FlowInfo,
        copy: &SecondCopy<'_>,
        bench: &mut Workbench,
    ) -> bool {
        let late = |h: &History| h.is_over(copy.at, Duration::ZERO);
        if self.memory.history.as_deref().is_some_and(late) {
            self.forget(flow, bench);
        }
        if copy.back >= 0 && !(copy.bytes.is_empty() && copy.replaces == 0) {
            // It is of what is still to come.
            self.begin_period(flow, copy.direction, bench);
            self.begin_history(bench);
        }
        let contested = self.contest(copy, bench);
        let Some(history) = &mut self.memory.history else {
            if contested || !self.is_closed() {
                self.stray(flow, copy, copy.bytes, bench);
            }
            return false;
        };
        if copy.bytes.is_empty() && copy.replaces == 0 {
            history.doubt(copy.why);
            return true;
        }
        let mut compared = history.offer(copy);
        if contested && compared != Compared::Same {
            history.last();
            history.doubt(copy.why);
            if compared == Compared::Beyond {
                compared = history.offer(copy);
            }
        }
        match compared {
            Compared::Same | Compared::Kept | Compared::Beyond => false,
            Compared::Differs => true,
            Compared::Before => {
                let text = history.around(copy);
                self.stray(flow, copy, &text, bench);
                true
            }
            Compared::Unknown => {
                let direction = turned(copy.direction, self.is_flipped());
                let open = |h: &&mut Box<History>| h.spent.is_none() || h.lasting;
                let Some(history) = self.memory.history.as_mut().filter(open) else {
                    self.stray(flow, copy, copy.bytes, bench);
                    return false;
                };
                history.doubt(copy.why);
                if !history.keep_apart(copy) {
                    bench.read_text(direction, copy.bytes, history);
                }
                false
            }
        }
    }

    /// Whether a copy, in a flow that is not read, may begin what would be: who plays the begin of
    /// another protocol first has nobody read what follows. From then on all is remembered.
    fn contest(&mut self, copy: &SecondCopy<'_>, bench: &mut Workbench) -> bool {
        if !self.is_closed() {
            return false;
        }
        if self.memory.history.as_ref().is_some_and(|history| history.lasting) {
            return true;
        }
        let spoken = turned(copy.direction, self.is_flipped());
        let contests = match begins_what_is_read(spoken, copy.bytes) {
            Verdict::Match | Verdict::Turned => true,
            Verdict::NeedMore => copy.begins,
            Verdict::NoMatch => false,
        };
        if contests && self.memory.history.is_none() {
            self.memory.history = bench.histories.begin(bench.shares.history_bytes);
            if let Some(history) = &mut self.memory.history {
                history.picked_up();
            }
        }
        contests
    }

    /// The end that was silent so far speaks: whether it says otherwise than the other one did, by
    /// whose bytes alone the protocol was told. Then it is told anew: anybody can greet in the name
    /// of a server.
    pub(super) fn hear(&mut self, flow: &FlowInfo, event: &StreamEvent<'_>, bench: &mut Workbench) {
        if event.direction != Direction::ToServer {
            return;
        }
        self.marks.set(Marks::UNHEARD, false);
        let StreamInput::Bytes(bytes) = event.input else { return };
        let read = begins_what_is_read(event.direction, bytes);
        let told = protocol_named(self.outcome());
        let agrees =
            told.is_none_or(|told| (told.probe)(event.direction, bytes) != Verdict::NoMatch);
        if read == Verdict::NoMatch || agrees {
            return;
        }
        self.tell_anew(flow, bench);
        if let Some(history) = &mut self.memory.history {
            (history.spent, history.first) = (None, true);
        }
        self.begin_history(bench);
        if let Some(history) = &mut self.memory.history {
            history.doubt(CONTRADICTED);
        }
    }

    /// Frees what is remembered, if a copy that comes from `now` on comes too late.
    pub fn tidy(&mut self, flow: &FlowInfo, now: Timestamp, bench: &mut Workbench) {
        let slack = Duration::from_secs(HISTORY_SLACK_SECONDS);
        if self.memory.history.as_ref().is_some_and(|h| h.is_over(now, slack)) {
            self.forget(flow, bench);
        }
    }

    /// Judges what is remembered and forgets it.
    pub fn forget(&mut self, flow: &FlowInfo, bench: &mut Workbench) {
        self.judge(flow, bench);
        if let Some(history) = self.memory.history.take() {
            bench.histories.release(history);
        }
    }

    /// A copy of bytes that are not at hand: looked at by itself, and laid to the last exchange.
    fn stray(
        &mut self,
        flow: &FlowInfo,
        copy: &SecondCopy<'_>,
        text: &[u8],
        bench: &mut Workbench,
    ) {
        let mut alone = History::default();
        alone.doubt(copy.why);
        bench.read_text(turned(copy.direction, self.is_flipped()), text, &mut alone);
        alone.slots.extend(self.memory.last);
        let counts = !self.marks.has(Marks::BLAMED);
        self.marks.set(Marks::BLAMED, self.memory.last.is_some());
        bench.blame(flow, (self.outcome(), copy.at), &mut alone, counts);
    }

    /// Looks at the other readings of what is remembered.
    fn read_history(&mut self, flow: &FlowInfo, bench: &mut Workbench) {
        let Some(mut history) = self.memory.history.take() else { return };
        let protocol = if history.first { None } else { self.protocol() };
        bench.read_again(flow, protocol, self.is_flipped(), &mut history);
        bench.read_unframed(flow, protocol, self.is_flipped(), &mut history);
        self.memory.history = Some(history);
    }

    /// Looks at the other readings, and tells the exchanges of the period.
    fn judge(&mut self, flow: &FlowInfo, bench: &mut Workbench) {
        if !self.memory.history.as_ref().is_some_and(|history| history.is_doubted()) {
            return;
        }
        self.read_history(flow, bench);
        let outcome = self.outcome();
        if let Some(history) = &mut self.memory.history
            && history.has_doubts()
        {
            let of_last = history.slots.last() == self.memory.last.as_ref();
            let blamed = self.marks.has(Marks::BLAMED);
            let counts = !of_last || !blamed;
            self.marks.set(Marks::BLAMED, blamed || of_last);
            let at = history.spent.unwrap_or(flow.opened);
            bench.blame(flow, (outcome, at), history, counts);
        }
    }
}

impl Workbench {
    /// Marks the exchanges of `history` as ambiguous (once, if `counts`), and adds to the first
    /// what other readings said, dated `at`. Where the first had no exchange, what they said
    /// is laid to the server's unknown operation.
    fn blame(
        &mut self,
        flow: &FlowInfo,
        (protocol, at): (&'static str, Timestamp),
        history: &mut History,
        counts: bool,
    ) {
        let current = history.generation == self.paths.generation();
        let found = std::mem::take(&mut history.found);
        let found = if current { found } else { Vec::new() };
        let mut slots = history.slots.clone();
        let hidden = history.lasting || history.hides_exchange;
        if slots.is_empty() && (!found.is_empty() || hidden) {
            slots.extend(self.unknown_operation(flow, protocol));
        }
        let mut found = found.into_iter();
        for place in &slots {
            let Some(slot) = self.accumulator.slot(*place) else { continue };
            if counts {
                slot.stats.coverage.ambiguous += 1;
                for why in &history.doubts {
                    *slot.stats.anomalies.entry(why).or_default() += 1;
                }
            }
            slot.columns.begin(1, Span::at(at));
            for (leaf, candidate) in found.by_ref() {
                slot.columns.add_candidate(leaf, candidate, &self.values);
            }
        }
        history.doubts.clear();
        history.framing = false;
    }

    fn unknown_operation(&mut self, flow: &FlowInfo, protocol: &'static str) -> Option<SlotRef> {
        let service = self.address_service(flow.asked_at());
        let key = EndpointRef {
            service: &service,
            standard: "http",
            method: "",
            path: "",
            operation: "",
        };
        let place = self.accumulator.endpoint(key)?;
        let stats = &mut self.accumulator.slot(place)?.stats;
        stats.requests += 1;
        stats.coverage.exchanges += 1;
        *stats.protocols.entry(protocol).or_default() += 1;
        stats.span.merge(Span::at(flow.opened));
        stats.times.clear.merge(Span::at(flow.opened));
        Some(place)
    }
}
