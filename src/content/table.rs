//! Tables as text (RFC 4180, and as spreadsheets write them): each row an object whose members are
//! named by the first row. Resumes at any byte.

use memchr::{memchr, memchr3};

use crate::base::limits::TABLE_HEAD_BYTES_MAX;
use crate::model::ValueKind;

use super::columns::{Columns, are_names, is_short_name};
use super::leaf::Leaf;
use super::{FieldSink, PathId, PathTable};

/// What separates cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Walks the rows of a table.
#[derive(Debug)]
pub(crate) struct TableWalker {
    /// The first row, until it is whole.
    head: Vec<u8>,
    /// Whether a quote is open in it.
    quoted: bool,
    stage: Stage,
    delimiter: u8,
    columns: Columns,
    /// The column of the cell at hand, while a row is open.
    column: Option<usize>,
    cell: Cell,
    leaf: Leaf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The first row is not whole yet.
    Head,
    /// Rows of cells.
    Rows,
    /// The rest of a row of which bytes are missing.
    Lost,
    /// No table: one text.
    Text,
}

/// Where in a cell the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Start,
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or half of a quote.
    Quote,
}

impl TableWalker {
    /// A walker of a table within `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        TableWalker {
            head: Vec::new(),
            quoted: false,
            stage: Stage::Head,
            delimiter: b',',
            columns: Columns::default(),
            column: None,
            cell: Cell::Start,
            leaf: Leaf::at_level(level),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let columns = self.columns.held_bytes();
        size_of::<Self>() + self.head.capacity() + columns + self.leaf.held_bytes()
    }

    /// Walks the next bytes of the table at `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut rest = bytes;
        while self.stage == Stage::Head
            && let Some((byte, behind)) = rest.split_first()
        {
            if self.ends_head(*byte) {
                self.settle(root, paths, sink);
            } else {
                // Empty lines may precede it.
                if !self.head.is_empty() || !matches!(byte, b'\r' | b'\n') {
                    self.head.push(*byte);
                }
                rest = behind;
            }
            if self.head.len() > TABLE_HEAD_BYTES_MAX {
                self.stage = Stage::Text;
                let head = std::mem::take(&mut self.head);
                self.leaf.extend(&head, root, paths, sink);
            }
        }
        match self.stage {
            Stage::Head => {}
            Stage::Text => self.leaf.extend(rest, root, paths, sink),
            Stage::Rows | Stage::Lost => {
                self.columns.place(root, paths);
                self.rows(rest, paths, sink);
            }
        }
    }

    /// Bytes are missing: the cell at hand ends, and the next row is walked.
    pub(crate) fn gap<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        self.end_all(root, paths, sink);
        // Without the names of its columns the rest is text.
        self.stage = match self.stage {
            Stage::Head | Stage::Text => Stage::Text,
            Stage::Rows | Stage::Lost => Stage::Lost,
        };
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.end_all(root, paths, sink);
    }

    fn end_all<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        match self.stage {
            // One row alone names nothing.
            Stage::Head if self.head.is_empty() => {}
            Stage::Head => {
                let head = std::mem::take(&mut self.head);
                self.leaf.extend(&head, root, paths, sink);
                self.leaf.end(ValueKind::String, root, paths, sink);
            }
            Stage::Text => self.leaf.end(ValueKind::String, root, paths, sink),
            Stage::Rows | Stage::Lost => {
                self.columns.place(root, paths);
                self.end_row(paths, sink);
            }
        }
    }

    fn ends_head(&mut self, byte: u8) -> bool {
        self.quoted ^= byte == b'"';
        !self.quoted && matches!(byte, b'\r' | b'\n') && !self.head.is_empty()
    }

    /// The first row is whole: it names the columns, or is one of cells, or no row at all.
    fn settle<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        let head = std::mem::take(&mut self.head);
        // A line for spreadsheets that says what separates cells.
        if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] = head[..] {
            self.delimiter = delimiter;
            return;
        }
        let Some(delimiter) = delimiter_of(&head) else {
            return self.settle_single(&head, root, paths, sink);
        };
        self.delimiter = delimiter;
        let cells = cells_of(&head, delimiter);
        self.stage = Stage::Rows;
        if !are_names(&cells) {
            self.columns.place(root, paths);
            return self.rows(&head, paths, sink);
        }
        self.columns.take_names(cells, root, paths, sink);
    }

    /// One column, or a text.
    fn settle_single<S: FieldSink>(
        &mut self,
        head: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let cells = cells_of(head, self.delimiter);
        let is_name = |cell: &Vec<u8>| !cell.iter().any(|b| matches!(b, b' ' | b'.' | b':'));
        if are_names(&cells) && cells.iter().all(is_name) {
            self.stage = Stage::Rows;
            self.columns.take_names(cells, root, paths, sink);
        } else {
            self.stage = Stage::Text;
            self.leaf.extend(head, root, paths, sink);
        }
    }

    fn rows<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            let is_end = matches!(byte, b'\r' | b'\n');
            if self.stage == Stage::Lost {
                self.stage = if is_end { Stage::Rows } else { Stage::Lost };
                rest = behind;
                continue;
            }
            if self.column.is_none() {
                if is_end {
                    rest = behind;
                    continue;
                }
                sink.enter(paths, self.columns.row());
                (self.column, self.cell) = (Some(0), Cell::Start);
            }
            rest = match self.cell {
                Cell::Quoted => {
                    let end = memchr(b'"', rest).unwrap_or(rest.len());
                    self.text(rest.get(..end).unwrap_or_default(), paths, sink);
                    self.cell = if end < rest.len() { Cell::Quote } else { Cell::Quoted };
                    rest.get(end + 1..).unwrap_or_default()
                }
                Cell::Start | Cell::Quote if *byte == b'"' => {
                    if self.cell == Cell::Quote {
                        self.text(b"\"", paths, sink);
                    }
                    self.cell = Cell::Quoted;
                    behind
                }
                _ if *byte == self.delimiter => {
                    self.end_cell(paths, sink);
                    behind
                }
                _ if is_end => {
                    self.end_row(paths, sink);
                    behind
                }
                _ => {
                    let end = memchr3(self.delimiter, b'\r', b'\n', rest).unwrap_or(rest.len());
                    self.cell = Cell::Plain;
                    self.text(rest.get(..end).unwrap_or_default(), paths, sink);
                    rest.get(end..).unwrap_or_default()
                }
            };
        }
    }

    fn text<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        let path = self.columns.path(self.column.unwrap_or_default(), paths);
        self.leaf.extend(bytes, path, paths, sink);
    }

    fn end_cell<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.leaf.bare_cell();
        let path = self.columns.path(self.column.unwrap_or_default(), paths);
        self.leaf.end(ValueKind::String, path, paths, sink);
        self.column = self.column.map(|column| column.saturating_add(1));
        self.cell = Cell::Start;
    }

    fn end_row<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if self.column.is_some() {
            self.end_cell(paths, sink);
            sink.leave(paths, self.columns.row());
            self.column = None;
        }
    }
}

/// Whether text that nobody calls a table begins like one: two rows of as many cells, three at
/// least, of which the first are names.
pub(crate) fn begins_table(head: &[u8]) -> bool {
    let mut lines = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let (Some(first), Some(second), Some(_)) = (lines.next(), lines.next(), lines.next()) else {
        return false;
    };
    let Some(delimiter) = delimiter_of(first) else { return false };
    let cells = cells_of(first, delimiter);
    cells.len() >= 3
        && cells_of(second, delimiter).len() == cells.len()
        && are_names(&cells)
        && cells.iter().all(|cell| is_short_name(cell))
}

/// Bytes of the longest first row of a table that is a value.
const VALUE_HEAD_BYTES_MAX: usize = 2048;
/// Rows behind it that are looked at.
const VALUE_ROWS_MAX: usize = 4;

/// Whether a value is a table: a first row of names whose words are all `known`, and rows of as
/// many cells behind it. What else has several lines is passed over before anything is taken
/// apart: few texts begin with a line of words and delimiters alone.
pub(crate) fn is_table(text: &[u8], known: impl Fn(&[u8]) -> bool) -> bool {
    let head = text.get(..VALUE_HEAD_BYTES_MAX).unwrap_or(text);
    let named = |b: &u8| b.is_ascii_alphanumeric() || b"_ -\"".contains(b) || *b >= 0x80;
    let of_names = |b: &u8| named(b) || DELIMITERS.contains(b);
    let Some(end) = head.iter().position(|b| !of_names(b)) else { return false };
    let (first, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let Some(rest) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) else {
        return false;
    };
    let Some(delimiter) = delimiter_of(first) else { return false };
    let names = cells_of(first, delimiter);
    let is_known = |name: &Vec<u8>| {
        let word = name.trim_ascii_end();
        let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        known(word.get(..word.len() - digits).unwrap_or_default())
    };
    if !are_names(&names) || !names.iter().all(|name| is_short_name(name) && is_known(name)) {
        return false;
    }
    // A cell with quotes may go over several lines.
    let mut rows = rest
        .split(|b| *b == b'\n')
        .map(|row| row.strip_suffix(b"\r").unwrap_or(row))
        .filter(|row| !row.is_empty())
        .take(VALUE_ROWS_MAX)
        .take_while(|row| !row.contains(&b'"') || cells_of(row, delimiter).len() == names.len())
        .peekable();
    rows.peek().is_some() && rows.all(|row| cells_of(row, delimiter).len() == names.len())
}

/// What stands most often between the cells of `row`.
fn delimiter_of(row: &[u8]) -> Option<u8> {
    let count = |delimiter: u8| cells_of(row, delimiter).len();
    // Of equal counts the last is taken, so the likeliest goes last.
    DELIMITERS.into_iter().rev().max_by_key(|d| count(*d)).filter(|d| count(*d) > 1)
}

/// The cells of one whole row, without their quotes.
fn cells_of(row: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let mut cells = vec![Vec::new()];
    let mut quoted = false;
    for byte in row {
        if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == delimiter && !quoted {
            cells.push(Vec::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(*byte);
        }
    }
    for cell in &mut cells {
        let name = cell.trim_ascii();
        if name.len() < cell.len() {
            *cell = name.to_vec();
        }
    }
    cells
}

#[cfg(test)]
mod tests;
