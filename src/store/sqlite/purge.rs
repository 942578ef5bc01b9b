//! Removing for good what should not be kept: a service, or what was last seen before a time.
//!
//! What runs contributed is removed row by row, so that evidence of rules that are not loaded stays
//! where it is; the inventory is then made anew from what is left, in the same transaction.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::columns::{from_json, json, text};
use crate::base::Timestamp;
use crate::store::error::Fault;

/// What to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge<'a> {
    /// A service, by its name, with its endpoints, flows and what was said of its findings and
    /// fields.
    Service(&'a str),
    /// Runs that ended before this time, and of the others every service, endpoint and client that
    /// was last seen before it, with what was said of findings and fields of those that are gone.
    Before(Timestamp),
}

/// How many rows of the inventory were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Runs.
    pub runs: u64,
    /// Services.
    pub services: u64,
    /// Endpoints.
    pub endpoints: u64,
    /// Fields.
    pub fields: u64,
    /// Clients.
    pub clients: u64,
    /// Findings.
    pub findings: u64,
    /// Decisions about findings and marks of fields, the history among them.
    pub decisions: u64,
    /// Rows that single runs had contributed.
    pub contributions: u64,
    /// An earlier purge had removed what it could not overwrite; with this one it is.
    pub finishes: bool,
}

impl Purged {
    /// Whether there was nothing to remove.
    pub fn is_nothing(&self) -> bool {
        Purged { finishes: false, ..*self } == Purged::default()
    }
}

/// Stands in `meta` from when something is removed until it is overwritten.
const UNFINISHED: &str = "purge_unfinished";

/// Whether what an earlier purge removed is still to be overwritten.
pub(super) fn unfinished(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare("SELECT 1 FROM meta WHERE key = ?1")?.exists([UNFINISHED])
}

/// What is removed from here on is to be overwritten.
pub(super) fn begin(conn: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO meta (key, value) VALUES (?1, '')";
    conn.execute(sql, [UNFINISHED]).map(drop)
}

/// It is.
pub(super) fn end(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM meta WHERE key = ?1", [UNFINISHED]).map(drop)
}

/// How many rows there are: taken before and after.
pub(super) fn counted(conn: &Connection) -> rusqlite::Result<Purged> {
    let count = |table: &str| -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    };
    let runs = ["run_endpoint", "run_service", "run_client", "run_flow"];
    Ok(Purged {
        runs: count("run")?,
        services: count("service")?,
        endpoints: count("endpoint")?,
        fields: count("field")?,
        clients: count("client")?,
        findings: count("finding")?,
        // The others hold the last of these again.
        decisions: count("finding_state_history")? + count("mark_history")?,
        contributions: runs.iter().map(|table| count(table)).sum::<rusqlite::Result<u64>>()?,
        finishes: unfinished(conn)?,
    })
}

impl Purged {
    pub(super) fn less(self, after: Purged) -> Purged {
        Purged {
            runs: self.runs.saturating_sub(after.runs),
            services: self.services.saturating_sub(after.services),
            endpoints: self.endpoints.saturating_sub(after.endpoints),
            fields: self.fields.saturating_sub(after.fields),
            clients: self.clients.saturating_sub(after.clients),
            findings: self.findings.saturating_sub(after.findings),
            decisions: self.decisions.saturating_sub(after.decisions),
            contributions: self.contributions.saturating_sub(after.contributions),
            finishes: self.finishes,
        }
    }
}

/// Ids of the endpoints in the inventory, and of those they absorbed.
pub(super) fn endpoint_ids(conn: &Connection) -> Result<BTreeSet<String>, Fault> {
    let mut select = conn.prepare("SELECT id, absorbed FROM endpoint")?;
    let mut rows = select.query([])?;
    let mut ids = BTreeSet::new();
    while let Some(row) = rows.next()? {
        ids.insert(text(row, "id")?);
        ids.extend(from_json::<Vec<String>>(row, "absorbed")?);
    }
    Ok(ids)
}

/// The services that runs saw. What was said of one that none saw yet is about what is to come, and
/// stays; of one that is gone its name would be left.
pub(super) fn services(conn: &Connection) -> Result<BTreeSet<String>, Fault> {
    let mut select =
        conn.prepare("SELECT service FROM run_service UNION SELECT service FROM run_endpoint")?;
    let services = select.query_map([], |row| row.get(0))?;
    Ok(services.collect::<Result<_, _>>()?)
}

/// Removes what was decided about findings of endpoints that are gone.
pub(super) fn forget_decisions(conn: &Connection, gone: &BTreeSet<String>) -> Result<(), Fault> {
    for endpoint in gone {
        conn.prepare_cached(
            "DELETE FROM finding_state_history WHERE finding IN \
             (SELECT finding FROM finding_state WHERE endpoint = ?1)",
        )?
        .execute([endpoint])?;
        conn.prepare_cached("DELETE FROM finding_state WHERE endpoint = ?1")?
            .execute([endpoint])?;
    }
    Ok(())
}

/// Removes what the last report told of and is gone: how much it was stays, for the next report.
pub(super) fn forget_reported(conn: &Connection, left: &BTreeSet<String>) -> Result<(), Fault> {
    let services = conn.execute(
        "DELETE FROM report_held WHERE kind = 'service' \
         AND name NOT IN (SELECT service FROM service)",
        [],
    )?;
    let mut held = conn.prepare("SELECT name FROM report_held WHERE kind = 'endpoint'")?;
    let held = held.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut endpoints = 0_usize;
    for id in held.iter().filter(|id| !left.contains(*id)) {
        endpoints += conn
            .prepare_cached("DELETE FROM report_held WHERE kind = 'endpoint' AND name = ?1")?
            .execute([id])?;
    }
    conn.execute(
        "UPDATE report SET services_removed = services_removed + ?1, \
         endpoints_removed = endpoints_removed + ?2 WHERE id = (SELECT max(id) FROM report)",
        [services, endpoints].map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
    )?;
    Ok(())
}

/// Removes from what runs contributed.
pub(super) fn remove(conn: &Connection, what: Purge<'_>) -> Result<(), Fault> {
    match what {
        Purge::Service(service) => remove_service(conn, service),
        Purge::Before(time) => remove_before(conn, time),
    }
}

fn remove_before(conn: &Connection, time: Timestamp) -> Result<(), Fault> {
    let before = params![time.nanos()];
    conn.execute("DELETE FROM run WHERE state <> 'open' AND ended_ns < ?1", before)?;
    let emptied: Vec<i64> = conn
        .prepare(
            "SELECT id FROM run WHERE state <> 'open' \
             AND (id IN (SELECT run FROM run_endpoint) OR id IN (SELECT run FROM run_service) \
                  OR id IN (SELECT run FROM run_client)) \
             AND id NOT IN (SELECT run FROM run_endpoint WHERE last_ns >= ?1) \
             AND id NOT IN (SELECT run FROM run_service WHERE last_ns >= ?1) \
             AND id NOT IN (SELECT run FROM run_client WHERE last_ns >= ?1)",
        )?
        .query_map(before, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for run in emptied {
        conn.execute("DELETE FROM run WHERE id = ?1", [run])?;
    }
    let gone: Vec<(i64, String, String)> = conn
        .prepare("SELECT run, service, addresses FROM run_service WHERE last_ns < ?1")?
        .query_map(before, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for table in ["run_endpoint", "run_service", "run_client"] {
        conn.execute(&format!("DELETE FROM {table} WHERE last_ns < ?1"), before)?;
    }
    // What could be made of their flows, but for servers that serve another service still.
    let mut forget_flows = conn.prepare(
        "DELETE FROM run_flow WHERE run = ?1 AND server IN (SELECT key FROM json_each(?2)) \
         AND server NOT IN (SELECT a.key FROM run_service s, json_each(s.addresses) a \
                            WHERE s.run = ?1)",
    )?;
    for (run, service, addresses) in gone {
        forget_flows.execute(params![run, addresses])?;
        forget_clients(conn, &service, Some(run))?;
    }
    Ok(())
}

fn remove_service(conn: &Connection, service: &str) -> Result<(), Fault> {
    let servers = own_servers(conn, service)?;
    conn.execute("DELETE FROM run_endpoint WHERE service = ?1", [service])?;
    conn.execute("DELETE FROM run_service WHERE service = ?1", [service])?;
    let mut delete = conn.prepare("DELETE FROM run_flow WHERE server = ?1")?;
    for server in &servers {
        delete.execute([server])?;
    }
    forget_clients(conn, service, None)
}

/// Servers of the service that serve no other.
fn own_servers(conn: &Connection, service: &str) -> Result<BTreeSet<String>, Fault> {
    let mut select = conn.prepare("SELECT service, addresses FROM run_service")?;
    let mut rows = select.query([])?;
    let (mut own, mut others) = (BTreeSet::new(), BTreeSet::new());
    while let Some(row) = rows.next()? {
        let addresses: serde_json::Map<String, serde_json::Value> = from_json(row, "addresses")?;
        let into = if text(row, "service")? == service { &mut own } else { &mut others };
        into.extend(addresses.into_iter().map(|(address, _)| address));
    }
    Ok(own.difference(&others).cloned().collect())
}

/// Takes the service out of what clients called, in one run or in all; a client that called nothing
/// else goes. What others called themselves goes as well: to whom they said it is not kept, and it
/// may be names that only this service was told.
fn forget_clients(conn: &Connection, service: &str, run: Option<i64>) -> Result<(), Fault> {
    let mut select = conn.prepare(
        "SELECT run, client, requests, services FROM run_client \
         WHERE EXISTS (SELECT 1 FROM json_each(services) WHERE key = ?1) \
         AND (?2 IS NULL OR run = ?2)",
    )?;
    let mut changed = Vec::new();
    let mut rows = select.query(params![service, run])?;
    while let Some(row) = rows.next()? {
        let (run, client): (i64, String) = (row.get("run")?, row.get("client")?);
        let requests: i64 = row.get("requests")?;
        let mut services: std::collections::BTreeMap<String, i64> = from_json(row, "services")?;
        let called = services.remove(service).unwrap_or(0);
        changed.push((run, client, requests.saturating_sub(called).max(0), services));
    }
    for (run, client, requests, services) in changed {
        if services.is_empty() {
            conn.execute(
                "DELETE FROM run_client WHERE (run, client) = (?1, ?2)",
                params![run, client],
            )?;
        } else {
            conn.execute(
                "UPDATE run_client SET requests = ?3, services = ?4, user_agents = '{}' \
                 WHERE (run, client) = (?1, ?2)",
                params![run, client, requests, json(&services)?],
            )?;
        }
    }
    Ok(())
}
