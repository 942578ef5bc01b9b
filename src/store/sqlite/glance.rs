//! The inventory row by row, with the few columns that a summary adds up: nothing of it is held.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use serde::Deserialize;

use super::columns::{count, encrypted, severity, time};
use crate::base::Timestamp;
use crate::inventory::room::{OVERFLOW, SERVICES_MERGED};
use crate::model::{Direction, Severity};
use crate::store::error::Fault;
use crate::store::words::direction_named;

/// Some of a finding.
#[derive(Clone, Copy, Debug)]
pub struct FindingGlance<'a> {
    /// Its id.
    pub id: &'a str,
    /// The posture rule's id.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Endpoint id.
    pub endpoint: &'a str,
    /// Request or response, for findings about fields.
    pub direction: Option<Direction>,
    /// The class, for findings about one.
    pub data_class: Option<&'a str>,
    /// Exchanges or values that show it.
    pub count: u64,
}

/// Some of an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointGlance<'a> {
    /// Its id.
    pub id: &'a str,
    /// Authority or `ip:port`.
    pub service: &'a str,
    /// `http`, `fhir-r4`, `tls`, ….
    pub standard: &'a str,
    /// `GET /fhir/Patient/{id}`.
    pub operation: &'a str,
    /// HTTP only.
    pub method: Option<&'a str>,
    /// HTTP only: the template.
    pub path: Option<&'a str>,
    /// Requests.
    pub requests: u64,
    /// Whether some came without any credential.
    pub unauthenticated: bool,
    /// `none`, `some` or `all` of its exchanges.
    pub encrypted: &'static str,
    /// Packet times of the first and the last exchange.
    pub seen: (Timestamp, Timestamp),
    /// The classes it carries, per direction.
    pub classes: Vec<(Direction, Cow<'a, str>)>,
    /// Exchanges of which only one side was seen.
    pub one_sided: u64,
    /// Exchanges with a gap.
    pub gaps: u64,
    /// Exchanges without an end.
    pub truncated: u64,
    /// Exchanges with a body that could not be decoded.
    pub undecoded: u64,
    /// Exchanges that receivers may have read in two ways.
    pub ambiguous: u64,
    /// Bodies that are no text, by kind.
    pub unread_bodies: BTreeMap<Cow<'a, str>, u64>,
}

/// What looks at the rows; findings come first, either in no particular order.
pub trait Glancer {
    /// One finding.
    fn finding(&mut self, finding: &FindingGlance<'_>);
    /// One endpoint.
    fn endpoint(&mut self, endpoint: &EndpointGlance<'_>);
    /// How many services and clients there are, and how many services have no row of their own.
    fn totals(&mut self, services: u64, clients: u64, merged: u64);
}

/// Shows everything that is published to `glancer`.
pub(super) fn show(conn: &Connection, glancer: &mut dyn Glancer) -> Result<(), Fault> {
    let sql = "SELECT id, rule, severity, endpoint, direction, data_class, count FROM finding";
    let mut select = conn.prepare_cached(sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        glancer.finding(&FindingGlance {
            id: str(row, "id")?,
            rule: str(row, "rule")?,
            severity: severity(row)?,
            endpoint: str(row, "endpoint")?,
            direction: str_or_null(row, "direction")?.and_then(direction_named),
            data_class: str_or_null(row, "data_class")?,
            count: count(row, "count")?,
        });
    }
    let mut select = conn.prepare_cached(
        "SELECT id, service, standard, operation, method, path, requests, auth, encrypted, \
         first_ns, last_ns, data_classes, one_sided, gaps, truncated, undecoded, ambiguous, \
         unread_bodies FROM endpoint",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        glancer.endpoint(&endpoint(row)?);
    }
    let sql = "SELECT (SELECT count(*) FROM service) AS services, \
               (SELECT count(*) FROM client) AS clients";
    let (services, clients) =
        conn.query_row(sql, [], |row| Ok((count(row, "services")?, count(row, "clients")?)))?;
    glancer.totals(services, clients, services_merged(conn)?);
    Ok(())
}

/// Services that became part of `{overflow}`. Where there is none, all have a row, be it in the
/// part that a capture publishes next.
pub(super) fn services_merged(conn: &Connection) -> Result<u64, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM service WHERE service = ?1) * \
                   (SELECT count(DISTINCT service) FROM run_service WHERE service <> ?1) AS known, \
               (SELECT count(*) FROM service WHERE service <> ?1) AS shown, \
               (SELECT coalesce(sum(count), 0) FROM run_anomaly WHERE name = ?2) AS before";
    conn.query_row(sql, [OVERFLOW, SERVICES_MERGED], |row| {
        let beyond = count(row, "known")?.saturating_sub(count(row, "shown")?);
        Ok(beyond.saturating_add(count(row, "before")?))
    })
    .map_err(Fault::from)
}

fn endpoint<'a>(row: &'a Row<'_>) -> Result<EndpointGlance<'a>, Fault> {
    /// As much of it as is looked at.
    #[derive(Deserialize)]
    struct Class<'a> {
        #[serde(borrow)]
        class: Cow<'a, str>,
        #[serde(borrow)]
        direction: Option<Cow<'a, str>>,
    }
    let classes: Vec<Class<'_>> = borrowed(row, "data_classes")?;
    let class = |class: Class<'a>| Some((direction_named(&class.direction?)?, class.class));
    let auth: BTreeMap<Cow<'_, str>, u64> = borrowed(row, "auth")?;
    Ok(EndpointGlance {
        id: str(row, "id")?,
        service: str(row, "service")?,
        standard: str(row, "standard")?,
        operation: str(row, "operation")?,
        method: str_or_null(row, "method")?,
        path: str_or_null(row, "path")?,
        requests: count(row, "requests")?,
        unauthenticated: auth.contains_key("none"),
        encrypted: encrypted(row)?,
        seen: (time(row, "first_ns")?, time(row, "last_ns")?),
        classes: classes.into_iter().filter_map(class).collect(),
        one_sided: count(row, "one_sided")?,
        gaps: count(row, "gaps")?,
        truncated: count(row, "truncated")?,
        undecoded: count(row, "undecoded")?,
        ambiguous: count(row, "ambiguous")?,
        unread_bodies: borrowed(row, "unread_bodies")?,
    })
}

fn str<'a>(row: &'a Row<'_>, column: &str) -> Result<&'a str, Fault> {
    let text = str_or_null(row, column)?;
    text.ok_or_else(|| Fault::Damaged(format!("column {column} is null")))
}

fn str_or_null<'a>(row: &'a Row<'_>, column: &str) -> Result<Option<&'a str>, Fault> {
    let value = row.get_ref(column)?;
    value.as_str_or_null().map_err(|_| Fault::Damaged(format!("column {column} is no text")))
}

fn borrowed<'a, T: Deserialize<'a>>(row: &'a Row<'_>, column: &str) -> Result<T, Fault> {
    serde_json::from_str(str(row, column)?)
        .map_err(|e| Fault::Damaged(format!("column {column}: {e}")))
}
