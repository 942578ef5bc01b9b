//! Reading words and strings, and writing JSON.

/// A text that is read from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Scan { rest: text }
    }

    /// The next byte.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Passes the next byte.
    pub(super) fn pass(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Passes `text`, if it comes next.
    pub(super) fn eat(&mut self, text: &[u8]) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What comes next as long as `is_part` says so.
    pub(super) fn take(&mut self, is_part: impl Fn(&u8) -> bool) -> &'a [u8] {
        let len = self.rest.iter().position(|b| !is_part(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// What comes before the next `end`, which is passed as well; `None` where there is none.
    pub(super) fn take_before(&mut self, end: &[u8]) -> Option<&'a [u8]> {
        let at = memchr::memmem::find(self.rest, end)?;
        let taken = self.rest.get(..at)?;
        self.rest = self.rest.get(at + end.len()..)?;
        Some(taken)
    }
}

/// Writes `text` as a string of JSON.
pub(super) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=31 => out.push(b' '),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
