//! How rollups add up, and what keeps them bounded.
//!
//! Counters add, spans widen, evidence merges. A set that traffic can make large is a bottom-k
//! sketch: of its keys those with the least keyed hash stay. A key that is among the k least of
//! all is among the k least of every part it appears in, so its counter is exact and the kept set
//! does not depend on order or split. To make a merge cost only what it adds, sets are cut back
//! when they hold twice their cap; [`Rollup::settle`] cuts them back to it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::base::{StableHasher, limits};

use super::rollup::{
    ClientStats, EndpointKey, EndpointStats, FieldKey, FlowKey, FlowStats, Rollup, ServiceStats,
};

/// What bounds a rollup: the limits of `base/limits.rs` (tests make them smaller) and the keyed
/// hash that decides which keys stay.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Keyed hash of the installation, domain `caps`.
    pub hasher: StableHasher,
    /// Services.
    pub services: usize,
    /// Endpoint rows per service that are shown.
    pub endpoints_per_service: usize,
    /// Fields per endpoint that are shown.
    pub fields_per_endpoint: usize,
    /// Endpoint rows of one run in all, while it accumulates.
    pub endpoints: usize,
    /// Fields of one run in all, while it accumulates.
    pub fields: usize,
    /// Clients.
    pub clients: usize,
    /// Client addresses per endpoint.
    pub clients_per_endpoint: usize,
    /// Senders of HL7 v2 messages per endpoint.
    pub senders_per_endpoint: usize,
    /// User agents per client.
    pub user_agents_per_client: usize,
    /// Services per client.
    pub services_per_client: usize,
    /// Media types per endpoint and direction.
    pub media_per_endpoint: usize,
    /// Server addresses per service.
    pub addresses_per_service: usize,
    /// Products per service.
    pub products_per_service: usize,
    /// Tags and tunnels per service.
    pub encapsulations_per_service: usize,
    /// Names of one kind that a service keeps of its TLS sessions.
    pub tls_names_per_service: usize,
    /// Certificates per service.
    pub tls_certificates_per_service: usize,
    /// Rows of server and flow outcome.
    pub flow_rows: usize,
    /// Literal children of a URL path node before they collapse.
    pub segments_per_node: usize,
    /// The same at the root and right below `api` or a version.
    pub segments_per_root: usize,
    /// Literal children of a node of a body path before they collapse.
    pub keys_per_node: usize,
}

impl Caps {
    /// The limits of the sensor under an installation's keyed hash.
    pub fn new(hasher: StableHasher) -> Caps {
        Caps {
            hasher,
            services: limits::SERVICES_MAX,
            endpoints_per_service: limits::ENDPOINTS_PER_SERVICE_MAX,
            fields_per_endpoint: limits::FIELDS_PER_ENDPOINT_MAX,
            endpoints: limits::ENDPOINTS_MAX,
            fields: limits::FIELDS_MAX,
            clients: limits::CLIENTS_MAX,
            clients_per_endpoint: limits::CLIENTS_PER_ENDPOINT_MAX,
            senders_per_endpoint: limits::SENDERS_PER_ENDPOINT_MAX,
            user_agents_per_client: limits::USER_AGENTS_PER_CLIENT_MAX,
            services_per_client: limits::SERVICES_PER_CLIENT_MAX,
            media_per_endpoint: limits::MEDIA_TYPES_PER_ENDPOINT_MAX,
            addresses_per_service: limits::ADDRESSES_PER_SERVICE_MAX,
            products_per_service: limits::PRODUCTS_PER_SERVICE_MAX,
            encapsulations_per_service: limits::ENCAPSULATIONS_PER_SERVICE_MAX,
            tls_names_per_service: limits::TLS_NAMES_PER_SERVICE_MAX,
            tls_certificates_per_service: limits::TLS_CERTIFICATES_PER_SERVICE_MAX,
            flow_rows: limits::FLOW_ROWS_MAX,
            segments_per_node: limits::SEGMENTS_PER_NODE_MAX,
            segments_per_root: limits::SEGMENTS_PER_ROOT_MAX,
            keys_per_node: limits::KEYS_PER_NODE_MAX,
        }
    }
}

/// The limits of a run whose memory budget is smaller than the usual one: what has many rows keeps
/// as many less, and counts the others.
impl Caps {
    /// Tables shrink with `memory`; what one row holds does not, nor how much one row may say.
    pub fn within(self, memory: u64) -> Caps {
        let shrunk = |rows: usize| {
            let fit = u128::from(memory) * rows as u128 / u128::from(limits::MEMORY_DEFAULT);
            let fit = usize::try_from(fit).unwrap_or(usize::MAX);
            fit.max(rows / limits::ROWS_SHARE_LEAST).min(rows)
        };
        Caps {
            services: shrunk(self.services),
            endpoints_per_service: shrunk(self.endpoints_per_service),
            endpoints: shrunk(self.endpoints),
            fields: shrunk(self.fields),
            clients: shrunk(self.clients),
            flow_rows: shrunk(self.flow_rows),
            ..self
        }
    }
}

/// A key whose stable hash decides whether it is kept.
pub(super) trait StableKey: Ord + Clone {
    /// The hash under `hasher`. Equal keys hash equally in every process.
    fn stable_hash(&self, hasher: &StableHasher) -> u64;
}

impl StableKey for Arc<str> {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        hasher.hash(self.as_bytes())
    }
}

impl StableKey for IpAddr {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        match self {
            IpAddr::V4(v4) => hasher.hash(&v4.octets()),
            IpAddr::V6(v6) => hasher.hash(&v6.octets()),
        }
    }
}

impl StableKey for SocketAddr {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        hasher.hash(self.to_string().as_bytes())
    }
}

impl StableKey for FlowKey {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        hasher.hash(format!("{}\0{}", self.server, self.outcome).as_bytes())
    }
}

impl StableKey for EndpointKey {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        let parts = [&self.service, &self.standard, &self.method, &self.path, &self.operation];
        hasher.hash(parts.map(|p| &**p).join("\0").as_bytes())
    }
}

impl StableKey for FieldKey {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        let head = [if self.direction.index() == 0 { '>' } else { '<' }];
        let text: String = head.iter().collect();
        let parts = [text.as_str(), self.location.name(), &self.path, &self.context];
        hasher.hash(parts.join("\0").as_bytes())
    }
}

/// Keeps the `k` entries with the least keyed hashes and hands the others to `evicted`, in order.
pub(super) fn keep_least<K: StableKey, V>(
    map: &mut BTreeMap<K, V>,
    k: usize,
    hasher: &StableHasher,
    evicted: impl FnMut(K, V),
) {
    keep_ranked(map, k, |key, _| (false, key.stable_hash(hasher)), evicted);
}

/// Keeps the `k` entries that `rank` ranks least.
pub(super) fn keep_ranked<K: Ord + Clone, V, R: Ord>(
    map: &mut BTreeMap<K, V>,
    k: usize,
    rank: impl Fn(&K, &V) -> R,
    mut evicted: impl FnMut(K, V),
) {
    if map.len() <= k {
        return;
    }
    let mut ranked: Vec<(R, K)> =
        map.iter().map(|(key, value)| (rank(key, value), key.clone())).collect();
    ranked.select_nth_unstable(k);
    let mut out = ranked.split_off(k);
    out.sort_unstable();
    for (_, key) in out {
        if let Some(value) = map.remove(&key) {
            evicted(key, value);
        }
    }
}

/// Adds counters key by key. Where there are none yet, theirs are taken as they are.
pub(super) fn add<K: Ord>(mine: &mut BTreeMap<K, u64>, theirs: BTreeMap<K, u64>) {
    if mine.is_empty() {
        *mine = theirs;
        return;
    }
    for (key, count) in theirs {
        *mine.entry(key).or_default() += count;
    }
}

/// Adds counters of a capped set; what is cut is dropped.
pub(super) fn add_capped<K: StableKey + Hash>(
    mine: &mut BTreeMap<K, u64>,
    theirs: BTreeMap<K, u64>,
    (k, hasher): (usize, &StableHasher),
) {
    add(mine, theirs);
    if mine.len() > 2 * k {
        keep_least(mine, k, hasher, |_, _| {});
    }
}

impl EndpointStats {
    /// Adds what was seen elsewhere of the same endpoint.
    pub fn merge(&mut self, other: EndpointStats, caps: &Caps) {
        self.requests += other.requests;
        add(&mut self.statuses, other.statuses);
        add(&mut self.auth, other.auth);
        self.encrypted += other.encrypted;
        add(&mut self.protocols, other.protocols);
        add(&mut self.interactions, other.interactions);
        self.unauthenticated_successes += other.unauthenticated_successes;
        add(&mut self.url_credentials, other.url_credentials);
        self.coverage.merge(&other.coverage);
        self.span.merge(other.span);
        self.times.merge(other.times);
        for (mine, theirs) in self.body_bytes.iter_mut().zip(other.body_bytes) {
            *mine += theirs;
        }
        for (mine, theirs) in self.media.iter_mut().zip(other.media) {
            add_capped(mine, theirs, (caps.media_per_endpoint, &caps.hasher));
        }
        add_capped(&mut self.clients, other.clients, (caps.clients_per_endpoint, &caps.hasher));
        for (sender, seen) in other.senders {
            self.senders.entry(sender).or_default().merge(seen);
        }
        if self.senders.len() > 2 * caps.senders_per_endpoint {
            keep_least(&mut self.senders, caps.senders_per_endpoint, &caps.hasher, |_, _| {});
        }
        add(&mut self.anomalies, other.anomalies);
        for (key, evidence) in other.fields {
            self.fields.entry(key).or_default().merge(evidence);
        }
        self.fields_overflow += other.fields_overflow;
        self.bound_fields(caps);
    }

    fn settle(&mut self, caps: &Caps) {
        for media in &mut self.media {
            keep_least(media, caps.media_per_endpoint, &caps.hasher, |_, _| {});
        }
        keep_least(&mut self.clients, caps.clients_per_endpoint, &caps.hasher, |_, _| {});
        keep_least(&mut self.senders, caps.senders_per_endpoint, &caps.hasher, |_, _| {});
    }
}

impl ServiceStats {
    /// Adds what was seen elsewhere of the same service.
    pub fn merge(&mut self, other: ServiceStats, caps: &Caps) {
        let cap = (caps.addresses_per_service, &caps.hasher);
        add_capped(&mut self.addresses, other.addresses, cap);
        self.requests += other.requests;
        self.bytes += other.bytes;
        let cap = (caps.products_per_service, &caps.hasher);
        add_capped(&mut self.products, other.products, cap);
        let cap = (caps.encapsulations_per_service, &caps.hasher);
        add_capped(&mut self.encapsulation, other.encapsulation, cap);
        self.span.merge(other.span);
        if let Some(theirs) = other.tls {
            self.tls.get_or_insert_default().merge(*theirs, caps);
        }
    }

    fn settle(&mut self, caps: &Caps) {
        keep_least(&mut self.addresses, caps.addresses_per_service, &caps.hasher, |_, _| {});
        keep_least(&mut self.products, caps.products_per_service, &caps.hasher, |_, _| {});
        let cap = caps.encapsulations_per_service;
        keep_least(&mut self.encapsulation, cap, &caps.hasher, |_, _| {});
        if let Some(tls) = &mut self.tls {
            tls.settle(caps);
        }
    }
}

impl ClientStats {
    /// Adds what was seen elsewhere of the same client.
    pub fn merge(&mut self, other: ClientStats, caps: &Caps) {
        let cap = (caps.user_agents_per_client, &caps.hasher);
        add_capped(&mut self.user_agents, other.user_agents, cap);
        let cap = (caps.services_per_client, &caps.hasher);
        add_capped(&mut self.services, other.services, cap);
        self.requests += other.requests;
        self.span.merge(other.span);
    }

    fn settle(&mut self, caps: &Caps) {
        keep_least(&mut self.user_agents, caps.user_agents_per_client, &caps.hasher, |_, _| {});
        keep_least(&mut self.services, caps.services_per_client, &caps.hasher, |_, _| {});
    }
}

impl FlowStats {
    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &FlowStats) {
        self.flows += other.flows;
        self.bytes += other.bytes;
        self.gap_bytes += other.gap_bytes;
        self.one_sided += other.one_sided;
        for (name, count) in &other.anomalies {
            *self.anomalies.entry(name).or_default() += count;
        }
    }
}

impl Rollup {
    /// Whether nothing was observed.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.endpoints.is_empty()
            && self.clients.is_empty()
            && self.flows.is_empty()
            && self.anomalies.is_empty()
            && self.clients_overflow == 0
    }

    /// The stats of one endpoint, made when missing.
    pub fn endpoint(&mut self, key: EndpointKey) -> &mut EndpointStats {
        self.endpoints.entry(key).or_default()
    }

    /// Adds `other`. Associative and commutative, and the empty rollup is neutral: as long as no
    /// table reaches its accumulation limit, results are equal once settled (and collapsed, where
    /// a collapse came early). Costs what `other` holds, not what `self` holds.
    pub fn merge(&mut self, other: Rollup, caps: &Caps) {
        // What is new is taken as it is: a copy of it would be made node by node.
        for (name, stats) in other.services {
            match self.services.entry(name) {
                Entry::Vacant(place) => drop(place.insert(stats)),
                Entry::Occupied(mut mine) => mine.get_mut().merge(stats, caps),
            }
        }
        for (key, stats) in other.endpoints {
            match self.endpoints.entry(key) {
                Entry::Vacant(place) => place.insert(stats).bound_fields(caps),
                Entry::Occupied(mut mine) => mine.get_mut().merge(stats, caps),
            }
        }
        for (address, stats) in other.clients {
            match self.clients.entry(address) {
                Entry::Vacant(place) => drop(place.insert(stats)),
                Entry::Occupied(mut mine) => mine.get_mut().merge(stats, caps),
            }
        }
        self.clients_overflow += other.clients_overflow;
        for (key, stats) in other.flows {
            self.flows.entry(key).or_default().merge(&stats);
        }
        add(&mut self.anomalies, other.anomalies);
        if self.clients.len() > 2 * caps.clients {
            self.bound_clients(caps);
        }
        if self.flows.len() > 2 * caps.flow_rows {
            self.bound_flows(caps);
        }
    }

    /// Cuts every capped set back to its cap. Merging settled rollups and settling again gives
    /// the same as settling once at the end.
    pub fn settle(&mut self, caps: &Caps) {
        self.services.values_mut().for_each(|s| s.settle(caps));
        self.endpoints.values_mut().for_each(|s| s.settle(caps));
        self.clients.values_mut().for_each(|s| s.settle(caps));
        self.bound_clients(caps);
        self.bound_flows(caps);
    }

    fn bound_clients(&mut self, caps: &Caps) {
        let overflow = &mut self.clients_overflow;
        keep_least(&mut self.clients, caps.clients, &caps.hasher, |_, stats| {
            *overflow += stats.requests;
        });
    }

    fn bound_flows(&mut self, caps: &Caps) {
        // Rows that already are overflow are not counted and not cut.
        let mut overflow = BTreeMap::new();
        while let Some(entry) = self.flows.first_entry()
            && entry.key().server == FlowKey::OVERFLOW
        {
            let (key, stats) = entry.remove_entry();
            overflow.insert(key, stats);
        }
        keep_least(&mut self.flows, caps.flow_rows, &caps.hasher, |key, stats| {
            let key = FlowKey { server: FlowKey::OVERFLOW, outcome: key.outcome };
            overflow.entry(key).or_insert_with(FlowStats::default).merge(&stats);
        });
        self.flows.append(&mut overflow);
    }
}

impl FlowKey {
    /// The server that stands for all servers that were not kept: the unspecified address, which
    /// no packet carries as a destination and which sorts first.
    pub const OVERFLOW: SocketAddr =
        SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{self, observations, observe, rollup_of, small_caps};
    use super::*;

    fn settled(mut rollup: Rollup, caps: &Caps) -> String {
        rollup.settle(caps);
        observe(&mut rollup)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn merging_is_associative_and_commutative(
            a in observations(40), b in observations(40), c in observations(40),
        ) {
            let caps = small_caps();
            let mut left = rollup_of(&a, &caps);
            left.merge(rollup_of(&b, &caps), &caps);
            left.merge(rollup_of(&c, &caps), &caps);
            let mut inner = rollup_of(&c, &caps);
            inner.merge(rollup_of(&b, &caps), &caps);
            inner.merge(rollup_of(&a, &caps), &caps);
            let mut tail = rollup_of(&b, &caps);
            tail.merge(rollup_of(&c, &caps), &caps);
            let mut outer = rollup_of(&a, &caps);
            outer.merge(tail, &caps);
            let left = settled(left, &caps);
            prop_assert_eq!(&left, &settled(inner, &caps));
            prop_assert_eq!(&left, &settled(outer, &caps));
        }

        #[test]
        fn settling_early_changes_nothing(a in observations(60), b in observations(60)) {
            let caps = small_caps();
            let mut late = rollup_of(&a, &caps);
            late.merge(rollup_of(&b, &caps), &caps);
            let (mut early, mut other) = (rollup_of(&a, &caps), rollup_of(&b, &caps));
            early.settle(&caps);
            other.settle(&caps);
            early.merge(other, &caps);
            prop_assert_eq!(settled(late, &caps), settled(early, &caps));
        }

        #[test]
        fn the_empty_rollup_is_neutral(a in observations(40)) {
            let caps = small_caps();
            let whole = settled(rollup_of(&a, &caps), &caps);
            let mut left = Rollup::default();
            left.merge(rollup_of(&a, &caps), &caps);
            let mut right = rollup_of(&a, &caps);
            right.merge(Rollup::default(), &caps);
            prop_assert_eq!(&settled(left, &caps), &whole);
            prop_assert_eq!(&settled(right, &caps), &whole);
        }
    }

    #[test]
    fn capped_sets_stay_within_their_caps_and_lose_no_request() {
        let caps = small_caps();
        let mut rollup = Rollup::default();
        for n in 0..2000 {
            rollup.merge(samples::one(n, n, n, "k"), &caps);
            assert!(rollup.clients.len() <= 2 * caps.clients);
            assert!(rollup.flows.len() <= 2 * caps.flow_rows + 1);
        }
        rollup.settle(&caps);
        assert_eq!(rollup.clients.len(), caps.clients);
        let kept: u64 = rollup.clients.values().map(|c| c.requests).sum();
        assert_eq!(kept + rollup.clients_overflow, 2000);
        let flows: u64 = rollup.flows.values().map(|f| f.flows).sum();
        assert_eq!(flows, 2000);
        for stats in rollup.endpoints.values() {
            assert!(stats.clients.len() <= caps.clients_per_endpoint);
        }
    }
}
