//! Charsets: everything is walked as UTF-8.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::encoding::with_buffer;

/// Converts a body to UTF-8 where it is something else. Invalid UTF-8 is passed on as it is.
#[derive(Default)]
pub(crate) enum Charset {
    /// UTF-8 or ASCII.
    #[default]
    Utf8,
    /// Anything the Encoding Standard knows.
    Other(Box<encoding_rs::Decoder>),
    /// UTF-32, which it does not.
    Utf32(Utf32),
}

/// UTF-32 (The Unicode Standard, section 3.10), cut anywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf32 {
    big: bool,
    unit: [u8; 4],
    have: usize,
}

impl std::fmt::Debug for Charset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Charset::Utf8 => "UTF-8",
            Charset::Other(decoder) => decoder.encoding().name(),
            Charset::Utf32(_) => "UTF-32",
        })
    }
}

impl Charset {
    /// Tells the charset by byte order mark, then by what was declared, then by the zeros that
    /// JSON and XML have in UTF-16 and UTF-32 (RFC 4627 section 3), then by the XML declaration.
    /// Also the length of the byte order mark.
    pub(crate) fn tell(head: &[u8], declared: Option<&str>) -> (Charset, usize) {
        let utf32 = |big| Charset::Utf32(Utf32 { big, ..Utf32::default() });
        let other =
            |e: &'static Encoding| Charset::Other(Box::new(e.new_decoder_without_bom_handling()));
        match head {
            [0xef, 0xbb, 0xbf, ..] => return (Charset::Utf8, 3),
            [0xff, 0xfe, 0, 0, ..] => return (utf32(false), 4),
            [0, 0, 0xfe, 0xff, ..] => return (utf32(true), 4),
            [0xff, 0xfe, ..] => return (other(UTF_16LE), 2),
            [0xfe, 0xff, ..] => return (other(UTF_16BE), 2),
            [0, 0, 0, 1..=0x7f, ..] => return (utf32(true), 0),
            [1..=0x7f, 0, 0, 0, ..] => return (utf32(false), 0),
            [0, 1..=0x7f, 0, 1..=0x7f, ..] => return (other(UTF_16BE), 0),
            [1..=0x7f, 0, 1..=0x7f, 0, ..] => return (other(UTF_16LE), 0),
            _ => {}
        }
        let label = declared.map(str::as_bytes).or_else(|| xml_encoding(head));
        // ASCII is read as UTF-8: senders say it and send more.
        let encoding = label
            .filter(|l| !l.eq_ignore_ascii_case(b"us-ascii") && !l.eq_ignore_ascii_case(b"ascii"))
            .and_then(Encoding::for_label)
            // There was no zero byte where UTF-16 would have one.
            .filter(|e| *e != UTF_8 && *e != UTF_16LE && *e != UTF_16BE);
        (encoding.map_or(Charset::Utf8, other), 0)
    }

    /// Whether bytes pass as they are.
    pub(crate) fn is_utf8(&self) -> bool {
        matches!(self, Charset::Utf8)
    }

    /// Converts the next bytes; `last` when no more will come.
    pub(crate) fn convert(&mut self, bytes: &[u8], last: bool, mut out: impl FnMut(&[u8])) {
        match self {
            Charset::Utf8 => out(bytes),
            Charset::Other(decoder) => with_buffer(|buffer| {
                let mut rest = bytes;
                loop {
                    let (result, read, written, _) = decoder.decode_to_utf8(rest, buffer, last);
                    out(buffer.get(..written).unwrap_or_default());
                    rest = rest.get(read..).unwrap_or_default();
                    if result == encoding_rs::CoderResult::InputEmpty {
                        break;
                    }
                }
            }),
            Charset::Utf32(utf32) => utf32.convert(bytes, out),
        }
    }
}

impl Utf32 {
    fn convert(&mut self, bytes: &[u8], mut out: impl FnMut(&[u8])) {
        with_buffer(|buffer| {
            let mut filled = 0;
            for byte in bytes {
                if let Some(place) = self.unit.get_mut(self.have) {
                    *place = *byte;
                }
                self.have += 1;
                if self.have < 4 {
                    continue;
                }
                self.have = 0;
                let code = if self.big {
                    u32::from_be_bytes(self.unit)
                } else {
                    u32::from_le_bytes(self.unit)
                };
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                let mut utf8 = [0; 4];
                let text = c.encode_utf8(&mut utf8).as_bytes();
                if filled + text.len() > buffer.len() {
                    out(buffer.get(..filled).unwrap_or_default());
                    filled = 0;
                }
                if let Some(place) = buffer.get_mut(filled..filled + text.len()) {
                    place.copy_from_slice(text);
                    filled += text.len();
                }
            }
            out(buffer.get(..filled).unwrap_or_default());
        });
    }
}

/// `<?xml` in EBCDIC (XML 1.0 appendix F.1).
const EBCDIC_XML: [u8; 5] = [0x4c, 0x6f, 0xa7, 0x94, 0x93];

/// Whether a body that begins with `head` is in a charset that nobody here knows and in which
/// ASCII does not mean what it says, as in EBCDIC: most bytes are no ASCII, and none is a space, a
/// quote or a line end. Others are walked as they are.
pub(crate) fn is_foreign(head: &[u8], declared: Option<&str>) -> bool {
    if head.starts_with(&EBCDIC_XML) {
        return true;
    }
    let unknown = declared.is_some_and(|label| Encoding::for_label(label.as_bytes()).is_none());
    let beyond = head.iter().filter(|b| **b >= 0x80).count();
    unknown
        && beyond * 2 > head.len()
        && !head.iter().any(|b| matches!(b, b' ' | b'"' | b'\n'))
        && std::str::from_utf8(head).is_err_and(|e| e.error_len().is_some())
}

/// The encoding an XML declaration names (XML 1.0 section 4.3.3).
fn xml_encoding(head: &[u8]) -> Option<&[u8]> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|w| w == b"?>")?;
    let declaration = declaration.get(..end)?;
    let at = declaration.windows(8).position(|w| w == b"encoding")?;
    let value = declaration.get(at + 8..)?.trim_ascii_start().strip_prefix(b"=")?;
    let (quote, value) = value.trim_ascii_start().split_first()?;
    value.split(|b| b == quote).next()
}
