//! Switzerland.

use super::super::arithmetic::{digits, weighted};

/// Old-age insurance numbers, AHV or AVS (Zentrale Ausgleichsstelle, Wegleitung AHVN13): 756 and
/// the check digit of a GS1 number of thirteen digits.
pub(super) fn ahv(value: &[u8]) -> bool {
    let Some(d) = digits::<13>(value) else { return false };
    let sum = weighted(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    d[..3] == [7, 5, 6] && sum.is_multiple_of(10)
}
