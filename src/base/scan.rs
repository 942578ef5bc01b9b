//! Finding bytes of a kind, sixteen at a time.

use wide::u8x16;

/// Bytes looked at with one instruction.
const BLOCK: usize = 16;

/// The place of the first byte at or behind `from` that is wanted, or the length of `input`.
/// `blocks` sets every bit of the lanes that `bytes` wants.
#[inline]
pub fn find(
    input: &[u8],
    from: usize,
    blocks: impl Fn(u8x16) -> u8x16,
    bytes: impl Fn(u8) -> bool,
) -> usize {
    let mut at = from;
    while let Some(block) = input.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let hits = blocks(u8x16::new(*block)).to_bitmask();
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    let tail = input.get(at..).unwrap_or_default();
    input.len() - tail.len() + tail.iter().position(|b| bytes(*b)).unwrap_or(tail.len())
}

/// The first `"` or `\` at or behind `from`, or the end.
#[inline]
pub fn string_end(input: &[u8], from: usize) -> usize {
    let (quote, backslash) = (u8x16::splat(b'"'), u8x16::splat(b'\\'));
    find(
        input,
        from,
        |block| block.simd_eq(quote) | block.simd_eq(backslash),
        |b| matches!(b, b'"' | b'\\'),
    )
}

/// The first ASCII digit at or behind `from`, or the end.
#[inline]
pub fn digit(input: &[u8], from: usize) -> usize {
    let (zero, nine) = (u8x16::splat(b'0'), u8x16::splat(9));
    find(
        input,
        from,
        |block| {
            let value = block - zero;
            value.min(nine).simd_eq(value)
        },
        |b| b.is_ascii_digit(),
    )
}

/// Whether `wanted` is in `input`: for short texts that seldom have it, told by one look at all.
#[inline]
pub fn has(input: &[u8], wanted: u8) -> bool {
    let sign = u8x16::splat(wanted);
    let (blocks, rest) = input.as_chunks::<BLOCK>();
    let mut found = u8x16::splat(0);
    for block in blocks {
        found |= u8x16::new(*block).simd_eq(sign);
    }
    match input.last_chunk::<BLOCK>() {
        // What is left over ends the last block, which overlaps.
        Some(last) => (found | u8x16::new(*last).simd_eq(sign)).to_bitmask() != 0,
        None => rest.contains(&wanted),
    }
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
                    Just(b'"'), Just(b'\\'), Just(b'0'), Just(b'9'), any::<u8>(), any::<u8>(),
                ],
                0..80,
            ),
            letters in 0usize..40,
            from in 0usize..80,
        ) {
            let input = [vec![b'a'; letters], input].concat();
            let from = from.min(input.len());
            let first = |wanted: fn(&u8) -> bool| {
                input[from..].iter().position(wanted).map_or(input.len(), |n| from + n)
            };
            prop_assert_eq!(string_end(&input, from), first(|b| matches!(b, b'"' | b'\\')));
            prop_assert_eq!(digit(&input, from), first(u8::is_ascii_digit));
            prop_assert_eq!(has(&input[from..], b'9'), input[from..].contains(&b'9'));
        }
    }
}
