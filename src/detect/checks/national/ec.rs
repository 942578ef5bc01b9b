//! Ecuador.

use super::super::arithmetic::{digits, two};
use super::super::luhn::luhn;

/// Identity cards (Dirección General de Registro Civil): the province (01 to 24, 30 for those
/// abroad), a digit up to 6 for natural persons, six digits and the Luhn digit.
pub(super) fn ci(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    matches!(two(d[0], d[1]), 1..=24 | 30 | 50) && d[2] <= 6 && luhn(value)
}
