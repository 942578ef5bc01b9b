//! Austria.

use super::super::arithmetic::{digits, two, weighted};
use super::super::luhn::luhn;

/// Social security numbers (ASVG section 460d; Dachverband der Sozialversicherungsträger): a serial
/// of three digits, a check digit, the date of birth. Where serials of a day are used up, the month
/// counts on to 15.
pub(super) fn svnr(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let sum = weighted(&d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
    let (day, month) = (two(d[4], d[5]), two(d[6], d[7]));
    d[0] != 0 && sum == d[3] && (1..=31).contains(&day) && (1..=15).contains(&month)
}

/// Numbers of tax accounts (Bundesministerium für Finanzen, Abgabenkontonummer): tax office, six
/// digits and the Luhn digit of them all.
pub(super) fn abgabenkonto(value: &[u8]) -> bool {
    value.len() == 9 && luhn(value)
}
