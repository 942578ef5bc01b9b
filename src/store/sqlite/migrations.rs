//! From whatever version a database has to the one this program knows, in one transaction.

use rusqlite::{Connection, TransactionBehavior};

/// `MIGRATIONS[n]` takes a database from version n to n + 1. Steps are never edited once
/// released: a change is a new step.
const MIGRATIONS: [&str; 17] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
    include_str!("schema_11.sql"),
    include_str!("schema_12.sql"),
    include_str!("schema_13.sql"),
    include_str!("schema_14.sql"),
    include_str!("schema_15.sql"),
    include_str!("schema_16.sql"),
    include_str!("schema_17.sql"),
];

/// What all the steps make of a new database, in one: taken one by one they take four times as
/// long, since every `ALTER TABLE` reads all that is there again.
const WHOLE: &str = include_str!("schema_whole.sql");

/// `user_version` of a database that this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Applies the steps that `conn` lacks, all or none. `stamp` runs behind the first step of a new
/// database, so that the file is made whole or not at all.
pub(super) fn migrate(
    conn: &mut Connection,
    stamp: impl Fn(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if user_version(conn)? >= VERSION {
        return Ok(());
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have taken the steps while we waited.
    let from = user_version(&transaction)?;
    if from == 0 {
        transaction.execute_batch(WHOLE)?;
        stamp(&transaction)?;
    } else {
        steps(&transaction, from)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Takes the steps behind version `from`.
fn steps(conn: &Connection, from: i64) -> rusqlite::Result<()> {
    let lacking = (0i64..).zip(MIGRATIONS).filter(|(step, _)| *step >= from);
    lacking.map(|(_, sql)| sql).try_for_each(|sql| conn.execute_batch(sql))
}

/// The version of the format of the file.
pub(super) fn user_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What makes everything in `conn`, in order.
    fn schema(conn: &Connection) -> Vec<String> {
        let sql = "SELECT sql FROM sqlite_schema \
                   WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid";
        let mut made = conn.prepare(sql).unwrap();
        made.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_new_database_is_what_the_steps_make() {
        let stepped = Connection::open_in_memory().unwrap();
        steps(&stepped, 0).unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sqlite/schema_whole.sql");
        if std::env::var_os("PHITAP_WRITE_SCHEMA").is_some() {
            let head = "-- What the steps schema.sql, schema_2.sql and so on make of a new \
                        database. Not to be edited:\n-- PHITAP_WRITE_SCHEMA=1 cargo test \
                        a_new_database_is_what_the_steps_make\n\n";
            let whole = format!("{head}{};\n", schema(&stepped).join(";\n\n"));
            std::fs::write(file, whole).unwrap();
            return;
        }
        let mut new = Connection::open_in_memory().unwrap();
        migrate(&mut new, |_| Ok(())).unwrap();
        assert_eq!(schema(&new), schema(&stepped), "PHITAP_WRITE_SCHEMA=1 writes {file} anew");
        assert_eq!(user_version(&new).unwrap(), VERSION);
        for name in ["v_findings", "v_endpoints", "v_fields", "v_services", "v_data_classes"] {
            new.prepare(&format!("SELECT * FROM {name}")).unwrap();
        }
    }

    #[test]
    fn a_database_of_version_1_is_brought_up_to_date_with_what_it_holds() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(MIGRATIONS[0]).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        conn.execute_batch(
            "INSERT INTO endpoint VALUES ('ep-1', 'a.example', 'http/1', 'http', 'GET /', 'GET', \
             '/', 'none', 'info', 3, 1, 3, 0, 0, 0, 0, 0, 10, 1, 2, '[]', '[]', '{}', '{}', '[]', \
             '{}'); \
             INSERT INTO field VALUES ('ep-1', 'request', 'body', '$.a', 0, 3, 3, NULL, '[]', \
             '[{\"class\":\"us.ssn\",\"confidence\":99,\"count\":3}]', '[]'); \
             INSERT INTO service VALUES ('a.example', 1, 3, 10, 'info', 1, 2, '[]', '[]', '[]'); \
             INSERT INTO finding VALUES ('f-1', 'r', 'auth', 'low', 'T', 'Why.', 'ep-1', NULL, \
             NULL, NULL, NULL, 3, 1, 2, '[\"45 CFR\"]'), ('f-2', 'r', 'auth', 'low', 'T', 'Why.', \
             'ep-1', NULL, NULL, NULL, NULL, 3, 1, 2, '[\"45 CFR\"]')",
        )
        .unwrap();
        migrate(&mut conn, |_| panic!("it is not new")).unwrap();
        assert_eq!(user_version(&conn).unwrap(), VERSION);
        let sql = "SELECT requests, unread, unread_bodies FROM v_endpoints";
        let row: (i64, i64, String) =
            conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        assert_eq!(row, (3, 0, "{}".to_owned()));
        let sql = "SELECT encrypted, tls FROM v_services";
        let row: (String, Option<String>) =
            conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(row, ("none".to_owned(), None));
        let sql = "SELECT c.class, f.first_seen, c.last_seen, f.data_classes \
                   FROM v_fields f, v_data_classes c";
        let row: (String, Option<String>, Option<String>, String) = conn
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        let classes = r#"[{"class":"us.ssn","confidence":99,"count":3}]"#.to_owned();
        assert_eq!(
            row,
            ("us.ssn".to_owned(), None, None, classes),
            "undated until it is published"
        );
        let sql = "SELECT group_concat(id), explanation, \"references\", \
                   (SELECT count(*) FROM finding_text) FROM v_findings";
        let row: (String, String, String, i64) = conn
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        assert_eq!(row, ("f-1,f-2".into(), "Why.".into(), r#"["45 CFR"]"#.into(), 1));
    }

    #[test]
    fn losses_that_earlier_runs_of_a_file_counted_are_known_after_a_step_from_version_16() {
        let mut conn = Connection::open_in_memory().unwrap();
        MIGRATIONS[..16].iter().try_for_each(|sql| conn.execute_batch(sql)).unwrap();
        conn.pragma_update(None, "user_version", 16).unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        // `small` was shorter than a head at first; another file of that length is none of it.
        for (run, name, head, before, seen, dropped) in [
            (1, "small.pcapng", None, 0, 122, 60),
            (2, "other.pcapng", None, 0, 9, 5),
            (3, "small.pcapng", Some(7), 62, 190, 90),
            (4, "small.pcapng", Some(7), 162, 10, 0),
            (5, "renamed.pcapng", Some(7), 172, 10, 0),
        ] {
            conn.execute(
                "INSERT INTO input (run, position, name, state, seen, bytes, analysed, duplicate, \
                 filtered, dropped, cut, head, before) \
                 VALUES (?, 0, ?, 'complete', ?, 0, 0, 0, 0, ?, 0, ?, ?)",
                (run, name, seen, dropped, head, before),
            )
            .unwrap();
        }
        migrate(&mut conn, |_| panic!("it is not new")).unwrap();
        let mut told = conn.prepare("SELECT lost_before FROM input ORDER BY run").unwrap();
        let told = told.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(told.map(Result::unwrap).collect::<Vec<_>>(), [0, 0, 60, 150, 90]);
    }
}
