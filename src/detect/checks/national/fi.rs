//! Finland.

use super::super::arithmetic::{digits, number, two};
use super::super::calendar::is_date;

const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Personal identity codes, henkilötunnus (Digital and Population Data Services Agency;
/// Valtioneuvoston asetus 128/2010, with the signs added in 2023): date of birth, a sign of the
/// century, a number from 002 on (900 and above for tests and temporary use), and the remainder of
/// both by 31.
pub(super) fn hetu(value: &[u8]) -> bool {
    let Some((date, [sign, serial @ .., check])) = value.split_at_checked(6) else { return false };
    let (Some(d), Some(s)) = (digits::<6>(date), digits::<3>(serial)) else { return false };
    let century = match sign {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return false,
    };
    let rest = (number(&d) * 1000 + number(&s)) % 31;
    let expected = usize::try_from(rest).ok().and_then(|rest| CHECKS.get(rest));
    number(&s) >= 2
        && expected == Some(check)
        && is_date(century + two(d[4], d[5]), two(d[2], d[3]), two(d[0], d[1]))
}

/// Tax numbers of the construction industry, veronumero (Vero Skatt): twelve digits.
pub(super) fn veronumero(value: &[u8]) -> bool {
    digits::<12>(value).is_some()
}
