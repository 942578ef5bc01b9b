//! South Africa.

use super::super::arithmetic::{digits, two};
use super::super::calendar::is_date_of_any_century;
use super::super::luhn::luhn;

/// Identity numbers (Department of Home Affairs, Identification Act 68 of 1997): date of birth,
/// sex, 0 for citizens, 1 for residents or 2 for refugees, a digit, the Luhn digit.
pub(super) fn idnr(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    d[10] <= 2
        && luhn(value)
        && is_date_of_any_century(two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
}

/// Tax reference numbers (SARS; OECD, "South Africa TIN"): ten digits that begin with 0, 1, 2, 3 or
/// 9, with the Luhn digit.
pub(super) fn tin(value: &[u8]) -> bool {
    value.len() == 10 && matches!(value.first(), Some(b'0'..=b'3' | b'9')) && luhn(value)
}
