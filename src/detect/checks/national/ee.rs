//! Estonia and Lithuania, whose personal codes are made alike.

use super::super::arithmetic::{digits, two, weighted};
use super::super::calendar::is_date;

fn checked(d: &[u32; 11]) -> bool {
    let mut rest = weighted(d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    if rest == 10 {
        rest = weighted(d, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    }
    rest % 10 == d[10]
}

fn born(d: &[u32; 11]) -> bool {
    let century = match d[0] {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        7 | 8 => 2100,
        _ => return false,
    };
    is_date(century + two(d[1], d[2]), two(d[3], d[4]), two(d[5], d[6]))
}

/// Personal identification codes, isikukood (EVS 585:2007): sex and century, date of birth, serial,
/// check digit.
pub(super) fn isikukood(value: &[u8]) -> bool {
    digits::<11>(value).is_some_and(|d| checked(&d) && born(&d))
}

/// Personal codes, asmens kodas (Law on the Population Register, article 8): the same; those that
/// begin with 9 have no date.
pub(super) fn asmens_kodas(value: &[u8]) -> bool {
    digits::<11>(value).is_some_and(|d| checked(&d) && (d[0] == 9 || born(&d)))
}
