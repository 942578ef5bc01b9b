//! Medicare Beneficiary Identifiers (CMS, "Understanding the MBI format").

/// Whether eleven characters have the right kind each: C A AN N A AN N A A N N, where C is 1 to
/// 9 and letters leave out S, L, O, I, B and Z.
pub(super) fn mbi(compact: &[u8]) -> bool {
    const KINDS: [u8; 11] = *b"CAXNAXNAANN";
    compact.len() == KINDS.len()
        && compact.iter().zip(KINDS).all(|(byte, kind)| match kind {
            b'C' => matches!(byte, b'1'..=b'9'),
            b'N' => byte.is_ascii_digit(),
            b'A' => is_letter(*byte),
            _ => byte.is_ascii_digit() || is_letter(*byte),
        })
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_cms_passes() {
        assert!(mbi(b"1EG4TE5MK73"));
        assert!(!mbi(b"1SG4TE5MK73"), "S is left out");
        assert!(!mbi(b"0EG4TE5MK73"), "no leading zero");
        assert!(!mbi(b"1EG4TE5MK7"));
    }
}
