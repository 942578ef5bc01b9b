//! Tables that fit the terminal. Where not all fits beside each other, what is long goes below the
//! rest of its row, whole; then columns that matter less are left out, then cells are cut with `…`,
//! so that no line is ever wider than asked.

use std::io::{self, Write};

use super::column::{Align, Column, Show, Shrink};
use super::record::Record;
use super::render::{Layout, Section};
use super::text::{cut_end, cut_middle, escaped, width, wrapped};

/// Spaces between two columns.
const GAP: usize = 2;

/// Columns of the terminal that one cell takes at most, however wide the terminal is.
const CELL_WIDTH_MAX: usize = 120;

/// A column with its cells, ready to be laid out.
struct Laid<'a> {
    column: &'a Column,
    /// When it is left out.
    rank: u8,
    title: String,
    cells: Vec<String>,
    /// What it would like to have.
    natural: usize,
    /// What it can do with.
    least: usize,
    /// What it gets.
    width: usize,
}

/// Writes one table, or one line where there are no rows.
pub(super) fn write(section: &Section<'_>, layout: Layout, out: &mut dyn Write) -> io::Result<()> {
    if !section.title.is_empty() {
        writeln!(out, "{}", cut_end(section.title, layout.width))?;
    }
    if section.records.is_empty() {
        return writeln!(out, "{}", cut_end("nothing to show", layout.width));
    }
    let shown = section.columns.iter().filter(|c| c.rank != Column::HIDDEN);
    let mut columns: Vec<Laid<'_>> = shown.map(|c| measure(c, section.records)).collect();
    columns.retain(|c| c.rank == 0 || c.cells.iter().any(|cell| !cell.is_empty()));
    let below = stack(&mut columns, layout.width);
    let left_out = choose(&mut columns, layout.width);
    share(&mut columns, layout.width);
    let header = columns.iter().map(|c| (c, c.title.as_str(), Layout { colour: false, ..layout }));
    line(header, out)?;
    let room = Room { indent: indent(&columns), width: layout.width };
    room.lines(below.iter().map(|c| c.title.as_str()), out)?;
    for row in 0..section.records.len() {
        let cell = |c: &Laid<'_>| c.cells.get(row).map_or("", String::as_str).to_owned();
        let cells: Vec<String> = columns.iter().map(cell).collect();
        let parts = columns.iter().zip(&cells).map(|(c, cell)| (c, cell.as_str(), layout));
        line(parts, out)?;
        room.lines(below.iter().filter_map(|c| c.cells.get(row).map(String::as_str)), out)?;
    }
    if left_out.is_empty() {
        return Ok(());
    }
    let told = format!("no room for: {}", left_out.join(", "));
    writeln!(out, "{}", cut_end(&told, layout.width))
}

fn measure<'a>(column: &'a Column, records: &[Record]) -> Laid<'a> {
    let cell = |record: &Record| escaped(&column.show.write(record, &column.key));
    let cells: Vec<String> = records.iter().map(cell).collect();
    let title = escaped(&column.title.to_uppercase());
    let widest = cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
    let natural = widest.max(width(&title)).clamp(1, CELL_WIDTH_MAX);
    let least = match column.shrink {
        Shrink::Never => natural,
        Shrink::End(least) | Shrink::Middle(least) => least.min(natural),
    };
    let same = cells.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let rank = if same { column.rank_if_same } else { column.rank };
    Laid { column, rank, title, cells, natural, least, width: natural }
}

/// Below this width a second line has no room either.
const STACKED_WIDTH_MIN: usize = 40;

/// Takes out the columns that go below the others, if any must: where everything fits beside each
/// other, or nothing is made for going below, none do.
fn stack<'a>(columns: &mut Vec<Laid<'a>>, width: usize) -> Vec<Laid<'a>> {
    let needed: usize = columns.iter().map(|c| c.natural + GAP).sum();
    if needed.saturating_sub(GAP) <= width || width < STACKED_WIDTH_MIN {
        return Vec::new();
    }
    let (below, beside) = columns.drain(..).partition(|c| c.column.below);
    *columns = beside;
    below
}

/// Where lines below a row begin: under its second cell where the first is short, so that what
/// begins a row stands out.
fn indent(columns: &[Laid<'_>]) -> usize {
    const SHORT: usize = 12;
    columns.first().map_or(GAP, |c| if c.width <= SHORT { c.width + GAP } else { GAP })
}

/// The lines below a row.
#[derive(Clone, Copy)]
struct Room {
    indent: usize,
    width: usize,
}

impl Room {
    /// Cells one behind the other, each on one line where it fits on one.
    fn lines<'c>(
        self,
        cells: impl Iterator<Item = &'c str>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut used = 0;
        for cell in cells.filter(|cell| !cell.is_empty()) {
            let wide = width(cell);
            if used > 0 && used + GAP + wide <= self.width {
                write!(out, "{:GAP$}{cell}", "")?;
                used += GAP + wide;
                continue;
            }
            if used > 0 {
                writeln!(out)?;
            }
            let (first, further) = (" ".repeat(self.indent), " ".repeat(self.indent + GAP));
            let text = items(cell, self.width, (&first, &further));
            write!(out, "{text}")?;
            used = text.rsplit('\n').next().map_or(0, width);
        }
        if used > 0 { writeln!(out) } else { Ok(()) }
    }
}

/// A list in lines of at most `most` columns, between whose items lines end: `us.ssn 99` stays
/// whole where it can.
fn items(cell: &str, most: usize, (first, further): (&str, &str)) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for item in cell.split_inclusive(", ") {
        let indent = if lines.is_empty() { first } else { further };
        if !line.is_empty() && width(indent) + width(&line) + width(item.trim_end()) > most {
            lines.push_str(&wrapped(&line, most, (indent, further)));
            line.clear();
        }
        line.push_str(item);
    }
    let indent = if lines.is_empty() { first } else { further };
    lines.push_str(&wrapped(&line, most, (indent, further)));
    lines.truncate(lines.trim_end_matches('\n').len());
    lines
}

/// Columns up to this rank are worth narrow cells; those beyond are shown where the others are
/// comfortable.
const RANK_WANTED: u8 = 2;

/// Leaves out columns, those of the greatest rank first, until the rest can fit: extra columns
/// must leave every cell twice its least width, wanted ones a third more than it, and what says
/// what a row is stays to the last. Returns the titles of those that had something to say, so that
/// nobody takes a table for the whole answer.
fn choose(columns: &mut Vec<Laid<'_>>, width: usize) -> Vec<String> {
    let mut left_out = Vec::new();
    drop_ranks(columns, width, RANK_WANTED + 1, |least| least * 2, &mut left_out);
    drop_ranks(columns, width, RANK_WANTED, |least| least * 4 / 3, &mut left_out);
    drop_ranks(columns, width, 0, |least| least, &mut left_out);
    left_out.retain(|laid| laid.cells.iter().any(|cell| !matches!(cell.as_str(), "" | "0")));
    left_out.sort_by_key(|laid| laid.rank);
    left_out.into_iter().map(|laid| laid.title.to_lowercase()).collect()
}

fn drop_ranks<'a>(
    columns: &mut Vec<Laid<'a>>,
    width: usize,
    from: u8,
    comfort: impl Fn(usize) -> usize,
    left_out: &mut Vec<Laid<'a>>,
) {
    let needed = |columns: &[Laid<'_>]| {
        let each = columns.iter().map(|c| comfort(c.least).min(c.natural) + GAP);
        each.sum::<usize>().saturating_sub(GAP)
    };
    while columns.len() > 1 && needed(columns) > width {
        // Of equal rank the last goes: the first columns say what a row is.
        let ranks = columns.iter().enumerate().filter(|(_, c)| c.rank >= from);
        match ranks.max_by_key(|(place, c)| (c.rank, *place)).map(|(place, _)| place) {
            Some(place) => left_out.push(columns.remove(place)),
            None => return,
        }
    }
}

/// Gives each column what it can do with, then shares what is left among those that would like
/// more: evenly, so that one very wide column does not starve the others.
fn share(columns: &mut [Laid<'_>], width: usize) {
    let gaps = columns.len().saturating_sub(1) * GAP;
    let mut left = width.saturating_sub(gaps);
    for column in columns.iter_mut() {
        column.width = column.least.min(left);
        left -= column.width;
    }
    loop {
        let hungry = columns.iter().filter(|c| c.width < c.natural).count();
        if hungry == 0 || left == 0 {
            return;
        }
        let each = (left / hungry).max(1);
        for column in columns.iter_mut().filter(|c| c.width < c.natural) {
            let more = each.min(column.natural - column.width).min(left);
            column.width += more;
            left -= more;
        }
    }
}

fn line<'a>(
    parts: impl Iterator<Item = (&'a Laid<'a>, &'a str, Layout)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = String::new();
    // Spaces are owed until something follows: lines have none at their end.
    let mut owed = 0;
    for (place, (laid, cell, layout)) in parts.enumerate() {
        let cell = match laid.column.shrink {
            Shrink::Middle(_) => cut_middle(cell, laid.width),
            Shrink::End(_) | Shrink::Never => cut_end(cell, laid.width),
        };
        let pad = laid.width.saturating_sub(width(&cell));
        let (before, after) = match laid.column.align {
            Align::Left => (0, pad),
            Align::Right => (pad, 0),
        };
        owed += before + if place > 0 { GAP } else { 0 };
        if !cell.is_empty() {
            text.extend(std::iter::repeat_n(' ', owed));
            owed = 0;
        }
        match (laid.column.show, layout.colour) {
            (Show::Severity, true) => text.push_str(&coloured(&cell)),
            _ => text.push_str(&cell),
        }
        owed += after;
    }
    writeln!(out, "{text}")
}

/// A severity with the colour it has on any terminal.
fn coloured(severity: &str) -> String {
    let code = match severity {
        "critical" => "1;31",
        "high" => "31",
        "medium" => "33",
        "low" => "36",
        _ => return severity.to_owned(),
    };
    format!("\u{1b}[{code}m{severity}\u{1b}[0m")
}
