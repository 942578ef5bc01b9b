//! Names of fields that are several words: headings of tables, labels of forms (`Date of Birth`,
//! `Total Cholesterol`), or the names of persons that an object is keyed by (`Piet de Vries`).

use std::sync::LazyLock;

use crate::base::TableSet;
use crate::content::percent_decode;
use crate::detect::knows_word;

/// Words of headings, beside those that APIs use: of clinical tables, of open data, and of the
/// names that rules know, in the languages that rules know. Lower-case, sorted.
static WORDS: LazyLock<TableSet<&'static str>> =
    LazyLock::new(|| include_str!("heading-words.txt").lines().collect());

/// Letters beside a digit that are an abbreviation with it: `A1c`, `HER2`.
const CODE_LETTERS_MAX: usize = 3;

/// Whether `name` has several words of which one is no word of headings, so that it may be a
/// person's. A wrong yes costs a name, a wrong no a person's data.
pub(super) fn may_be_person(name: &[u8]) -> bool {
    let name = percent_decode(name);
    let Ok(text) = std::str::from_utf8(&name) else { return true };
    let text = text.trim();
    text.contains(|c: char| c.is_whitespace() || c == ',') && !is_heading(text)
}

/// Whether all words are those of headings. Initials alone say nothing (`J. P.`), and are none.
pub(super) fn is_heading(text: &str) -> bool {
    let mut any = false;
    let mut parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.all(|part| {
        let digits = part.contains(|c: char| c.is_ascii_digit());
        part.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).all(|word| {
            let short = digits && word.len() <= CODE_LETTERS_MAX;
            let initial = word.len() == 1;
            // `d o b` abbreviates words.
            any |= !initial || word.bytes().all(|b| b.is_ascii_lowercase());
            initial || short || is_known(word)
        })
    }) && any
}

fn is_known(word: &str) -> bool {
    let humps = || {
        let rises = |a: &u8, b: &u8| a.is_ascii_lowercase() && b.is_ascii_uppercase();
        let mut humps = word.as_bytes().chunk_by(move |a, b| !rises(a, b));
        // One that is no word of ASCII is none of APIs.
        word.is_ascii() && humps.all(is_word)
    };
    is_word(word.as_bytes()) || humps() || WORDS.contains(word.to_lowercase().as_str())
}

fn is_word(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    knows_word(word) || std::str::from_utf8(&lower).is_ok_and(|word| WORDS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headings and labels of published tables and forms, one a line.
    const HEADINGS: &str = include_str!("headings.txt");

    #[test]
    fn words_of_headings_are_sorted_and_no_words_of_apis() {
        let words: Vec<&str> = include_str!("heading-words.txt").lines().collect();
        assert!(words.is_sorted());
        for word in words {
            assert!(!knows_word(word.as_bytes()) && word.to_lowercase() == word, "{word}");
        }
    }

    #[test]
    fn headings_of_tables_and_labels_of_forms_are_no_persons() {
        assert!(HEADINGS.lines().count() > 300);
        for heading in HEADINGS.lines() {
            assert!(!may_be_person(heading.as_bytes()), "{heading}");
            assert!(!may_be_person(heading.to_uppercase().as_bytes()), "{heading}");
            assert!(!may_be_person(heading.replace(' ', "%20").as_bytes()), "{heading}");
        }
    }

    #[test]
    fn names_of_persons_are_told_however_they_are_written() {
        for name in [
            "Piet de Vries",
            "Maria da Silva",
            "Ludwig van Beethoven",
            "Otto von Bismarck",
            "de Vries, Piet",
            "O'Brien, Tim",
            "peeters johanna",
            "JOHANNA PEETERS",
            "Jean-Luc Picard",
            "J. Peeters",
            "Dr. Peeters",
            "Mohammed bin Salman",
            "Anna van der Berg",
            "Vries, P. de",
            "Ana María López",
            "Karel ten Hoor",
            "Leonardo di Caprio",
            "Ibn al-Haytham",
            "Fatima el Idrissi",
            "Jan-Willem van 't Hof",
            "Peeters (Johanna)",
            "mevr. A. de Jong",
            "Siobhán ní Bhriain",
            "Nguyễn Văn An",
            "Иван Петров",
            "Björk Guðmundsdóttir",
            "peeters,johanna",
            "Note for Peeters",
            "J. P.",
            "Piet%20de%20Vries",
            "Zebulon\u{a0}Quartermain",
            "李 小龍",
            "김 민준",
        ] {
            assert!(may_be_person(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn one_word_is_left_to_be_a_name() {
        for name in ["patientName", "Chalmers", "MRN", "first_name", "a.b", " trimmed ", ""] {
            assert!(!may_be_person(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_that_rules_know_are_headings() {
        let pack = crate::rules::RulePack::builtin();
        let mut unknown = Vec::new();
        for rule in pack.rules() {
            for phrase in rule.names.iter().filter(|phrase| phrase.contains(' ')) {
                // `first|last name` stands for two.
                for n in 0..8 {
                    let words: Vec<&str> = phrase
                        .split(' ')
                        .map(|word| word.split('|').nth(n).or(word.split('|').next()).unwrap())
                        .collect();
                    let heading = words.join(" ");
                    if may_be_person(heading.as_bytes()) {
                        unknown.push(heading);
                    }
                }
            }
        }
        unknown.sort();
        unknown.dedup();
        assert!(unknown.is_empty(), "words to be added to heading-words.txt: {unknown:?}");
    }
}
