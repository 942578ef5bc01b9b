//! Taiwan.

use super::super::arithmetic::{digits, weighted};

/// National identification numbers (Ministry of the Interior, Household Registration Act): a letter
/// of the place, 1 or 2 for the sex (8 or 9 for residents), seven digits, a check digit.
pub(super) fn id(value: &[u8]) -> bool {
    // The letters in the order of their numbers, from 10 on.
    const PLACES: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some((place, rest)) = value.split_first() else { return false };
    let Some((_, number)) = PLACES.iter().zip(10u32..).find(|(p, _)| *p == place) else {
        return false;
    };
    let Some(d) = digits::<9>(rest) else { return false };
    let sum = number / 10 + number % 10 * 9 + weighted(&d, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    matches!(d[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10)
}
