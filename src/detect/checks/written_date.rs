//! Dates as people write them where a form lets them: with the name of the month, with two digits
//! of the year, or without the day. Too loose to count but where a birth date is spoken of.

/// Names of the months in English, German, French, Spanish and Dutch, long and short, by month.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "jänner", "janvier", "janv", "enero", "ene", "januari"],
    &["february", "feb", "februar", "février", "févr", "fevrier", "febrero", "februari"],
    &["march", "mar", "märz", "mrz", "mär", "mars", "marzo", "maart", "mrt"],
    &["april", "apr", "avril", "avr", "abril", "abr"],
    &["may", "mai", "mayo", "mei"],
    &["june", "jun", "juni", "juin", "junio"],
    &["july", "jul", "juli", "juillet", "juil", "julio"],
    &["august", "aug", "août", "aout", "agosto", "ago", "augustus"],
    &["september", "sep", "sept", "septembre", "septiembre"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre"],
    &["november", "nov", "novembre", "noviembre"],
    &["december", "dec", "dezember", "dez", "décembre", "déc", "decembre", "diciembre", "dic"],
];
const MONTH_DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const YEARS: std::ops::RangeInclusive<u32> = 1890..=2045;
/// The longest is like `31. September 1970` with room for `de` twice.
const LEN_MAX: usize = 32;

/// Whether `word` is the name of a month, long or short, in one of the languages known here.
pub fn names_month(word: &str) -> bool {
    let is = |month: &&str| word.eq_ignore_ascii_case(month);
    MONTHS.iter().any(|names| names.iter().any(is))
}

/// One part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A number and how many digits it has: one, two, or four for a year.
    Number(u32, usize),
    /// A month by name, from 1.
    Month(u32),
}

/// Whether `value` is `11-Feb-1970`, `February 11, 1970`, `11. Februar 1970`, `11/02/70`,
/// `1970-02`, `02/1970` or `Feb 1970`.
pub(crate) fn written_date(value: &[u8]) -> bool {
    use Part::{Month, Number};
    if value.len() > LEN_MAX {
        return false;
    }
    if let Some(instant) = value.strip_prefix(b"/Date(") {
        return is_instant(instant);
    }
    if (5..=14).contains(&value.len()) && is_since_1970(value) {
        return true;
    }
    if !may_begin(value) {
        return false;
    }
    if let Some(dated) = value.strip_suffix(b" 00:00:00 GMT") {
        // RFC 5322, with the day of the week.
        return dated.get(3..5) == Some(b", ") && written_date(dated.get(5..).unwrap_or_default());
    }
    if value.first().is_some_and(u8::is_ascii_digit)
        && !value.is_ascii()
        && let Some(date) = eastern(value)
    {
        return date;
    }
    if let Some(together) = run_together(value) {
        return together;
    }
    let separators = |b: &u8| matches!(b, b' ' | b'-' | b'/' | b'.' | b',');
    let mut parts = [None; 3];
    let mut count = 0;
    for word in value.split(separators).filter(|word| !word.is_empty()) {
        if matches!(word, b"de" | b"of" | b"del") {
            continue;
        }
        let (Some(part), Some(slot)) = (part(word), parts.get_mut(count)) else { return false };
        *slot = Some(part);
        count += 1;
    }
    match parts {
        [Some(Number(day, 1 | 2)), Some(Month(month)), Some(Number(_, 2 | 4))]
        | [Some(Month(month)), Some(Number(day, 1 | 2)), Some(Number(_, 4))] => has_day(month, day),
        // As in Prague and Zagreb: `31. 1. 1970`, `31.1.1970.`.
        [Some(Number(day, 1 | 2)), Some(Number(month, 1 | 2)), Some(Number(_, 4))] => {
            value.iter().filter(|b| **b == b'.').count() >= 2 && has_day(month, day)
        }
        [Some(Number(a, 1 | 2)), Some(Number(b, 1 | 2)), Some(Number(_, 2))] => {
            alike(value) && (has_day(b, a) || has_day(a, b))
        }
        [Some(Number(_, 4)), Some(Number(month, 2)), None]
        | [Some(Number(month, 2)), Some(Number(_, 4)), None] => {
            value.len() == 7 && (1..=12).contains(&month)
        }
        [Some(Month(_)), Some(Number(_, 4)), None] => true,
        _ => false,
    }
}

/// Whether `value` begins like a day, a year, or the name of a month or a day of the week, and is
/// no number: without a sign between them they are no date. Most values end here.
fn may_begin(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    match (digits, value) {
        (0, [first, second, ..]) => begins_word(*first, *second),
        (1 | 2 | 4, _) => digits < value.len(),
        _ => false,
    }
}

const LETTERS: usize = 26;

/// By the first letter of a name of a month, or of a day of the week in English: which letters
/// may be the second, a bit each; the last but one for what is beyond ASCII.
static HEADS: [u32; LETTERS] = heads();
const BEYOND: usize = 30;

#[expect(clippy::indexing_slicing, reason = "this runs at build time")]
const fn heads() -> [u32; LETTERS] {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut table = [0; LETTERS];
    let mut month = 0;
    while month <= MONTHS.len() {
        let names = if month < MONTHS.len() { MONTHS[month] } else { &days };
        let mut at = 0;
        while at < names.len() {
            let name = names[at].as_bytes();
            if let (Some(first), Some(second)) = (letter(name[0]), letter(name[1])) {
                table[first] |= 1 << second;
            }
            at += 1;
        }
        month += 1;
    }
    table
}

/// The place of a letter in the alphabet, in whatever case, or of what is beyond ASCII.
const fn letter(byte: u8) -> Option<usize> {
    match byte | 0x20 {
        lower @ b'a'..=b'z' => Some((lower - b'a') as usize),
        _ if !byte.is_ascii() => Some(BEYOND),
        _ => None,
    }
}

fn begins_word(first: u8, second: u8) -> bool {
    let (Some(first), Some(second)) = (letter(first), letter(second)) else { return false };
    HEADS.get(first).is_some_and(|seconds| seconds >> second & 1 == 1)
}

/// Whether `value` is a year, a month and a day with their signs behind them (`1970年1月31日`,
/// `1970년 1월 31일`), where it is written so.
fn eastern(value: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(value).ok()?;
    let (year, rest) = text.split_once(['年', '년'])?;
    let Some((month, rest)) = rest.split_once(['月', '월']) else { return Some(false) };
    let Some(day) = rest.strip_suffix(['日', '일']) else { return Some(false) };
    let number = |text: &str| match part(text.trim().as_bytes()) {
        Some(Part::Number(number, digits)) => Some((number, digits)),
        _ => None,
    };
    let (Some((_, 4)), Some((month, 1 | 2)), Some((day, 1 | 2))) =
        (number(year), number(month), number(day))
    else {
        return Some(false);
    };
    Some(has_day(month, day))
}

/// Whether a day, letters and a year without anything between them are a date (`31JAN1970`), where
/// `value` is written so.
fn run_together(value: &[u8]) -> Option<bool> {
    let day = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let (day, rest) = value.split_at_checked(day)?;
    let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (month, year) = rest.split_at_checked(letters)?;
    let written = (1..=2).contains(&day.len())
        && letters >= 3
        && matches!(year.len(), 2 | 4)
        && year.iter().all(u8::is_ascii_digit);
    if !written {
        return None;
    }
    let parts = (part(day), part(month), part(year));
    let (Some(Part::Number(day, _)), Some(Part::Month(month)), Some(_)) = parts else {
        return Some(false);
    };
    Some(has_day(month, day))
}

/// Whether `value` is seconds or milliseconds since 1970 of a day until 2045, or as many before.
fn is_since_1970(value: &[u8]) -> bool {
    const MILLIS_MAX: u64 = 2_400_000_000_000;
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    // At most thirteen or fourteen digits: there is room for them.
    let number = digits.iter().try_fold(0u64, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    });
    number.is_some_and(|n| n <= MILLIS_MAX)
}

/// The rest of `/Date(34560000000)/`, perhaps with an offset (ASP.NET AJAX): milliseconds since
/// 1970, at most as many as there are until 2045.
fn is_instant(rest: &[u8]) -> bool {
    let Some(inside) = rest.strip_suffix(b")/") else { return false };
    let digits = inside.strip_prefix(b"-").unwrap_or(inside);
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let offset = digits.get(count..).unwrap_or_default();
    let zoned = match offset {
        [] => true,
        [b'+' | b'-', zone @ ..] => zone.len() == 4 && zone.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (1..=13).contains(&count) && zoned
}

fn part(word: &[u8]) -> Option<Part> {
    let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = word.split_at_checked(digits)?;
    let value = number.iter().take(4).fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    match (digits, rest) {
        (1 | 2, b"" | b"st" | b"nd" | b"rd" | b"th" | b"er") => Some(Part::Number(value, digits)),
        (4, b"") => YEARS.contains(&value).then_some(Part::Number(value, 4)),
        (0, name) => {
            let at = month_at(name)?;
            u32::try_from(at + 1).ok().map(Part::Month)
        }
        _ => None,
    }
}

/// The place of the month that is called `name`.
fn month_at(name: &[u8]) -> Option<usize> {
    // Few words begin with the same two letters as one of them.
    let [first, second, ..] = name else { return None };
    if !begins_word(*first, *second) {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?;
    let head = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
    if !name.is_ascii() {
        let name = name.to_lowercase();
        return MONTHS.iter().position(|names| names.contains(&name.as_str()));
    }
    let is = |month: &&str| month.as_bytes().starts_with(&head) && month.eq_ignore_ascii_case(name);
    MONTHS.iter().position(|names| names.iter().any(is))
}

fn has_day(month: u32, day: u32) -> bool {
    let at = usize::try_from(month).ok().and_then(|month| month.checked_sub(1));
    at.and_then(|at| MONTH_DAYS.get(at)).is_some_and(|days| (1..=*days).contains(&day))
}

/// Whether both separators are one and the same.
fn alike(value: &[u8]) -> bool {
    let mut between = value.iter().filter(|b| !b.is_ascii_digit());
    let (first, second, more) = (between.next(), between.next(), between.next());
    first == second && more.is_none() && matches!(first, Some(b'/' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for value in [
            "11-Feb-1970",
            "11 Feb 70",
            "31JAN1970",
            "1970年1月31日",
            "1970년 1월 31일",
            "1feb70",
            "February 11, 1970",
            "FEBRUARY 11th 1970",
            "11. Februar 1970",
            "1er mars 1970",
            "11 de febrero de 1970",
            "3 maart 1981",
            "11/02/70",
            "2/28/70",
            "11.02.70",
            "1970-02",
            "02/1970",
            "Feb 1970",
            "29 Feb 1970",
            "2592000000",
            "2592000",
            "-315619200",
            "86400",
            "31. 1. 1970",
            "31.1.1970.",
            "-2592000000",
            "Sat, 31 Jan 1970 00:00:00 GMT",
        ] {
            assert!(written_date(value.as_bytes()), "{value}");
        }
        for value in [
            "31-Feb-1970",
            "31FEB1970",
            "1970年13月1日",
            "1970年",
            "31ABC1970",
            "Feb 30, 1970",
            "11-Foo-1970",
            "1970-13",
            "1870-02",
            "2019-8",
            "13/13/70",
            "11/02-70",
            "11/02/7",
            "1-2-3",
            "February",
            "soon",
            "1970",
            "1234",
            "",
            "1 2 3 4",
            "9999999999999",
            "Sat, 31 Foo 1970 00:00:00 GMT",
        ] {
            assert!(!written_date(value.as_bytes()), "{value}");
        }
    }
}
