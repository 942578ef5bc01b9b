//! The characters that separate and escape (MSH-1 and MSH-2), and escape sequences.

/// Headers that say which characters separate: of a message, a batch and a file.
const HEADERS: [[u8; 3]; 3] = [*b"MSH", *b"BHS", *b"FHS"];

/// Whether a byte behind the name of a header may be the separator of fields: a tab is seen, too.
pub(super) fn separates(byte: u8) -> bool {
    byte.is_ascii_punctuation() || byte == b'\t'
}

/// Whether `name` is that of a header, in whatever case.
pub(super) fn is_header(name: [u8; 3]) -> bool {
    HEADERS.contains(&name.map(|b| b.to_ascii_uppercase()))
}

/// Bytes between two escape characters that are one sequence; hexadecimal ones may be long.
pub(super) const ESCAPE_BYTES_MAX: usize = 64;

/// The characters of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) field: u8,
    pub(super) component: u8,
    pub(super) repetition: u8,
    pub(super) escape: u8,
    pub(super) subcomponent: u8,
}

impl Default for Marks {
    fn default() -> Self {
        Marks { field: b'|', component: b'^', repetition: b'~', escape: b'\\', subcomponent: b'&' }
    }
}

impl Marks {
    /// Takes the `n`th encoding character.
    pub(super) fn set(&mut self, n: usize, mark: u8) {
        match n {
            0 => self.component = mark,
            1 => self.repetition = mark,
            2 => self.escape = mark,
            3 => self.subcomponent = mark,
            _ => {}
        }
    }

    /// Whether a byte means something in a value.
    pub(super) fn table(&self) -> Box<[bool; 256]> {
        let mut table = Box::new([false; 256]);
        let Marks { field, component, repetition, escape, subcomponent } = *self;
        for mark in [field, component, repetition, escape, subcomponent] {
            if let Some(place) = table.get_mut(usize::from(mark)) {
                *place = true;
            }
        }
        for end in SEGMENT_ENDS {
            if let Some(place) = table.get_mut(usize::from(end)) {
                *place = true;
            }
        }
        table
    }

    /// Appends what the sequence `text` between two escape characters stands for (HL7 v2.8.2
    /// section 2.7); `false` when it is none. Highlighting, character set switches and sequences
    /// of the user's own stand for nothing.
    pub(super) fn escaped(&self, text: &[u8], out: &mut Vec<u8>) -> bool {
        match text {
            b"F" => out.push(self.field),
            b"S" => out.push(self.component),
            b"T" => out.push(self.subcomponent),
            b"R" => out.push(self.repetition),
            b"E" => out.push(self.escape),
            b"P" => out.push(b'#'),
            b"H" | b"N" => {}
            b".br" | b".ce" => out.push(b'\n'),
            [b'.', b's', b'p' | b'k', ..] => out.push(b'\n'),
            [b'.', b'f' | b'n' | b'i' | b't', b'i' | b'f' | b'n', ..] => {}
            [b'X', digits @ ..] => return hex(digits, out),
            [b'C' | b'M', digits @ ..] if digits.len() >= 4 => return is_hex(digits),
            [b'Z', digits @ ..] if !digits.is_empty() => return is_hex(digits),
            _ => return false,
        }
        true
    }
}

/// Ends of segments: those of the standard, those of careless senders, and what frames them.
pub(super) const SEGMENT_ENDS: [u8; 4] = [b'\r', b'\n', 0x0b, 0x1c];

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

fn hex(digits: &[u8], out: &mut Vec<u8>) -> bool {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !is_hex(digits) {
        return false;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok());
    for pair in digits.chunks_exact(2) {
        let [high, low] = pair else { return false };
        out.push(value(*high).unwrap_or(0) << 4 | value(*low).unwrap_or(0));
    }
    true
}

/// The message of HL7 v2 that all of `value` is, from its header on: behind blanks and a byte order
/// mark a header with two encoding characters at least, and a field behind them. A value is looked
/// at more closely than a body, most of which were announced.
pub(crate) fn message_in(value: &[u8]) -> Option<&[u8]> {
    let text = value.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let text = text.strip_prefix(b"\x0b").unwrap_or(text);
    let (separator, rest) = text.get(3..)?.split_first()?;
    let marks = rest.iter().take(6).position(|b| b == separator)?;
    (marks >= 2 && begins_message(text)).then_some(text)
}

/// Whether a body that begins with `head` is HL7 v2: a header, the field separator, and the
/// encoding characters up to the next.
pub(crate) fn begins_message(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let head = head.strip_prefix(b"\x0b").unwrap_or(head);
    let Some((name, rest)) = head.split_first_chunk::<3>() else { return false };
    let Some((separator, rest)) = rest.split_first() else { return false };
    let end = rest.iter().position(|b| b == separator || SEGMENT_ENDS.contains(b));
    let marks = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    is_header(*name)
        && separates(*separator)
        && (1..=5).contains(&marks.len())
        && marks.iter().all(u8::is_ascii_punctuation)
}
