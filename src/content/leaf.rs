//! Scalars: handed on whole where they are short, in overlapping windows where they are long, and
//! walked instead where they are JSON or a message of HL7 v2.

use crate::base::limits::{JSON_IN_TEXT_MAX, SCALAR_OVERLAP_BYTES, SCALAR_WINDOW_BYTES};
use crate::model::{Value, ValueKind};

use super::asked;
use super::card::begins_card;
use super::encoded::{self, ENCODED_BYTES_MIN, Encoded, Hidden, WITHIN_BYTES_MIN, Window};
use super::hl7v2::{Hl7Walker, message_in};
use super::json::{JsonWalker, begins_like_json, is_blank, looks_like_json};
use super::markup::{self, MarkupWalker};
use super::{FieldSink, PathId, PathTable, Step, record};

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
        (self.message, self.markup) = (None, None);
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

    /// Walks what the window at hand adds to what is encoded in the scalar.
    fn decode_window<S: FieldSink>(
        &mut self,
        goes_on: bool,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut more = &self.buffer[..];
        if self.continued {
            more = more.get(SCALAR_OVERLAP_BYTES..).unwrap_or_default();
        } else if self.level < JSON_IN_TEXT_MAX
            && let Some(hidden) =
                self.document(more, paths).or_else(|| encoded::hidden_in_head(more))
        {
            self.encoded = Some(Box::new(Encoded::new(self.level + 1, &hidden)));
            more = hidden.text;
        }
        if let Some(encoded) = &mut self.encoded {
            let root = paths.step(path, Step::Decoded);
            encoded.push(more, root, paths, sink);
        } else {
            let window = Window { continued: self.continued, goes_on };
            self.decode_within(&self.buffer, window, path, (paths, sink));
        }
    }

    /// Walks what is encoded among other text.
    fn decode_within<S: FieldSink>(
        &self,
        text: &[u8],
        window: Window,
        path: PathId,
        (paths, sink): (&mut PathTable, &mut S),
    ) {
        if self.level >= JSON_IN_TEXT_MAX || !encoded::may_stand_within(text) {
            return;
        }
        for hidden in encoded::within(text, window) {
            self.walk_hidden(&hidden, path, paths, sink);
        }
    }

    /// Walks what a scalar or a part of it holds, all of which is at hand.
    fn walk_hidden<S: FieldSink>(
        &self,
        hidden: &Hidden<'_>,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let root = paths.step(path, Step::Decoded);
        let mut encoded = Encoded::new(self.level + 1, hidden);
        encoded.push(hidden.text, root, paths, sink);
        encoded.finish(paths, sink);
    }

    /// Walks what the window at hand adds to the markup that the scalar is.
    fn mark_window<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        let mut more = &self.buffer[..];
        if self.continued {
            more = more.get(SCALAR_OVERLAP_BYTES..).unwrap_or_default();
        } else if self.may_be_markup(more) {
            self.markup = Some(Box::new(MarkupWalker::at_level(self.level + 1)));
        }
        if let Some(markup) = &mut self.markup {
            markup.push(more, paths.step(path, Step::Nested), paths, sink);
        }
    }

    /// Whether a scalar may be markup with cells of its own. Of a page that is known already.
    fn may_be_markup(&self, bytes: &[u8]) -> bool {
        self.level < JSON_IN_TEXT_MAX && self.stands != Stands::Text && bytes.first() == Some(&b'<')
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
                let before = self.walk_record(bytes, path, paths, sink);
                self.decode_within(before, Window::WHOLE, path, (paths, sink));
                self.walk_markup(bytes, path, paths, sink);
            }
        }
    }

    /// Walks the tables of a scalar of at most one window.
    fn walk_markup<S: FieldSink>(
        &self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.may_be_markup(bytes) && markup::may_hold(bytes) {
            let root = paths.step(path, Step::Nested);
            let mut walker = MarkupWalker::at_level(self.level + 1);
            walker.push(bytes, root, paths, sink);
            walker.finish(root, paths, sink);
        }
    }

    /// Walks the JSON at the end of a text. The text before it.
    fn walk_record<'a, S: FieldSink>(
        &mut self,
        bytes: &'a [u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        if self.level < JSON_IN_TEXT_MAX
            && self.stands != Stands::Event
            && let Some((before, record)) = record::at_end(bytes)
        {
            self.open(Inside::Json, path, paths);
            self.walk(Inside::Json, record, path, paths, sink);
            self.finish(Inside::Json, path, paths, sink);
            return before;
        }
        bytes
    }

    /// Whether a whole scalar is JSON; of the data of an event the rest may be missing.
    fn is_json(&self, bytes: &[u8]) -> bool {
        match self.stands {
            Stands::Event => begins_like_json(bytes),
            Stands::Inside | Stands::Text => looks_like_json(bytes),
        }
    }

    /// Walks what is encoded in a scalar of at most one window; `false` where nothing is.
    fn decode<S: FieldSink>(
        &self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        if self.level >= JSON_IN_TEXT_MAX {
            return false;
        }
        let document = self.document(bytes, paths);
        let hidden = document.or_else(|| encoded::hidden_parameter(paths.name(path), bytes));
        if let Some(hidden) = &hidden {
            self.walk_hidden(hidden, path, paths, sink);
            return true;
        }
        let Some(json) = asked::as_json(bytes, path, paths) else { return false };
        self.walk_hidden(&Hidden::json(&json), path, paths, sink);
        true
    }

    /// The document that a scalar is which begins with `bytes`; of a text that is known.
    fn document<'a>(&self, bytes: &'a [u8], paths: &PathTable) -> Option<Hidden<'a>> {
        let inside = self.stands != Stands::Text;
        inside.then(|| Hidden::document(bytes, |word| paths.keeps_bare(word))).flatten()
    }

    /// What a scalar that begins with `bytes` is, by `json` where it begins with a bracket; how
    /// many bytes stand before it.
    fn inside(&self, bytes: &[u8], json: impl Fn(&[u8]) -> bool) -> Option<(Inside, usize)> {
        if self.level >= JSON_IN_TEXT_MAX || self.stands == Stands::Text {
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
            Stands::Inside | Stands::Text => (self.level + 1, paths.step(path, Step::Nested)),
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
