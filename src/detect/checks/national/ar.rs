//! Argentina.

use super::super::arithmetic::{digits, two, weighted};

/// Tax and labour numbers of natural persons, CUIT and CUIL (AFIP, Resolución General 1817): a kind
/// (20, 23, 24 or 27 for persons), the identity card's number, a check digit modulo 11 with ten
/// written as 9.
pub(super) fn cuil(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let expected = match 11 - weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        11 => 0,
        10 => 9,
        digit => digit,
    };
    matches!(two(d[0], d[1]), 20 | 23 | 24 | 27) && expected == d[10]
}

/// Identity cards (Ley 17.671): seven or eight digits without a check digit.
pub(super) fn dni(value: &[u8]) -> bool {
    matches!(value.len(), 7 | 8) && value.iter().all(u8::is_ascii_digit)
}
