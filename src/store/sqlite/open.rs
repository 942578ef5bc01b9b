//! Opening a file without ever damaging one that is not ours.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::migrations::{VERSION, migrate, user_version};
use crate::store::error::{Fault, StoreError, unwritable};

/// `PRAGMA application_id` of every phitap database: "phtp".
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"phtp");

/// The first bytes of every SQLite database (<https://www.sqlite.org/fileformat.html>).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How long one transaction waits for another.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Bytes the write-ahead log keeps after a checkpoint.
const LOG_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// Pages (4 KiB) that the log takes before they are moved into the database: a burst of new
/// endpoints is not interrupted by it every other moment, and the log stays within
/// [`LOG_BYTES_MAX`].
const LOG_PAGES: i64 = 8 * 1024;

/// What the sensor's connection holds of the file. With the 2 MB of other connections a transaction
/// of many endpoints, whose keys are hashes, wrote the pages of its indexes again and again.
const WRITER_CACHE_KIB: i64 = 24 * 1024;

/// A connection, and the lock that keeps a second sensor away.
///
/// The lock is `flock` on the database file itself: no file is left behind, the kernel releases
/// it when the process dies, and SQLite's own locks (`fcntl`) do not see it. It must be released
/// after the connection is closed, because closing any descriptor of a file drops this process's
/// `fcntl` locks on it: hence the order of the fields.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) conn: Connection,
    _lock: File,
}

/// What the file at a path turned out to be before SQLite touches it.
enum Header {
    Empty,
    Ours,
    Other(String),
}

/// Opens `path` for the one sensor that writes, and makes it when it is missing or empty.
pub(super) fn open_to_write(path: &Path, key_id: &str) -> Result<Locked, StoreError> {
    refuse_special(path)?;
    if is_missing(path) && !has_bytes(&beside(path, "-wal")) {
        build(path, key_id)?;
    }
    let mut file = open_or_create(path).map_err(|e| unwritable(path, &e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: path.into() }),
        Err(TryLockError::Error(e)) => return Err(unwritable(path, &e)),
    }
    match read_header(&mut file).map_err(|e| unreadable(path, &e))? {
        Header::Ours => {}
        Header::Empty if has_bytes(&beside(path, "-wal")) => {
            return Err(StoreError::Orphan { path: path.into() });
        }
        Header::Empty => restrict(&file).map_err(|e| unwritable(path, &e))?,
        Header::Other(found) => return Err(StoreError::NotADatabase { path: path.into(), found }),
    }
    let mut conn =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| Fault::from(e).at(path))?;
    prepare(&mut conn, path, key_id)?;
    Ok(Locked { conn, _lock: file })
}

/// Opens an existing `path` for decisions about findings, beside a sensor that may be writing.
pub(super) fn open_to_triage(path: &Path) -> Result<Connection, StoreError> {
    refuse_missing(path)?;
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|e| denied(path).unwrap_or_else(|| Fault::from(e).at(path)))?;
    check_ours(&conn, path)?;
    check_not_older(&conn, path)?;
    Ok(conn)
}

/// Opens an existing `path` for reading and never makes a file that stays.
///
/// The connection may write as far as SQLite is concerned (`query_only` forbids it on ours): a
/// connection that may not leaves the log and its index behind when it is the last to go. Where
/// the folder cannot be written and no log is there, the file is read as immutable.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    refuse_missing(path)?;
    let conn =
        connect_to_read(path).map_err(|e| denied(path).unwrap_or_else(|| to_read(e, path)))?;
    conn.pragma_update(None, "query_only", true).map_err(|e| to_read(e, path))?;
    check_ours(&conn, path)?;
    check_not_older(&conn, path)?;
    Ok(conn)
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(|_| connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY))
        .and_then(usable)
        .or_else(|e| match has_bytes(&beside(path, "-wal")) {
            true => Err(e),
            false => connect_immutable(path).and_then(usable),
        })
}

/// What the system itself says where SQLite could not open `path` or its log. Asked only then: to
/// open and close a file that SQLite has open would drop its locks.
fn denied(path: &Path) -> Option<StoreError> {
    let refused =
        |file: &Path| File::open(file).is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied);
    let files = [path.to_path_buf(), beside(path, "-wal"), beside(path, "-shm")];
    let file = files.into_iter().find(|file| refused(file))?;
    let whose = if file == path { String::new() } else { format!("{}: ", file.display()) };
    let reason = format!(
        "{whose}permission denied; run as its owner, have it made readable, or name another file \
         with --db"
    );
    Some(StoreError::Unreadable { path: path.into(), reason })
}

/// The id of the key that the database at `path` was made with; `None` where there is no database
/// of ours that says so. Nothing is refused here: whoever opens the file next tells what it is.
pub fn made_with_key(path: &Path) -> Option<String> {
    refuse_missing(path).ok()?;
    let conn = connect_to_read(path).ok()?;
    check_ours(&conn, path).ok()?;
    stored_key_id(&conn).ok()
}

/// A second connection to `path` that SQLite itself will not write through.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(usable)
        .or_else(|_| connect_immutable(path).and_then(usable))
        .map_err(|e| denied(path).unwrap_or_else(|| to_read(e, path)))
}

/// `path` with `suffix` behind its name: where SQLite keeps its log.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// SQLite reads a file only when asked for something in it.
fn usable(conn: Connection) -> rusqlite::Result<Connection> {
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(conn)
}

fn to_read(error: rusqlite::Error, path: &Path) -> StoreError {
    match Fault::from(error).at(path) {
        StoreError::Unwritable { path, reason } => StoreError::Unreadable { path, reason },
        other => other,
    }
}

fn refuse_special(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            Err(StoreError::NotADatabase { path: path.into(), found: "a folder".into() })
        }
        Ok(meta) if !meta.is_file() => Err(StoreError::NotADatabase {
            path: path.into(),
            found: "something that is no regular file".into(),
        }),
        _ => Ok(()),
    }
}

fn refuse_missing(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(StoreError::NotFound { path: path.into() })
        }
        Err(e) => Err(unreadable(path, &e)),
        Ok(meta) if meta.is_file() && meta.len() == 0 => {
            Err(StoreError::Unmade { path: path.into() })
        }
        Ok(_) => refuse_special(path),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> StoreError {
    if let Some(denied) = denied(path) {
        return denied;
    }
    StoreError::Unreadable { path: path.into(), reason: error.to_string() }
}

fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.len() > 0)
}

/// Nothing has this name, not even a link that leads nowhere.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
}

/// Makes a new database beside `path` and gives it its name when its tables are there: whoever
/// kills the program leaves a database that opens, or none. What a killed one left of an unnamed
/// database, the next overwrites. Two that build at once are told apart by a lock on it; whichever
/// is first, the name is given once.
fn build(path: &Path, key_id: &str) -> Result<(), StoreError> {
    let unnamed = beside(path, "-new");
    let failed = |e: &io::Error| unwritable(path, e);
    let mut file = open_or_create(&unnamed).map_err(|e| failed(&e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: path.into() }),
        Err(TryLockError::Error(e)) => return Err(failed(&e)),
    }
    // What is overwritten must be ours: half of a database, or nothing.
    if let Header::Other(found) = read_header(&mut file).map_err(|e| failed(&e))? {
        return Err(StoreError::NotADatabase { path: unnamed, found });
    }
    let journal = beside(&unnamed, "-journal");
    let make = || {
        if has_bytes(&journal) {
            fs::remove_file(&journal).map_err(|e| failed(&e))?;
        }
        file.set_len(0).map_err(|e| failed(&e))?;
        restrict(&file).map_err(|e| failed(&e))?;
        let fault = |e: rusqlite::Error| Fault::from(e).at(path);
        let mut conn = connect(&unnamed, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fault)?;
        make_tables(&mut conn, key_id).map_err(fault)?;
        conn.close().map_err(|(_, e)| fault(e))?;
        name(&unnamed, path).map_err(|e| failed(&e))
    };
    // Another may have named what it built since, and removed this.
    let made = if is_missing(path) && !is_missing(&unnamed) { make() } else { Ok(()) };
    // Whether there is room for it or not, nothing of it stays.
    let removed = [&unnamed, &journal].map(fs::remove_file);
    made?;
    match removed.into_iter().find_map(Result::err) {
        Some(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(&e)),
        _ => Ok(()),
    }
}

/// Gives the file `from` the name `to` unless something has it.
fn name(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links; the lock on `from` keeps other sensors away.
        Err(_) if is_missing(to) => fs::rename(from, to),
        done => done,
    }
}

/// The first transaction of a new file is made with a rollback journal, so that the main file says
/// what it is from its first byte; only then does the write-ahead log begin.
fn make_tables(conn: &mut Connection, key_id: &str) -> rusqlite::Result<()> {
    migrate(conn, |conn| {
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        let sql = "INSERT INTO meta (key, value) VALUES ('key_id', ?1)";
        conn.execute(sql, [key_id]).map(drop)
    })
}

fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            options.create(true);
            // SQLite gives its log and the log's index the mode of the database.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path)
        }
        other => other,
    }
}

/// An empty file that someone made beforehand becomes ours, with our mode.
fn restrict(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Looks at the first 100 bytes: a foreign file is refused before SQLite sees it.
fn read_header(file: &mut File) -> io::Result<Header> {
    let mut head = Vec::new();
    file.take(100).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(Header::Empty);
    }
    if !head.starts_with(MAGIC) {
        return Ok(Header::Other("a file that is no SQLite database".into()));
    }
    let id = head.get(68..72).and_then(|b| b.first_chunk::<4>()).map(|b| i32::from_be_bytes(*b));
    Ok(match id {
        Some(APPLICATION_ID) => Header::Ours,
        Some(id) => Header::Other(foreign(id)),
        None => Header::Other("a SQLite database cut off in its header".into()),
    })
}

fn foreign(id: i32) -> String {
    format!("a SQLite database of another program (application_id {id})")
}

fn connect(path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    settle(conn)
}

pub(super) fn connect_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    let mode = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    settle(Connection::open_with_flags(uri, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// Settings of a connection; none of them reads or writes the file.
fn settle(conn: Connection) -> rusqlite::Result<Connection> {
    conn.busy_timeout(BUSY_WAIT)?;
    conn.set_prepared_statement_cache_capacity(64);
    // Deleted content is overwritten: a removed run leaves nothing behind.
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    // Sorting never spills names into files elsewhere.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // A damaged or crafted file is noticed before it is believed.
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    conn.pragma_update(None, "cell_size_check", "ON")?;
    Ok(conn)
}

/// Makes the tables of a new file, checks those of an old one.
fn prepare(conn: &mut Connection, path: &Path, key_id: &str) -> Result<(), StoreError> {
    let fault = |e: rusqlite::Error| Fault::from(e).at(path);
    let pages: i64 =
        conn.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(fault)?;
    if pages > 0 {
        check_ours(conn, path)?;
        check_key(conn, path, key_id)?;
    }
    make_tables(conn, key_id).map_err(fault)?;
    let mode: String = conn
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(fault)?;
    if mode != "wal" {
        let reason = format!("its file system cannot hold a write-ahead log (mode {mode})");
        return Err(StoreError::Unwritable { path: path.into(), reason });
    }
    // A negative size is one in KiB.
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(fault)?;
    for (limit, value) in [("journal_size_limit", LOG_BYTES_MAX), ("wal_autocheckpoint", LOG_PAGES)]
    {
        conn.pragma_update_and_check(None, limit, value, |row| row.get::<_, i64>(0))
            .map_err(fault)?;
    }
    Ok(())
}

/// Whether the file is a phitap database that this version understands.
fn check_ours(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let fault = |e: rusqlite::Error| to_read(e, path);
    let id: i32 =
        conn.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fault)?;
    if id != APPLICATION_ID {
        // What was killed while it made its first tables is rolled back to nothing.
        let pages: i64 =
            conn.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(fault)?;
        let path = path.to_path_buf();
        return Err(match pages {
            0 if !has_bytes(&path) => StoreError::Unmade { path },
            // Too short to have a page.
            0 => {
                StoreError::NotADatabase { path, found: "a file that is no SQLite database".into() }
            }
            _ => StoreError::NotADatabase { path, found: foreign(id) },
        });
    }
    let found = user_version(conn).map_err(fault)?;
    if found > VERSION {
        return Err(StoreError::Newer { path: path.into(), found, known: VERSION });
    }
    Ok(())
}

/// Only the sensor brings a file up to date.
fn check_not_older(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = user_version(conn).map_err(|e| to_read(e, path))?;
    if found < VERSION {
        return Err(StoreError::Older { path: path.into(), found, known: VERSION });
    }
    Ok(())
}

fn stored_key_id(conn: &Connection) -> rusqlite::Result<String> {
    conn.query_row("SELECT value FROM meta WHERE key = 'key_id'", [], |row| row.get(0))
}

fn check_key(conn: &Connection, path: &Path, key_id: &str) -> Result<(), StoreError> {
    let found = stored_key_id(conn).map_err(|e| Fault::from(e).at(path))?;
    if found == key_id {
        return Ok(());
    }
    Err(StoreError::OtherKey { path: path.into(), found, expected: key_id.into() })
}
