//! One endpoint, one standard.
//!
//! Not every exchange of a FHIR server says that it is one: an error page in HTML, a read without
//! `Accept`. And only some say which version. Both are known of the service as a whole, so what is
//! missing is filled in when a merged rollup is read; like all that is done then, it is a function
//! of the merged rollup alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::merge::Caps;
use super::rollup::{EndpointKey, Rollup};
use super::template::CollapseMap;

/// The standard of exchanges that are FHIR without saying of which version.
const FHIR: &str = "fhir";
const FHIR_VERSION: &str = "fhir-";
const HTTP: &str = "http";

/// Gives rows of one service the standard that its other rows show: `fhir` becomes the version
/// that the service shows, if it shows one; `http` becomes FHIR where the same method and path is.
pub(super) fn unify(rollup: &mut Rollup, caps: &Caps, map: &mut CollapseMap) {
    let mut versions: BTreeMap<Arc<str>, BTreeSet<Arc<str>>> = BTreeMap::new();
    for key in rollup.endpoints.keys().filter(|k| k.standard.starts_with(FHIR_VERSION)) {
        versions.entry(key.service.clone()).or_default().insert(key.standard.clone());
    }
    let only_version = |service: &Arc<str>| {
        let mut versions = versions.get(service)?.iter();
        versions.next().filter(|_| versions.next().is_none()).cloned()
    };
    rekey(rollup, caps, map, |key| match (&*key.standard, only_version(&key.service)) {
        (FHIR, Some(version)) => Some(version),
        _ => None,
    });
    let mut fhir = BTreeMap::new();
    for key in rollup.endpoints.keys().filter(|k| k.standard.starts_with(FHIR)) {
        if !key.path.is_empty() {
            let place = (key.service.clone(), key.method.clone(), key.path.clone());
            fhir.entry(place).or_insert_with(|| key.standard.clone());
        }
    }
    rekey(rollup, caps, map, |key| {
        let place = (key.service.clone(), key.method.clone(), key.path.clone());
        if &*key.standard == HTTP { fhir.get(&place).cloned() } else { None }
    });
}

fn rekey(
    rollup: &mut Rollup,
    caps: &Caps,
    map: &mut CollapseMap,
    standard: impl Fn(&EndpointKey) -> Option<Arc<str>>,
) {
    let changes: Vec<(EndpointKey, EndpointKey)> = rollup
        .endpoints
        .keys()
        .filter_map(|key| {
            let standard = standard(key)?;
            Some((key.clone(), EndpointKey { standard, ..key.clone() }))
        })
        .collect();
    for (from, to) in changes {
        let stats = rollup.endpoints.remove(&from).unwrap_or_default();
        rollup.endpoints.entry(to.clone()).or_default().merge(stats, caps);
        map.add(from, to);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rollup::EndpointStats;
    use super::*;
    use crate::base::StableHasher;

    fn standards(rows: &[(&str, &str)]) -> Vec<String> {
        let caps = Caps::new(StableHasher::new([1; 16]));
        let mut rollup = Rollup::default();
        for (standard, path) in rows {
            let key = EndpointKey {
                service: "s".into(),
                standard: (*standard).into(),
                method: "GET".into(),
                path: (*path).into(),
                operation: "".into(),
            };
            rollup.endpoint(key).requests += 1;
        }
        unify(&mut rollup, &caps, &mut CollapseMap::default());
        let row = |(k, s): (&EndpointKey, &EndpointStats)| {
            format!("{} {} {}", k.standard, k.path, s.requests)
        };
        rollup.endpoints.iter().map(row).collect()
    }

    #[test]
    fn a_version_that_one_exchange_shows_holds_for_the_service() {
        let rows = [("fhir-r4", "/fhir/metadata"), ("fhir", "/fhir/Patient/{id}")];
        assert_eq!(standards(&rows), ["fhir-r4 /fhir/Patient/{id} 1", "fhir-r4 /fhir/metadata 1"]);
    }

    #[test]
    fn two_versions_are_left_apart() {
        let rows = [("fhir-r4", "/a/metadata"), ("fhir-r5", "/b/metadata"), ("fhir", "/a/x")];
        assert_eq!(standards(&rows)[0], "fhir /a/x 1");
    }

    #[test]
    fn an_error_page_does_not_make_a_second_endpoint() {
        let rows = [("http", "/fhir/Patient/{id}"), ("fhir", "/fhir/Patient/{id}"), ("http", "/x")];
        assert_eq!(standards(&rows), ["fhir /fhir/Patient/{id} 2", "http /x 1"]);
    }
}
