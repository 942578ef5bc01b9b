//! Messages and batches into fields, byte by byte.
//!
//! A field is a leaf at `PID-3.1`: segment, field, component; `PID-3.4.2` where subcomponents are
//! written, `PID-7` where not even components are. Repetitions of a field and of a segment have
//! one path. Absent values are no leaves; `""`, which deletes, is a null.

mod feeds;
mod pieces;
mod place;

use crate::base::limits::SCALAR_WINDOW_BYTES;
use crate::model::{Value, ValueKind};

use super::super::leaf::Leaf;
use super::super::{FieldSink, PathId, PathTable, Root, Step};
use super::marks::{ESCAPE_BYTES_MAX, Marks, SEGMENT_ENDS, is_header, separates};
use super::segments::{is_known, is_name};
use pieces::{Before, Pieces};
use place::{Place, numbered};

/// Walks ER7 as it arrives.
#[derive(Debug)]
pub(crate) struct Hl7Walker {
    /// The value it stands in, if any.
    below: PathId,
    /// Multipart bodies around.
    parts: u8,
    marks: Marks,
    /// Which bytes mean something in a value.
    special: Box<[bool; 256]>,
    at: At,
    name: [u8; 3],
    /// What may be the next, behind a line feed.
    ahead: [u8; 3],
    /// The header was in lower case: names of segments may be.
    lower: bool,
    place: Place,
    leaf: Leaf,
    /// What stands behind an escape character that is not closed.
    escape: Option<Vec<u8>>,
    /// What an escape sequence stands for.
    written: Vec<u8>,
    /// Segments end with CR: a line feed within a field is of its text.
    by_cr: bool,
    /// The value at hand has bytes.
    begun: bool,
    /// The segment at hand up to what may be a document, and one that may go on.
    before: Before,
    pieces: Option<Box<Pieces>>,
    /// Frames that are open: the body's, the segment's, the field's.
    open: u8,
    /// Generation of the path table, root and segment in it.
    cached: Option<(u32, PathId, PathId)>,
}

/// Where in a segment the walk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In its name, of which so many bytes came.
    Name(usize),
    /// In the encoding characters, of which so many came.
    Marks(usize),
    /// In its fields.
    Fields,
    /// In them behind a line feed where segments end with CR, and so many bytes that may be the
    /// name of a segment.
    Fed(usize),
    /// Behind a piece of a document, in the segment of that.
    Tail,
    /// At the start of the segment behind that.
    Next,
    /// In a line that is no segment.
    Line,
    /// Behind a gap: nothing has a place until the next segment.
    Lost,
}

impl Hl7Walker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let escape = self.escape.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>()
            + size_of_val(&*self.special)
            + self.leaf.held_bytes()
            + self.written.capacity()
            + escape
            + self.before.held_bytes()
            + self.pieces.as_ref().map_or(0, |pieces| pieces.held_bytes())
    }

    /// A walker of a body within so many multipart bodies and `level` values; where those are is
    /// said by [`Hl7Walker::move_below`].
    pub(crate) fn at_level(level: u8, parts: u8) -> Self {
        let marks = Marks::default();
        Hl7Walker {
            below: PathId::NONE,
            parts,
            marks,
            special: marks.table(),
            at: At::Name(0),
            name: [0; 3],
            ahead: [0; 3],
            lower: false,
            place: Place::default(),
            leaf: Leaf::at_level(level),
            escape: None,
            written: Vec::new(),
            by_cr: false,
            begun: false,
            before: Before::default(),
            pieces: None,
            open: 0,
            cached: None,
        }
    }

    /// The body stands in the value at `path`.
    pub(crate) fn move_below(&mut self, path: PathId) {
        self.below = path;
    }

    /// Walks the next bytes.
    pub(crate) fn push<S: FieldSink>(&mut self, input: &[u8], paths: &mut PathTable, sink: &mut S) {
        if self.open == 0 && !input.is_empty() {
            let (root, _) = self.roots(paths);
            sink.enter(paths, root);
            self.open = 1;
        }
        let mut rest = input;
        while let Some((byte, behind)) = rest.split_first() {
            match self.at {
                At::Name(have) => {
                    self.name_byte(have, *byte, paths, sink);
                    rest = behind;
                }
                At::Marks(have) => {
                    self.mark_byte(have, *byte, paths, sink);
                    rest = behind;
                }
                At::Fields => rest = self.fields(rest, paths, sink),
                At::Fed(have) => {
                    if self.fed_byte(have, *byte, paths, sink) {
                        rest = behind;
                    }
                }
                At::Tail => {
                    let used = self.tail(rest, paths, sink);
                    rest = rest.get(used..).unwrap_or_default();
                }
                At::Next => {
                    if self.next_byte(*byte, paths, sink) {
                        rest = behind;
                    }
                }
                At::Line | At::Lost => {
                    let end = rest.iter().position(|b| SEGMENT_ENDS.contains(b));
                    let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
                    if self.at == At::Line {
                        self.text(line, paths, sink);
                    }
                    if end.is_some() {
                        self.end_segment(paths, sink);
                    }
                    rest = behind.get(1..).unwrap_or_default();
                }
            }
        }
    }

    /// Bytes are missing: the value at hand ends, and the next segment is walked.
    pub(crate) fn gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_segment(paths, sink);
        self.at = At::Lost;
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_segment(paths, sink);
        if std::mem::take(&mut self.open) > 0 {
            let (root, _) = self.roots(paths);
            sink.leave(paths, root);
        }
    }

    fn name_byte<S: FieldSink>(
        &mut self,
        have: usize,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if SEGMENT_ENDS.contains(&byte) {
            self.end_segment(paths, sink);
        } else if have == 0 && matches!(byte, b' ' | b'\t') {
            // Some senders indent.
        } else if let Some(place) = self.name.get_mut(have) {
            *place = byte;
            self.at = At::Name(have + 1);
        } else if is_header(self.name) && separates(byte) {
            self.lower = self.name.iter().any(u8::is_ascii_lowercase);
            self.name.make_ascii_uppercase();
            self.by_cr = false;
            self.marks = Marks { field: byte, ..Marks::default() };
            self.begin_segment(At::Marks(0), paths, sink);
        } else if is_name(self.named()) && byte == self.marks.field {
            self.name = self.named();
            self.place = Place::of_field(1);
            self.begin_segment(At::Fields, paths, sink);
        } else {
            self.line_of_name(have, paths, sink);
            self.text(&[byte], paths, sink);
        }
    }

    /// The name of the segment at hand as the standard writes it.
    fn named(&self) -> [u8; 3] {
        if self.lower { self.name.map(|b| b.to_ascii_uppercase()) } else { self.name }
    }

    /// What was taken for a name is the start of a line of text.
    fn line_of_name<S: FieldSink>(&mut self, have: usize, paths: &mut PathTable, sink: &mut S) {
        self.at = At::Line;
        let name = self.name;
        if have > 0 {
            self.text(name.get(..have).unwrap_or_default(), paths, sink);
        }
    }

    fn mark_byte<S: FieldSink>(
        &mut self,
        have: usize,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let over = SEGMENT_ENDS.contains(&byte);
        if !over && byte != self.marks.field {
            self.marks.set(have, byte);
            self.at = At::Marks(have.saturating_add(1));
            return;
        }
        self.special = self.marks.table();
        // The separator itself is the first field, the encoding characters are the second.
        self.place = Place::of_field(3);
        self.at = At::Fields;
        if over {
            self.ends_header(byte);
            self.end_segment(paths, sink);
        }
    }

    /// Walks up to the end of a value or escape sequence: what is left.
    fn fields<'i, S: FieldSink>(
        &mut self,
        rest: &'i [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'i [u8] {
        let special = &self.special;
        let is_special = |b: &u8| special.get(usize::from(*b)).copied().unwrap_or(false);
        let end = rest.iter().position(is_special);
        let (text, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if self.before.open {
            self.note_before(text, behind.first().copied());
        }
        let Some((mark, behind)) = behind.split_first() else {
            self.take(text, paths, sink);
            return behind;
        };
        if *mark == self.marks.escape {
            self.take(text, paths, sink);
            self.escape_mark(paths, sink);
            return behind;
        }
        if *mark == b'\n' && self.by_cr {
            self.take(text, paths, sink);
            self.flush_escape(paths, sink);
            self.at = At::Fed(0);
            return behind;
        }
        let mut text = text;
        if self.ends_data(*mark) {
            if self.begun || self.escape.is_some() {
                self.take(text, paths, sink);
                self.flush_escape(paths, sink);
                text = b"";
            }
            if self.goes_on(text) {
                self.take(text, paths, sink);
                self.suspend(*mark);
                return behind;
            }
        }
        let short = (1..=SCALAR_WINDOW_BYTES).contains(&text.len()) && text != b"\"\"";
        if !self.begun && self.escape.is_none() && short {
            // The usual value: it lies whole in the input.
            self.divide(*mark);
            let path = self.enter_field(paths, sink);
            self.leaf.whole_text(text, path, paths, sink);
        } else {
            self.take(text, paths, sink);
            self.flush_escape(paths, sink);
            // A long one stays where its first window was told to be.
            if self.leaf.is_whole() {
                self.divide(*mark);
            }
            self.end_value(paths, sink);
            self.divide(*mark);
        }
        self.separate(*mark, paths, sink);
        behind
    }

    /// The separator behind a value tells that it is a part of something.
    fn divide(&mut self, mark: u8) {
        self.place.composite |= mark == self.marks.component;
        self.place.divided |= mark == self.marks.subcomponent;
    }

    /// What follows a separator.
    fn separate<S: FieldSink>(&mut self, mark: u8, paths: &mut PathTable, sink: &mut S) {
        let Marks { field, component, repetition, subcomponent, .. } = self.marks;
        if mark == field || mark == repetition {
            self.leave_to(2, paths, sink);
            let next = self.place.field.saturating_add(u32::from(mark == field));
            self.place = Place::of_field(next);
        } else if mark == component {
            self.place.component = self.place.component.saturating_add(1);
            (self.place.subcomponent, self.place.divided) = (1, false);
        } else if mark == subcomponent {
            self.place.subcomponent = self.place.subcomponent.saturating_add(1);
        } else {
            self.ends_header(mark);
            self.end_segment(paths, sink);
        }
    }

    /// Bytes of the value at hand, or of the escape sequence in it.
    fn take<S: FieldSink>(&mut self, text: &[u8], paths: &mut PathTable, sink: &mut S) {
        let Some(escape) = &mut self.escape else {
            self.text(text, paths, sink);
            return;
        };
        let room = ESCAPE_BYTES_MAX.saturating_sub(escape.len());
        let (fits, beyond) = text.split_at_checked(room).unwrap_or((text, &[]));
        escape.extend_from_slice(fits);
        if !beyond.is_empty() {
            self.flush_escape(paths, sink);
            self.text(beyond, paths, sink);
        }
    }

    fn text<S: FieldSink>(&mut self, text: &[u8], paths: &mut PathTable, sink: &mut S) {
        if text.is_empty() {
            return;
        }
        self.begun = true;
        let path = match self.at {
            At::Fields => {
                self.note_first(text);
                self.enter_field(paths, sink)
            }
            _ => self.line_path(paths),
        };
        self.leaf.extend(text, path, paths, sink);
    }

    /// An escape character: opens a sequence, or closes one.
    fn escape_mark<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let Some(sequence) = self.escape.take() else {
            self.escape = Some(Vec::new());
            return;
        };
        let mut written = std::mem::take(&mut self.written);
        written.clear();
        if self.marks.escaped(&sequence, &mut written) {
            self.text(&written, paths, sink);
        } else {
            // It was none, so this may open one: a path of Windows, for example.
            self.escape = Some(sequence);
            self.flush_escape(paths, sink);
            self.escape = Some(Vec::new());
        }
        self.written = written;
    }

    /// A sequence that is not closed is text.
    fn flush_escape<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if let Some(sequence) = self.escape.take() {
            self.text(&[self.marks.escape], paths, sink);
            self.text(&sequence, paths, sink);
        }
    }

    fn end_value<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if !std::mem::take(&mut self.begun) {
            return;
        }
        let path = match self.at {
            At::Fields => self.enter_field(paths, sink),
            _ => self.line_path(paths),
        };
        let null = self.at == At::Fields && self.leaf.is_whole() && self.leaf.held() == b"\"\"";
        if null {
            self.leaf.forget();
            sink.field(paths, path, Value::new(ValueKind::Null, b""));
        } else {
            self.leaf.end(ValueKind::String, path, paths, sink);
        }
    }

    fn begin_segment<S: FieldSink>(&mut self, at: At, paths: &mut PathTable, sink: &mut S) {
        self.at = at;
        self.special = self.marks.table();
        self.cached = None;
        self.before_begins();
        let (_, segment) = self.roots(paths);
        sink.enter(paths, segment);
        self.open = 2;
    }

    fn end_segment<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if let At::Name(have) = self.at
            && !(have == self.name.len() && is_name(self.name))
        {
            self.line_of_name(have, paths, sink);
        }
        if let At::Fed(have) = self.at {
            // A line feed before the end of a segment says nothing.
            self.at = At::Fields;
            if have > 0 {
                self.unfed(have, paths, sink);
            }
        }
        self.close_document(paths, sink);
        self.flush_escape(paths, sink);
        self.end_value(paths, sink);
        self.leave_to(1, paths, sink);
        self.at = At::Name(0);
    }

    /// The path of the value at hand, its field being entered if it was not.
    fn enter_field<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> PathId {
        let (_, segment) = self.roots(paths);
        let field = numbered(paths, segment, Step::Field, self.place.field);
        if self.open == 2 {
            sink.enter(paths, field);
            self.open = 3;
        }
        let Place { component, subcomponent, composite, divided, .. } = self.place;
        if !composite && !divided {
            return field;
        }
        let component = numbered(paths, field, Step::Component, component);
        if !divided {
            return component;
        }
        numbered(paths, component, Step::Component, subcomponent)
    }

    fn line_path(&mut self, paths: &mut PathTable) -> PathId {
        let (root, _) = self.roots(paths);
        paths.data(root, Step::Segment)
    }

    /// Leaves frames until so many are open.
    fn leave_to<S: FieldSink>(&mut self, frames: u8, paths: &mut PathTable, sink: &mut S) {
        let (_, segment) = self.roots(paths);
        if self.open == 3 && frames < 3 {
            let field = numbered(paths, segment, Step::Field, self.place.field);
            sink.leave(paths, field);
            self.open = 2;
        }
        if self.open == 2 && frames < 2 {
            sink.leave(paths, segment);
            self.open = 1;
        }
    }

    /// The root of the body and the segment at hand, interned again where the table was emptied.
    fn roots(&mut self, paths: &mut PathTable) -> (PathId, PathId) {
        let generation = paths.generation();
        if let Some((known, root, segment)) = self.cached
            && known == generation
        {
            return (root, segment);
        }
        let mut root = self.below;
        for _ in 0..self.parts {
            root = paths.step(root, Step::Part);
        }
        let root = paths.step(root, Root::Hl7v2.into());
        let segment = match self.name {
            name if is_known(name) => paths.intern(root, Step::Segment, false, &name),
            _ => paths.data(root, Step::Segment),
        };
        self.cached = Some((generation, root, segment));
        (root, segment)
    }
}
