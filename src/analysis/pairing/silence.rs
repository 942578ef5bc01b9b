//! What is known of requests and responses behind a loss once nothing more comes, though the flow
//! is not over.

use crate::model::Correlation;

use super::super::half::Exchange;
use super::{Pairing, Slot};

impl Pairing {
    /// Whether messages were lost and some stand open.
    pub fn is_unsettled(&self) -> bool {
        self.loss.is_any() && !self.open.is_empty()
    }

    /// Nothing came for longer than any capture reorders. Responses that stand open since their
    /// requests may have been lost are given to these, or told alone, as they would be with the
    /// next request: not while a message is passing or a request waits that none of them can
    /// answer, nor where messages are counted from the end, of a client that pipelines or may have.
    pub fn fell_silent(&mut self, done: &mut dyn FnMut(Exchange)) {
        let passing = |slot: &Slot| {
            let Exchange { request, response, .. } = &slot.exchange;
            request.as_ref().is_some_and(|r| !r.half.ended)
                || response.as_ref().is_some_and(|r| !r.half.ended)
        };
        if !self.is_unsettled() || self.pipelined || self.open.iter().any(passing) {
            return;
        }
        let mut floating = self.open.iter().filter(|slot| slot.floating).peekable();
        let asks = |slot: &&Slot| slot.correlation == Correlation::InOrder && slot.waits();
        let last = self.open.iter().rfind(asks);
        let settled = floating.peek().is_some()
            && last.is_none_or(|last| floating.any(|r| r.stand.can_answer(last.stand)))
            && !self.open.iter().any(|slot| slot.beside_lost && asks(&slot));
        if settled {
            self.resolve(true, done);
        }
    }
}
