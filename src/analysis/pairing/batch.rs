//! Acknowledgements of a whole batch (HL7 v2.8.2 section 2.10.3.3): they name it (BHS-11), not its
//! messages.

use crate::model::Correlation;

use super::super::half::{Exchange, Request, Response};
use super::{Pairing, Slot, finish};

impl Pairing {
    /// Whether messages wait that stand in the batch which a response names.
    pub(super) fn waits_in_batch(&self, by: Correlation) -> bool {
        self.open.iter().any(|slot| slot.is_of_batch(by))
    }

    /// Whether a response that looks for what waits as `found` answers a batch instead.
    pub(super) fn names_batch(&self, by: Correlation, found: Correlation) -> bool {
        !self.open.iter().any(|slot| slot.correlation == found) && self.waits_in_batch(by)
    }

    /// A response to the batch that it names: the last message of it that waits has it, and all
    /// have its code.
    pub(super) fn answer_batch(
        &mut self,
        by: Correlation,
        response: Box<Response>,
        done: &mut dyn FnMut(Exchange),
    ) {
        let status = response.status;
        let last = self.open.iter().rposition(|slot| slot.is_of_batch(by));
        let last = last.and_then(|at| self.open.get_mut(at));
        let Some(last) = last else { return };
        last.exchange.response = Some(response);
        self.answered = self.answered.max(last.number);
        let over = |slot: &Slot| {
            slot.is_of_batch(by) && slot.exchange.request.as_ref().is_some_and(|r| r.half.ended)
        };
        while let Some(at) = self.open.iter().position(over) {
            if let Some(mut slot) = self.open.remove(at) {
                slot.exchange.answered = status;
                finish(slot.exchange, &self.loss, done);
            }
        }
    }
}

impl Slot {
    /// Whether it waits and stands in the batch that `by` names.
    fn is_of_batch(&self, by: Correlation) -> bool {
        let named = |request: &Request| {
            let name = Correlation::Token(request.head.batch);
            request.head.batch != 0 && (name == by.answering() || name.is_near(by.answering()))
        };
        self.waits() && self.exchange.request.as_deref().is_some_and(named)
    }
}
