//! Field paths as JSON Schema, in the dialect of OpenAPI 3.1 or 3.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::document::OpenApiVersion;
use super::example::example;
use crate::inventory::Field;

/// Levels that are shown; what lies deeper is told as a value.
const DEPTH_MAX: usize = 32;

/// A place in a body.
#[derive(Debug, Default)]
pub(super) struct Node {
    properties: BTreeMap<String, Node>,
    /// Elements of an array.
    items: Option<Box<Node>>,
    /// Values of an object whose keys are data.
    values: Option<Box<Node>>,
    types: BTreeSet<&'static str>,
    /// With the surest confidence.
    classes: BTreeMap<String, u8>,
}

impl Node {
    /// Adds a field at its canonical path.
    pub(super) fn add(&mut self, field: &Field) {
        let mut node = self;
        for step in steps(&field.field) {
            node = match step {
                Step::Key(key) => node.properties.entry(key).or_default(),
                Step::Items => node.items.get_or_insert_default(),
                Step::Values => node.values.get_or_insert_default(),
            };
        }
        node.note(field);
    }

    /// Notes what a field says where it is a single value.
    pub(super) fn note(&mut self, field: &Field) {
        self.types.extend(field.types.iter().copied());
        for class in &field.data_classes {
            let known = self.classes.entry(class.class.clone()).or_default();
            *known = class.confidence.max(*known);
        }
    }

    /// As a schema.
    pub(super) fn schema(&self, version: OpenApiVersion) -> Value {
        let mut schema = Map::new();
        let object = !self.properties.is_empty() || self.values.is_some();
        let mut types: BTreeSet<&str> = self.types.iter().map(|t| type_of(t)).collect();
        if object {
            types.insert("object");
            let properties = self.properties.iter();
            let properties: Map<String, Value> =
                properties.map(|(key, node)| (key.clone(), node.schema(version))).collect();
            if !properties.is_empty() {
                schema.insert("properties".into(), properties.into());
            }
            if let Some(values) = &self.values {
                schema.insert("additionalProperties".into(), values.schema(version));
            }
        }
        if let Some(items) = &self.items {
            types.insert("array");
            schema.insert("items".into(), items.schema(version));
        }
        write_type(&mut schema, &types, version);
        if !self.classes.is_empty() {
            let classes: Vec<Value> = self
                .classes
                .iter()
                .map(|(class, confidence)| json!({"class": class, "confidence": confidence}))
                .collect();
            schema.insert("x-phitap-data-classes".into(), classes.into());
            if types.iter().all(|t| matches!(*t, "string" | "null")) {
                let surest = self.classes.iter().max_by_key(|(_, confidence)| **confidence);
                let made_up = surest.map_or("example", |(class, _)| example(class));
                schema.insert("example".into(), made_up.into());
            }
        }
        schema.into()
    }
}

/// What JSON Schema calls a kind of value.
fn type_of(kind: &str) -> &'static str {
    match kind {
        "number" => "number",
        "boolean" => "boolean",
        "null" => "null",
        _ => "string",
    }
}

/// 3.1 has lists of types and `null`; 3.0 has one type and `nullable`.
fn write_type(schema: &mut Map<String, Value>, types: &BTreeSet<&str>, version: OpenApiVersion) {
    match version {
        OpenApiVersion::V31 => match types.iter().collect::<Vec<_>>().as_slice() {
            [] => {}
            [one] => drop(schema.insert("type".into(), json!(one))),
            many => drop(schema.insert("type".into(), json!(many))),
        },
        OpenApiVersion::V30 => {
            let real: Vec<&&str> = types.iter().filter(|t| **t != "null").collect();
            if let [one] = real.as_slice() {
                schema.insert("type".into(), json!(one));
                if types.contains("null") {
                    schema.insert("nullable".into(), true.into());
                }
            } else {
                // Several types: 3.0 says so by saying none. Members without a type are allowed.
                schema.remove("items");
            }
        }
    }
}

/// A step down from one place to the next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Items,
    Values,
}

/// The steps of a canonical path: `$.a['b c'][*].*`; what is no path of JSON is one key.
fn steps(path: &str) -> Vec<Step> {
    let Some(mut rest) = path.strip_prefix('$') else {
        return vec![Step::Key(path.to_owned())];
    };
    let mut steps = Vec::new();
    while !rest.is_empty() && steps.len() < DEPTH_MAX {
        if let Some(after) = rest.strip_prefix("[*]") {
            steps.push(Step::Items);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("['") {
            let Some((key, after)) = after.split_once("']") else { break };
            steps.push(if key == "*" { Step::Values } else { Step::Key(key.replace("\\'", "'")) });
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', '|']).unwrap_or(after.len());
            let (key, after) = after.split_at_checked(end).unwrap_or((after, ""));
            steps.push(if key == "*" { Step::Values } else { Step::Key(key.to_owned()) });
            rest = after;
        } else {
            // Behind a bar is what a string holds: the string itself is the place.
            break;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let key = |k: &str| Step::Key(k.into());
        assert_eq!(steps("$.a[*].b"), [key("a"), Step::Items, key("b")]);
        assert_eq!(steps("$[*]['a b'].*"), [Step::Items, key("a b"), Step::Values]);
        assert_eq!(steps("$.text|$.inner"), [key("text")]);
        assert_eq!(steps("$"), []);
        assert_eq!(steps("plain"), [key("plain")]);
        assert_eq!(steps("$['open"), []);
    }
}
