//! Names in the paths of FHIR servers: which are words of the API, and which name somebody.

use crate::detect::knows_words;

use super::{fhir, fhir_path};

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

/// Whether `segment` stands where the id of a resource does, behind `before`. `named` says that
/// the path is FHIR's: then a type is one in any case, and one of a server's own
/// (`CustomThing`) is a capitalised word. In any other path a word of APIs may follow a word that
/// is a type, too: `/Account/login`.
pub fn is_id_behind(before: &[u8], segment: &[u8], named: bool) -> bool {
    if segment.starts_with(b"$") || segment == b"*" {
        return false;
    }
    let word = || knows_words(segment, &[]);
    if !named {
        return fhir::resource_type(before).is_some() && !word();
    }
    if fhir_path::names_fhir(segment) {
        return false;
    }
    if fhir::is_type_in_any_case(before) {
        return !(segment.starts_with(b"_") && word());
    }
    is_capitalised(before) && !fhir_path::names_fhir(before) && !word()
}

fn is_capitalised(word: &[u8]) -> bool {
    word.len() >= 3
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && word.iter().all(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn behind_a_type_stands_an_id() {
        let id = |before: &str, segment: &str, named| {
            is_id_behind(before.as_bytes(), segment.as_bytes(), named)
        };
        for named in [true, false] {
            assert!(id("Patient", "nora-quill", named));
            assert!(!id("Patient", "_search", named) && !id("Patient", "$export", named));
            assert!(!id("fhir", "Patient", named) && !id("tags", "nora", named));
        }
        assert!(id("patient", "nora-quill", true) && !id("patient", "nora-quill", false));
        assert!(id("CustomThing", "nora-quill", true) && !id("CustomThing", "search", true));
        assert!(id("Patient", "search", true) && !id("Patient", "search", false));
        assert!(id("Patient", "_nora", true));
        assert!(!id("Location", "fhir", true));
    }
}
