//! Statements of users. Three things keep them from writing, each enough by itself: SQLite opens
//! the file read-only, `query_only` is set, and an authorizer lets only reading pass.

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Statement};
use serde_json::Value;

use super::QueryError;
use crate::base::key::hex;
use crate::store::Reader;

/// Bytes of a statement: longer ones are not typed by anyone.
const STATEMENT_BYTES_MAX: i32 = 1024 * 1024;

/// Bytes of one value, so that `zeroblob(1e9)` takes no memory.
const VALUE_BYTES_MAX: i32 = 64 * 1024 * 1024;

/// Pragmas that only tell what tables look like.
const PRAGMAS: [&str; 6] =
    ["table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"];

/// Rows with the columns in the order of the statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlAnswer {
    /// Names; one that occurs again gets a number: `name`, `name_2`.
    pub columns: Vec<String>,
    /// One value per column: null, a number, text, or the hexadecimal digits of a blob.
    pub rows: Vec<Vec<Value>>,
}

/// Runs one statement that only reads.
pub fn sql(reader: &Reader, statement: &str) -> Result<SqlAnswer, QueryError> {
    let mut conn = reader.read_only()?;
    guard(&mut conn).and_then(|()| run(&conn, statement)).map_err(|e| refused(&e))?
}

fn guard(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "query_only", true)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    conn.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX)?;
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    conn.authorizer(Some(authorize))
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        AuthAction::Function { function_name } => match function_name {
            "load_extension" | "fts3_tokenizer" | "writefile" | "edit" => Authorization::Deny,
            _ => Authorization::Allow,
        },
        AuthAction::Pragma { pragma_name, .. } if PRAGMAS.contains(&pragma_name) => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

fn run(conn: &Connection, text: &str) -> rusqlite::Result<Result<SqlAnswer, QueryError>> {
    let wrong = |reason: &str| Err(QueryError::Statement { reason: reason.into() });
    let mut batch = Batch::new(conn, text);
    let Some(mut statement) = batch.next()? else {
        return Ok(wrong("expected one, found none; try: SELECT * FROM v_endpoints"));
    };
    if batch.next()?.is_some() {
        return Ok(wrong("expected one, found several; run them one by one"));
    }
    if !statement.readonly() {
        return Ok(wrong("expected one that only reads; the database is changed by phitap alone"));
    }
    if statement.parameter_count() > 0 {
        return Ok(wrong("it has parameters (?, :name) and there are no values for them"));
    }
    let columns = columns(&statement);
    let mut answer = SqlAnswer { rows: Vec::new(), columns };
    let many = answer.columns.len();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..many).map(|at| row.get_ref(at).map(value));
        answer.rows.push(values.collect::<Result<_, _>>()?);
    }
    Ok(Ok(answer))
}

fn columns(statement: &Statement<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in statement.column_names() {
        let taken = |candidate: &str| names.iter().any(|n| n == candidate);
        let mut unique = name.to_owned();
        let mut nth = 1;
        while taken(&unique) {
            nth += 1;
            unique = format!("{name}_{nth}");
        }
        names.push(unique);
    }
    names
}

fn value(stored: ValueRef<'_>) -> Value {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(n) => n.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(bytes) => hex(bytes).into(),
    }
}

/// One line, whatever SQLite said.
fn refused(error: &rusqlite::Error) -> QueryError {
    let said = match error {
        rusqlite::Error::SqlInputError { msg, sql, offset, .. } => {
            let at = usize::try_from(*offset).ok().and_then(|at| sql.get(..at));
            at.map_or_else(
                || msg.clone(),
                |before| format!("{msg} at character {}", before.chars().count() + 1),
            )
        }
        other => other.to_string(),
    };
    let reason = match said.as_str() {
        "not authorized" => {
            "only reading is allowed (SELECT; no ATTACH, PRAGMA or changes)".to_owned()
        }
        _ => said.replace(['\n', '\r'], " "),
    };
    QueryError::Statement { reason }
}
