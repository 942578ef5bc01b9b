//! What becomes of captures that were read before, in whole, in part or through a filter.
//!
//! A reading is a file as it was, a filter and how many of its packets were read. What a new
//! reading shows all of, it replaces, once it has come as far; what shows all of a new reading
//! makes it needless. Whatever else both show is counted twice, and that is told.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params};

use super::columns::int;
use super::runs::RunId;
use crate::model::InputIdentity;

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

/// A run that another takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Which run.
    pub run: RunId,
    /// How many packets of which inputs it holds: before as many are read again, it stays.
    pub holds: Vec<(InputIdentity, u64)>,
}

/// Why a run stays although a part of what it holds is read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// It holds other inputs, which are not read again.
    Others(Vec<String>),
    /// It was read without the filter at hand, or with another.
    Filter(RunFilter),
}

/// What a run was read with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunFilter {
    /// Everything was read.
    None,
    /// Only what passes this one.
    Text(String),
    /// One that was not kept: the run is of an earlier version.
    Unknown,
}

impl RunFilter {
    fn of(stored: Option<String>) -> RunFilter {
        match stored {
            None => RunFilter::None,
            Some(text) if text.is_empty() => RunFilter::Unknown,
            Some(text) => RunFilter::Text(text),
        }
    }

    /// The filter at hand; a blank one lets everything pass.
    fn at_hand(filter: Option<&str>) -> RunFilter {
        RunFilter::of(filter.map(normal).filter(|text| !text.is_empty()))
    }

    /// Whether a reading with it shows all that one with `other` shows.
    fn covers(&self, other: &RunFilter) -> bool {
        match (self, other) {
            (RunFilter::None, _) => true,
            (RunFilter::Text(mine), RunFilter::Text(other)) => mine == other,
            _ => false,
        }
    }
}

/// A filter as it is kept: without what says nothing.
pub(super) fn normal(filter: &str) -> String {
    filter.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to do with the inputs of a replay. A flow may span the files of a run, so contributions
/// are kept per run: a file that was read in part takes the whole earlier run with it, where all
/// files of that run are read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One per input, in the given order.
    pub inputs: Vec<InputPlan>,
    /// Runs that go once the new one is read.
    pub replaces: Vec<Replaced>,
    /// Runs that hold a part of what is read now and stay.
    pub kept: Vec<(RunId, Stays)>,
}

/// What of earlier runs is read again.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// By a file that has grown: what it was when it was read before.
    pub grown: BTreeMap<InputIdentity, Vec<InputIdentity>>,
    /// The filter that is read through now.
    pub filter: Option<String>,
}

/// How far a file was read, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which run read it.
    pub run: RunId,
    /// Which file it was.
    pub identity: InputIdentity,
    /// How many of its packets were read, by that run and those before it.
    pub packets: u64,
    /// Whether that was all that the filter at hand lets pass.
    pub shows_all: bool,
}

/// States of files that begin alike which are looked at.
const BEGINNINGS_MAX: u32 = 1024;

/// Readings that a run which follows a directory remembers.
const READINGS_MAX: u32 = 65_536;

/// What was read before and may be the beginning of `now`, called `name`, the last first: files
/// that begin alike, and of earlier versions those of that name in whatever folder.
pub(super) fn beginnings(
    conn: &Connection,
    now: &InputIdentity,
    name: &str,
) -> rusqlite::Result<Vec<InputIdentity>> {
    conn.prepare_cached(
        "SELECT i.size, i.hash, i.head FROM input i JOIN run r ON r.id = i.run \
         WHERE r.state <> 'open' AND i.hash IS NOT NULL AND i.seen > 0 AND i.size < ?2 \
         AND (i.head = ?1 OR (i.head IS NULL \
              AND (i.name = ?3 OR substr(i.name, -length(?3) - 1) = '/' || ?3))) \
         GROUP BY i.size, i.hash, i.head ORDER BY max(i.run) DESC LIMIT ?4",
    )?
    .query_map(
        params![now.head.map(u64::cast_signed), int(now.size), name, BEGINNINGS_MAX],
        |row| identity_at(row, 0),
    )?
    .filter_map(Result::transpose)
    .collect()
}

/// What was read of which files, so that whoever follows a directory through `filter` reads on
/// behind it; the last first.
pub(super) fn readings(conn: &Connection, filter: Option<&str>) -> rusqlite::Result<Vec<Reading>> {
    let now = RunFilter::at_hand(filter);
    let mut readings = Vec::new();
    let mut select = conn.prepare(
        "SELECT i.size, i.hash, i.head, i.run, i.before + i.seen - i.dropped, r.filter \
         FROM input i JOIN run r ON r.id = i.run \
         WHERE r.state <> 'open' AND i.hash IS NOT NULL AND i.seen > 0 \
         ORDER BY i.run DESC LIMIT ?1",
    )?;
    let mut rows = select.query([READINGS_MAX])?;
    while let Some(row) = rows.next()? {
        let Some(identity) = identity_at(row, 0)? else { continue };
        let packets = u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
        let shows_all = RunFilter::of(row.get(5)?).covers(&now);
        readings.push(Reading { run: RunId(row.get(3)?), identity, packets, shows_all });
    }
    Ok(readings)
}

/// The identity in three columns of `row` from `first` on.
fn identity_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<InputIdentity>> {
    let (size, hash): (Option<i64>, Option<i64>) = (row.get(first)?, row.get(first + 1)?);
    let head: Option<i64> = row.get(first + 2)?;
    Ok(size.zip(hash).map(|(size, hash)| InputIdentity {
        size: u64::try_from(size).unwrap_or(0),
        hash: hash.cast_unsigned(),
        head: head.map(i64::cast_unsigned),
    }))
}

/// What tells a file from others; heads were not always kept.
type Key = (u64, u64);

fn key(identity: &InputIdentity) -> Key {
    (identity.size, identity.hash)
}

/// What is known of one input.
struct Known {
    run: RunId,
    /// All that is asked for now was read.
    whole: bool,
}

pub(super) fn plan(
    conn: &Connection,
    identities: &[Option<InputIdentity>],
    earlier: &Earlier,
) -> rusqlite::Result<Plan> {
    let filter = RunFilter::at_hand(earlier.filter.as_deref());
    let mut known: BTreeMap<Key, Vec<Known>> = BTreeMap::new();
    // What is read now, by what it is and by what it was.
    let mut named: BTreeMap<Key, InputIdentity> = BTreeMap::new();
    // Runs that hold a part of what is read now, and those that hold all of it beside them.
    let mut parts: BTreeMap<RunId, Vec<RunId>> = BTreeMap::new();
    for identity in identities.iter().flatten() {
        if named.insert(key(identity), *identity).is_some_and(|other| other.is(identity)) {
            continue;
        }
        let mut rows = known_as(conn, identity, &filter)?;
        let whole: Vec<RunId> = rows.iter().filter(|k| k.whole).map(|k| k.run).collect();
        for beginning in earlier.grown.get(identity).into_iter().flatten() {
            let mut of_beginning = known_as(conn, beginning, &filter)?;
            of_beginning.iter_mut().for_each(|row| row.whole = false);
            rows.extend(of_beginning);
            // What is named for itself stays that.
            named.entry(key(beginning)).or_insert(*identity);
        }
        for part in rows.iter().filter(|k| !k.whole) {
            parts.entry(part.run).or_default().extend(&whole);
        }
        known.insert(key(identity), rows);
    }
    let mut plan = Plan::default();
    let mut replaces = BTreeMap::new();
    for (run, whole) in parts {
        match replaced(conn, run, &filter, &named)? {
            Err(stays) => plan.kept.push((run, stays)),
            Ok(holds) => {
                replaces.insert(run, holds);
                // What was read beside it meanwhile is read with it.
                for run in whole {
                    if let Ok(holds) = replaced(conn, run, &filter, &named)? {
                        replaces.insert(run, holds);
                    }
                }
            }
        }
    }
    plan.inputs = decided(identities, &known, &replaces);
    // Where nothing of it is read now, nothing more is counted twice.
    let is_read_of = |run: RunId, identity: &InputIdentity| {
        let rows = known.get(&key(identity)).into_iter().flatten();
        rows.clone().any(|k| k.run == run && !k.whole)
    };
    let read = || {
        let read = identities
            .iter()
            .zip(&plan.inputs)
            .filter(|(_, plan)| matches!(plan, InputPlan::Read | InputPlan::Replace(_)));
        read.filter_map(|(identity, _)| identity.as_ref())
    };
    plan.kept.retain(|(run, _)| read().any(|identity| is_read_of(*run, identity)));
    plan.replaces = replaces.into_iter().map(|(run, holds)| Replaced { run, holds }).collect();
    Ok(plan)
}

fn decided(
    identities: &[Option<InputIdentity>],
    known: &BTreeMap<Key, Vec<Known>>,
    replaces: &BTreeMap<RunId, Vec<(InputIdentity, u64)>>,
) -> Vec<InputPlan> {
    let mut first: BTreeMap<Key, usize> = BTreeMap::new();
    let decide = |(place, identity): (usize, &Option<InputIdentity>)| {
        let Some(identity) = identity else { return InputPlan::Read };
        if let Some(earlier) = first.get(&key(identity)) {
            return InputPlan::Twice(*earlier);
        }
        first.insert(key(identity), place);
        let rows = known.get(&key(identity)).map_or(&[][..], Vec::as_slice);
        let stays = |k: &&Known| !replaces.contains_key(&k.run);
        if let Some(complete) = rows.iter().find(|k| k.whole && stays(k)) {
            return InputPlan::Skip(complete.run);
        }
        let replaced = rows.iter().find(|k| !stays(k));
        replaced.map_or(InputPlan::Read, |k| InputPlan::Replace(k.run))
    };
    identities.iter().enumerate().map(decide).collect()
}

/// The readings of `identity`, seen from one with `filter`.
fn known_as(
    conn: &Connection,
    identity: &InputIdentity,
    filter: &RunFilter,
) -> rusqlite::Result<Vec<Known>> {
    conn.prepare_cached(
        "SELECT i.run, i.state = 'partial' OR i.before > 0, r.filter \
         FROM input i JOIN run r ON r.id = i.run \
         WHERE i.size = ?1 AND i.hash = ?2 AND r.state <> 'open' ORDER BY i.run",
    )?
    .query_map(params![int(identity.size), identity.hash.cast_signed()], |row| {
        let (partial, with): (bool, Option<String>) = (row.get(1)?, row.get(2)?);
        let whole = !partial && RunFilter::of(with).covers(filter);
        Ok(Known { run: RunId(row.get(0)?), whole })
    })?
    .collect()
}

/// How far what is read now has to come to take the place of `run`; why it does not where it
/// cannot.
fn replaced(
    conn: &Connection,
    run: RunId,
    filter: &RunFilter,
    named: &BTreeMap<Key, InputIdentity>,
) -> rusqlite::Result<Result<Vec<(InputIdentity, u64)>, Stays>> {
    let with = conn
        .prepare_cached("SELECT filter FROM run WHERE id = ?1")?
        .query_row([run.0], |row| row.get(0).map(RunFilter::of))?;
    if !filter.covers(&with) {
        return Ok(Err(Stays::Filter(with)));
    }
    let (mut holds, mut others) = (Vec::new(), BTreeSet::new());
    let mut select = conn.prepare_cached(
        "SELECT size, hash, head, before + seen - dropped, name FROM input WHERE run = ?1",
    )?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let now = identity_at(row, 0)?.and_then(|identity| named.get(&key(&identity)));
        match now {
            Some(now) => holds.push((*now, u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0))),
            None => {
                others.insert(row.get(4)?);
            }
        }
    }
    Ok(if others.is_empty() { Ok(holds) } else { Err(Stays::Others(others.into_iter().collect())) })
}
