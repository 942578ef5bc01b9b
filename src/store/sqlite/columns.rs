//! Between columns and the words and numbers of the model.

use std::collections::BTreeMap;
use std::fmt::Display;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::Timestamp;
use crate::model::{Direction, Location, Severity};
use crate::store::error::Fault;
use crate::store::words::{direction_named, location_named};

/// A count as SQLite holds it: counts beyond 2^63 stay there.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count read back.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or(0))
}

/// A time read back from nanoseconds.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_nanos)
}

/// Text read back.
pub(super) fn text(row: &Row<'_>, column: &str) -> rusqlite::Result<String> {
    row.get(column)
}

/// Maps and lists as JSON text.
pub(super) fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::Damaged(format!("cannot be JSON: {e}")))
}

/// What [`json`] wrote.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Fault> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| Fault::Damaged(format!("column {column}: {e}")))
}

/// As [`from_json`], for a column that may be null.
pub(super) fn from_json_or_null<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, Fault> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => from_json(row, column).map(Some),
    }
}

/// A map with keys that print, as a JSON object of counts.
pub(super) fn counts_json<K: Display, V: Into<u64> + Copy>(
    map: &BTreeMap<K, V>,
) -> Result<String, Fault> {
    let object: BTreeMap<String, u64> =
        map.iter().map(|(key, value)| (key.to_string(), (*value).into())).collect();
    json(&object)
}

/// What [`counts_json`] wrote, with keys made by `key`.
pub(super) fn counts_from<K: Ord>(
    row: &Row<'_>,
    column: &str,
    key: impl Fn(&str) -> Option<K>,
) -> Result<BTreeMap<K, u64>, Fault> {
    let object: BTreeMap<String, u64> = from_json(row, column)?;
    let entry = |(name, count): (String, u64)| Some((key(&name)?, count));
    let many = object.len();
    let map: BTreeMap<K, u64> = object.into_iter().filter_map(entry).collect();
    if map.len() == many {
        return Ok(map);
    }
    Err(Fault::Damaged(format!("column {column}: a key cannot be")))
}

/// A word of a closed list read back.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: &str,
    named: impl Fn(&str) -> Option<T>,
) -> Result<T, Fault> {
    let text: String = row.get(column)?;
    named(&text).ok_or_else(|| Fault::Damaged(format!("column {column}: unknown word {text:?}")))
}

/// A direction read back.
pub(super) fn direction(row: &Row<'_>) -> Result<Direction, Fault> {
    word(row, "direction", direction_named)
}

/// A location read back.
pub(super) fn location(row: &Row<'_>) -> Result<Location, Fault> {
    word(row, "location", location_named)
}

/// `none`, `some` or `all` read back.
pub(super) fn encrypted(row: &Row<'_>) -> Result<&'static str, Fault> {
    word(row, "encrypted", |text| ["none", "some", "all"].into_iter().find(|w| *w == text))
}

/// A severity read back.
pub(super) fn severity(row: &Row<'_>) -> Result<Severity, Fault> {
    word(row, "severity", |name| name.parse().ok())
}

/// As [`word`], for a column that may be null.
pub(super) fn word_or_null<T>(
    row: &Row<'_>,
    column: &str,
    named: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        named(&text)
            .ok_or_else(|| Fault::Damaged(format!("column {column}: unknown word {text:?}")))
    })
    .transpose()
}
