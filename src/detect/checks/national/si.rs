//! Slovenia, and the other states that were Yugoslavia.

use super::super::arithmetic::{digits, number, two, weighted};
use super::super::calendar::is_date;

/// Unique master citizen numbers, EMŠO or JMBG (Zakon o centralnem registru prebivalstva; Yugoslav
/// law of 1976): date of birth with the last three digits of the year, region, serial and sex, a
/// check digit modulo 11.
pub(super) fn emso(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    let year = match number(&d[4..7]) {
        year @ 800.. => 1000 + year,
        year => 2000 + year,
    };
    let sum = weighted(&d, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    u32::try_from(year).is_ok_and(|year| is_date(year, two(d[2], d[3]), two(d[0], d[1])))
        && (11 - sum % 11) % 11 % 10 == d[12]
}
