//! One worker: a flow table and everything above it, single-threaded and without a clock.
//!
//! Segments go in, rollups come out. The sensor runs one per shard; a test runs one by hand.

use std::sync::Arc;

use crate::base::{InstallationKey, Shares, Timestamp};
use crate::detect::Detector;
use crate::flow::{
    Compared, FlowConfig, FlowCounters, FlowHandler, FlowInfo, FlowTable, FlowTotals, LateBytes,
    Remains, Scarce,
};
use crate::inventory::Rollup;
use crate::model::{EventSink, SecondCopy, Segment, StreamEvent};

use super::commons::Commons;
use super::conversation::Conversation;
use super::workbench::Workbench;

/// See the module.
pub struct Worker {
    flows: FlowTable<Conversation>,
    bench: Workbench,
}

impl Worker {
    /// A worker with these shares of memory that applies `detector`'s rules and places samples by
    /// `key`.
    pub fn new(shares: Shares, detector: Arc<Detector>, key: &InstallationKey) -> Self {
        let flows = FlowTable::new(FlowConfig::within(&shares));
        Worker { flows, bench: Workbench::within(shares, detector, key) }
    }

    /// Shares with other workers what bodies said.
    pub fn share(&mut self, commons: Arc<Commons>) {
        self.bench.recall.share(commons);
    }

    /// Tells every exchange to `events`, too.
    pub fn tell(&mut self, events: Box<dyn EventSink>) {
        self.bench.events = Some(events);
    }

    /// Takes the next segment of this worker's flows.
    pub fn process(&mut self, segment: &Segment<'_>) {
        self.flows.process(segment, &mut self.bench);
    }

    /// Frees what is known to be over at `now` (packet time, or the clock of an idle interface).
    pub fn sweep(&mut self, now: Timestamp) {
        self.flows.sweep(now, &mut self.bench);
    }

    /// The input has ended: every flow ends with it, until enough has been observed that it should
    /// be taken out; whether flows may be left. Whoever has taken it calls again.
    pub fn finish(&mut self) -> bool {
        self.flows.finish(&mut self.bench)
    }

    /// Whether enough has been observed that it should be taken out.
    pub fn has_much(&self) -> bool {
        self.bench.has_much()
    }

    /// Takes out what has been observed since the last time; the events of it are written.
    pub fn take(&mut self) -> Rollup {
        if let Some(events) = &mut self.bench.events {
            events.flush();
        }
        self.bench.take()
    }

    /// What reassembly counted.
    pub fn counters(&self) -> &FlowCounters {
        self.flows.counters()
    }
}

impl Workbench {
    fn has_much(&self) -> bool {
        self.accumulator.has_much() || self.must_forget_paths() || self.recall.must_settle()
    }

    fn take(&mut self) -> Rollup {
        let rollup = self.accumulator.take(&mut self.columns, &self.paths, &self.values);
        self.recall.settled();
        if self.must_forget_paths() {
            // Messages that are open lose their log; they see it by the generation and say so.
            self.paths.clear();
            self.columns.clear();
            self.roles.clear();
            self.recall.clear();
            self.accumulator.forget_columns();
        }
        rollup
    }
}

impl FlowHandler for Workbench {
    type State = Conversation;

    fn open(&mut self, _flow: &FlowInfo) -> Conversation {
        Conversation::default()
    }

    fn event(&mut self, flow: &FlowInfo, state: &mut Conversation, event: StreamEvent<'_>) {
        state.event(flow, event, self);
    }

    fn second_copy(
        &mut self,
        flow: &FlowInfo,
        state: &mut Conversation,
        copy: SecondCopy<'_>,
    ) -> bool {
        state.second_copy(flow, &copy, self)
    }

    fn is_midway(&self, state: &Conversation) -> bool {
        state.memory.is_midway()
    }

    fn tidy(&mut self, flow: &FlowInfo, state: &mut Conversation, now: Timestamp) {
        state.tidy(flow, now, self);
    }

    fn is_untidy(&self, state: &Conversation) -> bool {
        state.memory.is_any()
    }

    fn waits(&self, state: &Conversation) -> bool {
        state.waits()
    }

    fn fell_silent(&mut self, flow: &FlowInfo, state: &mut Conversation, at: Timestamp) {
        state.fell_silent(flow, at, self);
    }

    fn resting_bytes(&self) -> usize {
        self.resting_bytes
    }

    fn holds_open(&self, state: &Conversation) -> bool {
        state.holds_open()
    }

    fn is_short(&self) -> bool {
        self.message_bytes > self.shares.message_bytes
    }

    fn is_full(&self) -> bool {
        self.has_much()
    }

    fn evicted(&mut self, what: Scarce) {
        self.odd(match what {
            Scarce::Flows => "evicted-for-flows",
            Scarce::Early => "evicted-for-early-segments",
            Scarce::Messages => "evicted-for-open-messages",
        });
    }

    fn keep(&mut self, state: &Conversation, at: Timestamp) -> Remains {
        self.keep_remains(state, at)
    }

    fn compare(&self, remains: Remains, late: LateBytes<'_>) -> Compared {
        self.compare_late(remains, &late)
    }

    fn revive(&mut self, flow: &FlowInfo, remains: Remains, why: Compared) -> Conversation {
        self.revive_remains(flow, remains, why)
    }

    fn close(&mut self, flow: &FlowInfo, state: Conversation, totals: &FlowTotals) {
        state.close(flow, totals, self);
    }
}
