//! Keys of objects: guessed first, looked up where the guess is wrong.

use crate::base::limits::{KEYS_PER_NODE_MAX, SCALAR_WINDOW_BYTES};
use crate::content::json::bytes::{solid, string_end};
use crate::content::paths::Interned;
use crate::content::{FieldSink, PathTable, Step};

use super::containers::Frame;
use super::lines::Quoted;
use super::{JsonWalker, State};

impl JsonWalker {
    /// A key, from behind its opening quote; and as long as keys come in the expected order and
    /// have strings for values, the members behind it.
    #[inline]
    pub(super) fn quoted_key<S: FieldSink>(
        &mut self,
        input: &[u8],
        mut from: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        loop {
            let rest = input.get(from..).unwrap_or_default();
            if usize::from(self.top.keys) > KEYS_PER_NODE_MAX || self.watching {
                break;
            }
            let expected = paths.expected(self.top.path, self.top.child, rest);
            let Some((path, len)) = expected else { break };
            self.top.keys += 1;
            self.top.child = path;
            from = solid(input, from + len);
            if input.get(from) != Some(&b'"') {
                self.state = State::Value;
                return from;
            }
            let end = string_end(input, from + 1);
            if input.get(end) != Some(&b'"') {
                self.state = State::String;
                return self.string(input, from + 1, paths, sink);
            }
            let text = input.get(from + 1..end).unwrap_or_default();
            if self.lines.may_tear(text) {
                self.state = State::String;
                return self.string(input, from + 1, paths, sink);
            }
            self.leaf.whole(text, path, paths, sink);
            if input.get(end + 1) != Some(&b',') {
                self.state = State::After;
                return end + 1;
            }
            from = solid(input, end + 2);
            if input.get(from) != Some(&b'"') {
                self.state = State::Key;
                return from;
            }
            from += 1;
        }
        self.unexpected_key(input, from, paths, sink)
    }

    /// A key that is not the expected one, from behind its opening quote.
    fn unexpected_key<S: FieldSink>(
        &mut self,
        input: &[u8],
        from: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let end = string_end(input, from);
        if input.get(end) == Some(&b'"') {
            let key = input.get(from..end).unwrap_or_default();
            if !self.lines.may_tear(key) {
                self.member(key, paths, sink);
                self.state = State::Colon;
                return end + 1;
            }
        }
        self.state = State::KeyString;
        self.key_string(input, from, paths, sink)
    }

    /// The path of a member of the object at hand.
    fn member<S: FieldSink>(&mut self, key: &[u8], paths: &mut PathTable, sink: &mut S) {
        let Frame { path, child: last, keys, .. } = self.top;
        self.top.keys = keys.saturating_add(1);
        let interned = if usize::from(keys) <= KEYS_PER_NODE_MAX {
            paths.named(path, Step::Key, key)
        } else {
            // An object with so many members is a map: which of them come first means nothing. One
            // more than a node may keep apart was let through, so that they all collapse.
            Interned::Data(paths.data(path, Step::Key))
        };
        self.top.child = match interned {
            Interned::Named(child) => {
                paths.followed(path, last, child);
                child
            }
            Interned::Data(child) => {
                sink.key(paths, child, key);
                child
            }
        };
    }

    pub(super) fn key_string<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let key = &mut self.key;
        let extend = |bytes: &[u8]| extend_key(key, bytes);
        let end = match self.lines.quoted(&mut self.escape, input, at, extend) {
            Quoted::Open => return input.len(),
            Quoted::Torn(at) => return self.tear(at, paths, sink),
            Quoted::Closed(end) => end,
        };
        let key = std::mem::take(&mut self.key);
        self.member(&key, paths, sink);
        self.key = key;
        self.key.clear();
        self.state = State::Colon;
        end
    }

    /// Something else than a quoted key.
    pub(super) fn odd_key<S: FieldSink>(
        &mut self,
        byte: u8,
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        match byte {
            b'}' => self.close(paths, sink),
            b',' => self.malformed = true,
            b']' => {
                self.malformed = true;
                self.close(paths, sink);
            }
            _ => {
                self.malformed = true;
                self.state = State::KeyBare;
                return at;
            }
        }
        at + 1
    }

    /// A key without quotes goes on to the colon; what has none was a value.
    pub(super) fn key_bare<S: FieldSink>(
        &mut self,
        byte: u8,
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        if !matches!(byte, b':' | b',' | b'}' | b']' | b'\n') {
            extend_key(&mut self.key, &[byte]);
            return at + 1;
        }
        let held = std::mem::take(&mut self.key);
        let key = held.trim_ascii();
        let key = key.strip_prefix(b"'").and_then(|k| k.strip_suffix(b"'")).unwrap_or(key);
        if byte == b':' {
            self.member(key, paths, sink);
            self.state = State::Colon;
        } else {
            self.top.child = paths.data(self.top.path, Step::Key);
            self.leaf.whole(key, self.top.child, paths, sink);
            self.state = State::After;
        }
        self.key = held;
        self.key.clear();
        at
    }

    pub(super) fn colon(&mut self, byte: u8, at: usize) -> usize {
        self.state = State::Value;
        if byte == b':' {
            return at + 1;
        }
        self.malformed = true;
        at
    }
}

fn extend_key(key: &mut Vec<u8>, bytes: &[u8]) {
    let room = SCALAR_WINDOW_BYTES.saturating_sub(key.len());
    key.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
