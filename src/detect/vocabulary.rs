//! Words APIs name things with. A capitalised word that no API uses may be a person's name, and is
//! not stored as part of a path or key.

use std::sync::LazyLock;

use crate::base::TableSet;

/// See `scripts/api-words.py`; beside them what hospitals call their departments, people and
/// records, which too few publishers use.
static WORDS: LazyLock<TableSet<&'static str>> = LazyLock::new(|| {
    let used = include_str!("../../rules/dictionaries/api-words.txt").lines();
    used.chain(include_str!("../../rules/dictionaries/care-words.txt").lines()).collect()
});

/// Longer words are no names of persons.
const WORD_BYTES_MAX: usize = 40;

/// Abbreviations that stand in paths of health care and of the web and that too few publishers use
/// for the list. Sorted.
const ABBREVIATIONS: [&str; 81] = [
    "adt",
    "ashx",
    "asmx",
    "atna",
    "axd",
    "cbc",
    "ccd",
    "ccda",
    "ccr",
    "cda",
    "cds",
    "cmp",
    "covid",
    "cpoe",
    "cql",
    "dft",
    "ecg",
    "eeg",
    "ehr",
    "ekg",
    "elga",
    "emr",
    "epa",
    "eprescribing",
    "hie",
    "his",
    "hpi",
    "icu",
    "ihe",
    "iti",
    "kbv",
    "lis",
    "loinc",
    "mdm",
    "mfn",
    "mhd",
    "mllp",
    "mpi",
    "mri",
    "msh",
    "ncpdp",
    "nhs",
    "omg",
    "oml",
    "omp",
    "orl",
    "orm",
    "oru",
    "pacs",
    "pdq",
    "phr",
    "pix",
    "pmir",
    "prd",
    "qbp",
    "qedm",
    "qido",
    "qry",
    "ras",
    "rde",
    "rds",
    "ris",
    "rsp",
    "siim",
    "siu",
    "snomed",
    "stow",
    "svs",
    "tst",
    "uat",
    "ucum",
    "vxu",
    "wadl",
    "wado",
    "wsdl",
    "xca",
    "xdm",
    "xdr",
    "xds",
    "xsd",
    "xsl",
];

/// Whether a path segment reads like a person's name: a capitalised word that no API uses
/// (`Chalmers`, `Peter_Chalmers`, `Chalmers.pdf`, `letter-Chalmers`), or two unknown words side by
/// side with a point between (`zebulon.quartermain`, `zebulon.quartermain.pdf`).
pub(super) fn segment_is_person(text: &[u8]) -> bool {
    has_unknown_capital(text) || has_dotted_name(text)
}

/// A word of letters alone; one with a digit is judged by its shape (`Dstu3`).
fn has_unknown_capital(text: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80;
    text.split(|b| !part(b)).any(|word| word.len() > 1 && is_capitalised(word) && !is_known(word))
}

/// Whether words read like a person's name: several capitalised ones of which one is unknown.
pub fn names_person(text: &[u8]) -> bool {
    key_is_person(text)
}

/// Whether an object key reads like a person's name: several capitalised words of which one is
/// unknown (`Peter Chalmers`). One alone is left to be a key: vendors make up words.
pub(super) fn key_is_person(text: &[u8]) -> bool {
    // `X-Forwarded-For`: names of header fields stand in logs and in signed URLs.
    !text.starts_with(b"X-") && all_capitalised(text, 2)
}

fn all_capitalised(text: &[u8], least: usize) -> bool {
    if !text.first().is_some_and(u8::is_ascii_uppercase) || text.len() > 2 * WORD_BYTES_MAX {
        return false;
    }
    let mut count = 0;
    let mut unknown = false;
    for word in words(text) {
        if !is_capitalised(word) {
            return false;
        }
        count += 1;
        unknown |= !is_known(word);
    }
    unknown && count >= least && is_words_only(text)
}

/// `first.last`: words of which none is known, so that it is no file name (`app.js`).
fn has_dotted_name(text: &[u8]) -> bool {
    let unknown = |word: &[u8]| {
        word.len() >= 3 && word.iter().all(u8::is_ascii_alphabetic) && !humps(word).all(knows_word)
    };
    let mut before = false;
    text.split(|b| *b == b'.').any(|word| {
        let now = unknown(word);
        std::mem::replace(&mut before, now) && now
    })
}

/// Letters, and what stands between the words of a name.
fn is_words_only(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80 || b" -_'.,+".contains(b))
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| !b.is_ascii_alphabetic() && *b < 0x80).filter(|word| !word.is_empty())
}

fn is_capitalised(word: &[u8]) -> bool {
    match word {
        [first, rest @ ..] => {
            (first.is_ascii_uppercase() || *first >= 0x80)
                && rest.iter().all(|b| b.is_ascii_lowercase() || *b >= 0x80)
        }
        [] => false,
    }
}

fn is_known(word: &[u8]) -> bool {
    let mut lower = [0u8; WORD_BYTES_MAX];
    let Some(lower) = lower.get_mut(..word.len()) else { return true };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower)
        .is_ok_and(|word| WORDS.contains(word) || ABBREVIATIONS.binary_search(&word).is_ok())
}

/// Whether `word`, of letters, is one that APIs use, in any case.
pub fn knows_word(word: &[u8]) -> bool {
    word.len() <= WORD_BYTES_MAX && is_known(word)
}

/// Whether every word of `text` is one that APIs use, or one of `beside` (lower-case). Words are
/// runs of letters, and in them what begins with a capital: `GetAll`, `FHIRServer`. Without a
/// word there is nothing to know.
pub fn knows_words(text: &[u8], beside: &[&str]) -> bool {
    let known = |word: &[u8]| {
        knows_word(word)
            || word.eq_ignore_ascii_case(b"v")
            || beside.iter().any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
    };
    let mut any = false;
    let mut all = words(text).inspect(|_| any = true);
    all.all(|word| known(word) || humps(word).all(known)) && any
}

/// The words of camel case: `getPatient`, and `FHIRServer` as `FHIR` and `Server`.
fn humps(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    let rises = |a: &u8, b: &u8| a.is_ascii_lowercase() && b.is_ascii_uppercase();
    word.chunk_by(move |a, b| !rises(a, b)).flat_map(|hump| {
        let capitals = hump.iter().take_while(|b| b.is_ascii_uppercase()).count();
        let at = if capitals > 1 && capitals < hump.len() { capitals - 1 } else { 0 };
        let (acronym, rest) = hump.split_at_checked(at).unwrap_or((b"", hump));
        [acronym, rest].into_iter().filter(|part| !part.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_paths_are_told_from_words_of_apis() {
        for name in [
            "Chalmers",
            "Quartermain",
            "Peter_Chalmers",
            "O'Neil",
            "zebulon.quartermain",
            "Chalmers.pdf",
            "Peter_Chalmers.pdf",
            "Quartermain-Peter.docx",
            "Chalmers.json",
            "Chalmers.hl7",
            "Peter_Chalmers_v2.tar.gz",
            "letter-Chalmers",
            "Chalmers_chart.html",
            "zebulon.quartermain.pdf",
        ] {
            assert!(segment_is_person(name.as_bytes()), "{name}");
        }
        for word in [
            "Patient",
            "Observation",
            "patients",
            "GetPatient",
            "PatientList",
            "v1",
            "FHIR",
            "fhir",
            "app.js",
            "orthanc",
            "Payments",
            "search",
            "openapi.json",
            "R4",
            "baseDstu3",
            "Patient.json",
            "Login.aspx",
            "data.tables.min.js",
            "app.dataTables.min.js",
            "well-known",
            "Encounters",
            "Wards",
            "Prescriptions",
            "Radiology",
            "Practitioners",
        ] {
            assert!(!segment_is_person(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn abbreviations_are_sorted_for_their_search() {
        assert!(ABBREVIATIONS.is_sorted());
        for word in ABBREVIATIONS {
            assert!(knows_word(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn words_are_known_also_in_camel_case() {
        for text in ["search", "GetPatient", "FHIRServer", "validate-code", "v2", "_tags"] {
            assert!(knows_words(text.as_bytes(), &[]), "{text}");
        }
        assert!(knows_words(b"lastn", &["lastn"]));
        for text in ["nora-quill", "patient-Nora", "GetQuill", "", "_", "77", "\u{e9}t\u{e9}"] {
            assert!(!knows_words(text.as_bytes(), &[]), "{text}");
        }
        assert!(!knows_words(&[b'a'; 2 * WORD_BYTES_MAX], &[]));
    }

    #[test]
    fn names_as_keys_are_several_words() {
        assert!(key_is_person(b"Peter Chalmers"));
        for key in [
            "First Name",
            "Date Of Birth",
            "Hct",
            "WBC Count",
            "patient name",
            "Chalmers",
            "X-Forwarded-For",
            "X-Amz-Signature",
        ] {
            assert!(!key_is_person(key.as_bytes()), "{key}");
        }
    }
}
