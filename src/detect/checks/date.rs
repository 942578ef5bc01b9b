//! Calendar dates as people and standards write them.

use super::calendar::is_date;

/// Years in which people of whom data is exchanged were born. No clock: the end is generous.
const BIRTH_YEARS: std::ops::RangeInclusive<u32> = 1890..=2045;

/// Whether `value` is a date, without a time of day or with midnight, in a plausible year of
/// birth: `1970-01-31`, `19700131`, `31/01/1970`, `1/31/1970`, `31.01.1970`.
pub(crate) fn birth_date(value: &[u8]) -> bool {
    let Some((year, month, day, rest)) = numeric_date(value) else { return false };
    if !BIRTH_YEARS.contains(&year) && is_run_together(value) {
        return true;
    }
    // OpenID Connect writes a birthday whose year is kept back so.
    let kept_back = value.starts_with(b"0000-") && is_date(2000, month, day);
    (kept_back || BIRTH_YEARS.contains(&year) && is_date(year, month, day)) && is_midnight(rest)
}

/// Whether `value` is eight digits, month and day in any order before the year: `01311970`.
fn is_run_together(value: &[u8]) -> bool {
    let [a, b, c, d, year @ ..] = value else { return false };
    let (first, second) = (decimal(&[*a, *b]), decimal(&[*c, *d]));
    let year_of = decimal(year);
    year.len() == 4
        && value.iter().all(u8::is_ascii_digit)
        && BIRTH_YEARS.contains(&year_of)
        && (is_date(year_of, first, second) || is_date(year_of, second, first))
}

/// Whether `value` starts with an ISO 8601 date (`2024-02-29`, whatever follows).
pub(crate) fn starts_with_date(value: &[u8]) -> bool {
    let Some(date) = value.first_chunk::<10>() else { return false };
    let parts = match iso_date(*date) {
        Some((year, month, day)) if month > 12 => Some((year, day, month)),
        Some(parts) => Some(parts),
        None => numeric_date(date).map(|(year, month, day, _)| (year, month, day)),
    };
    parts.is_some_and(|(year, month, day)| year >= 1000 && is_date(year, month, day))
}

type Parts<'a> = (u32, u32, u32, &'a [u8]);

/// Year, month and day in any of the usual orders, and what follows.
fn numeric_date(value: &[u8]) -> Option<Parts<'_>> {
    if let Some((date, rest)) = value.split_first_chunk::<10>()
        && let Some((year, month, day)) = iso_date(*date)
        && !rest.first().is_some_and(u8::is_ascii_digit)
    {
        return Some(if month > 12 { (year, day, month, rest) } else { (year, month, day, rest) });
    }
    let (first, rest) = number(value)?;
    if first.len() == 8 {
        let (year, rest8) = first.split_at_checked(4)?;
        let (month, day) = rest8.split_at_checked(2)?;
        return Some((decimal(year), decimal(month), decimal(day), rest));
    }
    let (separator, rest) = rest.split_first()?;
    if !b"-/.".contains(separator) {
        return None;
    }
    let (second, rest) = number(rest)?;
    let (again, rest) = rest.split_first()?;
    let (third, rest) = number(rest)?;
    if again != separator {
        return None;
    }
    let (a, b, c) = (decimal(first), decimal(second), decimal(third));
    match (first.len(), second.len(), third.len()) {
        (4, 1..=2, 1..=2) => Some((a, b, c, rest)),
        // Day first or month first: whichever can be.
        (1..=2, 1..=2, 4) if b <= 12 => Some((c, b, a, rest)),
        (1..=2, 1..=2, 4) => Some((c, a, b, rest)),
        _ => None,
    }
    .map(|(y, m, d, rest)| if m > 12 { (y, d, m, rest) } else { (y, m, d, rest) })
}

/// `YYYY-MM-DD`, whatever the digits say.
fn iso_date(date: [u8; 10]) -> Option<(u32, u32, u32)> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = date else { return None };
    let digits = [a, b, c, d, e, f, g, h].map(|byte| byte.wrapping_sub(b'0'));
    // No early end: compilers make vector instructions of it.
    if digits.iter().fold(false, |odd, digit| odd | (*digit > 9)) {
        return None;
    }
    let [a, b, c, d, e, f, g, h] = digits.map(u32::from);
    Some((a * 1000 + b * 100 + c * 10 + d, e * 10 + f, g * 10 + h))
}

/// Nothing, or a time of day that is midnight somewhere: a whole hour, perhaps with a zone. XML
/// Schema puts a zone behind a date alone.
fn is_midnight(rest: &[u8]) -> bool {
    match rest.split_first() {
        None => true,
        Some((b'T' | b' ', time)) => {
            let hour = time.split(|b| *b == b':').next().unwrap_or_default();
            let behind = time.get(hour.len()..).unwrap_or_default();
            let zone = behind.iter().position(|b| !b"0:.".contains(b)).unwrap_or(behind.len());
            let (zeros, zone) = behind.split_at_checked(zone).unwrap_or_default();
            (1..=2).contains(&hour.len())
                && hour.iter().all(u8::is_ascii_digit)
                && decimal(hour) < 24
                && zeros.starts_with(b":00")
                && zeros.len() <= 24
                && is_zone(zone)
        }
        Some(_) => is_zone(rest),
    }
}

/// Nothing, `Z` or `+01:00`.
fn is_zone(zone: &[u8]) -> bool {
    match zone {
        [] | b"Z" => true,
        [b'+' | b'-', hours @ ..] => {
            let digits = hours.iter().filter(|b| b.is_ascii_digit()).count();
            digits == 4 && hours.iter().all(|b| b.is_ascii_digit() || *b == b':')
        }
        _ => false,
    }
}

fn number(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = value.iter().take(9).take_while(|b| b.is_ascii_digit()).count();
    if len == 0 { None } else { value.split_at_checked(len) }
}

fn decimal(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0u32, |n, d| n.wrapping_mul(10).wrapping_add(u32::from(d.wrapping_sub(b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_orders_are_read() {
        for value in [
            "1970-01-31",
            "19700131",
            "31/01/1970",
            "01/31/1970",
            "1/3/1970",
            "31.01.1970",
            "2000-02-29",
            "1980-05-17T00:00:00Z",
            "01311970",
            "31011970",
            "1980-05-17T00:00:00.000+00:00",
            "1970-01-31Z",
            "1970-01-31-07:00",
            "1970-01-31T00:00:00+01:00",
            "1970-01-30T23:00:00Z",
            "1970-01-31 04:00:00.000",
            "0000-01-31",
        ] {
            assert!(birth_date(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_no_calendar_has_fails() {
        for value in [
            "1970-02-30",
            "1900-02-29",
            "1970-13-13",
            "1780-01-01",
            "2970-01-01",
            "1970-01-31T10:20:30Z",
            "1970-01/31",
            "1970",
            "",
            "12345678",
            "13131970",
            "01311770",
            "1970-01-31x",
            "1970-01-31T23:15:00Z",
            "1970-01-31T25:00:00Z",
            "1970-01-31-07",
            "1970-01-31T00",
            "0000-13-31",
        ] {
            assert!(!birth_date(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn timestamps_start_with_a_date() {
        assert!(starts_with_date(b"2024-02-29T10:00:00Z"));
        assert!(!starts_with_date(b"2023-02-29T10:00:00Z"));
        assert!(!starts_with_date(b"2024-02"));
    }
}
