//! How severe is what someone still has to do something about.

use std::collections::BTreeMap;

use super::QueryError;
use super::findings::{FindingFilter, findings, is_open};
use crate::base::Timestamp;
use crate::model::Severity;
use crate::store::Reader;

/// The greatest severity of open findings: those that nobody accepted, refuted or resolved, and
/// those that are back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undecided {
    /// By endpoint id.
    pub endpoints: BTreeMap<String, Severity>,
    /// By service.
    pub services: BTreeMap<String, Severity>,
}

impl Undecided {
    /// Of all of them.
    pub fn worst(&self) -> Option<Severity> {
        self.endpoints.values().max().copied()
    }
}

/// What is open at wall time `now`; `None` where nobody decided anything, so that all is.
pub fn undecided(reader: &Reader, now: Option<Timestamp>) -> Result<Option<Undecided>, QueryError> {
    if reader.decisions()?.is_empty() {
        return Ok(None);
    }
    let mut out = Undecided::default();
    let all = findings(reader, &FindingFilter { now, ..FindingFilter::default() })?;
    for finding in all.into_iter().filter(is_open) {
        let severities = finding.service.map(|service| (&mut out.services, service));
        for (by, name) in severities.into_iter().chain([(&mut out.endpoints, finding.endpoint)]) {
            let worst = by.entry(name).or_default();
            *worst = finding.severity.max(*worst);
        }
    }
    Ok(Some(out))
}
