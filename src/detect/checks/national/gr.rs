//! Greece.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date_of_any_century;
use super::super::luhn::luhn;

/// Social security numbers, AMKA (IDIKA; Law 3655/2008): date of birth, four digits, the Luhn
/// digit.
pub(super) fn amka(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    luhn(value) && is_date_of_any_century(two(d[4], d[5]), two(d[2], d[3]), two(d[0], d[1]))
}

/// Tax numbers, AFM (AADE): eight digits weighted with powers of two, modulo 11, and modulo 10.
pub(super) fn afm(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    let sum = weighted(&d, &[256, 128, 64, 32, 16, 8, 4, 2]);
    sum % 11 % 10 == d[8] && sum != 0
}
