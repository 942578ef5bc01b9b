//! Peru.

use super::super::arithmetic::{digits, weighted};

/// Identity cards with their check character (RENIEC, Código Único de Identificación): eight
/// digits, and a digit, or on older cards a letter.
pub(super) fn cui(value: &[u8]) -> bool {
    let Some((check, body)) = value.split_last() else { return false };
    let Some(d) = digits::<8>(body) else { return false };
    let rest = usize::try_from(weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11).unwrap_or(0);
    b"65432110987".get(rest) == Some(check) || b"KJIHGFEDCBA".get(rest) == Some(check)
}
