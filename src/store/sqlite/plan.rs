//! What becomes of captures that were read before, in whole, in part or through a filter.
//!
//! A reading is a file as it was, a filter and how many of its packets were read. A new run takes
//! the place of an earlier one that read a part of what it reads, once it has come as far: flows
//! may span files, so that is done where all files of that run are read again. Where some are not,
//! the run stays and what is new is read on behind it. Only what was read through another filter
//! is counted twice, and that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rusqlite::{Connection, Row, params};

use super::columns::int;
use super::runs::RunId;
use crate::model::{InputIdentity, Passed};

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
    /// This run, which stays, read it up to here: read what is behind that.
    ReadOn(RunId, Passed),
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
pub struct Stays {
    /// What it was read with.
    pub with: RunFilter,
    /// Whether the filter at hand lets pass all that it shows.
    pub shown: bool,
    /// Inputs that it holds and that are not read again.
    pub others: Vec<String>,
    /// What it let pass is counted twice: it shows less than is asked for, or has what lies behind
    /// a beginning that was purged.
    pub twice: bool,
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
    pub(super) fn of(stored: Option<String>) -> RunFilter {
        match stored {
            None => RunFilter::None,
            Some(text) if text.is_empty() => RunFilter::Unknown,
            Some(text) => RunFilter::Text(text),
        }
    }

    /// The filter at hand; a blank one lets everything pass.
    pub(super) fn at_hand(filter: Option<&str>) -> RunFilter {
        RunFilter::of(filter.map(normal).filter(|text| !text.is_empty()))
    }

    /// Whether a reading with it shows all that one with `other` shows.
    pub(super) fn covers(&self, other: &RunFilter) -> bool {
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
    /// Nothing is replaced: what an earlier run has stays, whatever becomes of it.
    pub only_reads_on: bool,
}

/// The identity in three columns of `row` from `first` on.
pub(super) fn identity_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<InputIdentity>> {
    let (size, hash): (Option<i64>, Option<i64>) = (row.get(first)?, row.get(first + 1)?);
    let head: Option<i64> = row.get(first + 2)?;
    Ok(size.zip(hash).map(|(size, hash)| InputIdentity {
        size: u64::try_from(size).unwrap_or(0),
        hash: hash.cast_unsigned(),
        head: head.map(i64::cast_unsigned),
    }))
}

pub(super) fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// What tells a file from others; heads were not always kept.
type Key = (u64, u64);

fn key(identity: &InputIdentity) -> Key {
    (identity.size, identity.hash)
}

/// What is known of one input.
struct Known {
    run: RunId,
    /// All that is asked for now was read, from the beginning on.
    whole: bool,
    /// Its end was read, so that the run and those before it have all of it.
    ended: bool,
    /// Which of its packets were read; `None` where that was through a filter which kept out what
    /// is asked for now.
    read: Option<Range<u64>>,
    /// How many more were counted as lost, by the run and those before it.
    lost: u64,
    /// The run was stopped between two files, or has no end but the one it is given: more files
    /// may belong to it.
    unfinished: bool,
}

impl Known {
    /// Whether it has packets, and not the one that follows the first `begun`.
    fn is_behind(&self, begun: u64) -> bool {
        self.read.as_ref().is_some_and(|read| read.start > begun && !read.is_empty())
    }
}

/// What is read now, and what is known of it.
#[derive(Default)]
struct Named {
    /// By what it is and by what it was.
    inputs: BTreeMap<Key, InputIdentity>,
    known: BTreeMap<Key, Vec<Known>>,
    /// How many there are, pipes among them.
    count: usize,
}

impl Named {
    fn new(
        conn: &Connection,
        identities: &[Option<InputIdentity>],
        (earlier, filter): (&Earlier, &RunFilter),
    ) -> rusqlite::Result<Named> {
        let pipes = identities.iter().filter(|identity| identity.is_none()).count();
        let mut named = Named { count: pipes, ..Named::default() };
        for identity in identities.iter().flatten() {
            let other = named.inputs.insert(key(identity), *identity);
            if other.is_some_and(|other| other.is(identity)) {
                continue;
            }
            named.count += 1;
            let mut rows = known_as(conn, identity, filter)?;
            for beginning in earlier.grown.get(identity).into_iter().flatten() {
                let of_beginning = known_as(conn, beginning, filter)?.into_iter();
                rows.extend(of_beginning.map(|row| Known { whole: false, ended: false, ..row }));
                // What is named for itself stays that.
                named.inputs.entry(key(beginning)).or_insert(*identity);
            }
            named.known.insert(key(identity), rows);
        }
        Ok(named)
    }

    fn of(&self, identity: &InputIdentity) -> &[Known] {
        self.known.get(&key(identity)).map_or(&[][..], Vec::as_slice)
    }

    /// Runs that hold a part of what is read now, with those that go where that one goes.
    fn parts(&self) -> BTreeMap<RunId, BTreeSet<RunId>> {
        let mut ended_in: BTreeMap<RunId, usize> = BTreeMap::new();
        for row in self.known.values().flatten().filter(|row| row.ended) {
            *ended_in.entry(row.run).or_default() += 1;
        }
        // A run that was stopped between two files has read each of its own to the end, and flows
        // that go on in the next are cut there.
        let is_joined =
            |row: &Known| row.unfinished && ended_in.get(&row.run).is_none_or(|n| *n < self.count);
        let mut parts: BTreeMap<RunId, BTreeSet<RunId>> = BTreeMap::new();
        for rows in self.known.values() {
            for row in rows {
                if !row.ended {
                    // What was read beside it meanwhile is read with it.
                    let beside = rows.iter().filter(|row| row.whole).map(|row| row.run);
                    parts.entry(row.run).or_default().extend(beside);
                } else if is_joined(row) {
                    parts.entry(row.run).or_default().extend(ended_in.keys());
                }
            }
        }
        parts
    }

    /// Runs that read on behind what no run has any more, or one of `replaced`.
    fn continued<'a>(&'a self, replaced: &'a Replacing) -> impl Iterator<Item = RunId> + 'a {
        self.known.values().flat_map(move |rows| {
            let (begun, _) = unbroken(rows, replaced);
            rows.iter().filter(move |row| row.is_behind(begun)).map(|row| row.run)
        })
    }

    /// Runs that found nothing new behind what no run has any more: they say nothing then.
    fn idle<'a>(&'a self, replaced: &'a Replacing) -> impl Iterator<Item = RunId> + 'a {
        let has_some = |row: &Known| row.read.as_ref().is_none_or(|read| !read.is_empty());
        let busy: BTreeSet<RunId> =
            self.known.values().flatten().filter(|row| has_some(row)).map(|row| row.run).collect();
        let idle = self.known.values().flat_map(move |rows| {
            let (begun, _) = unbroken(rows, replaced);
            let is_behind = move |read: &Range<u64>| read.start > begun;
            rows.iter().filter(move |row| row.read.as_ref().is_some_and(is_behind))
        });
        idle.map(|row| row.run).filter(move |run| !busy.contains(run))
    }

    /// Runs of `replaced` on which others build that stay.
    fn built_on<'a>(&'a self, replaced: &'a Replacing) -> impl Iterator<Item = RunId> + 'a {
        self.known.values().flat_map(move |rows| {
            let (begun, _) = unbroken(rows, replaced);
            let stays = |row: &&Known| !replaced.contains_key(&row.run);
            let loose = rows.iter().filter(stays).filter(move |row| row.is_behind(begun));
            let loose = loose.filter_map(|row| Some(row.read.as_ref()?.start)).max();
            let below = move |row: &&Known| {
                let read = row.read.as_ref();
                replaced.contains_key(&row.run)
                    && read.zip(loose).is_some_and(|(read, loose)| read.start < loose)
            };
            rows.iter().filter(below).map(|row| row.run)
        })
    }
}

/// How many packets from the first on those of `rows` have that are not replaced, and the run that
/// has the last of them.
fn unbroken(rows: &[Known], replaced: &Replacing) -> (u64, Option<RunId>) {
    let (mut begun, mut last) = (0, None);
    let stays = |row: &&Known| !replaced.contains_key(&row.run);
    let next = |begun: u64| {
        let reads = rows.iter().filter(stays).filter_map(|row| Some((row.run, row.read.as_ref()?)));
        reads.filter(|(_, read)| read.start <= begun && read.end > begun).max_by_key(|(_, r)| r.end)
    };
    while let Some((run, read)) = next(begun) {
        (begun, last) = (read.end, Some(run));
    }
    (begun, last)
}

/// Runs that go, with what has to be read again for it.
type Replacing = BTreeMap<RunId, Vec<(InputIdentity, u64)>>;

pub(super) fn plan(
    conn: &Connection,
    identities: &[Option<InputIdentity>],
    earlier: &Earlier,
) -> rusqlite::Result<Plan> {
    let filter = RunFilter::at_hand(earlier.filter.as_deref());
    let named = Named::new(conn, identities, (earlier, &filter))?;
    let mut plan = Plan::default();
    let mut replaces = Replacing::new();
    if !earlier.only_reads_on {
        let mut beside = BTreeSet::new();
        for (run, with) in named.parts() {
            match replaced(conn, run, &filter, &named.inputs)? {
                Err(stays) => plan.kept.push((run, stays)),
                Ok(holds) => {
                    replaces.insert(run, holds);
                    beside.extend(with);
                }
            }
        }
        let continued: BTreeSet<RunId> = named.continued(&replaces).collect();
        beside.extend(named.idle(&replaces));
        for run in beside.union(&continued) {
            match replaced(conn, *run, &filter, &named.inputs)? {
                Ok(holds) => drop(replaces.insert(*run, holds)),
                Err(stays) if continued.contains(run) => plan.kept.push((*run, stays)),
                Err(_) => {}
            }
        }
        plan.kept.sort_by_key(|(run, _)| *run);
        plan.kept.dedup_by_key(|(run, _)| *run);
        // What stays needs what it was read behind: each turn leaves fewer that go.
        loop {
            let stay: Vec<RunId> = named.built_on(&replaces).collect();
            if stay.is_empty() {
                break;
            }
            stay.iter().for_each(|run| drop(replaces.remove(run)));
        }
    }
    plan.inputs = decided(identities, &named, &replaces);
    let read: BTreeSet<Key> = identities
        .iter()
        .zip(&plan.inputs)
        .filter(|(_, plan)| !matches!(plan, InputPlan::Skip(_) | InputPlan::Twice(_)))
        .filter_map(|(identity, _)| identity.as_ref().map(key))
        .collect();
    // Of what is not read, nothing has to be told.
    let is_read = |run: RunId| {
        read.iter().filter_map(|key| named.known.get(key)).flatten().any(|row| row.run == run)
    };
    for (run, stays) in &mut plan.kept {
        stays.twice |= named.known.values().any(|rows| {
            let (begun, _) = unbroken(rows, &replaces);
            rows.iter().any(|row| row.run == *run && row.is_behind(begun))
        });
    }
    // Behind what shows all that is asked for, one reads on.
    plan.kept.retain(|(run, stays)| is_read(*run) && (stays.twice || !stays.others.is_empty()));
    for (run, mut holds) in replaces {
        // What another run has all of need not be read again to be there.
        holds.retain(|(identity, _)| read.contains(&key(identity)));
        plan.replaces.push(Replaced { run, holds });
    }
    Ok(plan)
}

fn decided(
    identities: &[Option<InputIdentity>],
    named: &Named,
    replaces: &Replacing,
) -> Vec<InputPlan> {
    let mut first: BTreeMap<Key, usize> = BTreeMap::new();
    let decide = |(place, identity): (usize, &Option<InputIdentity>)| {
        let Some(identity) = identity else { return InputPlan::Read };
        if let Some(earlier) = first.get(&key(identity)) {
            return InputPlan::Twice(*earlier);
        }
        first.insert(key(identity), place);
        let rows = named.of(identity);
        let stays = |row: &&Known| !replaces.contains_key(&row.run);
        let (begun, last) = unbroken(rows, replaces);
        let whole =
            |row: &&Known| row.ended && row.read.as_ref().is_some_and(|read| read.start <= begun);
        if let Some(complete) = rows.iter().filter(stays).find(whole) {
            return InputPlan::Skip(complete.run);
        }
        if let Some(run) = last {
            let ends_there = |row: &&Known| row.read.as_ref().is_some_and(|read| read.end == begun);
            let lost = rows.iter().filter(stays).filter(ends_there).map(|row| row.lost).max();
            let passed = Passed { packets: begun, lost: lost.unwrap_or(0) };
            return InputPlan::ReadOn(run, passed);
        }
        let replaced = rows.iter().find(|row| !stays(row));
        replaced.map_or(InputPlan::Read, |row| InputPlan::Replace(row.run))
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
        "SELECT i.run, i.state = 'complete', i.before, i.before + i.seen - i.dropped, r.filter, \
         r.kind = 'capture' OR r.state = 'partial' AND NOT EXISTS \
           (SELECT 1 FROM input p WHERE p.run = r.id AND p.state = 'partial'), \
           i.lost_before + i.dropped \
         FROM input i JOIN run r ON r.id = i.run \
         WHERE i.size = ?1 AND i.hash = ?2 AND r.state <> 'open' ORDER BY i.run",
    )?
    .query_map(params![int(identity.size), identity.hash.cast_signed()], |row| {
        let covers = RunFilter::of(row.get(4)?).covers(filter);
        let ended = covers && row.get(1)?;
        let read: Range<i64> = row.get(2)?..row.get(3)?;
        let read = number(read.start)..number(read.end);
        Ok(Known {
            run: RunId(row.get(0)?),
            whole: ended && read.start == 0,
            ended,
            read: covers.then_some(read),
            lost: number(row.get(6)?),
            unfinished: row.get(5)?,
        })
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
    let (mut holds, mut others) = (Vec::new(), BTreeSet::new());
    let mut select = conn.prepare_cached(
        "SELECT size, hash, head, before + seen - dropped, name FROM input WHERE run = ?1",
    )?;
    let mut rows = select.query([run.0])?;
    while let Some(row) = rows.next()? {
        let now = identity_at(row, 0)?.and_then(|identity| named.get(&key(&identity)));
        match now {
            Some(now) => holds.push((*now, number(row.get(3)?))),
            // Nothing was read of it: it was a header, or less.
            None if row.get::<_, i64>(3)? <= 0 => {}
            None => {
                others.insert(row.get(4)?);
            }
        }
    }
    let shown = filter.covers(&with);
    if others.is_empty() && shown {
        return Ok(Ok(holds));
    }
    let twice = !with.covers(filter);
    Ok(Err(Stays { with, shown, others: others.into_iter().collect(), twice }))
}
