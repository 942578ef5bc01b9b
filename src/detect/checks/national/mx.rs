//! Mexico.

use super::super::arithmetic::{base36, digits, two};
use super::super::calendar::{is_date, is_date_of_any_century};

/// Population registry codes, CURP (RENAPO, Instructivo normativo para la asignación de la CURP):
/// four letters of the names, date of birth, sex, state, three consonants, a character that is a
/// digit for those born before 2000, a check digit. Ñ has a place of its own between N and O.
pub(super) fn curp(value: &[u8]) -> bool {
    let Ok(code) = <&[u8; 18]>::try_from(value) else { return false };
    let [_, _, _, _, y1, y2, m1, m2, d1, d2, sex, letters @ .., kind, check] = code;
    let Some(date) = digits::<6>(&[*y1, *y2, *m1, *m2, *d1, *d2]) else { return false };
    let century = if kind.is_ascii_digit() { 1900 } else { 2000 };
    let mut sum = 0;
    for (byte, weight) in code[..17].iter().zip((2..=18u32).rev()) {
        let Some(plain) = base36(*byte) else { return false };
        // A is 10, N 23, Ñ 24, O 25.
        sum += (plain + u32::from(plain >= 24)) * weight;
    }
    code[..4].iter().all(u8::is_ascii_uppercase)
        && letters.iter().all(u8::is_ascii_uppercase)
        && matches!(sex, b'H' | b'M' | b'X')
        && is_date(century + two(date[0], date[1]), two(date[2], date[3]), two(date[4], date[5]))
        && check.is_ascii_digit()
        && (10 - sum % 10) % 10 == u32::from(check - b'0')
}

/// Tax numbers of natural persons, RFC (SAT, Código Fiscal article 27): four letters of the names,
/// date of birth, and three characters; so many numbers in use fail the check of the last that it
/// says nothing.
pub(super) fn rfc(value: &[u8]) -> bool {
    let Some((letters, rest)) = value.split_at_checked(4) else { return false };
    let Some((date, tail)) = rest.split_at_checked(6) else { return false };
    let Some(d) = digits::<6>(date) else { return false };
    letters.iter().all(u8::is_ascii_uppercase)
        && is_date_of_any_century(two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
        && tail.len() == 3
        && tail.iter().all(u8::is_ascii_alphanumeric)
        && tail.last().is_some_and(|last| last.is_ascii_digit() || *last == b'A')
}
