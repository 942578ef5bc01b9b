//! Viet Nam.

use super::super::arithmetic::{digits, weighted};

/// Tax codes (Ministry of Finance, Circular 105/2020/TT-BTC): nine digits and a check digit.
pub(super) fn mst(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    let sum = weighted(&d, &[31, 29, 23, 19, 17, 13, 7, 5, 3]) % 11;
    sum + d[9] == 10 && d[2..9] != [0; 7]
}
