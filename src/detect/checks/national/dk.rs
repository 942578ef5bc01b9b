//! Denmark.

use super::super::arithmetic::{digits, two};
use super::super::calendar::is_date;

/// Numbers of the civil register, CPR (CPR-kontoret, Personnummeret i CPR): date of birth and four
/// digits of which the first tells the century. The check modulo 11 was given up in 2007.
pub(super) fn cpr(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let year = two(d[4], d[5]);
    let century = match (d[6], year) {
        (0..=3, _) | (4 | 9, 37..) => 1900,
        (5..=8, 58..) => 1800,
        _ => 2000,
    };
    is_date(century + year, two(d[2], d[3]), two(d[0], d[1]))
}
