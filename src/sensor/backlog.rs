//! What a live capture has not published yet, by service, and whose turn it is.
//!
//! Whoever waits for something new (an endpoint, a field, the first exchanges of either, of which
//! classes and findings are made) goes before those of whom only counters changed, and those
//! before services of earlier runs of which nothing new is known and which only are judged anew.
//! Within each kind it is first come, first served, so that nobody waits for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::{EndpointKey, Keys, Part, Rollup};

/// Why a service waits, those first who are in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// There may be something that nobody knows.
    New,
    /// There is more of what is known.
    More,
    /// What is known may be judged in another way.
    Stale,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    services: BTreeMap<Arc<str>, Waiting>,
    queue: BTreeMap<(Urgency, u64), Arc<str>>,
    next: u64,
    /// Clients and flows: they go with the next part.
    others: Part,
}

#[derive(Debug)]
struct Waiting {
    place: (Urgency, u64),
    endpoints: Keys<EndpointKey>,
}

impl Backlog {
    /// A service waits; a greater urgency than before brings it forward.
    pub(super) fn note(&mut self, service: &Arc<str>, urgency: Urgency) {
        let place = (urgency, self.next);
        self.next += 1;
        match self.services.get_mut(service) {
            Some(waiting) if waiting.place.0 <= urgency => return,
            Some(waiting) => {
                self.queue.remove(&waiting.place);
                waiting.place = place;
            }
            None => {
                let waiting = Waiting { place, endpoints: Keys::default() };
                self.services.insert(service.clone(), waiting);
            }
        }
        self.queue.insert(place, service.clone());
    }

    /// Something changed of this endpoint.
    pub(super) fn note_endpoint(&mut self, key: &EndpointKey, urgency: Urgency) {
        self.note(&key.service, urgency);
        if let Some(waiting) = self.services.get_mut(&key.service) {
            waiting.endpoints.extend([key.clone()]);
        }
    }

    /// What changed of clients and flows; nobody asks for those of services here.
    pub(super) fn others(&mut self) -> &mut Part {
        &mut self.others
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty() && self.others.is_empty()
    }

    /// The urgency of whose turn it is.
    pub(super) fn urgency(&self) -> Option<Urgency> {
        self.queue.first_key_value().map(|((urgency, _), _)| *urgency)
    }

    /// Takes out those whose turn it is: one at least, and more until they have `rows` endpoints
    /// in `rollups`.
    pub(super) fn take(&mut self, rows: usize, rollups: [&Rollup; 2]) -> Part {
        let mut part = std::mem::take(&mut self.others);
        let mut taken = 0;
        while taken < rows
            && let Some((_, service)) = self.queue.pop_first()
        {
            let waiting = self.services.remove(&service);
            taken += rollups.map(|r| r.endpoints_of(&service).count()).iter().sum::<usize>().max(1);
            part.services.insert(service, waiting.map(|w| w.endpoints).unwrap_or_default());
        }
        part
    }

    /// All was published in another way.
    pub(super) fn clear(&mut self) {
        *self = Backlog { next: self.next, ..Backlog::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(backlog: &mut Backlog) -> Vec<String> {
        let none = Rollup::default();
        let mut out = Vec::new();
        while !backlog.is_empty() {
            let part = backlog.take(1, [&none, &none]);
            out.extend(part.services.keys().map(ToString::to_string));
        }
        out
    }

    #[test]
    fn who_has_something_new_goes_first_and_nobody_is_overtaken_by_equals() {
        let mut backlog = Backlog::default();
        let notes = [
            ("old", Urgency::Stale),
            ("a", Urgency::More),
            ("b", Urgency::New),
            ("c", Urgency::New),
            ("b", Urgency::New),
            ("a", Urgency::More),
            ("d", Urgency::More),
            ("older", Urgency::Stale),
            // It waited already, and now it is in a hurry.
            ("d", Urgency::New),
            ("d", Urgency::Stale),
        ];
        for (service, urgency) in notes {
            backlog.note(&service.into(), urgency);
        }
        assert_eq!(backlog.urgency(), Some(Urgency::New));
        assert_eq!(taken(&mut backlog), ["b", "c", "d", "a", "old", "older"]);
        assert!(backlog.is_empty() && backlog.urgency().is_none());
    }
}
