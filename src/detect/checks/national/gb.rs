//! The United Kingdom, beside the NHS and National Insurance numbers, which have files of their
//! own.

use super::super::arithmetic::{digits, letter, number, two, weighted};
use super::super::calendar::is_date_of_any_century;

/// The modulus 11 check of health numbers (NHS Data Dictionary, "NHS NUMBER").
fn health_check(d: &[u32; 10]) -> bool {
    weighted(d, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Community Health Index numbers of Scotland (Public Health Scotland, Data Dictionary, "CHI
/// Number"): date of birth and four digits of which the last is the modulus 11 check.
pub(super) fn chi(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    health_check(&d) && is_date_of_any_century(two(d[4], d[5]), two(d[2], d[3]), two(d[0], d[1]))
}

/// Health and Care Numbers of Northern Ireland (Business Services Organisation): 320 000 0001 to
/// 399 999 9999 with the same check.
pub(super) fn hcn(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    health_check(&d) && (3_200_000_001..=3_999_999_999).contains(&number(&d))
}

/// Driver numbers of Great Britain (DVLA, "Driver numbers"): five letters of the surname filled up
/// with 9, decade, month (and 50 for women), day and year of birth, two initials or 9, and three
/// characters whose rule is not published.
pub(super) fn driving_licence(value: &[u8]) -> bool {
    let Some((name, rest)) = value.split_at_checked(5) else { return false };
    let Some((born, rest)) = rest.split_at_checked(6) else { return false };
    let Some((initials, rest)) = rest.split_at_checked(2) else { return false };
    let letters = name.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let Some(d) = digits::<6>(born) else { return false };
    letters > 0
        && name.iter().skip(letters).all(|b| *b == b'9')
        && matches!(two(d[1], d[2]), 1..=12 | 51..=62)
        && matches!(two(d[3], d[4]), 1..=31)
        && initials.iter().all(|b| b.is_ascii_uppercase() || *b == b'9')
        && matches!(rest, [_, b'A'..=b'Z', b'A'..=b'Z'])
}

/// Unique pupil numbers (Department for Education, "Unique pupil numbers: a guide for schools"): a
/// check letter, three digits of the authority, four of the school, two of the year, and a serial
/// of three digits or of two and a letter.
pub(super) fn upn(value: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let of = |byte: u8| LETTERS.iter().zip(0u32..).find(|(l, _)| **l == byte).map(|(_, n)| n);
    let [check, body @ .., last] = value else { return false };
    let Some(d) = digits::<11>(body) else { return false };
    let last = match last {
        b'0'..=b'9' => u32::from(last - b'0'),
        other => match of(*other) {
            Some(n) => n,
            None => return false,
        },
    };
    let sum = weighted(&d, &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) + last * 13;
    letter(*check).is_some() && of(*check) == Some(sum % 23)
}

/// Unique taxpayer references (HMRC; OECD, "UK TIN"): a check digit and nine digits.
pub(super) fn utr(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let sum = weighted(&d[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let expected =
        [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1].get(usize::try_from(sum).unwrap_or(0)).copied();
    expected == Some(d[0])
}
