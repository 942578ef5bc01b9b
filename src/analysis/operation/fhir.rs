//! The grammar of FHIR's RESTful API (HL7 FHIR R5 section 3.2, the same since DSTU2):
//!
//! ```text
//! [base]/[type]/[id]/_history/[vid]      [base]/[type]/$op       [base]/metadata
//! ```
//!
//! In a FHIR exchange ids and literals are told apart by place, not by how they look.

use std::sync::LazyLock;

use crate::base::TableSet;

use super::fhir_names;

/// The resource types of DSTU2 to R5.
static RESOURCE_TYPES: LazyLock<TableSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../../rules/dictionaries/fhir-resource-types.txt").lines().collect()
});

/// The resource type of that name, if there is one.
pub fn resource_type(name: &[u8]) -> Option<&'static str> {
    if !name.first().is_some_and(u8::is_ascii_uppercase) || name.len() > 40 {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?;
    RESOURCE_TYPES.get(name).copied()
}

/// Whether `name` is a resource type, in any case.
pub fn is_type_in_any_case(name: &[u8]) -> bool {
    static LOWER: LazyLock<TableSet<String>> =
        LazyLock::new(|| RESOURCE_TYPES.iter().map(|name| name.to_ascii_lowercase()).collect());
    let mut lower = [0u8; 40];
    let Some(lower) = lower.get_mut(..name.len()) else { return false };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|name| LOWER.contains(name))
}

/// The resource type that a reference points at: `Patient/1`, `http://…/Patient/1/_history/2`.
pub fn reference_type(reference: &[u8]) -> Option<&'static str> {
    let mut segments = reference.rsplit(|b| *b == b'/').take(4);
    segments.next()?;
    segments.find_map(resource_type)
}

/// The first type of a person among those that a search over the whole system asks for
/// (`_type=Patient,Observation`).
pub fn person_asked(query: &[u8]) -> Option<&'static str> {
    const PERSONS: [&str; 4] = ["Patient", "Person", "RelatedPerson", "Practitioner"];
    memchr::memmem::find(query, b"_type=")?;
    let pairs = query.split(|b| *b == b'&').take(256);
    let lists = pairs.filter_map(|pair| pair.strip_prefix(b"_type="));
    let mut types = lists.flat_map(|list| {
        let list = crate::content::percent_decode(list).into_owned();
        let types = list.split(|b| *b == b',').take(16).filter_map(resource_type);
        types.collect::<Vec<_>>()
    });
    types.find(|kind| PERSONS.contains(kind))
}

/// A version of FHIR, as far as an exchange shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0
    Dstu2,
    /// 3.0
    Stu3,
    /// 4.0
    R4,
    /// 4.3
    R4b,
    /// 5.0
    R5,
}

impl Version {
    /// From `4.0.1`, or `4.0` as in the media type's `fhirVersion` parameter.
    pub fn parse(text: &[u8]) -> Option<Version> {
        Some(match text.get(..3)? {
            b"1.0" => Version::Dstu2,
            b"3.0" => Version::Stu3,
            b"4.0" => Version::R4,
            b"4.3" => Version::R4b,
            b"5.0" => Version::R5,
            _ => return None,
        })
    }

    /// From a segment of a server's base: `R4`, `stu3`, `4.0.1`, `4_0_0`, `baseDstu3`, `fhir-r4b`.
    pub fn of_segment(segment: &[u8]) -> Option<Version> {
        let mut lower = [0u8; 12];
        let lower = lower.get_mut(..segment.len())?;
        lower.copy_from_slice(segment);
        lower.make_ascii_lowercase();
        let name = ["fhir", "base"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix.as_bytes()))
            .unwrap_or(lower);
        let name = name.strip_prefix(b"-").or_else(|| name.strip_prefix(b"_")).unwrap_or(name);
        Some(match name {
            b"dstu2" => Version::Dstu2,
            b"stu3" | b"dstu3" | b"r3" => Version::Stu3,
            b"r4" => Version::R4,
            b"r4b" => Version::R4b,
            b"r5" => Version::R5,
            [major @ b'0'..=b'9', between @ (b'.' | b'_'), minor @ b'0'..=b'9', rest @ ..]
                if rest.is_empty() || rest.first() == Some(between) =>
            {
                return Version::parse(&[*major, b'.', *minor]);
            }
            _ => return None,
        })
    }

    /// The standard's name in the inventory.
    pub fn standard(self) -> &'static str {
        match self {
            Version::Dstu2 => "fhir-dstu2",
            Version::Stu3 => "fhir-stu3",
            Version::R4 => "fhir-r4",
            Version::R4b => "fhir-r4b",
            Version::R5 => "fhir-r5",
        }
    }
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
        Ok(text) if fhir_names::is_operation(name) => Part::Literal(text),
        _ => Part::Parameter("operation", name),
    }
}

/// Ids are 1 to 64 of `A-Z a-z 0-9 - .`; servers also take others (underscores, escapes), so only
/// what cannot be one is refused.
fn is_id(segment: &[u8]) -> Option<&[u8]> {
    let refused = segment.is_empty() || segment.starts_with(b"_") || segment.len() > 256;
    (!refused).then_some(segment)
}

/// The interaction of one entry of a batch or transaction (`Bundle.entry.request`): `entry:` and
/// the code it would have on its own.
pub fn entry_interaction(method: &[u8], url: &[u8]) -> Option<&'static str> {
    let method = super::http::method_name(method);
    let (path, query) = match memchr::memchr(b'?', url) {
        Some(at) => (url.get(..at)?, true),
        None => (url, false),
    };
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let segments: Vec<&[u8]> = path.split(|b| *b == b'/').take(12).collect();
    let context = Context { method, query, body: None, bundle: None };
    let interaction = parse(&segments, &context).map(|o| o.interaction)?;
    Some(match interaction {
        "read" => "entry:read",
        "vread" => "entry:vread",
        "search-type" => "entry:search-type",
        "search-system" => "entry:search-system",
        "search-compartment" => "entry:search-compartment",
        "create" => "entry:create",
        "update" => "entry:update",
        "patch" => "entry:patch",
        "delete" => "entry:delete",
        "operation" => "entry:operation",
        "capabilities" => "entry:capabilities",
        _ => "entry:history",
    })
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
    fn a_base_may_name_the_version() {
        for (segment, version) in [
            ("R4", Version::R4),
            ("r4b", Version::R4b),
            ("r5", Version::R5),
            ("stu3", Version::Stu3),
            ("DSTU2", Version::Dstu2),
            ("4.0.1", Version::R4),
            ("4_0_0", Version::R4),
            ("3.0", Version::Stu3),
            ("baseR4", Version::R4),
            ("baseDstu3", Version::Stu3),
            ("fhir-r5", Version::R5),
        ] {
            assert_eq!(Version::of_segment(segment.as_bytes()), Some(version), "{segment}");
        }
        for segment in ["fhir", "v4", "4", "4.0x", "2.0.1", "r40", "baseR4andmoreofit"] {
            assert_eq!(Version::of_segment(segment.as_bytes()), None, "{segment}");
        }
    }

    #[test]
    fn references_point_at_a_type() {
        assert_eq!(reference_type(b"Patient/1"), Some("Patient"));
        assert_eq!(
            reference_type(b"http://x.example/fhir/Location/a/_history/2"),
            Some("Location")
        );
        assert_eq!(reference_type(b"urn:uuid:6ba7b810-9dad-41d1-a0b4-00c04fd430c8"), None);
        assert_eq!(reference_type(b"#Patient"), None);
        assert_eq!(reference_type(b""), None);
    }

    #[test]
    fn a_search_over_the_whole_system_may_ask_for_persons() {
        assert_eq!(person_asked(b"_type=Observation,Patient&name=Roe"), Some("Patient"));
        assert_eq!(person_asked(b"name=Roe&_type=Observation%2CPerson"), Some("Person"));
        assert_eq!(person_asked(b"_type=Organization&name=Patient"), None);
        assert_eq!(person_asked(b"type=Patient"), None);
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
    fn entries_of_a_transaction_are_named() {
        assert_eq!(entry_interaction(b"POST", b"Patient"), Some("entry:create"));
        assert_eq!(entry_interaction(b"GET", b"Patient?name=x"), Some("entry:search-type"));
        assert_eq!(entry_interaction(b"PUT", b"/Patient/1"), Some("entry:update"));
        assert_eq!(entry_interaction(b"GET", b"nothing"), None);
    }
}
