//! From what was observed to what users see: collapse, judge every field, raise findings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::base::key::hex;
use crate::base::limits::ABSORBED_IDS_MAX;
use crate::base::{Span, address_text};
use crate::model::{Direction, Evidence, Form, Location, Severity, ValueKind};

use super::assessed::{
    Client, Coverage, DataClassSeen, Endpoint, Field, Inventory, SeenTimes, Service,
};
use super::judge::{FieldRef, Judge, Verdict};
use super::marks::Marks;
use super::merge::Caps;
use super::posture::{self, Facts};
use super::rollup::{ClientStats, CoverageStats, EndpointKey, EndpointStats, FieldKey, Rollup};
use super::senders::NewSenders;
use super::standards;
use super::template::shown_field;
use super::tls::{ServiceTls, Siblings, TlsFacts};

mod row;

use row::{ClassRow, FieldRow};

/// Operation of the row of responses whose request was never seen.
pub const RESPONSE_ONLY: &str = "(response only)";

/// Operation of the row of requests of which so much was lost that it is not known what they asked.
pub const REQUEST_CUT: &str = "(request cut)";

/// The standard of the row of sessions that cannot be read.
const TLS: &str = "tls";

/// Turns the merged rollup of all runs into the inventory. A pure function: equal observations
/// under one installation key give equal inventories, however they were split and ordered.
///
/// Rows of responses whose request was never seen have neither method nor path and are kept only
/// where their bodies had fields; of requests too much of which was lost also where a class was
/// found elsewhere. They are no endpoints and counted as none; all else is counted in the service
/// and in `coverage`.
pub fn assess(mut rollup: Rollup, judge: &dyn Judge, marks: &Marks, caps: &Caps) -> Inventory {
    let mut map = rollup.conclude(caps);
    standards::unify(&mut rollup, caps, &mut map);
    let mut absorbed: BTreeMap<&EndpointKey, Vec<String>> = BTreeMap::new();
    for (from, to) in map.iter() {
        absorbed.entry(to).or_default().push(endpoint_id(from));
    }
    let mut inventory = Inventory::default();
    let mut services = services(&rollup);
    let siblings = Siblings::of(&rollup.endpoints);
    let mut senders = NewSenders::of(&rollup.endpoints);
    for (key, mut stats) in std::mem::take(&mut rollup.endpoints) {
        // One that can be read in several ways is told whatever the first one says.
        let told = stats.coverage.ambiguous > 0
            || stats.fields.keys().any(|f| f.location == Location::Body);
        let marker = is_damage_marker(&operation(&key));
        if marker && !told && key.operation.is_empty() {
            continue;
        }
        let fields = fields(&key, &mut stats, (judge, marks));
        if marker && !told && fields.iter().all(|field| field.data_classes.is_empty()) {
            continue;
        }
        let mut facts = Facts::of(&stats);
        facts.tls = tls_facts(&key, &mut rollup, &siblings);
        facts.new_senders = senders.take(&key);
        let mut endpoint = endpoint(&key, stats, fields);
        endpoint.absorbed = absorbed.remove(&key).map(least_ids).unwrap_or_default();
        let findings = posture::findings(&endpoint, &facts);
        endpoint.severity = findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Info);
        if let Some(service) = services.get_mut(&key.service) {
            service.endpoints += u64::from(!marker);
            service.severity = service.severity.max(endpoint.severity);
        }
        inventory.findings.extend(findings);
        inventory.endpoints.push(endpoint);
    }
    inventory.endpoints.sort_by(|a, b| identity(a).cmp(&identity(b)));
    inventory.findings.sort_by(|a, b| a.id.cmp(&b.id));
    inventory.services = services.into_values().collect();
    inventory.clients = clients(&rollup);
    inventory
}

/// What rules about TLS need, for the row of a service's sessions.
fn tls_facts(key: &EndpointKey, rollup: &mut Rollup, siblings: &Siblings) -> Option<TlsFacts> {
    if &*key.standard != TLS {
        return None;
    }
    let service = rollup.services.get_mut(&key.service)?;
    let stats = *service.tls.take()?;
    let services = &rollup.services;
    let own: Vec<SocketAddr> = services.get(&key.service)?.addresses.keys().copied().collect();
    let hosts: BTreeSet<IpAddr> = own.iter().map(SocketAddr::ip).collect();
    let shares = |other: &str| {
        let other = services.get(other);
        other.is_some_and(|other| other.addresses.keys().any(|a| hosts.contains(&a.ip())))
    };
    let clear = siblings.without_encryption(&key.service, &own, &stats, shares);
    Some(TlsFacts { stats, clear })
}

/// The id of an endpoint row: `ep-` and the first 16 hexadecimal digits of SHA-256 over service,
/// standard, operation as shown, method and path, separated by NUL.
pub fn endpoint_id(key: &EndpointKey) -> String {
    let operation = operation(key);
    let parts = [&*key.service, &*key.standard, operation.as_str(), &*key.method, &*key.path];
    format!("ep-{}", short_digest(&parts))
}

/// The first 16 hexadecimal digits of SHA-256 over `parts`, separated by NUL.
pub(super) fn short_digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0").as_bytes());
    hex(digest.get(..8).unwrap_or(&digest))
}

fn identity(e: &Endpoint) -> (&str, &str, &str, Option<&str>, Option<&str>) {
    (&e.service, &e.standard, &e.operation, e.method.as_deref(), e.path.as_deref())
}

/// Whether the row of this operation is no endpoint but what is known of one whose request was
/// lost, whole or cut.
pub fn is_damage_marker(operation: &str) -> bool {
    operation == RESPONSE_ONLY || operation == REQUEST_CUT
}

/// What was asked, in words.
fn operation(key: &EndpointKey) -> String {
    if !key.operation.is_empty() {
        return key.operation.to_string();
    }
    match (key.method.is_empty(), key.path.is_empty()) {
        (true, true) => RESPONSE_ONLY.to_owned(),
        (true, false) => key.path.to_string(),
        (false, true) => key.method.to_string(),
        (false, false) => format!("{} {}", key.method, key.path),
    }
}

fn shown(text: &Arc<str>) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

fn least_ids(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids.truncate(ABSORBED_IDS_MAX);
    ids
}

/// Whether `some` of `all` were so.
fn share(some: u64, all: u64) -> &'static str {
    match some {
        0 => "none",
        n if n >= all => "all",
        _ => "some",
    }
}

fn endpoint(key: &EndpointKey, stats: EndpointStats, fields: Vec<Field>) -> Endpoint {
    let encrypted = share(stats.encrypted, stats.coverage.exchanges);
    let times = times(&stats);
    // Most used; of equals the first by name.
    let most = |a: &(&&str, &u64), b: &(&&str, &u64)| a.1.cmp(b.1).then(b.0.cmp(a.0));
    let protocol = stats.protocols.iter().max_by(most).map_or("unknown", |(name, _)| name);
    let mut anomalies: BTreeMap<String, u64> =
        stats.anomalies.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    if stats.fields_overflow > 0 {
        anomalies.insert("fields-overflow".to_owned(), stats.fields_overflow);
    }
    Endpoint {
        id: endpoint_id(key),
        service: key.service.to_string(),
        protocol: protocol.to_owned(),
        standard: key.standard.to_string(),
        operation: operation(key),
        method: shown(&key.method),
        path: shown(&key.path),
        interactions: stats.interactions.keys().map(|name| (*name).to_owned()).collect(),
        absorbed: Vec::new(),
        requests: stats.requests,
        statuses: stats.statuses,
        times,
        auth: stats.auth.iter().map(|(s, n)| (s.name().to_owned(), *n)).collect(),
        encrypted,
        data_classes: endpoint_classes(&fields, stats.span),
        severity: Severity::Info,
        coverage: coverage(&stats.coverage),
        clients: u64::try_from(stats.clients.len()).unwrap_or(u64::MAX),
        first_seen: stats.span.first,
        last_seen: stats.span.last,
        body_bytes: stats.body_bytes,
        anomalies,
        fields,
    }
}

/// When what is counted was seen: schemes, and whether exchanges were encrypted.
fn times(stats: &EndpointStats) -> SeenTimes {
    let span = |span: Option<&Span>| span.copied().unwrap_or_default().within(stats.span);
    let auth = stats.auth.keys().map(|s| (s.name().to_owned(), span(stats.times.auth.get(s))));
    let exchanges = stats.coverage.exchanges;
    let clear = (stats.encrypted < exchanges || exchanges == 0).then_some(&stats.times.clear);
    let encrypted = (stats.encrypted > 0).then_some(&stats.times.encrypted);
    SeenTimes {
        auth: auth.collect(),
        clear: clear.map(|times| span(Some(times))),
        encrypted: encrypted.map(|times| span(Some(times))),
    }
}

fn coverage(stats: &CoverageStats) -> Coverage {
    Coverage {
        exchanges: stats.exchanges,
        one_sided: stats.one_sided,
        gaps: stats.gaps,
        truncated: stats.truncated,
        undecoded: stats.undecoded,
        unread: stats.unread,
        unread_bodies: stats.unread_bodies.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect(),
        ambiguous: stats.ambiguous,
    }
}

/// Confidence from which a class counts for the fields beside it.
const BESIDE_CONFIDENCE_MIN: u8 = 75;

/// The object that a field belongs to: its path without the last name, and without the arrays
/// that hold its values.
fn object_of(path: &str) -> &str {
    let mut path = path;
    while let Some(array) = path.strip_suffix("[*]") {
        path = array;
    }
    let cut = if path.ends_with(']') { path.rfind('[') } else { path.rfind(['.', '/']) };
    cut.and_then(|at| path.get(..at)).unwrap_or_default()
}

/// Judges every field by itself, and once more those that mean something else beside what others
/// of their object carry. What someone said of a field counts for those beside it, too.
fn judged_fields(
    key: &EndpointKey,
    fields: impl IntoIterator<Item = (FieldKey, Evidence)>,
    (judge, marks): (&dyn Judge, &Marks),
) -> Vec<(FieldKey, String, FieldRow)> {
    let marks = marks.of_operation(&key.service, &operation(key));
    let judge_beside = |field: &FieldKey, path: &str, beside: &[Arc<str>], e: &mut Evidence| {
        let reference = FieldRef {
            standard: &key.standard,
            direction: field.direction,
            location: field.location,
            path,
            endpoint: &key.path,
            beside,
            context: &field.context,
        };
        let mut judgement = judge.judge(&reference, e);
        let filled = e.seen.saturating_sub(e.of_form(Form::Empty));
        let place = (field.direction, field.location, path);
        marks.apply(place, (filled, e.filled), &mut judgement);
        judgement
    };
    let object = |field: &FieldKey, path: &str| {
        (field.direction, field.location, object_of(path).to_owned())
    };
    let mut objects: BTreeMap<(Direction, Location, String), Vec<Arc<str>>> = BTreeMap::new();
    let mut judged = Vec::new();
    for (field, mut evidence) in fields {
        let path = shown_field(&field.path).into_owned();
        let judgement = judge_beside(&field, &path, &[], &mut evidence);
        let sure = |v: &&Verdict| v.confidence >= BESIDE_CONFIDENCE_MIN && !v.in_text;
        let carried = judgement.verdicts.iter().filter(sure).map(|v| Arc::clone(&v.class));
        for said in carried.chain(judge.clues(&path)) {
            let beside = objects.entry(object(&field, &path)).or_default();
            if !beside.contains(&said) {
                beside.push(said);
            }
        }
        judged.push((field, path, evidence, judgement));
    }
    let again = judged.into_iter().map(|(field, path, mut evidence, mut judgement)| {
        if let Some(beside) = objects.get(&object(&field, &path))
            && judge.minds_neighbours(&path)
        {
            judgement = judge_beside(&field, &path, beside, &mut evidence);
        }
        (field, path, FieldRow::of(evidence, judgement))
    });
    again.collect()
}

/// Judges every field. Fields of one path that structure tells apart are judged apart and shown
/// as one row.
fn fields(
    key: &EndpointKey,
    stats: &mut EndpointStats,
    judging: (&dyn Judge, &Marks),
) -> Vec<Field> {
    let mut rows: BTreeMap<(Direction, Location, String), FieldRow> = BTreeMap::new();
    let judged = judged_fields(key, std::mem::take(&mut stats.fields), judging);
    for (field, path, row) in judged {
        rows.entry((field.direction, field.location, path)).or_default().join(row);
    }
    // An exchange that has a field under two keys is counted for both; it is one exchange.
    let exchanges = stats.coverage.exchanges;
    let row = |((direction, location, field), mut row): ((_, _, _), FieldRow)| {
        let span = row.span.within(stats.span);
        Field {
            direction,
            location,
            field,
            explanation: row.explained(),
            types: types(row.kinds),
            seen: row.seen,
            exchanges: row.exchanges.min(exchanges),
            data_classes: most_confident_first(row.classes, span),
            mask: row.exemplar.map(|e| e.mask.to_string()),
            first_seen: span.first,
            last_seen: span.last,
        }
    };
    rows.into_iter().map(row).collect()
}

fn types(kinds: u8) -> Vec<&'static str> {
    let seen = |kind: &ValueKind| kinds >> (*kind as u8) & 1 == 1;
    let mut names: Vec<&'static str> =
        ValueKind::ALL.into_iter().filter(seen).map(ValueKind::name).collect();
    names.sort_unstable();
    names
}

/// Classes of what was seen in `span`.
fn most_confident_first(classes: BTreeMap<Arc<str>, ClassRow>, span: Span) -> Vec<DataClassSeen> {
    let seen = |(class, row): (Arc<str>, ClassRow)| {
        let times = row.span.within(span);
        DataClassSeen {
            class: class.to_string(),
            confidence: row.confidence,
            count: row.count,
            first_seen: times.first,
            last_seen: times.last,
        }
    };
    let mut out: Vec<DataClassSeen> = classes.into_iter().map(seen).collect();
    // Stable: equals stay sorted by class.
    out.sort_by_key(|c| std::cmp::Reverse((c.confidence, c.count)));
    out
}

fn endpoint_classes(fields: &[Field], span: Span) -> Vec<(Direction, DataClassSeen)> {
    let mut out = Vec::new();
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut classes: BTreeMap<Arc<str>, ClassRow> = BTreeMap::new();
        for field in fields.iter().filter(|f| f.direction == direction) {
            for seen in &field.data_classes {
                classes.entry(seen.class.as_str().into()).or_default().join(ClassRow {
                    confidence: seen.confidence,
                    count: seen.count,
                    span: Span { first: seen.first_seen, last: seen.last_seen },
                });
            }
        }
        let classes = most_confident_first(classes, span);
        out.extend(classes.into_iter().map(|class| (direction, class)));
    }
    out
}

/// Every service that was named, by itself or by an endpoint; endpoints are not counted yet.
fn services(rollup: &Rollup) -> BTreeMap<Arc<str>, Service> {
    let empty = |name: &Arc<str>| Service {
        service: name.to_string(),
        addresses: Vec::new(),
        protocols: Vec::new(),
        names: Vec::new(),
        encapsulation: Vec::new(),
        encrypted: "none",
        tls: None,
        endpoints: 0,
        requests: 0,
        bytes: 0,
        severity: Severity::Info,
        first_seen: crate::base::Timestamp::MAX,
        last_seen: crate::base::Timestamp::MIN,
    };
    let mut out: BTreeMap<Arc<str>, Service> = BTreeMap::new();
    for (name, stats) in &rollup.services {
        let service = Service {
            addresses: stats.addresses.keys().map(|address| address_text(*address)).collect(),
            names: stats.products.keys().map(ToString::to_string).collect(),
            encapsulation: stats.encapsulation.keys().map(ToString::to_string).collect(),
            tls: stats.tls.as_ref().map(|tls| ServiceTls::of(name, stats.addresses.keys(), tls)),
            requests: stats.requests,
            bytes: stats.bytes,
            first_seen: stats.span.first,
            last_seen: stats.span.last,
            ..empty(name)
        };
        out.insert(name.clone(), service);
    }
    let mut protocols: BTreeMap<Arc<str>, BTreeSet<&'static str>> = BTreeMap::new();
    let mut exchanges: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
    for (key, stats) in &rollup.endpoints {
        let service = out.entry(key.service.clone()).or_insert_with(|| empty(&key.service));
        service.first_seen = service.first_seen.min(stats.span.first);
        service.last_seen = service.last_seen.max(stats.span.last);
        if let Some(tls) = service.tls.as_mut().filter(|_| &*key.standard == TLS) {
            tls.clients = Some(u64::try_from(stats.clients.len()).unwrap_or(u64::MAX));
        }
        protocols.entry(key.service.clone()).or_default().extend(stats.protocols.keys());
        let (all, encrypted) = exchanges.entry(key.service.clone()).or_default();
        *all += stats.coverage.exchanges;
        *encrypted += stats.encrypted;
    }
    for (name, (all, encrypted)) in exchanges {
        if let Some(service) = out.get_mut(&name) {
            service.encrypted = share(encrypted, all);
        }
    }
    for (name, protocols) in protocols {
        if let Some(service) = out.get_mut(&name) {
            service.protocols = protocols.into_iter().map(str::to_owned).collect();
        }
    }
    out
}

fn clients(rollup: &Rollup) -> Vec<Client> {
    let row = |client: String, stats: &ClientStats| Client {
        client,
        user_agents: stats.user_agents.keys().map(ToString::to_string).collect(),
        services: stats.services.keys().map(ToString::to_string).collect(),
        requests: stats.requests,
        first_seen: stats.span.first,
        last_seen: stats.span.last,
    };
    let mut out: Vec<Client> =
        rollup.clients.iter().map(|(address, stats)| row(address.to_string(), stats)).collect();
    if rollup.clients_overflow > 0 {
        out.push(row("{overflow}".to_owned(), &ClientStats::overflow(rollup.clients_overflow)));
    }
    out
}

#[cfg(test)]
mod tests;
