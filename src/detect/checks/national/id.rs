//! Indonesia.

use super::super::arithmetic::{digits, two};
use super::super::calendar::is_date_of_any_century;
use super::super::luhn::luhn;

/// Population numbers, NIK (Undang-Undang 24/2013): province, district and subdistrict, date of
/// birth with 40 added to the day for women, four digits.
pub(super) fn nik(value: &[u8]) -> bool {
    let Some(d) = digits::<16>(value) else { return false };
    let day = match two(d[6], d[7]) {
        day @ 41.. => day - 40,
        day => day,
    };
    // Provinces are numbered from 11 on.
    d[0] != 0 && is_date_of_any_century(two(d[10], d[11]), two(d[8], d[9]), day)
}

/// Tax numbers of fifteen digits, NPWP (Direktorat Jenderal Pajak): kind, six digits, the Luhn
/// digit of these, office and branch.
pub(super) fn npwp(value: &[u8]) -> bool {
    value.len() == 15 && value.iter().all(u8::is_ascii_digit) && value.get(..9).is_some_and(luhn)
}
