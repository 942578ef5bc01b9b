//! What may be shown of a value: its length and the kinds of its characters.

use std::fmt;

/// The character shape of a value: `9` for a digit, `A` and `a` for letters, `.` for anything else
/// printable, `_` for white space, `?` for the rest, runs of one kind written once with their
/// length (`9{3}.9{2}.9{4}`). No character of the value itself survives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mask(Box<str>);

/// Longer values are cut: their total length is still told.
const RUNS_MAX: usize = 12;

impl Mask {
    /// The mask of `value`, read as UTF-8 where it is.
    pub fn of(value: &[u8]) -> Mask {
        use fmt::Write;

        let text = String::from_utf8_lossy(value);
        let mut out = String::new();
        let mut runs = 0;
        let mut chars = text.chars().map(kind).peekable();
        while let Some(first) = chars.next() {
            if runs == RUNS_MAX {
                out.push('…');
                break;
            }
            let mut count = 1;
            while chars.next_if_eq(&first).is_some() {
                count += 1;
            }
            out.push(first);
            if count > 1 {
                // Writing to a String cannot fail.
                let _ = write!(out, "{{{count}}}");
            }
            runs += 1;
        }
        Mask(out.into_boxed_str())
    }

    /// A mask read back from where it was stored.
    pub fn from_stored(text: &str) -> Mask {
        Mask(text.into())
    }

    /// The mask as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn kind(c: char) -> char {
    match c {
        '0'..='9' => '9',
        c if c.is_uppercase() => 'A',
        c if c.is_alphabetic() => 'a',
        c if c.is_whitespace() => '_',
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => '?',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_no_character() {
        assert_eq!(Mask::of(b"078-05-1120").as_str(), "9{3}.9{2}.9{4}");
        assert_eq!(Mask::of("Ada Müller".as_bytes()).as_str(), "Aa{2}_Aa{5}");
    }

    #[test]
    fn a_long_value_has_a_short_mask() {
        let long = "aB".repeat(10_000);
        assert!(Mask::of(long.as_bytes()).as_str().len() < 100);
    }
}
