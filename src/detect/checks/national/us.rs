//! The United States, beside the numbers that have files of their own.

use super::super::arithmetic::{digits, two};

/// Individual taxpayer identification numbers (IRS, IRM 3.21.263): a 9, and 50 to 65, 70 to 88, 90
/// to 92 or 94 to 99 at the fourth and fifth place.
pub(super) fn itin(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    d[0] == 9 && matches!(two(d[3], d[4]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Adoption taxpayer identification numbers (IRS, form W-7A): a 9, and 93 at the fourth and fifth
/// place.
pub(super) fn atin(value: &[u8]) -> bool {
    digits::<9>(value).is_some_and(|d| d[0] == 9 && two(d[3], d[4]) == 93)
}

/// Numbers of tax preparers (IRS, PTIN): a P and eight digits.
pub(super) fn ptin(value: &[u8]) -> bool {
    value.strip_prefix(b"P").is_some_and(|rest| digits::<8>(rest).is_some())
}

/// Registration numbers of those who prescribe (Drug Enforcement Administration, 21 CFR 1301; "DEA
/// number check"): two letters, or a letter and a 9, six digits, and the last digit of the sum of
/// the first, third and fifth and twice the others.
pub(super) fn dea(value: &[u8]) -> bool {
    let [kind, second, body @ ..] = value else { return false };
    let Some(d) = digits::<7>(body) else { return false };
    b"ABCDEFGHJKLMPRSTUX".contains(kind)
        && (second.is_ascii_uppercase() || *second == b'9')
        && (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]
        && d != [0; 7]
}

/// Health insurance claim numbers of Medicare until 2019 (CMS): a Social Security number and a
/// beneficiary code of a letter, and a letter or digit.
pub(super) fn hicn(value: &[u8]) -> bool {
    let Some((number, code)) = value.split_at_checked(9) else { return false };
    digits::<9>(number).is_some_and(|d| d[..3] != [0; 3])
        && matches!(code, [b'A'..=b'Z'] | [b'A'..=b'Z', b'0'..=b'9' | b'A'..=b'Z'])
}
