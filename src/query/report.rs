//! Everything a report tells, gathered once: what was watched, what could not be seen, what matters
//! most, where data goes, what is wrong and what changed. How it is written is for `report/`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::QueryError;
use super::changes::{ChangeFilter, Changes, changes};
use super::clients::{ClientFilter, ClientRow, clients};
use super::coverage::{CoverageAnswer, CoverageFilter, coverage};
use super::endpoints::{EndpointFilter, EndpointRow, endpoints};
use super::findings::{FindingFilter, FindingRow, findings, is_open};
use super::services::{ServiceFilter, ServiceRow, services};
use super::watch::{Recorded, SendingApplication, recorded, sending_applications};
use crate::base::{Timestamp, network_of};
use crate::inventory::operation_at;
use crate::model::Severity;
use crate::store::{Reader, StoredRun};

/// How many things to do first are named.
const FIRST_MAX: usize = 5;
/// How many of them by the same rule: five services with one problem would hide the next problem.
const FIRST_PER_RULE: usize = 2;

/// What a report is asked to tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportFilter {
    /// Wall time of the report.
    pub now: Timestamp,
    /// Changes since this packet time; without it those since the last report.
    pub since: Option<Timestamp>,
}

/// Everything a report tells.
#[derive(Clone, Debug, Default)]
pub struct ReportData {
    /// Wall time of the report.
    pub made: Timestamp,
    /// Packet times of the first and last exchange.
    pub watched: Option<(Timestamp, Timestamp)>,
    /// How long of that packets were recorded, where it is known.
    pub recorded: Option<Recorded>,
    /// Replays and captures.
    pub runs: u64,
    /// What became of packets, flows and exchanges.
    pub coverage: CoverageAnswer,
    /// The most exposed first.
    pub services: Vec<ExposedService>,
    /// Who sends HL7 v2 messages, the busiest first.
    pub senders: Vec<SendingApplication>,
    /// The most exposed first.
    pub endpoints: Vec<EndpointRow>,
    /// Clients by their network.
    pub groups: Vec<ClientGroup>,
    /// The most widespread first.
    pub classes: Vec<ClassSummary>,
    /// Service by service, the most values first.
    pub flows: Vec<ClassFlow>,
    /// What to do first.
    pub first: Vec<FirstThing>,
    /// By rule, the most severe first.
    pub findings: Vec<RuleGroup>,
    /// What changed, and since when.
    pub changes: Option<(Since, Changes)>,
}

impl ReportData {
    /// Leaves out the findings below `least`, and the rules that have no other.
    pub fn keep_findings(&mut self, least: Severity) {
        for group in &mut self.findings {
            group.open.retain(|f| f.severity >= least);
            group.decided.retain(|f| f.severity >= least);
        }
        self.findings.retain(|g| !(g.open.is_empty() && g.decided.is_empty()));
    }
}

/// Since when changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The last report, made at this wall time and telling of what was seen up to this packet time.
    Report(Timestamp, Timestamp),
    /// A packet time that was asked for.
    Time(Timestamp),
}

/// A service with what its endpoints say.
#[derive(Clone, Debug)]
pub struct ExposedService {
    /// The service.
    pub row: ServiceRow,
    /// Its endpoints that are not encrypted throughout.
    pub clear: u64,
    /// Its endpoints that were called without authentication.
    pub unauthenticated: u64,
    /// Data classes of its endpoints, those that most of them carry first.
    pub classes: Vec<String>,
    /// Clients that called it.
    pub clients: u64,
    /// Networks they are in with how many of each, most first.
    pub callers: Vec<(String, u64)>,
    /// Open findings.
    pub findings: u64,
}

/// Clients of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientGroup {
    /// `10.0.3.0/24`, `2001:db8::/64`.
    pub network: String,
    /// Its clients.
    pub clients: u64,
    /// Requests of all of them.
    pub requests: u64,
    /// Services they called, each with how many of them did.
    pub services: BTreeMap<String, u64>,
}

/// A data class over the whole inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassSummary {
    /// Dotted id.
    pub class: String,
    /// 0 to 100: the surest place.
    pub confidence: u8,
    /// Services that carry it.
    pub services: u64,
    /// Endpoints that carry it.
    pub endpoints: u64,
    /// Of them, those that are not encrypted throughout.
    pub clear: u64,
    /// Of them, those that were called without authentication.
    pub unauthenticated: u64,
}

/// A data class at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassFlow {
    /// Which service.
    pub service: String,
    /// Which class.
    pub class: String,
    /// Endpoints of the service that carry it.
    pub endpoints: u64,
    /// Requests of those endpoints.
    pub requests: u64,
    /// Whether clients send it.
    pub sent: bool,
    /// Whether clients get it.
    pub returned: bool,
}

/// What to do first: one rule at one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstThing {
    /// The posture rule.
    pub rule: String,
    /// Which service.
    pub service: String,
    /// The most severe of the findings.
    pub severity: Severity,
    /// Open findings.
    pub findings: u64,
    /// Operations concerned, those seen most first.
    pub operations: Vec<String>,
    /// Data classes concerned.
    pub classes: Vec<String>,
}

/// The findings of one rule.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    /// The posture rule.
    pub rule: String,
    /// The most severe of those that are open; of all where none is.
    pub severity: Severity,
    /// Those that are new, acknowledged or have come back.
    pub open: Vec<FindingRow>,
    /// Those that someone accepted, resolved or called false.
    pub decided: Vec<FindingRow>,
}

/// Gathers what a report tells.
pub fn report(reader: &Reader, filter: &ReportFilter) -> Result<ReportData, QueryError> {
    let now = Some(filter.now);
    let services = services(reader, &ServiceFilter { now, ..ServiceFilter::default() })?;
    let endpoints = endpoints(reader, &EndpointFilter { now, ..EndpointFilter::default() })?;
    let clients = clients(reader, &ClientFilter::default())?;
    let findings = findings(reader, &FindingFilter { now, ..FindingFilter::default() })?;
    let groups = groups_of(&clients);
    let changes = changed(reader, filter.since)?;
    let first = first_things(&findings);
    Ok(ReportData {
        made: filter.now,
        watched: watched(reader)?,
        recorded: recorded(&reader.inputs()?),
        runs: reader.runs()?.iter().filter(counts).map(|_| 1).sum(),
        coverage: coverage(reader, &CoverageFilter::default())?,
        classes: classes_of(&endpoints),
        flows: flows_of(&endpoints),
        senders: sending_applications(reader)?,
        services: exposed(services, (&endpoints, &groups, &findings)),
        endpoints,
        groups,
        first,
        findings: grouped(findings),
        changes,
    })
}

/// What changed since a time, or else since the last report.
fn changed(
    reader: &Reader,
    since: Option<Timestamp>,
) -> Result<Option<(Since, Changes)>, QueryError> {
    if let Some(time) = since {
        let filter = ChangeFilter { since, ..ChangeFilter::default() };
        return Ok(Some((Since::Time(time), changes(reader, None, &filter)?)));
    }
    let Some(last) = reader.last_report()? else { return Ok(None) };
    // Of a report that an older version made only the time is known.
    let held = Some(reader.report_held()?).filter(|held| !held.services.is_empty());
    let filter = ChangeFilter { since: Some(last.covered), held, ..ChangeFilter::default() };
    let changes = Changes { removed: last.removed, ..changes(reader, None, &filter)? };
    Ok(Some((Since::Report(last.made, last.covered), changes)))
}

/// Packet times of the first and the last exchange, of which a report tells.
pub fn watched(reader: &Reader) -> Result<Option<(Timestamp, Timestamp)>, QueryError> {
    let services = reader.services()?;
    let seen = services.iter().filter(|s| s.first_seen <= s.last_seen);
    let first = seen.clone().map(|s| s.first_seen).min();
    Ok(first.zip(seen.map(|s| s.last_seen).max()))
}

fn counts(run: &&StoredRun) -> bool {
    run.state.name() != "open" || run.kind == "capture"
}

/// The network that an address is likely to share with its neighbours.
fn network(client: &str) -> String {
    client.parse().map_or_else(|_| client.to_owned(), network_of)
}

fn groups_of(clients: &[ClientRow]) -> Vec<ClientGroup> {
    let mut groups: BTreeMap<String, ClientGroup> = BTreeMap::new();
    for client in clients {
        let network = network(&client.client);
        let group = groups.entry(network.clone()).or_insert_with(|| ClientGroup {
            network,
            clients: 0,
            requests: 0,
            services: BTreeMap::new(),
        });
        group.clients += 1;
        group.requests += client.requests;
        for service in &client.services {
            *group.services.entry(service.clone()).or_default() += 1;
        }
    }
    let mut groups: Vec<ClientGroup> = groups.into_values().collect();
    groups.sort_by_key(|g| Reverse(g.requests));
    groups
}

fn called_freely(endpoint: &EndpointRow) -> bool {
    endpoint.auth.iter().any(|scheme| scheme == "none")
}

fn exposed(
    services: Vec<ServiceRow>,
    (endpoints, groups, findings): (&[EndpointRow], &[ClientGroup], &[FindingRow]),
) -> Vec<ExposedService> {
    let mut places: BTreeMap<String, ExposedService> = BTreeMap::new();
    let order: Vec<String> = services.iter().map(|s| s.service.clone()).collect();
    for row in services {
        let calls = |g: &ClientGroup| Some((g.network.clone(), *g.services.get(&row.service)?));
        let mut callers: Vec<(String, u64)> = groups.iter().filter_map(calls).collect();
        callers.sort_by_key(|(_, clients)| Reverse(*clients));
        let service = row.service.clone();
        let exposed = ExposedService {
            row,
            clear: 0,
            unauthenticated: 0,
            classes: Vec::new(),
            clients: callers.iter().map(|(_, clients)| clients).sum(),
            callers,
            findings: 0,
        };
        places.insert(service, exposed);
    }
    for endpoint in endpoints {
        let Some(service) = places.get_mut(&endpoint.service) else { continue };
        service.clear += u64::from(endpoint.encrypted != "all");
        service.unauthenticated += u64::from(called_freely(endpoint));
        let carried: BTreeSet<&str> = endpoint.data_classes.iter().map(|c| &*c.class).collect();
        service.classes.extend(carried.into_iter().map(str::to_owned));
    }
    for finding in findings.iter().filter(|f| is_open(f)) {
        if let Some(service) = finding.service.as_ref().and_then(|s| places.get_mut(s)) {
            service.findings += 1;
        }
    }
    let mut services: Vec<ExposedService> =
        order.iter().filter_map(|service| places.remove(service)).collect();
    for service in &mut services {
        let mut carrying: BTreeMap<String, u64> = BTreeMap::new();
        for class in service.classes.drain(..) {
            *carrying.entry(class).or_default() += 1;
        }
        let mut classes: Vec<(String, u64)> = carrying.into_iter().collect();
        classes.sort_by_key(|(_, endpoints)| Reverse(*endpoints));
        service.classes = classes.into_iter().map(|(class, _)| class).collect();
    }
    services.sort_by_key(|s| (Reverse(s.row.severity), Reverse(s.findings)));
    services
}

fn classes_of(endpoints: &[EndpointRow]) -> Vec<ClassSummary> {
    let mut classes: BTreeMap<&str, (ClassSummary, BTreeSet<&str>)> = BTreeMap::new();
    for endpoint in endpoints {
        let mut seen = BTreeSet::new();
        for class in &endpoint.data_classes {
            let (summary, services) = classes.entry(&class.class).or_default();
            summary.confidence = summary.confidence.max(class.confidence);
            services.insert(&endpoint.service);
            if seen.insert(&class.class) {
                summary.endpoints += 1;
                summary.clear += u64::from(endpoint.encrypted != "all");
                summary.unauthenticated += u64::from(called_freely(endpoint));
            }
        }
    }
    let mut rows: Vec<ClassSummary> = classes
        .into_iter()
        .map(|(class, (summary, services))| ClassSummary {
            class: class.to_owned(),
            services: services.len() as u64,
            ..summary
        })
        .collect();
    rows.sort_by_key(|c| (Reverse(c.endpoints), Reverse(c.confidence)));
    rows
}

fn flows_of(endpoints: &[EndpointRow]) -> Vec<ClassFlow> {
    let mut flows: BTreeMap<(&str, &str), ClassFlow> = BTreeMap::new();
    for endpoint in endpoints {
        let mut seen = BTreeSet::new();
        for class in &endpoint.data_classes {
            let key = (endpoint.service.as_str(), class.class.as_str());
            let flow = flows.entry(key).or_insert_with(|| ClassFlow {
                service: endpoint.service.clone(),
                class: class.class.clone(),
                endpoints: 0,
                requests: 0,
                sent: false,
                returned: false,
            });
            flow.sent |= class.direction == "request";
            flow.returned |= class.direction == "response";
            if seen.insert(&class.class) {
                flow.endpoints += 1;
                flow.requests += endpoint.requests;
            }
        }
    }
    let mut flows: Vec<ClassFlow> = flows.into_values().collect();
    flows.sort_by_key(|f| (Reverse(f.requests), Reverse(f.endpoints)));
    flows
}

fn first_things(findings: &[FindingRow]) -> Vec<FirstThing> {
    let mut things: BTreeMap<(&str, &str), (FirstThing, u64)> = BTreeMap::new();
    for finding in findings.iter().filter(|f| is_open(f)) {
        let service = finding.service.as_deref().unwrap_or_default();
        let (thing, count) = things.entry((finding.rule, service)).or_insert_with(|| {
            let thing = FirstThing {
                rule: finding.rule.to_owned(),
                service: service.to_owned(),
                severity: finding.severity,
                findings: 0,
                operations: Vec::new(),
                classes: Vec::new(),
            };
            (thing, 0)
        });
        thing.severity = thing.severity.max(finding.severity);
        thing.findings += 1;
        *count = count.saturating_add(finding.count);
        // Findings come in the order in which they matter.
        let operation = finding.operation.as_ref().map(|operation| {
            operation_at(operation, (finding.method.as_deref(), finding.path.as_deref()))
        });
        for (list, word) in
            [(&mut thing.operations, &operation), (&mut thing.classes, &finding.data_class)]
        {
            if let Some(word) = word.as_ref().filter(|word| !list.contains(word)) {
                list.push(word.clone());
            }
        }
    }
    let mut things: Vec<(FirstThing, u64)> = things.into_values().collect();
    things.sort_by_key(|(t, count)| (Reverse(t.severity), Reverse(t.findings), Reverse(*count)));
    let mut by_rule: BTreeMap<String, usize> = BTreeMap::new();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (thing, _) in things {
        let same = by_rule.entry(thing.rule.clone()).or_default();
        *same += 1;
        if *same <= FIRST_PER_RULE { first.push(thing) } else { rest.push(thing) }
    }
    first.extend(rest);
    first.truncate(FIRST_MAX);
    first
}

fn grouped(findings: Vec<FindingRow>) -> Vec<RuleGroup> {
    let mut groups: BTreeMap<&'static str, RuleGroup> = BTreeMap::new();
    for finding in findings {
        let group = groups.entry(finding.rule).or_insert_with(|| RuleGroup {
            rule: finding.rule.to_owned(),
            severity: Severity::Info,
            open: Vec::new(),
            decided: Vec::new(),
        });
        if is_open(&finding) { group.open.push(finding) } else { group.decided.push(finding) }
    }
    let mut groups: Vec<RuleGroup> = groups.into_values().collect();
    for group in &mut groups {
        let rows = if group.open.is_empty() { &group.decided } else { &group.open };
        group.severity = rows.iter().map(|f| f.severity).max().unwrap_or_default();
    }
    groups.sort_by_key(|g| (g.open.is_empty(), Reverse(g.severity), Reverse(g.open.len())));
    groups
}
