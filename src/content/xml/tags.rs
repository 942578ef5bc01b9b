//! Elements and their attributes.

use crate::base::limits::{DEPTH_MAX, DEPTH_TOLD_MAX, KEY_BYTES_MAX};
use crate::content::json::is_blank;
use crate::content::paths::Interned;
use crate::content::{FieldSink, PathId, PathTable, Step};
use crate::model::ValueKind;

use super::html::{begins_html, is_void};
use super::plist;
use super::{State, XmlWalker, is_name_end};

impl XmlWalker {
    /// One byte inside a start tag.
    pub(super) fn in_tag<S: FieldSink>(
        &mut self,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        match self.state {
            State::Tag | State::EmptyTag if byte == b'>' => {
                if std::mem::take(&mut self.void) || self.state == State::EmptyTag {
                    self.close(paths, sink);
                }
                self.state = State::Text;
            }
            State::Tag | State::EmptyTag if byte == b'/' => self.state = State::EmptyTag,
            State::Tag | State::EmptyTag if is_blank(byte) => self.state = State::Tag,
            State::Tag | State::EmptyTag if byte == b'<' => {
                // The end of the tag is missing.
                self.malformed = true;
                self.state = State::Open;
            }
            State::Tag | State::EmptyTag if is_name_end(byte) => {
                // A quote or an equals sign where a name should be.
                self.malformed = true;
                self.state = State::Tag;
            }
            State::Tag | State::EmptyTag => {
                self.name.clear();
                self.attribute = self.here();
                self.state = State::AttributeName;
                return false;
            }
            State::AttributeName => {
                self.begin_attribute(paths, sink);
                self.state = State::AttributeEquals;
                return false;
            }
            State::AttributeEquals if byte == b'=' => self.state = State::AttributeStart,
            State::AttributeEquals | State::AttributeStart if is_blank(byte) => {}
            State::AttributeEquals => {
                // A name without a value.
                self.malformed = true;
                self.state = State::Tag;
                return false;
            }
            State::AttributeStart if matches!(byte, b'"' | b'\'') => {
                self.state = State::AttributeValue { quote: byte };
            }
            _ => {
                self.malformed = true;
                self.state = State::AttributeValue { quote: b' ' };
                return false;
            }
        }
        true
    }

    /// Adds to a name, of which only what is behind its last colon is kept. Returns where it, or
    /// what is here of it, ends.
    pub(super) fn name_run(&mut self, input: &[u8], at: usize) -> usize {
        let rest = input.get(at..).unwrap_or_default();
        let len = rest.iter().position(|b| is_name_end(*b)).unwrap_or(rest.len());
        let mut run = rest.get(..len).unwrap_or(rest);
        while let Some(colon) = memchr::memchr(b':', run) {
            self.name_bytes(run.get(..colon).unwrap_or_default());
            if self.state == State::AttributeName && self.name == b"xmlns" {
                // Namespace declarations are no fields.
                self.attribute = PathId::NONE;
            }
            self.name.clear();
            run = run.get(colon + 1..).unwrap_or_default();
        }
        self.name_bytes(run);
        at + len
    }

    fn name_bytes(&mut self, bytes: &[u8]) {
        // One byte too many shows that it is too long.
        let room = (KEY_BYTES_MAX + 1).saturating_sub(self.name.len());
        self.name.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn begin_attribute<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.begin_span();
        if self.attribute == PathId::NONE || self.name == b"xmlns" {
            self.attribute = PathId::NONE;
            return;
        }
        self.attribute = self.path_of_name(self.here(), Step::Attribute, paths, sink);
    }

    fn path_of_name<S: FieldSink>(
        &mut self,
        parent: PathId,
        step: Step,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> PathId {
        let interned = paths.named_after(self.last, parent, step, &self.name);
        self.last = interned.id();
        if let Interned::Data(path) = interned {
            sink.key(paths, path, &self.name);
        }
        self.last
    }

    pub(super) fn attribute_text<S: FieldSink>(
        &mut self,
        piece: &[u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if let Some((_, digits)) = &mut self.span {
            digits.push(piece);
        }
        if self.attribute != PathId::NONE {
            self.leaf.extend(piece, self.attribute, paths, sink);
        }
    }

    pub(super) fn end_attribute<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_span();
        if self.attribute != PathId::NONE {
            self.leaf.end(ValueKind::String, self.attribute, paths, sink);
        }
    }

    pub(super) fn enter<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.html |= self.elements == 0 && begins_html(&self.name);
        self.void = self.html && is_void(&self.name);
        if self.elements == 0 && self.name == plist::ROOT {
            self.keys = Some(Box::default());
        }
        self.elements += 1;
        self.too_deep |= self.stack.len() >= DEPTH_MAX;
        if self.stack.len() >= DEPTH_TOLD_MAX {
            self.nameless = true;
            self.over += 1;
            return;
        }
        let parent = self.cut(paths).unwrap_or_else(|| self.here());
        if let Some(keys) = &mut self.keys {
            keys.begin(&mut self.name, self.stack.len());
        }
        let path = self.path_of_name(parent, Step::Element, paths, sink);
        self.stack.push(path);
        sink.enter(paths, path);
        self.enter_cell(paths, sink);
    }

    /// What stands for every element below the deepest that has a path of its own, where the
    /// element at hand is one of them or has that path.
    fn cut(&self, paths: &mut PathTable) -> Option<PathId> {
        let deepest = self.stack.get(DEPTH_MAX - 1)?;
        Some(paths.data(*deepest, Step::Element))
    }

    /// Gives a path to deep elements that were not on the way to the one at hand when the table
    /// was cleared.
    pub(super) fn mend_deep(&mut self, paths: &mut PathTable) {
        let Some(cut) = self.cut(paths) else { return };
        for path in self.stack.iter_mut().skip(DEPTH_MAX).filter(|path| **path == PathId::NONE) {
            *path = cut;
        }
    }

    /// More of a literal in a document type declaration: what an entity stands for, or the place
    /// where that is. Returns where it, or what is here of it, ends.
    pub(super) fn literal<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let State::Literal { depth, quote } = self.state else { return at };
        let rest = input.get(at..).unwrap_or_default();
        let end = memchr::memchr(quote, rest);
        let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        self.declares = true;
        let path = self.entity(paths);
        self.leaf.extend(piece, path, paths, sink);
        if end.is_none() {
            return input.len();
        }
        self.end_literal(paths, sink);
        self.state = State::Declaration { depth };
        at + piece.len() + 1
    }

    pub(super) fn end_literal<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let path = self.entity(paths);
        self.leaf.end(ValueKind::String, path, paths, sink);
    }

    /// Where the literals of entities are.
    fn entity(&self, paths: &mut PathTable) -> PathId {
        paths.intern(self.root, Step::Element, false, b"!ENTITY")
    }

    /// The element at hand ends.
    pub(super) fn close<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_text(paths, sink);
        if self.over > 0 {
            self.over -= 1;
        } else {
            self.leave(paths, sink);
        }
    }

    pub(super) fn leave<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if let Some(keys) = &mut self.keys {
            keys.end();
        }
        self.leave_cell(paths, sink);
        if let Some(path) = self.stack.pop() {
            sink.leave(paths, path);
        }
    }

    /// An end tag closes the element of its name, and with it those inside that have none.
    pub(super) fn end_element<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_text(paths, sink);
        if self.html && is_void(&self.name) {
            // It is over already.
            return;
        }
        if self.over > 0 {
            self.over -= 1;
            return;
        }
        // In a property list elements are not called by their tags.
        let (name, keyed) = (&self.name, self.keys.is_some());
        let same = |path: &PathId| keyed || paths.is_data(*path) || paths.raw_name(*path) == name;
        let Some(depth) = self.stack.iter().rposition(same) else {
            self.malformed = true;
            return;
        };
        self.malformed |= depth + 1 != self.stack.len();
        while self.stack.len() > depth {
            self.leave(paths, sink);
        }
    }
}
