//! What a table and a CSV file show of a row.

use std::borrow::Cow;

use serde_json::Value;

use super::encrypted::cell;
use super::record::Record;
use crate::inventory::operation_at;

/// Which edge of its column a cell stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// How a cell becomes shorter where the terminal is narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shrink {
    /// It does not: the column has the width of its content.
    #[default]
    Never,
    /// Its end goes, down to this many columns of the terminal.
    End(usize),
    /// Its middle goes: paths say most at both ends.
    Middle(usize),
}

/// How a value is written in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Text and numbers as they are, lists with commas, anything else as JSON.
    #[default]
    Plain,
    /// Data classes with their confidence: `us.ssn 99, person.name 80`.
    Classes,
    /// Counts by name: `200×12 404×1`.
    Counts,
    /// The sum of counts by name.
    Sum,
    /// What is missing of exchanges: `2 one-sided, 1 gaps`; nothing where they are whole.
    Missing,
    /// An operation with where it is asked: `ADT^A01 at POST /inbound`.
    Operation,
    /// A severity, coloured where the terminal can.
    Severity,
    /// A time to the second.
    Time,
    /// A name; the row without one is the sum of the others.
    NameOrAll,
    /// The first of many: `a, b and 5 more`.
    Few,
    /// What was before a change: `was basic`.
    Was,
    /// What is since: `now none`.
    Is,
    /// What TLS sessions show: `TLS 1.2 ×3; certificate until 2027-01-01`.
    Tls,
}

/// Items of a list that [`Show::Few`] names; one more is named rather than counted.
const FEW: usize = 3;

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The key of the row.
    pub key: Cow<'static, str>,
    /// The heading in a table.
    pub title: Cow<'static, str>,
    /// Which edge its cells stand at.
    pub align: Align,
    /// When it is left out of a table that is too narrow: the greatest goes first, 0 never.
    /// [`Column::HIDDEN`] is never in a table.
    pub rank: u8,
    /// How its cells become shorter.
    pub shrink: Shrink,
    /// How its values are written in a table.
    pub show: Show,
    /// Its rank where every row says the same: it then tells rows apart no longer.
    pub rank_if_same: u8,
    /// Where not all fits beside each other, its cells go below the others of their row, whole.
    pub below: bool,
}

impl Column {
    /// The rank of a column that only CSV has.
    pub const HIDDEN: u8 = u8::MAX;

    /// A column of text that is as wide as its content.
    pub const fn text(key: &'static str, title: &'static str, rank: u8) -> Column {
        Column {
            key: Cow::Borrowed(key),
            title: Cow::Borrowed(title),
            align: Align::Left,
            rank,
            shrink: Shrink::Never,
            show: Show::Plain,
            rank_if_same: rank,
            below: false,
        }
    }

    /// A column of numbers.
    pub const fn number(key: &'static str, title: &'static str, rank: u8) -> Column {
        let mut column = Column::text(key, title, rank);
        column.align = Align::Right;
        column
    }

    /// A column that only CSV has.
    pub const fn hidden(key: &'static str) -> Column {
        Column::text(key, key, Column::HIDDEN)
    }

    /// A column whose heading is only known now; it gives way at its end.
    pub fn named(key: &str) -> Column {
        let mut column = Column::text("", "", 0);
        column.key = Cow::Owned(key.to_owned());
        column.title = Cow::Owned(key.to_owned());
        column.shrink = Shrink::End(8);
        column
    }

    /// The same, with cells that become shorter.
    pub const fn shrinking(mut self, shrink: Shrink) -> Column {
        self.shrink = shrink;
        self
    }

    /// The same, left out earlier where every row says the same.
    pub const fn if_same(mut self, rank: u8) -> Column {
        self.rank_if_same = rank;
        self
    }

    /// The same, below the others of its row where they do not fit beside each other.
    pub const fn or_below(mut self) -> Column {
        self.below = true;
        self
    }

    /// The same, with values written in another way.
    pub const fn shown(mut self, show: Show) -> Column {
        self.show = show;
        self
    }
}

impl Show {
    /// The value of `key` as text for a cell; it may hold anything that traffic put there.
    pub(super) fn write(self, record: &Record, key: &str) -> String {
        match (self, record.text(key)) {
            (Show::Operation, Some(operation)) => {
                operation_at(operation, (record.text("method"), record.text("path")))
            }
            _ => self.write_value(record.value(key)),
        }
    }

    fn write_value(self, value: Option<&Value>) -> String {
        let Some(value) = value else {
            return if self == Show::NameOrAll { "all inputs".into() } else { String::new() };
        };
        match (self, value) {
            (Show::Classes, Value::Array(classes)) => by_direction(classes),
            (Show::Counts, Value::Object(counts)) => {
                join(counts.iter().map(|(name, n)| format!("{name}×{n}")), " ")
            }
            (Show::Sum, Value::Object(counts)) => {
                counts.values().filter_map(Value::as_u64).sum::<u64>().to_string()
            }
            (Show::Missing, Value::Object(coverage)) => {
                let some = coverage
                    .iter()
                    .filter(|(name, n)| *name != "exchanges" && n.as_u64() != Some(0));
                join(some.map(|(name, n)| format!("{n} {}", name.replace('_', "-"))), ", ")
            }
            (Show::Few, Value::Array(items)) if items.len() > FEW + 1 => {
                let first = join(items.iter().take(FEW).map(plain), ", ");
                format!("{first} and {} more", items.len() - FEW)
            }
            (Show::Was, _) => format!("was {}", plain(value)),
            (Show::Is, _) => format!("now {}", plain(value)),
            (Show::Tls, Value::Object(_)) => {
                serde_json::from_value(value.clone()).map_or_else(|_| plain(value), |t| cell(&t))
            }
            (Show::Time, Value::String(time)) => {
                let second = time.get(..19).unwrap_or(time);
                second.replacen('T', " ", 1)
            }
            _ => plain(value),
        }
    }
}

/// Text and numbers as they are, lists with `, `, objects as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => join(items.iter().map(plain), ", "),
        other => other.to_string(),
    }
}

fn class(value: &Value) -> String {
    let name = value.get("class").map(plain).unwrap_or_default();
    let confidence = value.get("confidence").map(plain).unwrap_or_default();
    format!("{name} {confidence}")
}

/// Classes, and in which direction they go where both have some.
fn by_direction(classes: &[Value]) -> String {
    let direction = |class: &&Value| class.get("direction").map(plain).unwrap_or_default();
    let runs: Vec<&[Value]> = classes.chunk_by(|a, b| direction(&a) == direction(&b)).collect();
    let names = |run: &[Value]| join(run.iter().map(class), ", ");
    match runs[..] {
        [] => String::new(),
        [run] => names(run),
        _ => join(
            runs.into_iter().map(|run| {
                let goes = run.first().map(|c| direction(&c)).unwrap_or_default();
                format!("{goes}: {}", names(run))
            }),
            "; ",
        ),
    }
}

fn join(parts: impl Iterator<Item = String>, with: &str) -> String {
    parts.collect::<Vec<_>>().join(with)
}
