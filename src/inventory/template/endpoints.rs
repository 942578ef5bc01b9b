//! Collapsing of word-like path segments over a rollup: `/users/alice`, `/users/bob`, … to
//! `/users/{name}`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::collapse::{Sequence, Token, collapse};
use super::shape::is_version;
use crate::inventory::merge::Caps;
use crate::inventory::rollup::{EndpointKey, EndpointStats};

/// The marker of a collapsed node. Later ones of one path are shown as `{name2}`, `{name3}`, ….
const MARKER: &str = "/{name}";

/// Which endpoint went into which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollapseMap {
    moved: BTreeMap<EndpointKey, EndpointKey>,
}

impl CollapseMap {
    /// Where `key` is now: itself where it was not collapsed.
    pub fn of<'a>(&'a self, key: &'a EndpointKey) -> &'a EndpointKey {
        self.moved.get(key).unwrap_or(key)
    }

    /// Every endpoint that went into another, with that other, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&EndpointKey, &EndpointKey)> {
        self.moved.iter()
    }

    /// Notes that what went into `from`, and `from` itself, went into `to`.
    pub(in crate::inventory) fn add(&mut self, from: EndpointKey, to: EndpointKey) {
        for moved in self.moved.values_mut().filter(|moved| **moved == from) {
            *moved = to.clone();
        }
        self.moved.insert(from, to);
    }

    /// Whether nothing collapsed.
    pub fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }
}

/// Joins endpoints whose paths differ only in segments that are too many to be names.
///
/// Per service (FHIR standards apart from the others) the paths form a trie, over all methods.
/// A node with more than `caps.segments_per_node` distinct literal children collapses them to
/// `{name}`; at the root and right below `api`, `apis`, `rest` or a version, where collections
/// stand side by side, `caps.segments_per_root` do. Never counted and never collapsed are `api`,
/// `rest`, versions and parameters, and in FHIR the resource types, `$operations` and `_search`,
/// `_history`.
///
/// Monotone and idempotent; may be applied to parts before they are merged.
pub fn collapse_endpoints(
    endpoints: &mut BTreeMap<EndpointKey, EndpointStats>,
    caps: &Caps,
) -> CollapseMap {
    let keys: Vec<EndpointKey> = endpoints.keys().cloned().collect();
    let mut map = CollapseMap::default();
    // Keys sort by service first.
    for service in keys.chunk_by(|a, b| a.service == b.service) {
        for fhir in [false, true] {
            let of_family =
                |(_, key): &(usize, &EndpointKey)| !key.path.is_empty() && is_fhir(key) == fhir;
            let mut sequences: Vec<Sequence<'_>> = service
                .iter()
                .enumerate()
                .filter(of_family)
                .map(|(owner, key)| Sequence { tokens: tokens(&key.path, fhir), owner })
                .collect();
            if !collapse(&mut sequences, &|parent| limit(parent, caps)) {
                continue;
            }
            for sequence in &sequences {
                let Some(key) = service.get(sequence.owner) else { continue };
                let path = render(&sequence.tokens);
                if path != *key.path {
                    map.moved.insert(key.clone(), EndpointKey { path: path.into(), ..key.clone() });
                }
            }
        }
    }
    for (from, to) in &map.moved {
        if let Some(stats) = endpoints.remove(from) {
            endpoints.entry(to.clone()).or_default().merge(stats, caps);
        }
    }
    map
}

fn is_fhir(key: &EndpointKey) -> bool {
    key.standard.starts_with("fhir")
}

fn limit(parent: Option<&Token<'_>>, caps: &Caps) -> usize {
    match parent {
        None => caps.segments_per_root,
        Some(token) if is_api_root(token.text) => caps.segments_per_root,
        Some(_) => caps.segments_per_node,
    }
}

fn is_api_root(token: &str) -> bool {
    let segment = token.strip_prefix('/').unwrap_or(token);
    matches!(segment, "api" | "apis" | "rest") || is_version(segment)
}

/// The segments of a template, each with its slash.
fn tokens(path: &str, fhir: bool) -> Vec<Token<'_>> {
    let starts = memchr::memchr_iter(b'/', path.as_bytes());
    let ends = memchr::memchr_iter(b'/', path.as_bytes()).skip(1).chain([path.len()]);
    let texts = starts.zip(ends).filter_map(|(start, end)| path.get(start..end));
    texts
        .map(|text| {
            if is_marker(text) {
                return Token { text: MARKER, marker: Some(MARKER) };
            }
            let fixed = text == "/"
                || (text.starts_with("/{") && text.ends_with('}'))
                || is_api_root(text)
                || (fhir && is_fhir_name(text));
            Token { text, marker: (!fixed).then_some(MARKER) }
        })
        .collect()
}

/// `{name}`, `{name2}`, …: only collapsing makes them.
fn is_marker(token: &str) -> bool {
    token
        .strip_prefix("/{name")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

/// Names of FHIR's own: resource types (a capital, then letters), `$operations`, `_search` and
/// the like, `metadata`.
fn is_fhir_name(token: &str) -> bool {
    let segment = token.strip_prefix('/').unwrap_or(token);
    segment.starts_with(['$', '_'])
        || segment == "metadata"
        || (segment.starts_with(|c: char| c.is_ascii_uppercase())
            && segment.bytes().all(|b| b.is_ascii_alphabetic()))
}

fn render(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    let mut markers = 0;
    for token in tokens {
        if token.text != MARKER {
            out.push_str(token.text);
            continue;
        }
        markers += 1;
        if markers == 1 {
            out.push_str(MARKER);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "/{{name{markers}}}");
        }
    }
    out
}

/// The key of the row that stands for rows which were not kept.
pub(in crate::inventory) fn overflow_key(service: &Arc<str>, standard: &Arc<str>) -> EndpointKey {
    EndpointKey {
        service: service.clone(),
        standard: standard.clone(),
        method: "".into(),
        path: "".into(),
        operation: "{overflow}".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::inventory::samples::small_caps;

    fn key(standard: &str, path: &str) -> EndpointKey {
        EndpointKey {
            service: "s".into(),
            standard: standard.into(),
            method: "GET".into(),
            path: path.into(),
            operation: "".into(),
        }
    }

    fn table(standard: &str, paths: &[String]) -> BTreeMap<EndpointKey, EndpointStats> {
        let mut out = BTreeMap::new();
        for path in paths {
            let stats = EndpointStats { requests: 1, ..Default::default() };
            out.entry(key(standard, path))
                .or_insert_with(EndpointStats::default)
                .merge(stats, &small_caps());
        }
        out
    }

    fn after(standard: &str, paths: &[String]) -> Vec<(String, u64)> {
        let mut endpoints = table(standard, paths);
        collapse_endpoints(&mut endpoints, &small_caps());
        endpoints.iter().map(|(k, s)| (k.path.to_string(), s.requests)).collect()
    }

    fn word(n: usize) -> String {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
        format!("w{}{}", letter(n / 26), letter(n))
    }

    fn under(prefix: &str, count: usize, suffix: &str) -> Vec<String> {
        (0..count).map(|n| format!("{prefix}/{}{suffix}", word(n))).collect()
    }

    #[test]
    fn too_many_names_at_one_place_become_one_parameter() {
        let caps = small_caps();
        let at_limit = caps.segments_per_node;
        assert_eq!(after("http", &under("/users", at_limit, "/x")).len(), at_limit);
        let over = under("/users", at_limit + 1, "/x");
        assert_eq!(after("http", &over), [("/users/{name}/x".to_owned(), at_limit as u64 + 1)]);
    }

    #[test]
    fn roots_and_version_segments_hold_more_before_they_collapse() {
        let caps = small_caps();
        for prefix in ["", "/api", "/app/v2", "/rest"] {
            let many = under(prefix, caps.segments_per_root, "");
            assert_eq!(after("http", &many).len(), caps.segments_per_root, "{prefix}");
            let more = under(prefix, caps.segments_per_root + 1, "");
            assert_eq!(after("http", &more).len(), 1, "{prefix}");
        }
    }

    #[test]
    fn joined_subtrees_are_counted_together_and_parameters_numbered() {
        let caps = small_caps();
        let mut paths = Vec::new();
        for n in 0..=caps.segments_per_node {
            paths.push(format!("/users/{}/tag/{}", word(n), word(100 + n)));
        }
        let rows = after("http", &paths);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].0, "/users/{name}/tag/{name2}");
    }

    #[test]
    fn names_of_fhir_never_collapse() {
        let types: Vec<String> =
            (0..60).map(|n| format!("/base/R{}", word(n))).chain(["/base/$x".into()]).collect();
        assert_eq!(after("fhir-r4", &types).len(), 61);
        assert_eq!(after("http", &types).len(), 1);
    }

    #[test]
    fn words_beside_a_key_are_counted() {
        let caps = small_caps();
        let over = caps.segments_per_node + 1;
        let verbs: Vec<String> = (0..over).map(|n| format!("/x/{{id}}:{}", word(n))).collect();
        assert_eq!(after("http", &verbs), [("/x/{name}".to_owned(), over as u64)]);
        let sets: Vec<String> = (0..over).map(|n| format!("/x/{}({{id}})", word(n))).collect();
        assert_eq!(after("http", &sets), [("/x/{name}".to_owned(), over as u64)]);
    }

    #[test]
    fn parameters_and_versions_are_not_counted() {
        let caps = small_caps();
        let mut paths = under("/x", caps.segments_per_node, "");
        paths.extend(["/x/{id}".to_owned(), "/x/v1".to_owned(), "/x/api".to_owned()]);
        assert_eq!(after("http", &paths).len(), caps.segments_per_node + 3);
    }

    #[test]
    fn the_map_says_what_went_where() {
        let caps = small_caps();
        let mut endpoints = table("http", &under("/users", caps.segments_per_node + 1, ""));
        let map = collapse_endpoints(&mut endpoints, &caps);
        assert_eq!(map.iter().count(), caps.segments_per_node + 1);
        assert_eq!(&*map.of(&key("http", "/users/waa")).path, "/users/{name}");
        assert_eq!(&*map.of(&key("http", "/other")).path, "/other");
    }

    fn paths() -> impl Strategy<Value = Vec<String>> {
        let segment = (0usize..14).prop_map(|n| match n {
            0 => "api".to_owned(),
            1 => "v1".to_owned(),
            2 => "{id}".to_owned(),
            3 => "{id}:do".to_owned(),
            4 => "Set({id})".to_owned(),
            n => word(n),
        });
        let path =
            proptest::collection::vec(segment, 1..5).prop_map(|s| format!("/{}", s.join("/")));
        proptest::collection::vec(path, 0..60)
    }

    proptest! {
        #[test]
        fn collapsing_early_changes_nothing(a in paths(), b in paths()) {
            let caps = small_caps();
            let mut whole: Vec<String> = a.clone();
            whole.extend(b.clone());
            let expect = after("http", &whole);
            let (mut left, mut right) = (table("http", &a), table("http", &b));
            collapse_endpoints(&mut left, &caps);
            collapse_endpoints(&mut right, &caps);
            for (key, stats) in left {
                right.entry(key).or_default().merge(stats, &caps);
            }
            collapse_endpoints(&mut right, &caps);
            let early: Vec<(String, u64)> =
                right.iter().map(|(k, s)| (k.path.to_string(), s.requests)).collect();
            prop_assert_eq!(&early, &expect);
            // Again changes nothing.
            prop_assert!(collapse_endpoints(&mut right, &caps).is_empty());
        }

        #[test]
        fn more_paths_only_collapse_more(a in paths(), b in paths()) {
            let caps = small_caps();
            let mut small = table("http", &a);
            let map = collapse_endpoints(&mut small, &caps);
            let mut whole = a.clone();
            whole.extend(b);
            let mut large = table("http", &whole);
            let wider = collapse_endpoints(&mut large, &caps);
            // What was one row in the part is one row in the whole.
            let mut rows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            let keys: Vec<EndpointKey> = a.iter().map(|p| key("http", p)).collect();
            for key in &keys {
                rows.entry(&map.of(key).path).or_default().insert(&wider.of(key).path);
            }
            prop_assert!(rows.values().all(|into| into.len() == 1), "{rows:?}");
        }
    }
}
