//! The grammar of FHIR's RESTful API (HL7 FHIR R5 section 3.2, the same since DSTU2):
//!
//! ```text
//! [base]/[type]/[id]/_history/[vid]      [base]/[type]/$op       [base]/metadata
//! ```
//!
//! In a FHIR exchange ids and literals are told apart by place, not by how they look. Paths as they
//! were sent and templates of paths are read alike.

use std::sync::LazyLock;

use crate::base::{TableMap, TableSet};
use crate::detect::knows_words;

/// Longer names are no operations.
const NAME_BYTES_MAX: usize = 64;
/// Words of names of operations (HL7 FHIR and its guides, HAPI) beside those that all APIs use.
const OPERATION_WORDS: [&str; 24] = [
    "access",
    "binding",
    "canonical",
    "davinci",
    "docref",
    "elm",
    "everything",
    "expunge",
    "external",
    "gaps",
    "graph",
    "graphql",
    "ips",
    "lastn",
    "measure",
    "populatehtml",
    "populatelink",
    "questionnaireresponse",
    "reindexing",
    "snapshot",
    "subset",
    "subsumes",
    "supports",
    "ws",
];

/// Whether `name` (`$everything`, `$validate-code`) is one of an operation: `$`, then words that
/// APIs use.
pub fn is_operation(name: &[u8]) -> bool {
    let Some(tail) = name.strip_prefix(b"$") else { return false };
    let plain = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.');
    tail.len() <= NAME_BYTES_MAX && tail.iter().all(plain) && knows_words(tail, &OPERATION_WORDS)
}

/// The resource types of DSTU2 to R5.
static RESOURCE_TYPES: LazyLock<TableMap<&'static [u8], &'static str>> = LazyLock::new(|| {
    let names = include_str!("../../rules/dictionaries/fhir-resource-types.txt").lines();
    names.map(|name| (name.as_bytes(), name)).collect()
});

/// The resource type of that name, if there is one.
pub fn resource_type(name: &[u8]) -> Option<&'static str> {
    if !name.first().is_some_and(u8::is_ascii_uppercase) || name.len() > 40 {
        return None;
    }
    RESOURCE_TYPES.get(name).copied()
}

/// Whether `name` is a resource type, in any case.
pub fn is_type_in_any_case(name: &[u8]) -> bool {
    static LOWER: LazyLock<TableSet<String>> =
        LazyLock::new(|| RESOURCE_TYPES.values().map(|name| name.to_ascii_lowercase()).collect());
    let mut lower = [0u8; 40];
    let Some(lower) = lower.get_mut(..name.len()) else { return false };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|name| LOWER.contains(name))
}

/// What a FHIR request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<'a> {
    /// `read`, `search-type`, …: the codes of FHIR's `restful-interaction` value set, and
    /// `operation`.
    pub interaction: &'static str,
    /// Segments of the base, as sent.
    pub base: &'a [&'a [u8]],
    /// What follows the base, in template form.
    pub tail: Vec<Part<'a>>,
}

/// One segment behind the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Stays as it is.
    Literal(&'a str),
    /// A parameter with the name it has in the template, and its value as sent.
    Parameter(&'static str, &'a [u8]),
}

/// What else the exchange shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The method.
    pub method: &'a str,
    /// Whether there is a query.
    pub query: bool,
    /// The resource type at the root of the request body.
    pub body: Option<&'a str>,
    /// The `type` of a Bundle in the request body.
    pub bundle: Option<&'a str>,
}

/// Reads the path of a request that is known to belong to a FHIR server. `None` when the path
/// does not follow the grammar.
pub fn parse<'a>(segments: &'a [&'a [u8]], context: &Context<'_>) -> Option<Operation<'a>> {
    for (at, segment) in segments.iter().enumerate() {
        let Some(kind) = resource_type(segment) else { continue };
        let (base, rest) = segments.split_at(at);
        let rest = rest.get(1..).unwrap_or_default();
        if let Some((interaction, mut tail)) = type_level(rest, context) {
            tail.insert(0, Part::Literal(kind));
            return Some(Operation { interaction, base, tail });
        }
    }
    system_level(segments, context)
}

/// Behind `[base]/[type]`.
fn type_level<'a>(
    rest: &[&'a [u8]],
    context: &Context<'_>,
) -> Option<(&'static str, Vec<Part<'a>>)> {
    use Part::{Literal, Parameter};
    let method = context.method;
    Some(match *rest {
        [] => {
            let interaction = match method {
                "GET" | "HEAD" => "search-type",
                "POST" => "create",
                "PUT" => "update",
                "PATCH" => "patch",
                "DELETE" => "delete",
                _ => return None,
            };
            (interaction, vec![])
        }
        [b"_search"] => ("search-type", vec![Literal("_search")]),
        [b"_history"] => ("history-type", vec![Literal("_history")]),
        [name] if name.starts_with(b"$") => ("operation", vec![operation_name(name)]),
        [id] => (instance(method)?, vec![Parameter("id", is_id(id)?)]),
        [id, b"_history"] => {
            ("history-instance", vec![Parameter("id", is_id(id)?), Literal("_history")])
        }
        [id, b"_history", vid] => (
            if method == "DELETE" { "delete-history-version" } else { "vread" },
            vec![Parameter("id", is_id(id)?), Literal("_history"), Parameter("vid", is_id(vid)?)],
        ),
        [id, name] if name.starts_with(b"$") => {
            ("operation", vec![Parameter("id", is_id(id)?), operation_name(name)])
        }
        [id, b"_history", vid, name] if name.starts_with(b"$") => (
            "operation",
            vec![
                Parameter("id", is_id(id)?),
                Literal("_history"),
                Parameter("vid", is_id(vid)?),
                operation_name(name),
            ],
        ),
        [id, b"_search"] => {
            ("search-compartment", vec![Parameter("id", is_id(id)?), Literal("_search")])
        }
        [id, b"*"] => ("search-compartment", vec![Parameter("id", is_id(id)?), Literal("*")]),
        [id, member] => {
            let member = Literal(resource_type(member)?);
            ("search-compartment", vec![Parameter("id", is_id(id)?), member])
        }
        [id, member, b"_search"] => {
            let member = Literal(resource_type(member)?);
            ("search-compartment", vec![Parameter("id", is_id(id)?), member, Literal("_search")])
        }
        _ => return None,
    })
}

fn instance(method: &str) -> Option<&'static str> {
    Some(match method {
        "GET" | "HEAD" => "read",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => return None,
    })
}

/// Directly behind the base. Where the base ends is told by the last segment alone.
fn system_level<'a>(segments: &'a [&'a [u8]], context: &Context<'_>) -> Option<Operation<'a>> {
    let (last, before) = match segments.split_last() {
        Some((last, before)) => (*last, before),
        None => (&b""[..], segments),
    };
    let of = |interaction, base, tail| Some(Operation { interaction, base, tail });
    match (context.method, last) {
        ("GET" | "HEAD" | "OPTIONS", b"metadata") => {
            return of("capabilities", before, vec![Part::Literal("metadata")]);
        }
        ("GET" | "POST", b"_search") => {
            return of("search-system", before, vec![Part::Literal("_search")]);
        }
        ("GET", b"_history") => {
            return of("history-system", before, vec![Part::Literal("_history")]);
        }
        ("GET" | "POST", name) if name.starts_with(b"$") => {
            return of("operation", before, vec![operation_name(name)]);
        }
        _ => {}
    }
    match (context.method, context.body, context.bundle) {
        ("POST", Some("Bundle"), Some("batch")) => of("batch", segments, vec![]),
        ("POST", Some("Bundle"), Some("transaction")) => of("transaction", segments, vec![]),
        ("GET", _, _) if context.query => of("search-system", segments, vec![]),
        _ => None,
    }
}

/// Operation names are literals of the API where all their words are words of APIs.
fn operation_name(name: &[u8]) -> Part<'_> {
    match std::str::from_utf8(name) {
        Ok(text) if is_operation(name) => Part::Literal(text),
        _ => Part::Parameter("operation", name),
    }
}

/// Ids are 1 to 64 of `A-Z a-z 0-9 - .`; servers also take others (underscores, escapes), so only
/// what cannot be one is refused.
fn is_id(segment: &[u8]) -> Option<&[u8]> {
    let refused = segment.is_empty() || segment.starts_with(b"_") || segment.len() > 256;
    (!refused).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, path: &str, body: Option<&str>, bundle: Option<&str>) -> String {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<&[u8]> =
            path.split('/').filter(|s| !s.is_empty()).map(str::as_bytes).collect();
        let context = Context { method, query: !query.is_empty(), body, bundle };
        let Some(operation) = parse(&segments, &context) else { return "-".into() };
        let mut out = operation.interaction.to_string();
        out.push(' ');
        for segment in operation.base {
            out.push('/');
            out.push_str(&String::from_utf8_lossy(segment));
        }
        out.push('|');
        for part in &operation.tail {
            match part {
                Part::Literal(text) => out.push_str(&format!("/{text}")),
                Part::Parameter(name, _) => out.push_str(&format!("/{{{name}}}")),
            }
        }
        out
    }

    #[test]
    fn every_interaction_has_its_name_and_template() {
        let get = |path| read("GET", path, None, None);
        assert_eq!(get("/fhir/Patient/1"), "read /fhir|/Patient/{id}");
        assert_eq!(get("/fhir/Patient/does-not-exist"), "read /fhir|/Patient/{id}");
        assert_eq!(get("/fhir/Patient/1/_history/2"), "vread /fhir|/Patient/{id}/_history/{vid}");
        assert_eq!(
            get("/fhir/Patient/1/_history"),
            "history-instance /fhir|/Patient/{id}/_history"
        );
        assert_eq!(get("/fhir/Patient/_history"), "history-type /fhir|/Patient/_history");
        assert_eq!(get("/fhir/_history"), "history-system /fhir|/_history");
        assert_eq!(get("/Patient?name=x"), "search-type |/Patient");
        assert_eq!(
            get("/fhir/Patient/1/Observation"),
            "search-compartment /fhir|/Patient/{id}/Observation"
        );
        assert_eq!(get("/fhir/Patient/1/$everything"), "operation /fhir|/Patient/{id}/$everything");
        assert_eq!(get("/fhir/$export"), "operation /fhir|/$export");
        assert_eq!(get("/a/b/metadata"), "capabilities /a/b|/metadata");
        assert_eq!(get("/fhir?_type=Patient"), "search-system /fhir|");
        assert_eq!(read("POST", "/fhir/Patient", None, None), "create /fhir|/Patient");
        assert_eq!(
            read("POST", "/fhir/Patient/_search", None, None),
            "search-type /fhir|/Patient/_search"
        );
        assert_eq!(read("PUT", "/fhir/Patient/1", None, None), "update /fhir|/Patient/{id}");
        assert_eq!(read("PATCH", "/fhir/Patient/1", None, None), "patch /fhir|/Patient/{id}");
        assert_eq!(read("DELETE", "/fhir/Patient/1", None, None), "delete /fhir|/Patient/{id}");
        assert_eq!(
            read("POST", "/fhir", Some("Bundle"), Some("transaction")),
            "transaction /fhir|"
        );
        assert_eq!(read("POST", "/fhir", Some("Bundle"), Some("batch")), "batch /fhir|");
        assert_eq!(read("POST", "/fhir", Some("Bundle"), Some("collection")), "-");
    }

    #[test]
    fn ids_of_rarer_forms_are_parameters_too() {
        assert_eq!(
            read("POST", "/fhir/Patient/abc/_search", None, None),
            "search-compartment /fhir|/Patient/{id}/_search"
        );
        assert_eq!(
            read("POST", "/fhir/Patient/abc/_history/1/$meta-add", None, None),
            "operation /fhir|/Patient/{id}/_history/{vid}/$meta-add"
        );
    }

    #[test]
    fn a_base_may_contain_the_name_of_a_type() {
        assert_eq!(
            read("GET", "/Location/fhir/Patient/1", None, None),
            "read /Location/fhir|/Patient/{id}"
        );
    }

    #[test]
    fn an_operation_that_is_data_is_no_literal() {
        for name in ["$943-476-5919", "$patient-Nora-Quill", "$nora"] {
            let read = read("GET", &format!("/fhir/{name}"), None, None);
            assert_eq!(read, "operation /fhir|/{operation}", "{name}");
        }
    }

    #[test]
    fn operations_are_words_and_data_is_none() {
        for name in [
            "$everything",
            "$validate-code",
            "$process-message",
            "$member.match",
            "$meta-add",
            "$lastn",
            "$docref",
            "$export",
            "$evaluate-measure",
            "$care-gaps",
            "$graphql",
            "$get-resource-counts",
            "$delete-expunge",
            "$apply",
            "$snapshot",
        ] {
            assert!(is_operation(name.as_bytes()), "{name}");
        }
        for name in ["$", "$nora", "$patient-Nora-Quill", "$1", "everything", "$a b", "$%41"] {
            assert!(!is_operation(name.as_bytes()), "{name}");
        }
    }
}
