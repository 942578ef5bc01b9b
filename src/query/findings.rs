//! What is wrong, and what was decided about it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::filter::{ClassPattern, OperationFilter, Pattern, limited, seen, wanted};
use crate::base::Timestamp;
use crate::inventory::{Endpoint, Finding};
use crate::model::{Direction, FindingKind, Location, Severity};
use crate::store::words::direction_name;
use crate::store::{FindingState, Reader, TriageState};

/// Which findings.
#[derive(Clone, Debug, Default)]
pub struct FindingFilter {
    /// By what their endpoint is.
    pub operation: OperationFilter,
    /// The finding's id.
    pub id: Option<String>,
    /// The posture rule's id.
    pub rule: Option<Pattern>,
    /// What it is about.
    pub kind: Option<FindingKind>,
    /// At least this severe.
    pub min_severity: Option<Severity>,
    /// How it was judged.
    pub state: Option<TriageState>,
    /// About this data class.
    pub class: Option<ClassPattern>,
    /// About this direction.
    pub direction: Option<Direction>,
    /// About a field that lives here.
    pub location: Option<Location>,
    /// Also every decision there ever was.
    pub history: bool,
    /// Wall time of the question: a decision whose end has passed no longer counts.
    pub now: Option<Timestamp>,
    /// At most so many rows.
    pub limit: Option<usize>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FindingRow {
    /// Stable id.
    pub id: String,
    /// The posture rule's id.
    pub rule: &'static str,
    /// `sensitive-data`, `auth`, ….
    pub kind: &'static str,
    /// How much it matters.
    #[schemars(schema_with = "super::schema::severity")]
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: String,
    /// Why it matters and what to do about it.
    pub explanation: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// Authority or `ip:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The wire protocol the endpoint is most used with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// `http`, `fhir-r4`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// `GET /fhir/Patient/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// HTTP only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// HTTP only: the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `request` or `response`, for findings about a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// Where the field lives, for findings about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<&'static str>,
    /// The field, for findings about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The class, for findings about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_class: Option<String>,
    /// Exchanges or values that show it.
    pub count: u64,
    /// Packet time of the endpoint's first exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the endpoint's last exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// How it was judged; `new` where nobody did.
    pub state: &'static str,
    /// Why it was judged so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the decision ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Every decision there ever was, in order, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<DecisionRow>,
    /// Standards and laws it supports evidence for.
    pub references: Vec<String>,
}

/// What someone decided about a finding.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DecisionRow {
    /// `acknowledged`, `accepted`, ….
    pub state: &'static str,
    /// Wall time of the decision.
    pub set: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the decision ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl From<FindingState> for DecisionRow {
    fn from(decision: FindingState) -> Self {
        DecisionRow {
            state: decision.state.name(),
            set: decision.set_at.to_string(),
            reason: decision.reason,
            owner: decision.owner,
            until: decision.until.map(|at| at.to_string()),
        }
    }
}

/// The findings that pass `filter`: the most severe first, within a severity those that need
/// attention, then those seen most often.
pub fn findings(reader: &Reader, filter: &FindingFilter) -> Result<Vec<FindingRow>, QueryError> {
    let (findings, endpoints) = reader.findings()?;
    let mut kept: Vec<(TriageState, Finding, Option<FindingState>)> = findings
        .into_iter()
        .map(|(finding, decision)| {
            (judge(&finding, decision.as_ref(), filter.now), finding, decision)
        })
        .filter(|(state, finding, _)| {
            wanted(&filter.state, |wanted| wanted == state) && filter.matches(finding, &endpoints)
        })
        .collect();
    kept.sort_by_key(|(state, f, _)| (Reverse(f.severity), *state, Reverse(f.count)));
    let mut history = if filter.history { reader.decisions()? } else { BTreeMap::new() };
    let rows = limited(kept, filter.limit).into_iter().map(|(state, f, decision)| {
        let history = history.remove(&f.id).unwrap_or_default();
        let endpoint = endpoints.get(&f.endpoint);
        let row = row(state, f, decision, endpoint);
        FindingRow { history: history.into_iter().map(DecisionRow::from).collect(), ..row }
    });
    Ok(rows.collect())
}

/// Whether someone still has to do something about it.
pub fn is_open(finding: &FindingRow) -> bool {
    matches!(finding.state, "new" | "regressed" | "acknowledged")
}

/// What a decision means now: one that has ended means nothing, and what was resolved and is
/// seen again has regressed.
fn judge(
    finding: &Finding,
    decision: Option<&FindingState>,
    now: Option<Timestamp>,
) -> TriageState {
    let Some(decision) = decision else {
        return TriageState::New;
    };
    let ended = decision.until.zip(now).is_some_and(|(until, now)| until <= now);
    match decision.state {
        _ if ended => TriageState::New,
        TriageState::Resolved if came_back(finding, decision) => TriageState::Regressed,
        state => state,
    }
}

/// Traffic that is later than the resolution shows it: the endpoint was seen since, and the
/// finding counts more than then.
fn came_back(finding: &Finding, resolved: &FindingState) -> bool {
    finding.last_seen > resolved.set_at && resolved.count.is_none_or(|then| finding.count > then)
}

impl FindingFilter {
    fn matches(&self, f: &Finding, endpoints: &BTreeMap<String, Endpoint>) -> bool {
        let class = |p: &ClassPattern| f.data_class.as_deref().is_some_and(|c| p.matches(c));
        let of_endpoint = || endpoints.get(&f.endpoint).is_some_and(|e| self.operation.matches(e));
        wanted(&self.id, |id| *id == f.id)
            && wanted(&self.rule, |p| p.matches(f.rule))
            && wanted(&self.kind, |kind| *kind == f.kind)
            && wanted(&self.min_severity, |least| f.severity >= *least)
            && wanted(&self.class, class)
            && wanted(&self.direction, |d| f.direction == Some(*d))
            && wanted(&self.location, |l| f.location == Some(*l))
            && (self.operation.is_empty() || of_endpoint())
    }
}

fn row(
    state: TriageState,
    f: Finding,
    decision: Option<FindingState>,
    endpoint: Option<&Endpoint>,
) -> FindingRow {
    let (first_seen, last_seen) = seen(f.first_seen, f.last_seen);
    let (mut reason, mut owner, mut until) = (None, None, None);
    if let Some(decision) = decision {
        (reason, owner) = (decision.reason, decision.owner);
        until = decision.until.map(|at| at.to_string());
    }
    FindingRow {
        id: f.id,
        rule: f.rule,
        kind: f.kind.name(),
        severity: f.severity,
        title: f.title,
        explanation: f.explanation,
        service: endpoint.map(|e| e.service.clone()),
        protocol: endpoint.map(|e| e.protocol.clone()),
        standard: endpoint.map(|e| e.standard.clone()),
        operation: endpoint.map(|e| e.operation.clone()),
        method: endpoint.and_then(|e| e.method.clone()),
        path: endpoint.and_then(|e| e.path.clone()),
        endpoint: f.endpoint,
        direction: f.direction.map(direction_name),
        location: f.location.map(Location::name),
        field: f.field,
        data_class: f.data_class,
        count: f.count,
        first_seen,
        last_seen,
        state: state.name(),
        reason,
        owner,
        until,
        history: Vec::new(),
        references: f.references,
    }
}
