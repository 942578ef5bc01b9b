//! What people say of fields. The inventory is made anew with every run; marks stay, and so does
//! every mark there ever was.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::columns::{text, time, word};
use super::open::open_to_triage;
use crate::base::Timestamp;
use crate::base::limits::MARKS_MAX;
use crate::inventory::{Mark, MarkVerdict, MarkedPlace, Marks};
use crate::model::Location;
use crate::store::error::{Fault, StoreError};
use crate::store::words::{direction_name, direction_named, location_named};

/// What is to be done about a mark.
#[derive(Clone, Debug)]
pub enum MarkChange {
    /// It stands from now on.
    Set(Mark),
    /// The same, unless a later one stands.
    SetUnlessLater(Mark),
    /// Nothing is said any more of this place and class; the verdict of the mark is of no matter.
    Withdraw(Mark),
}

/// What became of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarksChanged {
    /// Marks that were not there.
    pub new: u64,
    /// Marks that stand in place of another of the same place and class.
    pub replaced: u64,
    /// Marks that are there just so.
    pub unchanged: u64,
    /// Marks that were left out for a later one.
    pub older: u64,
    /// Marks that were withdrawn.
    pub withdrawn: u64,
    /// Withdrawals of marks that are not there.
    pub missing: u64,
}

/// A mark as it was once set, or its withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastMark {
    /// Where, of which class, by whom, why and when.
    pub mark: Mark,
    /// Whether it is a withdrawal; the verdict of `mark` is then of no matter.
    pub withdrawn: bool,
    /// Whether it is the last word about its place and class, and no withdrawal.
    pub in_force: bool,
}

/// Stores marks beside a sensor that is writing, which applies them with what it publishes next.
#[derive(Debug)]
pub struct Marker {
    conn: Connection,
    path: PathBuf,
}

impl Marker {
    /// Opens the database at `path`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Marker { conn: open_to_triage(path)?, path: path.into() })
    }

    /// Stores all of `changes` or none.
    pub fn store(&mut self, changes: &[MarkChange]) -> Result<MarksChanged, StoreError> {
        let stored: Result<MarksChanged, Fault> = (|| {
            let behaviour = TransactionBehavior::Immediate;
            let transaction = self.conn.transaction_with_behavior(behaviour)?;
            let changed = store(&transaction, changes)?;
            transaction.commit()?;
            Ok(changed)
        })();
        stored.map_err(|fault| fault.at(&self.path))
    }
}

/// The marks in force.
pub(super) fn marks(conn: &Connection) -> Result<Marks, Fault> {
    let mut select = conn.prepare_cached("SELECT * FROM mark")?;
    let mut rows = select.query([])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        let verdict = word(row, "verdict", MarkVerdict::named)?;
        marks.push(mark(row, verdict)?);
    }
    Ok(Marks::new(marks))
}

/// Every mark there ever was, in order.
pub(super) fn past(conn: &Connection) -> Result<Vec<PastMark>, Fault> {
    const WITHDRAWN: &str = "withdrawn";
    let mut select = conn.prepare(
        "SELECT h.*, v.in_force FROM mark_history h \
         JOIN (SELECT id, id = max(id) OVER (PARTITION BY class, field, service, operation, \
               direction, location) AS in_force FROM mark_history) v ON v.id = h.id ORDER BY h.id",
    )?;
    let mut rows = select.query([])?;
    let mut past = Vec::new();
    while let Some(row) = rows.next()? {
        let withdrawn = text(row, "verdict")? == WITHDRAWN;
        let verdict = match withdrawn {
            true => MarkVerdict::IsNot,
            false => word(row, "verdict", MarkVerdict::named)?,
        };
        let last: bool = row.get("in_force")?;
        past.push(PastMark { mark: mark(row, verdict)?, withdrawn, in_force: last && !withdrawn });
    }
    Ok(past)
}

fn mark(row: &Row<'_>, verdict: MarkVerdict) -> Result<Mark, Fault> {
    let stated = |column| Ok::<_, Fault>(Some(text(row, column)?).filter(|text| !text.is_empty()));
    let direction = match stated("direction")? {
        Some(_) => Some(word(row, "direction", direction_named)?),
        None => None,
    };
    let location = match stated("location")? {
        Some(_) => Some(word(row, "location", location_named)?),
        None => None,
    };
    Ok(Mark {
        place: MarkedPlace {
            field: text(row, "field")?,
            service: stated("service")?,
            operation: stated("operation")?,
            direction,
            location,
        },
        class: text(row, "class")?.into(),
        verdict,
        reason: text(row, "reason")?,
        author: text(row, "author")?,
        set_at: time(row, "set_ns")?,
    })
}

/// Applies `changes` in order.
pub(super) fn store(conn: &Connection, changes: &[MarkChange]) -> Result<MarksChanged, Fault> {
    let mut changed = MarksChanged::default();
    for change in changes {
        match change {
            MarkChange::Set(mark) => set(conn, mark, false, &mut changed)?,
            MarkChange::SetUnlessLater(mark) => set(conn, mark, true, &mut changed)?,
            MarkChange::Withdraw(mark) => withdraw(conn, mark, &mut changed)?,
        }
    }
    let count: i64 = conn.query_row("SELECT count(*) FROM mark", [], |row| row.get(0))?;
    match usize::try_from(count) {
        Ok(count) if count > MARKS_MAX => Err(Fault::Missing(format!(
            "room for {count} marks: at most {MARKS_MAX} fit; leave out --operation or --service \
             where one mark says it for several"
        ))),
        _ => Ok(changed),
    }
}

/// The columns that tell one mark from another.
fn key(mark: &Mark) -> [&str; 6] {
    let place = &mark.place;
    [
        &mark.class,
        &place.field,
        place.service.as_deref().unwrap_or_default(),
        place.operation.as_deref().unwrap_or_default(),
        place.direction.map_or("", direction_name),
        place.location.map_or("", Location::name),
    ]
}

const KEY: &str = "(class, field, service, operation, direction, location)";

fn set(
    conn: &Connection,
    mark: &Mark,
    unless_later: bool,
    changed: &mut MarksChanged,
) -> Result<(), Fault> {
    let [class, field, service, operation, direction, location] = key(mark);
    let sql = format!(
        "SELECT verdict, reason, author, set_ns FROM mark WHERE {KEY} = (?1, ?2, ?3, ?4, ?5, ?6)"
    );
    let known: Option<(String, String, String, i64)> = conn
        .prepare_cached(&sql)?
        .query_row(key(mark), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    match &known {
        Some((verdict, reason, author, at))
            if (verdict.as_str(), reason.as_str(), author.as_str(), *at)
                == (mark.verdict.name(), &mark.reason, &mark.author, mark.set_at.nanos()) =>
        {
            changed.unchanged += 1;
            return Ok(());
        }
        Some((.., at)) if unless_later && *at > mark.set_at.nanos() => {
            changed.older += 1;
            return Ok(());
        }
        Some(_) => changed.replaced += 1,
        None => changed.new += 1,
    }
    for sql in [
        "INSERT OR REPLACE INTO mark (class, field, service, operation, direction, location, \
         verdict, reason, author, set_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        REMEMBER,
    ] {
        conn.prepare_cached(sql)?.execute(params![
            class,
            field,
            service,
            operation,
            direction,
            location,
            mark.verdict.name(),
            mark.reason,
            mark.author,
            mark.set_at.nanos(),
        ])?;
    }
    Ok(())
}

const REMEMBER: &str = "INSERT INTO mark_history (class, field, service, operation, direction, \
    location, verdict, reason, author, set_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

fn withdraw(conn: &Connection, mark: &Mark, changed: &mut MarksChanged) -> Result<(), Fault> {
    let sql = format!("DELETE FROM mark WHERE {KEY} = (?1, ?2, ?3, ?4, ?5, ?6)");
    if conn.prepare_cached(&sql)?.execute(key(mark))? == 0 {
        changed.missing += 1;
        return Ok(());
    }
    let [class, field, service, operation, direction, location] = key(mark);
    let (reason, author, at): (_, _, Timestamp) = (&mark.reason, &mark.author, mark.set_at);
    conn.prepare_cached(REMEMBER)?.execute(params![
        class,
        field,
        service,
        operation,
        direction,
        location,
        "withdrawn",
        reason,
        author,
        at.nanos(),
    ])?;
    changed.withdrawn += 1;
    Ok(())
}

/// Removes what was said of the fields of one service alone.
pub(super) fn forget(conn: &Connection, service: &str) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM mark_history WHERE service = ?1", [service])?;
    conn.execute("DELETE FROM mark WHERE service = ?1", [service]).map(drop)
}
