//! The first look at a value: one pass that counts kinds of bytes, and the form that follows.

use crate::model::{Form, ValueKind};

use super::checks::starts_with_date;

/// How many bytes of each kind a value has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// All of them.
    pub(super) len: usize,
    /// `0` to `9`.
    pub(super) digits: usize,
    /// `a` to `z`.
    pub(super) lower: usize,
    /// `A` to `Z`.
    pub(super) upper: usize,
    /// Beyond ASCII.
    pub(super) high: usize,
    /// Space, tab, line ends.
    pub(super) spaces: usize,
    /// What stands inside words: hyphen, apostrophe, point.
    pub(super) joints: usize,
    /// `@`.
    pub(super) ats: usize,
    /// All else.
    pub(super) others: usize,
    /// Which kinds of bytes and which marks it has.
    pub(super) traits: Traits,
}

const LANE_BITS: u32 = 8;
/// Bytes after which a lane of eight bits could overflow.
const LANE_ROOM: usize = 255;

/// One lane per kind, so that a value is counted with one addition per byte.
static LANES: [u64; 256] = lanes();

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
const fn lanes() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let lane = match byte {
            b'0'..=b'9' => 0,
            b'a'..=b'z' => 1,
            b'A'..=b'Z' => 2,
            0x80..=0xff => 3,
            b' ' | b'\t' | b'\r' | b'\n' => 4,
            b'-' | b'\'' | b'.' => 5,
            b'@' => 6,
            _ => 7,
        };
        table[byte as usize] = 1u64 << (lane * LANE_BITS);
        if byte == 255 {
            return table;
        }
        byte += 1;
    }
}

const OTHER_LANE: u64 = 1 << (7 * LANE_BITS);

/// A set of what bytes can be: each mark of ASCII by itself (there are 32), digits, letters by
/// case, white space, other controls, and all beyond ASCII. So whether a value has some mark, or
/// nothing that a pattern does not take, is known without another look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u64);

/// What each byte is: one bit.
static TRAITS: [Traits; 256] = traits();

const MARKS: u32 = 32;

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
const fn traits() -> [Traits; 256] {
    let mut table = [Traits(0); 256];
    let (mut byte, mut mark) = (0u8, 0);
    loop {
        let bit = match byte {
            b'0'..=b'9' => MARKS,
            b'a'..=b'z' => MARKS + 1,
            b'A'..=b'Z' => MARKS + 2,
            0x80..=0xff => MARKS + 3,
            b' ' | b'\t' | b'\r' | b'\n' => MARKS + 4,
            0..=0x1f | 0x7f => MARKS + 5,
            _ => {
                mark += 1;
                mark - 1
            }
        };
        table[byte as usize] = Traits(1 << bit);
        if byte == 255 {
            return table;
        }
        byte += 1;
    }
}

impl Traits {
    /// None.
    pub(super) const NONE: Traits = Traits(0);
    /// Every one.
    pub(super) const ALL: Traits = Traits(u64::MAX);

    /// Of all of `bytes`.
    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    pub(super) const fn of(bytes: &[u8]) -> Traits {
        let table = traits();
        let (mut all, mut at) = (0, 0);
        while at < bytes.len() {
            all |= table[bytes[at] as usize].0;
            at += 1;
        }
        Traits(all)
    }

    /// Of one byte.
    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    pub(super) fn of_byte(byte: u8) -> Traits {
        TRAITS[usize::from(byte)]
    }

    /// Those of both.
    pub(super) fn union(self, other: Traits) -> Traits {
        Traits(self.0 | other.0)
    }

    /// Those that both have.
    pub(super) fn common(self, other: Traits) -> Traits {
        Traits(self.0 & other.0)
    }

    /// Whether one of `other` is there.
    pub(super) fn meets(self, other: Traits) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` are there.
    pub(super) fn covers(self, other: Traits) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is no more than one.
    pub(super) fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }
}

impl Census {
    /// Counts `bytes`.
    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    pub(super) fn of(bytes: &[u8]) -> Census {
        let mut census = Census { len: bytes.len(), ..Census::default() };
        let mut traits = 0;
        for chunk in bytes.chunks(LANE_ROOM) {
            let mut sum = 0u64;
            // Four at a time: the loop itself costs as much as a byte.
            let (fours, rest) = chunk.as_chunks::<4>();
            for four in fours {
                for byte in four {
                    sum += LANES[usize::from(*byte)];
                    traits |= TRAITS[usize::from(*byte)].0;
                }
            }
            for byte in rest {
                sum += LANES[usize::from(*byte)];
                traits |= TRAITS[usize::from(*byte)].0;
            }
            let [digits, lower, upper, high, spaces, joints, ats, others] = sum.to_le_bytes();
            census.digits += usize::from(digits);
            census.lower += usize::from(lower);
            census.upper += usize::from(upper);
            census.high += usize::from(high);
            census.spaces += usize::from(spaces);
            census.joints += usize::from(joints);
            census.ats += usize::from(ats);
            census.others += usize::from(others);
        }
        census.traits = Traits(traits);
        census
    }

    /// Whether it has one of `marks`.
    pub(super) fn has(&self, marks: Traits) -> bool {
        self.traits.meets(marks)
    }

    /// Letters of any alphabet.
    pub(super) fn letters(&self) -> usize {
        self.lower + self.upper + self.high
    }
}

/// The outer form of a value.
pub(super) fn form_of(kind: ValueKind, bytes: &[u8], census: &Census) -> Form {
    match kind {
        ValueKind::Boolean | ValueKind::Null => return Form::Literal,
        _ if census.len == 0 => return Form::Empty,
        ValueKind::Binary => return Form::Other,
        ValueKind::String | ValueKind::Number => {}
    }
    let signed = matches!(bytes.first(), Some(b'-' | b'+')) && census.len > 1;
    if census.digits + usize::from(signed) == census.len {
        return Form::Integer;
    }
    if kind == ValueKind::Number {
        return Form::Decimal;
    }
    if census.digits >= 6 && is_dateish(bytes) {
        return if census.len <= 10 { Form::Date } else { Form::DateTime };
    }
    if census.spaces > 0 {
        return spaced(bytes, census);
    }
    if census.ats > 0 {
        return if is_address(bytes, census) { Form::Address } else { Form::Other };
    }
    unspaced(bytes, census)
}

/// Text without white space and `@`.
fn unspaced(bytes: &[u8], census: &Census) -> Form {
    let letters = census.letters();
    if census.digits == 0 && letters > 0 && census.others == 0 {
        return match bytes {
            b"true" | b"false" | b"null" => Form::Literal,
            _ => long_or(bytes, census, Form::Word),
        };
    }
    if letters == 0 && (is_decimal(bytes, census) || is_version(bytes)) {
        return Form::Decimal;
    }
    if census.len == 36 && is_uuid(bytes) {
        return Form::Uuid;
    }
    if census.len >= 16 && census.digits + letters == census.len && is_hex(bytes) {
        return Form::Hex;
    }
    if census.others > 0 && is_url(bytes) {
        return Form::Url;
    }
    if census.others == 0 || only_underscores(bytes) {
        return if letters > 0 { long_or(bytes, census, Form::Token) } else { Form::Other };
    }
    match long_or(bytes, census, Form::Other) {
        Form::Other if is_path(bytes) => Form::Url,
        Form::Other if census.others == 1 && census.digits == 0 && is_joined_name(bytes) => {
            Form::TitleWords
        }
        form => form,
    }
}

/// Text with white space.
fn spaced(bytes: &[u8], census: &Census) -> Form {
    let letters = census.letters();
    let turned = || is_turned_name(bytes) || is_joined_name(bytes);
    let plain = census.others == 0 || (census.others == 1 && turned());
    if census.digits == 0 && plain && census.ats == 0 && census.len <= 80 {
        let mut words = bytes.split(|b| *b == b' ').filter(|word| !word.is_empty());
        if words.all(|word| word.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80)) {
            return Form::TitleWords;
        }
    }
    if letters * 2 >= census.len { Form::Text } else { Form::Other }
}

/// Whether a comma stands behind the first or second of at most five words: `Lovelace, Ada King`.
fn is_turned_name(bytes: &[u8]) -> bool {
    const WORDS_MAX: usize = 5;
    let mut comma = None;
    let mut count = 0;
    for word in bytes.split(|b| *b == b' ').filter(|word| !word.is_empty()) {
        if word.len() > 1 && word.ends_with(b",") {
            comma = Some(count);
        }
        count += 1;
    }
    count <= WORDS_MAX && comma.is_some_and(|at| at < 2 && at + 1 < count)
}

/// Whether a comma without a blank parts capitalised words of two letters and more, as HL7 and the
/// exports of records write names: `OKONKWO,ADAEZE`, `ROE,JANE A`.
fn is_joined_name(bytes: &[u8]) -> bool {
    const BEFORE_MAX: usize = 2;
    const BEHIND_MAX: usize = 3;
    const LETTERS_MIN: usize = 2;
    let Some(comma) = memchr::memchr(b',', bytes) else { return false };
    let (before, behind) = (bytes.get(..comma), bytes.get(comma + 1..));
    let named = |part: Option<&[u8]>, words_max: usize| {
        let part = part.unwrap_or_default();
        let capital = part.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80);
        let words = part.split(|b| *b == b' ').filter(|word| !word.is_empty());
        let first = part.split(|b| *b == b' ').next().unwrap_or_default();
        capital && first.len() >= LETTERS_MIN && words.take(words_max + 1).count() <= words_max
    };
    named(before, BEFORE_MAX) && named(behind, BEHIND_MAX)
}

/// The bytes of both base64 alphabets.
static CODED: [bool; 256] = coded();

#[expect(clippy::indexing_slicing, reason = "a byte is within 256, and this runs at build time")]
const fn coded() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
        byte += 1;
    }
    table
}

/// Base64 where it is long and of that alphabet, else `form`.
fn long_or(bytes: &[u8], census: &Census, form: Form) -> Form {
    let mixed = census.upper > 0 && census.lower > 0 && (census.digits > 0 || census.len >= 64);
    let coded = |b: &u8| CODED.get(usize::from(*b)).is_some_and(|coded| *coded);
    if census.len < 40 || !mixed || !bytes.iter().all(coded) {
        return form;
    }
    // One alphabet has + and /, the other - and _ (RFC 4648 sections 4 and 5).
    let of = |pair: [u8; 2]| memchr::memchr2(pair[0], pair[1], bytes).is_some();
    if of(*b"+/") && of(*b"-_") { form } else { Form::Base64 }
}

fn is_dateish(bytes: &[u8]) -> bool {
    if bytes.len() > 40 {
        return false;
    }
    let separator = |at: usize| bytes.get(at).copied();
    match (separator(4), separator(7)) {
        (Some(b'-'), Some(b'-')) => {
            (starts_with_date(bytes) || (bytes.len() == 10 && super::checks::birth_date(bytes)))
                && (bytes.len() == 10
                    || matches!(
                        (bytes.get(10), bytes.get(13)),
                        (Some(b'T' | b't' | b' '), Some(b':'))
                            // A date with a zone (XML Schema).
                            | (Some(b'Z'), None)
                            | (Some(b'+' | b'-'), Some(b':'))
                    ))
        }
        _ => bytes.len() <= 10 && super::checks::birth_date(bytes),
    }
}

fn is_decimal(bytes: &[u8], census: &Census) -> bool {
    let body = match bytes {
        [b'-' | b'+', rest @ ..] => rest,
        _ => bytes,
    };
    body.len() == census.digits + 1
        && body.first().is_some_and(u8::is_ascii_digit)
        && body.iter().filter(|b| **b == b'.').count() == 1
}

/// Whether `bytes` are three short numbers with points between, as packages have them (`1.2.1`,
/// `^0.4.12`), and no date.
fn is_version(bytes: &[u8]) -> bool {
    const GROUP_MAX: usize = 3;
    let (ranged, rest) = match bytes {
        [b'^' | b'~', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let mut groups = rest.split(|b| *b == b'.');
    let mut group = || {
        let group = groups.next()?;
        let digits = (1..=GROUP_MAX).contains(&group.len()) && group.iter().all(u8::is_ascii_digit);
        digits.then_some(group)
    };
    let (Some(_), Some(_), Some(last)) = (group(), group(), group()) else { return false };
    // `31.1.70` may be a day.
    groups.next().is_none() && (ranged || last.len() == 1)
}

/// Whether all of `bytes` are a UUID's (RFC 9562), given that there are 36 of them.
pub(super) fn is_uuid(bytes: &[u8]) -> bool {
    // No early end: compilers make vector instructions of it.
    let strange = |b: &u8| !(b.is_ascii_hexdigit() || *b == b'-');
    let odd = bytes.iter().fold(false, |odd, byte| odd | strange(byte));
    let dashes = bytes.iter().filter(|b| **b == b'-').count();
    !odd && dashes == 4 && [8, 13, 18, 23].iter().all(|at| bytes.get(*at) == Some(&b'-'))
}

fn is_hex(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_hexdigit)
}

/// Nothing else than letters, digits, joints and underscores.
#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
fn only_underscores(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| LANES[usize::from(*b)] != OTHER_LANE || *b == b'_')
}

/// The path of a file or of a resource: `/etc/ssl/key.pem`, `C:\Users\ada`.
fn is_path(bytes: &[u8]) -> bool {
    let rest = match bytes {
        [b'/', rest @ ..] => rest,
        [drive, b':', b'\\', rest @ ..] if drive.is_ascii_alphabetic() => return !rest.is_empty(),
        _ => return false,
    };
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-".contains(b) || *b >= 0x80;
    rest.first() != Some(&b'/') && memchr::memchr(b'/', rest).is_some() && rest.iter().all(plain)
}

fn is_url(bytes: &[u8]) -> bool {
    if bytes.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"urn:")) {
        return true;
    }
    let Some(colon) = bytes.iter().take(16).position(|b| *b == b':') else { return false };
    colon > 0
        && bytes.get(colon..colon + 3) == Some(b"://")
        && bytes.iter().take(colon).all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
}

/// Something before and something with a point after a single `@`.
fn is_address(bytes: &[u8], census: &Census) -> bool {
    let Some(at) = memchr::memchr(b'@', bytes) else { return false };
    census.ats == 1
        && at > 0
        && bytes.get(at + 2..).is_some_and(|rest| rest.contains(&b'.'))
        && (census.others == 0 || !bytes.iter().any(|b| b"/,;<>\"()[]{}".contains(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        form_of(ValueKind::String, text.as_bytes(), &Census::of(text.as_bytes()))
    }

    #[test]
    fn forms_are_told() {
        for (text, expected) in [
            ("", Form::Empty),
            ("true", Form::Literal),
            ("-42", Form::Integer),
            ("3.50", Form::Decimal),
            ("1.2.1", Form::Decimal),
            ("~10.4.12", Form::Decimal),
            ("31.1.70", Form::Other),
            ("212.555.0187", Form::Other),
            ("1970-01-31", Form::Date),
            ("31/01/1970", Form::Date),
            ("2024-02-29T10:00:00.000+00:00", Form::DateTime),
            ("2024-02-29 10:00:00", Form::DateTime),
            ("2024-02-29Z", Form::DateTime),
            ("2024-02-29+01:00", Form::DateTime),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", Form::Uuid),
            ("36e76ca0d8d1a9f0b3c1", Form::Hex),
            ("laboratory", Form::Word),
            ("O'Neil", Form::Word),
            ("Müller", Form::Word),
            ("MRN00123", Form::Token),
            ("in_progress", Form::Token),
            ("Ada Lovelace", Form::TitleWords),
            ("Mr. John Smith", Form::TitleWords),
            ("Lovelace, Ada", Form::TitleWords),
            ("Van Dyke, Anna M.", Form::TitleWords),
            ("Lovelace, ada", Form::Text),
            ("Leeds, ", Form::Text),
            ("One, Two, Three", Form::Text),
            ("OKONKWO,ADAEZE", Form::TitleWords),
            ("ROE,JANE A", Form::TitleWords),
            ("VAN DYKE,ANNA M.", Form::TitleWords),
            ("Okonkwo,Adaeze", Form::TitleWords),
            ("red,blue", Form::Other),
            ("A,B", Form::Other),
            ("ROE,", Form::Other),
            (",ROE", Form::Other),
            ("ONE,TWO,THREE", Form::Other),
            ("ROE;JANE", Form::Other),
            ("ROE,JANE AND ALL OF THEM", Form::Text),
            ("advised diet changes", Form::Text),
            ("http://loinc.org", Form::Url),
            ("urn:oid:2.16.840", Form::Url),
            ("Patient/6ba7b810-9dad-41d1-a0b4-00c04fd430c8", Form::Other),
            ("ada@example.org", Form::Address),
            ("logo@2x", Form::Other),
            ("1.2.3.4", Form::Other),
            ("/var/lib/jenkins/job-12", Form::Url),
            ("C:\\Users\\svc12", Form::Url),
            ("/9j-4AA.", Form::Other),
            ("//a", Form::Other),
            ("943 476 5919", Form::Other),
            ("UGF0aWVudCByZXBvcnRzIG1pbGQgY2hlc3QgZGlzY29tZm9ydA==", Form::Base64),
        ] {
            assert_eq!(form(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_numbers_however_written() {
        let of =
            |text: &str| form_of(ValueKind::Number, text.as_bytes(), &Census::of(text.as_bytes()));
        assert_eq!(of("12"), Form::Integer);
        assert_eq!(of("-1.5e10"), Form::Decimal);
    }

    #[test]
    fn long_values_are_counted_past_a_lane() {
        let text = "a1@ ".repeat(1000);
        let census = Census::of(text.as_bytes());
        assert_eq!(
            (census.lower, census.digits, census.ats, census.spaces),
            (1000, 1000, 1000, 1000)
        );
    }
}
