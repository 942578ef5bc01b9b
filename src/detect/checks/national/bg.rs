//! Bulgaria.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

/// Unified civil numbers, EGN (Ordinance on the ESGRAON system): date of birth, month raised by 20
/// for the 19th and by 40 for the 21st century, three digits and a check digit.
pub(super) fn egn(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let (century, month) = match two(d[2], d[3]) {
        month @ 1..=12 => (1900, month),
        month @ 21..=32 => (1800, month - 20),
        month @ 41..=52 => (2000, month - 40),
        _ => return false,
    };
    let sum = weighted(&d, &[2, 4, 8, 5, 10, 9, 7, 3, 6]);
    sum % 11 % 10 == d[9] && is_date(century + two(d[0], d[1]), month, two(d[4], d[5]))
}

/// Personal numbers of foreigners, LNCh (Foreigners in the Republic of Bulgaria Act).
pub(super) fn lnch(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    weighted(&d, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == d[9] && d.iter().any(|d| *d != 0)
}
