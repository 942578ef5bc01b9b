//! Digits, weighted sums and their remainders: what most check digits are made of.

/// The digits of `value`, if it is exactly `N` of them.
pub(super) fn digits<const N: usize>(value: &[u8]) -> Option<[u32; N]> {
    let bytes: &[u8; N] = value.try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then(|| bytes.map(|byte| u32::from(byte - b'0')))
}

/// The sum of products of digits and weights, pair by pair. The ten values of a digit and weights
/// below a thousand are far from overflowing.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Digits read as a number of up to 19 digits.
pub(super) fn number(digits: &[u32]) -> u64 {
    digits.iter().fold(0u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(*digit)))
}

/// Two digits as a number.
pub(super) fn two(tens: u32, ones: u32) -> u32 {
    tens * 10 + ones
}

/// Whether one digit is all there is: such values satisfy many checks and are fillers.
pub(super) fn repeated(digits: &[u32]) -> bool {
    digits.iter().all(|digit| Some(digit) == digits.first())
}

/// The sum of the decimal digits of products by weights of 1 and 2 in turn, the first weight being
/// `first`, modulo ten.
pub(super) fn cross_sum(digits: &[u32], first: u32) -> u32 {
    let mut weight = first;
    let mut sum = 0;
    for digit in digits {
        let product = digit * weight;
        sum += product / 10 + product % 10;
        weight = 3 - weight;
    }
    sum % 10
}

/// The value of a digit or capital letter: `0` to `9`, then `A` is 10.
pub(super) fn base36(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(36).filter(|_| !byte.is_ascii_lowercase())
}

/// Where a capital letter stands in the alphabet, from 0.
pub(super) fn letter(byte: u8) -> Option<u32> {
    byte.is_ascii_uppercase().then(|| u32::from(byte - b'A'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_exactly_so_many() {
        assert_eq!(digits::<3>(b"907"), Some([9, 0, 7]));
        assert_eq!(digits::<3>(b"9075"), None);
        assert_eq!(digits::<3>(b"90x"), None);
    }

    #[test]
    fn sums_are_taken_pair_by_pair() {
        assert_eq!(weighted(&[1, 2, 3], &[4, 5, 6]), 32);
        assert_eq!(number(&[1, 2, 3]), 123);
        assert_eq!(cross_sum(&[7, 9], 2), 4);
        assert!(repeated(&[4, 4, 4]) && !repeated(&[4, 4, 5]));
        assert_eq!((base36(b'Z'), base36(b'z'), letter(b'C')), (Some(35), None, Some(2)));
    }
}
