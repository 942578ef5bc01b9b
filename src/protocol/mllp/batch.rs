//! Batches whose messages stand in blocks of their own: a block with the headers alone (FHS, BHS),
//! a block for each message, and the trailers (BTS, FTS) in the last of them or in one more.

use memchr::memchr2;

use crate::base::limits::HL7_HEAD_BYTES_MAX;

/// What ends a batch, and a file.
const TRAILERS: [[u8; 3]; 2] = [*b"BTS", *b"FTS"];

/// The batch of one direction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Headers that stood in blocks of their own, until a message follows.
    preface: Vec<u8>,
    /// The messages that follow are of a batch, until its trailer.
    open: bool,
    /// What it is called, as a token; 0 where it has no name.
    name: u64,
    /// The start of the line at hand, of which so many bytes came.
    line: ([u8; 3], usize),
}

impl Batch {
    /// One that is open as a parser said that rests.
    pub(super) fn resumed(open: bool) -> Batch {
        Batch { open, ..Batch::default() }
    }

    /// Whether the messages that follow are of a batch.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// What it is called, as a token; 0 where none is open or it has no name.
    pub(super) fn name(&self) -> u64 {
        if self.open { self.name } else { 0 }
    }

    /// Whether a header waits for a message.
    pub(super) fn is_waiting(&self) -> bool {
        !self.preface.is_empty()
    }

    /// Whether there is more to remember of it than that it is open: a header waits for a message,
    /// or it has a name.
    pub(super) fn is_remembered(&self) -> bool {
        self.is_waiting() || self.name() != 0
    }

    /// Memory it takes.
    pub(super) fn held_bytes(&self) -> usize {
        self.preface.capacity()
    }

    /// A block held nothing but `headers`, which call it `name`.
    pub(super) fn opens(&mut self, headers: &[u8], name: u64) {
        (self.open, self.name) = (true, name);
        if self.preface.len() + headers.len() < HL7_HEAD_BYTES_MAX {
            self.preface.extend_from_slice(headers.trim_ascii_end());
            self.preface.push(b'\r');
        }
    }

    /// A block held nothing but trailers, or messages were lost.
    pub(super) fn closes(&mut self) {
        *self = Batch::default();
    }

    /// A message begins, of which the header was looked at: what belongs before it.
    pub(super) fn preface(&mut self, mid_line: bool) -> Vec<u8> {
        let (name, have) = &mut self.line;
        *have = if mid_line { name.len() } else { 0 };
        std::mem::take(&mut self.preface)
    }

    /// Looks for a trailer in more of a message.
    pub(super) fn watch(&mut self, text: &[u8]) {
        let mut rest = text;
        while self.open
            && let Some((byte, behind)) = rest.split_first()
        {
            let (name, have) = &mut self.line;
            if matches!(byte, b'\r' | b'\n') {
                *have = 0;
            } else if let Some(place) = name.get_mut(*have) {
                *place = *byte;
                *have += 1;
                self.open = *have < name.len() || !TRAILERS.contains(name);
            } else {
                let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
                continue;
            }
            rest = behind;
        }
    }
}
