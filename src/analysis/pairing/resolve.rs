//! Which response answers which request once messages were lost, and what stays alone.

use std::collections::VecDeque;

use crate::model::{Correlation, Direction, Standing};

use super::super::half::Exchange;
use super::stand::Loss;
use super::{Pairing, Slot};

impl Pairing {
    /// Settles which response answers which request: if `in_step`, from the last to the first. What
    /// stays alone is handed to `done`, and whatever else is over.
    pub(super) fn resolve(&mut self, in_step: bool, done: &mut dyn FnMut(Exchange)) {
        let requests_lost = !self.pipelined && self.loss.explains(Direction::ToServer);
        let behind = [Direction::ToServer, Direction::ToClient].map(|d| self.loss.before(d));
        let mut slots = std::mem::take(&mut self.open);
        // Responses that no request took, the last one first.
        let mut free: VecDeque<Slot> = VecDeque::new();
        while let Some(mut slot) = slots.pop_back() {
            if slot.floating {
                slot.floating = false;
                free.push_back(slot);
                continue;
            }
            let asked = slot.correlation == Correlation::InOrder && slot.waits();
            // The server had heard more than this request: it answers one that was lost.
            let answers = |free: &Slot| {
                let more = requests_lost && slot.until > 0 && free.stand.heard > slot.until;
                // Where others may have waited beside it, they are counted from the last one.
                let beside = self.pipelined || slot.beside_lost;
                let counted = self.closed && [slot.losses, free.losses] == behind;
                free.stand.can_answer(slot.stand) && !more && (counted || !beside)
            };
            if asked
                && in_step
                && let Some(at) = free.iter().position(answers)
                && let Some(answer) = free.remove(at)
            {
                slot.exchange.response = answer.exchange.response;
            }
            let unanswered = slot.correlation == Correlation::InOrder && slot.waits();
            if unanswered && slot.exchange.request.as_ref().is_some_and(|r| r.half.ended) {
                self.open.push_front(Slot { floating: true, ..slot });
            } else {
                self.open.push_front(slot);
            }
        }
        for slot in free {
            self.open.push_back(slot);
        }
        // Requests that stay alone were marked.
        while let Some(at) = self.open.iter().position(|slot| slot.floating || slot.is_over()) {
            if let Some(slot) = self.open.remove(at) {
                finish(slot.exchange, &self.loss, done);
            }
        }
    }
}

/// Hands an exchange on, unless it is a half that nobody confirmed.
pub(super) fn finish(mut exchange: Exchange, loss: &Loss, done: &mut dyn FnMut(Exchange)) {
    let doubtful = match (&mut exchange.request, &mut exchange.response) {
        (Some(request), None) => {
            if loss.explains(Direction::ToClient) {
                request.half.anomaly("response-lost");
                exchange.lost = true;
                exchange.unanswered = false;
            }
            request.half.standing == Standing::Guess
        }
        (None, Some(response)) => {
            if loss.explains(Direction::ToServer) {
                response.half.anomaly("request-lost");
                exchange.lost = true;
            }
            response.half.standing == Standing::Guess
        }
        _ => false,
    };
    if !doubtful {
        done(exchange);
    }
}
