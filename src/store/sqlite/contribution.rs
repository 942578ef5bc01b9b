//! What one run contributed: a rollup as rows, and rows as a rollup.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, Row, params};

use super::columns::{
    count, counts_from, counts_json, direction, from_json, from_json_or_null, int, json, location,
    text, time,
};
use super::runs::RunId;
use super::small;
use crate::base::{Span, Timestamp};
use crate::inventory::{
    AuthScheme, ClientStats, CoverageStats, EndpointKey, EndpointStats, EndpointTimes, FieldKey,
    FlowKey, FlowStats, Keys, Part, Rollup, Sender, SenderStats, ServiceStats,
};
use crate::store::error::Fault;
use crate::store::evidence_codec::{RuleNames, decode, encode};
use crate::store::intern::intern;
use crate::store::words::direction_name;

/// Replaces everything `run` contributed.
pub(super) fn write_all(
    conn: &Connection,
    run: RunId,
    rollup: &Rollup,
    names: &RuleNames,
) -> Result<(), Fault> {
    small::write_small(conn, run, rollup)?;
    conn.prepare_cached("DELETE FROM run_endpoint WHERE run = ?1")?.execute([run.0])?;
    let mut insert = EndpointWriter::new(conn, run, names)?;
    rollup.endpoints.iter().try_for_each(|(key, stats)| insert.write(key, stats))
}

/// Replaces what `run` contributed to `part`: what is no longer in the rollup disappears.
pub(super) fn write_part(
    conn: &Connection,
    run: RunId,
    rollup: &Rollup,
    (part, names): (&Part, &RuleNames),
) -> Result<(), Fault> {
    let mut insert = EndpointWriter::new(conn, run, names)?;
    for (service, endpoints) in &part.services {
        let mut write = |key: &EndpointKey| match rollup.endpoints.get(key) {
            Some(stats) => insert.write(key, stats),
            None => Ok(()),
        };
        match endpoints {
            Keys::These(changed) => {
                for key in changed {
                    remove_endpoint(conn, run, key)?;
                    write(key)?;
                }
            }
            Keys::All => {
                let sql = "DELETE FROM run_endpoint WHERE run = ?1 AND service = ?2";
                conn.prepare_cached(sql)?.execute(params![run.0, service])?;
                rollup.endpoints_of(service).try_for_each(&mut write)?;
            }
        }
    }
    small::write_services(
        conn,
        run,
        rollup,
        &Keys::These(part.services.keys().cloned().collect()),
    )?;
    small::write_clients(conn, run, rollup, &part.clients)?;
    small::write_flows(conn, run, rollup, &part.flows)?;
    small::write_anomalies(conn, run, rollup)
}

fn remove_endpoint(conn: &Connection, run: RunId, key: &EndpointKey) -> Result<(), Fault> {
    conn.prepare_cached(
        "DELETE FROM run_endpoint WHERE run = ?1 AND service = ?2 AND standard = ?3 \
         AND method = ?4 AND path = ?5 AND operation = ?6",
    )?
    .execute(params![
        run.0,
        key.service,
        key.standard,
        key.method,
        key.path,
        key.operation
    ])?;
    Ok(())
}

const INSERT_ENDPOINT: &str = "INSERT INTO run_endpoint (run, service, \
     standard, method, path, operation, requests, \
     encrypted, unauthenticated_successes, exchanges, one_sided, gaps, truncated, undecoded, \
     first_ns, last_ns, request_bytes, response_bytes, fields_overflow, statuses, auth, \
     protocols, interactions, media, clients, anomalies, unread, unread_bodies, \
     url_credentials, ambiguous, senders, times) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)";

const INSERT_FIELD: &str = "INSERT INTO run_field (endpoint, direction, location, path, \
     context, evidence) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Writes endpoints of a run; its statements are looked up once for many.
struct EndpointWriter<'a> {
    conn: &'a Connection,
    run: RunId,
    names: &'a RuleNames,
    insert: CachedStatement<'a>,
    insert_field: CachedStatement<'a>,
    bytes: Vec<u8>,
}

impl<'a> EndpointWriter<'a> {
    fn new(conn: &'a Connection, run: RunId, names: &'a RuleNames) -> rusqlite::Result<Self> {
        let insert = conn.prepare_cached(INSERT_ENDPOINT)?;
        let insert_field = conn.prepare_cached(INSERT_FIELD)?;
        Ok(EndpointWriter { conn, run, names, insert, insert_field, bytes: Vec::new() })
    }

    fn write(&mut self, key: &EndpointKey, stats: &EndpointStats) -> Result<(), Fault> {
        let auth: BTreeMap<&str, u64> = stats.auth.iter().map(|(s, n)| (s.name(), *n)).collect();
        self.insert.execute(params![
            self.run.0,
            key.service,
            key.standard,
            key.method,
            key.path,
            key.operation,
            int(stats.requests),
            int(stats.encrypted),
            int(stats.unauthenticated_successes),
            int(stats.coverage.exchanges),
            int(stats.coverage.one_sided),
            int(stats.coverage.gaps),
            int(stats.coverage.truncated),
            int(stats.coverage.undecoded),
            stats.span.first.nanos(),
            stats.span.last.nanos(),
            int(stats.body_bytes[0]),
            int(stats.body_bytes[1]),
            int(stats.fields_overflow),
            counts_json(&stats.statuses)?,
            json(&auth)?,
            json(&stats.protocols)?,
            json(&stats.interactions)?,
            json(&stats.media)?,
            counts_json(&stats.clients)?,
            json(&stats.anomalies)?,
            int(stats.coverage.unread),
            json(&stats.coverage.unread_bodies)?,
            json(&stats.url_credentials)?,
            int(stats.coverage.ambiguous),
            senders_json(&stats.senders)?,
            times_json(&stats.times)?,
        ])?;
        let endpoint = self.conn.last_insert_rowid();
        for (field, evidence) in &stats.fields {
            self.bytes.clear();
            encode(evidence, self.names, &mut self.bytes)?;
            self.insert_field.execute(params![
                endpoint,
                direction_name(field.direction),
                field.location.name(),
                field.path,
                field.context,
                self.bytes.as_slice(),
            ])?;
        }
        Ok(())
    }
}

/// Reads back what `run` contributed, and the names of rules it speaks of that are not loaded.
pub(super) fn load(
    conn: &Connection,
    run: RunId,
    names: &RuleNames,
) -> Result<(Rollup, BTreeSet<String>), Fault> {
    let mut rollup = Rollup { clients_overflow: overflow(conn, run)?, ..Rollup::default() };
    load_small(conn, run, &mut rollup)?;
    let mut unknown = BTreeSet::new();
    let mut select = conn.prepare_cached("SELECT * FROM run_endpoint WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let mut stats = endpoint_stats(row)?;
        date_undated(&mut stats);
        load_fields(conn, row.get("id")?, &mut stats, (names, &mut unknown))?;
        rollup.endpoints.insert(endpoint_key(row)?, stats);
    }
    Ok((rollup, unknown))
}

fn overflow(conn: &Connection, run: RunId) -> Result<u64, Fault> {
    let mut select = conn.prepare_cached("SELECT clients_overflow FROM run WHERE id = ?1")?;
    let mut rows = select.query([run.0])?;
    match rows.next()? {
        Some(row) => Ok(count(row, "clients_overflow")?),
        None => Err(Fault::Missing(format!("run {run}"))),
    }
}

fn load_small(conn: &Connection, run: RunId, rollup: &mut Rollup) -> Result<(), Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM run_service WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let stats = ServiceStats {
            addresses: counts_from(row, "addresses", |a| a.parse::<SocketAddr>().ok())?,
            requests: count(row, "requests")?,
            bytes: count(row, "bytes")?,
            products: from_json(row, "products")?,
            encapsulation: from_json(row, "encapsulation")?,
            tls: from_json_or_null(row, "tls")?,
            span: span(row)?,
        };
        rollup.services.insert(shared(row, "service")?, stats);
    }
    let mut select = conn.prepare_cached("SELECT * FROM run_client WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let stats = ClientStats {
            user_agents: from_json(row, "user_agents")?,
            services: from_json(row, "services")?,
            requests: count(row, "requests")?,
            span: span(row)?,
        };
        let client = text(row, "client")?;
        let client: IpAddr = client
            .parse()
            .map_err(|_| Fault::Damaged(format!("client {client:?} is no address")))?;
        rollup.clients.insert(client, stats);
    }
    let mut select = conn.prepare_cached("SELECT * FROM run_flow WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let server = text(row, "server")?;
        let server: SocketAddr = server
            .parse()
            .map_err(|_| Fault::Damaged(format!("server {server:?} is no address")))?;
        let key = FlowKey { server, outcome: intern(&text(row, "outcome")?) };
        let odd: BTreeMap<String, u64> = from_json(row, "anomalies")?;
        let anomalies = odd.into_iter().map(|(name, count)| (intern(&name), count)).collect();
        rollup.flows.insert(key, FlowStats { anomalies, ..flow_stats(row)? });
    }
    let mut select = conn.prepare_cached("SELECT * FROM run_anomaly WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        rollup.anomalies.insert(intern(&text(row, "name")?), count(row, "count")?);
    }
    Ok(())
}

/// The counts of a row of flows, but for what was odd in them.
pub(super) fn flow_stats(row: &Row<'_>) -> rusqlite::Result<FlowStats> {
    Ok(FlowStats {
        flows: count(row, "flows")?,
        bytes: count(row, "bytes")?,
        gap_bytes: count(row, "gap_bytes")?,
        one_sided: count(row, "one_sided")?,
        anomalies: BTreeMap::new(),
    })
}

fn load_fields(
    conn: &Connection,
    endpoint: i64,
    stats: &mut EndpointStats,
    (names, unknown): (&RuleNames, &mut BTreeSet<String>),
) -> Result<(), Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM run_field WHERE endpoint = ?1")?;
    let mut rows = select.query([endpoint])?;
    while let Some(row) = rows.next()? {
        let key = FieldKey {
            direction: direction(row)?,
            location: location(row)?,
            path: shared(row, "path")?,
            context: shared(row, "context")?,
        };
        let bytes = row.get_ref("evidence")?.as_blob().map_err(rusqlite::Error::from)?;
        let decoded = decode(bytes, names)
            .ok_or_else(|| Fault::Damaged(format!("evidence of field {}", key.path)))?;
        unknown.extend(decoded.unknown);
        let mut evidence = decoded.evidence;
        if evidence.span.is_never() {
            evidence.date_all(stats.span);
        }
        stats.fields.insert(key, evidence);
    }
    Ok(())
}

fn endpoint_key(row: &Row<'_>) -> Result<EndpointKey, Fault> {
    Ok(EndpointKey {
        service: shared(row, "service")?,
        standard: shared(row, "standard")?,
        method: shared(row, "method")?,
        path: shared(row, "path")?,
        operation: shared(row, "operation")?,
    })
}

fn endpoint_stats(row: &Row<'_>) -> Result<EndpointStats, Fault> {
    let scheme = |name: &str| AuthScheme::ALL.into_iter().find(|s| s.name() == name);
    let known = |name: &str| Some(intern(name));
    Ok(EndpointStats {
        requests: count(row, "requests")?,
        statuses: counts_from(row, "statuses", |code| code.parse().ok())?,
        auth: counts_from(row, "auth", scheme)?,
        encrypted: count(row, "encrypted")?,
        protocols: counts_from(row, "protocols", known)?,
        interactions: counts_from(row, "interactions", known)?,
        unauthenticated_successes: count(row, "unauthenticated_successes")?,
        url_credentials: counts_from(row, "url_credentials", known)?,
        coverage: CoverageStats {
            exchanges: count(row, "exchanges")?,
            one_sided: count(row, "one_sided")?,
            gaps: count(row, "gaps")?,
            truncated: count(row, "truncated")?,
            undecoded: count(row, "undecoded")?,
            unread: count(row, "unread")?,
            unread_bodies: counts_from(row, "unread_bodies", known)?,
            ambiguous: count(row, "ambiguous")?,
        },
        span: span(row)?,
        times: times_from(row)?,
        body_bytes: [count(row, "request_bytes")?, count(row, "response_bytes")?],
        media: from_json(row, "media")?,
        clients: counts_from(row, "clients", |a| a.parse::<IpAddr>().ok())?,
        senders: senders_from(row)?,
        anomalies: counts_from(row, "anomalies", known)?,
        fields: BTreeMap::new(),
        fields_overflow: count(row, "fields_overflow")?,
    })
}

/// Times as JSON: the scheme, `clear` or `tls`, with first and last.
type StoredTimes = BTreeMap<String, (i64, i64)>;

const CLEAR: &str = "clear";
const ENCRYPTED: &str = "tls";

fn times_json(times: &EndpointTimes) -> Result<String, Fault> {
    let auth = times.auth.iter().map(|(scheme, span)| (scheme.name(), *span));
    let all = auth.chain([(CLEAR, times.clear), (ENCRYPTED, times.encrypted)]);
    let stored = |(what, span): (&str, Span)| {
        (!span.is_never()).then(|| (what.to_owned(), (span.first.nanos(), span.last.nanos())))
    };
    json(&all.filter_map(stored).collect::<StoredTimes>())
}

fn times_from(row: &Row<'_>) -> Result<EndpointTimes, Fault> {
    let stored: StoredTimes = from_json(row, "times")?;
    let of = |what: &str| {
        stored.get(what).map_or(Span::NEVER, |(first, last)| Span {
            first: Timestamp::from_nanos(*first),
            last: Timestamp::from_nanos(*last),
        })
    };
    let auth = AuthScheme::ALL.into_iter().map(|scheme| (scheme, of(scheme.name())));
    Ok(EndpointTimes {
        auth: auth.filter(|(_, span)| !span.is_never()).collect(),
        clear: of(CLEAR),
        encrypted: of(ENCRYPTED),
    })
}

/// What older versions counted without a time is dated by the run's time at the endpoint.
fn date_undated(stats: &mut EndpointStats) {
    let (times, span) = (&mut stats.times, stats.span);
    for scheme in stats.auth.keys() {
        times.auth.entry(*scheme).or_insert(span);
    }
    if times.encrypted.is_never() && stats.encrypted > 0 {
        times.encrypted = span;
    }
    if times.clear.is_never() && stats.encrypted < stats.coverage.exchanges {
        times.clear = span;
    }
}

/// A sender as JSON: address, name, messages, first and last time.
type StoredSender = (IpAddr, Option<Arc<str>>, u64, i64, i64);

fn senders_json(senders: &BTreeMap<Sender, SenderStats>) -> Result<String, Fault> {
    let stored = |(sender, seen): (&Sender, &SenderStats)| -> StoredSender {
        let (first, last) = (seen.span.first.nanos(), seen.span.last.nanos());
        (sender.client, sender.name.clone(), seen.messages, first, last)
    };
    json(&senders.iter().map(stored).collect::<Vec<_>>())
}

pub(super) fn senders_from(row: &Row<'_>) -> Result<BTreeMap<Sender, SenderStats>, Fault> {
    let stored: Vec<StoredSender> = from_json(row, "senders")?;
    let sender = |(client, name, messages, first, last): StoredSender| {
        let (first, last) = (Timestamp::from_nanos(first), Timestamp::from_nanos(last));
        (Sender { client, name }, SenderStats { messages, span: Span { first, last } })
    };
    Ok(stored.into_iter().map(sender).collect())
}

fn span(row: &Row<'_>) -> rusqlite::Result<Span> {
    Ok(Span { first: time(row, "first_ns")?, last: time(row, "last_ns")? })
}

fn shared(row: &Row<'_>, column: &str) -> rusqlite::Result<Arc<str>> {
    row.get(column)
}
