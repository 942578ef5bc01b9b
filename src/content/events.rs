//! Streams of events as servers send them (WHATWG HTML, section 9.2): each event's `data` lines are
//! one document, walked as JSON where they begin like it. Resumes at any byte.

use memchr::memchr2;
use smallvec::SmallVec;

use crate::model::ValueKind;

use super::leaf::Leaf;
use super::{FieldSink, PathId, PathTable, Step};

/// Bytes of the longest name of a field.
const NAME_BYTES_MAX: usize = 5;

/// Walks the lines of a stream.
#[derive(Debug)]
pub(crate) struct EventWalker {
    line: Line,
    /// What was read of the line's name.
    name: SmallVec<[u8; NAME_BYTES_MAX + 1]>,
    field: Field,
    /// The last byte ended a line and may be the first half of its end.
    after_return: bool,
    /// A line of data came since the last event.
    begun: bool,
    /// The data of the event at hand.
    data: Leaf,
    /// The line at hand, where it is none of data.
    other: Leaf,
}

/// Where in a line the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// In its name; at its begin where none of that was read.
    Name,
    /// Behind the colon, where one space is left out.
    Colon,
    Value,
    /// The rest of a line of which bytes are missing.
    Lost,
}

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    /// A field beside the data, or a comment.
    Named(&'static [u8]),
    /// No field: all of the line is text.
    Unknown,
}

impl Field {
    fn of_name(name: &[u8]) -> Option<Field> {
        match name {
            b"" => Some(Field::Named(b"comment")),
            b"data" => Some(Field::Data),
            b"event" => Some(Field::Named(b"event")),
            b"id" => Some(Field::Named(b"id")),
            b"retry" => Some(Field::Named(b"retry")),
            _ => None,
        }
    }
}

impl EventWalker {
    /// A walker of a stream within `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        EventWalker {
            line: Line::Name,
            name: SmallVec::new(),
            field: Field::Unknown,
            after_return: false,
            begun: false,
            data: Leaf::of_event(level),
            other: Leaf::at_level(level),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.data.held_bytes() + self.other.held_bytes()
    }

    /// Whether it stands within a line: such an event is never told (section 9.2.6).
    pub(crate) fn is_within_line(&self) -> bool {
        self.line != Line::Name || !self.name.is_empty()
    }

    /// Whether the data of an event began like JSON and was none throughout.
    pub(crate) fn is_malformed(&self) -> bool {
        self.data.nested_is_malformed()
    }

    /// Walks the next bytes of the stream at `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            let after_return = std::mem::take(&mut self.after_return);
            if matches!(byte, b'\r' | b'\n') {
                if !(after_return && *byte == b'\n') {
                    self.end_line(root, paths, sink);
                }
                self.after_return = *byte == b'\r';
                rest = behind;
                continue;
            }
            rest = match self.line {
                Line::Name => {
                    self.name_byte(*byte, root, paths, sink);
                    behind
                }
                Line::Colon => {
                    self.line = Line::Value;
                    if *byte == b' ' { behind } else { rest }
                }
                Line::Value | Line::Lost => {
                    let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    let (text, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    if self.line == Line::Value {
                        self.text(text, root, paths, sink);
                    }
                    rest
                }
            };
        }
    }

    /// Bytes are missing: what is at hand ends, and the next line is walked.
    pub(crate) fn gap<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        self.finish(root, paths, sink);
        self.line = Line::Lost;
    }

    /// No more will come. What is unfinished is handed on as well.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.is_within_line() {
            self.end_line(root, paths, sink);
        }
        self.end_event(root, paths, sink);
        self.after_return = false;
    }

    fn name_byte<S: FieldSink>(
        &mut self,
        byte: u8,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if byte == b':'
            && let Some(field) = Field::of_name(&self.name)
        {
            self.line = Line::Colon;
            return self.begin(field, root, paths, sink);
        }
        self.name.push(byte);
        if byte == b':' || self.name.len() > NAME_BYTES_MAX {
            self.line = Line::Value;
            self.begin_unknown(root, paths, sink);
        }
    }

    fn begin<S: FieldSink>(
        &mut self,
        field: Field,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.field = field;
        self.name.clear();
        if field == Field::Data && std::mem::replace(&mut self.begun, true) {
            self.data.extend(b"\n", root, paths, sink);
        }
    }

    fn begin_unknown<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        let name = std::mem::take(&mut self.name);
        self.begin(Field::Unknown, root, paths, sink);
        self.text(&name, root, paths, sink);
    }

    fn text<S: FieldSink>(
        &mut self,
        text: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let path = self.path(root, paths);
        let leaf = if self.field == Field::Data { &mut self.data } else { &mut self.other };
        leaf.extend(text, path, paths, sink);
    }

    fn path(&self, root: PathId, paths: &mut PathTable) -> PathId {
        let Field::Named(name) = self.field else { return root };
        let above = paths.parent(root).unwrap_or(PathId::NONE);
        let names = paths.step(above, Step::Form);
        paths.intern(names, Step::Name, false, name)
    }

    fn end_line<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        if !self.is_within_line() {
            return self.end_event(root, paths, sink);
        }
        // A name without a colon has an empty value.
        match (self.line, Field::of_name(&self.name)) {
            (Line::Name, Some(field)) => self.begin(field, root, paths, sink),
            (Line::Name, None) => self.begin_unknown(root, paths, sink),
            _ => {}
        }
        if self.line != Line::Lost && self.field != Field::Data {
            let path = self.path(root, paths);
            self.other.end(ValueKind::String, path, paths, sink);
        }
        self.line = Line::Name;
    }

    fn end_event<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        if std::mem::take(&mut self.begun) {
            self.data.end(ValueKind::String, root, paths, sink);
        }
    }
}

#[cfg(test)]
mod tests;
