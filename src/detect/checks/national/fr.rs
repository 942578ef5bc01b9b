//! France.

use super::super::arithmetic::{digits, number};

/// Numbers of the register of natural persons, NIR (INSEE; décret 82-103; ANS, référentiel INS):
/// sex or kind, year and month of birth, department and commune, order, and 97 less the remainder
/// of all that by 97. For Corsica `2A` counts as 19 and `2B` as 18. Months above 12 stand for birth
/// dates not known.
pub(super) fn nir(value: &[u8]) -> bool {
    let mut plain: [u8; 15] = match value.try_into() {
        Ok(plain) => plain,
        Err(_) => return false,
    };
    match [plain[5], plain[6]] {
        [b'2', b'A'] => (plain[5], plain[6]) = (b'1', b'9'),
        [b'2', b'B'] => (plain[5], plain[6]) = (b'1', b'8'),
        _ => {}
    }
    let Some(d) = digits::<15>(&plain) else { return false };
    let month = number(&d[3..5]);
    97 - number(&d[..13]) % 97 == number(&d[13..])
        && matches!(d[0], 1..=4 | 7 | 8)
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
}

/// Tax numbers of persons, numéro fiscal or SPI (Direction générale des Finances publiques):
/// thirteen digits, the first 0 to 3, the last three being the remainder of the first ten by 511.
pub(super) fn nif(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    d[0] <= 3 && number(&d[..10]) % 511 == number(&d[10..]) && number(&d) != 0
}
