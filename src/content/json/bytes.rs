//! Finding where tokens end, sixteen bytes at a time.

const BLOCK: usize = 16;

/// Space, tab, line ends, and the record separator of RFC 7464.
#[inline]
pub(in crate::content) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1e)
}

/// The first `"` or `\` at or behind `from`, or the end.
#[inline]
pub(super) fn string_end(input: &[u8], from: usize) -> usize {
    let rest = input.get(from..).unwrap_or_default();
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    for (n, block) in blocks.iter().enumerate() {
        let hits = marks(block, |b| b == b'"' || b == b'\\');
        if hits != 0 {
            return from + n * BLOCK + hits.trailing_zeros() as usize / 8;
        }
    }
    let special = tail.iter().position(|b| matches!(b, b'"' | b'\\'));
    input.len() - tail.len() + special.unwrap_or(tail.len())
}

/// The first byte at or behind `from` that is not blank, or the end.
#[inline]
pub(super) fn skip_blank(input: &[u8], from: usize) -> usize {
    let rest = input.get(from..).unwrap_or_default();
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    for (n, block) in blocks.iter().enumerate() {
        let solid = marks(block, |b| !is_blank(b));
        if solid != 0 {
            return from + n * BLOCK + solid.trailing_zeros() as usize / 8;
        }
    }
    let solid = tail.iter().position(|b| !is_blank(*b));
    input.len() - tail.len() + solid.unwrap_or(tail.len())
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

/// Eight bits per byte of `block`, all set where it is `wanted`. Compilers make two or three
/// vector instructions of this.
#[inline]
fn marks(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> u128 {
    u128::from_le_bytes(block.map(|byte| if wanted(byte) { 0xff } else { 0 }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_find_what_bytes_find(
            input in proptest::collection::vec(
                prop_oneof![
                    Just(b' '), Just(b'\n'), Just(b'"'), Just(b'\\'), Just(b'a'), any::<u8>(),
                ],
                0..80,
            ),
            from in 0usize..80,
        ) {
            let from = from.min(input.len());
            let find = |wanted: fn(&u8) -> bool| {
                input[from..].iter().position(wanted).map_or(input.len(), |n| from + n)
            };
            prop_assert_eq!(string_end(&input, from), find(|b| matches!(b, b'"' | b'\\')));
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
