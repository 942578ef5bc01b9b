//! What one run contributed beside its endpoints: services, clients, flows and anomalies.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::columns::{counts_json, int, json};
use super::runs::RunId;
use crate::inventory::{FlowKey, Keys, Rollup};
use crate::store::error::Fault;

/// Services, clients, flows and anomalies.
pub(super) fn write_small(conn: &Connection, run: RunId, rollup: &Rollup) -> Result<(), Fault> {
    write_services(conn, run, rollup, &Keys::All)?;
    write_clients(conn, run, rollup, &Keys::All)?;
    write_flows(conn, run, rollup, &Keys::All)?;
    write_anomalies(conn, run, rollup)
}

fn clear(conn: &Connection, table: &str, run: RunId) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM {table} WHERE run = ?1");
    conn.prepare_cached(&sql)?.execute([run.0]).map(drop)
}

/// The entries of `map` that `keys` name.
fn named<'a, K: Ord, V>(map: &'a BTreeMap<K, V>, keys: &'a Keys<K>) -> Vec<(&'a K, &'a V)> {
    match keys {
        Keys::All => map.iter().collect(),
        Keys::These(keys) => keys.iter().filter_map(|key| map.get_key_value(key)).collect(),
    }
}

pub(super) fn write_services(
    conn: &Connection,
    run: RunId,
    rollup: &Rollup,
    services: &Keys<Arc<str>>,
) -> Result<(), Fault> {
    match services {
        Keys::All => clear(conn, "run_service", run)?,
        Keys::These(services) => {
            let sql = "DELETE FROM run_service WHERE run = ?1 AND service = ?2";
            let mut delete = conn.prepare_cached(sql)?;
            services.iter().try_for_each(|s| delete.execute(params![run.0, s]).map(drop))?;
        }
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO run_service (run, service, requests, bytes, first_ns, last_ns, addresses, \
         products, encapsulation, tls) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (service, stats) in named(&rollup.services, services) {
        insert.execute(params![
            run.0,
            service,
            int(stats.requests),
            int(stats.bytes),
            stats.span.first.nanos(),
            stats.span.last.nanos(),
            counts_json(&stats.addresses)?,
            json(&stats.products)?,
            json(&stats.encapsulation)?,
            stats.tls.as_ref().map(json).transpose()?,
        ])?;
    }
    Ok(())
}

pub(super) fn write_clients(
    conn: &Connection,
    run: RunId,
    rollup: &Rollup,
    clients: &Keys<IpAddr>,
) -> Result<(), Fault> {
    if *clients == Keys::All {
        clear(conn, "run_client", run)?;
    }
    let mut insert = conn.prepare_cached(
        "INSERT OR REPLACE INTO run_client (run, client, requests, first_ns, last_ns, \
         user_agents, services) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (client, stats) in named(&rollup.clients, clients) {
        insert.execute(params![
            run.0,
            client.to_string(),
            int(stats.requests),
            stats.span.first.nanos(),
            stats.span.last.nanos(),
            json(&stats.user_agents)?,
            json(&stats.services)?,
        ])?;
    }
    conn.prepare_cached("UPDATE run SET clients_overflow = ?2 WHERE id = ?1")?
        .execute(params![run.0, int(rollup.clients_overflow)])?;
    Ok(())
}

pub(super) fn write_flows(
    conn: &Connection,
    run: RunId,
    rollup: &Rollup,
    flows: &Keys<FlowKey>,
) -> Result<(), Fault> {
    if *flows == Keys::All {
        clear(conn, "run_flow", run)?;
    }
    let mut insert = conn.prepare_cached(
        "INSERT OR REPLACE INTO run_flow (run, server, outcome, flows, bytes, gap_bytes, \
         one_sided, anomalies) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (key, stats) in named(&rollup.flows, flows) {
        insert.execute(params![
            run.0,
            key.server.to_string(),
            key.outcome,
            int(stats.flows),
            int(stats.bytes),
            int(stats.gap_bytes),
            int(stats.one_sided),
            json(&stats.anomalies)?,
        ])?;
    }
    Ok(())
}

pub(super) fn write_anomalies(conn: &Connection, run: RunId, rollup: &Rollup) -> Result<(), Fault> {
    clear(conn, "run_anomaly", run)?;
    let mut insert =
        conn.prepare_cached("INSERT INTO run_anomaly (run, name, count) VALUES (?1, ?2, ?3)")?;
    for (name, count) in &rollup.anomalies {
        insert.execute(params![run.0, name, int(*count)])?;
    }
    Ok(())
}
