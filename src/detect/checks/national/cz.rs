//! Czechia and Slovakia, whose birth numbers are one and the same.

use super::super::arithmetic::{digits, number, two};
use super::super::calendar::is_date;

/// Birth numbers (Czech Act 133/2000 Sb., section 13; Slovak Act 301/1995 Z. z.): date of birth
/// with 50 added to the month for women (20 or 70 since 2004 where serials ran out), a serial, and
/// since 1954 a check digit that makes the whole a multiple of 11; until 1985 a remainder of ten
/// was written as 0.
pub(super) fn rodne_cislo(value: &[u8]) -> bool {
    if let Some(d) = digits::<9>(value) {
        let year = 1900 + two(d[0], d[1]);
        // Nine digits were given until 1953; what would be later is of the century before.
        let year = if year >= 1980 { year - 100 } else { year };
        return year < 1954 && born(year, two(d[2], d[3]), two(d[4], d[5]));
    }
    let Some(d) = digits::<10>(value) else { return false };
    let year = match 1900 + two(d[0], d[1]) {
        year if year < 1954 => year + 100,
        year => year,
    };
    let rest = number(&d[..9]) % 11;
    let rest = if year < 1985 { rest % 10 } else { rest };
    rest == u64::from(d[9]) && born(year, two(d[2], d[3]), two(d[4], d[5]))
}

fn born(year: u32, month: u32, day: u32) -> bool {
    let month = month % 50;
    let month = if month > 20 && year > 2003 { month - 20 } else { month };
    is_date(year, month, day)
}
