//! Which services keep rows of their own where there are more than may.
//!
//! Whoever makes names up (a scan of virtual hosts, SYNs that carry a request) makes many, and each
//! says little. So what stays is ranked by what was observed of it, and by nothing that only names
//! say:
//!
//! 1. what rules find something in and what was answered with success, then what was answered,
//!    then what rules find something in, then the rest;
//! 2. within each, of every server address one service, then a second, …: made-up names of one
//!    server take no other's room;
//! 3. of one address those that were seen four times before those seen twice, and these before
//!    those seen once; then those that were seen earlier; then the least keyed hash.
//!
//! All of it is a function of the merged observations. What a service has of the first never
//! becomes less as more is observed, and those seen earlier stay earlier.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::{StableHasher, Timestamp};
use crate::model::evidence::RuleCount;
use crate::model::{AckCode, Status};

use super::merge::StableKey;
use super::rollup::{EndpointStats, Rollup, ServiceStats};

/// The service that stands for all services that have no rows of their own.
pub const OVERFLOW: &str = "{overflow}";

/// The anomaly: requests of clients, services and endpoints of which there is no row of their own.
pub const BEYOND: &str = "inventory-memory";

/// The anomaly: services that became part of [`OVERFLOW`].
pub const SERVICES_MERGED: &str = "services-merged";

/// Twice so many times two requests count as no more: volume alone buys no room.
const TIMES_MAX: u32 = 2;

/// What was observed of one service.
#[derive(Default)]
struct Standing {
    speaks: bool,
    succeeds: bool,
    address: Option<SocketAddr>,
    requests: u64,
    first: Option<Timestamp>,
}

impl Standing {
    fn of(stats: &ServiceStats, hasher: &StableHasher) -> Standing {
        // Of a set that may be cut, the member that is never cut.
        let address = stats.addresses.keys().min_by_key(|address| address.stable_hash(hasher));
        Standing {
            speaks: false,
            succeeds: stats.tls.as_ref().is_some_and(|tls| !tls.versions.is_empty()),
            address: address.copied(),
            requests: stats.requests,
            first: Some(stats.span.first),
        }
    }

    fn note(&mut self, endpoint: &EndpointStats) {
        let found = |rule: &RuleCount| rule.passed + rule.embedded > 0;
        self.speaks |= endpoint.fields.values().any(|evidence| evidence.rules.iter().any(found));
        self.succeeds |= endpoint.statuses.keys().any(|status| is_success(*status));
    }

    /// The lesser, the sooner it has room.
    fn tier(&self) -> u8 {
        match (self.speaks, self.succeeds) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        }
    }

    /// The order among those of one tier and address.
    fn place(&self) -> (Reverse<u32>, Option<Timestamp>) {
        let times = self.requests.checked_ilog2().unwrap_or(0).min(TIMES_MAX);
        (Reverse(times), self.first)
    }
}

/// Whether somebody got what they asked for.
fn is_success(status: Status) -> bool {
    match status {
        Status::Http(code) => (100..300).contains(&code) || code == 304,
        Status::Hl7(code) => matches!(code, AckCode::AppAccept | AckCode::CommitAccept),
    }
}

/// Services that have no room where `most` may keep theirs.
pub(super) fn without_room(
    rollup: &Rollup,
    most: usize,
    hasher: &StableHasher,
) -> BTreeSet<Arc<str>> {
    let mut all: BTreeMap<&Arc<str>, Standing> = BTreeMap::new();
    for (name, stats) in &rollup.services {
        all.insert(name, Standing::of(stats, hasher));
    }
    for (key, stats) in &rollup.endpoints {
        all.entry(&key.service).or_default().note(stats);
    }
    all.retain(|name, _| &***name != OVERFLOW);
    if all.len() <= most {
        return BTreeSet::new();
    }
    let mut ranked: Vec<_> = all
        .into_iter()
        .map(|(name, standing)| {
            let among = (standing.tier(), standing.address);
            (among, standing.place(), name.stable_hash(hasher), name)
        })
        .collect();
    ranked.sort_unstable();
    let (mut before, mut nth) = (None, 0_usize);
    let mut by_turns: Vec<_> = ranked
        .into_iter()
        .map(|(among, place, hash, name)| {
            nth = if before == Some(among) { nth + 1 } else { 0 };
            before = Some(among);
            (among.0, nth, place, hash, name)
        })
        .collect();
    by_turns.sort_unstable();
    by_turns.into_iter().skip(most).map(|(.., name)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::merge::Caps;
    use super::super::samples::{self, small_caps};
    use super::*;
    use crate::base::Span;
    use crate::inventory::EndpointKey;
    use crate::model::{Outcome, RuleId};

    /// One exchange with service `name` at address number `server`, answered with `status`.
    fn seen(name: &str, server: u8, (status, speaks): (u16, bool), at: i64) -> Rollup {
        let mut one = samples::one(0, 0, usize::try_from(at).unwrap(), "k");
        let (key, mut stats) = one.endpoints.pop_first().unwrap();
        stats.statuses = [(Status::Http(status), 1)].into();
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId(1));
        if speaks {
            outcome.passed.insert(RuleId(1));
        }
        stats.fields.values_mut().for_each(|evidence| evidence.candidate(9, outcome, 1));
        let name: Arc<str> = name.into();
        one.endpoints.insert(EndpointKey { service: name.clone(), ..key }, stats);
        let (_, mut service) = one.services.pop_first().unwrap();
        service.addresses = [(SocketAddr::from(([10, 0, 0, server], 80)), 1)].into();
        one.services.insert(name, service);
        one
    }

    fn names(rollup: &Rollup) -> Vec<&str> {
        rollup.services.keys().map(|name| &**name).filter(|name| *name != OVERFLOW).collect()
    }

    fn caps(services: usize) -> Caps {
        Caps { services, ..small_caps() }
    }

    #[test]
    fn names_that_somebody_made_up_take_no_room_from_what_was_answered_or_is_spoken_of() {
        let caps = caps(4);
        let mut rollup = Rollup::default();
        for n in 0..1000 {
            rollup.merge(seen(&format!("made-up-{n}"), 1, (404, false), n), &caps);
        }
        rollup.merge(seen("answered", 1, (200, false), 2000), &caps);
        rollup.merge(seen("spoken-of", 1, (404, true), 2001), &caps);
        rollup.merge(seen("both", 1, (200, true), 2002), &caps);
        rollup.conclude(&caps);
        assert_eq!(names(&rollup), ["answered", "both", "made-up-0", "spoken-of"]);
        assert_eq!(rollup.services[OVERFLOW].requests, 999);
        assert_eq!(rollup.anomalies[SERVICES_MERGED], 999);
    }

    #[test]
    fn each_server_has_its_turn_and_of_one_those_seen_more_then_those_seen_earlier() {
        let caps = caps(4);
        let mut rollup = Rollup::default();
        for n in 0..100 {
            rollup.merge(seen(&format!("made-up-{n:02}"), 1, (404, false), 100 - n), &caps);
        }
        for _ in 0..4 {
            rollup.merge(seen("often", 1, (404, false), 500), &caps);
        }
        rollup.merge(seen("other", 2, (404, false), 900), &caps);
        rollup.merge(seen("other-too", 2, (404, false), 901), &caps);
        rollup.conclude(&caps);
        assert_eq!(names(&rollup), ["made-up-99", "often", "other", "other-too"]);
    }

    #[test]
    fn who_was_cut_early_would_have_been_cut_late() {
        let caps = Caps { endpoints: 40, ..caps(3) };
        let all: Vec<Rollup> = (0..400)
            .map(|n| {
                let (status, speaks) = [(404, false), (404, false), (200, n % 40 == 1)]
                    [usize::try_from(n % 3).unwrap()];
                seen(&format!("s{n}"), 1, (status, speaks), (n * 7) % 400)
            })
            .collect();
        let fold = |early: bool, order: &mut dyn Iterator<Item = &Rollup>| {
            let mut rollup = Rollup::default();
            for one in order {
                rollup.merge(one.clone(), &caps);
                if early && rollup.endpoints.len() > 60 {
                    rollup.compact(&caps);
                }
            }
            rollup.conclude(&caps);
            rollup.services.into_iter().map(|(name, stats)| (name, stats.requests)).collect()
        };
        let late: Vec<(Arc<str>, u64)> = fold(false, &mut all.iter());
        assert_eq!(late, fold(true, &mut all.iter()));
        assert_eq!(late, fold(true, &mut all.iter().rev()));
        assert_eq!(late.iter().map(|(_, requests)| requests).sum::<u64>(), 400);
    }

    #[test]
    fn what_has_no_time_has_a_place() {
        let mut rollup = seen("a", 1, (200, true), 1);
        rollup.merge(seen("b", 1, (200, true), 2), &small_caps());
        rollup.services.remove("b");
        rollup.services.get_mut("a").unwrap().span = Span::default();
        assert_eq!(without_room(&rollup, 1, &small_caps().hasher).len(), 1);
    }
}
