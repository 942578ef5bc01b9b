//! What may be shown of a value: its length and the kinds of its characters.

use std::fmt;

/// The character shape of a value: `9` for a digit, `A` and `a` for letters, `.` for anything else
/// printable, `_` for white space, `?` for the rest, runs of one kind written once with their
/// length (`9{3}.9{2}.9{4}`). No character of the value itself survives.
///
/// Eight runs of one byte each, the first in the lowest byte: kind in the upper three bits, length
/// in the lower five (31: that many or more). A byte of zero ends the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(u64);

const RUNS_MAX: usize = 8;
const RUN_LENGTH_MAX: u8 = 31;
/// How kinds are written; the index is the kind.
const KINDS: [char; 8] = ['\0', '9', 'A', 'a', '.', '_', '?', '…'];
const MORE: u8 = 7;

impl Mask {
    /// The mask of `value`, read as UTF-8 where it is. Looks at no more than it can keep.
    pub fn of(value: &[u8]) -> Mask {
        let mut runs = [0u8; RUNS_MAX];
        let mut at = 0;
        let (mut last, mut length) = (0u8, 0u8);
        // Eight full runs are 248 characters of at most four bytes.
        let head = value.get(..1024).unwrap_or(value);
        if head.len() <= ASCII_BYTES_MAX && head.is_ascii() {
            return Mask::of_ascii(head);
        }
        for chunk in head.utf8_chunks() {
            let broken = (!chunk.invalid().is_empty()).then_some('\0');
            for c in chunk.valid().chars().chain(broken) {
                let kind = kind(c);
                if kind == last {
                    length = (length + 1).min(RUN_LENGTH_MAX);
                    if let Some(run) = runs.get_mut(at) {
                        *run = kind << 5 | length;
                    }
                    continue;
                }
                at += usize::from(last != 0);
                (last, length) = (kind, 1);
                match runs.get_mut(at) {
                    Some(run) => *run = kind << 5 | 1,
                    None => {
                        runs[RUNS_MAX - 1] = MORE << 5 | 1;
                        return Mask(u64::from_le_bytes(runs));
                    }
                }
            }
        }
        Mask(u64::from_le_bytes(runs))
    }

    /// How many characters it tells of: all of a value of eight or fewer.
    pub fn characters(self) -> usize {
        let runs = self.0.to_le_bytes();
        runs.iter().map(|run| usize::from(run & RUN_LENGTH_MAX)).sum()
    }

    /// The same for the usual short value, where every byte is a character.
    fn of_ascii(value: &[u8]) -> Mask {
        let mut bits = 0u64;
        let (mut shift, mut last) = (0u32, 0u8);
        for byte in value {
            let kind = ASCII_KINDS[usize::from(byte & 0x7f)];
            if kind == last {
                // At most 31 bytes: the length does not run over its five bits.
                bits += 1 << (shift - 8);
                continue;
            }
            if shift == 64 {
                return Mask(bits & !(0xff << 56) | u64::from(MORE << 5 | 1) << 56);
            }
            bits |= u64::from(kind << 5 | 1) << shift;
            shift += 8;
            last = kind;
        }
        Mask(bits)
    }

    /// The mask as a number, for storage.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// A mask read back from where it was stored.
    pub fn from_bits(bits: u64) -> Mask {
        Mask(bits)
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for run in self.0.to_le_bytes().into_iter().take_while(|run| *run != 0) {
            f.write_char(KINDS[usize::from(run >> 5)])?;
            match run & RUN_LENGTH_MAX {
                0 | 1 => {}
                RUN_LENGTH_MAX => f.write_str("{31,}")?,
                length => write!(f, "{{{length}}}")?,
            }
        }
        Ok(())
    }
}

/// Values of at most this length cannot overflow the length of a run.
const ASCII_BYTES_MAX: usize = RUN_LENGTH_MAX as usize;

static ASCII_KINDS: [u8; 128] = ascii_kinds();

const fn ascii_kinds() -> [u8; 128] {
    let mut kinds = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => 1,
            b'A'..=b'Z' => 2,
            b'a'..=b'z' => 3,
            b' ' | b'\t'..=b'\r' => 5,
            0..=0x1f | 0x7f => 6,
            _ => 4,
        };
        byte += 1;
    }
    kinds
}

fn kind(c: char) -> u8 {
    match c {
        '0'..='9' => 1,
        c if c.is_uppercase() => 2,
        c if c.is_alphabetic() => 3,
        c if c.is_whitespace() => 5,
        c if c.is_control() => 6,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mask_keeps_no_character() {
        assert_eq!(Mask::of(b"078-05-1120").to_string(), "9{3}.9{2}.9{4}");
        assert_eq!(Mask::of("Ada Müller".as_bytes()).to_string(), "Aa{2}_Aa{5}");
        assert_eq!(Mask::of(b"\xff").to_string(), "?");
        assert_eq!(Mask::of(b"").to_string(), "");
    }

    #[test]
    fn a_long_value_has_a_short_mask() {
        assert_eq!(Mask::of("a".repeat(10_000).as_bytes()).to_string(), "a{31,}");
        assert_eq!(Mask::of("aB".repeat(10_000).as_bytes()).to_string(), "aAaAaAa…");
    }

    proptest! {
        #[test]
        fn the_short_way_gives_the_same(value in "[ -~\t\r\n\x00\x7f]{0,31}") {
            // A character beyond ASCII behind the value takes the long way.
            let long = Mask::of(format!("{value}\u{2028}").as_bytes());
            let short = Mask::of(format!("{value} ").as_bytes());
            prop_assert_eq!(long, short);
        }

        #[test]
        fn masks_survive_storage(value: Vec<u8>) {
            let mask = Mask::of(&value);
            prop_assert_eq!(Mask::from_bits(mask.bits()), mask);
        }
    }
}
