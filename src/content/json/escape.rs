//! Escapes in JSON strings (RFC 8259 section 7), resumable at any byte.

use super::bytes::string_end;

/// U+FFFD, which stands for what is no character.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Before each record of a JSON text sequence (RFC 7464).
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// A line end, or a record separator: neither stands in a string of JSON as it is.
#[inline]
pub(super) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | RECORD_SEPARATOR)
}

/// Where a string stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// With the input.
    Input,
    /// Before this place, which is behind the closing quote.
    Quote(usize),
    /// At this place, where a line ends.
    Break(usize),
}

/// What is open of an escape where the input was cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Escape {
    stage: Stage,
    /// Hexadecimal digits read so far.
    code: u16,
    /// A high surrogate that waits for its low one; 0 is none.
    high: u16,
    /// Something was no escape of JSON.
    pub(super) malformed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Plain,
    Backslash,
    /// In `\uXXXX`, this many digits read.
    Hex(u8),
}

impl Escape {
    /// Takes the bytes of a string from `at` up to its closing quote, or with `lines` to the end
    /// of the line where that comes first, and hands out what they mean.
    pub(super) fn run(
        &mut self,
        input: &[u8],
        mut at: usize,
        lines: bool,
        mut out: impl FnMut(&[u8]),
    ) -> Stop {
        loop {
            if self.stage == Stage::Plain {
                let end = string_end(input, at);
                let plain = input.get(at..end).unwrap_or_default();
                let line = match lines {
                    true => memchr::memchr2(b'\n', RECORD_SEPARATOR, plain),
                    false => None,
                };
                let plain = plain.get(..line.unwrap_or(plain.len())).unwrap_or_default();
                if !plain.is_empty() {
                    self.flush(&mut out);
                    out(plain);
                }
                if line.is_some() {
                    return Stop::Break(at + plain.len());
                }
                at = end + 1;
                match input.get(end) {
                    None => return Stop::Input,
                    Some(b'"') => {
                        self.flush(&mut out);
                        return Stop::Quote(at);
                    }
                    Some(_) => self.stage = Stage::Backslash,
                }
            }
            let Some(&byte) = input.get(at) else { return Stop::Input };
            if lines && self.stage == Stage::Backslash && is_break(byte) {
                return Stop::Break(at);
            }
            if self.step(byte, &mut out) {
                at += 1;
            }
        }
    }

    /// Ends a string that was cut.
    pub(super) fn end(&mut self, mut out: impl FnMut(&[u8])) {
        self.flush(&mut out);
        self.stage = Stage::Plain;
    }

    /// One byte of an escape; `false` when it does not belong to it.
    fn step(&mut self, byte: u8, out: &mut impl FnMut(&[u8])) -> bool {
        let Stage::Hex(digits) = self.stage else {
            if byte == b'u' {
                (self.stage, self.code) = (Stage::Hex(0), 0);
                return true;
            }
            self.flush(out);
            self.stage = Stage::Plain;
            let meant = match byte {
                b'"' | b'\\' | b'/' => byte,
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => {
                    self.malformed = true;
                    byte
                }
            };
            out(&[meant]);
            return true;
        };
        let Some(digit) = char::from(byte).to_digit(16).and_then(|d| u16::try_from(d).ok()) else {
            self.flush(out);
            out(REPLACEMENT);
            (self.stage, self.malformed) = (Stage::Plain, true);
            return false;
        };
        self.code = self.code << 4 | digit;
        self.stage = Stage::Hex(digits + 1);
        if digits == 3 {
            self.stage = Stage::Plain;
            self.unit(out);
        }
        true
    }

    /// One UTF-16 unit is complete.
    fn unit(&mut self, out: &mut impl FnMut(&[u8])) {
        let (high, unit) = (std::mem::take(&mut self.high), self.code);
        if high != 0 && !matches!(unit, 0xdc00..=0xdfff) {
            out(REPLACEMENT);
        }
        if matches!(unit, 0xd800..=0xdbff) {
            self.high = unit;
            return;
        }
        let pair = [high, unit];
        let units =
            if matches!(unit, 0xdc00..=0xdfff) && high != 0 { &pair[..] } else { &pair[1..] };
        for decoded in char::decode_utf16(units.iter().copied()) {
            let c = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            out(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn flush(&mut self, out: &mut impl FnMut(&[u8])) {
        if std::mem::take(&mut self.high) != 0 {
            out(REPLACEMENT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescape(text: &str) -> (String, bool) {
        let mut escape = Escape::default();
        let mut out = Vec::new();
        let end = escape.run(text.as_bytes(), 0, false, |b| out.extend_from_slice(b));
        assert_eq!(end, Stop::Quote(text.len()), "{text}");
        (String::from_utf8(out).unwrap(), escape.malformed)
    }

    #[test]
    fn escapes_mean_what_rfc_8259_says() {
        assert_eq!(unescape(r#"a\"\\\/\b\f\n\r\tz""#), ("a\"\\/\u{8}\u{c}\n\r\tz".into(), false));
        assert_eq!(unescape(r#"\u00e9\u20AC\ud83d\ude00""#), ("é€😀".into(), false));
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        assert_eq!(unescape(r#"\ud83dx""#).0, "\u{fffd}x");
        assert_eq!(unescape(r#"\ud83d\n""#).0, "\u{fffd}\n");
        assert_eq!(unescape(r#"\ud83d\ud83d\ude00""#).0, "\u{fffd}😀");
        assert_eq!(unescape(r#"\ude00""#).0, "\u{fffd}");
        assert_eq!(unescape(r#"\ud83d""#).0, "\u{fffd}");
        assert_eq!(unescape(r#"\ud83d\u0041""#).0, "\u{fffd}A");
    }

    #[test]
    fn what_is_no_escape_is_kept_and_told() {
        assert_eq!(unescape(r#"\x""#), ("x".into(), true));
        assert_eq!(unescape(r#"\u12""#), ("\u{fffd}".into(), true));
    }
}
