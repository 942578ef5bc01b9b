//! The one sensor that writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::marks::{self, MarkChange, MarksChanged};
use super::open::{BUSY_WAIT, Locked, open_to_write};
use super::plan::{self, Earlier, Plan};
use super::purge::{self, Purge, Purged};
use super::readings::{self, Reading};
use super::runs::{self, InputRecord, Loaded, Recovery, RunId, RunKind, Seal};
use super::{contribution, publish};
use crate::base::Timestamp;
use crate::detect::Profile;
use crate::inventory::{Inventory, Marks, Part, Rollup};
use crate::model::InputIdentity;
use crate::store::error::{Fault, StoreError};
use crate::store::evidence_codec::RuleNames;

/// How long closing waits for readers: a sensor that is told to stop must do so within seconds.
const CHECKPOINT_WAIT: Duration = Duration::from_millis(500);

/// A database open for writing. Only one exists per file at a time, in any process.
///
/// A replay goes: [`plan`](Writer::plan), [`begin_run`](Writer::begin_run),
/// [`load_sealed`](Writer::load_sealed) without the runs the plan replaces, read everything,
/// [`write_all`](Writer::write_all), [`seal`](Writer::seal), [`close`](Writer::close). A live
/// capture calls [`write_part`](Writer::write_part) and [`publish_part`](Writer::publish_part)
/// every now and then before it seals.
#[derive(Debug)]
pub struct Writer {
    db: Locked,
    path: PathBuf,
    names: RuleNames,
    recovery: Recovery,
}

impl Writer {
    /// Opens the database at `path` and makes it (mode 0600) where there is none or an empty
    /// file. `key_id` is that of the key in use ([`crate::base::InstallationKey::id`]). Runs
    /// that a crash left open are dealt with: see [`Writer::recovery`].
    pub fn open(path: &Path, key_id: &str, names: RuleNames) -> Result<Self, StoreError> {
        let db = open_to_write(path, key_id)?;
        let mut writer = Writer { db, path: path.into(), names, recovery: Recovery::default() };
        writer.recovery = writer.transact(|t, _| Ok(runs::recover(t)?))?;
        Ok(writer)
    }

    /// What was done about runs that a crash left open.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// What to do with the inputs of a replay, by their identities in the given order; `None` for
    /// standard input, which is always read. What `earlier` runs have read of them is replaced.
    pub fn plan(
        &self,
        inputs: &[Option<InputIdentity>],
        earlier: &Earlier,
    ) -> Result<Plan, StoreError> {
        self.told(plan::plan(&self.db.conn, inputs, earlier))
    }

    /// What was read before and may be the beginning of the file `now`, called `name`; the last
    /// first.
    pub fn beginnings(
        &self,
        now: &InputIdentity,
        name: &str,
    ) -> Result<Vec<InputIdentity>, StoreError> {
        self.told(readings::beginnings(&self.db.conn, now, name))
    }

    /// How far which files were read, seen from a reading through `filter`; the last first.
    pub fn readings(&self, filter: Option<&str>) -> Result<Vec<Reading>, StoreError> {
        self.told(readings::readings(&self.db.conn, filter))
    }

    /// Begins a run at wall time `started`.
    pub fn begin_run(&mut self, kind: RunKind, started: Timestamp) -> Result<RunId, StoreError> {
        self.transact(|t, _| Ok(runs::begin(t, kind, started)?))
    }

    /// Notes the filter that `run` is read through.
    pub fn note_filter(&mut self, run: RunId, filter: &str) -> Result<(), StoreError> {
        self.transact(|t, _| Ok(runs::note_filter(t, run, filter)?))
    }

    /// Notes by which profile fields are judged while `run` is recorded.
    pub fn note_profile(&mut self, run: RunId, profile: Profile) -> Result<(), StoreError> {
        self.transact(|t, _| Ok(runs::note_profile(t, run, profile)?))
    }

    /// The profile of the last run: by which the inventory was judged.
    pub fn profile(&self) -> Result<Profile, StoreError> {
        self.told(runs::profile(&self.db.conn))
    }

    /// What people say of fields.
    pub fn marks(&self) -> Result<Marks, StoreError> {
        self.told(marks::marks(&self.db.conn))
    }

    /// Stores all of `changes` and publishes what `assess` makes of what every run contributed and
    /// the marks then in force, or does neither.
    pub fn mark(
        &mut self,
        changes: &[MarkChange],
        assess: impl FnOnce(Vec<Loaded>, &Marks) -> Inventory,
    ) -> Result<MarksChanged, StoreError> {
        self.transact(|t, names| {
            let changed = marks::store(t, changes)?;
            let inventory = assess(load_sealed(t, names, &[])?, &marks::marks(t)?);
            publish::publish(t, &inventory)?;
            Ok(changed)
        })
    }

    /// Replaces everything that the open `run` contributed by `rollup`.
    pub fn write_all(&mut self, run: RunId, rollup: &Rollup) -> Result<(), StoreError> {
        self.transact(|t, names| {
            runs::require_open(t, run)?;
            contribution::write_all(t, run, rollup, names)
        })
    }

    /// Replaces what the open `run` contributed to `part` by what `rollup` says of it, and its
    /// anomalies. What is no longer in `rollup` is removed. `inputs` are those whose accounts have
    /// changed.
    pub fn write_part(
        &mut self,
        run: RunId,
        rollup: &Rollup,
        part: &Part,
        inputs: &[InputRecord],
    ) -> Result<(), StoreError> {
        self.transact(|t, names| {
            runs::require_open(t, run)?;
            runs::write_inputs(t, run, inputs)?;
            contribution::write_part(t, run, rollup, (part, names))
        })
    }

    /// What every ended run contributed, but those in `except`, by run.
    pub fn load_sealed(&self, except: &[RunId]) -> Result<Vec<Loaded>, StoreError> {
        self.told(load_sealed(&self.db.conn, &self.names, except))
    }

    /// Makes the public tables say what `inventory` says, between seals.
    pub fn publish(&mut self, inventory: &Inventory) -> Result<(), StoreError> {
        self.transact(|t, _| publish::publish(t, inventory))
    }

    /// The same for a part of it: `inventory` has nothing else.
    pub fn publish_part(&mut self, inventory: &Inventory, part: &Part) -> Result<(), StoreError> {
        self.transact(|t, _| publish::publish_part(t, inventory, part))
    }

    /// Ends a run: in one transaction its inputs are written, it is marked as ended, the runs it
    /// replaces are removed and the inventory is published, where it was not.
    pub fn seal(&mut self, seal: &Seal<'_>) -> Result<(), StoreError> {
        self.transact(|t, _| {
            runs::seal(t, seal)?;
            seal.inventory.map_or(Ok(()), |inventory| publish::publish(t, inventory))
        })
    }

    /// Ends a run as [`Writer::seal`] does and publishes what `parts` say together; no service is
    /// in two of them. None is held any longer than it takes to write it.
    pub fn seal_in_parts(
        &mut self,
        seal: &Seal<'_>,
        parts: impl IntoIterator<Item = Inventory>,
    ) -> Result<(), StoreError> {
        self.transact(|t, _| {
            runs::seal(t, seal)?;
            publish::publish_in_parts(t, parts)
        })
    }

    /// Gives up an open run: everything it wrote is removed.
    pub fn abandon(&mut self, run: RunId) -> Result<(), StoreError> {
        self.transact(|t, _| {
            runs::require_open(t, run)?;
            Ok(runs::remove(t, &[run])?)
        })
    }

    /// What [`Writer::purge`] would remove.
    pub fn would_purge(
        &mut self,
        what: Purge<'_>,
        assess: impl FnOnce(Vec<Loaded>, &Marks) -> Inventory,
    ) -> Result<Purged, StoreError> {
        let names = &self.names;
        let conn = &mut self.db.conn;
        let counted: Result<Purged, Fault> = (|| {
            let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let purged = purge_in(&transaction, names, what, assess)?;
            transaction.rollback()?;
            Ok(purged)
        })();
        self.told(counted)
    }

    /// Removes `what` for good and publishes what is left, which `assess` makes of what the
    /// remaining runs contributed. Removed content is overwritten in the file and in the log before
    /// this returns; where another program reads the log that fails with [`StoreError::Held`], and
    /// purging again finishes it.
    pub fn purge(
        &mut self,
        what: Purge<'_>,
        assess: impl FnOnce(Vec<Loaded>, &Marks) -> Inventory,
    ) -> Result<Purged, StoreError> {
        let purged = self.transact(|t, names| {
            let purged = purge_in(t, names, what, assess)?;
            purge::begin(t)?;
            Ok(purged)
        })?;
        self.told(self.db.conn.execute_batch("VACUUM"))?;
        if !self.told(self.checkpoint())? {
            return Err(StoreError::Held { path: self.path.clone() });
        }
        self.told(purge::end(&self.db.conn))?;
        Ok(purged)
    }

    /// Moves the log into the database and closes both, so that one file is left.
    pub fn close(self) -> Result<(), StoreError> {
        self.told(self.checkpoint())?;
        let Writer { db, path, .. } = self;
        db.conn.close().map_err(|(_, e)| Fault::from(e).at(&path))
    }

    #[cfg(test)]
    pub(super) fn conn(&self) -> &rusqlite::Connection {
        &self.db.conn
    }

    /// Whatever a reader keeps from being moved now stays in the log and is moved later. Says
    /// whether everything was moved.
    fn checkpoint(&self) -> rusqlite::Result<bool> {
        self.db.conn.busy_timeout(CHECKPOINT_WAIT)?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = self.db.conn.query_row(sql, [], |row| row.get(0))?;
        self.db.conn.busy_timeout(BUSY_WAIT)?;
        Ok(busy == 0)
    }

    fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &RuleNames) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let names = &self.names;
        let conn = &mut self.db.conn;
        let done: Result<T, Fault> = (|| {
            let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction, names)?;
            transaction.commit()?;
            Ok(value)
        })();
        self.told(done)
    }

    fn told<T>(&self, result: Result<T, impl Into<Fault>>) -> Result<T, StoreError> {
        result.map_err(|fault| fault.into().at(&self.path))
    }
}

fn load_sealed(
    conn: &Connection,
    names: &RuleNames,
    except: &[RunId],
) -> Result<Vec<Loaded>, Fault> {
    let mut select = conn.prepare("SELECT id FROM run WHERE state <> 'open' ORDER BY id")?;
    let ids: Vec<RunId> =
        select.query_map([], |row| row.get(0).map(RunId))?.collect::<Result<_, _>>()?;
    ids.into_iter()
        .filter(|run| !except.contains(run))
        .map(|run| {
            let (rollup, unknown) = contribution::load(conn, run, names)?;
            Ok(Loaded { run, rollup, unknown_rules: unknown.into_iter().collect() })
        })
        .collect()
}

fn purge_in(
    conn: &Connection,
    names: &RuleNames,
    what: Purge<'_>,
    assess: impl FnOnce(Vec<Loaded>, &Marks) -> Inventory,
) -> Result<Purged, Fault> {
    let before = purge::counted(conn)?;
    let mut gone = purge::endpoint_ids(conn)?;
    let mut services = purge::services(conn)?;
    purge::remove(conn, what)?;
    if let Purge::Service(service) = what {
        marks::forget(conn, service)?;
    }
    let left = purge::services(conn)?;
    services.retain(|service| !left.contains(service));
    services.iter().try_for_each(|service| marks::forget(conn, service))?;
    let inventory = assess(load_sealed(conn, names, &[])?, &marks::marks(conn)?);
    publish::publish(conn, &inventory)?;
    let left = purge::endpoint_ids(conn)?;
    gone.retain(|id| !left.contains(id));
    purge::forget_decisions(conn, &gone)?;
    purge::forget_reported(conn, &left)?;
    Ok(before.less(purge::counted(conn)?))
}
