//! What is told once nothing more comes of a flow, though it is not over.

use crate::base::Timestamp;
use crate::flow::FlowInfo;

use super::{Conversation, Marks, Stage, Workbench};
use crate::analysis::two_way::turned_flow;

impl Conversation {
    /// Whether its silence may settle something.
    pub(in crate::analysis) fn waits(&self) -> bool {
        self.marks.has(Marks::UNSETTLED)
    }

    /// Notes whether messages were lost and some stand open.
    pub(super) fn note_unsettled(&mut self) {
        let unsettled = match &self.stage {
            Stage::Speaking(speaking) => {
                speaking.pairing.is_unsettled() || speaking.back.pairing.is_unsettled()
            }
            _ => false,
        };
        self.marks.set(Marks::UNSETTLED, unsettled);
    }

    /// Nothing came for a while, since `at`.
    pub(in crate::analysis) fn fell_silent(
        &mut self,
        flow: &FlowInfo,
        at: Timestamp,
        bench: &mut Workbench,
    ) {
        if !self.waits() {
            return;
        }
        let resting = self.resting_bytes();
        let flow = self.oriented(flow);
        let next_tx = &mut self.next_tx;
        if let Stage::Speaking(speaking) = &mut self.stage {
            let protocol = speaking.protocol.name;
            let mut done = |exchange| bench.finish(&flow, protocol, next_tx, exchange);
            speaking.pairing.fell_silent(&mut done);
            if speaking.back.pairing.is_unsettled() {
                let flow = turned_flow(&flow);
                let mut done = |exchange| bench.finish(&flow, protocol, next_tx, exchange);
                speaking.back.pairing.fell_silent(&mut done);
            }
        }
        self.rest(bench);
        self.settle_memory(at, bench);
        self.charge(resting, bench);
        self.note_unsettled();
    }
}
