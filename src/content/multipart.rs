//! Multipart bodies (RFC 2046 section 5.1, RFC 7578): each part is a body of its own.

use memchr::memmem;

use crate::base::limits::{PART_HEAD_BYTES_MAX, SNIFF_BYTES};
use crate::model::{Value, ValueKind};

use super::leaf::Leaf;
use super::media::for_parameters;
use super::paths::Interned;
use super::{BodyAnomalies, BodyAnomaly, BodyPlan, BodyWalker, FieldSink, MediaType};
use super::{PathId, PathTable, Step, Undecoded, UnreadKinds};

/// Walks the parts of a body as it arrives.
#[derive(Debug)]
pub(crate) struct MultipartWalker {
    /// Line end, two hyphens, boundary.
    delimiter: Vec<u8>,
    /// How many bytes of the delimiter a match falls back to (Knuth, Morris, Pratt 1977): bytes
    /// held back at a cut are those of the delimiter itself and need no buffer.
    fallback: Vec<usize>,
    matched: usize,
    /// How many of the first matched bytes ended the line before and belong to no part.
    phantom: usize,
    /// Whether the last byte was a carriage return.
    after_return: bool,
    stage: Stage,
    head: Vec<u8>,
    part: Part,
    /// Multipart bodies around the parts, this one included.
    depth: u8,
    told: Told,
}

/// What is told of all parts together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) anomalies: BodyAnomalies,
    pub(crate) truncated: bool,
    pub(crate) unread: UnreadKinds,
    /// Why a part was decoded in part only, or not at all.
    pub(crate) undecoded: Option<Undecoded>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the first delimiter, or after something was lost.
    Preamble,
    /// Behind a delimiter, up to the end of its line; so many hyphens followed at once.
    Line { hyphens: u8, plain: bool },
    /// In the head of a part.
    Head,
    /// In the body of a part.
    Body,
    /// Behind the last delimiter.
    Epilogue,
}

#[derive(Debug)]
enum Part {
    None,
    /// A form field: the value of its name.
    Field {
        name: Vec<u8>,
        leaf: Leaf,
    },
    /// A body of its own.
    Body(Box<BodyWalker>),
}

impl MultipartWalker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let part = match &self.part {
            Part::None => 0,
            Part::Field { name, leaf } => name.capacity() + leaf.held_bytes(),
            Part::Body(body) => body.held_bytes(),
        };
        size_of::<Self>() + self.delimiter.capacity() * 9 + self.head.capacity() + part
    }

    /// Parts between lines of `boundary`; where the media type names none, or another than the
    /// body has, that of the first line of `head`. `depth` multipart bodies are around this one.
    pub(crate) fn new(boundary: Option<&[u8]>, head: &[u8], depth: u8) -> Option<Self> {
        let other = boundary.and_then(|said| other_boundary(said, head));
        let boundary = other.or(boundary).or_else(|| first_boundary(head))?;
        let mut told = Told::default();
        if other.is_some() {
            told.anomalies.insert(BodyAnomaly::MultipartSyntax);
        }
        let mut delimiter = b"\r\n--".to_vec();
        delimiter.extend_from_slice(boundary.get(..SNIFF_BYTES).unwrap_or(boundary));
        Some(MultipartWalker {
            fallback: fallback(&delimiter),
            delimiter,
            // The first delimiter needs no line end before it.
            matched: 2,
            phantom: 2,
            after_return: false,
            stage: Stage::Preamble,
            head: Vec::new(),
            part: Part::None,
            depth: depth + 1,
            told,
        })
    }

    /// Walks the next bytes.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        mut input: &[u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        while let Some((&byte, rest)) = input.split_first() {
            match self.stage {
                Stage::Preamble | Stage::Body => input = self.search(input, paths, sink),
                Stage::Line { hyphens, plain } => {
                    self.stage = self.line(byte, hyphens, plain);
                    input = rest;
                }
                Stage::Head => {
                    self.head_byte(byte, paths, sink);
                    input = rest;
                }
                Stage::Epilogue => return,
            }
        }
    }

    /// Bytes are missing: the part at hand is told, and the next delimiter is searched.
    pub(crate) fn gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        (self.matched, self.phantom) = (0, 0);
        match (self.stage, &mut self.part) {
            (Stage::Body, Part::Body(body)) => body.gap(0),
            (Stage::Body, _) => self.end_part(paths, sink),
            (Stage::Epilogue, _) => {}
            _ => self.stage = Stage::Preamble,
        }
        self.told.truncated = true;
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> Told {
        if self.stage != Stage::Epilogue {
            self.told.truncated = true;
            let held = std::mem::take(&mut self.matched);
            self.loose(held, paths, sink);
        }
        self.end_part(paths, sink);
        self.told
    }

    /// Looks for the next delimiter; what precedes it belongs to the part. Returns what is left.
    fn search<'a, S: FieldSink>(
        &mut self,
        input: &'a [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let mut at = 0;
        // First what a cut left open, byte by byte.
        while self.matched > 0 {
            let Some(&byte) = input.get(at) else { return &[] };
            let before = self.matched;
            self.matched = self.advance(byte);
            if self.matched <= before {
                // Bytes that were held back are no delimiter.
                let loose = before + 1 - self.matched;
                self.loose(loose.min(before), paths, sink);
                if loose > before {
                    self.part_bytes(&[byte], paths, sink);
                }
            }
            at += 1;
            if self.matched == self.delimiter.len() {
                return self.delimited(input.get(at..).unwrap_or_default(), paths, sink);
            }
        }
        let rest = input.get(at..).unwrap_or_default();
        if let Some(found) = memmem::find(rest, &self.delimiter) {
            self.part_bytes(rest.get(..found).unwrap_or_default(), paths, sink);
            let behind = rest.get(found + self.delimiter.len()..).unwrap_or_default();
            return self.delimited(behind, paths, sink);
        }
        // A delimiter may begin in the last bytes.
        let keep = rest.len().saturating_sub(self.delimiter.len() - 1);
        let tail = rest.get(keep..).unwrap_or_default();
        for byte in tail {
            self.matched = self.advance(*byte);
        }
        let sure = rest.get(..rest.len() - self.matched).unwrap_or_default();
        self.part_bytes(sure, paths, sink);
        &[]
    }

    /// The length of the match once `byte` follows.
    fn advance(&self, byte: u8) -> usize {
        let mut matched = self.matched;
        loop {
            if self.delimiter.get(matched) == Some(&byte) {
                return matched + 1;
            }
            if matched == 0 {
                return 0;
            }
            matched = self.fallback.get(matched - 1).copied().unwrap_or(0);
        }
    }

    /// The first `len` bytes that were held back belong to the part.
    fn loose<S: FieldSink>(&mut self, len: usize, paths: &mut PathTable, sink: &mut S) {
        let skip = self.phantom.min(len);
        self.phantom -= skip;
        let delimiter = std::mem::take(&mut self.delimiter);
        self.part_bytes(delimiter.get(skip..len).unwrap_or_default(), paths, sink);
        self.delimiter = delimiter;
    }

    /// The line end before a delimiter was read already.
    fn hold_line_end(&mut self) {
        let len = if self.delimiter.starts_with(b"\r") { 2 } else { 1 };
        (self.matched, self.phantom) = (len, len);
    }

    fn delimited<'a, S: FieldSink>(
        &mut self,
        behind: &'a [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        (self.matched, self.phantom) = (0, 0);
        self.end_part(paths, sink);
        self.stage = Stage::Line { hyphens: 0, plain: true };
        behind
    }

    fn line(&mut self, byte: u8, hyphens: u8, plain: bool) -> Stage {
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        if byte == b'\n' && !after_return && self.delimiter.first() == Some(&b'\r') {
            // This sender ends lines with a line feed alone.
            self.delimiter.remove(0);
            self.fallback = fallback(&self.delimiter);
        }
        match byte {
            b'\n' if hyphens >= 2 => Stage::Epilogue,
            b'\n' => {
                self.head.clear();
                Stage::Head
            }
            b'-' if plain && hyphens == 1 => Stage::Epilogue,
            b'-' if plain => Stage::Line { hyphens: hyphens + 1, plain },
            _ => Stage::Line { hyphens, plain: false },
        }
    }

    /// One byte of the head of a part, which an empty line ends.
    fn head_byte<S: FieldSink>(&mut self, byte: u8, paths: &mut PathTable, sink: &mut S) {
        let room = self.head.len() < PART_HEAD_BYTES_MAX;
        if room {
            self.head.push(byte);
        } else if let Some(last) = self.head.last_mut() {
            // Only the end still matters: slide over it.
            *last = byte;
            self.told.anomalies.insert(BodyAnomaly::MultipartSyntax);
        }
        if byte != b'\n' {
            return;
        }
        let line = self.head.strip_suffix(b"\n").unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.ends_with(b"\n") || !room {
            self.begin_part(paths, sink);
        }
    }

    fn begin_part<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let head = PartHead::parse(&self.head);
        if !head.file_names.is_empty() {
            self.tell_file(&head, paths, sink);
        }
        self.head.clear();
        self.stage = Stage::Body;
        // A part may be empty: its delimiter then begins right away, behind the empty line.
        self.hold_line_end();
        self.part = match head.field_name() {
            Some(name) => Part::Field { name, leaf: Leaf::at_level(0) },
            None => {
                let codings = (head.content_coding.as_deref(), head.encoding.as_deref());
                let plan = BodyPlan::of_part(head.content_type.as_deref(), codings);
                Part::Body(Box::new(BodyWalker::at_depth(plan, self.depth)))
            }
        };
    }

    /// The names of a file are values; that of its part is a name like that of a form field.
    fn tell_file<S: FieldSink>(&self, head: &PartHead, paths: &mut PathTable, sink: &mut S) {
        let mut part = part_path(self.depth, paths);
        if let Some(name) = &head.name {
            let path = paths.named(part, Step::Name, name);
            if let Interned::Data(path) = path {
                sink.key(paths, path, name);
            }
            part = path.id();
        }
        let path = paths.step(part, Step::FileName);
        for bytes in &head.file_names {
            sink.field(paths, path, Value { kind: ValueKind::String, bytes, continued: false });
        }
    }

    fn part_bytes<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        let depth = self.depth;
        match &mut self.part {
            Part::None => {}
            Part::Field { name, leaf } => {
                let path = field_path(name, depth, paths);
                leaf.extend(bytes, path.id(), paths, sink);
            }
            Part::Body(body) => body.push(bytes, paths, sink),
        }
    }

    fn end_part<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        match std::mem::replace(&mut self.part, Part::None) {
            Part::None => {}
            Part::Field { name, mut leaf } => {
                let path = field_path(&name, self.depth, paths);
                if let Interned::Data(path) = path {
                    sink.key(paths, path, &name);
                }
                leaf.end(ValueKind::String, path.id(), paths, sink);
            }
            Part::Body(mut body) => {
                let told = body.finish(paths, sink);
                self.told.truncated |= told.truncated;
                self.told.anomalies.merge(told.anomalies);
                self.told.unread.merge(told.unread);
                self.told.undecoded = self.told.undecoded.or(told.undecoded);
            }
        }
    }
}

/// What the head of a part says.
#[derive(Debug, Default)]
struct PartHead {
    name: Option<Vec<u8>>,
    /// As `filename` and `filename*` say it.
    file_names: Vec<Vec<u8>>,
    content_type: Option<Vec<u8>>,
    encoding: Option<Vec<u8>>,
    /// `Content-Encoding`, which parts should not have and some have.
    content_coding: Option<Vec<u8>>,
}

impl PartHead {
    fn parse(head: &[u8]) -> PartHead {
        let mut told = PartHead::default();
        for line in head.split(|b| *b == b'\n') {
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if name.eq_ignore_ascii_case(b"content-disposition") {
                for_parameters(value, |parameter, value| match parameter {
                    b"name" => told.name = Some(value.to_vec()),
                    b"filename" => told.file_names.push(value.to_vec()),
                    b"filename*" => told.file_names.push(extended(value)),
                    _ => {}
                });
            } else if name.eq_ignore_ascii_case(b"content-type") {
                told.content_type = Some(value.to_vec());
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                told.encoding = Some(value.to_vec());
            } else if name.eq_ignore_ascii_case(b"content-encoding") {
                told.content_coding = Some(value.to_vec());
            }
        }
        told
    }

    /// The name of a part that is a plain form field.
    fn field_name(&self) -> Option<Vec<u8>> {
        let media = self.content_type.as_deref().map(MediaType::parse);
        let coded = self.encoding.is_some() || self.content_coding.is_some();
        let plain = media.is_none_or(|m| m.essence() == "text/plain") && !coded;
        self.name.clone().filter(|_| plain && self.file_names.is_empty())
    }
}

fn field_path(name: &[u8], depth: u8, paths: &mut PathTable) -> Interned {
    let part = part_path(depth, paths);
    paths.named(part, Step::Name, name)
}

fn part_path(depth: u8, paths: &mut PathTable) -> PathId {
    let mut part = PathId::NONE;
    for _ in 0..depth {
        part = paths.step(part, Step::Part);
    }
    part
}

/// An extended parameter in UTF-8 (RFC 8187 section 3.2): charset, language, percent-encoded text.
fn extended(value: &[u8]) -> Vec<u8> {
    let mut parts = value.splitn(3, |b| *b == b'\'');
    let (Some(charset), Some(_), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return value.to_vec();
    };
    let text: Vec<u8> = percent_encoding::percent_decode(text).collect();
    if charset.eq_ignore_ascii_case(b"iso-8859-1") {
        return text.into_iter().map(char::from).collect::<String>().into_bytes();
    }
    text
}

/// The boundary of a body that begins with another than the media type says (`said`): the head of
/// a part follows at once, and the one that was said is not in sight.
fn other_boundary<'a>(said: &[u8], head: &'a [u8]) -> Option<&'a [u8]> {
    let own = first_boundary(head)?;
    let mut lines = head.split(|b| *b == b'\n');
    let part = lines.nth(1)?;
    let content = part.get(..b"content-".len())?.eq_ignore_ascii_case(b"content-");
    let used = || memmem::find_iter(head, said).any(|at| head.get(..at).is_some_and(is_delimiter));
    (own != said && content && part.contains(&b':') && !used()).then_some(own)
}

/// Whether what stands before a boundary makes it a delimiter.
fn is_delimiter(before: &[u8]) -> bool {
    before == b"--" || before.ends_with(b"\n--")
}

/// The boundary of a body whose media type names none: its first line.
fn first_boundary(head: &[u8]) -> Option<&[u8]> {
    let line = head.split(|b| *b == b'\n').next()?.trim_ascii_end();
    line.strip_prefix(b"--").filter(|b| !b.is_empty())
}

fn fallback(pattern: &[u8]) -> Vec<usize> {
    let mut table = vec![0; pattern.len()];
    let mut len = 0;
    for (at, byte) in pattern.iter().enumerate().skip(1) {
        while len > 0 && pattern.get(len) != Some(byte) {
            len = table.get(len - 1).copied().unwrap_or(0);
        }
        len += usize::from(pattern.get(len) == Some(byte));
        if let Some(place) = table.get_mut(at) {
            *place = len;
        }
    }
    table
}
