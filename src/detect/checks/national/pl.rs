//! Poland.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

/// Numbers of the population register, PESEL (Ustawa o ewidencji ludności, article 15): date of
/// birth with the century in the month, serial and sex, check digit.
pub(super) fn pesel(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let month = two(d[2], d[3]);
    let century = match month / 20 {
        0 => 1900,
        1 => 2000,
        2 => 2100,
        3 => 2200,
        _ => 1800,
    };
    weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
        && is_date(century + two(d[0], d[1]), month % 20, two(d[4], d[5]))
}
