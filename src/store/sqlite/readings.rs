//! What was read of which files, told by what they were then.

use rusqlite::{Connection, params};

use super::columns::int;
use super::plan::{RunFilter, identity_at, number};
use super::runs::RunId;
use crate::model::{InputIdentity, Passed};

/// How far a file was read, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which run read it.
    pub run: RunId,
    /// Which file it was.
    pub identity: InputIdentity,
    /// What was read of it, by that run and those before it.
    pub read: Passed,
    /// Whether that was all that the filter at hand lets pass.
    pub shows_all: bool,
}

/// States of files that begin alike which are looked at.
const BEGINNINGS_MAX: u32 = 1024;

/// Files of fewer bytes have no head in any version: they are compared whole.
const SMALL_BYTES: u32 = 8192;

/// Readings that a run which follows a directory remembers.
const READINGS_MAX: u32 = 65_536;

/// What was read before and may be the beginning of `now`, called `name`, the last first: files
/// that begin alike or are too short to tell, and of earlier versions those of that name in
/// whatever folder.
pub(super) fn beginnings(
    conn: &Connection,
    now: &InputIdentity,
    name: &str,
) -> rusqlite::Result<Vec<InputIdentity>> {
    conn.prepare_cached(
        "SELECT i.size, i.hash, i.head FROM input i JOIN run r ON r.id = i.run \
         WHERE r.state <> 'open' AND i.hash IS NOT NULL AND i.before + i.seen > 0 AND i.size < ?2 \
         AND (i.head = ?1 OR (i.head IS NULL AND (i.size < ?5 \
              OR i.name = ?3 OR substr(i.name, -length(?3) - 1) = '/' || ?3))) \
         GROUP BY i.size, i.hash, i.head ORDER BY max(i.run) DESC LIMIT ?4",
    )?
    .query_map(
        params![now.head.map(u64::cast_signed), int(now.size), name, BEGINNINGS_MAX, SMALL_BYTES,],
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
        "SELECT i.size, i.hash, i.head, i.run, i.before + i.seen - i.dropped, r.filter, \
           i.lost_before + i.dropped \
         FROM input i JOIN run r ON r.id = i.run \
         WHERE r.state <> 'open' AND i.hash IS NOT NULL AND i.before + i.seen > 0 \
         ORDER BY i.run DESC LIMIT ?1",
    )?;
    let mut rows = select.query([READINGS_MAX])?;
    while let Some(row) = rows.next()? {
        let Some(identity) = identity_at(row, 0)? else { continue };
        let read = Passed { packets: number(row.get(4)?), lost: number(row.get(6)?) };
        let shows_all = RunFilter::of(row.get(5)?).covers(&now);
        readings.push(Reading { run: RunId(row.get(3)?), identity, read, shows_all });
    }
    Ok(readings)
}
