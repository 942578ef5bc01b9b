//! What people decide about findings. Findings are made anew with every run; decisions stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::columns::{int, word};
use super::open::open_to_triage;
use crate::base::Timestamp;
use crate::inventory::{Finding, Inventory};
use crate::model::Location;
use crate::store::error::{Fault, StoreError};
use crate::store::words::direction_name;

/// How someone judged a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TriageState {
    /// Nobody looked yet.
    #[default]
    New,
    /// Resolved, and seen again since. Follows from the others; nobody sets it.
    Regressed,
    /// Someone works on it.
    Acknowledged,
    /// Known and lived with.
    Accepted,
    /// Not so.
    FalsePositive,
    /// Mended.
    Resolved,
}

impl TriageState {
    /// Every state, those that need someone's attention first.
    pub const ALL: [TriageState; 6] = [
        TriageState::New,
        TriageState::Regressed,
        TriageState::Acknowledged,
        TriageState::Accepted,
        TriageState::FalsePositive,
        TriageState::Resolved,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            TriageState::New => "new",
            TriageState::Regressed => "regressed",
            TriageState::Acknowledged => "acknowledged",
            TriageState::Accepted => "accepted",
            TriageState::FalsePositive => "false-positive",
            TriageState::Resolved => "resolved",
        }
    }

    /// The state that [`TriageState::name`] calls so.
    pub fn named(name: &str) -> Option<TriageState> {
        TriageState::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// A decision as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingState {
    /// What was decided.
    pub state: TriageState,
    /// Why.
    pub reason: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// When the decision ends.
    pub until: Option<Timestamp>,
    /// Wall time of the decision.
    pub set_at: Timestamp,
    /// What the finding counted then; the store fills it in.
    pub count: Option<u64>,
}

/// A decision to be stored.
#[derive(Clone, Debug)]
pub struct TriageDecision<'a> {
    /// The finding's id.
    pub finding: &'a str,
    /// What is decided. [`TriageState::Regressed`] is refused: it follows from
    /// [`TriageState::Resolved`].
    pub decision: FindingState,
}

/// Stores decisions, also beside a sensor that is writing: each is one short transaction.
#[derive(Debug)]
pub struct Triage {
    conn: Connection,
    path: PathBuf,
}

impl Triage {
    /// Opens the database at `path`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Triage { conn: open_to_triage(path)?, path: path.into() })
    }

    /// Stores one decision. The finding must be in the inventory or have a decision already.
    pub fn set(&mut self, decision: &TriageDecision<'_>) -> Result<(), StoreError> {
        self.try_set(decision).map_err(|fault| fault.at(&self.path))
    }

    /// Notes that a report was made at wall time `made`, of what had been seen up to packet time
    /// `covered`, and what the inventory holds.
    pub fn note_report(&mut self, made: Timestamp, covered: Timestamp) -> Result<(), StoreError> {
        let noted = (|| {
            let transaction =
                self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "INSERT INTO report (made_ns, covered_ns) VALUES (?1, ?2)";
            transaction.execute(sql, [made.nanos(), covered.nanos()])?;
            transaction.execute_batch(
                "DELETE FROM report_held; \
                 INSERT INTO report_held SELECT 'service', service FROM service; \
                 INSERT INTO report_held SELECT 'endpoint', id FROM endpoint;",
            )?;
            transaction.commit()
        })();
        noted.map_err(|e| Fault::from(e).at(&self.path))
    }

    fn try_set(&mut self, set: &TriageDecision<'_>) -> Result<(), Fault> {
        let TriageDecision { finding, decision } = set;
        if decision.state == TriageState::Regressed {
            let why = "a way to decide \"regressed\" (it follows from \"resolved\")";
            return Err(Fault::Missing(why.into()));
        }
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = transaction.execute(
            "INSERT INTO finding_state (finding, state, reason, owner, until_ns, set_ns, rule, \
             endpoint, direction, location, field, data_class, count) \
             SELECT id, ?2, ?3, ?4, ?5, ?6, rule, endpoint, direction, location, field, \
             data_class, count FROM finding WHERE id = ?1 \
             ON CONFLICT (finding) DO UPDATE SET \
             (state, reason, owner, until_ns, set_ns, count) = \
             (excluded.state, excluded.reason, excluded.owner, excluded.until_ns, \
             excluded.set_ns, excluded.count)",
            params![
                finding,
                decision.state.name(),
                decision.reason,
                decision.owner,
                decision.until.map(Timestamp::nanos),
                decision.set_at.nanos(),
            ],
        )?;
        if changed == 0 {
            return Err(Fault::Missing(format!("finding {finding:?}")));
        }
        remember(&transaction, finding)?;
        Ok(transaction.commit()?)
    }
}

fn remember(conn: &Connection, finding: &str) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO finding_state_history (finding, state, reason, owner, until_ns, set_ns) \
         SELECT finding, state, reason, owner, until_ns, set_ns FROM finding_state \
         WHERE finding = ?1",
        [finding],
    )
    .map(drop)
}

/// From when on a finding that is resolved has come back: what it counts now, where it counts less
/// than then (runs were removed), or where all of it is older than the resolution (older captures
/// were replayed).
pub(super) fn recount(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE finding_state AS s SET count = f.count FROM finding f \
         WHERE f.id = s.finding AND f.count <> s.count \
         AND (f.count < s.count OR f.last_ns <= s.set_ns)",
    )?
    .execute([])
    .map(drop)
}

/// Every decision there ever was, by finding, in order.
pub(super) fn history(conn: &Connection) -> Result<BTreeMap<String, Vec<FindingState>>, Fault> {
    let mut history: BTreeMap<String, Vec<FindingState>> = BTreeMap::new();
    let sql = "SELECT *, NULL AS count FROM finding_state_history ORDER BY id";
    let mut select = conn.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        history.entry(row.get("finding")?).or_default().push(state(row)?);
    }
    Ok(history)
}

fn state(row: &Row<'_>) -> Result<FindingState, Fault> {
    let count: Option<i64> = row.get("count")?;
    Ok(FindingState {
        state: word(row, "state", TriageState::named)?,
        reason: row.get("reason")?,
        owner: row.get("owner")?,
        until: row.get::<_, Option<i64>>("until_ns")?.map(Timestamp::from_nanos),
        set_at: Timestamp::from_nanos(row.get("set_ns")?),
        count: count.and_then(|n| u64::try_from(n).ok()),
    })
}

/// The decisions, by finding.
pub(super) fn states(conn: &Connection) -> Result<BTreeMap<String, FindingState>, Fault> {
    let mut states = BTreeMap::new();
    let mut select = conn.prepare_cached("SELECT * FROM finding_state")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        states.insert(row.get("finding")?, state(row)?);
    }
    Ok(states)
}

/// Gives the findings of an endpoint the decisions about the same findings of the endpoints it
/// absorbed. Where several of those disagree the latest decision stands; one that the endpoint
/// has itself is never replaced.
pub(super) fn carry_states(conn: &Connection, inventory: &Inventory) -> Result<(), Fault> {
    let any = "SELECT EXISTS (SELECT 1 FROM finding_state)";
    if !conn.query_row(any, [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let absorbed: BTreeMap<&str, &[String]> = inventory
        .endpoints
        .iter()
        .filter(|e| !e.absorbed.is_empty())
        .map(|e| (e.id.as_str(), e.absorbed.as_slice()))
        .collect();
    let present: BTreeSet<&str> = inventory.findings.iter().map(|f| f.id.as_str()).collect();
    for finding in &inventory.findings {
        if let Some(absorbed) = absorbed.get(finding.endpoint.as_str()) {
            carry(conn, finding, absorbed, &present)?;
        }
    }
    Ok(())
}

fn carry(
    conn: &Connection,
    finding: &Finding,
    absorbed: &[String],
    present: &BTreeSet<&str>,
) -> Result<(), Fault> {
    let mut latest: Option<(i64, String)> = None;
    let mut select = conn.prepare_cached(
        "SELECT finding, set_ns FROM finding_state WHERE endpoint = ?1 AND rule = ?2 \
         AND (direction, location, field, data_class) IS (?3, ?4, ?5, ?6)",
    )?;
    for endpoint in absorbed {
        let found: Option<(String, i64)> = select
            .query_row(
                params![
                    endpoint,
                    finding.rule,
                    finding.direction.map(direction_name),
                    finding.location.map(Location::name),
                    finding.field,
                    finding.data_class,
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        if let Some((id, set)) = found
            && !present.contains(id.as_str())
            && latest.as_ref().is_none_or(|(at, _)| *at < set)
        {
            latest = Some((set, id));
        }
    }
    let Some((_, from)) = latest else {
        return Ok(());
    };
    let carried = conn
        .prepare_cached(
            "INSERT INTO finding_state (finding, state, reason, owner, until_ns, set_ns, rule, \
             endpoint, direction, location, field, data_class, count) \
             SELECT ?1, state, reason, owner, until_ns, set_ns, rule, ?2, direction, location, \
             field, data_class, ?4 FROM finding_state WHERE finding = ?3 \
             ON CONFLICT (finding) DO NOTHING",
        )?
        .execute(params![finding.id, finding.endpoint, from, int(finding.count)])?;
    if carried > 0 {
        remember(conn, &finding.id)?;
    }
    Ok(())
}
