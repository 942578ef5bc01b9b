//! Latvia.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

/// Personal codes (Fizisko personu reģistra likums): until 2017 date of birth, a digit of the
/// century (0 the 19th, 1 the 20th, 2 the 21st), serial; since then 32 and eight digits; a check
/// digit.
pub(super) fn personas_kods(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let sum = weighted(&d, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    let new = d[..2] == [3, 2];
    let century = 1800 + d[6] * 100;
    let born = d[6] <= 2 && is_date(century + two(d[4], d[5]), two(d[2], d[3]), two(d[0], d[1]));
    (1 + sum) % 11 % 10 == d[10] && (new || born)
}
