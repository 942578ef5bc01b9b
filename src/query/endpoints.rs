//! Which endpoints there are, and what they carry.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::filter::{ClassPattern, OperationFilter, limited, seen, wanted};
use super::undecided::undecided;
use crate::base::Timestamp;
use crate::inventory::{Coverage, DataClassSeen, Endpoint};
use crate::model::{Direction, Severity, Status};
use crate::store::Reader;
use crate::store::words::direction_name;

/// Which endpoints.
#[derive(Clone, Debug, Default)]
pub struct EndpointFilter {
    /// By what they are.
    pub operation: OperationFilter,
    /// Carries this data class.
    pub class: Option<ClassPattern>,
    /// The class is carried in this direction.
    pub direction: Option<Direction>,
    /// The class is at least so sure, 0 to 100.
    pub min_confidence: Option<u8>,
    /// At least this severe.
    pub min_severity: Option<Severity>,
    /// Was called with this authentication scheme; `none` is one.
    pub auth: Option<String>,
    /// `none`, `some` or `all`.
    pub encrypted: Option<String>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// Wall time, which decisions about findings may have outlived.
    pub now: Option<Timestamp>,
}

/// A data class of an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClassRow {
    /// Dotted id.
    pub class: String,
    /// `request` or `response`.
    pub direction: &'static str,
    /// 0 to 100.
    pub confidence: u8,
}

/// What could be seen of an endpoint or a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct SeenCounts {
    /// Exchanges, half ones included.
    pub exchanges: u64,
    /// Only one half was seen.
    pub one_sided: u64,
    /// A part is missing in the middle.
    pub gaps: u64,
    /// The end is missing.
    pub truncated: u64,
    /// A body could not be decoded.
    pub undecoded: u64,
    /// A body is no text, in part or in whole, and was not looked into.
    pub unread: u64,
    /// A receiver may have read other bytes than the first copies; both readings were inspected.
    pub ambiguous: u64,
}

impl From<&Coverage> for SeenCounts {
    fn from(c: &Coverage) -> Self {
        SeenCounts {
            exchanges: c.exchanges,
            one_sided: c.one_sided,
            gaps: c.gaps,
            truncated: c.truncated,
            undecoded: c.undecoded,
            unread: c.unread,
            ambiguous: c.ambiguous,
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EndpointRow {
    /// Stable id.
    pub id: String,
    /// Authority or `ip:port`.
    pub service: String,
    /// The wire protocol it is most used with.
    pub protocol: String,
    /// `http`, `fhir-r4`, ….
    pub standard: String,
    /// `GET /fhir/Patient/{id}`.
    pub operation: String,
    /// HTTP only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// HTTP only: the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// FHIR interactions seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<String>,
    /// Requests.
    pub requests: u64,
    /// Sessions that could not be read, of what is encrypted: how many requests they held is not
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// Responses by status.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub statuses: BTreeMap<Status, u64>,
    /// Schemes seen, `none` among them.
    pub auth: Vec<String>,
    /// `none`, `some` or `all`.
    pub encrypted: &'static str,
    /// Most confident first.
    pub data_classes: Vec<ClassRow>,
    /// The greatest severity of its open findings: what was accepted, refuted or resolved does not
    /// count.
    #[schemars(schema_with = "super::schema::severity")]
    pub severity: Severity,
    /// What could be seen.
    pub coverage: SeenCounts,
    /// Bodies that were not looked into, by kind: `pdf`, `image`, ….
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread_bodies: BTreeMap<String, u64>,
    /// Distinct clients.
    pub clients: u64,
    /// Body bytes of requests.
    pub request_bytes: u64,
    /// Body bytes of responses.
    pub response_bytes: u64,
    /// Odd traffic, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub anomalies: BTreeMap<String, u64>,
    /// Ids of rows that were merged into this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<String>,
    /// Packet time of the first exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the last exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// The endpoints that pass `filter`: the most severe first, then those whose data classes are
/// surest, then the busiest.
pub fn endpoints(reader: &Reader, filter: &EndpointFilter) -> Result<Vec<EndpointRow>, QueryError> {
    let mut endpoints = reader.endpoints()?;
    if let Some(open) = undecided(reader, filter.now)? {
        let severity = |id: &str| open.endpoints.get(id).copied().unwrap_or_default();
        endpoints.iter_mut().for_each(|e| e.severity = severity(&e.id));
    }
    endpoints.retain(|e| filter.matches(e));
    let surest = |e: &Endpoint| e.data_classes.iter().map(|(_, class)| class.confidence).max();
    endpoints.sort_by_key(|e| (Reverse(e.severity), Reverse(surest(e)), Reverse(e.requests)));
    Ok(limited(endpoints, filter.limit).into_iter().map(row).collect())
}

impl EndpointFilter {
    fn matches(&self, endpoint: &Endpoint) -> bool {
        self.operation.matches(endpoint)
            && wanted(&self.min_severity, |least| endpoint.severity >= *least)
            && wanted(&self.auth, |scheme| endpoint.auth.contains_key(scheme))
            && wanted(&self.encrypted, |word| endpoint.encrypted == word)
            && self.matches_classes(&endpoint.data_classes)
    }

    fn matches_classes(&self, classes: &[(Direction, DataClassSeen)]) -> bool {
        let asked =
            self.class.is_some() || self.direction.is_some() || self.min_confidence.is_some();
        !asked
            || classes.iter().any(|(direction, class)| {
                wanted(&self.class, |p| p.matches(&class.class))
                    && wanted(&self.direction, |d| d == direction)
                    && wanted(&self.min_confidence, |least| class.confidence >= *least)
            })
    }
}

fn row(e: Endpoint) -> EndpointRow {
    let (first_seen, last_seen) = seen(e.first_seen, e.last_seen);
    let class = |(direction, class): (Direction, DataClassSeen)| ClassRow {
        class: class.class,
        direction: direction_name(direction),
        confidence: class.confidence,
    };
    let sessions = (e.standard == "tls").then_some(e.coverage.exchanges);
    EndpointRow {
        id: e.id,
        service: e.service,
        protocol: e.protocol,
        standard: e.standard,
        operation: e.operation,
        method: e.method,
        path: e.path,
        interactions: e.interactions,
        requests: e.requests,
        sessions,
        statuses: e.statuses,
        auth: e.auth.into_keys().collect(),
        encrypted: e.encrypted,
        data_classes: e.data_classes.into_iter().map(class).collect(),
        severity: e.severity,
        coverage: (&e.coverage).into(),
        unread_bodies: e.coverage.unread_bodies,
        clients: e.clients,
        request_bytes: e.body_bytes[0],
        response_bytes: e.body_bytes[1],
        anomalies: e.anomalies,
        absorbed: e.absorbed,
        first_seen,
        last_seen,
    }
}
