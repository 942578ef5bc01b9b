//! What queries read: the inventory as it was published, beside a sensor that may be writing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};

use super::columns::{
    count, counts_from, direction, encrypted, from_json, from_json_or_null, location, severity,
    text, time, word, word_or_null,
};
use super::contribution::flow_stats;
use super::glance::{self, Glancer};
use super::marks::{self, PastMark};
use super::open::{open_read_only, open_to_read};
use super::publish::{StoredClass, StoredTimes, sort_fields};
use super::runs::{InputRecord, RunId, RunState};
use super::triage::{FindingState, history, states};
use crate::base::{Span, Timestamp};
use crate::inventory::{
    Client, Coverage, DataClassSeen, Endpoint, Field, Finding, FlowStats, Inventory, SeenTimes,
    Service,
};
use crate::model::{InputAccount, InputIdentity, PacketAccount, Passed};
use crate::store::error::{Fault, StoreError};
use crate::store::intern::intern;
use crate::store::words::{direction_named, finding_kind_named, location_named};

/// A database open for reading.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
    path: PathBuf,
}

/// A run as it is stored.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Its number.
    pub run: RunId,
    /// `replay` or `capture`.
    pub kind: String,
    /// How it stands.
    pub state: RunState,
    /// The version of the program that ran it.
    pub version: String,
    /// The profile by which it judged fields.
    pub profile: String,
    /// Wall time of its start.
    pub started: Timestamp,
    /// Wall time of its end.
    pub ended: Option<Timestamp>,
}

/// An input as it is stored.
#[derive(Clone, Debug)]
pub struct StoredInput {
    /// The run that read it.
    pub run: RunId,
    /// What became of its packets.
    pub record: InputRecord,
}

/// Flows to one server with one outcome, over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowOutcome {
    /// The server's `ip:port`.
    pub server: String,
    /// A protocol, or why there is none.
    pub outcome: String,
    /// The counts.
    pub stats: FlowStats,
}

impl Reader {
    /// Opens the database at `path`; makes nothing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Reader { conn: open_to_read(path)?, path: path.into() })
    }

    /// Which file is read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A further connection through which SQLite refuses to write, for statements of users.
    pub fn read_only(&self) -> Result<Connection, StoreError> {
        open_read_only(&self.path)
    }

    /// Everything that was published last, as it was published.
    pub fn inventory(&self) -> Result<Inventory, StoreError> {
        self.at_once(|conn| {
            Ok(Inventory {
                services: all(conn, "SELECT * FROM service ORDER BY service", service)?,
                endpoints: endpoints(conn, true)?,
                clients: all(conn, "SELECT * FROM client ORDER BY client", client)?,
                findings: all(conn, FINDINGS, finding)?,
            })
        })
    }

    /// Shows every row of what was published last to `glancer`, and holds none.
    pub fn glance(&self, glancer: &mut dyn Glancer) -> Result<(), StoreError> {
        self.at_once(|conn| glance::show(conn, glancer))
    }

    /// Every finding by id, whatever was decided about it.
    pub fn all_findings(&self) -> Result<Vec<Finding>, StoreError> {
        self.at_once(|conn| all(conn, FINDINGS, finding))
    }

    /// The services, by name.
    pub fn services(&self) -> Result<Vec<Service>, StoreError> {
        self.at_once(|conn| all(conn, "SELECT * FROM service ORDER BY service", service))
    }

    /// The endpoints without their fields, by identity.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        self.at_once(|conn| endpoints(conn, false))
    }

    /// The endpoints with their fields, by identity.
    pub fn endpoints_with_fields(&self) -> Result<Vec<Endpoint>, StoreError> {
        self.at_once(|conn| endpoints(conn, true))
    }

    /// Every mark of a field there ever was, in order.
    pub fn marks(&self) -> Result<Vec<PastMark>, StoreError> {
        self.at_once(marks::past)
    }

    /// The clients, by address.
    pub fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.at_once(|conn| all(conn, "SELECT * FROM client ORDER BY client", client))
    }

    /// The findings by id, each with what someone decided about it, and the endpoints they are
    /// about by id.
    #[expect(clippy::type_complexity, reason = "two lists that belong together")]
    pub fn findings(
        &self,
    ) -> Result<(Vec<(Finding, Option<FindingState>)>, BTreeMap<String, Endpoint>), StoreError>
    {
        self.at_once(|conn| {
            let mut states = states(conn)?;
            let findings = all(conn, FINDINGS, finding)?;
            let findings = findings.into_iter().map(|f| {
                let state = states.remove(&f.id);
                (f, state)
            });
            let findings = findings.collect();
            let endpoints = endpoints(conn, false)?;
            Ok((findings, endpoints.into_iter().map(|e| (e.id.clone(), e)).collect()))
        })
    }

    /// Every decision there ever was about findings, by finding, in order.
    pub fn decisions(&self) -> Result<BTreeMap<String, Vec<FindingState>>, StoreError> {
        self.at_once(history)
    }

    /// The runs in order.
    pub fn runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.at_once(|conn| {
            all(conn, "SELECT * FROM run ORDER BY id", |row| {
                Ok(StoredRun {
                    run: RunId(row.get("id")?),
                    kind: text(row, "kind")?,
                    state: word(row, "state", RunState::named)?,
                    version: text(row, "version")?,
                    profile: text(row, "profile")?,
                    started: time(row, "started_ns")?,
                    ended: row.get::<_, Option<i64>>("ended_ns")?.map(Timestamp::from_nanos),
                })
            })
        })
    }

    /// The inputs of all runs in order, each with its accounting.
    pub fn inputs(&self) -> Result<Vec<StoredInput>, StoreError> {
        self.at_once(|conn| {
            let mut inputs = all(conn, "SELECT * FROM input ORDER BY run, position", |row| {
                Ok((row.get::<_, i64>("id")?, input(row)?))
            })?;
            let places: BTreeMap<i64, usize> =
                inputs.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
            let reasons = all(conn, "SELECT * FROM input_reason", |row| {
                let reason = (intern(&text(row, "reason")?), count(row, "packets")?);
                Ok((row.get::<_, i64>("input")?, text(row, "outcome")?, reason))
            })?;
            for (id, outcome, (reason, packets)) in reasons {
                let place = places.get(&id).and_then(|place| inputs.get_mut(*place));
                let Some((_, input)) = place else { continue };
                let account = &mut input.record.account.packets;
                let into = match outcome.as_str() {
                    "skipped" => &mut account.skipped,
                    "malformed" => &mut account.malformed,
                    _ => &mut account.shed,
                };
                into.insert(reason, packets);
            }
            Ok(inputs.into_iter().map(|(_, input)| input).collect())
        })
    }

    /// What could be made of the flows, over all runs, by server and outcome.
    pub fn flows(&self) -> Result<Vec<FlowOutcome>, StoreError> {
        self.at_once(|conn| {
            all(conn, "SELECT * FROM v_flows ORDER BY server, outcome", |row| {
                Ok(FlowOutcome {
                    server: text(row, "server")?,
                    outcome: text(row, "outcome")?,
                    stats: flow_stats(row)?,
                })
            })
        })
    }

    /// Odd traffic that belongs to no endpoint, over all runs: to which server, what, how often.
    pub fn anomalies_by_server(&self) -> Result<Vec<(String, String, u64)>, StoreError> {
        self.at_once(|conn| {
            let sum = "SELECT f.server, j.key AS name, sum(j.value) AS count \
                       FROM run_flow f JOIN run r ON r.id = f.run, json_each(f.anomalies) j \
                       WHERE r.state <> 'open' OR r.kind = 'capture' \
                       GROUP BY f.server, j.key ORDER BY count DESC, f.server, name";
            all(conn, sum, |row| {
                Ok((text(row, "server")?, text(row, "name")?, count(row, "count")?))
            })
        })
    }

    /// Odd traffic that belongs to no endpoint, over all runs: how often which came.
    pub fn anomalies(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.at_once(|conn| {
            let sum = "SELECT name, SUM(count) AS count FROM run_anomaly GROUP BY name \
                       ORDER BY count DESC, name";
            all(conn, sum, |row| Ok((text(row, "name")?, count(row, "count")?)))
        })
    }

    /// Services that became part of the one that stands for all without rows of their own: those
    /// that runs had joined before they were stored, and those that the whole has no room for.
    pub fn services_merged(&self) -> Result<u64, StoreError> {
        self.at_once(glance::services_merged)
    }

    /// What SQLite finds wrong with the file, one line each; nothing where it is sound.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        self.at_once(|conn| {
            let mut wrong = all(conn, "PRAGMA integrity_check", |row| Ok(row.get(0)?))?;
            wrong.retain(|line: &String| line != "ok");
            let orphans = all(conn, "PRAGMA foreign_key_check", |row| {
                let (table, row, parent): (String, Option<i64>, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let row = row.map_or_else(String::new, |row| format!(" {row}"));
                Ok(format!("row{row} of {table} belongs to no row of {parent}"))
            })?;
            wrong.extend(orphans);
            Ok(wrong)
        })
    }

    /// Runs `read` on one state of the database, whatever a sensor writes meanwhile.
    pub(super) fn at_once<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let done = (|| {
            let transaction = self.conn.unchecked_transaction()?;
            let value = read(&transaction)?;
            transaction.finish()?;
            Ok(value)
        })();
        done.map_err(|fault: Fault| fault.at(&self.path))
    }
}

/// Every finding with the texts of its rule, by id.
const FINDINGS: &str = "SELECT f.*, t.explanation, t.\"references\" \
                        FROM finding f JOIN finding_text t ON t.id = f.text ORDER BY f.id";

pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut select = conn.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

fn service(row: &Row<'_>) -> Result<Service, Fault> {
    Ok(Service {
        service: text(row, "service")?,
        addresses: from_json(row, "addresses")?,
        protocols: from_json(row, "protocols")?,
        names: from_json(row, "names")?,
        encapsulation: from_json(row, "encapsulation")?,
        encrypted: encrypted(row)?,
        tls: from_json_or_null(row, "tls")?,
        endpoints: count(row, "endpoints")?,
        requests: count(row, "requests")?,
        bytes: count(row, "bytes")?,
        severity: severity(row)?,
        first_seen: time(row, "first_ns")?,
        last_seen: time(row, "last_ns")?,
    })
}

fn client(row: &Row<'_>) -> Result<Client, Fault> {
    Ok(Client {
        client: text(row, "client")?,
        user_agents: from_json(row, "user_agents")?,
        services: from_json(row, "services")?,
        requests: count(row, "requests")?,
        first_seen: time(row, "first_ns")?,
        last_seen: time(row, "last_ns")?,
    })
}

fn finding(row: &Row<'_>) -> Result<Finding, Fault> {
    Ok(Finding {
        id: text(row, "id")?,
        rule: intern(&text(row, "rule")?),
        kind: word(row, "kind", finding_kind_named)?,
        severity: severity(row)?,
        title: text(row, "title")?,
        explanation: text(row, "explanation")?,
        endpoint: text(row, "endpoint")?,
        direction: word_or_null(row, "direction", direction_named)?,
        location: word_or_null(row, "location", location_named)?,
        field: row.get("field")?,
        data_class: row.get("data_class")?,
        count: count(row, "count")?,
        first_seen: time(row, "first_ns")?,
        last_seen: time(row, "last_ns")?,
        references: from_json(row, "references")?,
    })
}

fn endpoints(conn: &Connection, with_fields: bool) -> Result<Vec<Endpoint>, Fault> {
    let mut endpoints = all(conn, "SELECT * FROM endpoint", endpoint)?;
    endpoints.sort_by(|a, b| {
        let by_name = a.service.cmp(&b.service).then_with(|| a.standard.cmp(&b.standard));
        let by_operation = a.operation.cmp(&b.operation).then_with(|| a.method.cmp(&b.method));
        let by_path = || a.path.cmp(&b.path).then_with(|| a.id.cmp(&b.id));
        by_name.then(by_operation).then_with(by_path)
    });
    if with_fields {
        for endpoint in &mut endpoints {
            endpoint.fields = fields(conn, &endpoint.id)?;
        }
    }
    Ok(endpoints)
}

fn endpoint(row: &Row<'_>) -> Result<Endpoint, Fault> {
    let classes: Vec<StoredClass> = from_json(row, "data_classes")?;
    let data_classes = classes
        .into_iter()
        .map(|class| {
            let direction = class.direction.as_deref().and_then(direction_named);
            let direction =
                direction.ok_or_else(|| Fault::Damaged("a data class without direction".into()))?;
            Ok((direction, class_seen(class)))
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Endpoint {
        id: text(row, "id")?,
        service: text(row, "service")?,
        protocol: text(row, "protocol")?,
        standard: text(row, "standard")?,
        operation: text(row, "operation")?,
        method: row.get("method")?,
        path: row.get("path")?,
        interactions: from_json(row, "interactions")?,
        absorbed: from_json(row, "absorbed")?,
        requests: count(row, "requests")?,
        statuses: counts_from(row, "statuses", |code| code.parse().ok())?,
        auth: from_json(row, "auth")?,
        encrypted: encrypted(row)?,
        times: times(row)?,
        data_classes,
        severity: severity(row)?,
        coverage: Coverage {
            exchanges: count(row, "exchanges")?,
            one_sided: count(row, "one_sided")?,
            gaps: count(row, "gaps")?,
            truncated: count(row, "truncated")?,
            undecoded: count(row, "undecoded")?,
            unread: count(row, "unread")?,
            unread_bodies: from_json(row, "unread_bodies")?,
            ambiguous: count(row, "ambiguous")?,
        },
        clients: count(row, "clients")?,
        first_seen: time(row, "first_ns")?,
        last_seen: time(row, "last_ns")?,
        body_bytes: [count(row, "request_bytes")?, count(row, "response_bytes")?],
        anomalies: from_json(row, "anomalies")?,
        fields: Vec::new(),
    })
}

fn fields(conn: &Connection, endpoint: &str) -> Result<Vec<Field>, Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM field WHERE endpoint = ?1")?;
    let mut rows = select.query([endpoint])?;
    let mut fields = Vec::new();
    while let Some(row) = rows.next()? {
        let types: Vec<String> = from_json(row, "types")?;
        let classes: Vec<StoredClass> = from_json(row, "data_classes")?;
        let field = Field {
            direction: direction(row)?,
            location: location(row)?,
            field: text(row, "field")?,
            types: types.iter().map(|t| intern(t)).collect(),
            seen: count(row, "seen")?,
            exchanges: count(row, "exchanges")?,
            data_classes: classes.into_iter().map(class_seen).collect(),
            explanation: from_json(row, "explanation")?,
            mask: row.get("mask")?,
            first_seen: time(row, "first_ns")?,
            last_seen: time(row, "last_ns")?,
        };
        fields.push((row.get("nth")?, field));
    }
    sort_fields(&mut fields);
    Ok(fields.into_iter().map(|(_, field)| field).collect())
}

/// A class that an older version wrote has no times: it reads as never seen.
fn class_seen(stored: StoredClass) -> DataClassSeen {
    DataClassSeen {
        class: stored.class,
        confidence: stored.confidence,
        count: stored.count,
        first_seen: stored.first_ns.map_or(Timestamp::MAX, Timestamp::from_nanos),
        last_seen: stored.last_ns.map_or(Timestamp::MIN, Timestamp::from_nanos),
    }
}

fn times(row: &Row<'_>) -> Result<SeenTimes, Fault> {
    let stored: StoredTimes = from_json(row, "times")?;
    let span = |(first, last): (i64, i64)| Span {
        first: Timestamp::from_nanos(first),
        last: Timestamp::from_nanos(last),
    };
    Ok(SeenTimes {
        auth: stored.auth.into_iter().map(|(scheme, times)| (scheme, span(times))).collect(),
        clear: stored.clear.map(span),
        encrypted: stored.tls.map(span),
    })
}

fn input(row: &Row<'_>) -> Result<StoredInput, Fault> {
    let (size, hash): (Option<i64>, Option<i64>) = (row.get("size")?, row.get("hash")?);
    let head: Option<i64> = row.get("head")?;
    let identity = size.zip(hash).map(|(size, hash)| InputIdentity {
        size: u64::try_from(size).unwrap_or(0),
        hash: hash.cast_unsigned(),
        head: head.map(i64::cast_unsigned),
    });
    let packets = PacketAccount {
        seen: count(row, "seen")?,
        bytes: count(row, "bytes")?,
        analysed: count(row, "analysed")?,
        duplicate: count(row, "duplicate")?,
        filtered: count(row, "filtered")?,
        dropped: count(row, "dropped")?,
        cut: count(row, "cut")?,
        interface_lost: row.get::<_, Option<i64>>("interface_lost")?.map(i64::unsigned_abs),
        filter_excluded: row.get::<_, Option<i64>>("filter_excluded")?.map(i64::unsigned_abs),
        span: match (row.get("first_ns")?, row.get("last_ns")?) {
            (Some(first), Some(last)) => {
                Span { first: Timestamp::from_nanos(first), last: Timestamp::from_nanos(last) }
            }
            _ => Span::NEVER,
        },
        ..PacketAccount::default()
    };
    let account =
        InputAccount { name: text(row, "name")?, packets, incomplete: row.get("incomplete")? };
    let position = u32::try_from(row.get::<_, i64>("position")?).unwrap_or(u32::MAX);
    let before = Passed { packets: count(row, "before")?, lost: count(row, "lost_before")? };
    let record = InputRecord { account, identity, position, before };
    Ok(StoredInput { run: RunId(row.get("run")?), record })
}
