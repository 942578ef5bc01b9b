//! Scalars: handed on whole where they are short, in overlapping windows where they are long, and
//! walked instead where they are JSON or a message of HL7 v2.

use crate::base::limits::{JSON_IN_TEXT_MAX, SCALAR_OVERLAP_BYTES, SCALAR_WINDOW_BYTES};
use crate::model::{Value, ValueKind};

use super::asked;
use super::card::begins_card;
use super::encoded::{self, ENCODED_BYTES_MIN, Encoded, WITHIN_BYTES_MIN, Window};
use super::hl7v2::{Hl7Walker, message_in};
use super::json::{JsonWalker, begins_like_json, is_blank, looks_like_json};
use super::markup::MarkupWalker;
use super::records::Records;
use super::{FieldSink, PathId, PathTable, Step, record};

mod within;

/// One scalar at a time, collected from pieces. Windows are counted from the start of the scalar,
/// so they do not depend on how it was cut on its way.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    buffer: Vec<u8>,
    /// A window of this scalar was handed on.
    continued: bool,
    /// This scalar is that and flows into its walker.
    streaming: Option<Inside>,
    /// How many scalars this one lies in.
    level: u8,
    stands: Stands,
    nested: Option<Box<JsonWalker>>,
    /// Walks a message of HL7 v2.
    message: Option<Box<Hl7Walker>>,
    /// Walks what is encoded in a long scalar.
    encoded: Option<Box<Encoded>>,
    /// Walks the tables of a long scalar that is markup.
    markup: Option<Box<MarkupWalker>>,
    /// Walks the JSON in a text, and knows where that was.
    records: Option<Box<Records>>,
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stands {
    /// In a document.
    #[default]
    Inside,
    /// It is all of a text: were it JSON, that had been told before.
    Text,
    /// It is all of a text that is code, or has its own walk for the JSON in it.
    Script,
    /// It is the data of an event: JSON of its own as far as it goes, walked as a body is.
    Event,
}

impl Stands {
    /// Whether it is all of a text.
    fn is_all(self) -> bool {
        matches!(self, Stands::Text | Stands::Script)
    }
}

/// What a scalar is, where it is not to be looked at as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Json,
    /// HL7 v2 in its delimited encoding.
    Message,
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

    /// All of a script or a page within `level` scalars.
    pub(crate) fn of_script(level: u8) -> Self {
        Leaf { level, stands: Stands::Script, ..Leaf::default() }
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
        (self.continued, self.streaming, self.encoded) = (false, None, None);
        (self.message, self.markup, self.records) = (None, None, None);
    }

    /// How many scalars this one lies in.
    pub(crate) fn level(&self) -> u8 {
        self.level
    }

    /// What is held of the scalar; all of it unless a window was handed on.
    pub(crate) fn held(&self) -> &[u8] {
        &self.buffer
    }

    /// Heap bytes it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        self.buffer.capacity()
            + self.nested.as_ref().map_or(0, |nested| nested.held_bytes())
            + self.message.as_ref().map_or(0, |message| message.held_bytes())
            + self.encoded.as_ref().map_or(0, |encoded| encoded.held_bytes())
            + self.markup.as_ref().map_or(0, |markup| markup.held_bytes())
            + self.records.as_ref().map_or(0, |records| records.held_bytes())
    }

    /// Whether all of the scalar so far is held.
    pub(crate) fn is_whole(&self) -> bool {
        !self.continued && self.streaming.is_none()
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

    /// Leaves out what spreadsheets put around a number so that it stays a text: `="0123"`,
    /// `'0123`, `'0123'`.
    pub(crate) fn bare_cell(&mut self) {
        let inner = match &self.buffer[..] {
            [b'=', b'"', inner @ .., b'"'] => 2..2 + inner.len(),
            [b'\'', inner @ .., b'\''] => 1..1 + inner.len(),
            [b'\'', b'0'..=b'9', ..] => 1..self.buffer.len(),
            _ => return,
        };
        if self.is_whole() {
            self.buffer.truncate(inner.end);
            self.buffer.drain(..inner.start);
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
        while self.streaming.is_none() && self.buffer.len() + bytes.len() > SCALAR_WINDOW_BYTES {
            let room = SCALAR_WINDOW_BYTES.saturating_sub(self.buffer.len());
            let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(head);
            bytes = rest;
            self.window(path, paths, sink);
        }
        match self.streaming {
            Some(inside) => self.walk(inside, bytes, path, paths, sink),
            None => self.buffer.extend_from_slice(bytes),
        }
    }

    /// A window is full and more follows.
    fn window<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        if !self.continued
            && let Some((inside, skip)) = self.inside(&self.buffer, begins_like_json)
        {
            self.streaming = Some(inside);
            let mut buffer = std::mem::take(&mut self.buffer);
            self.open(inside, path, paths);
            self.walk(inside, buffer.get(skip..).unwrap_or_default(), path, paths, sink);
            buffer.clear();
            self.buffer = buffer;
            return;
        }
        let value =
            Value { kind: ValueKind::String, bytes: &self.buffer, continued: self.continued };
        sink.field(paths, path, value);
        self.decode_window(true, path, paths, sink);
        self.mark_window(path, paths, sink);
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
        if let Some(inside) = self.streaming {
            self.finish(inside, path, paths, sink);
        } else if self.continued {
            let value = Value { kind, bytes: &self.buffer, continued: true };
            sink.field(paths, path, value);
            self.decode_window(false, path, paths, sink);
            self.mark_window(path, paths, sink);
        } else {
            let buffer = std::mem::take(&mut self.buffer);
            self.short(kind, &buffer, path, paths, sink);
            self.buffer = buffer;
        }
        if let Some(mut encoded) = self.encoded.take() {
            encoded.finish(paths, sink);
        }
        if let Some(mut markup) = self.markup.take() {
            markup.finish(paths.step(path, Step::Nested), paths, sink);
        }
        self.buffer.clear();
        (self.continued, self.streaming) = (false, None);
    }

    /// A whole text in one piece, in which there may be anything.
    pub(crate) fn whole_text<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if record::may_hold(bytes) {
            self.unusual(bytes, path, paths, sink);
        } else {
            self.whole(bytes, path, paths, sink);
        }
    }

    /// A whole string in one piece, without a quote in it: no JSON is among its text.
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
            [b'{' | b'[' | b'<' | ..=b' ', ..] => false,
            [b'M', b'S', b'H', ..] | [b'F' | b'B', b'H', b'S', ..] => false,
            [0xef, 0xbb, 0xbf, ..] => false,
            [b'B' | b'b', b'E' | b'e', b'G' | b'g', ..] => !begins_card(bytes),
            _ if record::may_end(bytes) => false,
            _ if bytes.len() < ENCODED_BYTES_MIN => true,
            _ if encoded::may_begin(bytes) || asked::may_begin(bytes) => false,
            _ => bytes.len() < WITHIN_BYTES_MIN || !may_hide(bytes),
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
        if let Some((inside, skip)) = self.inside(bytes, |bytes| self.is_json(bytes)) {
            self.open(inside, path, paths);
            self.walk(inside, bytes.get(skip..).unwrap_or_default(), path, paths, sink);
            self.finish(inside, path, paths, sink);
        } else {
            sink.field(paths, path, Value::new(kind, bytes));
            if !self.decode(bytes, path, paths, sink) {
                self.walk_records(bytes, path, paths, sink);
                self.decode_within(bytes, Window::WHOLE, path, (paths, sink));
                self.walk_markup(bytes, path, paths, sink);
            }
        }
    }

    /// Whether a whole scalar is JSON; of the data of an event the rest may be missing.
    fn is_json(&self, bytes: &[u8]) -> bool {
        match self.stands {
            Stands::Event => begins_like_json(bytes),
            Stands::Inside | Stands::Text | Stands::Script => looks_like_json(bytes),
        }
    }

    /// What a scalar that begins with `bytes` is, by `json` where it begins with a bracket; how
    /// many bytes stand before it.
    fn inside(&self, bytes: &[u8], json: impl Fn(&[u8]) -> bool) -> Option<(Inside, usize)> {
        if self.level >= JSON_IN_TEXT_MAX || self.stands.is_all() {
            return None;
        }
        let bracket = bytes.iter().find(|b| !is_blank(**b)).is_some_and(|b| b"{[".contains(b));
        if bracket {
            return json(bytes).then_some((Inside::Json, 0));
        }
        message_in(bytes).map(|message| (Inside::Message, bytes.len() - message.len()))
    }

    /// Makes ready the walker of what is inside the scalar at `path`.
    fn open(&mut self, inside: Inside, path: PathId, paths: &mut PathTable) {
        if inside == Inside::Message {
            self.message = Some(Box::new(Hl7Walker::at_level(self.level + 1, 0)));
            return;
        }
        let (level, root) = match self.stands {
            Stands::Event => {
                let above = paths.parent(path).unwrap_or(PathId::NONE);
                (self.level, paths.step(above, Step::Json))
            }
            Stands::Inside | Stands::Text | Stands::Script => {
                (self.level + 1, paths.step(path, Step::Nested))
            }
        };
        let nested = self.nested.get_or_insert_with(|| Box::new(JsonWalker::at_level(level)));
        nested.restart(root, paths);
    }

    /// Walks more of it.
    fn walk<S: FieldSink>(
        &mut self,
        inside: Inside,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        match (inside, &mut self.nested, &mut self.message) {
            (Inside::Json, Some(nested), _) => nested.push(bytes, paths, sink),
            (Inside::Message, _, Some(message)) => {
                message.move_below(paths.step(path, Step::Decoded));
                message.push(bytes, paths, sink);
            }
            _ => {}
        }
    }

    /// It is over.
    fn finish<S: FieldSink>(
        &mut self,
        inside: Inside,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        match (inside, &mut self.nested) {
            (Inside::Json, Some(nested)) => nested.finish(paths, sink),
            (Inside::Json, None) => {}
            (Inside::Message, _) => {
                if let Some(mut message) = self.message.take() {
                    message.move_below(paths.step(path, Step::Decoded));
                    message.finish(paths, sink);
                }
            }
        }
    }
}

/// Whether something is encoded in a part of a text: asked of every longer string.
#[inline(never)]
fn may_hide(bytes: &[u8]) -> bool {
    encoded::may_stand_within(bytes) && encoded::within(bytes, Window::WHOLE).next().is_some()
}
