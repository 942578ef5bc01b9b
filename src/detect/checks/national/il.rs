//! Israel.

use super::super::luhn::luhn;

/// Identity numbers (Population and Immigration Authority, Mispar Zehut): nine digits with the Luhn
/// digit.
pub(super) fn idnr(value: &[u8]) -> bool {
    value.len() == 9 && luhn(value)
}
