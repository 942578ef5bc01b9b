//! Spain.

use super::super::arithmetic::{digits, number, two};

const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn letter_of(number: u64) -> Option<u8> {
    LETTERS.get(usize::try_from(number % 23).ok()?).copied()
}

/// Identity cards (Real Decreto 1553/2005; Ministerio del Interior, "Cálculo del dígito de control
/// del NIF-NIE"): eight digits and the letter of their remainder by 23.
pub(super) fn dni(value: &[u8]) -> bool {
    let Some((letter, body)) = value.split_last() else { return false };
    digits::<8>(body).is_some_and(|d| letter_of(number(&d)) == Some(*letter))
}

/// Numbers of foreigners (Real Decreto 557/2011): X, Y or Z standing for 0, 1 or 2, seven digits
/// and the same letter.
pub(super) fn nie(value: &[u8]) -> bool {
    let [kind @ b'X'..=b'Z', body @ .., letter] = value else { return false };
    let Some(d) = digits::<7>(body) else { return false };
    letter_of(u64::from(kind - b'X') * 10_000_000 + number(&d)) == Some(*letter)
}

/// Social security affiliation numbers (Tesorería General de la Seguridad Social): province, up to
/// eight digits, and the remainder of both by 97. A serial below ten million stands with seven
/// digits.
pub(super) fn nuss(value: &[u8]) -> bool {
    let Some(d) = digits::<12>(value) else { return false };
    let (province, serial) = (u64::from(two(d[0], d[1])), number(&d[2..10]));
    let scale = if serial < 10_000_000 { 10_000_000 } else { 100_000_000 };
    let whole = province * scale + serial;
    whole % 97 == u64::from(two(d[10], d[11])) && (1..=66).contains(&province) && serial != 0
}

/// Personal codes of the national health system (Real Decreto 183/2004, CIP-SNS): `BBBBBBBB`, two
/// letters of the name, six digits.
pub(super) fn cip_sns(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"BBBBBBBB") else { return false };
    rest.len() == 8
        && rest.iter().take(2).all(u8::is_ascii_uppercase)
        && rest.iter().skip(2).all(u8::is_ascii_digit)
}
