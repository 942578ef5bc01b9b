//! The start of a message within a block, byte by byte.

pub(super) const MSH: &[u8] = b"MSH";
/// The same as some senders write it; in [`super::lane::Stage::Body`] with this bit beside its
/// length.
pub(super) const LOWER_MSH: &[u8] = b"msh";
pub(super) const LOWER: u8 = 1 << 7;

/// What came of an MSH at the start of a line ([`super::lane::Stage::Body`]).
pub(super) fn begun(line: Option<u8>) -> &'static [u8] {
    let line = line.unwrap_or(0);
    let name = if line & LOWER == 0 { MSH } else { LOWER_MSH };
    name.get(..usize::from(line & !LOWER)).unwrap_or_default()
}

/// What came of one with this byte, if that is its next.
pub(super) fn one_more(matched: u8, byte: u8) -> Option<u8> {
    let have = usize::from(matched & !LOWER);
    let fits = |name: &[u8]| name.get(have) == Some(&byte);
    let lower = matched & LOWER != 0 || have == 0 && fits(LOWER_MSH);
    let name = if lower { LOWER_MSH } else { MSH };
    fits(name).then_some((matched + 1) | if lower { LOWER } else { 0 })
}

/// What can stand behind `MSH`.
pub(super) fn is_separator(byte: u8) -> bool {
    byte.is_ascii_punctuation() || byte == b'\t'
}
