//! Collapsing of object keys over the fields of an endpoint: `$.byId.k1.name`, `$.byId.k2.name`,
//! … to `$.byId.*.name`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::collapse::{Sequence, Token, collapse};
use crate::inventory::merge::Caps;
use crate::inventory::rollup::FieldKey;
use crate::model::{Evidence, Location};

// A walker writes `.*` for one key that it may not keep (too long, or hit by a detector), which
// says nothing of its siblings. A collapsed node has a marker of its own until it is shown.
const KEY: &str = ".**";
const ELEMENT: &str = "/**";
const ATTRIBUTE: &str = "/@**";
const PART: &str = "**:";
const NAME: &str = "**";

/// Joins fields whose paths differ only in names that are too many to be names.
///
/// Per direction and location, field paths form a trie; a node with more than
/// `caps.keys_per_node` distinct children of one kind (object keys, elements, attributes, or plain
/// names of parameters and header fields) collapses them, and their evidence merges. Path
/// parameters, HL7 v2 positions and DICOM tags are fixed vocabularies and never collapse.
///
/// Monotone and idempotent; may be applied to parts before they are merged. Returns whether
/// anything collapsed.
pub fn collapse_fields(fields: &mut BTreeMap<FieldKey, Evidence>, caps: &Caps) -> bool {
    // No node can have more children than there are fields; a marker needs no number.
    if fields.len() <= caps.keys_per_node && !fields.keys().any(|k| k.path.contains(NAME)) {
        return false;
    }
    let keys: Vec<FieldKey> = fields.keys().cloned().collect();
    let mut moved = Vec::new();
    let same_place =
        |a: &FieldKey, b: &FieldKey| (a.direction, a.location) == (b.direction, b.location);
    // Keys sort by direction and location first.
    for place in keys.chunk_by(same_place) {
        if place.first().is_some_and(|key| key.location == Location::Path) {
            continue;
        }
        let mut sequences: Vec<Sequence<'_>> = place
            .iter()
            .enumerate()
            .map(|(owner, key)| Sequence { tokens: tokens(&key.path), owner })
            .collect();
        collapse(&mut sequences, &|_| caps.keys_per_node);
        for sequence in &sequences {
            let Some(key) = place.get(sequence.owner) else { continue };
            let path: String = sequence.tokens.iter().map(|token| token.text).collect();
            if path != *key.path {
                moved.push((key.clone(), FieldKey { path: path.into(), ..key.clone() }));
            }
        }
    }
    for (from, to) in &moved {
        if let Some(evidence) = fields.remove(from) {
            fields.entry(to.clone()).or_default().merge(evidence);
        }
    }
    !moved.is_empty()
}

/// A field path as users see it: collapsed nodes as `*`.
pub fn shown_field(path: &str) -> Cow<'_, str> {
    if !path.contains(NAME) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    for token in tokens(path) {
        let collapsed = token.marker == Some(token.text);
        if collapsed {
            out.push_str(&token.text.replacen(NAME, "*", 1));
        } else {
            out.push_str(token.text);
        }
    }
    Cow::Owned(out)
}

/// Splits a canonical field path: `$`, `.name`, `['a b']`, `[*]`, `|$` (JSON and JSON inside a
/// string); `/element`, `/@attribute`; `part:` before either; else one plain name. The texts of
/// the tokens are the path.
fn tokens(path: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = path;
    if !rest.starts_with(['$', '/']) {
        // A part's name, or a plain name.
        let begins = [("|$", 0), ("|/", 0), (":$", 1), (":/", 1), (":(", 1)];
        let found = begins.iter().filter_map(|(mark, skip)| Some(rest.find(mark)? + skip));
        let end = found.min().unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let fixed = is_position(name) || name == "*" || name == "*:";
        let marker = if name.ends_with(':') && !tail.is_empty() { PART } else { NAME };
        out.push(Token { text: name, marker: (!fixed).then_some(marker) });
        rest = tail;
    }
    while !rest.is_empty() {
        let (text, tail) = rest.split_at_checked(token_len(rest)).unwrap_or((rest, ""));
        out.push(Token { text, marker: marker(text) });
        rest = tail;
    }
    out
}

/// Bytes of the first token.
fn token_len(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    if rest.starts_with("['") {
        return quoted_len(bytes);
    }
    let skipped = match bytes {
        [b'/', b'@', ..] | [b'|', b'$', ..] => 2,
        _ => rest.chars().next().map_or(1, char::len_utf8),
    };
    let tail = bytes.get(skipped..).unwrap_or_default();
    let stop: &[u8] = if bytes.first() == Some(&b'/') { b"/|" } else { b".[|/" };
    let end = tail.iter().position(|b| stop.contains(b)).unwrap_or(tail.len());
    skipped + end
}

/// Bytes of `['…']`, whose quotes and backslashes are escaped by a backslash.
fn quoted_len(bytes: &[u8]) -> usize {
    let mut at = 2;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b']') => return at + 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn marker(token: &str) -> Option<&'static str> {
    match token.as_bytes() {
        b".*" | b"/*" | b"/@*" => None,
        [b'.', ..] | [b'[', b'\'', ..] => Some(KEY),
        [b'/', b'@', ..] => Some(ATTRIBUTE),
        [b'/', ..] => Some(ELEMENT),
        _ => None,
    }
}

/// `PID-3.1` of HL7 v2, `(0010,0020)` of DICOM.
fn is_position(name: &str) -> bool {
    let segment = |head: &[u8]| {
        head.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && head.first().is_some_and(u8::is_ascii_uppercase)
    };
    match name.as_bytes() {
        [b'(', _, _, _, _, b',', ..] => true,
        [a, b, c, b'-', digit, ..] => segment(&[*a, *b, *c]) && digit.is_ascii_digit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::samples::small_caps;
    use crate::model::{Direction, Form, ValueKind};

    fn split(path: &str) -> Vec<&str> {
        tokens(path).iter().map(|t| t.text).collect()
    }

    fn table<S: AsRef<str>>(paths: &[S]) -> BTreeMap<FieldKey, Evidence> {
        let mut out: BTreeMap<FieldKey, Evidence> = BTreeMap::new();
        for path in paths {
            let key = FieldKey {
                direction: Direction::ToClient,
                location: Location::Body,
                path: path.as_ref().into(),
                context: "".into(),
            };
            out.entry(key).or_default().count(ValueKind::String, Form::Word, 1);
        }
        out
    }

    fn shown(fields: &BTreeMap<FieldKey, Evidence>) -> Vec<(String, u64)> {
        fields.iter().map(|(k, e)| (k.path.to_string(), e.seen)).collect()
    }

    fn after<S: AsRef<str>>(paths: &[S]) -> Vec<(String, u64)> {
        let mut fields = table(paths);
        collapse_fields(&mut fields, &small_caps());
        shown(&fields)
    }

    #[test]
    fn paths_split_into_their_steps() {
        assert_eq!(split("$.a.b[*].c"), ["$", ".a", ".b", "[*]", ".c"]);
        assert_eq!(split("$[*]['a.b']['it\\'s'].x"), ["$", "[*]", "['a.b']", "['it\\'s']", ".x"]);
        assert_eq!(split("$.a|$.b"), ["$", ".a", "|$", ".b"]);
        assert_eq!(split("/r/x.y/@c|$.a"), ["/r", "/x.y", "/@c", "|$", ".a"]);
        assert_eq!(split("doc:$.a"), ["doc:", "$", ".a"]);
        assert_eq!(split("doc:/a/b"), ["doc:", "/a", "/b"]);
        assert_eq!(split("user.name"), ["user.name"]);
        assert_eq!(split("filter|$.x"), ["filter", "|$", ".x"]);
        assert_eq!(split("(0040,0275)[*].(0040,0007)"), ["(0040,0275)[*].(0040,0007)"]);
    }

    #[test]
    fn keys_that_behave_like_data_become_a_star() {
        let caps = small_caps();
        let few: Vec<String> = (0..caps.keys_per_node).map(|n| format!("$.a.k{n}.x")).collect();
        assert_eq!(after(&few).len(), caps.keys_per_node);
        let mut many: Vec<String> =
            (0..=caps.keys_per_node).map(|n| format!("$.a.k{n}.x")).collect();
        many.push("$.b".into());
        let rows = after(&many);
        assert_eq!(
            rows,
            [("$.a.**.x".to_owned(), caps.keys_per_node as u64 + 1), ("$.b".to_owned(), 1)]
        );
        assert_eq!(shown_field(&rows[0].0), "$.a.*.x");
    }

    #[test]
    fn every_kind_of_name_collapses() {
        let caps = small_caps();
        for (before, behind, expect) in [
            ("$[*]['a ", "'].x", "$[*].*.x"),
            ("/r/e", "/t", "/r/*/t"),
            ("/r/@a", "", "/r/@*"),
            ("name", "", "*"),
            ("$.t|$.k", "", "$.t|$.*"),
            ("part:$.k", "", "part:$.*"),
            ("p", ":$.k", "*:$.k"),
            ("p", ":/r", "*:/r"),
        ] {
            let many: Vec<String> =
                (0..=caps.keys_per_node).map(|n| format!("{before}{n}{behind}")).collect();
            let mut fields = table(&many);
            assert!(collapse_fields(&mut fields, &caps));
            assert!(!collapse_fields(&mut fields, &caps), "{before}");
            let rows = shown(&fields);
            assert_eq!(rows.len(), 1, "{before}");
            assert_eq!(shown_field(&rows[0].0), expect);
        }
    }

    #[test]
    fn positions_and_lone_stars_take_no_sibling_with_them() {
        let hl7: Vec<String> = (1..60).map(|n| format!("OBX-{n}")).collect();
        assert_eq!(after(&hl7).len(), 59);
        let dicom: Vec<String> = (10..60).map(|n| format!("(0010,00{n})")).collect();
        assert_eq!(after(&dicom).len(), 50);
        assert_eq!(after(&["$.a.*", "$.a.b", "$.a.c"]).len(), 3);
        assert_eq!(shown_field("$.a.*.b"), "$.a.*.b");
    }

    fn paths() -> impl Strategy<Value = Vec<String>> {
        let step = (0usize..12).prop_map(|n| match n {
            0 => "[*]".to_owned(),
            1 => "['a b']".to_owned(),
            2 => ".*".to_owned(),
            n => format!(".k{n}"),
        });
        let root = (0usize..10).prop_map(|n| match n {
            0 => "/r/@a|$".to_owned(),
            1..7 => format!("p{n}:$"),
            _ => "$".to_owned(),
        });
        let steps = proptest::collection::vec(step, 1..5);
        let path = (root, steps).prop_map(|(root, steps)| format!("{root}{}", steps.concat()));
        proptest::collection::vec(path, 0..60)
    }

    proptest! {
        #[test]
        fn collapsing_early_changes_nothing(a in paths(), b in paths()) {
            let caps = small_caps();
            let whole: Vec<&String> = a.iter().chain(&b).collect();
            let expect = after(&whole);
            let (mut left, mut right) = (table(&a), table(&b));
            collapse_fields(&mut left, &caps);
            collapse_fields(&mut right, &caps);
            for (key, evidence) in left {
                right.entry(key).or_default().merge(evidence);
            }
            collapse_fields(&mut right, &caps);
            prop_assert_eq!(shown(&right), expect);
            prop_assert!(!collapse_fields(&mut right, &caps));
        }

        #[test]
        fn tokens_are_the_path(path in "[$/a-c.'|:@\\[\\]*\\\\é(,)]{0,30}") {
            prop_assert_eq!(split(&path).concat(), path);
        }
    }
}
