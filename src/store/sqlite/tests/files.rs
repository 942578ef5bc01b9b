//! Which files are opened, which are refused, and what is left behind.

use std::fs;
use std::io::Write;

use rusqlite::Connection;

use super::sample::*;
use crate::store::sqlite::migrations::VERSION;
use crate::store::sqlite::open::beside;
use crate::store::*;

fn refused(path: &std::path::Path) -> StoreError {
    Writer::open(path, KEY, rules()).unwrap_err()
}

#[test]
fn a_new_database_is_one_private_file_when_closed() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for suffix in ["", "-wal", "-shm"] {
            let path = beside(&folder.path, suffix);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
    writer.close().unwrap();
    assert_eq!(folder.files(), ["phitap.db"]);
    let conn = Connection::open(&folder.path).unwrap();
    let pragma = |name: &str| -> String {
        conn.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(pragma("application_id"), format!("Integer({})", 0x7068_7470));
    assert_eq!(pragma("user_version"), "Integer(17)");
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
}

#[test]
fn an_empty_file_is_used_and_made_private() {
    let folder = Folder::new();
    fs::write(&folder.path, "").unwrap();
    folder.writer().close().unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&folder.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(folder.reader().runs().unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    for content in [&b"x"[..], b"not a database, but someone's letter", &[0; 5000]] {
        fs::write(&folder.path, content).unwrap();
        let error = refused(&folder.path);
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
        assert_eq!(error.kind(), FailureKind::Usage);
        assert!(matches!(Reader::open(&folder.path), Err(StoreError::NotADatabase { .. })));
        assert_eq!(fs::read(&folder.path).unwrap(), content);
    }
    assert_eq!(folder.files(), ["phitap.db"]);
    let error = refused(folder.folder.path());
    assert!(error.to_string().contains("found a folder"), "{error}");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    let conn = Connection::open(&folder.path).unwrap();
    conn.execute_batch(
        "PRAGMA application_id = 42; CREATE TABLE mine (a); INSERT INTO mine VALUES (1)",
    )
    .unwrap();
    drop(conn);
    let before = fs::read(&folder.path).unwrap();
    let error = refused(&folder.path);
    assert!(error.to_string().contains("application_id 42"), "{error}");
    assert!(matches!(Reader::open(&folder.path), Err(StoreError::NotADatabase { .. })));
    assert!(matches!(Triage::open(&folder.path), Err(StoreError::NotADatabase { .. })));
    assert_eq!(fs::read(&folder.path).unwrap(), before);
}

#[test]
fn a_newer_database_is_refused() {
    let folder = Folder::new();
    folder.writer().close().unwrap();
    Connection::open(&folder.path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for error in [refused(&folder.path), Reader::open(&folder.path).unwrap_err()] {
        assert!(matches!(error, StoreError::Newer { found: 99, known: VERSION, .. }), "{error}");
        assert_eq!(error.kind(), FailureKind::Usage);
    }
}

#[test]
fn an_older_database_is_not_read_and_says_what_to_do() {
    let folder = Folder::new();
    folder.writer().close().unwrap();
    Connection::open(&folder.path).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let error = Reader::open(&folder.path).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 1, known: VERSION, .. }), "{error}");
    assert!(error.to_string().contains("brings it up to date"), "{error}");
}

#[test]
fn a_database_made_with_another_key_is_refused() {
    let folder = Folder::new();
    folder.writer().close().unwrap();
    let error = Writer::open(&folder.path, "ffffffffffffffff", rules()).unwrap_err();
    assert!(matches!(error, StoreError::OtherKey { .. }), "{error}");
    assert!(error.to_string().contains(KEY) && error.to_string().contains("--key-file"));
    assert!(Reader::open(&folder.path).is_ok(), "reading needs no key");
}

#[test]
fn a_second_writer_is_told_to_wait() {
    let folder = Folder::new();
    let writer = folder.writer();
    let error = refused(&folder.path);
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    drop(writer);
    folder.writer().close().unwrap();
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let folder = Folder::new();
    let wal = beside(&folder.path, "-wal");
    fs::write(&wal, b"someone's pages").unwrap();
    let error = refused(&folder.path);
    assert!(matches!(error, StoreError::Orphan { .. }), "{error}");
    assert_eq!(fs::read(&wal).unwrap(), b"someone's pages");
}

#[test]
fn a_folder_that_is_not_there_cannot_be_written() {
    let folder = Folder::new();
    let error = refused(&folder.folder.path().join("none/phitap.db"));
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
    assert_eq!(error.kind(), FailureKind::Output);
}

#[test]
fn reading_makes_no_file_and_leaves_none() {
    let folder = Folder::new();
    let error = Reader::open(&folder.path).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    assert!(folder.files().is_empty());
    fs::write(&folder.path, "").unwrap();
    assert!(matches!(Reader::open(&folder.path), Err(StoreError::Unmade { .. })));
    fs::remove_file(&folder.path).unwrap();

    let mut writer = folder.writer();
    replay(&mut writer, &[], &[]);
    writer.close().unwrap();
    let before = fs::read(&folder.path).unwrap();
    let reader = folder.reader();
    assert_eq!(reader.inventory().unwrap(), inventory());
    let conn = reader.read_only().unwrap();
    conn.query_row("SELECT count(*) FROM endpoint", [], |row| row.get::<_, i64>(0)).unwrap();
    drop(conn);
    drop(reader);
    assert_eq!(folder.files(), ["phitap.db"]);
    assert_eq!(fs::read(&folder.path).unwrap(), before);
}

/// Whoever is root writes anywhere: then there is nothing to test.
#[cfg(unix)]
#[test]
fn a_read_only_folder_is_read() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[], &[]);
    writer.close().unwrap();
    fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let root = fs::write(folder.folder.path().join("probe"), "").is_ok();
    let read = Reader::open(&folder.path).and_then(|reader| reader.inventory());
    let refused = Writer::open(&folder.path, KEY, rules());
    fs::set_permissions(folder.folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(read.unwrap(), inventory());
    if root {
        eprintln!("SKIP: a read-only folder refuses to be written (run as root)");
        return;
    }
    assert!(matches!(refused, Err(StoreError::Unwritable { .. })));
    assert_eq!(folder.files(), ["phitap.db"]);
}

#[test]
fn a_database_without_write_access_is_read_as_immutable() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[], &[]);
    writer.close().unwrap();
    let conn = crate::store::sqlite::open::connect_immutable(&folder.path).unwrap();
    let endpoints: i64 =
        conn.query_row("SELECT count(*) FROM v_endpoints", [], |row| row.get(0)).unwrap();
    assert_eq!(endpoints, 2);
    assert_eq!(folder.files(), ["phitap.db"]);
}

#[test]
fn a_damaged_database_is_told_and_never_panics() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    for n in 0..4 {
        replay(&mut writer, &[input("a.pcap", Some(n), None)], &[]);
    }
    writer.close().unwrap();
    let whole = fs::read(&folder.path).unwrap();
    // A fixed sequence of places and ways, so that a failure comes back.
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap()
    };
    let mut noticed = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        if round % 3 == 0 {
            bytes.truncate(100 + next() % (bytes.len() - 100));
        } else {
            for _ in 0..20 {
                let at = 100 + next() % (bytes.len() - 100);
                bytes[at] ^= 1 << (next() % 8);
            }
        }
        fs::write(&folder.path, &bytes).unwrap();
        let read = Reader::open(&folder.path).and_then(|r| Ok((r.inventory()?, r.check()?)));
        let wrong = !matches!(&read, Ok((_, problems)) if problems.is_empty());
        noticed += usize::from(wrong);
        if let Ok(writer) = Writer::open(&folder.path, KEY, rules()) {
            let _ = writer.load_sealed(&[]);
        }
        for file in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(&folder.path, file));
        }
    }
    assert!(noticed > 20, "{noticed}");
}

#[test]
fn a_sound_database_checks_clean_and_orphans_are_told() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    writer.close().unwrap();
    assert!(folder.reader().check().unwrap().is_empty());
    let conn = Connection::open(&folder.path).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM run").unwrap();
    drop(conn);
    let problems = folder.reader().check().unwrap();
    assert!(problems.iter().any(|p| p.contains("run_endpoint")), "{problems:?}");
}

#[test]
fn a_full_disk_keeps_what_was_stored() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    let pages: i64 =
        writer.conn().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    // SQLite answers as it does on a full disk when a file may not grow.
    writer.conn().pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let run = writer.begin_run(RunKind::Replay, at(300)).unwrap();
    let paths: Vec<String> = (0..2000).map(|n| format!("/fhir/Patient/{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let error = writer.write_all(run, &rollup(&paths, 3)).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert_eq!(error.kind(), FailureKind::Output);
    drop(writer);
    let mut writer = folder.writer();
    assert_eq!(writer.recovery().removed, [run]);
    assert_eq!(writer.load_sealed(&[]).unwrap().len(), 1);
    replay(&mut writer, &[], &[]);
    writer.close().unwrap();
    assert_eq!(folder.reader().inventory().unwrap(), inventory());
}

#[test]
fn errors_are_fragments_that_name_the_file() {
    let folder = Folder::new();
    let mut file = fs::File::create(&folder.path).unwrap();
    file.write_all(b"letter").unwrap();
    let text = refused(&folder.path).to_string();
    assert!(text.starts_with("open database") && text.contains("phitap.db"), "{text}");
    assert!(!text.contains('\n'));
}
