//! Runs and their inputs: what was read, how far, and what replaces what.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::int;
use super::plan::normal;
use crate::base::Timestamp;
use crate::detect::Profile;
use crate::inventory::{Inventory, Rollup};
use crate::model::{InputAccount, InputIdentity, PacketAccount, Passed};
use crate::store::error::Fault;

/// A run's number in its database; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a run reads. Decides what becomes of it after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Capture files: can be read again, so an unfinished run is removed.
    Replay,
    /// Interfaces: what was seen will not come again, so an unfinished run is kept as partial.
    Capture,
}

impl RunKind {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            RunKind::Replay => "replay",
            RunKind::Capture => "capture",
        }
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Going on.
    Open,
    /// Ended, all inputs complete.
    Sealed,
    /// Ended, something is missing.
    Partial,
}

impl RunState {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Open => "open",
            RunState::Sealed => "sealed",
            RunState::Partial => "partial",
        }
    }

    /// The outcome that [`RunState::name`] calls so.
    pub fn named(name: &str) -> Option<RunState> {
        [RunState::Open, RunState::Sealed, RunState::Partial].into_iter().find(|o| o.name() == name)
    }
}

/// One input of a run. It is partial where its account says why it is incomplete.
#[derive(Clone, Debug, Default)]
pub struct InputRecord {
    /// Its name and what became of its packets.
    pub account: InputAccount,
    /// Which file it is; none for standard input and interfaces.
    pub identity: Option<InputIdentity>,
    /// Its place among the inputs of its run.
    pub position: u32,
    /// What earlier runs have of its beginning: that is not among its packets.
    pub before: Passed,
}

impl InputRecord {
    /// How many packets of the file were read, by this run and those before it.
    pub fn reached(&self) -> u64 {
        let packets = &self.account.packets;
        self.before.packets + packets.seen.saturating_sub(packets.dropped)
    }
}

/// What ends a run.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    /// Which run.
    pub run: RunId,
    /// What it read and was not written yet, or is to be written anew. A run with an incomplete
    /// input is partial.
    pub inputs: &'a [InputRecord],
    /// Whether it was stopped before everything was read: then it is partial too.
    pub interrupted: bool,
    /// Earlier runs whose contribution this one replaces: they are removed.
    pub replaces: &'a [RunId],
    /// Wall time of the end.
    pub ended: Timestamp,
    /// What all remaining runs add up to, this one among them and the replaced ones not; `None`
    /// where just that was published part after part.
    pub inventory: Option<&'a Inventory>,
}

/// What was done about runs that a crash left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Replays that were removed: replaying their files again brings everything back.
    pub removed: Vec<RunId>,
    /// Captures that are kept as partial.
    pub kept: Vec<RunId>,
}

/// A run's contribution.
#[derive(Debug)]
pub struct Loaded {
    /// Which run.
    pub run: RunId,
    /// What it contributed.
    pub rollup: Rollup,
    /// Rules its evidence speaks of that are not loaded now, sorted; what they said is left out.
    pub unknown_rules: Vec<String>,
}

pub(super) fn begin(
    conn: &Connection,
    kind: RunKind,
    started: Timestamp,
) -> rusqlite::Result<RunId> {
    conn.execute(
        "INSERT INTO run (kind, state, version, started_ns) VALUES (?1, 'open', ?2, ?3)",
        params![kind.name(), env!("CARGO_PKG_VERSION"), started.nanos()],
    )?;
    Ok(RunId(conn.last_insert_rowid()))
}

pub(super) fn note_profile(
    conn: &Connection,
    run: RunId,
    profile: Profile,
) -> rusqlite::Result<()> {
    let sql = "UPDATE run SET profile = ?2 WHERE id = ?1";
    conn.execute(sql, params![run.0, profile.name()]).map(drop)
}

pub(super) fn note_filter(conn: &Connection, run: RunId, filter: &str) -> rusqlite::Result<()> {
    // A blank one lets everything pass.
    let sql = "UPDATE run SET filter = nullif(?2, '') WHERE id = ?1";
    conn.execute(sql, params![run.0, normal(filter)]).map(drop)
}

/// The profile of the last run; the default where there is none, or one of a later version.
pub(super) fn profile(conn: &Connection) -> rusqlite::Result<Profile> {
    let sql = "SELECT profile FROM run ORDER BY id DESC LIMIT 1";
    let name: Option<String> = conn.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(name.as_deref().and_then(Profile::named).unwrap_or_default())
}

/// Whether `run` is there and goes on.
pub(super) fn require_open(conn: &Connection, run: RunId) -> Result<(), Fault> {
    let sql = "SELECT state FROM run WHERE id = ?1";
    let state: Option<String> = conn.query_row(sql, [run.0], |row| row.get(0)).optional()?;
    match state.as_deref() {
        Some("open") => Ok(()),
        Some(state) => Err(Fault::Missing(format!("open run {run} (it is {state})"))),
        None => Err(Fault::Missing(format!("run {run}"))),
    }
}

/// Removes the replays and keeps the captures that nobody ended.
pub(super) fn recover(conn: &Connection) -> rusqlite::Result<Recovery> {
    let open = |kind: RunKind| -> rusqlite::Result<Vec<RunId>> {
        conn.prepare("SELECT id FROM run WHERE state = 'open' AND kind = ?1 ORDER BY id")?
            .query_map([kind.name()], |row| row.get(0).map(RunId))?
            .collect()
    };
    let recovery = Recovery { removed: open(RunKind::Replay)?, kept: open(RunKind::Capture)? };
    remove(conn, &recovery.removed)?;
    for run in &recovery.kept {
        conn.execute("UPDATE run SET state = 'partial' WHERE id = ?1", [run.0])?;
        // Interfaces, and of files the one that was being read: those before it were at their end.
        conn.execute(
            "UPDATE input SET state = 'partial', \
             incomplete = coalesce(incomplete, 'the sensor ended without notice') WHERE run = ?1 \
             AND (hash IS NULL \
                  OR position = (SELECT max(position) FROM input WHERE run = ?1))",
            [run.0],
        )?;
    }
    Ok(recovery)
}

/// Removes `runs` with everything they contributed.
pub(super) fn remove(conn: &Connection, runs: &[RunId]) -> rusqlite::Result<()> {
    let mut delete = conn.prepare_cached("DELETE FROM run WHERE id = ?1")?;
    runs.iter().try_for_each(|run| delete.execute([run.0]).map(drop))
}

pub(super) fn seal(conn: &Connection, seal: &Seal<'_>) -> Result<(), Fault> {
    require_open(conn, seal.run)?;
    write_inputs(conn, seal.run, seal.inputs)?;
    let incomplete: bool = conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM input WHERE run = ?1 AND incomplete IS NOT NULL)",
        [seal.run.0],
        |row| row.get(0),
    )?;
    let partial = seal.interrupted || incomplete;
    let state = if partial { RunState::Partial } else { RunState::Sealed };
    conn.execute(
        "UPDATE run SET state = ?2, ended_ns = ?3 WHERE id = ?1",
        params![seal.run.0, state.name(), seal.ended.nanos()],
    )?;
    // Runs that found everything known already, but for the last, which has the profile: whoever
    // replays or follows a directory each night would have one for each. What tells alone that a
    // file was read to where it ends now stays.
    conn.execute(
        "DELETE FROM run WHERE id < ?1 AND state = 'sealed' \
         AND NOT EXISTS (SELECT 1 FROM input i WHERE i.run = run.id \
           AND (i.seen > 0 OR NOT EXISTS (SELECT 1 FROM input o JOIN run r ON r.id = o.run \
             WHERE o.size = i.size AND o.hash = i.hash AND o.state = i.state AND o.seen > 0 \
             AND r.state <> 'open' AND r.filter IS run.filter))) \
         AND NOT EXISTS (SELECT 1 FROM run_endpoint WHERE run_endpoint.run = run.id)",
        [seal.run.0],
    )?;
    Ok(remove(conn, seal.replaces)?)
}

/// Replaces what is known of the inputs of `run` at the places of `inputs`.
pub(super) fn write_inputs(
    conn: &Connection,
    run: RunId,
    inputs: &[InputRecord],
) -> rusqlite::Result<()> {
    let mut forget = conn.prepare_cached("DELETE FROM input WHERE run = ?1 AND position = ?2")?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO input (run, position, name, size, hash, state, incomplete, seen, bytes, \
         analysed, duplicate, filtered, dropped, cut, first_ns, last_ns, head, before, \
         interface_lost, filter_excluded, lost_before) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20, ?21)",
    )?;
    for InputRecord { account, identity, position, before } in inputs {
        forget.execute(params![run.0, position])?;
        let packets = &account.packets;
        insert.execute(params![
            run.0,
            position,
            account.name,
            identity.map(|i| int(i.size)),
            identity.map(|i| i.hash.cast_signed()),
            if account.incomplete.is_some() { "partial" } else { "complete" },
            account.incomplete,
            int(packets.seen),
            int(packets.bytes),
            int(packets.analysed),
            int(packets.duplicate),
            int(packets.filtered),
            int(packets.dropped),
            int(packets.cut),
            (!packets.span.is_never()).then(|| packets.span.first.nanos()),
            (!packets.span.is_never()).then(|| packets.span.last.nanos()),
            identity.and_then(|i| i.head).map(u64::cast_signed),
            int(before.packets),
            packets.interface_lost.map(int),
            packets.filter_excluded.map(int),
            int(before.lost),
        ])?;
        write_reasons(conn, conn.last_insert_rowid(), packets)?;
    }
    Ok(())
}

fn write_reasons(conn: &Connection, input: i64, packets: &PacketAccount) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO input_reason (input, outcome, reason, packets) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let outcomes =
        [("skipped", &packets.skipped), ("malformed", &packets.malformed), ("shed", &packets.shed)];
    for (outcome, reasons) in outcomes {
        for (reason, count) in reasons {
            insert.execute(params![input, outcome, reason, int(*count)])?;
        }
    }
    Ok(())
}
