//! Payment card numbers (ISO/IEC 7812-1): issuer prefix, length, Luhn.

use super::luhn::luhn;

/// Whether `digits` have a prefix and length that a card scheme issues, and pass the Luhn check.
pub(super) fn card(digits: &[u8]) -> bool {
    scheme_issues(digits) && luhn(digits)
}

fn scheme_issues(digits: &[u8]) -> bool {
    let Some(head) = digits.first_chunk::<4>() else { return false };
    let head = head.iter().fold(0, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
    let len = digits.len();
    match head {
        4000..=4999 => matches!(len, 13 | 16 | 19),
        5100..=5599 | 2221..=2720 => len == 16,
        3400..=3499 | 3700..=3799 => len == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => matches!(len, 14 | 16),
        6011 | 6440..=6599 | 6200..=6299 => matches!(len, 16..=19),
        // JCB: the range that is issued, and those of older cards, which test data has.
        3500..=3599 => matches!(len, 16..=19),
        1800 | 2131 => len == 15,
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => matches!(len, 12..=19),
        2200..=2204 => len == 16,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_of_the_schemes_pass() {
        for number in [
            "4111111111111111",
            "5555555555554444",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "2223003122003222",
        ] {
            assert!(card(number.as_bytes()), "{number}");
        }
    }

    #[test]
    fn no_scheme_no_card() {
        // Passes Luhn, but 7 and 9 are no payment industries.
        assert!(!card(b"7992739871300003"));
        assert!(!card(b"4111111111111112"));
        assert!(!card(b"41111111111111"));
    }
}
