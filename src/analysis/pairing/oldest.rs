//! Responses that do not say what they answer (HL7 v2: commits, and acknowledgements without
//! MSA-2).

use crate::model::{Correlation, Direction};

use super::super::half::Response;
use super::kept::Kept;
use super::stand::Stand;
use super::{Pairing, Slot};

impl Pairing {
    /// Gives a response that names no request to the one it answers. One that has something to say
    /// comes back where nothing waits for it; any other may have answered anything.
    pub(super) fn answer_unnamed(
        &mut self,
        by: Correlation,
        (response, stand): (Box<Response>, Stand),
    ) -> Option<Box<Response>> {
        let (last, empty) = match by {
            Correlation::Oldest { last } => (last, true),
            Correlation::Answer { to: 0, last, .. } => (last, false),
            _ => return Some(response),
        };
        let losses = self.loss.before(Direction::ToClient);
        match self.unnamed(stand).and_then(|at| self.open.get_mut(at)) {
            Some(slot) => {
                slot.exchange.response = Some(response);
                slot.losses_kept = losses;
                slot.kept = if last { Kept::No } else { Kept::UntilRequest };
                self.answered = self.answered.max(slot.number);
                None
            }
            None if empty => {
                self.stray = true;
                None
            }
            None => Some(response),
        }
    }

    /// Which request a response answers that stands there: nobody sends another message before the
    /// last is answered, so that it is the oldest that waits. Behind a loss older ones wait for
    /// responses that will never come: then it is the last of those that the server had heard.
    fn unnamed(&mut self, stand: Stand) -> Option<usize> {
        let heard = |slot: &Slot| slot.waits() && slot.until > 0 && stand.heard >= slot.until;
        if !self.loss.is_any() {
            // Whoever has heard two and answered none has a client that does not wait.
            self.pipelined |= self.open.iter().filter(|slot| heard(slot)).nth(1).is_some();
        } else if !self.pipelined && stand.is_known() {
            let last = self.open.iter().rposition(heard);
            // It had heard more than that: a request that was lost.
            let answers_lost = |slot: &Slot| {
                self.loss.explains(Direction::ToServer) && stand.heard_behind(slot.until)
            };
            match last.and_then(|at| Some((at, self.open.get(at)?))) {
                Some((_, slot)) if answers_lost(slot) => return None,
                Some((at, _)) => return Some(at),
                None => {}
            }
        }
        self.open.iter().position(Slot::waits)
    }
}
