//! From whatever version a database has to the one this program knows, one transaction per step.

use rusqlite::{Connection, TransactionBehavior};

/// `MIGRATIONS[n]` takes a database from version n to n + 1. Steps are never edited once
/// released: a change is a new step.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema_2.sql")];

/// `user_version` of a database that this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Applies the steps that `conn` lacks. `stamp` runs inside the first step of a new database, so
/// that the file is made whole or not at all.
pub(super) fn migrate(
    conn: &mut Connection,
    stamp: impl Fn(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let from = user_version(conn)?;
    for (step, sql) in (0i64..).zip(MIGRATIONS).filter(|(step, _)| *step >= from) {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have taken this step while we waited.
        if user_version(&transaction)? > step {
            continue;
        }
        transaction.execute_batch(sql)?;
        if step == 0 {
            stamp(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", step + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The version of the format of the file.
pub(super) fn user_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}
