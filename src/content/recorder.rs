//! A sink for tests: writes down what it is handed.

use crate::model::Value;

use super::{FieldSink, KeyPolicy, PathId, PathTable};

/// One thing a sink was handed: what kind of call, the path, the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) what: &'static str,
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) seen: Vec<Seen>,
}

impl Recorder {
    fn note(&mut self, what: &'static str, path: String, bytes: &[u8]) {
        self.seen.push(Seen { what, path, bytes: bytes.to_vec() });
    }

    /// Fields as (path, text); names that are data as (`key …`, text).
    pub(crate) fn values(&self) -> Vec<(String, String)> {
        let text = |s: &Seen| String::from_utf8_lossy(&s.bytes).into_owned();
        self.seen
            .iter()
            .filter_map(|s| match s.what {
                "enter" | "leave" => None,
                "key" => Some((format!("key {}", s.path), text(s))),
                _ => Some((s.path.clone(), text(s))),
            })
            .collect()
    }
}

impl FieldSink for Recorder {
    fn enter(&mut self, paths: &PathTable, path: PathId) {
        self.note("enter", paths.render(path), b"");
    }

    fn leave(&mut self, paths: &PathTable, path: PathId) {
        self.note("leave", paths.render(path), b"");
    }

    fn field(&mut self, paths: &PathTable, path: PathId, value: Value<'_>) {
        let what = if value.continued { "continued" } else { value.kind.name() };
        self.note(what, paths.render(path), value.bytes);
    }

    fn key(&mut self, paths: &PathTable, path: PathId, key: &[u8]) {
        self.note("key", paths.render(path), key);
    }
}

/// Keeps every name.
pub(crate) struct KeepAll;

impl KeyPolicy for KeepAll {
    fn keep(&self, _: &[u8]) -> bool {
        true
    }
}

/// Keeps every name, and knows no word: nothing but a header makes a table.
pub(crate) struct KeepNamed;

impl KeyPolicy for KeepNamed {
    fn keep(&self, _: &[u8]) -> bool {
        true
    }

    fn keep_bare(&self, _: &[u8]) -> bool {
        false
    }
}

/// `bytes` in pieces, cut at `cuts` (any order, any values).
pub(crate) fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places {
        pieces.push(&bytes[from..place]);
        from = place;
    }
    pieces.push(&bytes[from..]);
    pieces
}
