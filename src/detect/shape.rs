//! Masks of rules, compiled: one class of bytes per position.

use crate::base::limits::MASK_CHARS_MAX;

use super::sift::Census;

const DIGIT: u8 = 1;
const UPPER: u8 = 2;
const LOWER: u8 = 4;
const HEX: u8 = 8;

static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let mut class = 0;
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if byte.is_ascii_uppercase() {
            class |= UPPER;
        }
        if byte.is_ascii_lowercase() {
            class |= LOWER;
        }
        if byte.is_ascii_hexdigit() {
            class |= HEX;
        }
        table[byte as usize] = class;
        if byte == 255 {
            return table;
        }
        byte += 1;
    }
}

/// One position: a class, or where that is 0 a literal byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    class: u8,
    literal: u8,
}

impl Position {
    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    fn accepts(self, byte: u8) -> bool {
        if self.class == 0 {
            byte == self.literal
        } else {
            CLASSES[usize::from(byte)] & self.class != 0
        }
    }
}

/// A mask: so many bytes, each of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    positions: Box<[Position]>,
    /// Least and greatest number of digits in a value.
    digits: (u8, u8),
}

impl Shape {
    /// Reads a mask (see [`crate::rules::Rule::masks`] for the language).
    pub(super) fn parse(mask: &str) -> Result<Shape, String> {
        let mut positions: Vec<Position> = Vec::new();
        let mut bytes = mask.bytes();
        while let Some(byte) = bytes.next() {
            let class = match byte {
                b'#' => DIGIT,
                b'^' => UPPER,
                b'@' => UPPER | LOWER,
                b'*' => DIGIT | UPPER,
                b'x' => HEX,
                b'{' => {
                    let digits: String =
                        bytes.by_ref().take_while(|b| *b != b'}').map(char::from).collect();
                    let times: usize = digits
                        .parse()
                        .map_err(|_| format!("mask {mask:?}: expected a number in braces"))?;
                    let last = *positions
                        .last()
                        .ok_or_else(|| format!("mask {mask:?}: nothing before the brace"))?;
                    if !(2..=MASK_CHARS_MAX).contains(&times) {
                        return Err(format!("mask {mask:?}: repeat 2 to {MASK_CHARS_MAX} times"));
                    }
                    positions.resize(positions.len() + times - 1, last);
                    continue;
                }
                _ => 0,
            };
            let literal = if byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
            positions.push(Position { class, literal });
        }
        if positions.is_empty() || positions.len() > MASK_CHARS_MAX {
            return Err(format!("mask {mask:?}: expected 1 to {MASK_CHARS_MAX} characters"));
        }
        let sure = positions.iter().filter(|p| p.class == DIGIT).count()
            + positions.iter().filter(|p| p.class == 0 && p.literal.is_ascii_digit()).count();
        let open = |p: &&Position| p.class != DIGIT && p.class & (DIGIT | HEX) != 0;
        let maybe = positions.iter().filter(open).count();
        let narrow = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        Ok(Shape { positions: positions.into(), digits: (narrow(sure), narrow(sure + maybe)) })
    }

    /// How many bytes it stands for.
    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    /// Least and greatest number of digits in a value.
    pub(super) fn digits(&self) -> (u8, u8) {
        self.digits
    }

    /// How many digits a text has to begin with, exactly, to fit: `None` where that is open.
    pub(super) fn leading_digits(&self) -> Option<usize> {
        let digit =
            |p: &&Position| p.class == DIGIT || (p.class == 0 && p.literal.is_ascii_digit());
        let run = self.positions.iter().take_while(digit).count();
        match self.positions.get(run) {
            // What follows a whole mask is no digit either.
            None => Some(run),
            Some(next) if next.class & (DIGIT | HEX) == 0 => Some(run),
            Some(_) => None,
        }
    }

    /// How many bytes the first word of a text that fits has.
    pub(super) fn first_word(&self) -> usize {
        let word = |p: &&Position| p.class != 0 || is_word_byte(p.literal);
        self.positions.iter().take_while(word).count()
    }

    /// Whether a value that fits could have `byte` at `place`.
    pub(super) fn accepts(&self, place: usize, byte: u8) -> bool {
        self.positions.get(place).is_some_and(|position| position.accepts(byte))
    }

    /// Whether the whole of `value` fits.
    pub(super) fn fits(&self, value: &[u8]) -> bool {
        value.len() == self.positions.len()
            && self.positions.iter().zip(value).all(|(position, byte)| position.accepts(*byte))
    }

    /// What of the head of `text` fits, if it does not go on in the same word.
    pub(super) fn fits_head<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (head, rest) = text.split_at_checked(self.positions.len())?;
        let first = self.positions.first()?;
        (first.accepts(*head.first()?) && is_word_end(rest) && self.fits(head)).then_some(head)
    }
}

impl Shape {
    /// Whether what fits at `start` of `text` is no part of a longer chain of the same groups: six
    /// pairs of a fingerprint's twenty are no hardware address. Asked only of masks that are
    /// nothing but such groups.
    pub(super) fn stands_alone(&self, text: &[u8], start: usize) -> bool {
        let literal = |p: &Position| p.class == 0;
        let Some(group) = self.positions.iter().position(literal) else { return true };
        let Some((cut, first)) = self.positions.get(group).zip(self.positions.first()) else {
            return true;
        };
        let regular = (self.positions.len() + 1).is_multiple_of(group + 1)
            && self.positions.iter().enumerate().all(|(at, position)| {
                let expected = if (at + 1).is_multiple_of(group + 1) { cut } else { first };
                position == expected
            });
        if !regular {
            return true;
        }
        let is_group = |from: usize| {
            let word = |at: usize| text.get(at).is_some_and(|b| is_word_byte(*b));
            let bytes = text.get(from..from + group).unwrap_or_default();
            bytes.len() == group
                && bytes.iter().all(|byte| first.accepts(*byte))
                && !from.checked_sub(1).is_some_and(word)
                && !word(from + group)
        };
        let end = start + self.positions.len();
        let before = start.checked_sub(1).filter(|at| text.get(*at) == Some(&cut.literal));
        let chained_before = before.and_then(|at| at.checked_sub(group)).is_some_and(is_group);
        let chained_behind = text.get(end) == Some(&cut.literal) && is_group(end + 1);
        !chained_before && !chained_behind
    }
}

/// Whether a word ends before `rest`: no letter, digit or underscore follows, nor one behind a
/// hyphen or point.
pub(super) fn is_word_end(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b'-' | b'.', next, ..] => !is_word_byte(*next) || next.is_ascii_uppercase(),
        [next, ..] => !is_word_byte(*next),
    }
}

/// Whether `byte` belongs to a word.
pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The letters and digits of a value, in capitals, on the stack.
pub(super) struct Compact {
    bytes: [u8; MASK_CHARS_MAX],
    len: usize,
}

impl Compact {
    /// Of the first [`MASK_CHARS_MAX`] letters and digits.
    pub(super) fn of(value: &[u8]) -> Compact {
        let mut out = Compact { bytes: [0; MASK_CHARS_MAX], len: 0 };
        for byte in value {
            if byte.is_ascii_alphanumeric() {
                let Some(slot) = out.bytes.get_mut(out.len) else { break };
                *slot = byte.to_ascii_uppercase();
                out.len += 1;
            }
        }
        out
    }

    /// The letters and digits.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A value as checks are given it: its letters and digits are put together once for all of them.
pub(super) struct Given<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether it is nothing but digits and capitals, few enough.
    is_compact: bool,
    compact: Option<Compact>,
}

impl<'a> Given<'a> {
    /// The value `bytes`, counted before.
    pub(super) fn new(bytes: &'a [u8], census: &Census) -> Given<'a> {
        let is_compact = census.digits + census.upper == census.len && census.len <= MASK_CHARS_MAX;
        Given { bytes, is_compact, compact: None }
    }

    /// What is the same as [`Compact`] has of it.
    pub(super) fn compact(&mut self) -> &[u8] {
        if self.is_compact {
            return self.bytes;
        }
        self.compact.get_or_insert_with(|| Compact::of(self.bytes)).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_tells_kinds_and_literals() {
        let shape = Shape::parse("^^ ##-{2}*{3}\\#").unwrap();
        assert_eq!(shape.len(), 11);
        assert_eq!(shape.digits(), (2, 5));
        assert!(shape.fits(b"AB 12--9Z0#"));
        assert!(!shape.fits(b"aB 12--9Z0#"));
        assert!(!shape.fits(b"AB 12--9Z0"));
    }

    #[test]
    fn a_head_ends_with_its_word() {
        let shape = Shape::parse("###-##").unwrap();
        assert_eq!(shape.fits_head(b"123-45, then"), Some(&b"123-45"[..]));
        assert_eq!(shape.fits_head(b"123-45."), Some(&b"123-45"[..]));
        assert_eq!(shape.fits_head(b"123-456"), None);
        assert_eq!(shape.fits_head(b"123-45-6"), None);
    }

    #[test]
    fn a_chain_of_the_same_groups_is_another_thing() {
        let mac = Shape::parse("xx:xx:xx:xx:xx:xx").unwrap();
        let alone = |text: &str, start| mac.stands_alone(text.as_bytes(), start);
        assert!(alone("at 00:1a:2b:3c:4d:5e, up", 3));
        assert!(alone("MAC:00:1a:2b:3c:4d:5e:", 4));
        assert!(!alone("AB:00:1a:2b:3c:4d:5e", 3));
        assert!(!alone("00:1a:2b:3c:4d:5e:FF:00", 0));
        let ssn = Shape::parse("###-##-####").unwrap();
        assert!(ssn.stands_alone(b"12-123-45-6789", 3), "its groups differ");
    }

    #[test]
    fn a_bad_mask_says_why() {
        assert!(Shape::parse("{3}").unwrap_err().contains("nothing before"));
        assert!(Shape::parse("#{x}").unwrap_err().contains("a number"));
        assert!(Shape::parse("").unwrap_err().contains("1 to 64"));
        assert!(Shape::parse("#{60}#{60}").unwrap_err().contains("1 to 64"));
    }
}
