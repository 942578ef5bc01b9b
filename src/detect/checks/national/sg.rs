//! Singapore.

use super::super::arithmetic::{digits, weighted};

/// Identity cards and foreign identification numbers, NRIC and FIN (Immigration and Checkpoints
/// Authority): S, T, F, G or M, seven digits, a check letter modulo 11.
pub(super) fn nric(value: &[u8]) -> bool {
    let [kind, body @ .., check] = value else { return false };
    let Some(d) = digits::<7>(body) else { return false };
    let sum = weighted(&d, &[2, 7, 6, 5, 4, 3, 2]);
    let (more, letters) = match kind {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"KLJNPQRTUWX"),
        _ => return false,
    };
    let rest = usize::try_from((sum + more) % 11).unwrap_or(0);
    letters.get(rest) == Some(check)
}
