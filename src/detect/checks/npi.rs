//! National Provider Identifiers (45 CFR 162.406; CMS, "NPI check digit").

use super::luhn::luhn_sum;

/// Whether ten digits start with 1 or 2 and pass the Luhn check with `80840` before them.
pub(super) fn npi(digits: &[u8]) -> bool {
    // 80840 adds the constant 24 to the Luhn sum.
    digits.len() == 10
        && matches!(digits.first(), Some(b'1' | b'2'))
        && luhn_sum(digits).is_some_and(|sum| (sum + 24).is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_cms_passes() {
        assert!(npi(b"1234567893"));
        assert!(!npi(b"1234567894"));
        assert!(!npi(b"9234567893"));
        assert!(!npi(b"123456789"));
    }
}
