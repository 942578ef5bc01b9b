//! India.

use super::super::arithmetic::{digits, repeated};
use super::super::luhn::luhn;
use super::super::verhoeff::verhoeff;

/// Aadhaar numbers (UIDAI, "A UID Numbering Scheme"): twelve digits, the first 2 to 9, no
/// palindrome, with the Verhoeff digit.
pub(super) fn aadhaar(value: &[u8]) -> bool {
    digits::<12>(value).is_some_and(|d| d[0] >= 2 && verhoeff(&d) && !is_palindrome(&d))
}

/// Virtual ids that stand for an Aadhaar number (UIDAI circular 1 of 2018): the same of sixteen
/// digits.
pub(super) fn vid(value: &[u8]) -> bool {
    digits::<16>(value).is_some_and(|d| d[0] >= 2 && verhoeff(&d) && !is_palindrome(&d))
}

fn is_palindrome(digits: &[u32]) -> bool {
    digits.iter().eq(digits.iter().rev())
}

/// Permanent account numbers of individuals (Income Tax Department, Rule 114): three letters, a P
/// (other letters are other holders), a letter of the name, four digits that are not all zero, a
/// letter whose rule is not published.
pub(super) fn pan(value: &[u8]) -> bool {
    let Some((letters, rest)) = value.split_at_checked(5) else { return false };
    let Some((serial, last)) = rest.split_at_checked(4) else { return false };
    letters.iter().all(u8::is_ascii_uppercase)
        && letters.get(3) == Some(&b'P')
        && digits::<4>(serial).is_some_and(|d| d != [0; 4])
        && matches!(last, [b'A'..=b'Z'])
}

/// Numbers of voters' cards, EPIC (Election Commission of India): three letters, six digits and the
/// Luhn digit of these.
pub(super) fn epic(value: &[u8]) -> bool {
    let Some((letters, rest)) = value.split_at_checked(3) else { return false };
    letters.iter().all(u8::is_ascii_uppercase) && rest.len() == 7 && luhn(rest)
}

/// Health account numbers, ABHA (National Health Authority): fourteen digits.
pub(super) fn abha(value: &[u8]) -> bool {
    digits::<14>(value).is_some_and(|d| !repeated(&d))
}
