//! Whether a path alone says that a request is one of FHIR's: `DELETE /fhir/Patient/1` has neither
//! `Accept` nor a body that could say so. The base has to name FHIR, and what follows has to be of
//! its grammar; `/api/Patient/1` may be anybody's.
//!
//! Only what is in the path counts, so that an exchange is named the same whatever came before it.

use super::fhir::{Operation, Part, Version};

/// Words that segments which name FHIR are made of, beside its versions.
const WORDS: [&[u8]; 10] =
    [b"api", b"base", b"fhir", b"hapi", b"jpa", b"jpaserver", b"rest", b"secure", b"server", b"v"];
/// Endings of files and pages, which no id has.
const FILES: [&[u8]; 10] =
    [b".css", b".gif", b".htm", b".html", b".ico", b".js", b".md", b".php", b".png", b".svg"];
/// Bytes of an id (FHIR R5 section 2.1.28.0.1).
const ID_BYTES_MAX: usize = 64;

/// Whether a segment of `path` may name FHIR: asked of every request, and seldom so.
pub fn may_name_fhir(path: &[u8]) -> bool {
    let named =
        |word: &[u8]| word.eq_ignore_ascii_case(b"fhir") || word.eq_ignore_ascii_case(b"base");
    path.windows(4).any(named)
}

/// Whether a segment of `path` does name FHIR.
pub fn path_names_fhir(path: &[u8]) -> bool {
    may_name_fhir(path) && path.split(|b| *b == b'/').any(names_fhir)
}

/// Whether `operation`, read from a path, can be nothing but FHIR's.
pub fn is_conclusive(operation: &Operation<'_>) -> bool {
    let Some(named) = operation.base.iter().rposition(|segment| names_fhir(segment)) else {
        return false;
    };
    let behind = operation.base.get(named + 1..).unwrap_or_default();
    let well_formed = operation.tail.iter().all(|part| match part {
        Part::Literal(_) | Part::Parameter("operation", _) => true,
        Part::Parameter(_, value) => is_id(value),
    });
    let at_once = behind.iter().all(|segment| Version::of_segment(segment).is_some());
    match operation.tail.first() {
        // Behind the base may stand a tenant, but no word of another grammar.
        Some(Part::Literal(name)) if is_type_or_operation(name) => well_formed && behind.len() <= 2,
        Some(Part::Parameter("operation", _)) => well_formed && behind.len() <= 2,
        Some(_) => well_formed && at_once,
        None => false,
    }
}

fn is_type_or_operation(name: &str) -> bool {
    name.starts_with(|first: char| first == '$' || first.is_ascii_uppercase())
}

/// `fhir`, `fhir-r4`, `hapi-fhir-jpaserver`, `baseR4`, `fhir4`, `FHIR_v1`.
pub(super) fn names_fhir(segment: &[u8]) -> bool {
    let prefixed = |prefix: &[u8]| {
        segment.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    if (prefixed(b"base") || prefixed(b"fhir")) && Version::of_segment(segment).is_some() {
        return true;
    }
    let mut named = false;
    for word in segment.split(|b| matches!(b, b'-' | b'_' | b'.')) {
        let word = word.strip_suffix(b"4").or(word.strip_suffix(b"5")).unwrap_or(word);
        let numbered = word.iter().all(u8::is_ascii_digit)
            || word.split_first().is_some_and(|(first, rest)| {
                matches!(first, b'v' | b'V') && rest.iter().all(u8::is_ascii_digit)
            });
        named |= word.eq_ignore_ascii_case(b"fhir");
        let known = WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
        if !known && !numbered && Version::of_segment(word).is_none() {
            return false;
        }
    }
    named
}

fn is_id(value: &[u8]) -> bool {
    let byte = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let file = |ending: &&[u8]| {
        let at = value.len().saturating_sub(ending.len());
        value.get(at..).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    };
    (1..=ID_BYTES_MAX).contains(&value.len()) && value.iter().all(byte) && !FILES.iter().any(file)
}

#[cfg(test)]
mod tests {
    use super::super::fhir::{Context, parse};
    use super::*;

    fn read(asked: &str) -> Option<&'static str> {
        let (method, path) = asked.split_once(' ').unwrap();
        let segments: Vec<&[u8]> =
            path.split('/').filter(|s| !s.is_empty()).map(str::as_bytes).collect();
        let context = Context { method, ..Context::default() };
        let operation = parse(&segments, &context)?;
        assert!(may_name_fhir(path.as_bytes()) || !is_conclusive(&operation), "{asked}");
        is_conclusive(&operation).then_some(operation.interaction)
    }

    #[test]
    fn a_base_that_names_fhir_and_a_path_of_its_grammar_are_enough() {
        for (asked, interaction) in [
            ("DELETE /fhir/Patient/1", "delete"),
            ("GET /fhir/$export", "operation"),
            ("GET /fhir/Patient/1", "read"),
            ("GET /fhir/Patient/$export", "operation"),
            ("PUT /hapi-fhir-jpaserver/fhir/Patient/a.b-1", "update"),
            ("GET /baseR4/Observation/2/_history/3", "vread"),
            ("GET /baseDstu3/Patient", "search-type"),
            ("GET /api/FHIR/R4/Patient/1/Observation", "search-compartment"),
            ("GET /fhir-r4/_history", "history-system"),
            ("GET /fhir4/metadata", "capabilities"),
            ("DELETE /fhir/clinic-7/Encounter/9", "delete"),
            ("GET /fhir/R4/metadata", "capabilities"),
        ] {
            assert_eq!(read(asked), Some(interaction), "{asked}");
        }
    }

    #[test]
    fn anything_less_is_not() {
        for asked in [
            "GET /api/Patient/1",
            "DELETE /Patient/1",
            "GET /v4/Account/1",
            "GET /r4/Group/5",
            "GET /fhirpath/Patient/1",
            "GET /fhir-docs/Patient/1",
            "GET /fhir-viewer/metadata",
            "GET /fhir/patients/1",
            "GET /fhir/docs/metadata",
            "GET /fhir/Patient/index.html",
            "GET /fhir/Patient/a%20b",
            "GET /fhir/one/two/three/Patient/1",
            "GET /confhir/Patient/1",
            "GET /fhir",
            "GET /api/$export",
            "BREW /fhir/Patient/1",
        ] {
            assert_eq!(read(asked), None, "{asked}");
        }
    }
}
