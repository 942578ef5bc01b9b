//! Venezuela.

use super::super::arithmetic::{digits, weighted};

/// Tax numbers of natural persons, RIF (SENIAT, Providencia 0073): V for citizens or E for
/// foreigners, eight digits, a check digit modulo 11.
pub(super) fn rif(value: &[u8]) -> bool {
    let Some((kind, rest)) = value.split_first() else { return false };
    let Some(d) = digits::<9>(rest) else { return false };
    let more = match kind {
        b'V' => 4,
        b'E' => 8,
        _ => return false,
    };
    let rest = (more + weighted(&d, &[3, 2, 7, 6, 5, 4, 3, 2])) % 11;
    let expected = if rest <= 1 { 0 } else { 11 - rest };
    expected == d[8]
}
