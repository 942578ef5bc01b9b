//! How flows end of which nothing more comes: they expired, or the input ended.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::{FLOWS_PER_SWEEP, SWEEP_SLACK_SECONDS};
use crate::flow::FlowHandler;
use crate::flow::ring::Ring;
use crate::model::EndCause;

use super::{FlowTable, UNTIDY};

impl<S> FlowTable<S> {
    /// Frees the memory of flows that any later packet would find expired; `now` is the latest
    /// packet time. Looks at a bounded number of flows per call and goes on from there at the
    /// next, so call it often. Does not change what handlers see of any flow, only when.
    pub fn sweep<H: FlowHandler<State = S>>(&mut self, now: Timestamp, handler: &mut H) {
        let bound = self.flows.bound();
        let slack = Duration::from_secs(SWEEP_SLACK_SECONDS);
        for _ in 0..FLOWS_PER_SWEEP.min(bound as usize) {
            if self.sweep_at >= bound {
                self.sweep_at = 0;
            }
            let at = self.sweep_at;
            self.sweep_at += 1;
            let Some(flow) = self.flows.get_mut(at) else { continue };
            if flow.is_expired((now, slack), &self.shared.config, handler) {
                self.retire(at, EndCause::Expired, handler);
                if handler.is_full() {
                    break;
                }
            }
        }
        self.sweep_silent(now, handler);
        let untidy = self.holders.get(UNTIDY).map_or(0, Ring::len);
        for _ in 0..FLOWS_PER_SWEEP.min(untidy) {
            let untidy = self.holders.get_mut(UNTIDY).and_then(|ring| ring.next(1).next());
            let Some(at) = untidy else { return };
            if let Some(flow) = self.flows.get_mut(at) {
                flow.tidy(now, handler);
            }
            self.note_holder(at, handler);
        }
    }

    /// The input ended: delivers what is held, with its gaps, and ends all flows, until the handler
    /// is full; whether flows may be left. Whoever has emptied it calls again.
    pub fn finish<H: FlowHandler<State = S>>(&mut self, handler: &mut H) -> bool {
        while self.finished < self.flows.bound() {
            let at = self.finished;
            self.finished += 1;
            self.retire(at, EndCause::Cut, handler);
            if handler.is_full() {
                return true;
            }
        }
        self.finished = 0;
        false
    }
}
