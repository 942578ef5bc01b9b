//! Findings that belong together: what one rule says of one endpoint in one direction.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::findings::FindingRow;
use crate::model::Severity;
use crate::store::TriageState;

/// Findings of one rule, endpoint, direction and state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingGroup {
    /// The posture rule's id.
    pub rule: &'static str,
    /// The greatest of theirs.
    pub severity: Severity,
    /// The endpoint's id.
    pub endpoint: String,
    /// Authority or `ip:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `GET /fhir/Patient/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// HTTP only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// HTTP only: the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `request` or `response`, for findings about fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// The classes concerned, sorted.
    pub data_classes: Vec<String>,
    /// The fields concerned, those with the most severe findings first.
    pub fields: Vec<String>,
    /// How many findings they are.
    pub findings: u64,
    /// Exchanges or values that show the most shown of them.
    pub count: u64,
    /// How they were judged.
    pub state: &'static str,
    /// Packet time of the endpoint's last exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// Why they matter and what to do about them.
    #[serde(skip)]
    pub explanation: String,
    /// Standards and laws they support evidence for.
    #[serde(skip)]
    pub references: Vec<String>,
}

/// `rows` in groups: the most severe first, within a severity those that need attention, then
/// those that are seen most often. Of rows in the same order, groups are in the same order.
pub fn grouped(rows: &[FindingRow]) -> Vec<FindingGroup> {
    let mut worst_first: Vec<&FindingRow> = rows.iter().collect();
    worst_first.sort_by_key(|row| Reverse(row.severity));
    let mut places: BTreeMap<(&str, &str, Option<&str>, &str), usize> = BTreeMap::new();
    let mut named: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut groups: Vec<FindingGroup> = Vec::new();
    for row in worst_first {
        let key = (row.rule, row.endpoint.as_str(), row.direction, row.state);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(empty(row));
            groups.len() - 1
        });
        let Some(group) = groups.get_mut(place) else { continue };
        group.findings += 1;
        group.count = group.count.max(row.count);
        group.data_classes.extend(row.data_class.clone());
        if let Some(field) = row.field.as_deref()
            && named.insert((place, field))
        {
            group.fields.push(field.to_owned());
        }
    }
    for group in &mut groups {
        group.data_classes.sort_unstable();
        group.data_classes.dedup();
    }
    groups.sort_by_key(|group| {
        (Reverse(group.severity), TriageState::named(group.state), Reverse(group.count))
    });
    groups
}

fn empty(row: &FindingRow) -> FindingGroup {
    FindingGroup {
        rule: row.rule,
        severity: row.severity,
        endpoint: row.endpoint.clone(),
        service: row.service.clone(),
        operation: row.operation.clone(),
        method: row.method.clone(),
        path: row.path.clone(),
        direction: row.direction,
        data_classes: Vec::new(),
        fields: Vec::new(),
        findings: 0,
        count: 0,
        state: row.state,
        last_seen: row.last_seen.clone(),
        explanation: row.explanation.clone(),
        references: row.references.clone(),
    }
}
