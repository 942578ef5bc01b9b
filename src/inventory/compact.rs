//! Keeping a rollup small: collapsing and caps over all of it.
//!
//! Collapsing may come at any time, because it is monotone (see `template`). Caps on rows come in
//! two sizes: the one that is shown is applied when a rollup is read, after collapsing; while it
//! accumulates, tables may grow to a multiple of it, so that a row which a later collapse would
//! join is not sent to overflow before. Only an input that exceeds the multiple even after
//! collapsing can see its overflow depend on order; its totals do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::limits::ACCUMULATION_FACTOR;
use crate::model::Evidence;

use super::merge::{Caps, StableKey, keep_ranked};
use super::rollup::{ClientStats, EndpointKey, EndpointStats, FieldKey, Rollup};
use super::room::{OVERFLOW, SERVICES_MERGED, without_room};
use super::template::{CollapseMap, collapse_endpoints, collapse_fields, overflow_key};

/// While a rollup accumulates there may be so many times the services that are shown: no collapse
/// joins them, so that those which will be cut are known sooner.
const SERVICES_FACTOR: usize = 2;

impl EndpointStats {
    /// Cuts fields back when they outgrow what may accumulate. Between two cuts at least as many
    /// fields come as are shown, so the cost per field stays constant.
    pub(super) fn bound_fields(&mut self, caps: &Caps) {
        let most = caps.fields_per_endpoint.saturating_mul(ACCUMULATION_FACTOR);
        if self.fields.len() > most {
            collapse_fields(&mut self.fields, caps);
            self.keep_fields(most / 2, caps);
        }
    }

    fn keep_fields(&mut self, most: usize, caps: &Caps) {
        let overflow = &mut self.fields_overflow;
        let rank = |key: &FieldKey, evidence: &Evidence| {
            (evidence.rules.is_empty(), key.stable_hash(&caps.hasher))
        };
        keep_ranked(&mut self.fields, most, rank, |_, evidence| *overflow += evidence.seen);
    }
}

impl Rollup {
    /// Collapses paths and object keys and bounds what is left, with room to grow. For whoever
    /// accumulates: call it whenever the number of endpoints has doubled since the last call.
    pub fn compact(&mut self, caps: &Caps) {
        self.bound_services(caps.services.saturating_mul(SERVICES_FACTOR), caps);
        self.collapse(caps);
        self.bound_endpoints(caps.endpoints_per_service.saturating_mul(ACCUMULATION_FACTOR), caps);
        self.bound_all(caps);
    }

    /// How many fields it has.
    pub fn field_count(&self) -> usize {
        self.endpoints.values().map(|stats| stats.fields.len()).sum()
    }

    /// Keeps as many rows as one run may have in all. Services that will not be shown give up
    /// theirs first; then whoever has the most gives up the most, so that made-up names of one
    /// service cost no other its own; what rules speak of goes last.
    fn bound_all(&mut self, caps: &Caps) {
        if self.endpoints.len() > caps.endpoints {
            self.bound_services(caps.services, caps);
        }
        if self.endpoints.len() > caps.endpoints {
            let mut services: BTreeMap<&str, usize> = BTreeMap::new();
            for key in self.endpoints.keys() {
                *services.entry(&key.service).or_default() += 1;
            }
            let most = fair_share(services.into_values().collect(), caps.endpoints);
            self.bound_endpoints(most, caps);
        }
        if self.field_count() > caps.fields {
            let sizes = self.endpoints.values().map(|stats| stats.fields.len()).collect();
            let most = fair_share(sizes, caps.fields);
            self.endpoints.values_mut().for_each(|stats| stats.keep_fields(most, caps));
        }
    }

    /// Collapses paths and object keys and says which endpoint went into which.
    pub fn collapse(&mut self, caps: &Caps) -> CollapseMap {
        let map = collapse_endpoints(&mut self.endpoints, caps);
        for stats in self.endpoints.values_mut() {
            collapse_fields(&mut stats.fields, caps);
        }
        map
    }

    /// What a reader sees: settled, collapsed, and within the caps that are shown.
    pub fn conclude(&mut self, caps: &Caps) -> CollapseMap {
        self.bound_services(caps.services, caps);
        let map = self.collapse(caps);
        self.bound_endpoints(caps.endpoints_per_service, caps);
        for stats in self.endpoints.values_mut() {
            collapse_fields(&mut stats.fields, caps);
            stats.keep_fields(caps.fields_per_endpoint, caps);
        }
        self.settle(caps);
        map
    }

    /// Requests of clients, services and endpoints that have no row of their own; one may be of
    /// several.
    pub fn requests_beyond(&self) -> u64 {
        let beyond = |key: &EndpointKey| &*key.service == OVERFLOW || &*key.operation == OVERFLOW;
        let rows = self.endpoints.iter().filter(|(key, _)| beyond(key));
        rows.map(|(_, stats)| stats.requests).sum::<u64>() + self.clients_overflow
    }

    /// Keeps as many services as `most`, those that matter most (`room`); the rest becomes the
    /// service `{overflow}`, and is counted.
    fn bound_services(&mut self, most: usize, caps: &Caps) {
        if self.services.len().saturating_add(self.endpoints.len()) <= most {
            return;
        }
        let gone = without_room(self, most, &caps.hasher);
        if gone.is_empty() {
            return;
        }
        *self.anomalies.entry(SERVICES_MERGED).or_default() += gone.len() as u64;
        let overflow: Arc<str> = OVERFLOW.into();
        for name in &gone {
            if let Some(stats) = self.services.remove(name) {
                self.services.entry(overflow.clone()).or_default().merge(stats, caps);
            }
        }
        // Row by row, where they are: a map made anew would hold all of them twice.
        let rows = self.endpoints.keys().filter(|key| gone.contains(&key.service));
        for mut key in rows.cloned().collect::<Vec<_>>() {
            let Some(stats) = self.endpoints.remove(&key) else { continue };
            key.service = overflow.clone();
            self.endpoints.entry(key).or_default().merge(stats, caps);
        }
    }

    /// Keeps at most `most` rows per service; the rest becomes one row per standard.
    fn bound_endpoints(&mut self, most: usize, caps: &Caps) {
        let mut services: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for key in self.endpoints.keys() {
            *services.entry(key.service.clone()).or_default() += 1;
        }
        services.retain(|_, rows| *rows > most);
        if services.is_empty() {
            return;
        }
        let mut rest = BTreeMap::new();
        let mut crowded: BTreeMap<Arc<str>, BTreeMap<_, EndpointStats>> = BTreeMap::new();
        for (key, stats) in std::mem::take(&mut self.endpoints) {
            if services.contains_key(&key.service) && &*key.operation != OVERFLOW {
                crowded.entry(key.service.clone()).or_default().insert(key, stats);
            } else {
                rest.insert(key, stats);
            }
        }
        for (service, mut rows) in crowded {
            let rank = |key: &EndpointKey, stats: &EndpointStats| {
                let speaks = stats.fields.values().any(|evidence| !evidence.rules.is_empty());
                (!speaks, key.stable_hash(&caps.hasher))
            };
            keep_ranked(&mut rows, most, rank, |key, stats| {
                let key = overflow_key(&service, &key.standard);
                rest.entry(key).or_insert_with(EndpointStats::default).merge(stats, caps);
            });
            // One by one: `append` builds the whole map anew, for each service.
            rest.extend(rows);
        }
        self.endpoints = rest;
    }
}

/// How many each of `sizes` may keep at most, so that all of them keep no more than `most`.
fn fair_share(mut sizes: Vec<usize>, most: usize) -> usize {
    sizes.sort_unstable();
    let (mut left, mut many) = (most, sizes.len());
    for size in sizes {
        let share = left / many.max(1);
        if size > share {
            return share;
        }
        (left, many) = (left - size, many - 1);
    }
    usize::MAX
}

impl ClientStats {
    /// A client that stands for all clients that were not kept: only its requests are known.
    pub(super) fn overflow(requests: u64) -> ClientStats {
        ClientStats { requests, ..Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::samples::{self, observations, observe, rollup_of, small_caps};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn compacting_early_changes_nothing(a in observations(50), b in observations(50)) {
            // Room to grow, so that only collapsing is at work.
            let caps = small_caps();
            let caps = Caps { endpoints_per_service: 100, fields_per_endpoint: 100, ..caps };
            let mut late = rollup_of(&a, &caps);
            late.merge(rollup_of(&b, &caps), &caps);
            late.conclude(&caps);
            let (mut left, mut right) = (rollup_of(&a, &caps), rollup_of(&b, &caps));
            left.compact(&caps);
            right.compact(&caps);
            right.merge(left, &caps);
            right.compact(&caps);
            right.conclude(&caps);
            prop_assert_eq!(observe(&mut late), observe(&mut right));
        }

        #[test]
        fn caps_do_not_depend_on_order(a in observations(80), seed: u8) {
            let caps = Caps { endpoints_per_service: 4, fields_per_endpoint: 4, ..small_caps() };
            let mut one = rollup_of(&a, &caps);
            let mut other = rollup_of(&samples::shuffled(&a, seed), &caps);
            one.conclude(&caps);
            other.conclude(&caps);
            prop_assert_eq!(observe(&mut one), observe(&mut other));
        }
    }

    #[test]
    fn rows_beyond_the_cap_go_to_a_named_overflow_and_no_request_is_lost() {
        let caps = Caps { endpoints_per_service: 4, segments_per_root: 1000, ..small_caps() };
        let mut rollup = Rollup::default();
        for n in 0..200 {
            let mut one = samples::one(0, 0, 0, "k");
            let (mut key, stats) = one.endpoints.pop_first().unwrap();
            key.path = format!("/{}", samples::word(n)).into();
            one.endpoints.insert(key, stats);
            rollup.merge(one, &caps);
        }
        rollup.conclude(&caps);
        assert_eq!(rollup.endpoints.len(), 5);
        let total: u64 = rollup.endpoints.values().map(|s| s.requests).sum();
        assert_eq!(total, 200);
        let overflow = rollup.endpoints.keys().find(|k| &*k.operation == OVERFLOW);
        assert!(overflow.is_some());
    }

    #[test]
    fn all_rows_of_a_run_are_bounded_and_the_largest_give_up_theirs() {
        let caps = Caps {
            services: 50,
            segments_per_root: 1000,
            endpoints: 40,
            fields: 60,
            keys_per_node: 1000,
            ..small_caps()
        };
        let mut rollup = Rollup::default();
        let mut add = |service: usize, path: usize, field: usize| {
            let mut one = samples::one(service, 0, 0, &samples::word(field));
            let (mut key, stats) = one.endpoints.pop_first().unwrap();
            key.path = format!("/{}", samples::word(path)).into();
            one.endpoints.insert(key, stats);
            rollup.merge(one, &caps);
        };
        // One service with a hundred rows, three with one each, one of which has a hundred fields.
        (0..100).for_each(|n| add(0, n, 0));
        (1..4).for_each(|service| add(service, 0, 0));
        (0..100).for_each(|n| add(1, 0, n));
        let requests: u64 = rollup.endpoints.values().map(|s| s.requests).sum();
        rollup.compact(&caps);
        let rows = |service: &str| {
            let rows = rollup.endpoints.keys().filter(|key| &*key.service == service);
            rows.filter(|key| &*key.operation != OVERFLOW).count()
        };
        let names: BTreeSet<_> = rollup.endpoints.keys().map(|key| key.service.clone()).collect();
        let counts: Vec<usize> = names.iter().map(|name| rows(name)).collect();
        assert_eq!(counts, [37, 1, 1, 1], "those with few keep theirs");
        assert!(rollup.field_count() <= 60, "{}", rollup.field_count());
        assert_eq!(requests, rollup.endpoints.values().map(|s| s.requests).sum::<u64>());
        assert!(rollup.requests_beyond() >= 63);
    }

    #[test]
    fn shares_are_fair() {
        assert_eq!(fair_share(vec![5, 100, 1], 40), 34);
        assert_eq!(fair_share(vec![10, 10, 10], 30), usize::MAX);
        assert_eq!(fair_share(vec![10, 10, 11], 30), 10);
        assert_eq!(fair_share(vec![], 0), usize::MAX);
        assert_eq!(fair_share(vec![3; 10], 5), 0);
    }

    #[test]
    fn services_beyond_the_cap_become_one() {
        let caps = small_caps();
        let mut rollup = Rollup::default();
        for n in 0..caps.services + 5 {
            rollup.merge(samples::one(n, 0, 0, "k"), &caps);
        }
        rollup.conclude(&caps);
        assert_eq!(rollup.services.len(), caps.services + 1);
        assert_eq!(rollup.services[OVERFLOW].requests, 5);
        assert!(rollup.endpoints.keys().any(|k| &*k.service == OVERFLOW));
    }

    #[test]
    fn fields_are_bounded_while_they_accumulate() {
        let caps = Caps { fields_per_endpoint: 8, keys_per_node: 100_000, ..small_caps() };
        let mut rollup = Rollup::default();
        for n in 0..500 {
            rollup.merge(samples::one(0, 0, 0, &samples::word(n)), &caps);
            let fields = rollup.endpoints.values().map(|s| s.fields.len()).max();
            assert!(fields <= Some(8 * ACCUMULATION_FACTOR));
        }
        rollup.conclude(&caps);
        let stats = rollup.endpoints.values().next().unwrap();
        assert_eq!(stats.fields.len(), 8);
        let kept: u64 = stats.fields.values().map(|e| e.seen).sum();
        assert_eq!(kept + stats.fields_overflow, 500);
    }
}
