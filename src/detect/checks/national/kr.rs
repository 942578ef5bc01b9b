//! South Korea.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

/// Resident registration numbers (Resident Registration Act, enforcement rule 2): date of birth, a
/// digit for century, sex and nationality, five digits, and a check digit modulo 11. Those given
/// since October 2020 have random digits there, so that the check holds for older ones only.
pub(super) fn rrn(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    let century = match d[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    let sum = weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    (11 - sum % 11) % 10 == d[12]
        && is_date(century + two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
}
