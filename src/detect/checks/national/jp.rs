//! Japan.

use super::super::arithmetic::{digits, repeated, weighted};

/// Individual numbers, "My Number" (Ministry of Internal Affairs and Communications ordinance 85 of
/// 2014, article 5): eleven digits and a check digit modulo 11.
pub(super) fn my_number(value: &[u8]) -> bool {
    let Some(d) = digits::<12>(value) else { return false };
    let rest = weighted(&d, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let expected = if rest <= 1 { 0 } else { 11 - rest };
    expected == d[11] && !repeated(&d)
}
