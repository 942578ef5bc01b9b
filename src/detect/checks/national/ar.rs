//! Argentina.

use super::super::arithmetic::{digits, two, weighted};

/// Tax and labour numbers of natural persons, CUIT and CUIL (AFIP, Resolución General 1817): a type
/// (20, 23, 24, 25, 26 or 27 for persons), the identity card's number, a check digit modulo 11.
pub(super) fn cuil(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let sum = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    matches!(two(d[0], d[1]), 20 | 23..=27) && sum.is_multiple_of(11)
}

/// Identity cards (Ley 17.671): seven or eight digits without a check digit.
pub(super) fn dni(value: &[u8]) -> bool {
    matches!(value.len(), 7 | 8) && value.iter().all(u8::is_ascii_digit)
}
