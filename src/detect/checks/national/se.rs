//! Sweden.

use super::super::arithmetic::{digits, two};
use super::super::calendar::{is_date, is_date_of_any_century};
use super::super::luhn::luhn;

/// Personal identity and coordination numbers (Folkbokföringslag 1991:481 section 18; SKV 704):
/// date of birth, with 60 added to the day in a coordination number, three digits, and the Luhn
/// digit of the last ten. With twelve digits the century stands before.
pub(super) fn personnummer(value: &[u8]) -> bool {
    let (century, short) = match value.len() {
        12 => match value.split_at_checked(2) {
            Some((b"18", short)) => (Some(1800), short),
            Some((b"19", short)) => (Some(1900), short),
            Some((b"20", short)) => (Some(2000), short),
            _ => return false,
        },
        _ => (None, value),
    };
    let Some(d) = digits::<10>(short) else { return false };
    let (year, month) = (two(d[0], d[1]), two(d[2], d[3]));
    let day = match two(d[4], d[5]) {
        day @ 61.. => day - 60,
        day => day,
    };
    luhn(short)
        && century.map_or_else(
            || is_date_of_any_century(year, month, day),
            |century| is_date(century + year, month, day),
        )
}
