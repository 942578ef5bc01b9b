//! Check characters of ISO/IEC 7064:2003.

/// The hybrid system MOD 11,10: whether `digits`, the last being the check digit, satisfy it.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((last, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + last) % 10 == 1
}

/// The pure system MOD 11-2: whether digits with a check character `0` to `9` or `X` satisfy it.
pub(super) fn mod_11_2(value: &[u8]) -> bool {
    let Some((last, rest)) = value.split_last() else { return false };
    let mut sum = 0u32;
    for byte in rest {
        if !byte.is_ascii_digit() {
            return false;
        }
        sum = (sum + u32::from(byte - b'0')) * 2 % 11;
    }
    let last = match last {
        b'X' => 10,
        b'0'..=b'9' => u32::from(last - b'0'),
        _ => return false,
    };
    (sum + last) % 11 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_pass() {
        assert!(mod_11_10(&[0, 7, 9, 4, 5]));
        assert!(!mod_11_10(&[0, 7, 9, 4, 6]));
        assert!(mod_11_2(b"0794X") || mod_11_2(b"07940"));
        assert!(!mod_11_2(b"07941"));
        assert!(!mod_11_2(b"0x940"));
    }
}
