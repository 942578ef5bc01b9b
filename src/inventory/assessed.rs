//! What users see: rollups of all runs merged, templates collapsed, evidence judged.
//!
//! These types are what the store writes into its public tables, what queries read back and what
//! the digest is made of. Their field names are the JSON keys of the queries.

use std::collections::BTreeMap;

use crate::base::{Span, Timestamp};
use crate::model::{Direction, FindingKind, Location, Severity, Status};

use super::tls::ServiceTls;

/// A data class found in an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataClassSeen {
    /// Dotted id: `gb.nhs_number`.
    pub class: String,
    /// 0 to 100.
    pub confidence: u8,
    /// Values that carry it.
    pub count: u64,
    /// Packet time of the first message with one.
    pub first_seen: Timestamp,
    /// Packet time of the last message with one.
    pub last_seen: Timestamp,
}

/// What could be seen of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
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
    /// A body is no text, in part or in whole, and was not walked.
    pub unread: u64,
    /// Such bodies by kind: `pdf`, `image`, ….
    pub unread_bodies: BTreeMap<String, u64>,
    /// A receiver may have read other bytes than the first copies; both readings were inspected.
    pub ambiguous: u64,
}

/// A field of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Request or response.
    pub direction: Direction,
    /// Where it lives.
    pub location: Location,
    /// Canonical path.
    pub field: String,
    /// Kinds of its values, sorted.
    pub types: Vec<&'static str>,
    /// Values seen.
    pub seen: u64,
    /// Exchanges in which it was seen.
    pub exchanges: u64,
    /// Classes, most confident first.
    pub data_classes: Vec<DataClassSeen>,
    /// Why each class was given or withheld, one clause each.
    pub explanation: Vec<String>,
    /// Mask of a representative candidate value.
    pub mask: Option<String>,
    /// Packet time of the first message that had it.
    pub first_seen: Timestamp,
    /// Packet time of the last message that had it.
    pub last_seen: Timestamp,
}

/// When what is true of an endpoint was seen to be so, by packet time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenTimes {
    /// Requests by authentication scheme.
    pub auth: BTreeMap<String, Span>,
    /// Exchanges without encryption, where there were any.
    pub clear: Option<Span>,
    /// Exchanges over TLS or another encryption, where there were any.
    pub encrypted: Option<Span>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// `ep-` and 16 hexadecimal digits over its identity.
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
    pub method: Option<String>,
    /// HTTP only: the template.
    pub path: Option<String>,
    /// FHIR interactions seen.
    pub interactions: Vec<String>,
    /// Ids of rows that were merged into this one.
    pub absorbed: Vec<String>,
    /// Requests.
    pub requests: u64,
    /// Responses by status; HL7 v2 by the code of the acknowledgement.
    pub statuses: BTreeMap<Status, u64>,
    /// Schemes seen with counts, `none` among them.
    pub auth: BTreeMap<String, u64>,
    /// `none`, `some` or `all`.
    pub encrypted: &'static str,
    /// When callers authenticated how, and were encrypted.
    pub times: SeenTimes,
    /// Per direction, most confident first.
    pub data_classes: Vec<(Direction, DataClassSeen)>,
    /// The greatest severity of its findings.
    pub severity: Severity,
    /// What could be seen.
    pub coverage: Coverage,
    /// Distinct clients, exact up to the limit that is kept.
    pub clients: u64,
    /// Packet time of the first exchange.
    pub first_seen: Timestamp,
    /// Packet time of the last exchange.
    pub last_seen: Timestamp,
    /// Body bytes of requests and responses.
    pub body_bytes: [u64; 2],
    /// Odd traffic, by name.
    pub anomalies: BTreeMap<String, u64>,
    /// Its fields, sorted by direction, location and path.
    pub fields: Vec<Field>,
}

impl Endpoint {
    /// Its operation, with where it is asked.
    pub fn named(&self) -> String {
        operation_at(&self.operation, (self.method.as_deref(), self.path.as_deref()))
    }
}

/// An operation with where it is asked, which that of a message over HTTP does not say:
/// `ADT^A01 at POST /inbound`. Wherever people read of an endpoint, this names it.
pub fn operation_at(operation: &str, (method, path): (Option<&str>, Option<&str>)) -> String {
    match path.filter(|path| !path.is_empty() && !operation.contains(path)) {
        Some(path) => {
            let asked = [method.unwrap_or_default(), path].join(" ");
            format!("{operation} at {}", asked.trim_start())
        }
        None => operation.to_owned(),
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Authority or `ip:port`.
    pub service: String,
    /// `ip:port` of its servers, sorted.
    pub addresses: Vec<String>,
    /// Wire protocols, sorted.
    pub protocols: Vec<String>,
    /// Product names its servers gave, sorted.
    pub names: Vec<String>,
    /// VLANs and tunnels its flows came through, sorted.
    pub encapsulation: Vec<String>,
    /// `none`, `some` or `all` of its exchanges.
    pub encrypted: &'static str,
    /// What its TLS sessions show, where it has any.
    pub tls: Option<ServiceTls>,
    /// Endpoint rows.
    pub endpoints: u64,
    /// Requests.
    pub requests: u64,
    /// Bytes of heads and bodies, and of TLS sessions.
    pub bytes: u64,
    /// The greatest severity of its findings.
    pub severity: Severity,
    /// Packet time of the first exchange.
    pub first_seen: Timestamp,
    /// Packet time of the last exchange.
    pub last_seen: Timestamp,
}

/// A client.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its address.
    pub client: String,
    /// Programs it named, sorted.
    pub user_agents: Vec<String>,
    /// Services it called, sorted.
    pub services: Vec<String>,
    /// Requests.
    pub requests: u64,
    /// Packet time of the first request.
    pub first_seen: Timestamp,
    /// Packet time of the last request.
    pub last_seen: Timestamp,
}

/// A finding. The state that someone gave it lives apart from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable: over rule, endpoint id, direction, field and class.
    pub id: String,
    /// The posture rule's id: `sensitive-data-in-clear`.
    pub rule: &'static str,
    /// What it is about.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: String,
    /// Why it matters and what to do about it.
    pub explanation: String,
    /// Endpoint id.
    pub endpoint: String,
    /// Where the field is, for findings about one.
    pub direction: Option<Direction>,
    /// Where the field lives, for findings about one.
    pub location: Option<Location>,
    /// The field, for findings about one.
    pub field: Option<String>,
    /// The class, for findings about one.
    pub data_class: Option<String>,
    /// Exchanges or values that show it.
    pub count: u64,
    /// Packet time of the first message with what it is about; else of the endpoint's first.
    pub first_seen: Timestamp,
    /// Packet time of the last message with what it is about; else of the endpoint's last.
    pub last_seen: Timestamp,
    /// Standards and laws it supports evidence for.
    pub references: Vec<String>,
}

/// Everything, sorted by identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Sorted by name.
    pub services: Vec<Service>,
    /// Sorted by service, standard, operation, method and path.
    pub endpoints: Vec<Endpoint>,
    /// Sorted by address.
    pub clients: Vec<Client>,
    /// Sorted by id.
    pub findings: Vec<Finding>,
}
