//! Identifiers with something around them: a type before (`Patient/9434765919` of FHIR, `tel:+44…`
//! of RFC 3966, `urn:oid:…`), components behind (`9434765919^^^NHS` of HL7 v2's CX), a note behind
//! (`9434765919 (NHS)`), quotes and brackets. What is around is the same throughout a column, so
//! its values are judged by the core.

use super::sift::{Census, Traits};
use crate::model::Form;

/// Bytes of the longest value that is looked into.
const WRAPPED_BYTES_MAX: usize = 192;
/// Bytes of the longest core: identifiers are shorter.
const CORE_BYTES_MAX: usize = 64;
/// Digits of the shortest core behind a type: `HTTP/1.1` and `Ward/12` are whole.
const DIGITS_MIN: usize = 4;
/// Digits of the shortest core behind a word and a hyphen: `ISO-8859` is a whole.
const JOINED_DIGITS_MIN: usize = 6;

/// Without any of these nothing stands around a core.
const AROUND: Traits = Traits::of(b"\"'`<>[]{}()#*=,;&^/:|-_");

/// The identifier within a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Core<'a> {
    /// What says of which kind it is; empty where nothing does.
    pub(super) kind: &'a [u8],
    /// The identifier.
    pub(super) bytes: &'a [u8],
}

/// The identifier within `value`, where something stands around it that is known to. Linear, and
/// nothing is copied.
pub(super) fn core<'a>(value: &'a [u8], form: Form, census: &Census) -> Option<Core<'a>> {
    let whole = matches!(form, Form::Date | Form::DateTime | Form::Uuid | Form::Word);
    if whole || census.len > WRAPPED_BYTES_MAX || !census.has(AROUND) {
        return None;
    }
    let component = match census.has(const { Traits::of(b"^") }) {
        true => first_component(value),
        false => None,
    };
    if component.is_none() && (census.digits < DIGITS_MIN || leads_to_id(value)) {
        return None;
    }
    let whole = bare(component.unwrap_or(value));
    let all = Core { kind: b"", bytes: whole };
    let typed = census.has(const { Traits::of(b"/:|#=") });
    let core = if typed { behind_type(whole) } else { None };
    let core = core.or_else(|| behind_word(whole)).or_else(|| before_note(whole));
    let core = core.unwrap_or(all);
    let len = core.bytes.len();
    // Addresses are found in whatever stands around them.
    let address = || memchr::memchr(b'@', core.bytes).is_some();
    let shorter = (1..=CORE_BYTES_MAX).contains(&len) && len < value.len();
    (shorter && !is_uuid_like(core.bytes) && !address()).then_some(core)
}

/// Whether `value` ends in a type and a UUID, as most that have something around them do.
fn leads_to_id(value: &[u8]) -> bool {
    let Some((kind, id)) = value.split_last_chunk::<36>() else { return false };
    matches!(kind.last(), Some(b'/' | b':' | b'|' | b'#' | b'=')) && is_uuid_like(id)
}

/// What most references of FHIR end in is nobody's number (RFC 9562).
fn is_uuid_like(text: &[u8]) -> bool {
    let mark = |at: usize| text.get(at) == Some(&b'-');
    text.len() == 36 && mark(8) && mark(13) && mark(18) && mark(23)
}

/// What stands before the first `^`, as HL7 v2 parts the components of an identifier, a name or an
/// address.
fn first_component(value: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b'^', value)?;
    value.get(..end).filter(|first| !first.is_empty())
}

/// `text` without quotes, brackets and other marks around it.
fn bare(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii();
    while let [b'"' | b'\'' | b'`' | b'<' | b'[' | b'{' | b'#' | b'*' | b'=', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b'"' | b'\'' | b'`' | b'>' | b']' | b'}' | b'*' | b',' | b';' | b'&'] =
        text
    {
        text = rest;
    }
    // A telephone's area stands in parentheses of its own.
    match text {
        [b'(', inner @ .., b')'] if memchr::memchr2(b'(', b')', inner).is_none() => inner,
        _ => text,
    }
}

/// What stands behind the last `/`, `:`, `|`, `#` or `=` of a type.
fn behind_type(text: &[u8]) -> Option<Core<'_>> {
    let text = text.get(..memchr::memchr2(b';', b'?', text).unwrap_or(text.len()))?;
    // A version of a resource (FHIR).
    let version = memchr::memchr_iter(b'_', text)
        .map(|at| at.saturating_sub(1))
        .find(|at| text.get(*at..).is_some_and(|from| from.starts_with(b"/_history/")));
    let text = text.get(..version.unwrap_or(text.len()))?;
    let at = text.iter().rposition(|b| matches!(b, b'/' | b':' | b'|' | b'#' | b'='))?;
    let (kind, mut core) = (text.get(..at)?, bare(text.get(at + 1..)?));
    if kind.eq_ignore_ascii_case(b"urn:oid") {
        // The last arc, below that of who gives the numbers. Those of systems are shorter.
        let arc = memchr::memrchr(b'.', core)?;
        core = core.get(arc + 1..).filter(|arc| arc.len() > JOINED_DIGITS_MIN)?;
    }
    let begins = matches!(kind.first(), Some(b'/' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..));
    let digits = core.iter().filter(|b| b.is_ascii_digit()).count();
    let named = begins && !kind.iter().any(u8::is_ascii_whitespace);
    (named && digits >= DIGITS_MIN).then_some(Core { kind, bytes: core })
}

/// Digits behind letters and a hyphen or low line: `NHS-9434765919`.
fn behind_word(text: &[u8]) -> Option<Core<'_>> {
    let word = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (kind, rest) = text.split_at_checked(word)?;
    let [b'-' | b'_', bytes @ ..] = rest else { return None };
    let plain = word > 0 && bytes.iter().all(u8::is_ascii_digit);
    (plain && bytes.len() >= JOINED_DIGITS_MIN).then_some(Core { kind, bytes })
}

/// A number before words in parentheses that say what it is: `9434765919 (NHS)`.
fn before_note(text: &[u8]) -> Option<Core<'_>> {
    const NOTE_BYTES_MAX: usize = 32;
    let note = text.strip_suffix(b")")?;
    let at = memchr::memrchr(b'(', note)?;
    let (bytes, kind) = (note.get(..at)?.trim_ascii_end(), note.get(at + 1..)?);
    let of_words = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'-' | b'.');
    let said = (1..=NOTE_BYTES_MAX).contains(&kind.len()) && kind.iter().all(of_words);
    let of_number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'+');
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let number = bytes.iter().all(of_number) && digits >= JOINED_DIGITS_MIN;
    (said && number).then_some(Core { kind, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        let found = core(text.as_bytes(), Form::Token, &Census::of(text.as_bytes()))?;
        Some(std::str::from_utf8(found.bytes).unwrap())
    }

    #[test]
    fn what_is_known_to_stand_around_is_left_out() {
        for (text, expected) in [
            ("Patient/9434765919", "9434765919"),
            ("Patient/9434765919/_history/3", "9434765919"),
            ("https://ehr.example/fhir/Patient/9434765919", "9434765919"),
            ("9434765919^^^NHS&2.16.840.1.113883.2.1.4.1&ISO^NH", "9434765919"),
            ("ROE^JANE^Q", "ROE"),
            ("#9434765919", "9434765919"),
            ("*9434765919*", "9434765919"),
            ("\"943 476 5919\",", "943 476 5919"),
            ("(9434765919)", "9434765919"),
            ("9434765919 (NHS)", "9434765919"),
            ("943 476 5919 (NHS number)", "943 476 5919"),
            ("urn:nhs:9434765919", "9434765919"),
            ("urn:oid:2.16.840.1.113883.2.1.4.1.9434765919", "9434765919"),
            ("tel:+44-20-7946-0958;ext=12", "+44-20-7946-0958"),
            ("Phone: +44 20 7946 0958", "+44 20 7946 0958"),
            ("id=9434765919", "9434765919"),
            ("W/\"9434765919\"", "9434765919"),
            ("NHS-9434765919", "9434765919"),
            ("nhs_9434765919", "9434765919"),
            ("Person/RSSMRA85M01H501Q", "RSSMRA85M01H501Q"),
        ] {
            assert_eq!(of(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_a_whole_stays() {
        for text in [
            "9434765919",
            "943-476-5919",
            "(020) 7946 0958",
            "1234 (NHS)",
            "9434765919 ()",
            "9434765919 (12)",
            "ring 9434765919 (NHS)",
            "10.1.2.3:8080",
            "00:1a:2b:3c:4d:5e",
            "12/31/1970",
            "10:30:00",
            "HTTP/1.1",
            "ISO-8859-1",
            "2.16.840.1.113883",
            "urn:oid:2.16.840.1.113883",
            "rings of 1234567 at 10:30 and 4711 more",
            "image/png",
            "<DM6PR04MB1234ab12cd34ef@prod.example>",
            "^",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(&format!("Patient/{}", "1".repeat(CORE_BYTES_MAX + 1))), None);
    }
}
