//! What tables and lists are made of.

use crate::content::PathTable;
use crate::content::columns::{NAME_BYTES_MAX, is_name};

/// The elements that tables and lists are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// `table`
    Table,
    /// `tr`
    Row,
    /// `th`
    Header,
    /// `td`
    Data,
    /// `dl`
    List,
    /// `dt`
    Term,
    /// `dd`
    Description,
    /// One that begins another line.
    Line,
}

impl Tag {
    /// Bytes of the longest name.
    pub(crate) const BYTES_MAX: usize = 5;

    /// By its name, in any case.
    pub(crate) fn of(name: &[u8]) -> Option<Tag> {
        let mut lower = [0u8; Tag::BYTES_MAX];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"table" => Tag::Table,
            b"tr" => Tag::Row,
            b"th" => Tag::Header,
            b"td" => Tag::Data,
            b"dl" => Tag::List,
            b"dt" => Tag::Term,
            b"dd" => Tag::Description,
            b"br" | b"p" | b"div" | b"li" | b"ul" | b"ol" => Tag::Line,
            _ => return None,
        })
    }

    /// Whether it begins what holds cells.
    pub(crate) fn is_block(self) -> bool {
        matches!(self, Tag::Table | Tag::List)
    }
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// It says what others are: `th`, `dt`.
    pub(super) heads: bool,
    pub(super) text: Vec<u8>,
    /// It is longer than is held: text, and no value.
    pub(super) cut: bool,
    /// Columns and rows that it reaches over beside its own.
    pub(super) wider: u16,
    pub(super) longer: u16,
}

/// The attribute by which a cell reaches over several columns or rows (WHATWG HTML section
/// 4.9.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// `colspan`
    Columns,
    /// `rowspan`
    Rows,
}

impl Span {
    /// Bytes of the name of either.
    pub(crate) const BYTES: usize = 7;

    /// By its name, in any case.
    pub(crate) fn of(name: &[u8]) -> Option<Span> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"colspan") { Some(Span::Columns) } else { is(b"rowspan").then_some(Span::Rows) }
    }

    /// The most that the standard lets it say.
    fn most(self) -> u16 {
        match self {
            Span::Columns => 1000,
            Span::Rows => 65_534,
        }
    }
}

/// A number that is read as it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanDigits {
    number: Option<u16>,
    /// Something else than a digit came.
    over: bool,
}

impl SpanDigits {
    /// More of its text.
    pub(crate) fn push(&mut self, text: &[u8]) {
        for byte in text {
            match byte {
                _ if self.over => return,
                b'0'..=b'9' => {
                    let number = self.number.unwrap_or(0).saturating_mul(10);
                    self.number = Some(number.saturating_add(u16::from(byte - b'0')));
                }
                _ => self.over = self.number.is_some() || !byte.is_ascii_whitespace(),
            }
        }
    }
}

impl Cell {
    /// An attribute says how far it reaches. Zero rows are all that are left of the table.
    pub(super) fn spans(&mut self, span: Span, digits: SpanDigits) {
        let Some(number) = digits.number else { return };
        let number = number.min(span.most());
        match span {
            Span::Columns => self.wider = number.saturating_sub(1),
            Span::Rows if number == 0 => self.longer = span.most(),
            Span::Rows => self.longer = number - 1,
        }
    }

    /// Its text is whole: hard blanks are blanks.
    pub(super) fn settle(&mut self) {
        for hard in [&b"&nbsp;"[..], b"&#160;", "\u{a0}".as_bytes()] {
            if memchr::memmem::find(&self.text, hard).is_some() {
                let mut text = Vec::with_capacity(self.text.len());
                let mut from = 0;
                for at in memchr::memmem::find_iter(&self.text, hard) {
                    text.extend_from_slice(self.text.get(from..at).unwrap_or_default());
                    text.push(b' ');
                    from = at + hard.len();
                }
                text.extend_from_slice(self.text.get(from..).unwrap_or_default());
                self.text = text;
            }
        }
        self.text.truncate(self.text.trim_ascii_end().len());
        let blank = self.text.len() - self.text.trim_ascii_start().len();
        self.text.drain(..blank);
    }

    /// Whether there is something to look at.
    pub(super) fn is_value(&self) -> bool {
        !self.cut && !self.text.is_empty()
    }

    /// Its text as a name: without the colon behind it.
    pub(super) fn name(&self) -> &[u8] {
        let text = self.text.strip_suffix(b":").unwrap_or(&self.text).trim_ascii_end();
        text.get(..NAME_BYTES_MAX + 1).unwrap_or(text)
    }

    /// Whether it says what stands beside it, and no more than that.
    pub(super) fn is_label(&self, paths: &PathTable) -> bool {
        let name = self.name();
        !self.cut && !name.is_empty() && is_name(name) && paths.keeps_bare(name)
    }
}
