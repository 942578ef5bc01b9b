//! Italy.

use super::super::arithmetic::{base36, two};
use super::super::calendar::is_date_of_any_century;

/// Values of characters at odd places, digits and letters alike counted from 0 (decreto
/// ministeriale 23 dicembre 1976, article 8).
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/// Letters that stand for digits where two persons would have the same code.
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";
/// Letters of the months.
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// Places that hold digits.
const DIGITS_AT: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];

/// Tax codes of natural persons, codice fiscale (decreto ministeriale 23 dicembre 1976): letters of
/// the names, date of birth with 40 added to the day for women, place of birth, check letter.
pub(super) fn codice_fiscale(value: &[u8]) -> bool {
    let Ok(code) = <&[u8; 16]>::try_from(value) else { return false };
    let Some(sum) = check_sum(code) else { return false };
    let mut plain = *code;
    for (at, byte) in plain.iter_mut().enumerate() {
        let stands_for = (b'0'..).zip(OMOCODIA).find(|(_, letter)| *letter == byte);
        if let Some((digit, _)) = stands_for.filter(|_| DIGITS_AT.contains(&at)) {
            *byte = digit;
        }
    }
    let fits = |(at, byte): (usize, &u8)| byte.is_ascii_digit() == DIGITS_AT.contains(&at);
    let number = |tens: u8, ones: u8| two(u32::from(tens & 15), u32::from(ones & 15));
    let month = (1u32..).zip(MONTHS).find(|(_, letter)| **letter == plain[8]);
    let day = number(plain[9], plain[10]);
    plain.iter().enumerate().all(fits)
        && u32::from(plain[15] - b'A') == sum
        && month.is_some_and(|(month, _)| {
            let day = if day > 40 { day - 40 } else { day };
            is_date_of_any_century(number(plain[6], plain[7]), month, day)
        })
}

/// The sum of the first fifteen characters modulo 26.
fn check_sum(code: &[u8; 16]) -> Option<u32> {
    let mut sum = 0;
    for (at, byte) in code[..15].iter().enumerate() {
        let value = base36(*byte)?;
        let value = if value >= 10 { value - 10 } else { value };
        sum += match at % 2 {
            0 => *ODD.get(usize::try_from(value).ok()?)?,
            _ => value,
        };
    }
    Some(sum % 26)
}
