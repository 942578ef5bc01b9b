//! Cuba.

use super::super::arithmetic::{digits, two};
use super::super::calendar::is_date;

/// Identity numbers (Ministerio del Interior, carné de identidad): date of birth, a digit for the
/// century (9 the 19th, 0 to 5 the 20th, 6 to 8 the 21st), four digits.
pub(super) fn ni(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let century = match d[6] {
        9 => 1800,
        0..=5 => 1900,
        _ => 2000,
    };
    is_date(century + two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
}
