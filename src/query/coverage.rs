//! What could be seen, and what could not: the accounting of packets, what became of flows, and
//! how whole the exchanges of services and endpoints are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::endpoints::SeenCounts;
use super::filter::{OperationFilter, Pattern, limited, seen, wanted};
use crate::inventory::Endpoint;
use crate::inventory::room::{BEYOND, OVERFLOW, SERVICES_MERGED};
use crate::model::{PacketAccount, Reason};
use crate::store::{FlowOutcome, Reader, StoredInput};

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct CoverageFilter {
    /// By what endpoints are; services too where only the service is given.
    pub operation: OperationFilter,
    /// The name of an input.
    pub input: Option<Pattern>,
    /// At most so many rows of each kind.
    pub limit: Option<usize>,
}

/// What became of the packets of one input or of all:
/// `seen = analysed + duplicate + filtered + skipped + malformed + shed + dropped`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PacketRow {
    /// `all` or `input`.
    pub scope: &'static str,
    /// The input's name; absent in the row for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The run that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// `complete` or `partial`.
    pub state: &'static str,
    /// Why it is partial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// Packets the source had.
    pub seen: u64,
    /// Segments that reached reassembly.
    pub analysed: u64,
    /// The same packet a second time.
    pub duplicate: u64,
    /// Excluded by the user's filter.
    pub filtered: u64,
    /// Not ours to decode, by reason.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub skipped: BTreeMap<Reason, u64>,
    /// Contradicting or cut headers, by reason.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub malformed: BTreeMap<Reason, u64>,
    /// Discarded under load, by reason.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub shed: BTreeMap<Reason, u64>,
    /// Lost in the kernel's buffer.
    pub dropped: u64,
    /// Of the analysed: cut by the capture's snap length.
    pub cut: u64,
    /// Beside the account, an estimate: packets that the interface lost before that, where the
    /// system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_lost: Option<u64>,
    /// Beside the account, an estimate: packets that the kernel's filter excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_excluded: Option<u64>,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Whether the identity holds to the packet.
    pub balanced: bool,
    /// Packet time of the first packet, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_packet: Option<String>,
    /// Packet time of the last packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_packet: Option<String>,
}

/// Flows to one server by what could be made of them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FlowRow {
    /// `flows`.
    pub scope: &'static str,
    /// The server's `ip:port`.
    pub server: String,
    /// A protocol, or why there is none: `tls`, `unidentified`, ….
    pub outcome: String,
    /// Flows.
    pub flows: u64,
    /// Payload bytes that were seen, both directions.
    pub bytes: u64,
    /// Payload bytes that are known to be missing between those: of all that was sent,
    /// `gap_bytes / (bytes + gap_bytes)` was lost.
    pub gap_bytes: u64,
    /// Flows of which only one direction was seen.
    pub one_sided: u64,
}

/// Odd traffic. Asked about everything, what belongs to no endpoint; asked about services or
/// operations, what was found in their messages, and what belongs to none at their addresses.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AnomalyRow {
    /// `anomaly`.
    pub scope: &'static str,
    /// In messages of which service, where services were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Between messages, at which `ip:port` of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What is odd: `http-start-invalid`, `evicted-for-flows`, ….
    pub anomaly: String,
    /// How often it came.
    pub count: u64,
}

/// How whole the exchanges of a service or an endpoint are.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SeenRow {
    /// `service` or `endpoint`.
    pub scope: &'static str,
    /// The endpoint's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Authority or `ip:port`.
    pub service: String,
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
    /// Such bodies by kind: `pdf`, `image`, ….
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread_bodies: BTreeMap<String, u64>,
}

/// What could be seen, from packets up.
#[derive(Clone, Debug, Default)]
pub struct CoverageAnswer {
    /// All inputs together, then each.
    pub packets: Vec<PacketRow>,
    /// Those with the most bytes first.
    pub flows: Vec<FlowRow>,
    /// The most frequent first.
    pub anomalies: Vec<AnomalyRow>,
    /// Those of which most is missing first.
    pub services: Vec<SeenRow>,
    /// Those of which most is missing first.
    pub endpoints: Vec<SeenRow>,
}

/// What could be seen of what passes `filter`. Whose endpoints are asked for is not asked about
/// packets and flows, which belong to none; whose input is, is not asked about anything else.
pub fn coverage(reader: &Reader, filter: &CoverageFilter) -> Result<CoverageAnswer, QueryError> {
    let mut answer = CoverageAnswer::default();
    let all = filter.operation.is_empty() && filter.input.is_none();
    if all || filter.input.is_some() {
        let mut inputs = reader.inputs()?;
        inputs.retain(|i| wanted(&filter.input, |p| p.matches(&i.record.account.name)));
        answer.packets.push(total(&inputs));
        answer.packets.extend(limited(inputs, filter.limit).into_iter().map(input_row));
    }
    if all {
        let mut flows = reader.flows()?;
        flows.sort_by_key(|f| Reverse((f.stats.bytes, f.stats.flows)));
        answer.flows = limited(flows, filter.limit).into_iter().map(flow_row).collect();
    }
    if all || !filter.operation.is_empty() {
        let mut endpoints = reader.endpoints()?;
        endpoints.retain(|e| filter.operation.matches(e));
        if all {
            let odd = limited(odd_in_all(reader, &endpoints)?, filter.limit).into_iter();
            let row = |(anomaly, count)| anomaly_row(None, None, (anomaly, count));
            answer.anomalies = odd.map(row).collect();
        }
        if !all {
            let odd = odd_within(reader, filter, &endpoints)?;
            answer.anomalies = limited(odd, filter.limit);
        }
        let mut services = by_service(&endpoints);
        services.sort_by_key(|row| Reverse(missing(row)));
        let mut rows: Vec<SeenRow> = endpoints.into_iter().map(endpoint_row).collect();
        rows.sort_by_key(|row| Reverse(missing(row)));
        answer.services = limited(services, filter.limit);
        answer.endpoints = limited(rows, filter.limit);
    }
    Ok(answer)
}

/// What was odd and belongs to no endpoint, and what has no row of its own: also what every run
/// had one of, and all together have none.
fn odd_in_all(reader: &Reader, endpoints: &[Endpoint]) -> Result<Vec<(String, u64)>, QueryError> {
    let mut odd: BTreeMap<String, u64> = reader.anomalies()?.into_iter().collect();
    let beyond = endpoints.iter().filter(|e| [&*e.service, &*e.operation].contains(&OVERFLOW));
    let requests: u64 = beyond.map(|e| e.requests).sum();
    for (name, now) in [(BEYOND, requests), (SERVICES_MERGED, reader.services_merged()?)] {
        if now > 0 {
            let told = odd.entry(name.to_owned()).or_default();
            *told = now.max(*told);
        }
    }
    let mut rows: Vec<_> = odd.into_iter().collect();
    rows.sort_by_key(|(_, count)| Reverse(*count));
    Ok(rows)
}

fn anomaly_row(
    service: Option<String>,
    server: Option<String>,
    (anomaly, count): (String, u64),
) -> AnomalyRow {
    AnomalyRow { scope: "anomaly", service, server, anomaly, count }
}

/// What was odd in messages of `endpoints`, and at the addresses of the services asked about.
fn odd_within(
    reader: &Reader,
    filter: &CoverageFilter,
    endpoints: &[Endpoint],
) -> Result<Vec<AnomalyRow>, QueryError> {
    let mut found: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for endpoint in endpoints {
        for (name, count) in &endpoint.anomalies {
            *found.entry((&endpoint.service, name)).or_default() += count;
        }
    }
    let row = |((service, name), count): ((&str, &str), u64)| {
        anomaly_row(Some(service.to_owned()), None, (name.to_owned(), count))
    };
    let mut rows: Vec<AnomalyRow> = found.into_iter().map(row).collect();
    // What belongs to no message belongs to no operation.
    if filter.operation.is_service_only() {
        let mut services = reader.services()?;
        services.retain(|s| wanted(&filter.operation.service, |p| p.matches(&s.service)));
        let servers: BTreeSet<String> = services.into_iter().flat_map(|s| s.addresses).collect();
        let at = reader.anomalies_by_server()?.into_iter();
        let at = at.filter(|(server, ..)| servers.contains(server));
        rows.extend(at.map(|(server, name, n)| anomaly_row(None, Some(server), (name, n))));
    }
    rows.sort_by_key(|row| Reverse(row.count));
    Ok(rows)
}

/// Bodies that are no text come last: images are part of any website.
fn missing(row: &SeenRow) -> (u64, u64, u64) {
    (row.one_sided + row.gaps + row.truncated + row.undecoded, row.unread, row.exchanges)
}

fn total(inputs: &[StoredInput]) -> PacketRow {
    let mut sum = PacketAccount::default();
    for input in inputs {
        sum.merge(&input.record.account.packets);
    }
    let partial = inputs.iter().any(|i| i.record.account.incomplete.is_some());
    packet_row("all", partial, sum)
}

fn input_row(input: StoredInput) -> PacketRow {
    let account = input.record.account;
    PacketRow {
        input: Some(account.name),
        run: Some(input.run.0),
        incomplete: account.incomplete.clone(),
        ..packet_row("input", account.incomplete.is_some(), account.packets)
    }
}

fn packet_row(scope: &'static str, partial: bool, packets: PacketAccount) -> PacketRow {
    let (first_packet, last_packet) = seen(packets.span.first, packets.span.last);
    PacketRow {
        scope,
        input: None,
        run: None,
        state: if partial { "partial" } else { "complete" },
        incomplete: None,
        seen: packets.seen,
        analysed: packets.analysed,
        duplicate: packets.duplicate,
        filtered: packets.filtered,
        balanced: packets.balances(),
        skipped: packets.skipped,
        malformed: packets.malformed,
        shed: packets.shed,
        dropped: packets.dropped,
        cut: packets.cut,
        interface_lost: packets.interface_lost,
        filter_excluded: packets.filter_excluded,
        bytes: packets.bytes,
        first_packet,
        last_packet,
    }
}

fn flow_row(flow: FlowOutcome) -> FlowRow {
    FlowRow {
        scope: "flows",
        server: flow.server,
        outcome: flow.outcome,
        flows: flow.stats.flows,
        bytes: flow.stats.bytes,
        gap_bytes: flow.stats.gap_bytes,
        one_sided: flow.stats.one_sided,
    }
}

fn by_service(endpoints: &[Endpoint]) -> Vec<SeenRow> {
    let mut services: BTreeMap<&str, (SeenCounts, BTreeMap<String, u64>)> = BTreeMap::new();
    for endpoint in endpoints {
        let (sum, kinds) = services.entry(&endpoint.service).or_default();
        sum.exchanges += endpoint.coverage.exchanges;
        sum.one_sided += endpoint.coverage.one_sided;
        sum.gaps += endpoint.coverage.gaps;
        sum.truncated += endpoint.coverage.truncated;
        sum.undecoded += endpoint.coverage.undecoded;
        sum.unread += endpoint.coverage.unread;
        sum.ambiguous += endpoint.coverage.ambiguous;
        for (kind, bodies) in &endpoint.coverage.unread_bodies {
            *kinds.entry(kind.clone()).or_default() += bodies;
        }
    }
    let row =
        |(service, (sum, kinds)): (&str, _)| seen_row("service", service.into(), (sum, kinds));
    services.into_iter().map(row).collect()
}

fn endpoint_row(e: Endpoint) -> SeenRow {
    SeenRow {
        endpoint: Some(e.id),
        protocol: Some(e.protocol),
        standard: Some(e.standard),
        operation: Some(e.operation),
        method: e.method,
        path: e.path,
        ..seen_row("endpoint", e.service, ((&e.coverage).into(), e.coverage.unread_bodies))
    }
}

fn seen_row(
    scope: &'static str,
    service: String,
    (seen, unread_bodies): (SeenCounts, BTreeMap<String, u64>),
) -> SeenRow {
    SeenRow {
        scope,
        endpoint: None,
        service,
        protocol: None,
        standard: None,
        operation: None,
        method: None,
        path: None,
        exchanges: seen.exchanges,
        one_sided: seen.one_sided,
        gaps: seen.gaps,
        truncated: seen.truncated,
        undecoded: seen.undecoded,
        unread: seen.unread,
        ambiguous: seen.ambiguous,
        unread_bodies,
    }
}
