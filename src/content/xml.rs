//! XML (XML 1.0, Namespaces in XML), walked by a tolerant scanner that resumes at any byte.
//!
//! Names are local names, attributes are fields, text is trimmed. Only the five predefined
//! entities and character references are decoded: of a document type declaration the literals of
//! entities are values, and nothing is ever put in their place, so none ever grows. What is no XML
//! is passed over or taken as text. What stands beside the elements is a text of its own, or JSON.

mod beside;
mod cells;
mod comments;
mod html;
mod plist;
mod tags;

#[cfg(test)]
mod tests;

use crate::base::limits::REFERENCE_BYTES_MAX;
use crate::model::ValueKind;

use super::encoding::decode_reference;
use super::grid::{Grid, Span, SpanDigits};
use super::json::{Trail, is_blank, moved, skip_blank};
use super::leaf::Leaf;
use super::{FieldSink, JsonWalker, PathId, PathTable};

/// Walks XML as it arrives.
#[derive(Debug)]
pub(crate) struct XmlWalker {
    state: State,
    root: PathId,
    /// Paths of the open elements, outermost first; at most
    /// [`crate::base::limits::DEPTH_TOLD_MAX`].
    stack: Vec<PathId>,
    /// Open elements below the deepest that is told apart.
    over: u64,
    /// The path of the attribute at hand.
    attribute: PathId,
    /// The same where it says how far a cell of a table reaches.
    span: Option<(Span, SpanDigits)>,
    /// The path that was made last.
    last: PathId,
    /// A name, or the reference at hand.
    name: Vec<u8>,
    leaf: Leaf,
    /// The comment at hand.
    comment: Leaf,
    /// Text of the comment at hand has begun.
    in_comment: bool,
    /// Text of the element at hand has begun.
    in_text: bool,
    trail: Trail,
    /// Walks the JSON behind the last element or comment.
    beside: Option<Box<JsonWalker>>,
    elements: u64,
    malformed: bool,
    too_deep: bool,
    /// Something lay below the deepest element that is told apart.
    nameless: bool,
    /// The document declares entities.
    declares: bool,
    /// One of them was referred to.
    unexpanded: bool,
    /// The document is HTML, where some elements have no end tag.
    html: bool,
    /// The element at hand is one of these.
    void: bool,
    /// The cells of tables and lists, once there was one.
    grid: Option<Box<Grid>>,
    /// The keys of a property list, where the document is one.
    keys: Option<Box<plist::Keys>>,
}

/// Where in the syntax the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Character data.
    Text,
    /// `&` in character data or, with its quote, in an attribute value.
    Reference { quote: Option<u8> },
    /// Behind `<`.
    Open,
    /// The name of a start tag.
    StartName,
    /// Inside a start tag.
    Tag,
    /// The name of an attribute.
    AttributeName,
    /// Behind the name of an attribute.
    AttributeEquals,
    /// Behind the equals sign.
    AttributeStart,
    /// An attribute value, up to its quote; without quotes up to white space.
    AttributeValue { quote: u8 },
    /// `/` in a start tag.
    EmptyTag,
    /// The name of an end tag.
    EndName,
    /// Behind `<!` and so many bytes of `[CDATA[`.
    Bang { matched: usize },
    /// Behind `<!-`.
    Dash,
    /// Inside `<!-- -->`, so many hyphens ended it already.
    Comment { hyphens: u8 },
    /// Inside a CDATA section, so many brackets ended it already.
    Cdata { brackets: u8 },
    /// Inside a declaration, nested this deep.
    Declaration { depth: u32 },
    /// Inside a literal of a declaration, up to its quote.
    Literal { depth: u32, quote: u8 },
    /// Behind `<?`, in the name of what it is for.
    Target,
    /// Inside the declaration `<?xml ?>`, behind a question mark or not.
    Instruction { question: bool },
    /// The same in what is no declaration, and may say anything.
    Remark { question: bool },
    /// Behind a bracket that stands beside every element and may open JSON.
    Bracket(u8),
    /// In JSON, to the end.
    Json,
    /// Nothing: too much was lost.
    Lost,
}

const CDATA: &[u8] = b"[CDATA[";

impl XmlWalker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>()
            + self.stack.capacity() * size_of::<PathId>()
            + self.name.capacity()
            + self.leaf.held_bytes()
            + self.comment.held_bytes()
            + self.trail.held_bytes()
            + self.beside.as_ref().map_or(0, |json| json.held_bytes())
            + self.grid.as_ref().map_or(0, |grid| size_of::<Grid>() + grid.held_bytes())
            + self.keys.as_ref().map_or(0, |keys| size_of::<plist::Keys>() + keys.held_bytes())
    }

    /// A walker of a document whose root is at `root`.
    pub(crate) fn new(root: PathId, paths: &PathTable) -> Self {
        let mut trail = Trail::default();
        trail.save(paths, root);
        XmlWalker {
            state: State::Text,
            root,
            stack: Vec::new(),
            over: 0,
            attribute: PathId::NONE,
            span: None,
            last: PathId::NONE,
            name: Vec::new(),
            leaf: Leaf::default(),
            comment: Leaf::default(),
            in_comment: false,
            in_text: false,
            trail,
            beside: None,
            elements: 0,
            malformed: false,
            too_deep: false,
            nameless: false,
            declares: false,
            unexpanded: false,
            html: false,
            void: false,
            grid: None,
            keys: None,
        }
    }

    /// The document stands in `level` values.
    pub(crate) fn at_level(mut self, level: u8) -> Self {
        self.leaf = Leaf::at_level(level);
        self.comment = Leaf::at_level(level);
        self
    }

    /// What follows is HTML, whichever its first element is.
    pub(crate) fn expect_html(&mut self) {
        self.html = true;
    }

    /// Whether something was no XML.
    pub(crate) fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// Whether something was nested too deep for a path of its own.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.too_deep
    }

    /// Whether something was nested so deep that its values were looked at without their names.
    pub(crate) fn has_nameless(&self) -> bool {
        self.nameless
    }

    /// Whether the document refers to entities that it declares itself.
    pub(crate) fn has_unexpanded(&self) -> bool {
        self.unexpanded
    }

    /// Whether every element that began has ended.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.beside {
            Some(json) if self.state == State::Json => json.is_complete(),
            _ => self.stack.is_empty() && self.state == State::Text,
        }
    }

    /// Walks the next bytes.
    pub(crate) fn push<S: FieldSink>(&mut self, input: &[u8], paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            at = match self.state {
                State::Text | State::AttributeValue { .. } | State::Cdata { .. } => {
                    self.run(input, at, paths, sink)
                }
                State::Literal { .. } => self.literal(input, at, paths, sink),
                State::Comment { .. } => self.comment(input, at, paths, sink),
                State::Remark { .. } => self.remark(input, at, paths, sink),
                State::Json => self.json(input, at, paths, sink),
                State::Instruction { .. } | State::Lost => self.skip(input, at),
                State::StartName | State::AttributeName | State::EndName if !is_name_end(byte) => {
                    self.name_run(input, at)
                }
                _ => at + usize::from(self.step(byte, paths, sink)),
            };
        }
        let here = self.here();
        let at_value = matches!(
            self.state,
            State::AttributeValue { .. } | State::Reference { quote: Some(_) }
        );
        let attribute = at_value && self.attribute != PathId::NONE;
        self.trail.save(paths, if attribute { self.attribute } else { here });
    }

    /// Bytes are missing: nobody knows in which element what follows lies.
    pub(crate) fn gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if self.state == State::Json {
            return self.gap_in_json(paths, sink);
        }
        self.finish(paths, sink);
        self.state = State::Lost;
    }

    /// No more will come: hands on what is unfinished and leaves what is open.
    pub(crate) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        match self.state {
            State::AttributeValue { .. } | State::Reference { quote: Some(_) } => {
                self.end_attribute(paths, sink);
            }
            State::Literal { .. } => self.end_literal(paths, sink),
            State::Comment { .. } | State::Remark { .. } => {
                self.end_comment(paths, sink);
                self.end_text(paths, sink);
            }
            State::Bracket(open) => {
                self.text(&[open], paths, sink);
                self.end_text(paths, sink);
            }
            State::Json => self.end_json(paths, sink),
            _ => self.end_text(paths, sink),
        }
        self.over = 0;
        while !self.stack.is_empty() {
            self.leave(paths, sink);
        }
        self.state = State::Text;
    }

    fn revive(&mut self, paths: &mut PathTable) {
        if self.trail.is_stale(paths) {
            let pairs = self.trail.restore(paths);
            self.last = PathId::NONE;
            for path in self.stack.iter_mut().chain([&mut self.root, &mut self.attribute]) {
                *path = moved(&pairs, *path);
            }
            self.mend_deep(paths);
        }
    }

    /// The path of the element at hand.
    fn here(&self) -> PathId {
        self.stack.last().copied().unwrap_or(self.root)
    }

    /// A run of text, of whatever kind. Returns where it ends.
    fn run<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        if self.state == State::Text
            && self.stack.is_empty()
            && let Some(behind) = self.bracket(input, at)
        {
            return behind;
        }
        let rest = input.get(at..).unwrap_or_default();
        let end = match self.state {
            State::Text => memchr::memchr2(b'<', b'&', rest),
            State::Cdata { brackets: 0 } => memchr::memchr(b']', rest),
            State::AttributeValue { quote: b' ' } => {
                rest.iter().position(|b| is_blank(*b) || matches!(b, b'>' | b'&'))
            }
            State::AttributeValue { quote } => memchr::memchr2(quote, b'&', rest),
            _ => Some(0),
        };
        let (piece, behind) =
            rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        if let State::AttributeValue { .. } = self.state {
            self.attribute_text(piece, paths, sink);
        } else {
            self.text(piece, paths, sink);
        }
        let Some(&byte) = behind.first() else { return input.len() };
        let mut taken = 1;
        self.state = match self.state {
            State::Text if byte == b'&' => self.refer(None),
            State::Text => State::Open,
            State::AttributeValue { quote } if byte == b'&' => self.refer(Some(quote)),
            State::AttributeValue { .. } => {
                // Without quotes, `>` also ends the tag.
                taken = usize::from(byte != b'>');
                self.end_attribute(paths, sink);
                State::Tag
            }
            _ => self.cdata(byte, paths, sink),
        };
        at + piece.len() + taken
    }

    fn refer(&mut self, quote: Option<u8>) -> State {
        self.name.clear();
        State::Reference { quote }
    }

    /// Passes over what is not looked at. Returns where it ends.
    fn skip(&mut self, input: &[u8], at: usize) -> usize {
        let mut at = at;
        while let Some(&byte) = input.get(at) {
            self.state = match self.state {
                State::Instruction { question: true } if byte == b'>' => State::Text,
                State::Instruction { .. } => State::Instruction { question: byte == b'?' },
                State::Lost => return input.len(),
                _ => return at,
            };
            at += 1;
        }
        at
    }

    /// One byte of markup; `false` when it was not taken.
    fn step<S: FieldSink>(&mut self, byte: u8, paths: &mut PathTable, sink: &mut S) -> bool {
        match self.state {
            State::Reference { quote } => return self.reference(byte, quote, paths, sink),
            State::Open => return self.open(byte, paths, sink),
            State::Target => return self.target(byte, paths, sink),
            State::Bracket(open) => return self.behind_bracket(open, byte, paths, sink),
            State::Bang { matched } => return self.bang(byte, matched),
            State::Dash if byte == b'-' => self.state = State::Comment { hyphens: 0 },
            State::Dash => self.state = State::Declaration { depth: 1 },
            State::Declaration { depth } => {
                if byte == b'<' {
                    self.name.clear();
                } else if self.name.len() < b"!ENTITY".len() {
                    self.name.push(byte);
                }
                self.state = match byte {
                    b'<' => State::Declaration { depth: depth.saturating_add(1) },
                    b'>' if depth == 1 => State::Text,
                    b'>' => State::Declaration { depth: depth - 1 },
                    b'"' | b'\'' if self.name == b"!ENTITY" => {
                        State::Literal { depth, quote: byte }
                    }
                    _ => State::Declaration { depth },
                };
            }
            State::StartName => {
                self.enter(paths, sink);
                self.state = State::Tag;
                return false;
            }
            State::EndName if byte == b'>' => {
                self.end_element(paths, sink);
                self.state = State::Text;
            }
            State::EndName if is_blank(byte) => {}
            State::EndName => {
                self.malformed = true;
                if byte == b'<' {
                    // The end of the tag is missing.
                    self.end_element(paths, sink);
                    self.state = State::Open;
                }
            }
            _ => return self.in_tag(byte, paths, sink),
        }
        true
    }

    fn open<S: FieldSink>(&mut self, byte: u8, paths: &mut PathTable, sink: &mut S) -> bool {
        self.name.clear();
        self.state = match byte {
            b'/' => State::EndName,
            b'!' => State::Bang { matched: 0 },
            b'?' => State::Target,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b':' | 0x80.. => {
                self.end_text(paths, sink);
                self.state = State::StartName;
                return false;
            }
            _ => {
                self.malformed = true;
                self.text(b"<", paths, sink);
                self.state = State::Text;
                return false;
            }
        };
        true
    }

    fn bang(&mut self, byte: u8, matched: usize) -> bool {
        if CDATA.get(matched) == Some(&byte) {
            let matched = matched + 1;
            let whole = matched == CDATA.len();
            self.state = if whole { State::Cdata { brackets: 0 } } else { State::Bang { matched } };
            return true;
        }
        let dash = matched == 0 && byte == b'-';
        self.state = if dash { State::Dash } else { State::Declaration { depth: 1 } };
        dash
    }

    fn cdata<S: FieldSink>(&mut self, byte: u8, paths: &mut PathTable, sink: &mut S) -> State {
        let State::Cdata { brackets } = self.state else { return self.state };
        match byte {
            b']' if brackets == 2 => self.text(b"]", paths, sink),
            b']' => return State::Cdata { brackets: brackets + 1 },
            b'>' if brackets == 2 => return State::Text,
            _ => {
                let held = b"]]".get(..usize::from(brackets)).unwrap_or_default();
                self.text(held, paths, sink);
                self.text(&[byte], paths, sink);
                return State::Cdata { brackets: 0 };
            }
        }
        State::Cdata { brackets }
    }

    /// One byte of a reference (XML 1.0 section 4.1); what is none is text.
    fn reference<S: FieldSink>(
        &mut self,
        byte: u8,
        quote: Option<u8>,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        let named = byte.is_ascii_alphanumeric() || byte == b'#';
        if named && self.name.len() < REFERENCE_BYTES_MAX {
            self.name.push(byte);
            return true;
        }
        let name = std::mem::take(&mut self.name);
        let decoded = if byte == b';' { decode_reference(&name) } else { None };
        let mut utf8 = [0; 4];
        let pieces: [&[u8]; 2] = match decoded {
            Some(c) => [c.encode_utf8(&mut utf8).as_bytes(), b""],
            None => {
                let own = self.declares && byte == b';';
                self.unexpanded |= own;
                self.malformed |= !own;
                [b"&", &name]
            }
        };
        for piece in pieces {
            match quote {
                Some(_) => self.attribute_text(piece, paths, sink),
                None => self.text(piece, paths, sink),
            }
        }
        self.name = name;
        self.state = quote.map_or(State::Text, |quote| State::AttributeValue { quote });
        decoded.is_some()
    }

    fn text<S: FieldSink>(&mut self, piece: &[u8], paths: &mut PathTable, sink: &mut S) {
        let mut piece = piece;
        if let Some(grid) = &mut self.grid {
            grid.text(piece);
        }
        if !self.in_text {
            piece = piece.get(skip_blank(piece, 0)..).unwrap_or_default();
        }
        if piece.is_empty() {
            return;
        }
        self.in_text = true;
        if let Some(keys) = &mut self.keys {
            keys.text(piece);
        }
        let path = self.path_of_text(paths);
        self.leaf.extend(piece, path, paths, sink);
    }

    fn end_text<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if std::mem::take(&mut self.in_text) {
            self.leaf.trim_end();
            let path = self.path_of_text(paths);
            self.leaf.end(ValueKind::String, path, paths, sink);
        }
    }
}

fn is_name_end(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'>' | b'/' | b'=' | b'<' | b'"' | b'\'')
}
