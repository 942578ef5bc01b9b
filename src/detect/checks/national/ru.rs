//! Russia.

use super::super::arithmetic::{digits, number, two, weighted};

/// Taxpayers' numbers of natural persons, INN (order of the Federal Tax Service ММВ-7-6/435): ten
/// digits and two check digits modulo 11.
pub(super) fn inn(value: &[u8]) -> bool {
    let Some(d) = digits::<12>(value) else { return false };
    let first = weighted(&d, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let second = weighted(&d, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    first == d[10] && second == d[11] && number(&d) != 0
}

/// Pension insurance numbers, SNILS (Pension Fund, resolution 192p): nine digits weighted 9 to 1,
/// modulo 101, with 100 written as 00; numbers up to 001-001-998 have no check and are left out.
pub(super) fn snils(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let sum = weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    number(&d[..9]) > 1_001_998 && sum == two(d[9], d[10])
}
