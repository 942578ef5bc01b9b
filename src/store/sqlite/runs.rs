//! Runs and their inputs: what was read, how far, and what replaces what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::int;
use crate::base::Timestamp;
use crate::detect::Profile;
use crate::inventory::{Inventory, Rollup};
use crate::model::InputIdentity;
use crate::model::{InputAccount, PacketAccount};
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
    /// Earlier runs whose contribution this one replaces: [`Plan::replaces`].
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

/// What to do with one input of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputPlan {
    /// Not known: read it.
    Read,
    /// Known in part, or part of a run that must be replaced: read it; that run goes when the new
    /// one is sealed.
    Replace(RunId),
    /// This run read it to the end: skip it, unless it is to be counted again.
    Skip(RunId),
    /// The same file as the input at this place of the list.
    Twice(usize),
}

/// What to do with the inputs of a replay. A flow may span the files of a run, so contributions
/// are kept per run: a file that was read in part takes the whole earlier run with it, where all
/// files of that run are read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One per input, in the given order.
    pub inputs: Vec<InputPlan>,
    /// Runs to hand to [`Seal::replaces`].
    pub replaces: Vec<RunId>,
    /// Runs that have read a part of what is read now and stay, as they hold more: the names of
    /// inputs that are not read again, none where a filter leaves packets out.
    pub kept: Vec<(RunId, Vec<String>)>,
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
        conn.execute(
            "UPDATE input SET state = 'partial', \
             incomplete = coalesce(incomplete, 'the sensor ended without notice') WHERE run = ?1",
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
         analysed, duplicate, filtered, dropped, cut, first_ns, last_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    for InputRecord { account, identity, position } in inputs {
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

/// States of a file that grows which are looked at.
const READ_AS_MAX: u32 = 16;

/// What is known of one input.
struct Known {
    run: RunId,
    partial: bool,
}

/// What was read before of files called `name`, in whatever folder, the last first: one of them may
/// have grown since.
pub(super) fn read_as(conn: &Connection, name: &str) -> rusqlite::Result<Vec<InputIdentity>> {
    conn.prepare_cached(
        "SELECT i.size, i.hash FROM input i JOIN run r ON r.id = i.run \
         WHERE (i.name = ?1 OR substr(i.name, -length(?1) - 1) = '/' || ?1) \
         AND r.state <> 'open' AND i.size IS NOT NULL AND i.hash IS NOT NULL AND i.seen > 0 \
         ORDER BY i.run DESC LIMIT ?2",
    )?
    .query_map(params![name, READ_AS_MAX], |row| {
        let (size, hash): (i64, i64) = (row.get(0)?, row.get(1)?);
        let size = u64::try_from(size).unwrap_or(0);
        Ok(InputIdentity { size, hash: hash.cast_unsigned() })
    })?
    .collect()
}

/// What of earlier runs is read again.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// By a file that has grown: what it was when it was read before.
    pub grown: BTreeMap<InputIdentity, Vec<InputIdentity>>,
    /// Whether a filter leaves packets out: no run that left none out can be replaced.
    pub filtered: bool,
}

pub(super) fn plan(
    conn: &Connection,
    identities: &[Option<InputIdentity>],
    earlier: &Earlier,
) -> rusqlite::Result<Plan> {
    let mut known: BTreeMap<InputIdentity, Vec<Known>> = BTreeMap::new();
    let mut named: BTreeSet<InputIdentity> = identities.iter().flatten().copied().collect();
    // Runs that hold a part of what is read now, and those that hold all of it beside them.
    let mut parts: BTreeMap<RunId, Vec<RunId>> = BTreeMap::new();
    for identity in named.clone() {
        let mut rows = known_as(conn, &identity)?;
        let whole: Vec<RunId> = rows.iter().filter(|k| !k.partial).map(|k| k.run).collect();
        for beginning in earlier.grown.get(&identity).into_iter().flatten() {
            let mut of_beginning = known_as(conn, beginning)?;
            of_beginning.iter_mut().for_each(|row| row.partial = true);
            rows.extend(of_beginning);
            named.insert(*beginning);
        }
        for part in rows.iter().filter(|k| k.partial) {
            parts.entry(part.run).or_default().extend(&whole);
        }
        known.insert(identity, rows);
    }
    let mut plan = Plan::default();
    let mut replaces = BTreeSet::new();
    for (run, whole) in parts {
        let others = unnamed(conn, run, &named)?;
        let holds_more = earlier.filtered && !was_filtered(conn, run)?;
        if holds_more || !others.is_empty() {
            plan.kept.push((run, if holds_more { Vec::new() } else { others }));
            continue;
        }
        replaces.insert(run);
        // What was read beside it meanwhile is read with it.
        for run in whole {
            if unnamed(conn, run, &named)?.is_empty() {
                replaces.insert(run);
            }
        }
    }
    let mut first: BTreeMap<InputIdentity, usize> = BTreeMap::new();
    for (place, identity) in identities.iter().enumerate() {
        plan.inputs.push(match identity {
            None => InputPlan::Read,
            Some(identity) => match first.get(identity) {
                Some(earlier) => InputPlan::Twice(*earlier),
                None => {
                    first.insert(*identity, place);
                    let rows = known.get(identity).map_or(&[][..], Vec::as_slice);
                    decide(rows, &replaces)
                }
            },
        });
    }
    plan.replaces = replaces.into_iter().collect();
    Ok(plan)
}

fn decide(known: &[Known], replaces: &BTreeSet<RunId>) -> InputPlan {
    if let Some(complete) = known.iter().find(|k| !k.partial && !replaces.contains(&k.run)) {
        return InputPlan::Skip(complete.run);
    }
    let replaced = known.iter().find(|k| replaces.contains(&k.run));
    replaced.map_or(InputPlan::Read, |k| InputPlan::Replace(k.run))
}

fn known_as(conn: &Connection, identity: &InputIdentity) -> rusqlite::Result<Vec<Known>> {
    conn.prepare_cached(
        "SELECT i.run, i.state = 'partial' FROM input i JOIN run r ON r.id = i.run \
         WHERE i.size = ?1 AND i.hash = ?2 AND r.state <> 'open' ORDER BY i.run",
    )?
    .query_map(params![int(identity.size), identity.hash.cast_signed()], |row| {
        Ok(Known { run: RunId(row.get(0)?), partial: row.get(1)? })
    })?
    .collect()
}

/// Whether `run` left packets out by a filter.
fn was_filtered(conn: &Connection, run: RunId) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM input WHERE run = ?1 AND filtered > 0)")?
        .query_row([run.0], |row| row.get(0))
}

/// Inputs of `run` which nobody named.
fn unnamed(
    conn: &Connection,
    run: RunId,
    named: &BTreeSet<InputIdentity>,
) -> rusqlite::Result<Vec<String>> {
    let mut others = BTreeSet::new();
    let mut select = conn.prepare_cached("SELECT name, size, hash FROM input WHERE run = ?1")?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let (size, hash): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(2)?);
        let identity = size.zip(hash).map(|(size, hash)| InputIdentity {
            size: u64::try_from(size).unwrap_or(0),
            hash: hash.cast_unsigned(),
        });
        if identity.is_none_or(|identity| !named.contains(&identity)) {
            others.insert(row.get(0)?);
        }
    }
    Ok(others.into_iter().collect())
}
