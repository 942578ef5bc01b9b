//! Reports that were made, and what the last one told of.

use std::collections::BTreeSet;

use super::columns::{count, text, time};
use super::reader::{Reader, all};
use crate::base::Timestamp;
use crate::store::error::StoreError;

/// A report that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportMade {
    /// Wall time.
    pub made: Timestamp,
    /// Packet time of the last exchange that it told of.
    pub covered: Timestamp,
    /// Of what it told of, services and endpoints that were removed since.
    pub removed: (u64, u64),
}

/// What a report told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportHeld {
    /// Services.
    pub services: BTreeSet<String>,
    /// Ids of endpoints.
    pub endpoints: BTreeSet<String>,
}

impl Reader {
    /// The report that was made last.
    pub fn last_report(&self) -> Result<Option<ReportMade>, StoreError> {
        self.at_once(|conn| {
            let made = all(conn, "SELECT * FROM report ORDER BY id DESC LIMIT 1", |row| {
                let removed = (count(row, "services_removed")?, count(row, "endpoints_removed")?);
                let covered = time(row, "covered_ns")?;
                Ok(ReportMade { made: time(row, "made_ns")?, covered, removed })
            })?;
            Ok(made.into_iter().next())
        })
    }

    /// What the report that was made last told of; nothing where an older version made it.
    pub fn report_held(&self) -> Result<ReportHeld, StoreError> {
        self.at_once(|conn| {
            let mut held = ReportHeld::default();
            let rows = all(conn, "SELECT kind, name FROM report_held", |row| {
                Ok((text(row, "kind")?, text(row, "name")?))
            })?;
            for (kind, name) in rows {
                let into = if kind == "service" { &mut held.services } else { &mut held.endpoints };
                into.insert(name);
            }
            Ok(held)
        })
    }
}
