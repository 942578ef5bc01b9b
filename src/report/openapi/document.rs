//! The document: paths and operations.
//!
//! OpenAPI knows a path once, whatever its parameters are called, and whoever serves it: what
//! several services or standards say of one method and path becomes one operation that names all
//! its servers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::schema::Node;
use super::security::Security;
use crate::inventory::{Endpoint, Field};
use crate::model::{Direction, Location, Status};
use crate::store::words::direction_name;

/// Methods that a path of OpenAPI can have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// Header fields that OpenAPI describes elsewhere (3.0.3, Parameter Object).
const OTHER_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// The version of the specification that the document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenApiVersion {
    /// 3.1.0
    V31,
    /// 3.0.3
    V30,
}

impl OpenApiVersion {
    /// As it stands in the document.
    pub fn name(self) -> &'static str {
        match self {
            OpenApiVersion::V31 => "3.1.0",
            OpenApiVersion::V30 => "3.0.3",
        }
    }
}

/// A document, and what found no place in it.
#[derive(Debug)]
pub struct Exported {
    /// JSON.
    pub text: String,
    /// Operations in it.
    pub operations: usize,
    /// Endpoints that no path of OpenAPI can describe: other protocols, other methods.
    pub left_out: usize,
}

/// Everything that was seen of one method and path.
#[derive(Default)]
struct Operation<'a> {
    endpoints: Vec<&'a Endpoint>,
}

/// The endpoints of HTTP among `endpoints` as an OpenAPI document.
pub fn openapi(endpoints: &[Endpoint], version: OpenApiVersion) -> serde_json::Result<Exported> {
    // By the path with nameless parameters, then by method.
    let mut paths: BTreeMap<String, (String, BTreeMap<String, Operation<'_>>)> = BTreeMap::new();
    let mut left_out = 0;
    for endpoint in endpoints {
        let Some((method, path)) = describable(endpoint) else {
            left_out += 1;
            continue;
        };
        let (nameless, named) = names(path);
        let (_, methods) = paths.entry(nameless).or_insert_with(|| (named, BTreeMap::new()));
        methods.entry(method).or_default().endpoints.push(endpoint);
    }
    let mut items = Map::new();
    let (mut operations, mut schemes) = (0, Map::new());
    for (path, methods) in paths.values() {
        operations += methods.len();
        let item: Map<String, Value> = methods
            .iter()
            .map(|(method, seen)| (method.clone(), seen.describe(path, version, &mut schemes)))
            .collect();
        items.insert(path.clone(), item.into());
    }
    let mut document = json!({
        "openapi": version.name(),
        "info": {
            "title": "APIs as they were observed",
            "description": "Made by phitap from network traffic. It says what was seen, not what \
                is possible; data classes are judged from values, and every example is made up.",
            "version": "observed",
        },
        "paths": items,
    });
    if !schemes.is_empty()
        && let Some(document) = document.as_object_mut()
    {
        document.insert("components".into(), json!({ "securitySchemes": schemes }));
    }
    let text = serde_json::to_string_pretty(&document)? + "\n";
    Ok(Exported { text, operations, left_out })
}

fn describable(endpoint: &Endpoint) -> Option<(String, &str)> {
    let method = endpoint.method.as_ref()?.to_ascii_lowercase();
    let path = endpoint.path.as_deref()?;
    (METHODS.contains(&method.as_str()) && path.starts_with('/')).then_some((method, path))
}

/// The path with nameless parameters, and with names that are distinct.
fn names(path: &str) -> (String, String) {
    let (mut nameless, mut named) = (String::new(), String::new());
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let mut unique = name.to_owned();
        let mut nth = 1;
        while !taken.insert(unique.clone()) {
            nth += 1;
            unique = format!("{name}{nth}");
        }
        nameless.push_str(before);
        nameless.push_str("{}");
        named.push_str(before);
        named.push_str(&format!("{{{unique}}}"));
        rest = after;
    }
    nameless.push_str(rest);
    // What is left is no template: a brace that opens nothing would make one.
    named.push_str(&rest.replace('{', "%7B").replace('}', "%7D"));
    (nameless, named)
}

/// The parameters of a template in order.
fn parameters_of(path: &str) -> Vec<&str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
}

impl Operation<'_> {
    fn describe(
        &self,
        path: &str,
        version: OpenApiVersion,
        schemes: &mut Map<String, Value>,
    ) -> Value {
        let mut operation = Map::new();
        if let Some(first) = self.endpoints.first() {
            operation.insert("operationId".into(), first.id.clone().into());
            // HL7 v2 has several messages behind one path.
            let messages: BTreeSet<&str> = self
                .endpoints
                .iter()
                .map(|e| e.operation.as_str())
                .filter(|operation| !operation.contains('/'))
                .collect();
            let messages: Vec<&str> = messages.into_iter().collect();
            let summary =
                if messages.is_empty() { first.operation.clone() } else { messages.join(", ") };
            operation.insert("summary".into(), summary.into());
        }
        operation.insert("servers".into(), self.servers());
        let parameters = self.parameters(path, version);
        if !parameters.is_empty() {
            operation.insert("parameters".into(), parameters.into());
        }
        let content = self.content(Direction::ToServer, version);
        if !content.is_empty() {
            operation.insert("requestBody".into(), json!({ "content": content }));
        }
        operation.insert("responses".into(), self.responses(version));
        let security = Security::of(&self.endpoints);
        if let Some(description) = security.description() {
            operation.insert("description".into(), description.into());
        }
        let security = security.describe(schemes);
        if !security.is_empty() {
            operation.insert("security".into(), security.into());
        }
        let classes = self.classes();
        if !classes.is_empty() {
            operation.insert("x-phitap-data-classes".into(), classes.into());
        }
        operation.into()
    }

    fn servers(&self) -> Value {
        let mut urls = BTreeSet::new();
        for endpoint in &self.endpoints {
            if endpoint.encrypted != "all" {
                urls.insert(format!("http://{}", authority(&endpoint.service)));
            }
            if endpoint.encrypted != "none" {
                urls.insert(format!("https://{}", authority(&endpoint.service)));
            }
        }
        urls.into_iter().map(|url| json!({ "url": url })).collect()
    }

    fn fields(&self, direction: Direction) -> impl Iterator<Item = (&Endpoint, &Field)> {
        let all = self.endpoints.iter().flat_map(|e| e.fields.iter().map(move |f| (*e, f)));
        all.filter(move |(_, field)| field.direction == direction)
    }

    fn parameters(&self, path: &str, version: OpenApiVersion) -> Vec<Value> {
        let mut nodes: BTreeMap<(&str, String), Node> = BTreeMap::new();
        let own = parameters_of(path);
        for name in &own {
            nodes.insert(("path", (*name).to_owned()), Node::default());
        }
        for (endpoint, field) in self.fields(Direction::ToServer) {
            // Behind a bar is what is inside the value.
            let name = field.field.split('|').next().unwrap_or_default();
            let (place, name) = match field.location {
                Location::Path => {
                    let theirs = endpoint.path.as_deref().map(parameters_of).unwrap_or_default();
                    let place = theirs.iter().position(|n| *n == name);
                    match place.and_then(|place| own.get(place)) {
                        Some(ours) => ("path", *ours),
                        None => continue,
                    }
                }
                Location::Query => ("query", name),
                Location::Cookie => ("cookie", name),
                Location::Header if !OTHER_HEADERS.contains(&name) => ("header", name),
                _ => continue,
            };
            nodes.entry((place, name.to_owned())).or_default().note(field);
        }
        let parameter = |((place, name), node): ((&str, String), Node)| {
            let mut schema = node.schema(version);
            if schema.as_object().is_some_and(|s| !s.contains_key("type"))
                && let Some(schema) = schema.as_object_mut()
            {
                schema.insert("type".into(), "string".into());
            }
            json!({"name": name, "in": place, "required": place == "path", "schema": schema})
        };
        nodes.into_iter().map(parameter).collect()
    }

    /// The bodies of one direction by media type.
    fn content(&self, direction: Direction, version: OpenApiVersion) -> Map<String, Value> {
        let mut bodies: BTreeMap<&'static str, Node> = BTreeMap::new();
        for (endpoint, field) in self.fields(direction) {
            if field.location == Location::Body {
                bodies.entry(media(endpoint, &field.field)).or_default().add(field);
            }
        }
        let entry = |(media, node): (&str, Node)| {
            (media.to_owned(), json!({ "schema": node.schema(version) }))
        };
        bodies.into_iter().map(entry).collect()
    }

    fn responses(&self, version: OpenApiVersion) -> Value {
        let content = self.content(Direction::ToClient, version);
        let statuses = self.endpoints.iter().flat_map(|e| e.statuses.keys());
        let codes: BTreeSet<u16> = statuses
            .filter_map(|status| match status {
                Status::Http(code) if (100..600).contains(code) => Some(*code),
                _ => None,
            })
            .collect();
        let mut responses = Map::new();
        let good = codes.iter().any(|code| (200..300).contains(code));
        for code in &codes {
            let mut response = json!({ "description": format!("Seen with status {code}.") });
            if (200..300).contains(code)
                && !content.is_empty()
                && let Some(response) = response.as_object_mut()
            {
                response.insert("content".into(), content.clone().into());
            }
            responses.insert(code.to_string(), response);
        }
        if !good {
            let acknowledged: BTreeSet<&str> = self
                .endpoints
                .iter()
                .flat_map(|e| e.statuses.keys())
                .filter_map(|status| match status {
                    Status::Hl7(code) => Some(code.name()),
                    Status::Http(_) => None,
                })
                .collect();
            let acknowledged: Vec<&str> = acknowledged.into_iter().collect();
            let description = match acknowledged.as_slice() {
                [] => "No success was seen.".to_owned(),
                codes => format!("An HL7 v2 acknowledgement: {}.", codes.join(", ")),
            };
            let mut response = json!({ "description": description });
            if !content.is_empty()
                && let Some(response) = response.as_object_mut()
            {
                response.insert("content".into(), content.into());
            }
            responses.insert("default".into(), response);
        }
        responses.into()
    }

    fn classes(&self) -> Vec<Value> {
        let mut classes: BTreeMap<(&str, &'static str), u8> = BTreeMap::new();
        for (direction, class) in self.endpoints.iter().flat_map(|e| &e.data_classes) {
            let key = (class.class.as_str(), direction_name(*direction));
            let known = classes.entry(key).or_default();
            *known = class.confidence.max(*known);
        }
        let mut rows = Vec::new();
        for ((class, direction), confidence) in classes {
            let row = json!({"class": class, "direction": direction, "confidence": confidence});
            rows.push(row);
        }
        rows
    }
}

/// Traffic may put anything into the name of a service: what a URL cannot hold is encoded.
fn authority(service: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:[]".contains(c);
    let mut out = String::new();
    for c in service.chars() {
        if plain(c) {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

/// What a body is, told by its field's path: media types are not kept with fields.
fn media(endpoint: &Endpoint, path: &str) -> &'static str {
    let fhir = endpoint.standard.starts_with("fhir");
    match path {
        "$" => "text/plain",
        _ if path.starts_with('$') && fhir => "application/fhir+json",
        _ if path.starts_with('$') => "application/json",
        _ if path.starts_with('/') && fhir => "application/fhir+xml",
        _ if path.starts_with('/') => "application/xml",
        _ if path.starts_with("part:") => "multipart/form-data",
        _ if endpoint.standard == "hl7v2" => "x-application/hl7-v2+er7",
        _ => "application/x-www-form-urlencoded",
    }
}
