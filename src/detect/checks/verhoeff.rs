//! The check of J. Verhoeff, "Error Detecting Decimal Codes" (1969): products in the dihedral group
//! of order ten.

use crate::base::limits::MASK_CHARS_MAX;

const PRODUCT: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

const PERMUTATION: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Whether `digits`, the last being the check digit, satisfy it.
pub(super) fn verhoeff(digits: &[u32]) -> bool {
    let product = digits.iter().rev().zip(PERMUTATION.iter().cycle()).try_fold(
        0u8,
        |product, (digit, permuted)| {
            let at = *permuted.get(usize::try_from(*digit).ok()?)?;
            PRODUCT.get(usize::from(product))?.get(usize::from(at)).copied()
        },
    );
    product == Some(0) && !digits.is_empty()
}

/// The same of digits as they are written; nothing else is one.
pub(super) fn is_verhoeff(value: &[u8]) -> bool {
    let digits = value.iter().map(|b| u32::from(b.wrapping_sub(b'0')));
    let digits: smallvec::SmallVec<[u32; MASK_CHARS_MAX]> = digits.collect();
    digits.iter().all(|digit| *digit < 10) && verhoeff(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_passes() {
        assert!(verhoeff(&[2, 3, 6, 3]));
        for wrong in [[2, 3, 6, 4], [3, 2, 6, 3], [2, 6, 3, 3]] {
            assert!(!verhoeff(&wrong));
        }
    }
}
