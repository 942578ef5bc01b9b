//! Decisions about path segments, remembered: an API has few literals, and each comes with every
//! request.

use std::sync::Arc;

use super::names::is_user;
use crate::base::TableMap;
use crate::detect::{Detector, knows_word, knows_words};
use crate::inventory::fhir::is_operation;
use crate::inventory::{Shape, is_numbered_word, shape_of};

use super::operation::fhir_names;

/// Literals remembered; beyond it they are forgotten together.
const SEGMENTS_MAX: usize = 4096;
/// Two capitals are an abbreviation: of a country, a language, a protocol. From three on they are
/// a surname as well (`SMITH`, `ROE`: records write them so) unless APIs use them (`FHIR`, `ADT`).
const CAPITALS_MIN: usize = 3;

/// See the module. A cache and nothing else.
pub struct Segments {
    detector: Arc<Detector>,
    literals: TableMap<Box<[u8]>, Shape>,
}

impl Segments {
    /// Decides by `detector`'s rules.
    pub fn new(detector: Arc<Detector>) -> Self {
        Segments { detector, literals: TableMap::default() }
    }

    /// What a decoded segment is: its shape, or [`Shape::Withheld`] for one that looks like a name
    /// and may not be stored as one. Behind a resource type stands an id, whatever it looks like;
    /// `fhir` where the path is FHIR's for certain.
    pub fn shape(&mut self, before: Option<&[u8]>, segment: &[u8], fhir: bool) -> Shape {
        let shape = self.shape_alone(segment);
        let id = |before| fhir_names::is_id_behind(before, segment, fhir);
        if shape == Shape::Literal && before.is_some_and(id) { Shape::Id } else { shape }
    }

    fn shape_alone(&mut self, segment: &[u8]) -> Shape {
        if let Some(known) = self.literals.get(segment) {
            return *known;
        }
        let shape = shape_of(segment);
        if shape != Shape::Literal {
            return shape;
        }
        let shape = self.shape_of_name(segment);
        if self.literals.len() >= SEGMENTS_MAX {
            self.literals.clear();
        }
        self.literals.insert(segment.into(), shape);
        shape
    }

    fn shape_of_name(&self, segment: &[u8]) -> Shape {
        if is_language(segment) {
            return Shape::Literal;
        }
        let operation = segment.len() > 1 && segment.starts_with(b"$");
        if is_user(segment)
            || !self.detector.keeps_segment(segment)
            || (operation && !is_operation(segment))
        {
            return Shape::Withheld;
        }
        let mut parts = segment.split(|b| !b.is_ascii_alphanumeric());
        match parts.any(is_unknown_code) {
            true if segment.contains(&b'.') => Shape::File,
            true => Shape::Id,
            false => Shape::Literal,
        }
    }
}

/// Whether a segment is a language with its script and perhaps a region (RFC 5646 section 2.1):
/// `zh-Hans-CN`, `sr-Latn`.
fn is_language(segment: &[u8]) -> bool {
    /// Of ISO 15924, those that languages are written in side by side.
    const SCRIPTS: [&[u8]; 11] = [
        b"Arab", b"Beng", b"Cyrl", b"Deva", b"Guru", b"Hans", b"Hant", b"Jpan", b"Kore", b"Latn",
        b"Mong",
    ];
    let mut parts = segment.split(|b| matches!(b, b'-' | b'_'));
    let letters = |part: &[u8], of: fn(&u8) -> bool| part.iter().all(of);
    let language = parts
        .next()
        .is_some_and(|l| matches!(l.len(), 2 | 3) && letters(l, u8::is_ascii_lowercase));
    let script = parts.next().is_some_and(|s| SCRIPTS.contains(&s));
    let region = parts.next().is_none_or(|r| r.len() == 2 && letters(r, u8::is_ascii_uppercase));
    language && script && region && parts.next().is_none()
}

/// Whether a run of letters and digits that has the shape of a word is made up all the same: a
/// word with a number behind it that no API uses (`carol3`, `CarolQuill2`; but `step1`,
/// `GetPatientDemographics2`), or capitals of that kind (`CCDCJKBM`, `SMITH`; but `METADATA`).
fn is_unknown_code(part: &[u8]) -> bool {
    let digits = part.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (stem, _) = part.split_at_checked(part.len() - digits).unwrap_or((part, b""));
    if digits == 0 {
        let capitals = part.iter().all(u8::is_ascii_uppercase);
        return part.len() >= CAPITALS_MIN && capitals && !knows_word(part);
    }
    let word = stem.len() >= 3 && stem.iter().all(u8::is_ascii_alphabetic);
    let version = stem.strip_suffix(b"v").is_some_and(knows_word);
    // `baseR4`: the last of several words has it.
    let last = part.iter().rposition(u8::is_ascii_uppercase).unwrap_or_default();
    let known = || {
        let mut words = [Some(part), part.get(last..)].into_iter().flatten();
        words.any(|word| std::str::from_utf8(word).is_ok_and(is_numbered_word))
    };
    word && !version && !knows_words(stem, &[]) && !known()
}

#[cfg(test)]
mod tests {
    use crate::rules::RulePack;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_the_rules_say() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut segments = Segments::new(detector.clone());
        for segment in ["patients", "Chalmers", "943-476-5919", "api", "ada@example.org", "1", ""] {
            let told = match shape_of(segment.as_bytes()) {
                Shape::Literal if !detector.keeps_segment(segment.as_bytes()) => Shape::Withheld,
                shape => shape,
            };
            for _ in 0..2 {
                assert_eq!(segments.shape(None, segment.as_bytes(), false), told, "{segment}");
            }
        }
        assert_eq!(segments.shape(None, b"Chalmers", false), Shape::Withheld);
        for n in 0..2 * SEGMENTS_MAX {
            segments.shape(None, format!("word-{}", words(n)).as_bytes(), false);
        }
        assert!((1..=SEGMENTS_MAX).contains(&segments.literals.len()));
    }

    #[test]
    fn languages_with_a_script_are_names() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut segments = Segments::new(detector);
        for name in ["zh-Hans-CN", "sr-Latn", "zh_Hant_TW", "fr-FR"] {
            assert_eq!(segments.shape(None, name.as_bytes(), false), Shape::Literal, "{name}");
        }
        for name in ["zh-Chalmers-CN", "zh-Hans-Chalmers", "Hans-Chalmers"] {
            assert_ne!(segments.shape(None, name.as_bytes(), false), Shape::Literal, "{name}");
        }
    }

    #[test]
    fn codes_that_look_like_words_are_ids() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut segments = Segments::new(detector);
        let mut shape = |text: &str| segments.shape(None, text.as_bytes(), false);
        for code in [
            "carol3",
            "bob0",
            "CCDCJKBM",
            "x-carol3",
            "SMITH",
            "JANE",
            "ROE",
            "SMITH-LEE",
            "CarolQuill2",
            "GetQuill2",
        ] {
            assert_eq!(shape(code), Shape::Id, "{code}");
        }
        for word in [
            "step1",
            "line2",
            "phase3",
            "area1",
            "oauth2",
            "searchV2",
            "icd10",
            "baseR4",
            "METADATA",
            "PATIENTS",
            "ORU",
            "ADT",
            "FHIR",
            "API",
            "REST",
            "PDF",
            "UK",
            "WADO-RS",
            "ehr2",
            "v0",
            "$everything",
            "$metadata",
            "fhir-r4",
            "GetPatientDemographics2",
            "getSchedule3",
            "Interconnect-PRD",
            "interconnect-tst-oauth2",
            "v2.1-beta",
        ] {
            assert_eq!(shape(word), Shape::Literal, "{word}");
        }
        assert_eq!(shape("carol3.json"), Shape::File);
        assert_eq!(shape("SMITH.pdf"), Shape::File);
        assert_eq!(shape("Quartermain.pdf"), Shape::Withheld);
        assert_eq!(shape("$patient-nora"), Shape::Withheld);
    }

    fn words(mut n: usize) -> String {
        let mut out = String::new();
        loop {
            out.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
            n /= 26;
            if n == 0 {
                return out;
            }
        }
    }
}
