//! Since when and until when things are true of an endpoint: its fields, their classes, how callers
//! authenticate, whether it is encrypted. Rollups count these without a time, so they are dated
//! when the inventory is published: by the packet times of the endpoint's exchanges that were added
//! since it was published last. A live capture publishes every few seconds; a replay publishes
//! once, so that what one replay shows of a new endpoint is dated as the endpoint is.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::columns::{count, int, text, time, word};
use crate::base::Timestamp;
use crate::inventory::{Endpoint, Inventory};
use crate::store::error::Fault;
use crate::store::words::direction_name;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// The endpoint itself.
    Endpoint,
    /// A field.
    Field,
    /// A data class in a field.
    Class,
    /// A way callers authenticated.
    Auth,
    /// Whether exchanges were in the clear or over TLS.
    Encryption,
}

impl FactKind {
    const ALL: [FactKind; 5] = [
        FactKind::Endpoint,
        FactKind::Field,
        FactKind::Class,
        FactKind::Auth,
        FactKind::Encryption,
    ];

    fn name(self) -> &'static str {
        match self {
            FactKind::Endpoint => "endpoint",
            FactKind::Field => "field",
            FactKind::Class => "class",
            FactKind::Auth => "auth",
            FactKind::Encryption => "encryption",
        }
    }

    fn named(name: &str) -> Option<FactKind> {
        FactKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which fact about an endpoint. What does not apply is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactKey {
    /// What it is about.
    pub what: FactKind,
    /// `request` or `response`, for fields and classes.
    pub direction: String,
    /// Where the field lives, for fields and classes.
    pub location: String,
    /// The field's canonical path, for fields and classes.
    pub field: String,
    /// The class, the scheme, `clear` or `tls`.
    pub value: String,
}

impl FactKey {
    fn plain(what: FactKind, value: &str) -> FactKey {
        FactKey {
            what,
            direction: String::new(),
            location: String::new(),
            field: String::new(),
            value: value.into(),
        }
    }
}

/// A fact with the packet times between which it was seen to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Which endpoint, by id.
    pub endpoint: String,
    /// Which fact.
    pub key: FactKey,
    /// It was true by then.
    pub first: Timestamp,
    /// It was last seen by then.
    pub last: Timestamp,
}

/// What is stored of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dated {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

/// Every fact, by endpoint.
pub(super) fn facts(conn: &Connection) -> Result<Vec<Fact>, Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM fact")?;
    let mut rows = select.query([])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let key = FactKey {
            what: word(row, "what", FactKind::named)?,
            direction: text(row, "direction")?,
            location: text(row, "location")?,
            field: text(row, "field")?,
            value: text(row, "value")?,
        };
        let (first, last) = (time(row, "first_ns")?, time(row, "last_ns")?);
        facts.push(Fact { endpoint: text(row, "endpoint")?, key, first, last });
    }
    Ok(facts)
}

/// Dates what `inventory` says. Goes before the endpoints are published, since rows that go take
/// their facts along, and those of an absorbed endpoint pass to the one that absorbs it.
pub(super) fn publish_facts(conn: &Connection, inventory: &Inventory) -> Result<(), Fault> {
    for endpoint in &inventory.endpoints {
        let seen = (int(endpoint.coverage.exchanges), endpoint.last_seen.nanos());
        if head(conn, &endpoint.id)? == Some(seen) {
            continue;
        }
        let mut known = stored(conn, &endpoint.id)?;
        if known.is_empty() {
            for absorbed in &endpoint.absorbed {
                inherit(&mut known, stored(conn, absorbed)?);
            }
        }
        date(conn, endpoint, &known)?;
    }
    Ok(())
}

/// Exchanges and last time of the endpoint when it was dated last.
fn head(conn: &Connection, endpoint: &str) -> rusqlite::Result<Option<(i64, i64)>> {
    let mut select =
        conn.prepare_cached("SELECT count, last_ns FROM fact WHERE endpoint = ?1 AND what = ?2")?;
    let mut rows = select.query(params![endpoint, FactKind::Endpoint.name()])?;
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

fn stored(conn: &Connection, endpoint: &str) -> Result<BTreeMap<FactKey, Dated>, Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM fact WHERE endpoint = ?1")?;
    let mut rows = select.query([endpoint])?;
    let mut known = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = FactKey {
            what: word(row, "what", FactKind::named)?,
            direction: text(row, "direction")?,
            location: text(row, "location")?,
            field: text(row, "field")?,
            value: text(row, "value")?,
        };
        let (first, last) = (time(row, "first_ns")?, time(row, "last_ns")?);
        known.insert(key, Dated { count: count(row, "count")?, first, last });
    }
    Ok(known)
}

fn inherit(known: &mut BTreeMap<FactKey, Dated>, from: BTreeMap<FactKey, Dated>) {
    for (key, dated) in from {
        let mine = known.entry(key).or_insert(Dated { count: 0, ..dated });
        mine.count = mine.count.saturating_add(dated.count);
        mine.first = mine.first.min(dated.first);
        mine.last = mine.last.max(dated.last);
    }
}

/// What the inventory says of an endpoint, with how often.
fn now(endpoint: &Endpoint) -> BTreeMap<FactKey, u64> {
    let exchanges = endpoint.coverage.exchanges;
    let mut now = BTreeMap::from([(FactKey::plain(FactKind::Endpoint, ""), exchanges)]);
    let encryption: &[&str] = match endpoint.encrypted {
        "all" => &["tls"],
        "some" => &["clear", "tls"],
        _ => &["clear"],
    };
    for how in encryption {
        now.insert(FactKey::plain(FactKind::Encryption, how), exchanges);
    }
    for (scheme, requests) in &endpoint.auth {
        now.insert(FactKey::plain(FactKind::Auth, scheme), *requests);
    }
    for field in &endpoint.fields {
        let key = |what, value: &str| FactKey {
            what,
            direction: direction_name(field.direction).into(),
            location: field.location.name().into(),
            field: field.field.clone(),
            value: value.into(),
        };
        *now.entry(key(FactKind::Field, "")).or_default() += field.seen;
        for class in &field.data_classes {
            *now.entry(key(FactKind::Class, &class.class)).or_default() += class.count;
        }
    }
    now
}

fn date(
    conn: &Connection,
    endpoint: &Endpoint,
    known: &BTreeMap<FactKey, Dated>,
) -> Result<(), Fault> {
    let head = known.get(&FactKey::plain(FactKind::Endpoint, ""));
    // What is new came with exchanges that were later, unless older traffic was read.
    let later = head.is_some_and(|head| endpoint.last_seen > head.last);
    let new = if later { endpoint.last_seen } else { endpoint.first_seen };
    let now = now(endpoint);
    let mut upsert = conn.prepare_cached(
        "INSERT INTO fact (endpoint, what, direction, location, field, value, count, first_ns, \
         last_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET \
         (count, first_ns, last_ns) = (excluded.count, excluded.first_ns, excluded.last_ns)",
    )?;
    for (key, count) in &now {
        let old = known.get(key);
        let again = old.is_none_or(|old| *count > old.count);
        let last = old.filter(|_| !again).map_or(endpoint.last_seen, |old| old.last);
        // The endpoint's own times are known exactly.
        let (first, last) = match key.what {
            FactKind::Endpoint => (endpoint.first_seen, endpoint.last_seen),
            _ => (old.map_or(new, |old| old.first), last),
        };
        upsert.execute(params![
            endpoint.id,
            key.what.name(),
            key.direction,
            key.location,
            key.field,
            key.value,
            int(*count),
            first.nanos(),
            last.nanos(),
        ])?;
    }
    forget(conn, &endpoint.id, &now.keys().collect(), known)
}

/// Deletes what the inventory no longer says.
fn forget(
    conn: &Connection,
    endpoint: &str,
    now: &BTreeSet<&FactKey>,
    known: &BTreeMap<FactKey, Dated>,
) -> Result<(), Fault> {
    let mut delete = conn.prepare_cached(
        "DELETE FROM fact WHERE (endpoint, what, direction, location, field, value) = \
         (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for key in known.keys().filter(|key| !now.contains(key)) {
        delete.execute(params![
            endpoint,
            key.what.name(),
            key.direction,
            key.location,
            key.field,
            key.value
        ])?;
    }
    Ok(())
}
