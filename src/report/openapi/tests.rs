//! Documents of small inventories.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::inventory::{Endpoint, Field};
use crate::model::{AckCode, Direction, Location, Status};
use crate::store::sqlite::tests::sample::{endpoint, inventory};

fn exported(endpoints: &[Endpoint], version: OpenApiVersion) -> Value {
    serde_json::from_str(&openapi(endpoints, version).unwrap().text).unwrap()
}

fn field(direction: Direction, location: Location, path: &str, types: &[&'static str]) -> Field {
    Field {
        direction,
        location,
        field: path.into(),
        types: types.to_vec(),
        data_classes: Vec::new(),
        ..endpoint("x", "/x").fields.remove(0)
    }
}

#[test]
fn an_operation_says_what_was_seen_and_no_value() {
    let document = exported(&inventory().endpoints, OpenApiVersion::V31);
    assert_eq!(document["openapi"], "3.1.0");
    let get = &document["paths"]["/fhir/Patient/{id}"]["get"];
    assert_eq!(get["servers"], json!([{"url": "http://ehr.example:8080"}]));
    assert_eq!(get["parameters"][0]["name"], "id");
    assert_eq!(get["parameters"][0]["required"], true);
    assert_eq!(get["security"], json!([{"jwt": []}, {}]));
    let schema = &get["responses"]["200"]["content"]["application/fhir+json"]["schema"];
    let value = &schema["properties"]["identifier"]["items"]["properties"]["value"];
    assert_eq!(value["x-phitap-data-classes"], json!([{"class": "us.ssn", "confidence": 99}]));
    assert_eq!(value["example"], "000-00-0000");
    assert!(get["responses"]["404"].get("content").is_none());
}

#[test]
fn the_same_path_with_other_names_and_servers_is_one_operation() {
    let mut other = endpoint("ep-9", "/fhir/Patient/{patient}");
    other.service = "b ad.example".into();
    other.encrypted = "all";
    other.fields = vec![field(Direction::ToServer, Location::Path, "patient", &["string"])];
    let mut twice = endpoint("ep-8", "/a/{id}/b/{id}");
    twice.fields.clear();
    let mine = endpoint("ep-7", "/fhir/Patient/{id}");
    let document = exported(&[mine, other, twice], OpenApiVersion::V30);
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/a/{id}/b/{id2}", "/fhir/Patient/{id}"]);
    let servers = &document["paths"]["/fhir/Patient/{id}"]["get"]["servers"];
    let urls =
        [json!({"url": "http://ehr.example:8080"}), json!({"url": "https://b%20ad.example"})];
    assert_eq!(*servers, json!(urls));
}

#[test]
fn types_are_told_as_each_version_tells_them() {
    let mut one = endpoint("ep-1", "/x");
    let body =
        |path, types: &[&'static str]| field(Direction::ToServer, Location::Body, path, types);
    one.fields = vec![
        body("$.a", &["null", "string"]),
        body("$.b", &["number", "string"]),
        body("$.m.*.n", &["boolean"]),
        field(Direction::ToServer, Location::Query, "q|$.inner", &["string"]),
        field(Direction::ToServer, Location::Header, "authorization", &["string"]),
    ];
    one.statuses = BTreeMap::new();
    let schema = |version| {
        let document = exported(std::slice::from_ref(&one), version);
        let get = &document["paths"]["/x"]["get"];
        assert_eq!(get["parameters"].as_array().unwrap().len(), 1);
        assert_eq!(get["parameters"][0]["name"], "q");
        assert!(get["responses"]["default"]["description"].is_string());
        get["requestBody"]["content"]["application/fhir+json"]["schema"]["properties"].clone()
    };
    let new = schema(OpenApiVersion::V31);
    assert_eq!(new["a"], json!({"type": ["null", "string"]}));
    assert_eq!(new["b"], json!({"type": ["number", "string"]}));
    assert_eq!(new["m"]["additionalProperties"]["properties"]["n"], json!({"type": "boolean"}));
    let old = schema(OpenApiVersion::V30);
    assert_eq!(old["a"], json!({"type": "string", "nullable": true}));
    assert_eq!(old["b"], json!({}));
}

#[test]
fn what_no_path_can_describe_is_counted() {
    let mut odd = endpoint("ep-1", "*");
    odd.path = Some("*".into());
    let mut message = endpoint("ep-2", "/x");
    (message.method, message.path) = (None, None);
    let exported = openapi(&[odd, message], OpenApiVersion::V31).unwrap();
    assert_eq!((exported.operations, exported.left_out), (0, 2));
}

#[test]
fn messages_of_hl7_v2_behind_one_path_are_one_operation_that_is_acknowledged() {
    let message = |id: &str, operation: &str, code: AckCode| {
        let mut one = endpoint(id, "/hl7");
        (one.standard, one.operation) = ("hl7v2".into(), operation.into());
        one.method = Some("POST".into());
        one.statuses = BTreeMap::from([(Status::Hl7(code), 3)]);
        one.fields = vec![
            field(Direction::ToServer, Location::Body, "PID-5.1", &["string"]),
            field(Direction::ToClient, Location::Body, "MSA-1", &["string"]),
        ];
        one
    };
    let both = [
        message("ep-1", "ORU^R01", AckCode::AppError),
        message("ep-2", "ADT^A01", AckCode::AppAccept),
    ];
    let document = exported(&both, OpenApiVersion::V31);
    let post = &document["paths"]["/hl7"]["post"];
    assert_eq!(post["summary"], "ADT^A01, ORU^R01");
    let answer = &post["responses"]["default"];
    assert_eq!(answer["description"], "An HL7 v2 acknowledgement: AA, AE.");
    assert!(answer["content"]["x-application/hl7-v2+er7"].is_object(), "{answer}");
}

#[test]
fn keys_in_headers_and_queries_are_schemes_of_their_own() {
    let with = |auth: &str, location, names: &[&str]| {
        let mut one = endpoint("ep-1", "/x");
        one.auth = BTreeMap::from([(auth.to_owned(), 3)]);
        let named = |name: &&str| field(Direction::ToServer, location, name, &["string"]);
        one.fields = names.iter().map(named).collect();
        let document = exported(&[one], OpenApiVersion::V31);
        let schemes = document["components"]["securitySchemes"].clone();
        (document["paths"]["/x"]["get"]["security"].clone(), schemes)
    };
    let names = ["x-api-key", "x-request-id", "accept"];
    let (security, schemes) = with("api-key-header", Location::Header, &names);
    assert_eq!(security, json!([{"header.x-api-key": []}]));
    let key = json!({"type": "apiKey", "in": "header", "name": "x-api-key"});
    assert_eq!(schemes, json!({"header.x-api-key": key}));
    let (security, schemes) = with("api-key-query", Location::Query, &["apikey", "q"]);
    assert_eq!(security, json!([{"query.apikey": []}]));
    assert_eq!(schemes["query.apikey"]["in"], "query");
    let mut one = endpoint("ep-1", "/x");
    one.auth = BTreeMap::from([("api-key-query".to_owned(), 3)]);
    one.fields[0] = Field {
        data_classes: one.fields[0].data_classes.clone(),
        ..field(Direction::ToServer, Location::Query, "k[y]", &["string"])
    };
    one.fields[0].data_classes[0].class = "secret.token".into();
    let document = exported(&[one], OpenApiVersion::V30);
    let scheme = &document["components"]["securitySchemes"]["query.k_y_"];
    assert_eq!(scheme["name"], "k[y]", "told by its value");
    let (_, schemes) = with("api-key-header", Location::Header, &["authorization"]);
    assert_eq!(schemes["header.authorization"]["name"], "authorization");
    // A name alone is no scheme where no key was seen under it.
    let (security, schemes) = with("none", Location::Header, &["x-api-key"]);
    assert!(security.is_null() && schemes.is_null(), "{security} {schemes}");
}

#[test]
fn what_every_request_had_is_required_together_and_anything_else_is_one_way_of_several() {
    let seen = |auth: &[(&str, u64)], cookies: &[(&str, u64)]| {
        let mut one = endpoint("ep-1", "/x");
        one.requests = 10;
        one.auth = auth.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let header = field(Direction::ToServer, Location::Header, "x-api-key", &["string"]);
        let cookie = |(name, exchanges): &(&str, u64)| Field {
            exchanges: *exchanges,
            ..field(Direction::ToServer, Location::Cookie, name, &["string"])
        };
        one.fields = cookies.iter().map(cookie).chain([header]).collect();
        let document = exported(&[one], OpenApiVersion::V30);
        let get = &document["paths"]["/x"]["get"];
        let schemes = document["components"]["securitySchemes"].clone();
        (get["security"].clone(), schemes, get["description"].clone())
    };
    let security = |auth: &[(&str, u64)]| seen(auth, &[]).0;
    let key = "header.x-api-key";
    assert_eq!(
        security(&[("bearer", 10), ("api-key-header", 10)]),
        json!([{"bearer": [], key: []}])
    );
    assert_eq!(
        security(&[("bearer", 5), ("api-key-header", 5)]),
        json!([{"bearer": []}, {key: []}]),
        "nobody knows which had both"
    );
    assert_eq!(
        security(&[("bearer", 10), ("api-key-header", 9)]),
        json!([{"bearer": []}, {"bearer": [], key: []}])
    );
    assert_eq!(
        security(&[("bearer", 4), ("jwt", 6), ("api-key-header", 10)]),
        json!([{"bearer": [], key: []}, {"jwt": [], key: []}])
    );
    for open in ["none", "login"] {
        let both = [("bearer", 10), ("api-key-header", 10), (open, 1)];
        assert_eq!(security(&both), json!([{"bearer": []}, {key: []}, {}]), "{open}");
    }
    let cookies = [("JSESSIONID", 10), ("theme", 10)];
    let (security, schemes, said) = seen(&[("cookie", 10), ("bearer", 10)], &cookies);
    assert_eq!(security, json!([{"bearer": [], "cookie.JSESSIONID": []}]));
    let scheme = json!({"type": "apiKey", "in": "cookie", "name": "JSESSIONID"});
    assert_eq!(schemes["cookie.JSESSIONID"], scheme);
    assert!(schemes.get("cookie.theme").is_none() && said.is_null());
    let cookies = [("JSESSIONID", 10), ("remember_me", 2)];
    let (security, ..) = seen(&[("cookie", 10)], &cookies);
    let both = json!({"cookie.JSESSIONID": [], "cookie.remember_me": []});
    assert_eq!(security, json!([{"cookie.JSESSIONID": []}, both]));
    let (security, _, said) = seen(&[("cookie", 10)], &[("theme", 10)]);
    assert!(security.is_null() && said.as_str().unwrap().contains("session cookie"), "{said}");
    // Two services at one path: what every request of both had.
    let one = |id: &str, service: &str, count: u64| {
        let mut one = endpoint(id, "/x");
        (one.requests, one.service) = (10, service.into());
        one.auth = BTreeMap::from([("bearer".to_owned(), 10), ("basic".to_owned(), count)]);
        one
    };
    for (count, ways) in [(10, 1), (9, 2)] {
        let both = [one("ep-1", "a.example", 10), one("ep-2", "b.example", count)];
        let document = exported(&both, OpenApiVersion::V31);
        assert_eq!(document["paths"]["/x"]["get"]["security"].as_array().unwrap().len(), ways);
    }
}
