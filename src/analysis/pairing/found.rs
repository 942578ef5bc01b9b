//! By which name a response finds its request.

use crate::model::Correlation;

use super::super::half::Request;
use super::kept::Kept;
use super::{Pairing, Slot};

impl Pairing {
    /// Whether a response that is found so would answer something.
    pub fn waits_for(&self, correlation: Correlation) -> bool {
        if correlation.names_nothing() {
            return self.waits_for_any();
        }
        let found = self.nearest(correlation);
        let waits =
            |slot: &Slot| slot.correlation == found && (slot.waits() || slot.kept != Kept::No);
        self.open.iter().any(waits) || self.waits_in_batch(correlation)
    }

    /// Whether any request waits for a response.
    pub fn waits_for_any(&self) -> bool {
        self.open.iter().any(Slot::waits)
    }

    /// How a response finds its request: one that says what it answers finds, where nothing of that
    /// name is open, the oldest that waits under a name near it.
    pub(super) fn nearest(&self, correlation: Correlation) -> Correlation {
        let exact = correlation.answering();
        let says = matches!(correlation, Correlation::Answer { .. });
        if !says || self.open.iter().any(|slot| slot.correlation == exact) {
            return exact;
        }
        let near = |slot: &&Slot| slot.waits() && slot.correlation.is_near(exact);
        self.open.iter().find(near).map_or(exact, |slot| slot.correlation)
    }

    /// The request that waits for a response which is found so.
    pub fn awaiting(&self, correlation: Correlation) -> Option<&Request> {
        let found = correlation.answering();
        let waiting = |slot: &&Slot| slot.correlation == found && slot.waits();
        self.open.iter().find(waiting).and_then(|slot| slot.exchange.request.as_deref())
    }
}
