//! Romania.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::{is_date, is_date_of_any_century};

/// Personal numeric codes, CNP (Legea 105/1996; H.G. 1375/2006): sex and century, date of birth,
/// county, serial, check digit modulo 11 with ten written as 1.
pub(super) fn cnp(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    let (year, month, day) = (two(d[1], d[2]), two(d[3], d[4]), two(d[5], d[6]));
    let born = match d[0] {
        1 | 2 => is_date(1900 + year, month, day),
        3 | 4 => is_date(1800 + year, month, day),
        5 | 6 => is_date(2000 + year, month, day),
        7..=9 => is_date_of_any_century(year, month, day),
        _ => false,
    };
    let rest = match weighted(&d, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        rest => rest,
    };
    rest == d[12] && born
}
