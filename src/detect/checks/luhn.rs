//! The Luhn check (ISO/IEC 7812-1, annex B).

/// Whether `digits` are digits whose Luhn sum is a multiple of ten. All zeros are refused.
pub(super) fn luhn(digits: &[u8]) -> bool {
    digits.iter().any(|d| *d != b'0') && luhn_sum(digits) == Some(0)
}

/// The Luhn sum modulo ten, the last digit being the check digit; `None` for anything else than
/// digits.
pub(super) fn luhn_sum(digits: &[u8]) -> Option<u32> {
    // Doubling with the cross sum taken: 0 2 4 6 8 1 3 5 7 9.
    const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let mut sum = 0;
    let mut double = false;
    for byte in digits.iter().rev() {
        let digit = byte.wrapping_sub(b'0');
        let value = if double {
            *DOUBLED.get(usize::from(digit))?
        } else if digit < 10 {
            u32::from(digit)
        } else {
            return None;
        };
        sum += value;
        double = !double;
    }
    Some(sum % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_passes() {
        assert!(luhn(b"79927398713"));
        assert!(!luhn(b"79927398710"));
        assert!(!luhn(b"0000000000000000"));
        assert!(!luhn(b"7992739871x"));
        assert!(!luhn(b""));
    }
}
