//! Ukraine.

use super::super::arithmetic::{digits, number, weighted};

/// Registration numbers of taxpayers, RNOKPP (Ministry of Finance, order 822 of 2017): nine digits,
/// of which the first five are days since 1899, and a check digit modulo 11.
pub(super) fn rntrc(value: &[u8]) -> bool {
    let Some(d) = digits::<10>(value) else { return false };
    // The first weight is -1, which is 10 modulo 11.
    let sum = weighted(&d, &[10, 5, 7, 9, 4, 6, 10, 5, 7]);
    sum % 11 % 10 == d[9] && number(&d) != 0
}
