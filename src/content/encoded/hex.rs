//! Values in hexadecimal, also behind `0x` or `\\x` (as PostgreSQL writes `bytea`).

use smallvec::SmallVec;

use super::{ENCODED_BYTES_MIN, TOLD_BYTES, begins_document};
use crate::content::encoding::nibble;

/// Bytes of the shortest that is looked into: a hash of sixteen is text once in five million times.
const BYTES_MIN: usize = 16;

/// Whether a value that begins so may be one: the first byte is one that documents begin with.
#[inline]
pub(super) fn may_begin(head: &[u8; ENCODED_BYTES_MIN]) -> bool {
    // Most values are done with here: numbers have something else among their first digits.
    match head {
        [b'1'..=b'7' | b'c'..=b'f' | b'C'..=b'F', ..] => is_plausible(head),
        [b'0' | b'\\', b'x' | b'X', ..] => is_plausible(head),
        _ => false,
    }
}

#[inline(never)]
fn is_plausible(head: &[u8; ENCODED_BYTES_MIN]) -> bool {
    let [high, low, rest @ ..] = digits(head) else { return false };
    let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { return false };
    let begins = matches!(high << 4 | low, b' '..=b'~' | 0x1f | 0xc2..=0xf4 | 0xfe | 0xff);
    begins && rest.iter().all(u8::is_ascii_hexdigit)
}

/// The digits of `value`, where all of it is some and the first of them stand for a document.
pub(super) fn hidden(value: &[u8]) -> Option<&[u8]> {
    may_begin(value.first_chunk()?).then_some(())?;
    let digits = digits(value.trim_ascii_end());
    let plain = first_bytes(digits);
    let known = digits.len() >= 2 * BYTES_MIN
        && begins_document(&plain)
        && (!digits.iter().all(u8::is_ascii_digit) || plain.iter().all(is_of_number))
        && digits.iter().all(u8::is_ascii_hexdigit);
    known.then_some(digits)
}

/// Without what some writers put before it.
fn digits(value: &[u8]) -> &[u8] {
    match value {
        [b'0' | b'\\', b'x' | b'X', digits @ ..] => digits,
        _ => value,
    }
}

/// Long numbers stand for text by chance: without a letter among the digits, only a number does.
fn is_of_number(byte: &u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'/')
}

/// The first bytes that `digits` stand for.
fn first_bytes(digits: &[u8]) -> SmallVec<[u8; TOLD_BYTES]> {
    let pairs = digits.as_chunks::<2>().0.iter().take(TOLD_BYTES / 2);
    pairs.map_while(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}
