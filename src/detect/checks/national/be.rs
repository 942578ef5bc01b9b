//! Belgium.

use super::super::arithmetic::{digits, number, two};
use super::super::calendar::is_date_of_any_century;

/// The last year of this century in which people of whom data is exchanged may be born: no clock is
/// asked, so the end is generous.
const LATEST_BIRTH: u32 = 45;

/// Whether the last two digits are 97 less the remainder of the first nine by 97, those born from
/// 2000 on with a 2 before the nine (Koninklijk besluit van 3 april 1984).
fn checked(d: &[u32; 11]) -> bool {
    let (body, check) = (number(&d[..9]), u64::from(two(d[9], d[10])));
    let fits = |body: u64| 97 - body % 97 == check;
    fits(body) || (two(d[0], d[1]) <= LATEST_BIRTH && fits(body + 2_000_000_000))
}

/// Whether a date of birth of which month or day may be unknown (zero) can be.
fn birth(year: u32, month: u32, day: u32) -> bool {
    match (month, day) {
        (0, day) => day <= 31,
        (1..=12, 0) => true,
        _ => is_date_of_any_century(year, month, day),
    }
}

/// National numbers, Rijksregisternummer (Wet van 8 augustus 1983; Rijksregister, IT 000).
pub(super) fn nn(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    checked(&d) && birth(two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
}

/// Numbers of persons not in the national register (Crossroads Bank for Social Security, BIS): the
/// same with 20 or 40 added to the month.
pub(super) fn bis(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let month = match two(d[2], d[3]) {
        month @ 20..=32 => month - 20,
        month @ 40..=52 => month - 40,
        _ => return false,
    };
    checked(&d) && birth(two(d[0], d[1]), month, two(d[4], d[5]))
}

/// Numbers of identity cards (Rijksregister, IT 195): ten digits and their remainder by 97, or 97.
pub(super) fn card(value: &[u8]) -> bool {
    let Some(d) = digits::<12>(value) else { return false };
    let rest = number(&d[..10]) % 97;
    let expected = if rest == 0 { 97 } else { rest };
    expected == u64::from(two(d[10], d[11])) && number(&d) != 97
}
