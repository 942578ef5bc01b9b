//! A row as keys and values, in the order its type has them.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A row: keys and values in order. (A map of `serde_json` would sort them.)
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    entries: Vec<(String, Value)>,
}

impl Record {
    /// From anything that serializes as a map or a struct.
    pub fn of(row: &impl Serialize) -> serde_json::Result<Record> {
        serde_json::from_str(&serde_json::to_string(row)?)
    }

    /// From every row.
    pub fn all<T: Serialize>(rows: &[T]) -> serde_json::Result<Vec<Record>> {
        rows.iter().map(Record::of).collect()
    }

    /// From keys and their values.
    pub fn from_entries(entries: Vec<(String, Value)>) -> Record {
        Record { entries }
    }

    /// The same with one more.
    pub fn with(mut self, key: &str, value: Value) -> Record {
        self.entries.push((key.into(), value));
        self
    }

    /// The same without some.
    pub fn without(mut self, keys: &[&str]) -> Record {
        self.entries.retain(|(key, _)| !keys.contains(&key.as_str()));
        self
    }

    /// The value of `key`.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The value of `key` where that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(Value::as_str)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (key, value) in &self.entries {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row with keys")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Record, M::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Record { entries })
    }
}
