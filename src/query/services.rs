//! Which services answer, and how much of them was seen.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::filter::{Pattern, limited, seen, wanted};
use super::undecided::undecided;
use crate::base::Timestamp;
use crate::inventory::{Service, ServiceTls};
use crate::model::Severity;
use crate::store::Reader;

/// Which services.
#[derive(Clone, Debug, Default)]
pub struct ServiceFilter {
    /// The service's name.
    pub service: Option<Pattern>,
    /// At least this severe.
    pub min_severity: Option<Severity>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// Wall time, which decisions about findings may have outlived.
    pub now: Option<Timestamp>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ServiceRow {
    /// Authority or `ip:port`.
    pub service: String,
    /// `ip:port` of its servers.
    pub addresses: Vec<String>,
    /// Wire protocols.
    pub protocols: Vec<String>,
    /// Product names its servers gave.
    pub names: Vec<String>,
    /// VLANs and tunnels its flows came through: `vlan 10`, `vxlan 4096 10.0.0.1>10.0.0.2`.
    pub encapsulation: Vec<String>,
    /// `none`, `some` or `all` of its exchanges.
    pub encrypted: &'static str,
    /// What its TLS sessions show, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServiceTls>,
    /// Endpoint rows.
    pub endpoints: u64,
    /// Requests.
    pub requests: u64,
    /// Bytes of heads and bodies, and of TLS sessions.
    pub bytes: u64,
    /// The greatest severity of its open findings: what was accepted, refuted or resolved does not
    /// count.
    #[schemars(schema_with = "super::schema::severity")]
    pub severity: Severity,
    /// Packet time of the first exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the last exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// The services that pass `filter`: the most severe first, then the busiest.
pub fn services(reader: &Reader, filter: &ServiceFilter) -> Result<Vec<ServiceRow>, QueryError> {
    let mut services = reader.services()?;
    if let Some(open) = undecided(reader, filter.now)? {
        let severity = |service: &str| open.services.get(service).copied().unwrap_or_default();
        services.iter_mut().for_each(|s| s.severity = severity(&s.service));
    }
    services.retain(|s| {
        wanted(&filter.service, |p| p.matches(&s.service))
            && wanted(&filter.min_severity, |least| s.severity >= *least)
    });
    services.sort_by_key(|s| (Reverse(s.severity), Reverse(s.requests)));
    Ok(limited(services, filter.limit).into_iter().map(row).collect())
}

fn row(s: Service) -> ServiceRow {
    let (first_seen, last_seen) = seen(s.first_seen, s.last_seen);
    ServiceRow {
        service: s.service,
        addresses: s.addresses,
        protocols: s.protocols,
        names: s.names,
        encapsulation: s.encapsulation,
        encrypted: s.encrypted,
        tls: s.tls,
        endpoints: s.endpoints,
        requests: s.requests,
        bytes: s.bytes,
        severity: s.severity,
        first_seen,
        last_seen,
    }
}
