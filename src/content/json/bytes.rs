//! Finding where tokens end.

pub(super) use crate::base::scan::string_end;

const SPACES: u64 = u64::from_le_bytes([b' '; 8]);

/// Space, tab, line ends, and the record separator of RFC 7464.
#[inline]
pub(in crate::content) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1e)
}

/// The same as [`skip_blank`], for places where mostly nothing or one space is to be skipped.
#[inline]
pub(super) fn solid(input: &[u8], from: usize) -> usize {
    match input.get(from..) {
        Some([first, ..]) if *first > b' ' => from,
        Some([b' ', second, ..]) if *second > b' ' => from + 1,
        _ => skip_blank(input, from),
    }
}

/// The first byte at or behind `from` that is not blank, or the end. Most of what is blank is
/// indentation, so runs of spaces are passed over eight at a time.
pub(in crate::content) fn skip_blank(input: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        while let Some(eight) = input.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let other = u64::from_le_bytes(*eight) ^ SPACES;
            if other != 0 {
                at += other.trailing_zeros() as usize / 8;
                break;
            }
            at += 8;
        }
        match input.get(at) {
            Some(byte) if is_blank(*byte) => at += 1,
            _ => return at,
        }
    }
}

/// The first byte at or behind `from` at which a bare token may end, or the end.
pub(super) fn bare_end(input: &[u8], from: usize) -> usize {
    let rest = input.get(from..).unwrap_or_default();
    from + rest.iter().position(|b| ends_bare(*b) || is_blank(*b)).unwrap_or(rest.len())
}

/// Bytes no bare token contains.
pub(super) fn ends_bare(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eights_skip_what_bytes_skip(
            input in proptest::collection::vec(
                prop_oneof![
                    Just(b' '), Just(b' '), Just(b' '), Just(b'\n'), Just(b'a'), any::<u8>(),
                ],
                0..80,
            ),
            from in 0usize..80,
        ) {
            let from = from.min(input.len());
            let find = |wanted: fn(&u8) -> bool| {
                input[from..].iter().position(wanted).map_or(input.len(), |n| from + n)
            };
            prop_assert_eq!(skip_blank(&input, from), find(|b| !is_blank(*b)));
        }
    }

    #[test]
    fn long_runs_are_skipped() {
        let mut input = vec![b' '; 1000];
        assert_eq!(skip_blank(&input, 3), 1000);
        assert_eq!(string_end(&input, 3), 1000);
        input[777] = b'"';
        assert_eq!(string_end(&input, 3), 777);
        assert_eq!(skip_blank(&input, 3), 777);
    }
}
