//! Names in the paths of FHIR servers: which are words of the API, and which name somebody.

use crate::detect::knows_words;

use super::{fhir, fhir_path};

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
