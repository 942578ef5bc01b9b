//! Canada.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date_of_any_century;
use super::super::luhn::luhn;

/// Social Insurance Numbers (Employment and Social Development Canada): nine digits with the Luhn
/// digit. Those that begin with 8 are business numbers.
pub(super) fn sin(value: &[u8]) -> bool {
    value.len() == 9 && value.first() != Some(&b'8') && luhn(value)
}

/// Personal Health Numbers of British Columbia (Ministry of Health, Conformance Standards volume
/// 4B): a 9, eight digits, and 11 less their weighted sum modulo 11 (0 for 11; 10 is not issued).
pub(super) fn bc_phn(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let sum = weighted(&d, &[0, 2, 4, 8, 5, 10, 9, 7, 3]) % 11;
    d[0] == 9 && (11 - sum) % 11 == d[9]
}

/// Health card numbers of Ontario (Ministry of Health, Health Card Validation reference manual):
/// ten digits with the Luhn digit, the first not 0, and a version code of up to two letters.
pub(super) fn on_ohip(value: &[u8]) -> bool {
    let Some((number, version)) = value.split_at_checked(10) else { return false };
    number.first() != Some(&b'0')
        && luhn(number)
        && version.len() <= 2
        && version.iter().all(u8::is_ascii_uppercase)
}

/// Health insurance numbers of Québec (RAMQ): three letters of the surname, one of the given name,
/// date of birth with 50 added to the month for women, a serial and a digit whose rule is not
/// published.
pub(super) fn qc_ramq(value: &[u8]) -> bool {
    let Some((letters, rest)) = value.split_at_checked(4) else { return false };
    let Some(d) = digits::<8>(rest) else { return false };
    let month = two(d[2], d[3]);
    let month = if month > 50 { month - 50 } else { month };
    letters.iter().all(u8::is_ascii_uppercase)
        && is_date_of_any_century(two(d[0], d[1]), month, two(d[4], d[5]))
}
