//! HTML read for its tables and lists only, as it arrives: which tags there are, and the text of
//! cells. Everything else is passed over; so are comments, scripts and styles.

use memchr::memchr;

use super::grid::{Grid, Span, SpanDigits, Tag};
use super::{FieldSink, PathId, PathTable};

/// Elements whose text is no markup (WHATWG HTML section 13.1.2), as their end tags begin.
const RAW: [&[u8]; 4] = [b"/script", b"/style", b"/textarea", b"/title"];
/// Bytes of the longest name that means anything here, and one more.
const NAME_BYTES_MAX: usize = 9;

/// Walks the tables and lists of a page or of a fragment of one.
#[derive(Debug)]
pub(crate) struct MarkupWalker {
    state: State,
    /// The name of the tag at hand, `/` before it in an end tag.
    name: Vec<u8>,
    /// The name of the attribute at hand, in the start tag of a cell.
    attribute: Vec<u8>,
    /// What it says, where that is how far the cell reaches.
    span: Option<(Span, SpanDigits)>,
    grid: Grid,
}

/// Where in the markup the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Behind `<`, in the name of a tag.
    Name,
    /// In a tag, behind its name; whether an equals sign was the last that is no blank.
    Tag {
        equals: bool,
    },
    /// In the value of an attribute, up to its quote.
    Quoted(u8),
    /// Behind `<!` and so many hyphens.
    Bang(u8),
    /// In a comment, behind so many hyphens.
    Comment(u8),
    /// In an element whose text is no markup, behind so many bytes of its end tag.
    Raw {
        end: &'static [u8],
        matched: usize,
    },
}

/// Whether `text` is markup that may hold a table or a list: asked of what begins with `<`.
pub(crate) fn may_hold(text: &[u8]) -> bool {
    let begins = |at: usize| {
        let tag = text.get(at + 1..).unwrap_or_default();
        let is = |name: &[u8]| tag.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
        matches!(tag, [b't' | b'T' | b'd' | b'D', ..]) && (is(b"table") || is(b"dl"))
    };
    text.first() == Some(&b'<') && memchr::memchr_iter(b'<', text).any(begins)
}

impl MarkupWalker {
    /// Markup whose cells lie in `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        let (name, attribute, span) = (Vec::new(), Vec::new(), None);
        MarkupWalker { state: State::Text, name, attribute, span, grid: Grid::at_level(level) }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.name.capacity() + self.grid.held_bytes()
    }

    /// Walks the next bytes; tables and lists lie below `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            rest = match self.state {
                State::Text => {
                    let end = memchr(b'<', rest).unwrap_or(rest.len());
                    if self.grid.wants_text() {
                        self.grid.text(rest.get(..end).unwrap_or_default());
                    }
                    if end < rest.len() {
                        self.state = State::Name;
                        self.name.clear();
                    }
                    rest.get(end + 1..).unwrap_or_default()
                }
                State::Name => match self.in_name(*byte, root, paths, sink) {
                    true => behind,
                    false => rest,
                },
                State::Tag { equals } => {
                    self.in_start_tag(*byte, equals);
                    self.state = match byte {
                        b'>' => self.behind_tag(),
                        b'"' | b'\'' if equals => State::Quoted(*byte),
                        _ if byte.is_ascii_whitespace() => self.state,
                        _ => State::Tag { equals: *byte == b'=' },
                    };
                    behind
                }
                State::Quoted(quote) => {
                    let end = memchr(quote, rest).unwrap_or(rest.len());
                    if let Some((_, digits)) = &mut self.span {
                        digits.push(rest.get(..end).unwrap_or_default());
                    }
                    if end < rest.len() {
                        self.end_span();
                        self.state = State::Tag { equals: false };
                    }
                    rest.get(end + 1..).unwrap_or_default()
                }
                State::Bang(_) | State::Comment(_) => {
                    self.state = self.in_comment(*byte);
                    behind
                }
                State::Raw { end, matched } => self.in_raw(rest, end, matched),
            };
        }
    }

    /// No more will come, or bytes are missing.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.grid.finish(root, paths, sink);
        self.name.clear();
        self.attribute.clear();
        self.span = None;
        self.state = State::Text;
    }

    /// A byte of a tag that is in no quotes: of the names and values of a cell's attributes.
    fn in_start_tag(&mut self, byte: u8, equals: bool) {
        if !matches!(&self.name[..], b"td" | b"th") || !self.grid.wants_spans() {
            return;
        }
        match byte {
            b'"' | b'\'' if equals => {}
            b'=' => {
                let span = Span::of(self.attribute.trim_ascii_end());
                self.span = span.map(|span| (span, SpanDigits::default()));
                self.attribute.clear();
            }
            b'>' => self.end_span(),
            _ if byte.is_ascii_whitespace() && equals => {}
            _ if byte.is_ascii_whitespace() && self.span.is_some() => self.end_span(),
            _ if byte.is_ascii_whitespace() => {
                // An equals sign may follow, or else another name.
                if !self.attribute.is_empty() && !self.attribute.ends_with(b" ") {
                    self.attribute.push(b' ');
                }
            }
            _ => match &mut self.span {
                Some((_, digits)) => digits.push(&[byte]),
                None => {
                    if self.attribute.ends_with(b" ") {
                        self.attribute.clear();
                    }
                    if self.attribute.len() <= Span::BYTES {
                        self.attribute.push(byte);
                    }
                }
            },
        }
    }

    /// An attribute is over.
    fn end_span(&mut self) {
        self.attribute.clear();
        if let Some((span, digits)) = self.span.take() {
            self.grid.spans(span, digits);
        }
    }

    /// A byte behind `<`; `false` when it was not taken.
    fn in_name<S: FieldSink>(
        &mut self,
        byte: u8,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        let first = self.name.is_empty();
        if first && byte == b'!' {
            self.state = State::Bang(0);
            return true;
        }
        let named = byte.is_ascii_alphanumeric() || first && byte == b'/';
        if named {
            if self.name.len() < NAME_BYTES_MAX {
                self.name.push(byte.to_ascii_lowercase());
            }
            return true;
        }
        if first {
            // A sign of its own.
            self.grid.text(b"<");
            self.state = State::Text;
            return false;
        }
        self.state = State::Tag { equals: false };
        self.span = None;
        self.attribute.clear();
        let (end, name) = match self.name.strip_prefix(b"/") {
            Some(name) => (true, name),
            None => (false, &self.name[..]),
        };
        let Some(tag) = Tag::of(name) else { return false };
        match (end, tag.is_block()) {
            (false, _) => self.grid.start((tag, 0), root, paths, sink),
            (true, true) => self.grid.end_block(tag, root, paths, sink),
            (true, false) => self.grid.end(tag, root, paths, sink),
        }
        false
    }

    /// What follows the tag at hand.
    fn behind_tag(&self) -> State {
        let raw = |end: &&[u8]| end.strip_prefix(b"/") == Some(&self.name[..]);
        match RAW.into_iter().find(raw) {
            Some(end) => State::Raw { end, matched: 0 },
            None => State::Text,
        }
    }

    /// What follows `byte` in a comment or a declaration.
    fn in_comment(&self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Bang(0), b'-') => State::Bang(1),
            (State::Bang(1), b'-') => State::Comment(0),
            (State::Bang(_), b'>') => State::Text,
            (State::Bang(_), _) => State::Tag { equals: false },
            (State::Comment(hyphens), b'-') => State::Comment((hyphens + 1).min(2)),
            (State::Comment(2), b'>') => State::Text,
            _ => State::Comment(0),
        }
    }

    /// Passes over text that is no markup. What is left.
    fn in_raw<'a>(&mut self, rest: &'a [u8], end: &'static [u8], matched: usize) -> &'a [u8] {
        let mut at = 0;
        let mut matched = matched;
        if matched == 0 {
            at = memchr(b'<', rest).unwrap_or(rest.len());
        }
        let Some(byte) = rest.get(at) else {
            self.state = State::Raw { end, matched };
            return &[];
        };
        // One more than the bytes of the end tag that were met: `<` comes before them.
        let expected = if matched == 0 { Some(&b'<') } else { end.get(matched - 1) };
        matched = match expected {
            Some(expected) if byte.eq_ignore_ascii_case(expected) => matched + 1,
            _ if *byte == b'<' => 1,
            _ => 0,
        };
        self.state = if matched > end.len() {
            self.name.clear();
            State::Tag { equals: false }
        } else {
            State::Raw { end, matched }
        };
        rest.get(at + 1..).unwrap_or_default()
    }
}
