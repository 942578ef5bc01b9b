//! UK National Insurance numbers (HMRC, National Insurance Manual NIM39110).

/// Whether two letters, six digits and a suffix A to D have a prefix that is in use.
pub(super) fn nino(compact: &[u8]) -> bool {
    let [first, second, digits @ .., suffix] = compact else { return false };
    digits.len() == 6
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(suffix, b'A'..=b'D')
        && first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(first)
        && !b"DFIQUVO".contains(second)
        && !matches!(
            (first, second),
            (b'B', b'G')
                | (b'G', b'B')
                | (b'K', b'N')
                | (b'N', b'K' | b'T')
                | (b'T', b'N')
                | (b'Z', b'Z')
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_suffixes_that_are_not_issued_fail() {
        assert!(nino(b"AA123456A"));
        assert!(nino(b"JG103759D"));
        assert!(!nino(b"QQ123456C"));
        assert!(!nino(b"BG123456C"));
        assert!(!nino(b"AO123456C"));
        assert!(!nino(b"AA123456E"));
        assert!(!nino(b"AA12345A"));
    }
}
