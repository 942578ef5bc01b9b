//! Documents in pieces. What is too long for one OBX, or for a line, goes on in the next (HL7
//! v2.8.2 section 7.4.2: segments of one OBX-3 and OBX-4 are one observation): XML, JSON and
//! base64, in the data of an ED or a text. The value stays open from segment to segment, so that it
//! is walked as one.
//!
//! What later pieces say beside their data is what the first said, or else it is walked once the
//! document is over: without data, as a segment of its own.

use memchr::memchr;

use crate::base::limits::SCALAR_WINDOW_BYTES;

use super::super::super::{FieldSink, PathTable};
use super::super::marks::SEGMENT_ENDS;
use super::{At, Hl7Walker};

/// The segment that has documents, and the field of it.
const SEGMENT: [u8; 3] = *b"OBX";
const FIELD: u32 = 5;
/// Component of the data of an ED; values of other types are data from their start.
const ED_DATA: u32 = 5;
/// Bytes of a segment before its data.
const HEAD_MAX: usize = 512;
/// Bytes of a segment behind its data.
const TAIL_MAX: usize = 2048;
/// Bytes of what later pieces say beside their data.
const RESIDUE_MAX: usize = 16 * 1024;
/// Bytes by which one document is told from the next.
const FIRST: usize = 4;
/// Characters of base64 that are no word.
const LINE_MIN: usize = 60;

/// The segment at hand, as far as its data.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// From its name on.
    head: smallvec::SmallVec<[u8; 64]>,
    /// Its data may be a document.
    pub(super) open: bool,
    /// The first bytes of that.
    first: [u8; FIRST],
    have: u8,
}

/// A document whose next piece may follow.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What its segments have in common: from OBX-2 up to the data.
    key: Vec<u8>,
    first: [u8; FIRST],
    /// What stands behind the data of the first, the end of its segment included.
    tail: Vec<u8>,
    /// A segment behind the first: its start, and what stands behind its data.
    head: Vec<u8>,
    own: Vec<u8>,
    /// Where OBX-2 of it begins.
    from: usize,
    /// The piece at hand is not the first.
    later: bool,
    /// What later pieces say beside their data.
    residue: Vec<u8>,
}

impl Before {
    pub(super) fn held_bytes(&self) -> usize {
        if self.head.spilled() { self.head.capacity() } else { 0 }
    }

    /// Whether the component before the data is the encoding of an ED, and base64.
    fn says_base64(&self, component: u8) -> bool {
        let before = self.head.strip_suffix(&[component]).unwrap_or_default();
        let last = before.rsplit(|b| *b == component).next().unwrap_or_default();
        last.eq_ignore_ascii_case(b"base64")
    }

    fn kind(&self, field: u8) -> &[u8] {
        self.head.split(|b| *b == field).nth(2).unwrap_or_default()
    }
}

impl Pieces {
    pub(super) fn held_bytes(&self) -> usize {
        let parts = [&self.key, &self.tail, &self.head, &self.own, &self.residue];
        size_of::<Self>() + parts.iter().map(|part| part.capacity()).sum::<usize>()
    }
}

impl Hl7Walker {
    /// A segment begins.
    pub(super) fn before_begins(&mut self) {
        self.before.open = self.name == SEGMENT;
        if self.before.open {
            self.before.head.clear();
            self.before.head.extend_from_slice(&self.name);
            self.before.head.push(self.marks.field);
            self.before.have = 0;
        }
    }

    /// Component of OBX-5 in which data of its type stands, if that may be a document.
    fn data_component(&self) -> Option<u32> {
        match self.before.kind(self.marks.field) {
            b"ED" => Some(ED_DATA),
            b"FT" | b"ST" | b"TX" => Some(1),
            _ => None,
        }
    }

    /// Whether the value at hand is data.
    fn is_data(&self) -> bool {
        let place = self.place;
        place.field == FIELD
            && !place.divided
            && self.data_component().is_some_and(|component| place.component == component)
    }

    /// Notes more of a segment, with what ends it if that is there.
    pub(super) fn note_before(&mut self, text: &[u8], mark: Option<u8>) {
        if self.pieces.is_some() || self.place.field > FIELD {
            return;
        }
        if self.place.field == FIELD {
            if self.is_data() && mark != Some(self.marks.repetition) {
                return;
            }
            self.before.open = self.data_component().is_some();
        }
        let Before { head, open, .. } = &mut self.before;
        if head.len() + text.len() >= HEAD_MAX || mark == Some(self.marks.repetition) {
            *open = false;
        }
        if *open {
            head.extend_from_slice(text);
            head.extend(mark);
        }
    }

    /// Notes the first bytes of data.
    pub(super) fn note_first(&mut self, text: &[u8]) {
        if self.before.open && usize::from(self.before.have) < FIRST && self.is_data() {
            let places = self.before.first.iter_mut().skip(usize::from(self.before.have));
            for (place, byte) in places.zip(text) {
                *place = *byte;
                self.before.have += 1;
            }
        }
    }

    /// Whether `mark` ends data, or a piece of it.
    pub(super) fn ends_data(&self, mark: u8) -> bool {
        let ends = mark == self.marks.field || SEGMENT_ENDS.contains(&mark);
        self.pieces.is_some() || self.before.open && ends && self.is_data()
    }

    /// Whether the data that ends here may go on in another segment; `text` is all of it, or else
    /// it was taken.
    pub(super) fn goes_on(&self, text: &[u8]) -> bool {
        let kind = Kind {
            document: self.data_component() == Some(ED_DATA),
            base64: self.before.says_base64(self.marks.component),
        };
        let (text, whole) = match text {
            b"" => (self.leaf.held(), self.leaf.is_whole()),
            text => (text, text.len() <= SCALAR_WINDOW_BYTES),
        };
        self.pieces.is_some()
            || if whole { goes_on(text, kind) } else { !text.trim_ascii_end().ends_with(b"=") }
    }

    /// A piece of a document ends with `mark`; what was not taken of it is.
    pub(super) fn suspend(&mut self, mark: u8) {
        let Before { head, first, .. } = &self.before;
        let from = second(head, self.marks.field).unwrap_or(head.len());
        let pieces = self.pieces.get_or_insert_with(|| {
            let key = head.get(from..).unwrap_or_default().to_vec();
            Box::new(Pieces { key, first: *first, ..Pieces::default() })
        });
        let tail = if pieces.later { &mut pieces.own } else { &mut pieces.tail };
        tail.push(mark);
        self.at = At::Tail;
        if SEGMENT_ENDS.contains(&mark) {
            self.piece_is_over();
        }
    }

    /// More of a segment behind its data: how much of it was used.
    pub(super) fn tail<S: FieldSink>(
        &mut self,
        rest: &[u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let feeds = self.by_cr;
        let is_end = |b: &u8| SEGMENT_ENDS.contains(b) && !(feeds && *b == b'\n');
        let end = rest.iter().position(is_end).map(|at| at + 1);
        let more = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let Some(pieces) = &mut self.pieces else { return 0 };
        let tail = if pieces.later { &mut pieces.own } else { &mut pieces.tail };
        if tail.len() + more.len() > TAIL_MAX {
            self.close_document(paths, sink);
            return 0;
        }
        tail.extend_from_slice(more);
        if end.is_some() {
            self.piece_is_over();
        }
        more.len()
    }

    fn piece_is_over(&mut self) {
        let Some(pieces) = &mut self.pieces else { return };
        if pieces.later && pieces.own != pieces.tail {
            pieces.residue.append(&mut pieces.head);
            pieces.residue.append(&mut pieces.own);
        }
        pieces.head.clear();
        pieces.own.clear();
        (pieces.from, pieces.later) = (0, true);
        self.at = At::Next;
    }

    /// A byte of the segment behind a piece: whether it was used.
    pub(super) fn next_byte<S: FieldSink>(
        &mut self,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        let (field, special) = (self.marks.field, &self.special);
        let Some(pieces) = &mut self.pieces else { return false };
        if pieces.head.is_empty() && matches!(byte, b'\r' | b'\n') {
            return true;
        }
        let data = pieces.from + pieces.key.len();
        let in_data = pieces.from > 0 && pieces.head.len() >= data;
        let marked = special.get(usize::from(byte)).copied().unwrap_or(false);
        if in_data && (marked || pieces.head.len() - data == FIRST) {
            let piece = pieces.head.split_off(data);
            if piece.is_empty() || anew(&piece, pieces.first) {
                pieces.head.extend_from_slice(&piece);
                self.close_document(paths, sink);
            } else {
                self.at = At::Fields;
                self.take(&piece, paths, sink);
            }
            return false;
        }
        pieces.head.push(byte);
        let head = &pieces.head;
        let fits = match head.len() {
            ..=4 => [SEGMENT[0], SEGMENT[1], SEGMENT[2], field].starts_with(head),
            HEAD_MAX.. => false,
            _ if pieces.from == 0 => !marked || byte == field,
            _ if in_data => true,
            _ => head.get(pieces.from..).is_some_and(|rest| pieces.key.starts_with(rest)),
        };
        if pieces.from == 0 {
            pieces.from = second(head, field).unwrap_or(0);
        }
        if !fits || pieces.residue.len() > RESIDUE_MAX {
            self.close_document(paths, sink);
        }
        true
    }

    /// Nothing more of the document follows: what stood beside its pieces is walked now.
    pub(super) fn close_document<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let Some(pieces) = self.pieces.take() else { return };
        let at = std::mem::replace(&mut self.at, At::Fields);
        self.flush_escape(paths, sink);
        self.end_value(paths, sink);
        self.push(&pieces.tail, paths, sink);
        self.push(&pieces.residue, paths, sink);
        if at == At::Next || at == At::Tail && pieces.later {
            self.push(&pieces.head, paths, sink);
            self.push(&pieces.own, paths, sink);
        }
    }
}

/// Where the second field behind the name of a segment begins.
fn second(segment: &[u8], field: u8) -> Option<usize> {
    let first = memchr(field, segment)? + 1;
    memchr(field, segment.get(first..)?).map(|at| first + at + 1)
}

/// What is said of data before it.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// It is that of an ED, where no result stands: `<LOD`.
    document: bool,
    /// It is in base64.
    base64: bool,
}

/// Whether a value may go on in another segment: base64 that says so or looks it, XML and JSON that
/// are not closed. Lines of other text are whole: put together, words would run into each other.
fn goes_on(value: &[u8], kind: Kind) -> bool {
    let value = value.trim_ascii();
    let coded = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    match value {
        [] | b"\"\"" | [.., b'='] => false,
        [b'<', b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', ..]
            if kind.document || value.contains(&b'>') =>
        {
            !is_closed(value)
        }
        [b'{' | b'[', ..] => !matches!(value.last(), Some(b'}' | b']')),
        _ => kind.base64 || value.len() >= LINE_MIN && value.iter().all(coded),
    }
}

/// Whether what follows is a document of its own: it begins as the one before it did, or as XML
/// does, in base64 too.
fn anew(piece: &[u8], first: [u8; FIRST]) -> bool {
    [first, *b"<?xm", *b"PD94"].iter().any(|start| start.as_slice() == piece)
}

/// Whether the root element of `text` is closed at its end.
fn is_closed(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr(b'<', rest) {
        rest = rest.get(at + 1..).unwrap_or_default();
        if matches!(rest.first(), Some(b'?' | b'!')) {
            continue;
        }
        let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/');
        let Some(end) = rest.iter().position(ends) else { return false };
        let name = rest.get(..end).unwrap_or_default();
        let closing = text.strip_suffix(b">").and_then(|t| t.trim_ascii_end().strip_suffix(name));
        return closing.is_some_and(|t| t.ends_with(b"</"));
    }
    false
}
