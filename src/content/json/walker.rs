//! The scanner.

mod astray;
mod cards;
mod containers;
mod keys;
mod lines;
mod tables;

use crate::content::leaf::Leaf;
use crate::content::{FieldSink, PathId, PathTable, Step};
use crate::model::{Value, ValueKind};

use super::bytes::{bare_end, ends_bare, is_blank, skip_blank, string_end};
use super::escape::Escape;
use super::token::kind_of;
use super::trail::{Trail, moved};
use astray::Seek;
use containers::{Container, Frame};
use lines::{LineWatch, Quoted};
use tables::Tables;

/// Walks JSON as it arrives. Takes what is nearly JSON too: several values one after the other
/// (NDJSON, RFC 7464), unquoted keys, missing and doubled commas, unknown literals. What is none
/// is handed on as strings and told by [`JsonWalker::is_malformed`].
#[derive(Debug)]
pub struct JsonWalker {
    state: State,
    top: Frame,
    /// The containers around `top`, outermost first; at most [`DEPTH_TOLD_MAX`].
    stack: Vec<Frame>,
    /// Open containers below the deepest that is told apart.
    over: u64,
    key: Vec<u8>,
    leaf: Leaf,
    escape: Escape,
    trail: Trail,
    /// Top-level values that began.
    values: u64,
    lines: LineWatch,
    /// It stands in a script, as the argument of a call or what a variable is set to: what is
    /// behind it is no part of it.
    argument: bool,
    malformed: bool,
    too_deep: bool,
    /// Something lay below the deepest container that is told apart.
    nameless: bool,
    /// A string that comes may be a name of what comes behind it.
    watching: bool,
    /// Tables whose columns are named apart from their rows, once there was one.
    tables: Option<Box<Tables>>,
    /// Whether something was no JSON before bytes were lost: what does not close as it opened says
    /// nothing afterwards.
    before_gap: Option<bool>,
    seek: Seek,
    /// The last member of the object that ended last.
    last: PathId,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value.
    Value,
    /// A key or the end of the object.
    Key,
    /// The colon behind a key.
    Colon,
    /// A comma or the end of the container.
    After,
    /// Anything below the deepest container that is told apart.
    Over,
    /// More of a string.
    String,
    /// More of a number, a literal, or what is none.
    Bare,
    /// More of a key.
    KeyString,
    /// More of a key without quotes.
    KeyBare,
    /// More of rows whose columns may be named behind them.
    Held,
    /// The next line: what precedes it was lost in part.
    Line,
    /// A member of a record that was at hand when bytes were lost.
    Astray,
    /// Nothing: too much was lost.
    Lost,
}

impl JsonWalker {
    /// Memory it takes.
    pub(in crate::content) fn held_bytes(&self) -> usize {
        size_of::<Self>()
            + self.stack.capacity() * size_of::<Frame>()
            + self.key.capacity()
            + self.leaf.held_bytes()
            + self.trail.held_bytes()
            + self.tables.as_ref().map_or(0, |tables| tables.held_bytes())
    }

    /// A walker of the value of a field within `level` others.
    pub(in crate::content) fn at_level(level: u8) -> Self {
        let path = PathId::NONE;
        JsonWalker {
            state: State::Value,
            top: Frame { container: Container::Document, keys: 0, path, child: path },
            stack: Vec::new(),
            over: 0,
            key: Vec::new(),
            leaf: Leaf::at_level(level),
            escape: Escape::default(),
            trail: Trail::default(),
            values: 0,
            lines: LineWatch::default(),
            argument: false,
            malformed: false,
            too_deep: false,
            nameless: false,
            watching: false,
            tables: None,
            before_gap: None,
            seek: Seek::default(),
            last: PathId::NONE,
        }
    }

    /// A walker of a body whose root is at `root`.
    pub fn new(root: PathId, paths: &PathTable) -> Self {
        let mut walker = JsonWalker::at_level(0);
        walker.restart(root, paths);
        walker
    }

    /// Begins another document at `root`.
    pub(in crate::content) fn restart(&mut self, root: PathId, paths: &PathTable) {
        self.top = Frame { container: Container::Document, keys: 0, path: root, child: root };
        self.stack.clear();
        self.state = State::Value;
        (self.over, self.values) = (0, 0);
        (self.watching, self.tables) = (false, None);
        (self.before_gap, self.last) = (None, PathId::NONE);
        (self.lines, self.escape) = (LineWatch::default(), Escape::default());
        self.trail.save(paths, root);
    }

    /// Says that each line is a value (NDJSON), so that after a gap, or where a value is torn, the
    /// next line can be walked.
    pub fn expect_lines(&mut self) {
        self.lines.assume();
    }

    /// Says that the document stands in a script, which goes on behind it.
    pub(in crate::content) fn expect_argument(&mut self) {
        self.argument = true;
    }

    /// Whether something was no JSON.
    pub fn is_malformed(&self) -> bool {
        self.before_gap.unwrap_or(self.malformed || self.escape.malformed)
    }

    /// Whether something was nested too deep for a path of its own.
    pub fn is_too_deep(&self) -> bool {
        self.too_deep
    }

    /// Whether something was nested so deep that its values were looked at without their names.
    pub fn has_nameless(&self) -> bool {
        self.nameless
    }

    /// Whether every value that began has ended.
    pub fn is_complete(&self) -> bool {
        let number = self.state == State::Bare && kind_of(self.leaf.held()).is_some();
        let between = matches!(self.state, State::Value | State::After | State::Lost);
        // Behind a whole value, what is no JSON is a remark (`// end`, `<!-- 0.02s -->`).
        let remark = self.values > 0 && self.state == State::Bare;
        self.stack.is_empty() && (between || number || remark)
    }

    /// Walks the next bytes.
    pub fn push<S: FieldSink>(&mut self, input: &[u8], paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        self.scan(input, paths, sink);
        self.lines.end_input(input);
        let here = self.here();
        let is_last = self.last != PathId::NONE && paths.parent(self.last) == Some(here);
        self.trail.save(paths, if is_last { self.last } else { here });
    }

    /// The path of what is next or was last, or of what that lies in.
    fn here(&self) -> PathId {
        let Frame { path, child, .. } = self.top;
        if child == PathId::NONE { path } else { child }
    }

    /// Bytes are missing here. Where each line is a value the next line is walked, and in a list of
    /// records the next that has the member at hand; otherwise nobody knows in which field what
    /// follows lies, and it is not walked.
    pub fn gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let lines = self.lines.are_expected() || self.values > 1;
        if !lines && self.go_astray(paths, sink) {
            return;
        }
        self.finish(paths, sink);
        self.state = if lines { State::Line } else { State::Lost };
    }

    /// No more will come: hands on what is unfinished and leaves what is open.
    pub fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        self.release(paths, sink);
        self.end_scalar(paths, sink);
        while self.top.container != Container::Document {
            self.close(paths, sink);
        }
        self.state = State::Value;
    }

    /// What is unfinished of a value or key is all of it.
    fn end_scalar<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let path = self.top.child;
        match self.state {
            State::String => {
                let leaf = &mut self.leaf;
                self.escape.end(|bytes| leaf.extend(bytes, path, paths, sink));
                self.leaf.end(ValueKind::String, path, paths, sink);
            }
            State::Bare => self.end_bare(path, paths, sink),
            _ => {}
        }
        self.key.clear();
        self.escape.end(|_| {});
        self.over = 0;
    }

    /// Interns again what this stands on when the table was cleared.
    fn revive(&mut self, paths: &mut PathTable) {
        if !self.trail.is_stale(paths) {
            return;
        }
        let pairs = self.trail.restore(paths);
        self.last = moved(&pairs, self.last);
        for frame in self.stack.iter_mut().chain([&mut self.top]) {
            frame.path = moved(&pairs, frame.path);
            frame.child = moved(&pairs, frame.child);
            if frame.container.has_elements() {
                frame.child = paths.step(frame.path, Step::Index);
            }
        }
    }

    fn scan<S: FieldSink>(&mut self, input: &[u8], paths: &mut PathTable, sink: &mut S) {
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            let state = self.state;
            at = match state {
                State::Key if byte == b'"' => self.quoted_key(input, at + 1, paths, sink),
                State::Value if byte == b'"' => self.quoted_value(input, at + 1, paths, sink),
                State::After => self.after(byte, input, at, paths, sink),
                State::String => self.string(input, at, paths, sink),
                State::KeyString => self.key_string(input, at, paths, sink),
                State::Bare => self.bare(input, at, paths, sink),
                State::KeyBare => self.key_bare(byte, at, paths, sink),
                State::Held => self.hold(input, at, paths, sink),
                State::Line => self.line(input, at),
                State::Astray => self.astray(input, at, paths, sink),
                State::Lost => return,
                _ if is_blank(byte) => skip_blank(input, at + 1),
                _ if byte == b'{' && self.is_torn_at(input, at) => self.tear(at, paths, sink),
                State::Key => self.odd_key(byte, at, paths, sink),
                State::Value => self.value(byte, input, at, paths, sink),
                State::Colon => self.colon(byte, at),
                State::Over => self.deep(byte, input, at, paths, sink),
            };
        }
    }

    /// A string, from behind its opening quote.
    #[inline]
    fn quoted_value<S: FieldSink>(
        &mut self,
        input: &[u8],
        from: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let end = string_end(input, from);
        if input.get(end) == Some(&b'"') {
            let text = input.get(from..end).unwrap_or_default();
            if !self.lines.may_tear(text) {
                if !(self.watches(text) && self.heard(text, paths, sink)) {
                    self.leaf.whole(text, self.top.child, paths, sink);
                }
                self.state = State::After;
                return end + 1;
            }
        }
        self.state = State::String;
        self.string(input, from, paths, sink)
    }

    /// More of a string that has escapes or was cut.
    fn string<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let (leaf, path) = (&mut self.leaf, self.top.child);
        let extend = |bytes: &[u8]| leaf.extend(bytes, path, paths, sink);
        match self.lines.quoted(&mut self.escape, input, at, extend) {
            Quoted::Open => input.len(),
            Quoted::Torn(at) => self.tear(at, paths, sink),
            Quoted::Closed(end) => {
                if self.watches(self.leaf.held()) && self.heard_held(paths, sink) {
                    self.leaf.forget();
                } else {
                    self.leaf.end(ValueKind::String, path, paths, sink);
                }
                self.settle();
                end
            }
        }
    }

    /// A value that is no string.
    fn value<S: FieldSink>(
        &mut self,
        byte: u8,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        match byte {
            b'{' => self.open(Container::Object, paths, sink),
            b'[' => self.open(Container::Array, paths, sink),
            b'"' => return self.quoted_value(input, at + 1, paths, sink),
            b']' | b'}' => {
                self.malformed |= byte != b']' || !self.top.container.is_list();
                self.close(paths, sink);
            }
            b',' => {
                self.malformed = true;
                self.state = State::After;
                return at;
            }
            _ => {
                let end = bare_end(input, at);
                let token = input.get(at..end).unwrap_or_default();
                if end < input.len()
                    && let Some(kind) = kind_of(token)
                {
                    sink.field(paths, self.top.child, Value::new(kind, token));
                    self.state = State::After;
                    return end;
                }
                self.state = State::Bare;
                return at;
            }
        }
        at + 1
    }

    /// More of a token without quotes.
    fn bare<S: FieldSink>(
        &mut self,
        input: &[u8],
        from: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let path = self.top.child;
        let mut at = from;
        loop {
            // Within one call the token is input[from..at] behind what is held already.
            let end = bare_end(input, at);
            let piece = input.get(at..end).unwrap_or_default();
            self.leaf.extend(piece, path, paths, sink);
            let Some(&stop) = input.get(end) else { return end };
            let whole = self.leaf.is_whole() && kind_of(self.leaf.held()).is_some();
            if ends_bare(stop) || whole {
                self.end_bare(path, paths, sink);
                self.settle();
                return end;
            }
            self.leaf.extend(&[stop], path, paths, sink);
            at = end + 1;
        }
    }

    fn end_bare<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        self.leaf.trim_end();
        let kind = if self.leaf.is_whole() { kind_of(self.leaf.held()) } else { None };
        self.malformed |= kind.is_none();
        self.leaf.end(kind.unwrap_or(ValueKind::String), path, paths, sink);
    }

    /// Behind a value.
    #[inline]
    fn after<S: FieldSink>(
        &mut self,
        byte: u8,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        match (byte, self.top.container) {
            (_, Container::Document) if self.before_gap.is_some() => self.state = State::Lost,
            (b'}' | b']', container) if self.before_gap.is_some() && !container.ends_with(byte) => {
                self.state = State::Astray;
            }
            (b',', Container::Object) => self.state = State::Key,
            (b',', Container::Array | Container::Document) => self.state = State::Value,
            (b',', _) => self.next_place(paths),
            (b'}' | b']', container) => {
                self.malformed |= !container.ends_with(byte);
                self.close(paths, sink);
            }
            _ if is_blank(byte) => return skip_blank(input, at + 1),
            (_, Container::Document) if self.argument => self.state = State::Lost,
            (_, Container::Document) => {
                self.lines.next_record(input, at);
                self.state = State::Value;
                return at;
            }
            (b'{', _) if self.is_torn_at(input, at) => return self.tear(at, paths, sink),
            (_, container) => {
                self.malformed = true;
                let object = container == Container::Object;
                self.state = if object { State::Key } else { State::Value };
                return at;
            }
        }
        at + 1
    }

    /// Below the deepest container that is told apart, keys and values are not told apart: all are
    /// looked at.
    fn deep<S: FieldSink>(
        &mut self,
        byte: u8,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        match byte {
            b'{' | b'[' => self.over += 1,
            b'}' | b']' => {
                self.over -= 1;
                if self.over == 0 && self.top.container == Container::Array {
                    self.top.child = paths.step(self.top.path, Step::Index);
                }
                self.settle();
            }
            b'"' => {
                self.state = State::String;
                return self.string(input, at + 1, paths, sink);
            }
            b',' | b':' => {}
            _ => {
                self.state = State::Bare;
                return at;
            }
        }
        at + 1
    }

    fn line(&mut self, input: &[u8], at: usize) -> usize {
        let rest = input.get(at..).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(n) => {
                self.state = State::Value;
                self.lines.begin(at + n + 1);
                at + n + 1
            }
            None => input.len(),
        }
    }

    /// A scalar is over.
    fn settle(&mut self) {
        self.state = if self.over > 0 { State::Over } else { State::After };
    }
}
