//! Rows in the format that was asked for.

use std::io::{self, Write};
use std::str::FromStr;

use super::column::Column;
use super::record::Record;
use super::{csv, json, table};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: fits the terminal.
    #[default]
    Table,
    /// One array of objects.
    Json,
    /// One object per line.
    Jsonl,
    /// With a header, safe for spreadsheets.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Table, Format::Json, Format::Jsonl, Format::Csv];

    /// The name users type.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Format::ALL
            .into_iter()
            .find(|f| f.name() == text)
            .ok_or_else(|| format!("expected table, json, jsonl or csv, not {text:?}"))
    }
}

/// The terminal that a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the terminal: no line is wider.
    pub width: usize,
    /// Whether severities are coloured.
    pub colour: bool,
}

/// No terminal: 80 columns, no colours.
impl Default for Layout {
    fn default() -> Self {
        Layout { width: 80, colour: false }
    }
}

impl Layout {
    /// The terminal that standard output is, if it is one: its width, and colours unless
    /// `NO_COLOR` is set (<https://no-color.org>).
    pub fn of_stdout() -> Layout {
        use std::io::IsTerminal;

        if !io::stdout().is_terminal() {
            return Layout::default();
        }
        // Lines do not matter: a terminal that has none set still has columns.
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        let columns = size.map(|size| usize::from(size.ws_col));
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Layout { width: columns.filter(|c| *c > 0).unwrap_or(80), colour }
    }
}

/// Rows of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// Heading of its table.
    pub title: &'a str,
    /// What is shown of its rows; every key a row can have.
    pub columns: &'a [Column],
    /// The rows.
    pub records: &'a [Record],
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write the answer: {0}")]
pub struct ReportError(#[from] io::Error);

/// Writes rows of one kind. Whoever stops reading early (`| head`) is no error.
pub fn render(
    section: &Section<'_>,
    format: Format,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let section = Section { title: "", ..*section };
    render_sections(std::slice::from_ref(&section), format, layout, out)
}

/// Writes rows of several kinds: a table for each, but one array, one stream of lines and one CSV
/// header over all of them.
pub fn render_sections(
    sections: &[Section<'_>],
    format: Format,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let records = || sections.iter().flat_map(|s| s.records);
    let written = match format {
        Format::Table => tables(sections, layout, out),
        Format::Json => json::write_array(records(), out),
        Format::Jsonl => json::write_lines(records(), out),
        Format::Csv => csv::write(records(), &all_columns(sections), out),
    };
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn tables(sections: &[Section<'_>], layout: Layout, out: &mut dyn Write) -> io::Result<()> {
    for (place, section) in sections.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        table::write(section, layout, out)?;
    }
    Ok(())
}

fn all_columns<'a>(sections: &[Section<'a>]) -> Vec<&'a Column> {
    let mut columns: Vec<&Column> = Vec::new();
    for column in sections.iter().flat_map(|s| s.columns) {
        if !columns.iter().any(|c| c.key == column.key) {
            columns.push(column);
        }
    }
    columns
}
