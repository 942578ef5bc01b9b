//! Flows that wait and of which nothing comes any more. What their silence decides, their next
//! packet finds decided, however long it takes; a sweep only does it sooner.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::FLOWS_PER_SWEEP;
use crate::flow::FlowHandler;
use crate::flow::ring::Ring;
use crate::model::Segment;

use super::{FlowTable, WAITING};

/// How much later than a flow's own packets a sweep decides: packets of several interfaces come so
/// much out of order.
const SLACK: Duration = Duration::from_secs(1);

impl<S> FlowTable<S> {
    /// The flow of this virtual network that a segment belongs to, unless the silence before the
    /// segment ended it.
    pub(super) fn seek<H: FlowHandler<State = S>>(
        &mut self,
        hash: u64,
        segment: &Segment<'_>,
        network: u64,
        handler: &mut H,
    ) -> Option<u32> {
        let at = self.find(hash, segment, network)?;
        let over = self.quieten((at, hash), (segment.at, Duration::ZERO), handler);
        (!over).then_some(at)
    }

    /// Decides what the silence of a flow decides by now; whether it is over with that.
    #[inline]
    fn quieten<H: FlowHandler<State = S>>(
        &mut self,
        (at, hash): (u32, u64),
        now: (Timestamp, Duration),
        handler: &mut H,
    ) -> bool {
        let Some(flow) = self.flows.get_mut(at) else { return false };
        let Some(silence) = flow.silence_at(now) else { return false };
        let over = flow.fall_silent(silence, &mut self.shared, handler);
        self.go_on((at, hash), over, handler)
    }

    /// Decides what the silence of flows decides that wait: looks at a bounded number of them and
    /// goes on from there at the next call.
    pub(super) fn sweep_silent<H: FlowHandler<State = S>>(
        &mut self,
        now: Timestamp,
        handler: &mut H,
    ) {
        let now = (now, SLACK);
        let waiting = self.holders.get(WAITING).map_or(0, Ring::len);
        for _ in 0..FLOWS_PER_SWEEP.min(waiting) {
            if handler.is_full() {
                return;
            }
            let next = self.holders.get_mut(WAITING).and_then(|ring| ring.next(1).next());
            let Some(at) = next else { return };
            let due = self.flows.get(at).filter(|flow| flow.silence_at(now).is_some());
            let Some(identity) = due.map(|flow| &flow.identity) else { continue };
            let hash = self.hash(&identity.tuple(), identity.encapsulation.network());
            self.quieten((at, hash), now, handler);
        }
    }
}
