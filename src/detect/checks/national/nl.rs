//! The Netherlands.

use super::super::arithmetic::{digits, weighted};

/// The sum that citizens' and pupils' numbers share, the last digit counting 10 for minus one.
fn sum(d: &[u32; 9]) -> u32 {
    weighted(d, &[9, 8, 7, 6, 5, 4, 3, 2, 10]) % 11
}

/// Citizen service numbers, BSN (Wet algemene bepalingen burgerservicenummer; Logisch Ontwerp GBA,
/// the "elfproef"): nine digits, those of eight written with a zero before.
pub(super) fn bsn(value: &[u8]) -> bool {
    digits::<9>(value).is_some_and(|d| sum(&d) == 0 && d.iter().any(|d| *d != 0))
}

/// Numbers of pupils without a BSN, onderwijsnummer (Dienst Uitvoering Onderwijs): they begin with
/// 10, and the same sum leaves 5.
pub(super) fn onderwijsnummer(value: &[u8]) -> bool {
    digits::<9>(value).is_some_and(|d| d[..2] == [1, 0] && sum(&d) == 5)
}

/// Numbers of passports and identity cards (Rijksdienst voor Identiteitsgegevens): two letters, six
/// letters or digits, a digit; never the letter O.
pub(super) fn document(value: &[u8]) -> bool {
    let Ok(code) = <&[u8; 9]>::try_from(value) else { return false };
    code[..2].iter().all(u8::is_ascii_uppercase)
        && code[8].is_ascii_digit()
        && code.iter().all(|b| (b.is_ascii_uppercase() || b.is_ascii_digit()) && *b != b'O')
}
