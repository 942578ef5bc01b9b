//! A part of a rollup: what changed since somebody looked at it last.
//!
//! All that is concluded and judged of a service follows from what was observed of that service, as
//! long as no service has to make room for others (`Caps::services`). So the inventory of a part
//! is the part of the inventory, and what a sensor publishes costs what has changed, not what it
//! knows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::rollup::{EndpointKey, FlowKey, Rollup};

/// Some keys of a table, or all there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys<K> {
    /// These.
    These(BTreeSet<K>),
    /// All, and what is no longer there is gone.
    All,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Keys::These(BTreeSet::new())
    }
}

impl<K: Ord> Keys<K> {
    /// Adds some.
    pub fn extend(&mut self, keys: impl IntoIterator<Item = K>) {
        if let Keys::These(these) = self {
            these.extend(keys);
        }
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        matches!(self, Keys::These(these) if these.is_empty())
    }
}

/// What changed.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// By service: endpoints of which something else is to be told.
    pub services: BTreeMap<Arc<str>, Keys<EndpointKey>>,
    /// Clients.
    pub clients: Keys<IpAddr>,
    /// Rows of server and flow outcome.
    pub flows: Keys<FlowKey>,
}

impl Part {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.clients.is_none() && self.flows.is_none()
    }
}

impl Rollup {
    /// Names of services, some of them more than once.
    pub fn service_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.services.keys().chain(self.endpoints.keys().map(|key| &key.service))
    }

    /// Endpoints of one service, in order.
    pub fn endpoints_of<'a>(
        &'a self,
        service: &'a Arc<str>,
    ) -> impl Iterator<Item = &'a EndpointKey> + 'a {
        self.endpoints
            .range(first_of(service)..)
            .map(|(key, _)| key)
            .take_while(move |key| key.service == *service)
    }

    /// What belongs to `part`: its services with all their endpoints, whichever of them changed,
    /// and its clients. Costs what it holds.
    pub fn part(&self, part: &Part) -> Rollup {
        let mut out = Rollup::default();
        for service in part.services.keys() {
            if let Some(stats) = self.services.get(service) {
                out.services.insert(service.clone(), stats.clone());
            }
            let endpoints = self.endpoints.range(first_of(service)..);
            let mine = endpoints.take_while(|(key, _)| key.service == *service);
            out.endpoints.extend(mine.map(|(key, stats)| (key.clone(), stats.clone())));
        }
        match &part.clients {
            Keys::All => {
                out.clients = self.clients.clone();
                out.clients_overflow = self.clients_overflow;
            }
            Keys::These(clients) => {
                let known = |client: &IpAddr| Some((*client, self.clients.get(client)?.clone()));
                out.clients = clients.iter().filter_map(known).collect();
            }
        }
        out
    }
}

/// What sorts before all endpoints of a service.
fn first_of(service: &Arc<str>) -> EndpointKey {
    let none: Arc<str> = "".into();
    EndpointKey {
        service: service.clone(),
        standard: none.clone(),
        method: none.clone(),
        path: none.clone(),
        operation: none,
    }
}
