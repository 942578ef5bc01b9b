//! Names of fields that say who it is or when somebody was born, by their form: dates with the
//! name of the month, digits of other scripts, names joined by marks, users of systems. Asked
//! after the rules, of names alone: a wrong yes costs a name, a wrong no a person's data.

use std::sync::LazyLock;

use crate::base::TableSet;
use crate::base::limits::KEY_BYTES_MAX;
use crate::detect::{knows_word, knows_words, names_month, names_person};

use super::headings;

/// Digits of other scripts that may be a number of somebody.
const FOREIGN_DIGITS_MIN: usize = 4;
/// How keys of vendors begin.
const VENDORS: [&str; 8] =
    ["AIza", "AKIA", "ghp_", "github_pat_", "glpat-", "sk_live_", "xoxb-", "xoxp-"];

/// Whether `name` is a person's data by its form.
pub(super) fn tells(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else { return true };
    if has_given_name(text) {
        return true;
    }
    // Most names are one word, or words of letters in a case of their own.
    if text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') {
        return false;
    }
    has_foreign_number(text)
        || has_written_date(text)
        || has_joined_names(text)
        || has_user(text)
        || is_postal(text)
        || is_mail_name(text)
        || is_handle(text)
        || VENDORS.iter().any(|vendor| text.starts_with(vendor) && text.len() > vendor.len() + 8)
        || is_chosen(text)
}

/// Whether what a program says of itself under `name` may be somebody's: `user=jzwaluw`.
pub(super) fn has(name: &str) -> bool {
    const OF_PERSONS: [&str; 14] = [
        "account",
        "doctor",
        "login",
        "member",
        "mrn",
        "name",
        "owner",
        "patient",
        "person",
        "principal",
        "subject",
        "uid",
        "user",
        "username",
    ];
    let words = name.rsplit(|c: char| !c.is_ascii_alphabetic());
    words.take(2).any(|word| OF_PERSONS.iter().any(|of| word.eq_ignore_ascii_case(of)))
}

/// Whether a part of what a program says of itself joins names (`ROE^JANE`, `CLINIC\jzwaluw`), or
/// has a user of a system in it.
pub(super) fn is_joined(part: &str) -> bool {
    let joined = |mark: char| {
        part.split_once(mark).is_some_and(|(before, behind)| {
            let letters = |side: &str| side.bytes().any(|b| b.is_ascii_alphabetic() || b >= 0x80);
            letters(before) && letters(behind)
        })
    };
    joined('^') || joined('\\') || has_user(part)
}

/// Given names that are no words of APIs, of many languages. Sorted.
static GIVEN_NAMES: LazyLock<TableSet<&'static str>> =
    LazyLock::new(|| include_str!("given-names.txt").lines().collect());

/// A given name and a word that is none of APIs and headings, with a mark or a capital between:
/// `jan_zwaluw`, `zwaluw-jan`, `jan_de_zwaluw`, `janZwaluw`, `jan_zwaluw_1961`.
fn has_given_name(text: &str) -> bool {
    const PARTS_MAX: usize = 4;
    const LETTERS_MIN: usize = 3;
    let bare = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '-');
    if bare.len() > KEY_BYTES_MAX
        || !bare.bytes().all(|b| b.is_ascii_alphabetic() || b"_-".contains(&b))
    {
        return false;
    }
    let rises = |a: &u8, b: &u8| a.is_ascii_lowercase() && b.is_ascii_uppercase();
    let (mut parts, mut given, mut family) = (0, false, false);
    for part in
        bare.split(['_', '-']).flat_map(|part| part.as_bytes().chunk_by(move |a, b| !rises(a, b)))
    {
        let part = part.to_ascii_lowercase();
        let word = std::str::from_utf8(&part).unwrap_or_default();
        parts += 1;
        if GIVEN_NAMES.contains(word) {
            given = true;
        } else if word.len() >= LETTERS_MIN
            && !knows_word(&part)
            && !headings::is_heading(word)
            && !names_month(word)
        {
            family = true;
        } else if !PARTICLES.contains(&word) && word.len() != 1 {
            return false;
        }
    }
    given && family && parts <= PARTS_MAX
}

/// A number in digits of another script than ASCII, or a date in Chinese, Japanese or Korean.
fn has_foreign_number(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    // Superscripts, fractions and Roman numbers are no digits of a number.
    let digit =
        |c: &char| *c >= '\u{660}' && c.is_numeric() && !matches!(c, '\u{2070}'..='\u{2bff}');
    let marked = |(a, b): (char, char)| {
        (a.is_ascii_digit() || digit(&a)) && matches!(b, '年' | '月' | '日' | '년' | '월' | '일')
    };
    text.chars().filter(digit).count() >= FOREIGN_DIGITS_MIN
        || text.chars().zip(text.chars().skip(1)).filter(|pair| marked(*pair)).count() >= 2
}

/// One part of a date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Day,
    Month,
    Year,
    Other,
}

/// `March 7, 1961`, `7th March 1961`, `07-MAR-61`, `07Mar1961`, `March 1961`.
fn has_written_date(text: &str) -> bool {
    use Part::{Day, Month, Year};
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let (mut before, mut last) = (Part::Other, Part::Other);
    let mut from = 0;
    let bytes = text.as_bytes();
    let kind = |b: &u8| (b.is_ascii_digit(), b.is_ascii_alphabetic() || *b >= 0x80);
    for run in bytes.chunk_by(|a, b| kind(a) == kind(b)) {
        let word = text.get(from..from + run.len()).unwrap_or_default();
        from += run.len();
        let part = match (kind(run.first().unwrap_or(&0)), run.len()) {
            ((true, _), 1 | 2) => Day,
            ((true, _), 4) if run.starts_with(b"19") || run.starts_with(b"20") => Year,
            ((_, true), 3..) if names_month(word) => Month,
            // Ordinal numbers, and words between.
            ((_, true), _) if ["st", "nd", "rd", "th", "de", "of", "del"].contains(&word) => {
                continue;
            }
            ((false, false), 1..=2) => continue,
            _ => Part::Other,
        };
        match (before, last, part) {
            (Day, Month, Day | Year) | (Month, Day, Year) | (_, Month, Year) => return true,
            (Year, Month, Day) => return true,
            _ => (before, last) = (last, part),
        }
    }
    false
}

/// Names with a mark between that stands in no name of a field (`Zwaluw^Jan`), or capitalised as
/// persons' are (`Zwaluw/Jan`, `Zwaluw(Jan)`), with a year behind (`Jan_Zwaluw_1961`), or an
/// initial before (`j.zwaluw`).
fn has_joined_names(text: &str) -> bool {
    let marks = |c: char| matches!(c, '^' | ';' | '|' | '\\' | '&' | '=' | '~');
    if text.contains(marks) && !headings::is_heading(text) {
        return true;
    }
    if text.contains(['/', '(']) && !text.contains("://") {
        let spaced = text.replace(['/', '(', ')'], " ");
        if names_person(spaced.trim().as_bytes()) {
            return true;
        }
    }
    let bare = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let year = text.len() - bare.len() == 4 && bare.ends_with(['_', '-', '.']);
    if year && names_person(bare.trim_end_matches(['_', '-', '.']).as_bytes()) {
        return true;
    }
    match text.split_once('.') {
        Some((initial, name)) => {
            initial.len() == 1
                && initial.bytes().all(|b| b.is_ascii_alphabetic())
                && name.len() >= 4
                && name.bytes().all(|b| b.is_ascii_alphabetic())
                && !knows_words(name.as_bytes(), &[])
        }
        None => false,
    }
}

/// `/home/jzwaluw/x.pdf`, `C:/Users/jzwaluw`, `user:jzwaluw`.
fn has_user(text: &str) -> bool {
    const BEFORE: [&str; 3] = ["home", "user", "users"];
    let mut before = "";
    text.split(['/', '\\', ':']).any(|part| {
        let of_user = BEFORE.iter().any(|word| before.eq_ignore_ascii_case(word));
        before = part;
        of_user
            && part.len() >= 3
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && !knows_words(part.as_bytes(), &[])
    })
}

/// Words between the names of a person.
const PARTICLES: [&str; 14] =
    ["al", "da", "de", "del", "den", "der", "di", "dos", "la", "le", "ten", "ter", "van", "von"];
/// Titles, and given names that are words as well.
const GIVEN: [&str; 12] =
    ["dr", "mr", "mrs", "ms", "prof", "jan", "mark", "may", "june", "april", "will", "grace"];
/// Letters of the shortest word that may be a family's name.
const FAMILY_LETTERS_MIN: usize = 4;

/// What stands before the `@` of a mail address: `jan.zwaluw`, `j.de.vries`, `zwaluw.j`,
/// `jan+zwaluw`, `zwaluw@`. One word of it is none that APIs use, and the others are none that
/// stand beside such a word.
fn is_mail_name(text: &str) -> bool {
    const PARTS_MAX: usize = 4;
    let (bare, marked) = match text.strip_suffix('@') {
        Some(bare) => (bare, true),
        None => (text, false),
    };
    let bare = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let (mut parts, mut family) = (0, false);
    for part in bare.split(['.', '+']) {
        let one_of = |words: &[&str]| words.iter().any(|word| part.eq_ignore_ascii_case(word));
        let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic());
        let unknown = part.len() >= FAMILY_LETTERS_MIN && !knows_words(part.as_bytes(), &[]);
        let beside = part.len() == 1 || one_of(&PARTICLES) || one_of(&GIVEN);
        if !plain || !(unknown || beside || part.len() == 3 && !knows_word(part.as_bytes())) {
            return false;
        }
        family |= unknown && !one_of(&GIVEN);
        parts += 1;
    }
    family && (marked || (2..=PARTS_MAX).contains(&parts))
}

/// The name that a user of a network goes by: `@jzwaluw`. Notations mark what they add to a
/// document likewise, in words (`@context`, `@odata.count`).
fn is_handle(text: &str) -> bool {
    const LETTERS_MIN: usize = 5;
    let Some(handle) = text.strip_prefix('@').filter(|name| !name.starts_with("xml")) else {
        return false;
    };
    let mut any = false;
    let mut parts = handle.split(|c: char| c.is_ascii_digit() || matches!(c, '_' | '.' | '-'));
    let fits = parts.all(|part| {
        let unknown = part.len() >= LETTERS_MIN && !knows_words(part.as_bytes(), &[]);
        any |= unknown;
        part.bytes().all(|b| b.is_ascii_alphabetic()) && (unknown || part.len() < LETTERS_MIN)
    });
    // `@nullFlavor`: one word of several is known.
    let hump =
        |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase());
    any && fits && !handle.as_bytes().windows(2).any(hump)
}

/// A postcode of the United Kingdom (BS 7666), of the Netherlands or of Canada, or the number of a
/// post office box.
fn is_postal(text: &str) -> bool {
    let upper = |b: &u8| b.is_ascii_uppercase();
    let digit = |b: &u8| b.is_ascii_digit();
    // Outward and inward code, with a space between or none.
    let compact = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
    if let Some((outward, inward)) = text.split_once(' ').or(compact)
        && (2..=4).contains(&outward.len())
    {
        let letters = outward.bytes().take_while(upper).count();
        let area = outward.as_bytes().get(letters..).unwrap_or_default();
        let district = area.first().is_some_and(digit) && area.len() <= 2;
        if (1..=2).contains(&letters)
            && district
            && matches!(inward.as_bytes(), [n, a, b] if digit(n) && upper(a) && upper(b))
        {
            return true;
        }
    }
    let bytes = text.as_bytes();
    match bytes {
        [first, a, b, c, between @ .., x, y]
            if digit(first) && [a, b, c].into_iter().all(digit) && upper(x) && upper(y) =>
        {
            // `1234 AB`; these three were never given out.
            let given = !matches!([*x, *y], [b'S', b'A' | b'D' | b'S']);
            return *first != b'0' && given && matches!(between, [] | [b' ']);
        }
        [a, b, c, between @ .., d, e, f]
            if [a, c, e].into_iter().all(upper) && [b, d, f].into_iter().all(digit) =>
        {
            return matches!(between, [] | [b' ' | b'-']);
        }
        _ => {}
    }
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).take(6).collect();
    letters.eq_ignore_ascii_case("pobox") && text.bytes().any(|b| digit(&b))
}

/// Letters, digits and an exclamation mark together: a password that somebody chose.
fn is_chosen(text: &str) -> bool {
    let any = |f: fn(&u8) -> bool| text.as_bytes().iter().any(f);
    text.len() >= 6
        && text.ends_with(['!', '?'])
        && any(u8::is_ascii_digit)
        && any(u8::is_ascii_alphabetic)
}

/// Whether a segment of a path says itself that a user follows (`~visser`, `@visser`), and that is
/// no word of APIs.
pub fn is_user(segment: &[u8]) -> bool {
    let [b'~' | b'@', user @ ..] = segment else { return false };
    user.first().is_some_and(u8::is_ascii_alphabetic) && !knows_word(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_are_sorted_and_no_words_of_apis() {
        let names: Vec<&str> = include_str!("given-names.txt").lines().collect();
        assert!(names.is_sorted() && names.len() > 400);
        for name in names {
            assert!(!knows_word(name.as_bytes()) && !headings::is_heading(name), "{name}");
        }
    }

    #[test]
    fn names_that_are_data_by_their_form_are_told() {
        for name in [
            "March 7, 1961",
            "Mar 7, 1961",
            "7 March 1961",
            "7th March 1961",
            "7-Mar-1961",
            "07-MAR-61",
            "07Mar1961",
            "March 1961",
            "7. März 1961",
            "7 de marzo de 1961",
            "born 7 Mar 61",
            "1961年3月7日",
            "９４３４７６５９１９",
            "٩٤٣٤٧٦٥٩١٩",
            "Quokka^Jan^A",
            "Quokka;Jan",
            "Quokka|Jan",
            "Quokka/Jan",
            "Jan/Quokka",
            "Quokka(Jan)",
            "Jan_Quokka_1961",
            "j.quokka",
            "DOMAIN\\jquokka",
            "C:\\Users\\jquokka\\a.txt",
            "/home/jquokka/x.pdf",
            "CN=jquokka",
            "user:jquokka",
            "~jquokka",
            "SW1A 1AA",
            "SW1A1AA",
            "1234AB",
            "1234 AB",
            "K1A 0B6",
            "K1A0B6",
            "jan.quokka",
            "Jan.Quokka",
            "zebulon.quokka",
            "quokka.j",
            "j.de.quokka",
            "dr.quokka",
            "jan+quokka",
            "jan.quokka@",
            "quokka@",
            "@jquokka",
            "@Jan_Quokka",
            "P.O. Box 123",
            "PO Box 9",
            "xoxb-123456-abcdef",
            "Welkom01!",
            "jan_quokka",
            "quokka_jan",
            "jan-quokka",
            "janQuokka",
            "JanQuokka",
            "jan_de_quokka",
            "maria_quokka_1961",
            "johanna_peeters",
            "john_doe",
        ] {
            assert!(tells(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_of_fields_are_left() {
        for name in [
            "first name",
            "Blood Pressure (mmHg)",
            "SpO2 %",
            "HbA1c",
            "address_line_1",
            "a.b.c",
            "application/json",
            "MRN / PID",
            "@odata.count",
            "x-amz-id-2",
            "xs:element",
            "April",
            "may_2",
            "line2",
            "dec2hex",
            "sep-1",
            "2024",
            "Q1 2024",
            "report_2024",
            "$ref",
            "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            "urn:oid:1.2.3",
            "user:name",
            "users/count",
            "home/page",
            "e.target",
            "x.y",
            "m²",
            "10⁻³ mol",
            "第1四半期",
            "Box 12",
            "and/or",
            "count(id)",
            "sha256",
            "isActive?",
            "ok!",
            "@context",
            "@type",
            "@graph",
            "@odata.context",
            "@nullFlavor",
            "@classCode",
            "@extension",
            "@timestamp",
            "@version",
            "@xmlns",
            "@xsi",
            "spring.datasource",
            "user.name",
            "host.hostname",
            "log.level",
            "event.action",
            "address.city",
            "given.name",
            "1234SA",
            "0234AB",
            "H264",
            "A1B2C",
            "http2",
            "utf8mb4",
            "md5sum",
            "a=b",
            "GET /x",
            "first_name",
            "last_name",
            "given_name",
            "family_name",
            "firstName",
            "maiden_name",
            "jan_total",
            "jan_feb",
            "maria_id",
            "quokka_name",
            "quokka_jan_total",
            "de_jan",
            "voornaam_achternaam",
            "nombre_apellido",
            "geburts_datum",
        ] {
            assert!(!tells(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn users_in_paths_are_told_by_their_mark() {
        for segment in ["~visser", "@visser", "~jan.visser"] {
            assert!(is_user(segment.as_bytes()), "{segment}");
        }
        for segment in ["~", "@", "@types", "~1", "visser", "$metadata"] {
            assert!(!is_user(segment.as_bytes()), "{segment}");
        }
    }
}
