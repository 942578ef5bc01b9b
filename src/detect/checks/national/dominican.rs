//! The Dominican Republic.

use super::super::luhn::luhn;

/// Identity and electoral cards (Junta Central Electoral, Ley 8-92): eleven digits with the Luhn
/// digit.
pub(super) fn cedula(value: &[u8]) -> bool {
    value.len() == 11 && luhn(value)
}
