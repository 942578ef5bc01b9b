//! What may stand at an anchor inside longer text, each by name.

use std::ops::Range;

use super::checks::{country_length, person_name};
use super::eastern::{date_eastern, name_eastern};
use super::embedded::has_words;
use super::nearby::{ip_near_mail, ip_text, name_seen, url_text};
use super::phones::phone_said;
use super::recognisers::is_private_key;
use super::shape::is_word_byte;
use super::vocabulary::knows_word;

/// A finder by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder {
    /// As rules name it.
    pub(super) name: &'static str,
    /// The place of the value in a text with an anchor at a range. Looks at a bounded number of
    /// bytes, but for JWTs, which it follows to their end.
    pub(super) run: fn(&[u8], Range<usize>) -> Option<Range<usize>>,
}

const FINDERS: [Finder; 16] = [
    Finder { name: "date-eastern", run: date_eastern },
    Finder { name: "honorific", run: honorific },
    Finder { name: "honorific-name", run: honorific_name },
    Finder { name: "honorific-word", run: honorific_word },
    Finder { name: "iban", run: iban },
    Finder { name: "ip-near-mail", run: ip_near_mail },
    Finder { name: "ip-text", run: ip_text },
    Finder { name: "jwt", run: jwt },
    Finder { name: "name-after", run: name_after },
    Finder { name: "name-eastern", run: name_eastern },
    Finder { name: "name-line", run: name_line },
    Finder { name: "name-seen", run: name_seen },
    Finder { name: "phone-plus", run: phone_plus },
    Finder { name: "phone-said", run: phone_said },
    Finder { name: "private-key", run: private_key },
    Finder { name: "url-text", run: url_text },
];

/// The finder called `name`.
pub(super) fn find(name: &str) -> Option<Finder> {
    FINDERS.iter().find(|f| f.name == name).copied()
}

/// All names, for messages.
pub(super) fn names() -> String {
    FINDERS.map(|f| f.name).join(", ")
}

/// Finders tried where a word with a digit begins, instead of at anchors.
pub(super) fn is_for_digits(name: &str) -> bool {
    matches!(
        name,
        "date-eastern" | "iban" | "ip-near-mail" | "ip-text" | "phone-plus" | "phone-said"
    )
}

/// Goods and figures that bear an honorific: nobody's name, or hardly.
const BRANDS: [&[u8]; 17] = [
    b"Bean",
    b"Big",
    b"Butterworth",
    b"Clean",
    b"Coffee",
    b"Kipling",
    b"Mario",
    b"Martens",
    b"Meyer's",
    b"Muscle",
    b"Music",
    b"Oetker",
    b"Pacman",
    b"Pepper",
    b"Robot",
    b"Scholl",
    b"Who",
];

/// What stands between the words of a name: `Anna de Vries`.
const PARTICLES: [&[u8]; 12] = [
    b"de ", b"van ", b"der ", b"den ", b"von ", b"da ", b"di ", b"del ", b"la ", b"le ", b"ten ",
    b"zu ",
];

/// Two capitalised words behind `Mr `, `Dr. ` and the like.
fn honorific(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let first = honorific_word(text, anchor)?;
    Some(first.start..second_word(text, first.end)?)
}

/// The end of the word of a name behind the one that ends at `first`.
pub(super) fn second_word(text: &[u8], first: usize) -> Option<usize> {
    const PARTICLES_MAX: usize = 2;
    if text.get(first) != Some(&b' ') {
        return None;
    }
    let mut at = first + 1;
    // `Jane A. Doe`.
    if let Some([b'A'..=b'Z', b'.', b' ', ..]) = text.get(at..) {
        at += 3;
    }
    for _ in 0..PARTICLES_MAX {
        let rest = text.get(at..).unwrap_or_default();
        at += PARTICLES.iter().find(|p| rest.starts_with(p)).map_or(0, |p| p.len());
    }
    name_word(text, at)
}

/// What is called by `M.` and is nobody: Morbus in German, Mycobacterium.
const DISEASES: [&[u8]; 22] = [
    b"Addison",
    b"Alzheimer",
    b"Avium",
    b"Basedow",
    b"Bechterew",
    b"Behcet",
    b"Bovis",
    b"Crohn",
    b"Cushing",
    b"Dupuytren",
    b"Fabry",
    b"Gaucher",
    b"Hodgkin",
    b"Leprae",
    b"Meniere",
    b"Paget",
    b"Parkinson",
    b"Perthes",
    b"Scheuermann",
    b"Sudeck",
    b"Tuberculosis",
    b"Wilson",
];

/// The same, neither of them a word that interfaces use: `Sr. Software Engineer` is none.
fn honorific_name(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let first = honorific_word(text, anchor.clone())?;
    let second = second_word(text, first.end)?;
    let known = |range: Range<usize>| text.get(range).is_none_or(knows_word);
    let disease = text.get(anchor.end..first.end).is_some_and(|word| DISEASES.contains(&word));
    let names = !disease && !known(anchor.end..first.end) && !known(first.end + 1..second);
    let person = text.get(anchor.end..second).is_some_and(person_name);
    (names && person).then_some(first.start..second)
}

/// What stands after a name at the head of a record or a letter where it is about a patient, in
/// lower case.
const ABOUT_SOMEBODY: [&[u8]; 11] = [
    b"dob",
    b"d.o.b",
    b"date of birth",
    b"birth date",
    b"birthdate",
    b"mrn",
    b"medical record",
    b"nhs no",
    b"ssn",
    b"for referring",
    b"for seeing",
];

/// Two capitalised words, one of which no interface uses, behind a label at the begin of a line,
/// and shortly behind them what is said of a patient.
fn name_line(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    const BEHIND: usize = 160;
    let before = text.get(..anchor.start)?;
    let indent = before.iter().rev().take(8).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let line = before.get(..before.len() - indent)?;
    if !line.last().is_none_or(|b| matches!(b, b'\n' | b'\r' | b'>' | b'|')) {
        return None;
    }
    let found = name_after(text, anchor)?;
    let name = text.get(found.clone())?;
    let behind = text.get(found.end..text.len().min(found.end + BEHIND))?;
    let mut lower = [0u8; BEHIND];
    let lower = lower.get_mut(..behind.len())?;
    lower.copy_from_slice(behind);
    lower.make_ascii_lowercase();
    let words = || name.split(|b| matches!(b, b' ' | b',')).filter(|word| word.len() > 2);
    (words().any(|word| !knows_word(word))
        && person_name(name)
        && ABOUT_SOMEBODY.iter().any(|said| has_words(lower, said)))
    .then_some(found)
}

/// One at least.
fn honorific_word(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    if is_inside_word(text, anchor.start) {
        return None;
    }
    let end = name_word(text, anchor.end)?;
    let brand = text.get(anchor.end..end).is_some_and(|word| BRANDS.contains(&word));
    (!brand).then_some(anchor.start..end)
}

/// Two capitalised words behind a label: `name: John Smith`, `name: Smith, John`.
fn name_after(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let blank = |at: &usize| text.get(*at).is_some_and(|b| matches!(b, b' ' | b'\t'));
    let start = (anchor.end..anchor.end + 4).find(|at| !blank(at))?;
    let first = name_word(text, start)?;
    let between = text.get(first..)?;
    let end = match between.starts_with(b", ") {
        true => name_word(text, first + 2),
        false => second_word(text, first),
    };
    Some(start..end?)
}

/// The end of a capitalised word of at least two letters that begins at `at`.
pub(super) fn name_word(text: &[u8], at: usize) -> Option<usize> {
    const WORD_MAX: usize = 40;
    let rest = text.get(at..)?;
    let first = rest.first()?;
    if !(first.is_ascii_uppercase() || *first >= 0xc3) {
        return None;
    }
    let inside = |b: &&u8| b.is_ascii_alphabetic() || **b >= 0x80 || matches!(b, b'\'' | b'-');
    let len = rest.iter().take(WORD_MAX).take_while(inside).count();
    let lower = rest.iter().take(len).any(|b| b.is_ascii_lowercase() || *b >= 0x80);
    (len >= 2 && (lower || len >= 3) && len < WORD_MAX).then_some(at + len)
}

/// Base64url with points, to its end.
fn jwt(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let before = anchor.start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|b| part(*b) || *b == b'.') {
        return None;
    }
    let rest = text.get(anchor.start..)?;
    let len = rest.iter().take_while(|b| part(**b) || **b == b'.').count();
    let whole = rest.get(..len)?;
    let trimmed = whole.iter().rposition(|b| *b != b'.')? + 1;
    // An unsigned token ends with its second point; any other point ends a sentence.
    let points = whole.iter().take(trimmed).filter(|b| **b == b'.').count();
    let unsigned = usize::from(points == 1 && len > trimmed);
    Some(anchor.start..anchor.start + trimmed + unsigned)
}

fn private_key(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let end = text.len().min(anchor.start + 160);
    text.get(anchor.start..end).filter(|head| is_private_key(head)).map(|_| anchor)
}

/// A country's IBAN, perhaps in groups of four; the anchor is where its word begins.
fn iban(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(anchor.start..)?;
    let [a, b, c, d, ..] = rest else { return None };
    // As printed, or as people type them; hardly ever mixed.
    let (small, large) = (u8::is_ascii_lowercase, u8::is_ascii_uppercase);
    let is_letter = if small(a) { small } else { large };
    if !(is_letter(a) && is_letter(b) && c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let wanted = country_length(rest)?;
    let mut found = 0;
    for (at, byte) in rest.iter().enumerate().take(wanted + 10) {
        if byte.is_ascii_digit() || is_letter(byte) {
            found += 1;
        } else if !(*byte == b' ' && found % 4 == 0) {
            return None;
        }
        if found == wanted {
            let goes_on = rest.get(at + 1).is_some_and(|b| is_word_byte(*b));
            return (!goes_on).then_some(anchor.start..anchor.start + at + 1);
        }
    }
    None
}

/// A number in international form: the anchor is where its digits begin, behind `+`.
fn phone_plus(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    const SPAN_MAX: usize = 22;
    let plus = anchor.start.checked_sub(1)?;
    if text.get(plus) != Some(&b'+') || is_inside_word(text, plus) {
        return None;
    }
    // `date.getTime()+31536000000`: behind a bracket's end it adds.
    if matches!(plus.checked_sub(1).and_then(|at| text.get(at)), Some(b')' | b']')) {
        return None;
    }
    let rest = text.get(anchor.start..)?;
    let mut end = 0;
    let mut digits = 0;
    for (at, byte) in rest.iter().enumerate().take(SPAN_MAX) {
        if byte.is_ascii_digit() {
            digits += 1;
            end = at + 1;
        } else if !b" -.()".contains(byte) {
            break;
        }
    }
    let goes_on = rest.get(end).is_some_and(|b| is_word_byte(*b));
    ((8..=15).contains(&digits) && !goes_on).then_some(plus..anchor.start + end)
}

/// Whether a word goes on before `at`.
fn is_inside_word(text: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(|b| is_word_byte(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'a>(name: &str, text: &'a str, anchor: &str) -> Option<&'a str> {
        let start = text.find(anchor).unwrap();
        let range = (find(name).unwrap().run)(text.as_bytes(), start..start + anchor.len())?;
        Some(&text[range])
    }

    #[test]
    fn names_stand_behind_honorifics_and_labels() {
        assert_eq!(at("honorific", "seen by Dr. Jane Smith today", "Dr. "), Some("Dr. Jane Smith"));
        assert_eq!(at("honorific", "by Mr Müller.", "Mr "), None);
        assert_eq!(at("honorific", "Mr. Coffee Maker", "Mr. "), None);
        let word = |text, anchor| at("honorific-word", text, anchor);
        assert_eq!(word("by Mr Müller.", "Mr "), Some("Mr Müller"));
        assert_eq!(word("xMr Smith", "Mr "), None);
        assert_eq!(word("Dr. on call", "Dr. "), None);
        assert_eq!(word("a can of Dr. Pepper", "Dr. "), None);
        assert_eq!(word("Mr. Coffee maker", "Mr. "), None);
        assert_eq!(at("name-after", "name:  Smith, John", "name:"), Some("Smith, John"));
        assert_eq!(at("name-after", "name: report", "name:"), None);
        assert_eq!(
            at("honorific", "Mevr. Anna de Vries komt", "Mevr. "),
            Some("Mevr. Anna de Vries")
        );
        assert_eq!(at("honorific-name", "M. Jean Dupont dit", "M. "), Some("M. Jean Dupont"));
        for text in ["Sr. Software Engineer", "Sr. Vice President", "Sr. Staff Nurse"] {
            assert_eq!(at("honorific-name", text, "Sr. "), None, "{text}");
        }
    }

    #[test]
    fn names_at_the_head_of_a_letter_are_those_of_whom_it_is_about() {
        let line = |text: &'static str, anchor| at("name-line", text, anchor);
        for (text, name) in [
            ("RE: Jane Doe\nDOB: 03/14/1962", "Jane Doe"),
            ("Dear Sir,\n  RE: Jane A. Doe, MRN 1234567", "Jane A. Doe"),
            ("RE: DOE, JANE (MRN 12-34-56)", "DOE, JANE"),
        ] {
            assert_eq!(line(text, "RE: "), Some(name), "{text}");
        }
        for text in [
            "RE: Jane Doe",
            "RE: Lab Results\nDOB: 03/14/1962",
            "RE: Blue Kettle, Adobe Reader",
            "wiRE: Jane Doe\nDOB: 03/14/1962",
            "RE: jane doe\nDOB: 03/14/1962",
            "RE: Flu Shot\nMRN 12",
        ] {
            assert_eq!(line(text, "RE: "), None, "{text}");
        }
    }

    #[test]
    fn spans_end_where_the_value_ends() {
        assert_eq!(
            at("iban", "to GB29 NWBK 6016 1331 9268 19, now", "GB"),
            Some("GB29 NWBK 6016 1331 9268 19")
        );
        assert_eq!(at("iban", "GB29NWBK60161331926819X", "GB"), None);
        assert_eq!(at("phone-plus", "call +44 20 7946 0958 or", "44"), Some("+44 20 7946 0958"));
        assert_eq!(at("jwt", "Bearer eyJa.eyJb.c_d.", "eyJ"), Some("eyJa.eyJb.c_d"));
        assert_eq!(at("jwt", "xeyJa.eyJb.c", "eyJ"), None);
    }
}
