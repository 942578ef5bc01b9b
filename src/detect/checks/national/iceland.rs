//! Iceland.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

/// Identity numbers of persons, kennitala (Þjóðskrá Íslands; Act 70/2018): date of birth, two
/// digits, a check digit modulo 11, and the century (9 or 0). Organisations add 40 to the day.
pub(super) fn kennitala(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let century = match d[9] {
        9 => 1900,
        0 => 2000,
        _ => return false,
    };
    let sum = weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2, 1]);
    sum.is_multiple_of(11) && is_date(century + two(d[4], d[5]), two(d[2], d[3]), two(d[0], d[1]))
}
