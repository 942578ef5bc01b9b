//! What is new, gone or different: between two times of one database, or between two databases.
//!
//! Both are a comparison of two views: everything that was known before, and everything that was
//! seen since (or that the other database holds). What was not seen since is gone as far as anyone
//! can tell; what has come to be is new.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::QueryError;
use super::filter::{OperationFilter, limited, wanted};
use crate::base::{Span, Timestamp};
use crate::inventory::Endpoint;
use crate::store::words::direction_name;
use crate::store::{Reader, ReportHeld};

/// Which changes.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// By what endpoints are; services too where only the service is given.
    pub operation: OperationFilter,
    /// Since this packet time.
    pub since: Option<Timestamp>,
    /// What was known then by name: whatever else is there came since, from a recording that may
    /// well be older.
    pub held: Option<ReportHeld>,
    /// At most so many rows.
    pub limit: Option<usize>,
}

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not there before.
    New,
    /// It was there before and was not seen since.
    Gone,
    /// It is there in another way.
    Different,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 3] = [Change::New, Change::Gone, Change::Different];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Gone => "gone",
            Change::Different => "different",
        }
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// A service.
    Service,
    /// An endpoint; what it carries stands with it.
    Endpoint,
    /// How callers authenticate.
    Authentication,
    /// Whether exchanges are encrypted.
    Encryption,
    /// A data class in a field.
    DataClass,
    /// A field.
    Field,
}

impl Changed {
    /// All of them.
    pub const ALL: [Changed; 6] = [
        Changed::Service,
        Changed::Endpoint,
        Changed::Authentication,
        Changed::Encryption,
        Changed::DataClass,
        Changed::Field,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Changed::Service => "service",
            Changed::Endpoint => "endpoint",
            Changed::Authentication => "authentication",
            Changed::Encryption => "encryption",
            Changed::DataClass => "data-class",
            Changed::Field => "field",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChangeRow {
    /// `new`, `gone` or `different`.
    #[schemars(schema_with = "change")]
    pub change: Change,
    /// `service`, `endpoint`, `authentication`, `encryption`, `data-class` or `field`.
    #[schemars(schema_with = "changed")]
    pub what: Changed,
    /// Authority or `ip:port`.
    pub service: String,
    /// The endpoint's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
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
    /// `request` or `response`, for fields and data classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Where the field lives, for fields and data classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The field, for fields and data classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The class, for data classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_class: Option<String>,
    /// What was so before; the data classes of an endpoint that is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// What is so now; the data classes of a new endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// When it was there for the first time, for what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// When it was there for the last time, for what is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

fn change(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Change::ALL.map(Change::name) })
}

fn changed(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Changed::ALL.map(Changed::name) })
}

/// What changed, and whether there was anything to compare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Services first, then endpoint by endpoint.
    pub rows: Vec<ChangeRow>,
    /// Whether anything at all was seen since: where nothing was, everything looks gone, and no row
    /// says so.
    pub compared: bool,
    /// Services and endpoints that someone removed since, where that is known. Of their names
    /// nothing is left.
    pub removed: (u64, u64),
}

/// What changed in the database of `reader`: since `filter.since`, against an `earlier` database,
/// or both (what was seen since then, against what the earlier database holds).
pub fn changes(
    reader: &Reader,
    earlier: Option<&Reader>,
    filter: &ChangeFilter,
) -> Result<Changes, QueryError> {
    let now = View::read(reader, &filter.operation)?;
    let (mut before, mut after) = match (earlier, filter.since) {
        (Some(earlier), None) => (View::read(earlier, &filter.operation)?, now),
        (Some(earlier), Some(since)) => (View::read(earlier, &filter.operation)?, now.since(since)),
        (None, since) => {
            let since = since.unwrap_or(Timestamp::MIN);
            (now.until(since), now.since(since))
        }
    };
    // Whatever was asked for: where something was seen since, what was not is gone.
    let since = filter.since.unwrap_or(Timestamp::MIN);
    let seen = reader.services()?.iter().any(|s| s.last_seen > since);
    let added = filter.held.as_ref().is_some_and(|held| before.hand_over(&mut after, held));
    if !seen && !added {
        return Ok(Changes::default());
    }
    let mut rows = services(&before, &after);
    rows.extend(endpoints(&before, &after));
    // Where nothing is later, what was not seen again is not gone: nobody looked.
    rows.retain(|row| seen || row.change == Change::New);
    Ok(Changes { rows: limited(rows, filter.limit), compared: true, removed: (0, 0) })
}

/// A field within an endpoint: direction, location and path.
type Place = (String, String, String);

/// When an endpoint was seen.
fn own(endpoint: &Endpoint) -> Span {
    Span { first: endpoint.first_seen, last: endpoint.last_seen }
}

/// What is true of an endpoint, and when it was seen to be.
#[derive(Clone, Debug)]
struct Known {
    endpoint: Endpoint,
    fields: BTreeMap<Place, Span>,
    classes: BTreeMap<(Place, String), Span>,
    auth: BTreeMap<String, Span>,
    encryption: BTreeMap<String, Span>,
}

impl Known {
    /// What the inventory says of `endpoint`, each with its own times. What an older version wrote
    /// without them has those of the endpoint.
    fn of(mut endpoint: Endpoint) -> Known {
        let whole = own(&endpoint);
        let mut fields: BTreeMap<Place, Span> = BTreeMap::new();
        let mut classes: BTreeMap<(Place, String), Span> = BTreeMap::new();
        for field in std::mem::take(&mut endpoint.fields) {
            let (direction, location) = (direction_name(field.direction), field.location.name());
            let place = (direction.to_owned(), location.to_owned(), field.field);
            for class in field.data_classes {
                let times = Span { first: class.first_seen, last: class.last_seen }.within(whole);
                classes.entry((place.clone(), class.class)).or_default().merge(times);
            }
            let times = Span { first: field.first_seen, last: field.last_seen }.within(whole);
            fields.entry(place).or_default().merge(times);
        }
        let schemes = endpoint.auth.keys();
        let dated = |scheme: &String| endpoint.times.auth.get(scheme).copied().unwrap_or(whole);
        let auth = schemes.map(|scheme| (scheme.clone(), dated(scheme))).collect();
        let how: &[(&str, Option<Span>)] = match endpoint.encrypted {
            "all" => &[("tls", endpoint.times.encrypted)],
            "some" => &[("clear", endpoint.times.clear), ("tls", endpoint.times.encrypted)],
            _ => &[("clear", endpoint.times.clear)],
        };
        let dated = |(how, times): &(&str, Option<Span>)| ((*how).into(), times.unwrap_or(whole));
        let encryption = how.iter().map(dated).collect();
        Known { endpoint, fields, classes, auth, encryption }
    }

    fn keep(&self, keep: impl Fn(Span) -> bool) -> Option<Known> {
        if !keep(own(&self.endpoint)) {
            return None;
        }
        let mut kept = self.clone();
        kept.fields.retain(|_, times| keep(*times));
        kept.classes.retain(|_, times| keep(*times));
        kept.auth.retain(|_, times| keep(*times));
        kept.encryption.retain(|_, times| keep(*times));
        Some(kept)
    }

    fn class_names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.classes.keys().map(|(_, class)| class).collect();
        names.into_iter().cloned().collect()
    }
}

/// A side of the comparison.
#[derive(Clone, Debug, Default)]
struct View {
    services: BTreeMap<String, Span>,
    /// By id.
    endpoints: BTreeMap<String, Known>,
}

impl View {
    fn read(reader: &Reader, filter: &OperationFilter) -> Result<View, QueryError> {
        let services = reader.services()?.into_iter().filter(|s| {
            filter.is_service_only() && wanted(&filter.service, |p| p.matches(&s.service))
        });
        let services = services
            .map(|s| (s.service, Span { first: s.first_seen, last: s.last_seen }))
            .collect();
        let endpoints = reader.endpoints_with_fields()?.into_iter().filter(|e| filter.matches(e));
        let endpoints = endpoints.map(|e| (e.id.clone(), Known::of(e))).collect();
        Ok(View { services, endpoints })
    }

    fn keep(&self, keep: impl Fn(Span) -> bool + Copy) -> View {
        let services = self.services.iter().filter(|(_, times)| keep(**times));
        let endpoints = self.endpoints.iter();
        View {
            services: services.map(|(name, times)| (name.clone(), *times)).collect(),
            endpoints: endpoints
                .filter_map(|(id, known)| Some((id.clone(), known.keep(keep)?)))
                .collect(),
        }
    }

    /// Moves to `later` what was not `held` at the time, and says whether there was any.
    fn hand_over(&mut self, later: &mut View, held: &ReportHeld) -> bool {
        let all = self.services.len() + self.endpoints.len();
        self.services.retain(|name, times| {
            let known = held.services.contains(name);
            if !known {
                later.services.insert(name.clone(), *times);
            }
            known
        });
        self.endpoints.retain(|id, known| {
            let mut ids = std::iter::once(id).chain(&known.endpoint.absorbed);
            let kept = ids.any(|id| held.endpoints.contains(id));
            if !kept {
                later.endpoints.insert(id.clone(), known.clone());
            }
            kept
        });
        self.services.len() + self.endpoints.len() < all
    }

    /// What was known at `time`.
    fn until(&self, time: Timestamp) -> View {
        self.keep(|times| times.first <= time)
    }

    /// What was seen after `time`.
    fn since(&self, time: Timestamp) -> View {
        self.keep(|times| times.last > time)
    }

    /// The endpoint that is `of`, or that absorbed it, or that it absorbed.
    fn same(&self, of: &Endpoint) -> Option<&Known> {
        let absorbs = |known: &&Known| known.endpoint.absorbed.contains(&of.id);
        self.endpoints
            .get(&of.id)
            .or_else(|| of.absorbed.iter().find_map(|id| self.endpoints.get(id)))
            .or_else(|| self.endpoints.values().find(absorbs))
    }
}

fn services(before: &View, after: &View) -> Vec<ChangeRow> {
    let mut rows = Vec::new();
    for (service, Span { first, .. }) in &after.services {
        if !before.services.contains_key(service) {
            let row = ChangeRow::of(Change::New, Changed::Service, service);
            rows.push(ChangeRow { first_seen: Some(first.to_string()), ..row });
        }
    }
    for (service, Span { last, .. }) in &before.services {
        if !after.services.contains_key(service) {
            let row = ChangeRow::of(Change::Gone, Changed::Service, service);
            rows.push(ChangeRow { last_seen: Some(last.to_string()), ..row });
        }
    }
    rows
}

fn endpoints(before: &View, after: &View) -> Vec<ChangeRow> {
    let mut rows = Vec::new();
    for now in after.endpoints.values() {
        match before.same(&now.endpoint) {
            None => {
                let row = ChangeRow::about(Change::New, Changed::Endpoint, &now.endpoint);
                let first_seen = Some(now.endpoint.first_seen.to_string());
                rows.push(ChangeRow { first_seen, after: now.class_names(), ..row });
            }
            Some(then) => differences(then, now, &mut rows),
        }
    }
    for then in before.endpoints.values() {
        if after.same(&then.endpoint).is_none() {
            let row = ChangeRow::about(Change::Gone, Changed::Endpoint, &then.endpoint);
            let last_seen = Some(then.endpoint.last_seen.to_string());
            rows.push(ChangeRow { last_seen, before: then.class_names(), ..row });
        }
    }
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    rows
}

/// Of an endpoint that was there before and is there now.
fn differences(then: &Known, now: &Known, rows: &mut Vec<ChangeRow>) {
    let sets = [
        (Changed::Authentication, &then.auth, &now.auth),
        (Changed::Encryption, &then.encryption, &now.encryption),
    ];
    for (what, then, words) in sets {
        let (before, after): (Vec<String>, Vec<String>) =
            (then.keys().cloned().collect(), words.keys().cloned().collect());
        if before != after && !before.is_empty() && !after.is_empty() {
            let row = ChangeRow::about(Change::Different, what, &now.endpoint);
            rows.push(ChangeRow { before, after, ..row });
        }
    }
    for (change, from, to) in [(Change::New, now, then), (Change::Gone, then, now)] {
        let of = |what, place: &Place, times: &Span| {
            ChangeRow::about(change, what, &now.endpoint).at(place, change, *times)
        };
        for ((place, class), times) in &from.classes {
            if !to.classes.contains_key(&(place.clone(), class.clone())) {
                let row = of(Changed::DataClass, place, times);
                rows.push(ChangeRow { data_class: Some(class.clone()), ..row });
            }
        }
        let fields = from.fields.iter().filter(|(place, _)| !to.fields.contains_key(place));
        rows.extend(fields.map(|(place, times)| of(Changed::Field, place, times)));
    }
}

impl ChangeRow {
    fn of(change: Change, what: Changed, service: &str) -> ChangeRow {
        ChangeRow {
            change,
            what,
            service: service.into(),
            endpoint: None,
            protocol: None,
            standard: None,
            operation: None,
            method: None,
            path: None,
            direction: None,
            location: None,
            field: None,
            data_class: None,
            before: Vec::new(),
            after: Vec::new(),
            first_seen: None,
            last_seen: None,
        }
    }

    fn about(change: Change, what: Changed, e: &Endpoint) -> ChangeRow {
        ChangeRow {
            endpoint: Some(e.id.clone()),
            protocol: Some(e.protocol.clone()),
            standard: Some(e.standard.clone()),
            operation: Some(e.operation.clone()),
            method: e.method.clone(),
            path: e.path.clone(),
            ..ChangeRow::of(change, what, &e.service)
        }
    }

    fn at(self, place: &Place, change: Change, Span { first, last }: Span) -> ChangeRow {
        let (direction, location, field) = place.clone();
        ChangeRow {
            direction: Some(direction),
            location: Some(location),
            field: Some(field),
            first_seen: (change == Change::New).then(|| first.to_string()),
            last_seen: (change == Change::Gone).then(|| last.to_string()),
            ..self
        }
    }

    #[expect(clippy::type_complexity, reason = "a key to sort by, named nowhere else")]
    fn order(
        &self,
    ) -> (bool, &str, Option<&str>, Option<&str>, Changed, Change, Option<&str>, Option<&str>) {
        (
            self.what != Changed::Endpoint,
            &self.service,
            self.operation.as_deref(),
            self.standard.as_deref(),
            self.what,
            self.change,
            self.field.as_deref(),
            self.data_class.as_deref(),
        )
    }
}
