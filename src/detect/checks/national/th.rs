//! Thailand.

use super::super::arithmetic::{digits, weighted};

/// Numbers of identity cards (Department of Provincial Administration): thirteen digits, the first
/// 1 to 8, the last a check digit modulo 11.
pub(super) fn pin(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    let sum = weighted(&d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    (11 - sum % 11) % 10 == d[12] && (1..=8).contains(&d[0])
}
