//! What a live capture has not published yet, by service, and whose turn it is.
//!
//! Whoever waits for something new (an endpoint, a field, the first exchanges of either, of which
//! classes and findings are made) goes before those of whom only counters changed, and those
//! before services of earlier runs of which nothing new is known and which only are judged anew.
//! Of what is new goes first what some rule says something of: however many pages somebody probes,
//! they do not hold up the one that shows a patient. Within each kind it is first come, first
//! served, and with every flush whoever waited longest in each kind goes first: nobody waits for
//! ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::{EndpointKey, Keys, Part, Rollup};

/// Why a service waits, those first who are in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// There may be something sensitive that nobody knows.
    Sensitive,
    /// There may be something else that nobody knows.
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

    /// Whoever waited longest in each kind but the first goes before all that came later.
    pub(super) fn let_eldest_pass(&mut self) {
        for kind in [Urgency::New, Urgency::More, Urgency::Stale] {
            let mut waiting = self.queue.range((kind, 0)..=(kind, u64::MAX));
            let Some((&(_, number), service)) = waiting.next() else { continue };
            let service = service.clone();
            let place = (Urgency::Sensitive, number);
            self.queue.remove(&(kind, number));
            if let Some(waiting) = self.services.get_mut(&service) {
                waiting.place = place;
            }
            self.queue.insert(place, service);
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
    fn what_is_sensitive_goes_first_and_the_eldest_of_each_kind_pass_once_a_flush() {
        let mut backlog = Backlog::default();
        for (service, urgency) in [
            ("stale-1", Urgency::Stale),
            ("stale-2", Urgency::Stale),
            ("more", Urgency::More),
            ("new-1", Urgency::New),
            ("new-2", Urgency::New),
            ("secret-1", Urgency::Sensitive),
        ] {
            backlog.note(&service.into(), urgency);
        }
        let none = Rollup::default();
        let flushed = |backlog: &mut Backlog, many: usize| -> Vec<String> {
            backlog.let_eldest_pass();
            let mut names = Vec::new();
            for _ in 0..many {
                let part = backlog.take(1, [&none, &none]);
                names.extend(part.services.keys().map(ToString::to_string));
            }
            names
        };
        assert_eq!(flushed(&mut backlog, 4), ["stale-1", "more", "new-1", "secret-1"]);
        // However much that is sensitive comes, two flushes are enough for whoever waits.
        for n in 2..100 {
            backlog.note(&format!("secret-{n}").as_str().into(), Urgency::Sensitive);
        }
        assert_eq!(flushed(&mut backlog, 3), ["stale-2", "new-2", "secret-2"]);
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
