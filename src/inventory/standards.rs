//! One endpoint, one standard.
//!
//! Not every exchange of a FHIR server says that it is one: an error page in HTML, a read without
//! `Accept`. And only some say which version. Both are known of the service as a whole, so what is
//! missing is filled in when a merged rollup is read; like all that is done then, it is a function
//! of the merged rollup alone.
//!
//! A base below which FHIR was spoken is a FHIR server's for all that its grammar knows: `DELETE
//! /r4/Patient/{id}` says nothing of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::limits::PATH_SEGMENTS_MAX;
use crate::model::{Location, Status};

use super::fhir::{self, Operation, Part};
use super::merge::Caps;
use super::rollup::{EndpointKey, EndpointStats, Rollup};
use super::template::CollapseMap;

/// The standard of exchanges that are FHIR without saying of which version.
const FHIR: &str = "fhir";
const FHIR_VERSION: &str = "fhir-";
const HTTP: &str = "http";

/// Gives rows of one service the standard that its other rows show: `fhir` becomes the version that
/// others below the same base show, if they show one; `http` becomes FHIR where the same method and
/// path is, and where its path is of FHIR's grammar behind a base that is FHIR's.
pub(super) fn unify(rollup: &mut Rollup, caps: &Caps, map: &mut CollapseMap) {
    let mut versions: BTreeMap<(Arc<str>, String), BTreeSet<Arc<str>>> = BTreeMap::new();
    for key in rollup.endpoints.keys().filter(|k| k.standard.starts_with(FHIR_VERSION)) {
        versions.entry(base_of(key)).or_default().insert(key.standard.clone());
    }
    rekey(rollup, caps, map, |key| {
        let known = versions.get(&base_of(key)).filter(|_| &*key.standard == FHIR)?;
        known.first().filter(|_| known.len() == 1).cloned()
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
    name_below_bases(rollup, caps, map);
}

/// The service of `key` and the base of its FHIR server: one host may have several, of different
/// versions. What is of no grammar (`/fhir/Patient/$export-poll-status/x`) has its first segment.
fn base_of(key: &EndpointKey) -> (Arc<str>, String) {
    let base = read(key, |operation| operation.base.join(&b'/'));
    let base = base.map(|base| String::from_utf8_lossy(&base).into_owned());
    let first = || key.path.trim_start_matches('/').split('/').next().unwrap_or_default().into();
    (key.service.clone(), base.unwrap_or_else(first))
}

/// Names what stands below the bases of FHIR servers and did not say that it is FHIR.
fn name_below_bases(rollup: &mut Rollup, caps: &Caps, map: &mut CollapseMap) {
    let mut bases: BTreeMap<(Arc<str>, String), BTreeSet<Arc<str>>> = BTreeMap::new();
    for key in rollup.endpoints.keys().filter(|key| key.standard.starts_with(FHIR)) {
        let base = read(key, |operation| operation.base.join(&b'/'));
        if let Some(base) = base.and_then(|base| String::from_utf8(base).ok()) {
            let known = bases.entry((key.service.clone(), base)).or_default();
            known.insert(key.standard.clone());
        }
    }
    let changes: Vec<(EndpointKey, Below)> = rollup
        .endpoints
        .iter()
        .filter(|(key, stats)| &*key.standard == HTTP && !is_page(stats))
        .filter_map(|(key, _)| {
            let (base, mut below) = read(key, below)??;
            let known = bases.get(&(key.service.clone(), base))?;
            let only = known.first().filter(|_| known.len() == 1);
            below.standard = only.cloned().unwrap_or_else(|| FHIR.into());
            Some((key.clone(), below))
        })
        .collect();
    for (from, below) in changes {
        let Below { standard, path, interaction, renamed } = below;
        let mut stats = rollup.endpoints.remove(&from).unwrap_or_default();
        *stats.interactions.entry(interaction).or_default() += stats.requests;
        let fields = std::mem::take(&mut stats.fields).into_iter().map(|(mut field, evidence)| {
            let new = renamed.iter().find(|(old, _)| field.path == *old);
            if let (Location::Path, Some((_, new))) = (field.location, new) {
                field.path = new.clone();
            }
            (field, evidence)
        });
        stats.fields = fields.collect();
        let to = EndpointKey { standard, path, ..from.clone() };
        rollup.endpoints.entry(to.clone()).or_default().merge(stats, caps);
        map.add(from, to);
    }
}

/// What an endpoint becomes below a base of FHIR.
struct Below {
    standard: Arc<str>,
    path: Arc<str>,
    interaction: &'static str,
    /// Parameters of the path with the names that FHIR's grammar gives them.
    renamed: Vec<(Arc<str>, Arc<str>)>,
}

/// What the grammar of FHIR makes of the template of `key`.
fn read<T>(key: &EndpointKey, told: impl FnOnce(&Operation<'_>) -> T) -> Option<T> {
    let segments = key.path.split('/').filter(|segment| !segment.is_empty());
    let segments: Vec<&[u8]> = segments.map(str::as_bytes).take(PATH_SEGMENTS_MAX).collect();
    let context = fhir::Context { method: &key.method, ..fhir::Context::default() };
    fhir::parse(&segments, &context).map(|operation| told(&operation))
}

/// The base of `operation`, and what the endpoint becomes; `None` where a word stands for an id:
/// `/Account/login` is no account.
fn below(operation: &Operation<'_>) -> Option<(String, Below)> {
    let base = String::from_utf8(operation.base.join(&b'/')).ok()?;
    let mut path = if base.is_empty() { String::new() } else { format!("/{base}") };
    let mut renamed: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for part in &operation.tail {
        path.push('/');
        match part {
            Part::Literal(text) => path.push_str(text),
            Part::Parameter(name, value) => {
                let old = std::str::from_utf8(value).ok()?;
                let old = old.strip_prefix('{')?.strip_suffix('}')?;
                let numbered = old.trim_end_matches(|c: char| c.is_ascii_digit()) == *name;
                let taken = path.contains(&format!("{{{name}}}"));
                let new = if numbered || taken { old } else { name };
                path.push_str(&format!("{{{new}}}"));
                renamed.push((old.into(), new.into()));
            }
        }
    }
    let interaction = operation.interaction;
    let (standard, path) = (FHIR.into(), path.into());
    Some((base, Below { standard, path, interaction, renamed }))
}

/// Whether what was answered are pages for people.
fn is_page(stats: &EndpointStats) -> bool {
    let [_, sent] = &stats.media;
    let pages = !sent.is_empty() && sent.keys().all(|media| &**media == "text/html");
    pages && stats.statuses.keys().copied().any(Status::is_success)
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
    use proptest::prelude::*;

    use super::super::rollup::FieldKey;
    use super::*;
    use crate::base::StableHasher;
    use crate::model::{Direction, Evidence};

    fn key(standard: &str, method: &str, path: &str) -> EndpointKey {
        EndpointKey {
            service: "s".into(),
            standard: standard.into(),
            method: method.into(),
            path: path.into(),
            operation: "".into(),
        }
    }

    fn unified(keys: impl IntoIterator<Item = EndpointKey>) -> Rollup {
        let caps = Caps::new(StableHasher::new([1; 16]));
        let mut rollup = Rollup::default();
        for key in keys {
            rollup.endpoint(key).requests += 1;
        }
        unify(&mut rollup, &caps, &mut CollapseMap::default());
        rollup
    }

    fn standards(rows: &[(&str, &str)]) -> Vec<String> {
        let rollup = unified(rows.iter().map(|(standard, path)| key(standard, "GET", path)));
        let row = |(k, s): (&EndpointKey, &EndpointStats)| {
            format!("{} {} {}", k.standard, k.path, s.requests)
        };
        rollup.endpoints.iter().map(row).collect()
    }

    #[test]
    fn a_version_that_one_exchange_shows_holds_for_its_base() {
        let rows = [("fhir-r4", "/fhir/metadata"), ("fhir", "/fhir/Patient/{id}")];
        assert_eq!(standards(&rows), ["fhir-r4 /fhir/Patient/{id} 1", "fhir-r4 /fhir/metadata 1"]);
    }

    #[test]
    fn servers_below_other_bases_have_versions_of_their_own() {
        let rows = [
            ("fhir-r5", "/beta/metadata"),
            ("fhir", "/alpha/Patient/{id}"),
            ("fhir-r4b", "/gamma/metadata"),
            ("fhir", "/gamma/Patient/{id}"),
        ];
        let expected = [
            "fhir /alpha/Patient/{id} 1",
            "fhir-r4b /gamma/Patient/{id} 1",
            "fhir-r4b /gamma/metadata 1",
            "fhir-r5 /beta/metadata 1",
        ];
        assert_eq!(standards(&rows), expected);
    }

    #[test]
    fn two_versions_are_left_apart() {
        let rows = [("fhir-r4", "/a/metadata"), ("fhir-r5", "/a/Patient"), ("fhir", "/a/x")];
        assert_eq!(standards(&rows)[0], "fhir /a/x 1");
    }

    #[test]
    fn an_error_page_does_not_make_a_second_endpoint() {
        let rows = [("http", "/fhir/Patient/{id}"), ("fhir", "/fhir/Patient/{id}"), ("http", "/x")];
        assert_eq!(standards(&rows), ["fhir /fhir/Patient/{id} 2", "http /x 1"]);
    }

    /// Standard, method, path and interactions of every row.
    fn below_r4(rows: &[(&str, &str)]) -> BTreeSet<String> {
        let proof = key("fhir-r4", "GET", "/r4/Patient");
        let keys = rows.iter().map(|(method, path)| key(HTTP, method, path));
        let rollup = unified(keys.chain([proof.clone()]));
        let row = |(key, stats): (&EndpointKey, &EndpointStats)| {
            let named = stats.interactions.keys().copied().collect::<Vec<_>>().join(" ");
            format!("{} {} {} {named}", key.standard, key.method, key.path)
        };
        rollup.endpoints.iter().filter(|(key, _)| **key != proof).map(row).collect()
    }

    #[test]
    fn every_interaction_is_named_below_a_base_that_is_fhirs() {
        for (method, path, interaction) in [
            ("GET", "/r4/Binary/{id}", "read"),
            ("HEAD", "/r4/Patient/{id}", "read"),
            ("DELETE", "/r4/Patient/{id}", "delete"),
            ("DELETE", "/r4/Patient", "delete"),
            ("PUT", "/r4/Patient/{id}", "update"),
            ("PUT", "/r4/Patient", "update"),
            ("PATCH", "/r4/Patient/{id}", "patch"),
            ("POST", "/r4/Patient", "create"),
            ("POST", "/r4/Patient/_search", "search-type"),
            ("POST", "/r4/_search", "search-system"),
            ("GET", "/r4/Patient/{id}/Observation", "search-compartment"),
            ("GET", "/r4/Patient/{id}/_history", "history-instance"),
            ("GET", "/r4/Patient/_history", "history-type"),
            ("GET", "/r4/_history", "history-system"),
            ("POST", "/r4/$export", "operation"),
            ("GET", "/r4/Patient/{id}/$everything", "operation"),
            ("GET", "/r4/metadata", "capabilities"),
        ] {
            let expected = format!("fhir-r4 {method} {path} {interaction}");
            assert_eq!(below_r4(&[(method, path)]), [expected].into());
        }
    }

    #[test]
    fn parameters_have_the_names_that_the_grammar_gives_them() {
        let caps = Caps::new(StableHasher::new([1; 16]));
        let mut rollup = Rollup::default();
        rollup.endpoint(key("fhir", "GET", "/r4/Patient")).requests += 1;
        let stats = rollup.endpoint(key(HTTP, "GET", "/r4/Patient/{id}/_history/{id2}"));
        for path in ["id", "id2"] {
            let (direction, location) = (Direction::ToServer, Location::Path);
            let field = FieldKey { direction, location, path: path.into(), context: "".into() };
            stats.fields.insert(field, Evidence::default());
        }
        unify(&mut rollup, &caps, &mut CollapseMap::default());
        let vread = key("fhir", "GET", "/r4/Patient/{id}/_history/{vid}");
        let names: Vec<&str> = rollup.endpoints[&vread].fields.keys().map(|f| &*f.path).collect();
        assert_eq!(names, ["id", "vid"]);
    }

    #[test]
    fn what_is_elsewhere_or_of_another_grammar_stays() {
        for (method, path) in [
            ("GET", "/api/Patient/{id}"),
            ("DELETE", "/Patient/{id}"),
            ("GET", "/r4/Account/login"),
            ("GET", "/r4/patients/{id}"),
            ("GET", "/r4"),
            ("BREW", "/r4/Patient/{id}"),
        ] {
            assert_eq!(below_r4(&[(method, path)]), [format!("http {method} {path} ")].into());
        }
    }

    #[test]
    fn pages_for_people_stay_pages() {
        let caps = Caps::new(StableHasher::new([1; 16]));
        let mut rollup = Rollup::default();
        rollup.endpoint(key("fhir", "GET", "/r4/Observation")).requests += 1;
        let stats = rollup.endpoint(key(HTTP, "GET", "/r4/Patient/{id}"));
        stats.media[1].insert("text/html".into(), 1);
        stats.count_status(Some(Status::Http(200)));
        unify(&mut rollup, &caps, &mut CollapseMap::default());
        assert!(rollup.endpoints.contains_key(&key(HTTP, "GET", "/r4/Patient/{id}")));
    }

    proptest! {
        #[test]
        fn order_and_split_change_nothing(
            rows in proptest::collection::vec((0usize..3, 0usize..3, 0usize..7), 1..12),
            cut in any::<usize>(),
        ) {
            let paths = ["/r4/Patient", "/r4/Patient/{id}", "/r4/$export", "/r4/metadata",
                "/x/Patient/{id}", "/r4/Patient/{id}/_history/{id2}",
                "/r4/Patient/{id}/_history/{vid}"];
            let keys: Vec<EndpointKey> = rows.iter().map(|(standard, method, path)| {
                key([HTTP, FHIR, "fhir-r4"][*standard], ["GET", "PUT", "DELETE"][*method],
                    paths[*path])
            }).collect();
            let caps = Caps::new(StableHasher::new([1; 16]));
            let (some, others) = keys.split_at(cut % keys.len());
            let rollup = |keys: &[EndpointKey]| {
                let mut out = Rollup::default();
                keys.iter().for_each(|key| out.endpoint(key.clone()).requests += 1);
                out
            };
            let mut merged = rollup(others);
            merged.merge(rollup(some), &caps);
            unify(&mut merged, &caps, &mut CollapseMap::default());
            let told = |rollup: &Rollup| format!("{:?}", rollup.endpoints);
            prop_assert_eq!(told(&merged), told(&unified(keys)));
        }
    }
}
