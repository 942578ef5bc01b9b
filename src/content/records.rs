//! JSON that stands among other text: in a line of a log (`body={"a":1} status=200`), on a line of
//! its own, several in one text, quoted once more (`body="{\"a\":1}"`).
//!
//! A record begins with a bracket, a name in quotes and a colon: what merely has braces (templates,
//! `{"name"}`) is none. It is walked as it comes and ends where its first bracket closes, or where
//! it is no JSON any more, so that no prose is taken for names: from there on it is text again.
//! Every byte is looked at a bounded number of times, however many records begin and never end.

use memchr::memchr;

use super::json::{JsonWalker, is_blank};
use super::{FieldSink, PathId, PathTable, Step};
use crate::base::limits::SCALAR_OVERLAP_BYTES;

/// Bytes of the beginning of a record, up to its first colon.
const HEAD_BYTES_MAX: usize = 256;
/// Containers in one another of which it is known how they close: one bit each.
const DEPTH_MAX: u32 = u128::BITS;
/// Bytes of a value without quotes.
const BARE_BYTES_MAX: usize = 256;
/// Bytes of a record in which something else may be encoded: shorter ones need not be remembered.
const SPAN_BYTES_MIN: u64 = 24;

/// Finds and walks the records of one text after the other, each of which comes in pieces.
#[derive(Debug)]
pub(super) struct Records {
    walker: JsonWalker,
    place: Place,
    /// The bracket, name and colon that may begin a record.
    head: Vec<u8>,
    /// The record is quoted once more, and this is how far a quoted byte was read.
    quoted: Option<Slash>,
    /// The containers around the next byte, an object's bit set, the innermost lowest.
    kinds: u128,
    depth: u32,
    /// Bytes of the value without quotes so far.
    bare: usize,
    /// It is no number and no literal, so blanks may be part of it.
    is_words: bool,
    /// The last byte of the text before that is not blank.
    before: u8,
    /// Bytes of the text that were taken.
    taken: u64,
    /// Where the record at hand begins.
    begun: u64,
    /// Where the records are that what is encoded in the text may lie in, in their order.
    spans: Vec<(u64, u64)>,
}

/// Where the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text,
    /// Behind a bracket.
    Bracket,
    /// Behind one and a backslash.
    Escape,
    /// In the first name.
    Name,
    /// In the first name, behind a backslash.
    NameEnd,
    /// Behind it.
    Colon,
    Record(Want),
}

/// What a record goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Value,
    /// A name, or the end of the object.
    Name,
    Colon,
    /// A comma or the end of the container.
    Comma,
    /// More of a string.
    Text {
        is_name: bool,
    },
    /// What a backslash in a string makes of the next byte.
    Escape {
        is_name: bool,
    },
    /// More of a value without quotes.
    Bare,
}

/// Whether a backslash stands before the next byte of what is quoted once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slash {
    None,
    Before,
}

/// What a byte of a record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    No,
    /// It closes the record.
    Behind,
    /// It is no part of it.
    Before,
}

impl Records {
    /// Of texts within `level` values.
    pub(super) fn at_level(level: u8) -> Self {
        Records {
            walker: JsonWalker::at_level(level + 1),
            place: Place::Text,
            head: Vec::new(),
            quoted: None,
            kinds: 0,
            depth: 0,
            bare: 0,
            is_words: false,
            before: 0,
            taken: 0,
            begun: 0,
            spans: Vec::new(),
        }
    }

    /// Memory it takes.
    pub(super) fn held_bytes(&self) -> usize {
        let spans = self.spans.capacity() * size_of::<(u64, u64)>();
        size_of::<Self>() + self.walker.held_bytes() + self.head.capacity() + spans
    }

    /// Another text begins.
    pub(super) fn restart(&mut self) {
        self.place = Place::Text;
        (self.before, self.taken) = (0, 0);
        self.spans.clear();
    }

    /// Walks the `record` behind `before` in a whole `text` at `path`.
    pub(super) fn walk<S: FieldSink>(
        &mut self,
        text: &[u8],
        (before, record): (&[u8], &[u8]),
        path: PathId,
        (paths, sink): (&mut PathTable, &mut S),
    ) {
        (self.taken, self.begun) = (text.len() as u64, before.len() as u64);
        self.walker.restart(paths.step(path, Step::Nested), paths);
        self.walker.push(record, paths, sink);
        self.leave(self.begun + record.len() as u64, paths, sink);
    }

    /// Walks the records in the next piece of the text at `path`.
    pub(super) fn push<S: FieldSink>(
        &mut self,
        text: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        // What was found is asked about a window later at most.
        let shared = self.taken.saturating_sub(SCALAR_OVERLAP_BYTES as u64);
        self.spans.retain(|(_, to)| *to > shared);
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            at = match self.place {
                Place::Text => self.seek(text, at),
                Place::Record(_) => self.record(text, at, paths, sink),
                _ => {
                    let taken = self.begin(*byte);
                    if taken && self.place == Place::Colon && *byte == b':' {
                        self.open(path, paths, sink);
                    }
                    at + usize::from(taken)
                }
            };
        }
        self.taken += text.len() as u64;
    }

    /// The text is over; what is open of a record is all of it.
    pub(super) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if matches!(self.place, Place::Record(_)) {
            self.leave(self.taken, paths, sink);
        }
    }

    /// Whether the first of the last `left` bytes that were taken is in a record: what is encoded
    /// there was found there.
    pub(super) fn hold(&self, left: u64) -> bool {
        let at = self.taken.saturating_sub(left);
        let open = matches!(self.place, Place::Record(_)) && at >= self.begun;
        let next = self.spans.partition_point(|(_, to)| *to <= at);
        open || self.spans.get(next).is_some_and(|(from, _)| *from <= at)
    }

    /// To the next bracket.
    fn seek(&mut self, text: &[u8], at: usize) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let (before, behind) =
            rest.split_at_checked(memchr(b'{', rest).unwrap_or(rest.len())).unwrap_or((rest, &[]));
        if let Some(last) = before.iter().rfind(|b| !is_blank(**b)) {
            self.before = *last;
        }
        if behind.is_empty() {
            return text.len();
        }
        self.head.clear();
        if self.before == b'[' {
            self.head.push(b'[');
        }
        self.head.push(b'{');
        self.place = Place::Bracket;
        let at = at + before.len();
        self.begun = self.taken + at as u64;
        at + 1
    }

    /// The next byte of what may begin a record; `false` where it does not, and is text.
    fn begin(&mut self, byte: u8) -> bool {
        let next = match (self.place, byte) {
            (Place::Bracket, b'"') => {
                self.quoted = None;
                Some(Place::Name)
            }
            (Place::Bracket, b'\\') => Some(Place::Escape),
            (Place::Escape, b'"') => {
                self.quoted = Some(Slash::None);
                Some(Place::Name)
            }
            (Place::Escape, b'n' | b'r' | b't') => Some(Place::Bracket),
            (Place::Name, b'"') => self.quoted.is_none().then_some(Place::Colon),
            (Place::Name, b'\\') if self.quoted.is_some() => Some(Place::NameEnd),
            (Place::Name, b'{' | b'}' | ..b' ') => None,
            (Place::NameEnd, b'"') | (Place::Colon, b':') => Some(Place::Colon),
            (Place::Name, _) => Some(Place::Name),
            (place @ (Place::Bracket | Place::Colon), _) => is_blank(byte).then_some(place),
            _ => None,
        };
        let next = next.filter(|_| self.head.len() < HEAD_BYTES_MAX);
        match next {
            Some(place) => {
                self.head.push(byte);
                self.place = place;
            }
            None => (self.place, self.before) = (Place::Text, 0),
        }
        next.is_some()
    }

    /// A record has begun: `head` is its beginning.
    fn open<S: FieldSink>(&mut self, path: PathId, paths: &mut PathTable, sink: &mut S) {
        self.walker.restart(paths.step(path, Step::Nested), paths);
        if self.quoted.is_some() {
            self.walker.push(b"\"", paths, sink);
        }
        self.walker.push(&self.head, paths, sink);
        let in_array = self.head.first() == Some(&b'[');
        (self.kinds, self.depth) = (1, 1 + u32::from(in_array));
        self.place = Place::Record(Want::Value);
    }

    /// Walks on in a record.
    fn record<S: FieldSink>(
        &mut self,
        text: &[u8],
        from: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let (mut at, mut ends) = (from, Ends::No);
        while let Some(byte) = text.get(at) {
            ends = match self.quoted {
                None => self.step(*byte),
                Some(slash) => self.quoted_step(*byte, slash),
            };
            if ends == Ends::Before {
                break;
            }
            at += 1;
            if ends == Ends::Behind {
                break;
            }
        }
        self.walker.push(text.get(from..at).unwrap_or_default(), paths, sink);
        if ends == Ends::Behind && self.quoted.is_some() {
            self.walker.push(b"\"", paths, sink);
        }
        if ends != Ends::No {
            self.leave(self.taken + at as u64, paths, sink);
        }
        at
    }

    /// The record ends before the byte `to` of the text.
    fn leave<S: FieldSink>(&mut self, to: u64, paths: &mut PathTable, sink: &mut S) {
        self.walker.finish(paths, sink);
        if to.saturating_sub(self.begun) >= SPAN_BYTES_MIN {
            self.spans.push((self.begun, to));
        }
        (self.place, self.before) = (Place::Text, 0);
    }

    /// The next byte of what is quoted once more.
    fn quoted_step(&mut self, byte: u8, slash: Slash) -> Ends {
        match (slash, byte) {
            (Slash::None, b'\\') => {
                self.quoted = Some(Slash::Before);
                return Ends::No;
            }
            // The quote around it, or the end of a line.
            (Slash::None, b'"' | ..b' ') => return Ends::Before,
            (Slash::None, _) => return self.step(byte),
            (Slash::Before, _) => self.quoted = Some(Slash::None),
        }
        self.step(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => byte,
        })
    }

    /// The next byte of a record.
    fn step(&mut self, byte: u8) -> Ends {
        let Place::Record(want) = self.place else { return Ends::Before };
        let next = match (want, byte) {
            (Want::Text { is_name }, b'\\') => Want::Escape { is_name },
            (Want::Text { is_name }, b'"') => {
                if is_name {
                    Want::Colon
                } else {
                    Want::Comma
                }
            }
            // No string goes over the end of a line.
            (Want::Text { .. } | Want::Escape { .. }, b'\n' | b'\r') => return Ends::Before,
            (Want::Text { is_name } | Want::Escape { is_name }, _) => Want::Text { is_name },
            (Want::Bare, b'\n' | b'\r') => Want::Comma,
            (Want::Bare, _) if is_blank(byte) && !self.is_words => Want::Comma,
            (Want::Bare, b'"' | b'{' | b'[') => return Ends::Before,
            (Want::Bare | Want::Comma, b',') => {
                if self.kinds & 1 == 1 {
                    Want::Name
                } else {
                    Want::Value
                }
            }
            (Want::Bare | Want::Comma | Want::Name, b'}') if self.kinds & 1 == 1 => {
                return self.close();
            }
            (Want::Bare | Want::Comma | Want::Value, b']') if self.kinds & 1 == 0 => {
                return self.close();
            }
            (Want::Bare, _) => {
                self.bare += 1;
                if self.bare > BARE_BYTES_MAX || matches!(byte, b'}' | b']') {
                    return Ends::Before;
                }
                Want::Bare
            }
            (want, _) if is_blank(byte) => want,
            (Want::Name, b'"') => Want::Text { is_name: true },
            (Want::Colon, b':') => Want::Value,
            (Want::Value, b'"') => Want::Text { is_name: false },
            (Want::Value, b'{') => return self.enter(1, Want::Name),
            (Want::Value, b'[') => return self.enter(0, Want::Value),
            (Want::Value, b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z') => {
                // What is no number, and not `true`, `false` or `null`.
                let is_words = byte.is_ascii_alphabetic() && !b"tfn".contains(&byte);
                (self.bare, self.is_words) = (1, is_words);
                Want::Bare
            }
            _ => return Ends::Before,
        };
        self.place = Place::Record(next);
        Ends::No
    }

    fn enter(&mut self, kind: u128, next: Want) -> Ends {
        if self.depth >= DEPTH_MAX {
            return Ends::Before;
        }
        (self.kinds, self.depth) = (self.kinds << 1 | kind, self.depth + 1);
        self.place = Place::Record(next);
        Ends::No
    }

    fn close(&mut self) -> Ends {
        (self.kinds, self.depth) = (self.kinds >> 1, self.depth.saturating_sub(1));
        self.place = Place::Record(Want::Comma);
        if self.depth == 0 { Ends::Behind } else { Ends::No }
    }
}

#[cfg(test)]
mod tests;
