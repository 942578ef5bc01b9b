//! Norway.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date_of_any_century;

/// Birth numbers and D-numbers (Folkeregisterforskriften section 2-2; Skatteetaten,
/// "Fødselsnummer"): date of birth (40 added to the day in a D-number, to the month in aid numbers,
/// 80 to the month in synthetic test persons), three digits of which each range goes with some
/// years, two check digits modulo 11.
pub(super) fn fodselsnummer(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let first = weighted(&d, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(&d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    let day = two(d[0], d[1]);
    let day = if day > 40 { day - 40 } else { day };
    let month = match two(d[2], d[3]) {
        month @ 81.. => month - 80,
        month @ 41..=52 => month - 40,
        month => month,
    };
    let (year, serial) = (two(d[4], d[5]), d[6] * 100 + two(d[7], d[8]));
    first.is_multiple_of(11)
        && second.is_multiple_of(11)
        && is_date_of_any_century(year, month, day)
        && !matches!((serial, year), (500..=749, 40..=53) | (750..=899, 40..))
}
