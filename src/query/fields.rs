//! Which fields endpoints have, and what is in them.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::filter::{ClassPattern, OperationFilter, Pattern, limited, wanted};
use crate::base::Span;
use crate::inventory::{DataClassSeen, Endpoint, Field};
use crate::model::{Direction, Location};
use crate::store::Reader;
use crate::store::words::direction_name;

/// Which fields.
#[derive(Clone, Debug, Default)]
pub struct FieldFilter {
    /// By what their endpoint is.
    pub operation: OperationFilter,
    /// The endpoint's id.
    pub endpoint: Option<String>,
    /// The field's canonical path.
    pub field: Option<Pattern>,
    /// Request or response.
    pub direction: Option<Direction>,
    /// Where it lives.
    pub location: Option<Location>,
    /// Carries this data class.
    pub class: Option<ClassPattern>,
    /// The class is at least so sure, 0 to 100.
    pub min_confidence: Option<u8>,
    /// At most so many rows.
    pub limit: Option<usize>,
}

/// A data class of a field.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldClassRow {
    /// Dotted id.
    pub class: String,
    /// 0 to 100.
    pub confidence: u8,
    /// Values that carry it.
    pub count: u64,
    /// Packet time of the first message with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the last message with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldRow {
    /// The endpoint's id.
    pub endpoint: String,
    /// Authority or `ip:port`.
    pub service: String,
    /// The wire protocol the endpoint is most used with.
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
    /// `request` or `response`.
    pub direction: &'static str,
    /// `path`, `query`, `header`, `cookie` or `body`.
    pub location: &'static str,
    /// Canonical path.
    pub field: String,
    /// Kinds of its values.
    pub types: Vec<&'static str>,
    /// Values seen.
    pub seen: u64,
    /// Exchanges in which it was seen.
    pub exchanges: u64,
    /// Packet time of the first message that had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the last message that had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// Most confident first.
    pub data_classes: Vec<FieldClassRow>,
    /// Mask of a representative candidate value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Why each class was given or withheld.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explanation: Vec<String>,
}

/// The fields that pass `filter`: those with the surest data class first, then those with the
/// most values of it, then in the order of their endpoints.
pub fn fields(reader: &Reader, filter: &FieldFilter) -> Result<Vec<FieldRow>, QueryError> {
    let mut rows = Vec::new();
    for mut endpoint in reader.endpoints_with_fields()? {
        let by_id = wanted(&filter.endpoint, |id| endpoint.id == *id);
        if !by_id || !filter.operation.matches(&endpoint) {
            continue;
        }
        let fields = std::mem::take(&mut endpoint.fields);
        let passing = fields.into_iter().filter(|field| filter.matches(field));
        rows.extend(passing.map(|field| row(&endpoint, field)));
    }
    rows.sort_by_key(|row| {
        Reverse(row.data_classes.iter().map(|class| (class.confidence, class.count)).max())
    });
    Ok(limited(rows, filter.limit))
}

impl FieldFilter {
    fn matches(&self, field: &Field) -> bool {
        wanted(&self.field, |p| p.matches(&field.field))
            && wanted(&self.direction, |d| *d == field.direction)
            && wanted(&self.location, |l| *l == field.location)
            && self.matches_classes(&field.data_classes)
    }

    fn matches_classes(&self, classes: &[DataClassSeen]) -> bool {
        let asked = self.class.is_some() || self.min_confidence.is_some();
        !asked
            || classes.iter().any(|class| {
                wanted(&self.class, |p| p.matches(&class.class))
                    && wanted(&self.min_confidence, |least| class.confidence >= *least)
            })
    }
}

fn row(e: &Endpoint, f: Field) -> FieldRow {
    let class = |class: DataClassSeen| {
        let (first_seen, last_seen) =
            shown(Span { first: class.first_seen, last: class.last_seen });
        let DataClassSeen { class, confidence, count, .. } = class;
        FieldClassRow { class, confidence, count, first_seen, last_seen }
    };
    let (first_seen, last_seen) = shown(Span { first: f.first_seen, last: f.last_seen });
    FieldRow {
        endpoint: e.id.clone(),
        service: e.service.clone(),
        protocol: e.protocol.clone(),
        standard: e.standard.clone(),
        operation: e.operation.clone(),
        method: e.method.clone(),
        path: e.path.clone(),
        direction: direction_name(f.direction),
        location: f.location.name(),
        field: f.field,
        types: f.types,
        seen: f.seen,
        exchanges: f.exchanges,
        first_seen,
        last_seen,
        data_classes: f.data_classes.into_iter().map(class).collect(),
        mask: f.mask,
        explanation: f.explanation,
    }
}

/// Both times; none where an older version wrote none.
fn shown(span: Span) -> (Option<String>, Option<String>) {
    let known = !span.is_never();
    (known.then(|| span.first.to_string()), known.then(|| span.last.to_string()))
}
