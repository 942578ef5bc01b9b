//! New Zealand.

use super::super::arithmetic::{digits, number, weighted};

/// Letters of health numbers: no I and no O.
const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";

fn value_of(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        _ => (1u32..).zip(LETTERS).find(|(_, letter)| **letter == byte).map(|(n, _)| n),
    }
}

/// National Health Index numbers: three letters and four digits with a check digit modulo 11
/// (HISO 10046), or three letters, two digits, a letter and a check letter of those that are used:
/// modulo 23 in the edition of 2023, modulo 24 in that of 2022, which systems were built by and
/// their test data made. Z at the begin is for tests.
pub(super) fn nhi(value: &[u8]) -> bool {
    let Ok(code) = <&[u8; 7]>::try_from(value) else { return false };
    let mut sum = 0;
    for (byte, weight) in code[..6].iter().zip((2..=7u32).rev()) {
        let Some(value) = value_of(*byte) else { return false };
        sum += value * weight;
    }
    if !code[..3].iter().all(u8::is_ascii_uppercase) || !code[3..5].iter().all(u8::is_ascii_digit) {
        return false;
    }
    match (code[5], code[6]) {
        (b'0'..=b'9', check @ b'0'..=b'9') => {
            let rest = sum % 11;
            rest != 0 && (11 - rest) % 10 == u32::from(check - b'0')
        }
        (b'A'..=b'Z', check @ b'A'..=b'Z') => {
            let fits = |check| [23, 24].iter().any(|edition| edition - sum % edition == check);
            value_of(check).is_some_and(fits)
        }
        _ => false,
    }
}

/// Tax numbers (Inland Revenue, "IRD number validation"): eight or nine digits from 10 to 150
/// million with a check digit modulo 11 under two rows of weights.
pub(super) fn ird(value: &[u8]) -> bool {
    let d = match value.len() {
        8 => digits::<8>(value).map(|d| [0, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]),
        _ => digits::<9>(value),
    };
    let Some(d) = d else { return false };
    let check = |weights: &[u32; 8]| (11 - weighted(&d, weights) % 11) % 11;
    let mut expected = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
    if expected == 10 {
        expected = check(&[7, 4, 3, 2, 5, 2, 7, 6]);
    }
    expected == d[8] && (10_000_000..150_000_000).contains(&number(&d))
}
