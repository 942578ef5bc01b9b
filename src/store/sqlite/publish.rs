//! The inventory as rows. Rows that did not change are left alone, so that a live capture can
//! publish often: what is written is what is new.

use std::borrow::Borrow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, params};
use serde::{Deserialize, Serialize};

use super::columns::{counts_json, int, json};
use super::triage::{carry_states, recount};
use crate::base::Span;
use crate::inventory::{
    Client, DataClassSeen, Endpoint, Field, Finding, Inventory, Keys, Part, SeenTimes, Service,
};
use crate::model::{Direction, Location};
use crate::store::error::Fault;
use crate::store::words::direction_name;

/// A data class as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredClass {
    pub(super) class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<String>,
    pub(super) confidence: u8,
    pub(super) count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_ns: Option<i64>,
}

impl StoredClass {
    fn of(seen: &DataClassSeen, direction: Option<Direction>) -> Self {
        StoredClass {
            class: seen.class.clone(),
            direction: direction.map(|d| direction_name(d).to_owned()),
            confidence: seen.confidence,
            count: seen.count,
            first_ns: Some(seen.first_seen.nanos()),
            last_ns: Some(seen.last_seen.nanos()),
        }
    }
}

/// When callers authenticated how, and were encrypted, as JSON: first and last.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredTimes {
    pub(super) auth: BTreeMap<String, (i64, i64)>,
    pub(super) clear: Option<(i64, i64)>,
    pub(super) tls: Option<(i64, i64)>,
}

fn stored_times(times: &SeenTimes) -> StoredTimes {
    let stored = |span: &Span| (span.first.nanos(), span.last.nanos());
    StoredTimes {
        auth: times.auth.iter().map(|(scheme, span)| (scheme.clone(), stored(span))).collect(),
        clear: times.clear.as_ref().map(stored),
        tls: times.encrypted.as_ref().map(stored),
    }
}

/// A table and its columns in the order they are bound.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [&'static str],
}

const SERVICE: Table = Table {
    name: "service",
    key: &["service"],
    columns: &[
        "endpoints",
        "requests",
        "bytes",
        "severity",
        "first_ns",
        "last_ns",
        "addresses",
        "protocols",
        "names",
        "encapsulation",
        "encrypted",
        "tls",
    ],
};

const ENDPOINT: Table = Table {
    name: "endpoint",
    key: &["id"],
    columns: &[
        "service",
        "protocol",
        "standard",
        "operation",
        "method",
        "path",
        "encrypted",
        "severity",
        "requests",
        "clients",
        "exchanges",
        "one_sided",
        "gaps",
        "truncated",
        "undecoded",
        "request_bytes",
        "response_bytes",
        "first_ns",
        "last_ns",
        "interactions",
        "absorbed",
        "statuses",
        "auth",
        "data_classes",
        "anomalies",
        "unread",
        "unread_bodies",
        "ambiguous",
        "times",
    ],
};

const FIELD: Table = Table {
    name: "field",
    key: &["endpoint", "direction", "location", "field", "nth"],
    columns: &[
        "seen",
        "exchanges",
        "mask",
        "types",
        "data_classes",
        "explanation",
        "first_ns",
        "last_ns",
    ],
};

const CLIENT: Table = Table {
    name: "client",
    key: &["client"],
    columns: &["requests", "first_ns", "last_ns", "user_agents", "services"],
};

const FINDING: Table = Table {
    name: "finding",
    key: &["id"],
    columns: &[
        "rule",
        "kind",
        "severity",
        "title",
        "text",
        "endpoint",
        "direction",
        "location",
        "field",
        "data_class",
        "count",
        "first_ns",
        "last_ns",
    ],
};

impl Table {
    /// Inserts a row, or updates it where something in it differs.
    fn upsert(&self) -> String {
        let quoted = |names: &[&str], prefix: &str| {
            let names: Vec<String> = names.iter().map(|n| format!("{prefix}\"{n}\"")).collect();
            names.join(", ")
        };
        let (key, columns) = (quoted(self.key, ""), quoted(self.columns, ""));
        let excluded = quoted(self.columns, "excluded.");
        let many = self.key.len() + self.columns.len();
        let marks: Vec<String> = (1..=many).map(|n| format!("?{n}")).collect();
        format!(
            "INSERT INTO {} ({key}, {columns}) VALUES ({}) ON CONFLICT ({key}) \
             DO UPDATE SET ({columns}) = ({excluded}) WHERE ({columns}) IS NOT ({excluded})",
            self.name,
            marks.join(", "),
        )
    }

    /// Deletes the rows of a table with one key column whose key is not in `kept`. All that is in
    /// `kept` is in the table, so where it has as many rows there is nothing to look for.
    fn keep(
        &self,
        conn: &Connection,
        kept: &BTreeSet<impl Ord + Borrow<str>>,
    ) -> Result<(), Fault> {
        let key = self.key.first().copied().unwrap_or_default();
        let sql = format!("SELECT count(*) FROM {}", self.name);
        let rows: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
        if usize::try_from(rows).is_ok_and(|rows| rows == kept.len()) {
            return Ok(());
        }
        let mut gone = Vec::new();
        let mut select = conn.prepare(&format!("SELECT {key} FROM {}", self.name))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let value: String = row.get(0)?;
            if !kept.contains(value.as_str()) {
                gone.push(value);
            }
        }
        let mut delete = conn.prepare(&format!("DELETE FROM {} WHERE {key} = ?1", self.name))?;
        Ok(gone.iter().try_for_each(|value| delete.execute([value]).map(drop))?)
    }
}

/// Makes the public tables say what `inventory` says.
pub(super) fn publish(conn: &Connection, inventory: &Inventory) -> Result<(), Fault> {
    publish_in_parts(conn, [inventory])
}

/// Makes the public tables say what `parts` say together; no service is in two of them.
pub(super) fn publish_in_parts(
    conn: &Connection,
    parts: impl IntoIterator<Item = impl Borrow<Inventory>>,
) -> Result<(), Fault> {
    let (mut services, mut clients) = (BTreeSet::new(), BTreeSet::new());
    let (mut endpoints, mut findings) = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        let inventory = part.borrow();
        carry_states(conn, inventory)?;
        write(conn, inventory)?;
        services.extend(inventory.services.iter().map(|s| s.service.clone()));
        clients.extend(inventory.clients.iter().map(|c| c.client.clone()));
        endpoints.extend(inventory.endpoints.iter().map(|e| e.id.clone()));
        findings.extend(inventory.findings.iter().map(|f| f.id.clone()));
    }
    SERVICE.keep(conn, &services)?;
    ENDPOINT.keep(conn, &endpoints)?;
    CLIENT.keep(conn, &clients)?;
    FINDING.keep(conn, &findings)?;
    Ok(recount(conn)?)
}

/// Makes the public tables say of `part` what `inventory`, which has nothing else, says of it.
pub(super) fn publish_part(
    conn: &Connection,
    inventory: &Inventory,
    part: &Part,
) -> Result<(), Fault> {
    carry_states(conn, inventory)?;
    let services: BTreeSet<&str> = inventory.services.iter().map(|s| s.service.as_str()).collect();
    let endpoints: BTreeSet<&str> = inventory.endpoints.iter().map(|e| e.id.as_str()).collect();
    let findings: BTreeSet<&str> = inventory.findings.iter().map(|f| f.id.as_str()).collect();
    for service in part.services.keys() {
        let sql = "SELECT f.id FROM endpoint e JOIN finding f ON f.endpoint = e.id \
                   WHERE e.service = ?1";
        remove(conn, (sql, service), ("DELETE FROM finding WHERE id = ?1", &findings))?;
        let sql = "SELECT id FROM endpoint WHERE service = ?1";
        remove(conn, (sql, service), ("DELETE FROM endpoint WHERE id = ?1", &endpoints))?;
        let sql = "SELECT service FROM service WHERE service = ?1";
        remove(conn, (sql, service), ("DELETE FROM service WHERE service = ?1", &services))?;
    }
    write(conn, inventory)?;
    if part.clients == Keys::All {
        let clients: BTreeSet<&str> = inventory.clients.iter().map(|c| c.client.as_str()).collect();
        CLIENT.keep(conn, &clients)?;
    }
    Ok(recount(conn)?)
}

/// Removes those of a service's keys that are not in `kept`.
fn remove(
    conn: &Connection,
    (select, service): (&str, &str),
    (delete, kept): (&str, &BTreeSet<&str>),
) -> rusqlite::Result<()> {
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query([service])?;
    let mut gone = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !kept.contains(key.as_str()) {
            gone.push(key);
        }
    }
    let mut delete = conn.prepare_cached(delete)?;
    gone.iter().try_for_each(|key| delete.execute([key]).map(drop))
}

fn write(conn: &Connection, inventory: &Inventory) -> Result<(), Fault> {
    services(conn, &inventory.services)?;
    endpoints(conn, &inventory.endpoints)?;
    clients(conn, &inventory.clients)?;
    findings(conn, &inventory.findings)
}

fn services(conn: &Connection, services: &[Service]) -> Result<(), Fault> {
    let mut upsert = conn.prepare_cached(&SERVICE.upsert())?;
    for s in services {
        upsert.execute(params![
            s.service,
            int(s.endpoints),
            int(s.requests),
            int(s.bytes),
            s.severity.name(),
            s.first_seen.nanos(),
            s.last_seen.nanos(),
            json(&s.addresses)?,
            json(&s.protocols)?,
            json(&s.names)?,
            json(&s.encapsulation)?,
            s.encrypted,
            s.tls.as_ref().map(json).transpose()?,
        ])?;
    }
    Ok(())
}

fn endpoints(conn: &Connection, endpoints: &[Endpoint]) -> Result<(), Fault> {
    let mut upsert = conn.prepare_cached(&ENDPOINT.upsert())?;
    let mut write_fields = FieldWriter::new(conn)?;
    for e in endpoints {
        let classes: Vec<StoredClass> =
            e.data_classes.iter().map(|(d, class)| StoredClass::of(class, Some(*d))).collect();
        upsert.execute(params![
            e.id,
            e.service,
            e.protocol,
            e.standard,
            e.operation,
            e.method,
            e.path,
            e.encrypted,
            e.severity.name(),
            int(e.requests),
            int(e.clients),
            int(e.coverage.exchanges),
            int(e.coverage.one_sided),
            int(e.coverage.gaps),
            int(e.coverage.truncated),
            int(e.coverage.undecoded),
            int(e.body_bytes[0]),
            int(e.body_bytes[1]),
            e.first_seen.nanos(),
            e.last_seen.nanos(),
            json(&e.interactions)?,
            json(&e.absorbed)?,
            counts_json(&e.statuses)?,
            json(&e.auth)?,
            json(&classes)?,
            json(&e.anomalies)?,
            int(e.coverage.unread),
            json(&e.coverage.unread_bodies)?,
            int(e.coverage.ambiguous),
            json(&stored_times(&e.times))?,
        ])?;
        write_fields.of(e)?;
    }
    Ok(())
}

/// A field's key within its endpoint, as it is stored.
type FieldPlace<'a> = (Direction, Location, &'a str, i64);

/// Writes the fields of endpoints; its statements are looked up once for many.
struct FieldWriter<'c> {
    conn: &'c Connection,
    upsert: CachedStatement<'c>,
    count: CachedStatement<'c>,
}

impl<'c> FieldWriter<'c> {
    fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        let upsert = conn.prepare_cached(&FIELD.upsert())?;
        let count = conn.prepare_cached("SELECT count(*) FROM field WHERE endpoint = ?1")?;
        Ok(FieldWriter { conn, upsert, count })
    }

    fn of(&mut self, endpoint: &Endpoint) -> Result<(), Fault> {
        let mut nth: BTreeMap<(Direction, Location, &str), i64> = BTreeMap::new();
        let mut kept: BTreeSet<FieldPlace<'_>> = BTreeSet::new();
        for f in &endpoint.fields {
            let name = (f.direction, f.location, f.field.as_str());
            let place = nth.entry(name).and_modify(|n| *n += 1).or_insert(0);
            kept.insert((f.direction, f.location, f.field.as_str(), *place));
            let classes: Vec<StoredClass> =
                f.data_classes.iter().map(|class| StoredClass::of(class, None)).collect();
            self.upsert.execute(params![
                endpoint.id,
                direction_name(f.direction),
                f.location.name(),
                f.field,
                *place,
                int(f.seen),
                int(f.exchanges),
                f.mask,
                json(&f.types)?,
                json(&classes)?,
                json(&f.explanation)?,
                f.first_seen.nanos(),
                f.last_seen.nanos(),
            ])?;
        }
        self.keep(endpoint, &kept)
    }

    /// Deletes the fields of `endpoint` that are not in `kept`; counting them first is cheaper, and
    /// fields hardly ever vanish.
    fn keep(&mut self, endpoint: &Endpoint, kept: &BTreeSet<FieldPlace<'_>>) -> Result<(), Fault> {
        let stored: i64 = self.count.query_row([&endpoint.id], |row| row.get(0))?;
        if usize::try_from(stored).is_ok_and(|stored| stored == kept.len()) {
            return Ok(());
        }
        remove_fields(self.conn, endpoint, kept)
    }
}

fn remove_fields(
    conn: &Connection,
    endpoint: &Endpoint,
    kept: &BTreeSet<FieldPlace<'_>>,
) -> Result<(), Fault> {
    let kept: BTreeSet<(&str, &str, &str, i64)> =
        kept.iter().map(|(d, l, f, nth)| (direction_name(*d), l.name(), *f, *nth)).collect();
    let mut select = conn.prepare_cached(
        "SELECT rowid, direction, location, field, nth FROM field WHERE endpoint = ?1",
    )?;
    let mut gone: Vec<i64> = Vec::new();
    let mut rows = select.query([&endpoint.id])?;
    while let Some(row) = rows.next()? {
        let (direction, location): (String, String) = (row.get(1)?, row.get(2)?);
        let (field, nth): (String, i64) = (row.get(3)?, row.get(4)?);
        if !kept.contains(&(direction.as_str(), location.as_str(), field.as_str(), nth)) {
            gone.push(row.get(0)?);
        }
    }
    let mut delete = conn.prepare_cached("DELETE FROM field WHERE rowid = ?1")?;
    Ok(gone.iter().try_for_each(|row| delete.execute([row]).map(drop))?)
}

fn clients(conn: &Connection, clients: &[Client]) -> Result<(), Fault> {
    let mut upsert = conn.prepare_cached(&CLIENT.upsert())?;
    for c in clients {
        upsert.execute(params![
            c.client,
            int(c.requests),
            c.first_seen.nanos(),
            c.last_seen.nanos(),
            json(&c.user_agents)?,
            json(&c.services)?,
        ])?;
    }
    Ok(())
}

fn findings(conn: &Connection, findings: &[Finding]) -> Result<(), Fault> {
    let mut upsert = conn.prepare_cached(&FINDING.upsert())?;
    let mut texts: BTreeMap<(&str, &[String]), i64> = BTreeMap::new();
    for f in findings {
        let text = match texts.entry((&f.explanation, &f.references)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(text(conn, f)?),
        };
        upsert.execute(params![
            f.id,
            f.rule,
            f.kind.name(),
            f.severity.name(),
            f.title,
            text,
            f.endpoint,
            f.direction.map(direction_name),
            f.location.map(Location::name),
            f.field,
            f.data_class,
            int(f.count),
            f.first_seen.nanos(),
            f.last_seen.nanos(),
        ])?;
    }
    Ok(())
}

/// The row that holds what a finding's rule says.
fn text(conn: &Connection, finding: &Finding) -> Result<i64, Fault> {
    let said = params![finding.explanation, json(&finding.references)?];
    conn.prepare_cached(
        "INSERT INTO finding_text (explanation, \"references\") VALUES (?1, ?2) \
         ON CONFLICT DO NOTHING",
    )?
    .execute(said)?;
    let sql = "SELECT id FROM finding_text WHERE explanation = ?1 AND \"references\" = ?2";
    Ok(conn.prepare_cached(sql)?.query_row(said, |row| row.get(0))?)
}

/// The fields in the order an inventory has them.
pub(super) fn sort_fields(fields: &mut [(i64, Field)]) {
    fields.sort_by(|(n, a), (m, b)| {
        (a.direction, a.location, &a.field, n).cmp(&(b.direction, b.location, &b.field, m))
    });
}
