//! Australia.

use super::super::arithmetic::{digits, repeated, weighted};
use super::super::luhn::luhn;

/// Medicare card numbers (Services Australia, Medicare card number validation): eight digits of
/// which the first is 2 to 6, a check digit, the issue number, and with eleven the person's place
/// on the card.
pub(super) fn medicare(value: &[u8]) -> bool {
    let Some((card, person)) = value.split_at_checked(10) else { return false };
    let Some(d) = digits::<10>(card) else { return false };
    (2..=6).contains(&d[0])
        && weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == d[8]
        && d[9] != 0
        && matches!(person, [] | [b'1'..=b'9'])
}

/// Individual Healthcare Identifiers (AS 5017; Healthcare Identifiers Act 2010): 800360, nine
/// digits and the Luhn digit.
pub(super) fn ihi(value: &[u8]) -> bool {
    value.len() == 16 && value.starts_with(b"800360") && luhn(value)
}

/// Tax file numbers of nine digits (Australian Taxation Office, TFN algorithm).
pub(super) fn tfn(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && !repeated(&d)
}

/// Numbers of veterans' files (Department of Veterans' Affairs): the state's letter, a code of the
/// war of up to three letters, digits, and a letter for a dependent; eight or nine characters.
pub(super) fn dva(value: &[u8]) -> bool {
    let Some((state, rest)) = value.split_first() else { return false };
    let code = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let Some((_, rest)) = rest.split_at_checked(code) else { return false };
    let number = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let Some((_, dependent)) = rest.split_at_checked(number) else { return false };
    b"NVQWST".contains(state)
        && code <= 3
        && (2..=6).contains(&number)
        && (code + number == 7 || code + number == 6)
        && matches!(dependent, [] | [b'A'..=b'Z'])
}
