//! Pakistan.

use super::super::arithmetic::digits;

/// National identity cards, CNIC (NADRA): five digits of the place, of which the first is the
/// province (1 to 7), seven of the family, one for the sex; no check digit.
pub(super) fn cnic(value: &[u8]) -> bool {
    digits::<13>(value).is_some_and(|d| (1..=7).contains(&d[0]) && d[12] != 0)
}
