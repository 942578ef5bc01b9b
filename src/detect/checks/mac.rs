//! Hardware addresses (IEEE 802, EUI-48).

/// Whether twelve hexadecimal digits name one device: not all the same, so neither broadcast nor
/// nothing.
pub(super) fn mac(compact: &[u8]) -> bool {
    compact.len() == 12
        && compact.iter().all(u8::is_ascii_hexdigit)
        && compact.iter().any(|b| Some(b) != compact.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_and_nothing_are_no_devices() {
        assert!(mac(b"001A2B3C4D5E"));
        assert!(!mac(b"FFFFFFFFFFFF"));
        assert!(!mac(b"000000000000"));
        assert!(!mac(b"001A2B3C4D5"));
    }
}
