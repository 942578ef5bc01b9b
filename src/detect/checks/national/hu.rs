//! Hungary.

use super::super::arithmetic::{digits, weighted};

/// Social security numbers, TAJ (1996. évi XX. törvény, annex): eight digits weighted 3 and 7 in
/// turn, modulo 10.
pub(super) fn taj(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    weighted(&d, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == d[8] && d.iter().any(|d| *d != 0)
}
