//! Formats of whole values that no mask can tell, each by name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::Form;

use super::checks::{country_length, written_date};
use super::shape::Compact;
use super::sift::Census;
use super::streets::{is_address, is_eastern_address, is_plain_address, is_street, is_street_line};

/// A value as recognisers see it.
pub(super) struct Seen<'a> {
    /// Without white space around it.
    pub(super) bytes: &'a [u8],
    /// What it is made of.
    pub(super) census: &'a Census,
    /// Its form.
    pub(super) form: Form,
}

/// Bytes of a telephone number, however grouped.
const PHONE_MAX: usize = 26;
/// The same with an extension.
const EXTENDED_MAX: usize = 40;

/// A recogniser by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recogniser {
    /// As rules name it.
    pub(super) name: &'static str,
    /// Forms that values of the format have: no others are tried.
    pub(super) forms: &'static [Form],
    /// What they begin with.
    begins: Begins,
    /// How many bytes they have, least and most.
    len: (usize, usize),
    /// How many digits.
    digits: (usize, usize),
    /// Whether the value has the format, given that it may.
    pub(super) run: fn(&Seen<'_>) -> bool,
}

/// What values of a format begin with.
#[derive(Clone, Copy, Debug)]
enum Begins {
    /// Anything.
    Any,
    /// A letter.
    Letter,
    /// A digit, or one of these.
    Digit(&'static [u8]),
    /// A hexadecimal digit or a colon.
    Group,
    /// One of these.
    One(&'static [u8]),
}

impl Recogniser {
    const fn new(name: &'static str, forms: &'static [Form], run: fn(&Seen<'_>) -> bool) -> Self {
        let any = (0, usize::MAX);
        Recogniser { name, forms, begins: Begins::Any, len: any, digits: any, run }
    }

    const fn begins(self, begins: Begins) -> Self {
        Recogniser { begins, ..self }
    }

    const fn len(self, least: usize, most: usize) -> Self {
        Recogniser { len: (least, most), ..self }
    }

    const fn digits(self, least: usize, most: usize) -> Self {
        Recogniser { digits: (least, most), ..self }
    }

    /// Whether a value can begin with `byte`.
    pub(super) fn begins_with(&self, byte: u8) -> bool {
        match self.begins {
            Begins::Any => true,
            Begins::Letter => byte.is_ascii_alphabetic(),
            Begins::Digit(others) => byte.is_ascii_digit() || others.contains(&byte),
            Begins::Group => byte.is_ascii_hexdigit() || byte == b':',
            Begins::One(all) => all.contains(&byte),
        }
    }

    /// Whether a value of `census` may have the format: all of it at once, as most do not.
    pub(super) fn may_be(&self, census: &Census) -> bool {
        (census.len >= self.len.0)
            & (census.len <= self.len.1)
            & (census.digits >= self.digits.0)
            & (census.digits <= self.digits.1)
    }
}

const RECOGNISERS: [Recogniser; 18] = {
    use Form::{Address, Date, DateTime, Hex, Integer, Other, Text, TitleWords, Token, Word};
    let most = usize::MAX;
    [
        Recogniser::new("address", &[Text, Other], address).len(0, 200).digits(2, 20),
        Recogniser::new("address-plain", &[Token, Text, Other], address_plain)
            .len(0, 100)
            .digits(1, 12),
        Recogniser::new("basic", &[TitleWords, Text, Other], basic).begins(Begins::One(b"bB")),
        Recogniser::new("date", &[Date, DateTime, Integer], date).digits(4, most),
        Recogniser::new("email", &[Address], email),
        Recogniser::new("iban", &[Token, Hex, Text, Other], iban)
            .begins(Begins::Letter)
            .len(0, 42)
            .digits(8, most),
        Recogniser::new("ip", &[Token, Other, Text], ip).begins(Begins::Group).digits(1, most),
        Recogniser::new("jwt", &[Token, Word, Other], jwt).begins(Begins::One(b"e")),
        Recogniser::new("name-latin", &[TitleWords], name_latin),
        Recogniser::new("name-words", &[TitleWords], name_words),
        Recogniser::new("opaque", &[Token, Other], opaque).len(18, 39).digits(2, most),
        Recogniser::new("phone", &[Other], phone)
            .begins(Begins::One(b"+(0"))
            .len(0, PHONE_MAX)
            .digits(7, 16),
        Recogniser::new("phone-grouped", &[Other], phone_grouped)
            .begins(Begins::Digit(b""))
            .len(0, PHONE_MAX)
            .digits(7, 16),
        Recogniser::new("phone-extended", &[Other, Token, Text], phone_extended)
            .begins(Begins::Digit(b"+("))
            .len(0, EXTENDED_MAX)
            .digits(7, most),
        Recogniser::new("private-key", &[Text, Other], private_key).begins(Begins::One(b"-")),
        Recogniser::new("street", &[Text, Other], street).len(0, 100).digits(1, 12),
        Recogniser::new("street-line", &[Text, Other], street_line).len(0, 100).digits(1, 12),
        // With letters a month or a day of the week begins, or what JSON has of ASP.NET.
        Recogniser::new("written-date", &[Integer, Token, Text, Other], written)
            .begins(Begins::Digit(b"-/adefjmnostwADEFJMNOSTW"))
            .len(5, 32)
            .digits(1, most),
    ]
};

/// The recogniser called `name`.
pub(super) fn find(name: &str) -> Option<Recogniser> {
    RECOGNISERS.iter().find(|r| r.name == name).copied()
}

/// All names, for messages.
pub(super) fn names() -> String {
    RECOGNISERS.map(|r| r.name).join(", ")
}

/// What brokers let anybody in with, and documentation says.
const NOBODY: &[u8] = b"guest:guest";

/// `Basic` and the base64 of a user, a colon and a password (RFC 7617), one of them at least.
fn basic(value: &Seen<'_>) -> bool {
    const CREDENTIALS_MAX: usize = 1024;
    let Some((scheme, rest)) = value.bytes.split_at_checked(6) else { return false };
    // One space is what stands there; programs take more (RFC 9110 section 11.4).
    let rest = rest.trim_ascii_start();
    scheme.eq_ignore_ascii_case(b"basic ")
        && rest.len() <= CREDENTIALS_MAX
        && STANDARD
            .decode(rest)
            .is_ok_and(|pair| pair.len() > 1 && pair.contains(&b':') && pair.as_slice() != NOBODY)
}

/// A date, a date with a time, or eight digits that can be a date.
fn date(value: &Seen<'_>) -> bool {
    match value.form {
        Form::Date => true,
        Form::DateTime => {
            value.bytes.get(13..16) == Some(b":00")
                || !matches!(value.bytes.get(10), Some(b'T' | b' '))
        }
        Form::Integer => {
            let century = |at: &[u8]| matches!(at, b"18" | b"19" | b"20");
            let of = |at| value.bytes.get(at..at + 2).is_some_and(century);
            value.census.len == 8 && (of(0) || of(4))
        }
        _ => false,
    }
}

fn email(value: &Seen<'_>) -> bool {
    value.form == Form::Address && value.census.len <= 320
}

/// Letters and digits, as many as ids of sessions have: the check looks how they are mixed.
fn opaque(value: &Seen<'_>) -> bool {
    let census = value.census;
    (18..=39).contains(&census.len)
        && census.digits >= 2
        && census.others <= 2
        && census.spaces + census.ats + census.high == 0
}

/// Two letters of a country, two digits, and as many characters as that country has, perhaps in
/// groups, all of it in capitals or in small letters.
fn iban(value: &Seen<'_>) -> bool {
    let census = value.census;
    let one_case = census.lower == 0 || census.upper == 0;
    if census.len > 42 || census.digits < 8 || census.letters() < 2 || !one_case {
        return false;
    }
    let [a, b, c, d, ..] = value.bytes else { return false };
    if !(a.is_ascii_alphabetic() && b.is_ascii_alphabetic()) {
        return false;
    }
    c.is_ascii_digit()
        && d.is_ascii_digit()
        && census.high + census.others + census.ats == 0
        && country_length(value.bytes) == Some(Compact::of(value.bytes).as_bytes().len())
}

/// Three points between digits, or colons between hexadecimal digits; perhaps several of them.
fn ip(value: &Seen<'_>) -> bool {
    const LIST_MAX: usize = 256;
    let census = value.census;
    // The first group has three digits, or four that are hexadecimal: most values are done here.
    let groups = |b: &u8| matches!(b, b'.' | b':');
    let begins = value.bytes.iter().take(5).position(groups);
    let head = begins.and_then(|end| value.bytes.get(..end)).unwrap_or(b"-");
    if census.digits == 0 || !head.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let first = value.bytes.split(|b| *b == b',').next().unwrap_or_default();
    let points = first.iter().filter(|b| **b == b'.').count();
    let of_address = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    let four = points == 3 && first.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let six = || census.others >= 2 && first.contains(&b':') && first.iter().all(of_address);
    census.len <= LIST_MAX && census.digits > 0 && (four || six())
}

/// Begins like the base64url of `{"` and has points.
fn jwt(value: &Seen<'_>) -> bool {
    value.census.spaces == 0
        && value.census.len >= 20
        && value.bytes.starts_with(b"eyJ")
        && value.census.joints >= 2
}

/// A few capitalised words, as names and titles are written.
fn name_words(value: &Seen<'_>) -> bool {
    const SPACES_MAX: usize = 4;
    const LEN_MAX: usize = 60;
    value.census.spaces <= SPACES_MAX && value.census.len <= LEN_MAX
}

/// The same in Latin letters, marks beside them included.
fn name_latin(value: &Seen<'_>) -> bool {
    // Latin to Extended-B, Latin Extended Additional, and the apostrophe of word processors.
    let extended = |c: char| matches!(c, '\u{1e00}'..='\u{1eff}' | '\u{2019}');
    let mark = |c: char| matches!(c, '\u{300}'..='\u{36f}');
    let latin = |c: char| c <= '\u{24f}' || extended(c) || mark(c);
    let all_latin = || std::str::from_utf8(value.bytes).is_ok_and(|text| text.chars().all(latin));
    name_words(value) && (value.census.high == 0 || all_latin())
}

/// A telephone number as it is dialled: with a plus sign, a parenthesis or a trunk prefix.
fn phone(value: &Seen<'_>) -> bool {
    matches!(value.bytes.first(), Some(b'+' | b'(' | b'0')) && is_phone(value)
}

/// Only in groups, as other numbers are, too.
fn phone_grouped(value: &Seen<'_>) -> bool {
    matches!(value.bytes.first(), Some(b'1'..=b'9')) && is_phone(value)
}

/// Digits with `+`, spaces, brackets, hyphens, points or slashes in the way of a telephone number.
fn is_phone(value: &Seen<'_>) -> bool {
    let census = value.census;
    // An area stands in brackets; what is all in them may be any number, and is judged without.
    let bracketed = value.bytes.first() == Some(&b'(') && value.bytes.last() == Some(&b')');
    !bracketed
        && (7..=16).contains(&census.digits)
        && census.len > census.digits
        && census.len <= PHONE_MAX
        && census.letters() + census.ats == 0
        && !matches!(value.form, Form::Date | Form::DateTime | Form::Decimal)
        && matches!(value.bytes.first(), Some(b'+' | b'(' | b'0'..=b'9'))
        && is_phone_spaced(value.bytes)
}

/// The same, perhaps with an extension behind: `212-555-0123x45`, `(212) 555-0123 ext. 45`.
fn phone_extended(value: &Seen<'_>) -> bool {
    const EXTENSION_DIGITS_MAX: usize = 6;
    if value.census.len > EXTENDED_MAX || value.census.letters() == 0 {
        return is_phone(value) || is_in_pairs(value.bytes);
    }
    let Some(at) = value.bytes.iter().position(u8::is_ascii_alphabetic) else { return false };
    let Some((number, rest)) = value.bytes.split_at_checked(at) else { return false };
    let says = [&b"extension"[..], b"ext.", b"ext", b"x"];
    let Some(digits) = says.iter().find_map(|word| rest.strip_prefix(*word)) else { return false };
    let digits = digits.trim_ascii_start();
    let number = number.trim_ascii_end();
    (1..=EXTENSION_DIGITS_MAX).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && is_phone(&Seen { bytes: number, census: &Census::of(number), form: Form::Other })
}

/// Eight digits in pairs, as Danes and Norwegians write them: `20 12 34 56`.
fn is_in_pairs(bytes: &[u8]) -> bool {
    let is_place = |(at, byte): (usize, &u8)| match at % 3 {
        2 => *byte == b' ',
        _ => byte.is_ascii_digit(),
    };
    bytes.len() == 11 && bytes.iter().enumerate().all(is_place)
}

fn is_phone_spaced(bytes: &[u8]) -> bool {
    let (mut groups, mut run, mut longest) = (0, 0, 0);
    let (mut opens, mut closes, mut points) = (0, 0, 0);
    let dialled = matches!(bytes.first(), Some(b'+' | b'0'));
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                groups += usize::from(run == 0);
                run += 1;
                longest = longest.max(run);
                continue;
            }
            b' ' | b'-' | b'/' => {}
            b'.' => points += 1,
            b'(' => opens += 1,
            b')' => closes += 1,
            // Before everything else, perhaps but a bracket.
            b'+' if at <= opens => {}
            _ => return false,
        }
        run = 0;
    }
    // 1.2.3.4 and 10.20.30.40 are versions and addresses.
    // In France and Denmark digits are written in pairs: `06 39 98 12 34`.
    let grouped = longest >= 3 || (dialled && longest == 2 && groups >= 5);
    opens <= 1 && opens == closes && groups <= 6 && grouped && points != 3
}

fn private_key(value: &Seen<'_>) -> bool {
    is_private_key(value.bytes)
}

/// Whether `bytes` begin with the first line of a PEM private key (RFC 7468) or one of OpenPGP, and
/// go on with the key: the line alone stands where one is asked for.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    const HEAD_MAX: usize = 48;
    const BODY_MIN: usize = 16;
    let Some(rest) = bytes.strip_prefix(b"-----BEGIN ") else { return false };
    let head = rest.get(..HEAD_MAX).unwrap_or(rest);
    let ends = [&b"PRIVATE KEY-----"[..], b"PRIVATE KEY BLOCK-----"];
    let end = |end: &&[u8]| Some(memchr::memmem::find(head, end)? + end.len());
    let Some(body) = ends.iter().find_map(end).and_then(|end| rest.get(end..)) else {
        return false;
    };
    // Line ends as they are, as JSON and shells write them, and as a form joins lines.
    let between =
        |b: &&u8| b.is_ascii_whitespace() || matches!(b, b'\\' | b'n' | b'r' | b'"' | b',');
    let body = body.get(body.iter().take(HEAD_MAX).take_while(between).count()..);
    let body = body.unwrap_or_default();
    let encoded = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    body.iter().take(BODY_MIN).take_while(encoded).count() == BODY_MIN
        || [&b"Proc-Type:"[..], b"DEK-Info:", b"Version:", b"Comment:"]
            .iter()
            .any(|header| body.starts_with(header))
}

/// A house number and a street: `12 Oak Street`, `221b Baker St`, `Musterstraße 5`.
fn street(value: &Seen<'_>) -> bool {
    may_be_street(value) && is_street(value.bytes)
}

/// A whole postal address, in whatever order.
fn address(value: &Seen<'_>) -> bool {
    let census = value.census;
    (2..=20).contains(&census.digits)
        && census.letters() >= 5
        && census.spaces >= 2
        && census.ats == 0
        && census.len <= 200
        && is_address(value.bytes)
}

/// Some capitalised words and a number, or words for places of the East and one.
fn address_plain(value: &Seen<'_>) -> bool {
    const LETTERS_MIN: usize = 6;
    // Of four characters of the East each has three bytes.
    const EASTERN_BYTES_MIN: usize = 12;
    let census = value.census;
    if !(1..=12).contains(&census.digits) || census.ats > 0 || census.len > 100 {
        return false;
    }
    let eastern = census.high >= EASTERN_BYTES_MIN && census.lower + census.upper == 0;
    (eastern && is_eastern_address(value.bytes))
        || (census.spaces > 0
            && census.letters() >= LETTERS_MIN
            && census.others <= 3
            && is_plain_address(value.bytes))
}

/// The same where nothing else can be meant.
fn street_line(value: &Seen<'_>) -> bool {
    may_be_street(value) && is_street_line(value.bytes)
}

fn may_be_street(value: &Seen<'_>) -> bool {
    let census = value.census;
    census.spaces > 0
        && (1..=12).contains(&census.digits)
        && census.letters() >= 3
        && census.len <= 100
}

/// A date with a month's name, a short year or no day.
fn written(value: &Seen<'_>) -> bool {
    let census = value.census;
    if value.form == Form::Integer {
        // Seconds, as Unix counts them, or milliseconds, as Java does.
        return (5..=13).contains(&census.digits) && written_date(value.bytes);
    }
    let instant = value.bytes.starts_with(b"/Date(") || value.bytes.ends_with(b" GMT");
    (instant || (3..=8).contains(&census.digits))
        && (6..=32).contains(&census.len)
        && census.ats == 0
        && written_date(value.bytes)
}

#[cfg(test)]
mod tests {
    use super::super::sift::form_of;
    use super::*;
    use crate::model::ValueKind;

    fn is(name: &str, text: &str) -> bool {
        let census = Census::of(text.as_bytes());
        let form = form_of(ValueKind::String, text.as_bytes(), &census);
        let recogniser = find(name).unwrap();
        recogniser.begins_with(text.as_bytes()[0])
            && recogniser.may_be(&census)
            && (recogniser.run)(&Seen { bytes: text.as_bytes(), census: &census, form })
    }

    #[test]
    fn versions_and_dates_are_no_phones() {
        for text in ["+44 20 7946 0958", "(212) 555-0123", "020/7946-0958"] {
            assert!(is("phone", text), "{text}");
        }
        for text in ["212.555.0123", "212-555-0123", "1 212 555 0123"] {
            assert!(is("phone-grouped", text) && !is("phone", text), "{text}");
        }
        for text in ["212-555-0123x45", "(212) 555-0123 ext. 45", "06 39 98 12 34"] {
            assert!(is("phone-extended", text), "{text}");
        }
        for text in ["212-555-0123y45", "x45", "10.200.130.140x4", "12 34 56 78 90 apples"] {
            assert!(!is("phone-extended", text), "{text}");
        }
        for text in ["10.200.130.140", "1970-01-31", "2125550123", "3.141592653", "12:30:45.123"] {
            assert!(!is("phone", text), "{text}");
        }
    }
}
