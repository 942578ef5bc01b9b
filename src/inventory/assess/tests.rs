use super::super::judge::Judgement;
use super::super::rollup::AuthScheme;
use super::super::samples::{self, small_caps};
use super::*;
use crate::base::{Span, Timestamp};

/// Calls `$.ssn` a social security number, more surely where structure says so.
struct ByName;

impl Judge for ByName {
    fn minds_neighbours(&self, _: &str) -> bool {
        false
    }

    fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
        if !field.path.ends_with("ssn") {
            return Judgement::default();
        }
        let confidence = if field.context.is_empty() { 60 } else { 99 };
        let verdict = Verdict {
            class: "us.ssn".into(),
            confidence,
            count: evidence.seen,
            span: evidence.span,
            in_text: false,
        };
        Judgement { verdicts: vec![verdict], reasons: vec![format!("context {:?}", field.context)] }
    }
}

fn field_key(path: &str, context: &str) -> FieldKey {
    FieldKey {
        direction: Direction::ToClient,
        location: Location::Body,
        path: path.into(),
        context: context.into(),
    }
}

fn key(method: &str, path: &str, operation: &str) -> EndpointKey {
    EndpointKey {
        service: "ehr.example".into(),
        standard: "http".into(),
        method: method.into(),
        path: path.into(),
        operation: operation.into(),
    }
}

fn stats() -> EndpointStats {
    let mut out = EndpointStats {
        requests: 2,
        unauthenticated_successes: 1,
        span: Span { first: Timestamp::from_nanos(5), last: Timestamp::from_nanos(9) },
        ..Default::default()
    };
    out.coverage.exchanges = 2;
    out.auth.insert(AuthScheme::None, 1);
    out.protocols = [("http/2", 1), ("http/1", 1)].into();
    out
}

fn assessed(rollup: Rollup) -> Inventory {
    assess(rollup, &ByName, &Marks::default(), &small_caps())
}

#[test]
fn contexts_are_judged_apart_and_shown_as_one_row() {
    let mut rollup = Rollup::default();
    let endpoint = rollup.endpoint(key("GET", "/p/{id}", ""));
    *endpoint = stats();
    endpoint.fields.insert(field_key("$.ssn", ""), samples::evidence(1));
    endpoint.fields.insert(field_key("$.ssn", "x|us.ssn"), samples::evidence(2));
    endpoint.fields.insert(field_key("$.plain", ""), samples::evidence(3));
    let inventory = assessed(rollup);
    let endpoint = &inventory.endpoints[0];
    assert_eq!(endpoint.fields.len(), 2, "a field without class is a row too");
    let ssn = &endpoint.fields[1];
    assert_eq!((ssn.field.as_str(), ssn.seen, ssn.exchanges), ("$.ssn", 2, 2));
    let (first_seen, last_seen) = (Timestamp::from_nanos(5), Timestamp::from_nanos(9));
    let (class, confidence) = ("us.ssn".into(), 99);
    let class = DataClassSeen { class, confidence, count: 2, first_seen, last_seen };
    assert_eq!(ssn.data_classes, std::slice::from_ref(&class));
    assert_eq!(ssn.explanation.len(), 2);
    assert_eq!(ssn.types, ["string"]);
    assert_eq!(endpoint.data_classes, [(Direction::ToClient, class)]);
    assert_eq!(endpoint.severity, Severity::High);
    assert_eq!(inventory.services[0].severity, Severity::High);
    assert_eq!(inventory.findings.len(), 2);
}

#[test]
fn an_endpoint_says_what_was_seen() {
    let mut rollup = Rollup::default();
    *rollup.endpoint(key("GET", "/p/{id}", "")) = stats();
    *rollup.endpoint(key("", "", "ADT^A01")) = stats();
    let inventory = assessed(rollup);
    let [first, second] = &inventory.endpoints[..] else { panic!("{inventory:?}") };
    assert_eq!((first.operation.as_str(), &first.method, &first.path), ("ADT^A01", &None, &None));
    assert_eq!(second.operation, "GET /p/{id}");
    assert_eq!(second.path.as_deref(), Some("/p/{id}"));
    assert_eq!(second.protocol, "http/1", "of equals the first by name");
    assert_eq!(second.encrypted, "none");
    assert_eq!(second.auth, [("none".to_owned(), 1)].into());
    assert_eq!(inventory.services[0].protocols, ["http/1", "http/2"]);
    assert_eq!(inventory.services[0].endpoints, 2);
}

#[test]
fn encryption_is_none_some_or_all() {
    for (encrypted, expect) in [(0, "none"), (1, "some"), (2, "all")] {
        let mut rollup = Rollup::default();
        *rollup.endpoint(key("GET", "/", "")) = EndpointStats { encrypted, ..stats() };
        assert_eq!(assessed(rollup).endpoints[0].encrypted, expect);
    }
}

#[test]
fn responses_without_request_are_rows_only_with_body_fields() {
    let mut rollup = Rollup::default();
    *rollup.endpoint(key("", "", "")) = stats();
    assert!(assessed(rollup.clone()).endpoints.is_empty());
    rollup.endpoint(key("", "", "")).fields.insert(field_key("$.x", ""), samples::evidence(1));
    let inventory = assessed(rollup);
    assert_eq!(inventory.endpoints[0].operation, "(response only)");
    assert_eq!(inventory.services[0].endpoints, 0, "nobody knows which");
}

#[test]
fn a_collapsed_row_lists_the_ids_it_absorbed() {
    let mut rollup = Rollup::default();
    let count = small_caps().segments_per_node + 1;
    for n in 0..count {
        *rollup.endpoint(key("GET", &format!("/users/{}", samples::word(n)), "")) = stats();
    }
    let inventory = assessed(rollup);
    assert_eq!(inventory.endpoints.len(), 1);
    let endpoint = &inventory.endpoints[0];
    assert_eq!(endpoint.operation, "GET /users/{name}");
    assert_eq!(endpoint.absorbed.len(), count);
    assert!(endpoint.absorbed.contains(&endpoint_id(&key("GET", "/users/waa", ""))));
    assert_eq!(endpoint.requests, 2 * count as u64);
}

#[test]
fn the_id_of_an_endpoint_is_a_hash_of_its_identity() {
    // printf 'ehr.example\0http\0GET /p/{id}\0GET\0/p/{id}' | sha256sum
    let id = endpoint_id(&key("GET", "/p/{id}", ""));
    assert_eq!(id, "ep-54eab30405405180");
}

#[test]
fn clients_beyond_the_cap_are_one_row() {
    let mut rollup = Rollup::default();
    let caps = small_caps();
    for n in 0..caps.clients + 3 {
        rollup.merge(samples::one(0, n, 0, "k"), &caps);
    }
    let inventory = assessed(rollup);
    assert_eq!(inventory.clients.len(), caps.clients + 1);
    let overflow = inventory.clients.last().unwrap();
    assert_eq!((overflow.client.as_str(), overflow.requests), ("{overflow}", 3));
}
