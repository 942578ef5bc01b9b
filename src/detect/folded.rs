//! Numbers as word processors and keyboards of other scripts write them: spaces and hyphens that
//! break no line, digits of full width, Arabic or Indian ones, marks of direction around them; and
//! numbers that a table made decimal (`536221234.0`).

use smallvec::SmallVec;

use super::sift::Census;

/// Bytes of the longest value that is folded: identifiers are shorter.
const FOLDED_BYTES_MAX: usize = 64;
/// Digits of the shortest.
const DIGITS_MIN: usize = 6;

/// A value in ASCII.
pub(super) struct Folded {
    bytes: SmallVec<[u8; FOLDED_BYTES_MAX]>,
}

impl Folded {
    /// Of `bytes`, where they are written so and nothing else than ASCII is left.
    pub(super) fn of(bytes: &[u8], census: &Census) -> Option<Folded> {
        if census.len > FOLDED_BYTES_MAX {
            return None;
        }
        if census.high == 0 {
            let whole = bytes.strip_suffix(b".0").filter(|_| census.digits + 1 == census.len)?;
            return (census.digits > DIGITS_MIN + 1).then(|| Folded { bytes: whole.into() });
        }
        let mut out = SmallVec::new();
        let (mut rest, mut digits) = (bytes, 0);
        while let Some((first, tail)) = rest.split_first() {
            if !first.is_ascii()
                && let Some(tail) = behind_mark(rest)
            {
                rest = tail;
                continue;
            }
            let (byte, tail) = if first.is_ascii() { (*first, tail) } else { folded(rest)? };
            digits += usize::from(byte.is_ascii_digit());
            out.push(byte);
            rest = tail;
        }
        (digits >= DIGITS_MIN).then_some(Folded { bytes: out })
    }

    /// The value.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The ASCII of the character that `rest` begins with: U+00A0, U+2007, U+202F, U+3000 are spaces,
/// U+2010 to U+2015 and U+2212 hyphens, U+FF08 to U+FF19 of full width. Digits are those of Arabic,
/// Persian, Devanagari, Bengali and Thai.
fn folded(rest: &[u8]) -> Option<(u8, &[u8])> {
    Some(match rest {
        [0xc2, 0xa0, tail @ ..]
        | [0xe2, 0x80, 0x87 | 0xaf, tail @ ..]
        | [0xe3, 0x80, 0x80, tail @ ..] => (b' ', tail),
        [0xe2, 0x80, 0x90..=0x95, tail @ ..] | [0xe2, 0x88, 0x92, tail @ ..] => (b'-', tail),
        [0xef, 0xbc, last @ 0x88..=0x99, tail @ ..] => (last.checked_sub(0x60)?, tail),
        [0xd9, last @ 0xa0..=0xa9, tail @ ..] => (digit(*last, 0xa0)?, tail),
        [0xdb, last @ 0xb0..=0xb9, tail @ ..] => (digit(*last, 0xb0)?, tail),
        [0xe0, 0xa5 | 0xa7, last @ 0xa6..=0xaf, tail @ ..] => (digit(*last, 0xa6)?, tail),
        [0xe0, 0xb9, last @ 0x90..=0x99, tail @ ..] => (digit(*last, 0x90)?, tail),
        _ => return None,
    })
}

/// The digit that the last byte of its character stands for, where `zero` is that of naught.
fn digit(last: u8, zero: u8) -> Option<u8> {
    last.checked_sub(zero)?.checked_add(b'0')
}

/// What is behind a mark of direction or a joint of no width: U+200B to U+200F, U+202A to U+202E,
/// U+2060 to U+2069, U+061C, U+FEFF.
fn behind_mark(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [0xe2, 0x80, 0x8b..=0x8f | 0xaa..=0xae, tail @ ..]
        | [0xe2, 0x81, 0xa0..=0xa9, tail @ ..]
        | [0xd8, 0x9c, tail @ ..]
        | [0xef, 0xbb, 0xbf, tail @ ..] => Some(tail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(text: &str) -> Option<String> {
        let folded = Folded::of(text.as_bytes(), &Census::of(text.as_bytes()))?;
        Some(String::from_utf8(folded.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn numbers_are_read_however_they_are_set() {
        for (text, expected) in [
            ("536\u{2013}22\u{2013}1234", "536-22-1234"),
            ("536\u{2011}22\u{2011}1234", "536-22-1234"),
            ("943\u{a0}476\u{202f}5919", "943 476 5919"),
            ("５３６-２２-１２３４", "536-22-1234"),
            ("（０３）１２３４－５６７８", "(03)1234-5678"),
            ("＋４４ 20 7946 0958", "+44 20 7946 0958"),
            ("536221234.0", "536221234"),
            ("٩٤٣٤٧٦٥٩١٩", "9434765919"),
            ("۹۴۳ ۴۷۶ ۵۹۱۹", "943 476 5919"),
            ("९४३४७६५९१९", "9434765919"),
            ("৯৪৩৪৭৬৫৯১৯", "9434765919"),
            ("๙๔๓๔๗๖๕๙๑๙", "9434765919"),
            ("\u{200f}+٩٧٢ ٣ ١٢٣٤٥٦٧\u{200f}", "+972 3 1234567"),
        ] {
            assert_eq!(fold(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["Müller", "12–14", "536221234", "37.0", "120000.0", "1.2.1234567.0", "", "千1234567"]
        {
            assert_eq!(fold(text), None, "{text}");
        }
    }
}
