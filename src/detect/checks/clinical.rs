//! Check digits and formats of clinical code systems.

use super::arithmetic::digits;
use super::luhn::luhn_sum;
use super::verhoeff::verhoeff;

/// Identifiers of SNOMED CT (SNOMED International, Release File Specifications, section 6): 6 to
/// 18 digits without leading zero, the last Verhoeff's check, the two before it the partition.
pub(super) fn snomed_ct(value: &[u8]) -> bool {
    let [.., first, second, _] = value else { return false };
    let all: Vec<u32> = value.iter().map(|b| u32::from(b.wrapping_sub(b'0'))).collect();
    (6..=18).contains(&value.len())
        && value.iter().all(u8::is_ascii_digit)
        && !value.starts_with(b"0")
        && matches!((first, second), (b'0' | b'1', b'0' | b'1' | b'2'))
        && verhoeff(&all)
}

/// Codes of LOINC (Regenstrief Institute, LOINC Users' Guide): up to seven digits and a check digit
/// modulo 10 behind the hyphen, as Luhn's.
pub(super) fn loinc(value: &[u8]) -> bool {
    (2..=8).contains(&value.len()) && !value.starts_with(b"0") && luhn_sum(value) == Some(0)
}

/// Codes of ICD-10 and ICD-10-CM (CMS, ICD-10-CM Official Guidelines): a letter, a digit, a digit
/// or A or B, and up to four more. `U` is for provisional codes of the WHO.
pub(super) fn icd_10(value: &[u8]) -> bool {
    let [letter, first, second, rest @ ..] = value else { return false };
    letter.is_ascii_uppercase()
        && first.is_ascii_digit()
        && (second.is_ascii_digit() || matches!(second, b'A' | b'B'))
        && rest.len() <= 4
        && rest.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// Unique device identifiers in the human readable form of GS1 (GS1 General Specifications,
/// sections 3.3 and 7.9): `(01)` and a GTIN of 14 digits with its check digit first.
pub(super) fn udi_gs1(value: &[u8]) -> bool {
    value.strip_prefix(b"(01)").and_then(|rest| rest.get(..14)).is_some_and(gtin_14)
}

/// Numbers of goods of 14 digits, and of devices (GS1 General Specifications, section 7.9).
pub(super) fn gtin_14(value: &[u8]) -> bool {
    let Some(d) = digits::<14>(value) else { return false };
    let sum: u32 = d.iter().zip([3, 1].into_iter().cycle()).map(|(digit, by)| digit * by).sum();
    sum.is_multiple_of(10) && d != [0; 14]
}

/// Unique device identifiers of HIBCC (ANSI/HIBC 2.6, section 2): `+`, a labeler's code that begins
/// with a letter, and a check character modulo 43.
pub(super) fn udi_hibc(value: &[u8]) -> bool {
    const CHARACTERS: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let [b'+', labeler, .., check] = value else { return false };
    let place = |byte: &u8| CHARACTERS.iter().position(|c| c == byte);
    let body = value.split_last().map_or(&[][..], |(_, body)| body);
    let sum = body.iter().try_fold(0usize, |sum, byte| Some(sum + place(byte)?));
    labeler.is_ascii_uppercase() && sum.is_some_and(|sum| place(check) == Some(sum % 43))
}

/// Vehicle identification numbers with the check digit of 49 CFR 565.15: seventeen letters and
/// digits without I, O and Q, the last four digits, three letters at least. Outside of North
/// America and China the digit is not required.
pub(super) fn vin(value: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let Ok(value): Result<&[u8; 17], _> = value.try_into() else { return false };
    let number = |byte: u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'H' => Some(u32::from(byte - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(byte - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => None,
    };
    let sum = value
        .iter()
        .zip(WEIGHTS)
        .try_fold(0, |sum, (byte, weight)| Some(sum + number(*byte)? * weight));
    let letters = value.iter().filter(|b| b.is_ascii_uppercase()).count();
    let serial = value[13..].iter().all(u8::is_ascii_digit);
    let fits = |sum: u32| match (sum % 11, value[8]) {
        (10, check) => check == b'X',
        (rest, check) => check.is_ascii_digit() && u32::from(check - b'0') == rest,
    };
    letters >= 3 && serial && sum.is_some_and(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_do_not() {
        // SNOMED International, FHIR R4 (blood pressure), HIBCC, 49 CFR 565.15 as in use.
        assert!(snomed_ct(b"22298006") && snomed_ct(b"999000041000000102"));
        assert!(!snomed_ct(b"22298007") && !snomed_ct(b"02298006") && !snomed_ct(b"2229x006"));
        assert!(loinc(b"84806") && loinc(b"753251") && !loinc(b"84807") && !loinc(b""));
        assert!(icd_10(b"E119") && icd_10(b"S72001A") && icd_10(b"C7A") && !icd_10(b"C7C"));
        assert!(udi_gs1(b"(01)10884334024317(21)X") && !udi_gs1(b"(01)10884334024316(21)X"));
        assert!(udi_hibc(b"+A123BJC5D6E71G") && !udi_hibc(b"+A123BJC5D6E71H"));
        assert!(vin(b"1M8GDM9AXKP042788") && !vin(b"1M8GDM9A1KP042788") && !vin(b"1"));
        assert!(!vin(b"11111111111111111"));
    }
}
