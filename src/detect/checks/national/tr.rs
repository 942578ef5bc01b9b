//! Türkiye.

use super::super::arithmetic::digits;

/// Identity numbers (Nüfus ve Vatandaşlık İşleri, Law 5490): nine digits, the first not 0; the
/// tenth is seven times the sum of the odd places less that of the even ones, the last the sum of
/// the first ten, both modulo 10.
pub(super) fn tckimlik(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let odd = d[0] + d[2] + d[4] + d[6] + d[8];
    let even = d[1] + d[3] + d[5] + d[7];
    let sum: u32 = d[..10].iter().sum();
    // Forty keeps the difference above zero and is a multiple of ten.
    d[0] != 0 && (odd * 7 + 40 - even) % 10 == d[9] && sum % 10 == d[10]
}
