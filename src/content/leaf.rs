//! Scalars: handed on whole where they are short, in overlapping windows where they are long, and
//! walked instead where they are JSON.

use crate::base::limits::{JSON_IN_TEXT_MAX, SCALAR_OVERLAP_BYTES, SCALAR_WINDOW_BYTES};
use crate::model::{Value, ValueKind};

use super::encoded::{self, ENCODED_BYTES_MIN, Encoded};
use super::json::{JsonWalker, begins_like_json, is_blank, looks_like_json};
use super::{FieldSink, PathId, PathTable, Step, record};

/// One scalar at a time, collected from pieces. Windows are counted from the start of the scalar,
/// so they do not depend on how it was cut on its way.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    buffer: Vec<u8>,
    /// A window of this scalar was handed on.
    continued: bool,
    /// This scalar is JSON and flows into `nested`.
    streaming: bool,
    /// How many scalars this one lies in.
    level: u8,
    stands: Stands,
    nested: Option<Box<JsonWalker>>,
    /// Walks what is encoded in a long scalar.
    encoded: Option<Box<Encoded>>,
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stands {
    /// In a document.
    #[default]
    Inside,
    /// It is all of a text: were it JSON, that had been told before.
    Text,
    /// It is the data of an event: JSON of its own as far as it goes, walked as a body is.
    Event,
}

impl Leaf {
    /// A scalar within `level` others.
    pub(crate) fn at_level(level: u8) -> Self {
        Leaf { level, ..Leaf::default() }
    }

    /// All of a text within `level` scalars.
    pub(crate) fn of_text(level: u8) -> Self {
        Leaf { level, stands: Stands::Text, ..Leaf::default() }
    }

    /// The data of an event within `level` scalars, at the root of a text.
    pub(crate) fn of_event(level: u8) -> Self {
        Leaf { level, stands: Stands::Event, ..Leaf::default() }
    }

    /// Whether something walked as JSON was none throughout.
    pub(crate) fn nested_is_malformed(&self) -> bool {
        self.nested.as_ref().is_some_and(|nested| nested.is_malformed())
    }

    /// The scalar at hand is nothing.
    pub(crate) fn forget(&mut self) {
        self.buffer.clear();
        (self.continued, self.streaming, self.encoded) = (false, false, None);
    }

    /// What is held of the scalar; all of it unless a window was handed on.
    pub(crate) fn held(&self) -> &[u8] {
        &self.buffer
    }

    /// Heap bytes it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        self.buffer.capacity()
            + self.nested.as_ref().map_or(0, |nested| nested.held_bytes())
            + self.encoded.as_ref().map_or(0, |encoded| encoded.held_bytes())
    }

    /// Whether all of the scalar so far is held.
    pub(crate) fn is_whole(&self) -> bool {
        !self.continued && !self.streaming
    }

    /// Leaves out white space at the end of what is held.
    pub(crate) fn trim_end(&mut self) {
        self.buffer.truncate(self.buffer.trim_ascii_end().len());
    }

    /// Leaves out line ends at the end of what is held.
    pub(crate) fn trim_line_end(&mut self) {
        while let [.., b'\r' | b'\n'] = self.buffer[..] {
            self.buffer.pop();
        }
    }

    /// Takes more of the scalar.
    pub(crate) fn extend<S: FieldSink>(
        &mut self,
        mut bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        while !self.streaming && self.buffer.len() + bytes.len() > SCALAR_WINDOW_BYTES {
            let room = SCALAR_WINDOW_BYTES.saturating_sub(self.buffer.len());
            let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(head);
            bytes = rest;
            self.window(path, paths, sink);
        }
        match &mut self.nested {
            Some(nested) if self.streaming => nested.push(bytes, paths, sink),
            _ => self.buffer.extend_from_slice(bytes),
        }
    }

    /// A window is full and more follows.
    fn window<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        if !self.continued && self.may_nest(&self.buffer) && begins_like_json(&self.buffer) {
            self.streaming = true;
            let buffer = std::mem::take(&mut self.buffer);
            let nested = self.open_nested(path, paths);
            nested.push(&buffer, paths, sink);
            self.buffer = buffer;
            self.buffer.clear();
            return;
        }
        let value =
            Value { kind: ValueKind::String, bytes: &self.buffer, continued: self.continued };
        sink.field(paths, path, value);
        self.decode_window(path, paths, sink);
        self.continued = true;
        self.buffer.copy_within(SCALAR_WINDOW_BYTES - SCALAR_OVERLAP_BYTES.., 0);
        self.buffer.truncate(SCALAR_OVERLAP_BYTES);
    }

    /// The scalar is over.
    pub(crate) fn end<S: FieldSink>(
        &mut self,
        kind: ValueKind,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.streaming {
            if let Some(nested) = &mut self.nested {
                nested.finish(paths, sink);
            }
        } else if self.continued {
            let value = Value { kind, bytes: &self.buffer, continued: true };
            sink.field(paths, path, value);
            self.decode_window(path, paths, sink);
        } else {
            let buffer = std::mem::take(&mut self.buffer);
            self.short(kind, &buffer, path, paths, sink);
            self.buffer = buffer;
        }
        if let Some(mut encoded) = self.encoded.take() {
            encoded.finish(paths, sink);
        }
        self.buffer.clear();
        (self.continued, self.streaming) = (false, false);
    }

    /// Walks what the window at hand adds to what is encoded in the scalar.
    fn decode_window<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        let mut more = &self.buffer[..];
        if self.continued {
            more = more.get(SCALAR_OVERLAP_BYTES..).unwrap_or_default();
        } else if self.level < JSON_IN_TEXT_MAX
            && let Some(hidden) = encoded::hidden_in_head(more)
        {
            self.encoded = Some(Box::new(Encoded::new(self.level + 1, hidden.deflated)));
            more = hidden.text;
        }
        if let Some(encoded) = &mut self.encoded {
            let root = paths.step(path, Step::Decoded);
            encoded.push(more, root, paths, sink);
        }
    }

    /// A whole string in one piece.
    #[inline]
    pub(crate) fn whole<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        // One look at either end tells most.
        let plain = match bytes {
            [] => true,
            [b'{' | b'[' | ..=b' ', ..] => false,
            _ if record::may_end(bytes) => false,
            _ => bytes.len() < ENCODED_BYTES_MIN || !encoded::may_begin(bytes),
        };
        if plain && bytes.len() <= SCALAR_WINDOW_BYTES {
            sink.field(paths, path, Value::new(ValueKind::String, bytes));
        } else {
            self.unusual(bytes, path, paths, sink);
        }
    }

    /// A whole string that may hold something else, or is long.
    #[cold]
    fn unusual<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if bytes.len() <= SCALAR_WINDOW_BYTES {
            self.short(ValueKind::String, bytes, path, paths, sink);
        } else {
            self.extend(bytes, path, paths, sink);
            self.end(ValueKind::String, path, paths, sink);
        }
    }

    /// A scalar of at most one window.
    fn short<S: FieldSink>(
        &mut self,
        kind: ValueKind,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.may_nest(bytes) && self.is_json(bytes) {
            let nested = self.open_nested(path, paths);
            nested.push(bytes, paths, sink);
            nested.finish(paths, sink);
        } else {
            sink.field(paths, path, Value::new(kind, bytes));
            self.decode(bytes, path, paths, sink);
            self.walk_record(bytes, path, paths, sink);
        }
    }

    /// Walks the JSON at the end of a text.
    fn walk_record<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.level < JSON_IN_TEXT_MAX
            && self.stands != Stands::Event
            && let Some(record) = record::at_end(bytes)
        {
            let nested = self.open_nested(path, paths);
            nested.push(record, paths, sink);
            nested.finish(paths, sink);
        }
    }

    /// Whether a whole scalar is JSON; of the data of an event the rest may be missing.
    fn is_json(&self, bytes: &[u8]) -> bool {
        match self.stands {
            Stands::Event => begins_like_json(bytes),
            Stands::Inside | Stands::Text => looks_like_json(bytes),
        }
    }

    /// Walks what is encoded in a scalar of at most one window.
    fn decode<S: FieldSink>(
        &self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.level >= JSON_IN_TEXT_MAX {
            return;
        }
        if let Some(hidden) = encoded::hidden_parameter(paths.name(path), bytes) {
            let root = paths.step(path, Step::Decoded);
            let mut encoded = Encoded::new(self.level + 1, hidden.deflated);
            encoded.push(hidden.text, root, paths, sink);
            encoded.finish(paths, sink);
        }
    }

    fn may_nest(&self, bytes: &[u8]) -> bool {
        self.level < JSON_IN_TEXT_MAX
            && self.stands != Stands::Text
            && bytes.iter().find(|b| !is_blank(**b)).is_some_and(|b| matches!(b, b'{' | b'['))
    }

    fn open_nested(&mut self, path: PathId, paths: &mut PathTable) -> &mut JsonWalker {
        let (level, root) = match self.stands {
            Stands::Event => {
                let above = paths.parent(path).unwrap_or(PathId::NONE);
                (self.level, paths.step(above, Step::Json))
            }
            Stands::Inside | Stands::Text => (self.level + 1, paths.step(path, Step::Nested)),
        };
        let nested = self.nested.get_or_insert_with(|| Box::new(JsonWalker::at_level(level)));
        nested.restart(root, paths);
        nested
    }
}
