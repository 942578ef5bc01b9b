//! NHS numbers of England, Wales and the Isle of Man (NHS Data Dictionary, "NHS NUMBER").

/// Whether ten digits satisfy the modulus 11 check. All-same digits satisfy it and are refused.
/// Which ranges are allocated is no part of it: synthetic data is traffic too.
pub(super) fn nhs(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    if rest.len() != 9 || rest.iter().all(|d| d == check) {
        return false;
    }
    let mut sum = 0;
    for (digit, weight) in rest.iter().zip((2u32..=10).rev()) {
        if !digit.is_ascii_digit() {
            return false;
        }
        sum += u32::from(digit - b'0') * weight;
    }
    // 11 stands for 0; 10 is never issued, and no digit equals it.
    let expected = (11 - sum % 11) % 11;
    u32::from(check.wrapping_sub(b'0')) == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_example_passes_and_its_neighbours_do_not() {
        assert!(nhs(b"9434765919"));
        for last in b'0'..=b'8' {
            let mut wrong = *b"9434765919";
            wrong[9] = last;
            assert!(!nhs(&wrong));
        }
    }

    #[test]
    fn repeated_digits_and_other_lengths_fail() {
        assert!(!nhs(b"0000000000"));
        assert!(!nhs(b"1111111111"));
        assert!(!nhs(b"943476591"));
        assert!(!nhs(b""));
    }
}
