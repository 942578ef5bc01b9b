//! What all of the inventory comes to in a few numbers, and what of it comes first: added up row
//! by row, so that it costs little however much there is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::inventory::room::OVERFLOW;
use crate::inventory::{is_damage_marker, operation_at};
use crate::model::{Direction, Severity};
use crate::store::{EndpointGlance, FindingGlance, Glancer, Reader, StoreError};

/// The protocol of which only handshakes are read: what is damaged of it is told by server.
const TLS: &str = "tls";

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Services.
    pub services: u64,
    /// Services that have no row of their own: they are one, `{overflow}`.
    pub services_merged: u64,
    /// Requests of what has no row of its own.
    pub requests_beyond: u64,
    /// Endpoints.
    pub endpoints: u64,
    /// Clients.
    pub clients: u64,
    /// Requests of all endpoints.
    pub requests: u64,
    /// Packet times of the first and the last exchange.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// Endpoints that are not encrypted, in part or in whole.
    pub in_clear: u64,
    /// Endpoints that some called without a credential.
    pub unauthenticated: u64,
    /// Findings by severity.
    pub findings: BTreeMap<Severity, u64>,
    /// Endpoints by the class they carry.
    pub classes: BTreeMap<String, u64>,
    /// The first by name of the classes in responses.
    pub returned: Option<String>,
    /// Exchanges of which not all was seen.
    pub damaged: Damaged,
    /// Bodies that are no text, by kind.
    pub unread_bodies: BTreeMap<String, u64>,
    /// The first groups of findings, in the order of [`super::grouped`].
    pub first: Vec<OverviewGroup>,
}

/// Exchanges of which not all was seen, but for those of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damaged {
    /// Only one side.
    pub one_sided: u64,
    /// A gap.
    pub gaps: u64,
    /// No end.
    pub truncated: u64,
    /// A body that could not be decoded.
    pub undecoded: u64,
    /// Receivers may have read it differently.
    pub ambiguous: u64,
}

/// Findings of one rule, endpoint and direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverviewGroup {
    /// The posture rule's id.
    pub rule: String,
    /// The greatest of theirs.
    pub severity: Severity,
    /// Authority or `ip:port`.
    pub service: Option<String>,
    /// `GET /fhir/Patient/{id}`; with where it is asked, where that does not say it.
    pub operation: Option<String>,
    /// Whether several services answer to the operation.
    pub shared: bool,
    /// For findings about fields.
    pub direction: Option<Direction>,
    /// The classes concerned, sorted.
    pub data_classes: Vec<String>,
    /// How many findings they are.
    pub findings: u64,
}

/// What there is, and the first `groups` groups of its findings, none of them judged yet.
pub fn overview(reader: &Reader, groups: usize) -> Result<Overview, StoreError> {
    let mut fold = Fold { most: groups, ..Fold::default() };
    reader.glance(&mut fold)?;
    Ok(fold.done())
}

#[derive(Default)]
struct Fold {
    most: usize,
    out: Overview,
    /// By endpoint, then rule and direction.
    groups: BTreeMap<String, Vec<Group>>,
    /// The first of them with the ids of their endpoints, once all findings are known.
    first: Option<Vec<(String, OverviewGroup)>>,
    /// By operation: a service, and whether there is another.
    operations: BTreeMap<String, (String, bool)>,
}

/// A group while it grows.
struct Group {
    rule: String,
    direction: Option<Direction>,
    /// What decides on its place: of all its findings the first.
    first: (Reverse<Severity>, Reverse<u64>, String),
    count: u64,
    classes: Vec<String>,
    findings: u64,
}

impl Glancer for Fold {
    fn finding(&mut self, finding: &FindingGlance<'_>) {
        *self.out.findings.entry(finding.severity).or_default() += 1;
        let place = (Reverse(finding.severity), Reverse(finding.count));
        if !self.groups.contains_key(finding.endpoint) {
            self.groups.insert(finding.endpoint.to_owned(), Vec::new());
        }
        let Some(groups) = self.groups.get_mut(finding.endpoint) else { return };
        let same = |g: &&mut Group| g.rule == finding.rule && g.direction == finding.direction;
        let class = finding.data_class.map(str::to_owned);
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.findings += 1;
                group.count = group.count.max(finding.count);
                let (severity, count, id) = &group.first;
                if (place.0, place.1, finding.id) < (*severity, *count, id.as_str()) {
                    group.first = (place.0, place.1, finding.id.to_owned());
                }
                group.classes.extend(class.filter(|class| !group.classes.contains(class)));
            }
            None => groups.push(Group {
                rule: finding.rule.to_owned(),
                direction: finding.direction,
                first: (place.0, place.1, finding.id.to_owned()),
                count: finding.count,
                classes: class.into_iter().collect(),
                findings: 1,
            }),
        }
    }

    fn endpoint(&mut self, endpoint: &EndpointGlance<'_>) {
        self.choose_first();
        let out = &mut self.out;
        // What tells of damage is no endpoint, and counts among none of them.
        let counts = !is_damage_marker(endpoint.operation);
        out.endpoints += u64::from(counts);
        out.requests += endpoint.requests;
        if [endpoint.service, endpoint.operation].contains(&OVERFLOW) {
            out.requests_beyond += endpoint.requests;
        }
        let (first, last) = endpoint.seen;
        let (from, to) = out.seen.unwrap_or(endpoint.seen);
        out.seen = Some((from.min(first), to.max(last)));
        out.in_clear += u64::from(counts && endpoint.encrypted != "all");
        out.unauthenticated += u64::from(counts && endpoint.unauthenticated);
        out.classes(endpoint);
        for (kind, bodies) in &endpoint.unread_bodies {
            *out.unread_bodies.entry(kind.to_string()).or_default() += bodies;
        }
        if endpoint.standard != TLS {
            out.damaged.one_sided += endpoint.one_sided;
            out.damaged.gaps += endpoint.gaps;
            out.damaged.truncated += endpoint.truncated;
            out.damaged.undecoded += endpoint.undecoded;
            out.damaged.ambiguous += endpoint.ambiguous;
        }
        let operation = operation_at(endpoint.operation, (endpoint.method, endpoint.path));
        let mine = self.first.iter_mut().flatten().filter(|(id, _)| id == endpoint.id);
        for (_, group) in mine {
            group.service = Some(endpoint.service.to_owned());
            group.operation = Some(operation.clone());
        }
        match self.operations.get_mut(&operation) {
            Some((service, others)) => *others |= service != endpoint.service,
            None => {
                let entry = (endpoint.service.to_owned(), false);
                self.operations.insert(operation, entry);
            }
        }
    }

    fn totals(&mut self, services: u64, clients: u64, merged: u64) {
        (self.out.services, self.out.clients) = (services, clients);
        self.out.services_merged = merged;
    }
}

impl Fold {
    /// Which groups come first, once every finding was seen.
    fn choose_first(&mut self) {
        if self.first.is_some() {
            return;
        }
        let mut all: Vec<(&String, &Group)> = self
            .groups
            .iter()
            .flat_map(|(id, groups)| groups.iter().map(move |g| (id, g)))
            .collect();
        let order = |(_, group): &(&String, &Group)| {
            let (severity, count, id) = &group.first;
            (*severity, Reverse(group.count), *count, id.clone())
        };
        if all.len() > self.most {
            all.select_nth_unstable_by_key(self.most, order);
            all.truncate(self.most);
        }
        all.sort_by_key(order);
        let group = |(endpoint, group): (&String, &Group)| {
            let mut data_classes = group.classes.clone();
            data_classes.sort_unstable();
            let told = OverviewGroup {
                rule: group.rule.clone(),
                severity: group.first.0.0,
                direction: group.direction,
                data_classes,
                findings: group.findings,
                ..OverviewGroup::default()
            };
            (endpoint.clone(), told)
        };
        self.first = Some(all.into_iter().map(group).collect());
        self.groups.clear();
    }

    fn done(mut self) -> Overview {
        self.choose_first();
        for (_, mut group) in self.first.into_iter().flatten() {
            let operation = group.operation.as_ref().and_then(|o| self.operations.get(o));
            group.shared = operation.is_some_and(|(_, others)| *others);
            self.out.first.push(group);
        }
        self.out
    }
}

impl Overview {
    fn classes(&mut self, endpoint: &EndpointGlance<'_>) {
        for (place, (direction, class)) in endpoint.classes.iter().enumerate() {
            let before = endpoint.classes.iter().take(place);
            if !before.into_iter().any(|(_, other)| other == class) {
                match self.classes.get_mut(&**class) {
                    Some(endpoints) => *endpoints += 1,
                    None => drop(self.classes.insert(class.to_string(), 1)),
                }
            }
            if *direction == Direction::ToClient
                && self.returned.as_deref().is_none_or(|first| **class < *first)
            {
                self.returned = Some(class.to_string());
            }
        }
    }

    /// Findings of every severity.
    pub fn all_findings(&self) -> u64 {
        self.findings.values().sum()
    }

    /// The greatest severity of a finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.keys().next_back().copied()
    }
}
