//! Responses that only say that a message was kept: a better one may come.

use crate::base::limits::COMMITTED_BYTES_MAX;
use crate::model::Direction;

use super::super::half::Exchange;
use super::{Pairing, Slot};

/// An answer came behind more messages than were kept waiting for it.
pub(super) const ANSWER_LATE: &str = "answer-behind-limit";

/// How long a response stands that only says that a message was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is the last.
    No,
    /// Up to the next request.
    UntilRequest,
    /// As long as there is room: the acknowledgement of the application may come behind all that
    /// the client sends meanwhile.
    WhileRoom,
}

impl Slot {
    /// Its response stands so long from now on, so many losses of responses behind the start. What
    /// it was charged before, and is now.
    pub(super) fn keep(&mut self, kept: Kept, losses: u32) -> (usize, usize) {
        self.losses_kept = losses;
        let is_last = self.exchange.request.as_ref().is_some_and(|r| r.head.commit_only);
        let kept = if is_last && kept == Kept::WhileRoom { Kept::No } else { kept };
        let room = kept == Kept::WhileRoom;
        let charge = if room { size_of::<Slot>() + self.exchange.held_bytes() } else { 0 };
        self.kept = kept;
        (std::mem::replace(&mut self.charge, charge), charge)
    }

    /// No better response will come. Where responses were lost meanwhile, the better one may have
    /// been among them: a message that was kept by a code of its own asked for one, and of others
    /// there are some where they came behind another.
    pub(super) fn tell_lost_answer(&mut self, losses: u32, bettered: bool) {
        let due = match self.kept {
            Kept::No => false,
            Kept::UntilRequest => bettered,
            Kept::WhileRoom => true,
        };
        if due && losses != self.losses_kept {
            self.note("response-lost");
            self.exchange.lost = true;
        }
    }
}

impl Pairing {
    /// Another request: waits no longer for better responses than those that stood long enough, the
    /// oldest first.
    pub(super) fn release_kept(&mut self, done: &mut dyn FnMut(Exchange)) {
        let mut any = false;
        let losses = self.loss.before(Direction::ToClient);
        for slot in &mut self.open {
            let crowded = self.kept_bytes > COMMITTED_BYTES_MAX;
            match slot.kept {
                Kept::UntilRequest => {}
                Kept::WhileRoom if crowded => {
                    self.kept_bytes = self.kept_bytes.saturating_sub(slot.charge);
                    self.released = true;
                }
                _ => continue,
            }
            slot.tell_lost_answer(losses, self.bettered);
            (slot.kept, slot.charge) = (Kept::No, 0);
            any = true;
        }
        if any {
            self.settle(done);
        }
    }

    /// There is no room for another exchange: the oldest response of these stands.
    pub(super) fn release_one(&mut self, done: &mut dyn FnMut(Exchange)) {
        if let Some(slot) = self.open.iter_mut().find(|slot| slot.kept != Kept::No) {
            self.kept_bytes = self.kept_bytes.saturating_sub(slot.charge);
            slot.tell_lost_answer(self.loss.before(Direction::ToClient), self.bettered);
            (slot.kept, slot.charge) = (Kept::No, 0);
            self.released = true;
            self.settle(done);
        }
    }
}
