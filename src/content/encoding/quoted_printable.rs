//! `quoted-printable` (RFC 2045 section 6.7).

use super::{Decode, Progress, Status};

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Plain,
    /// Behind `=`.
    Equals,
    /// Behind `=` and one hexadecimal digit, kept as written.
    Digit(u8),
    /// Behind `=` and a carriage return: a soft line break.
    SoftBreak,
}

/// Undoes it byte by byte.
#[derive(Debug, Default)]
pub(crate) struct QuotedPrintable {
    stage: Stage,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(QuotedPrintable::default()))
}

impl QuotedPrintable {
    /// Whether bytes other than `=` stand for themselves.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.stage, Stage::Plain)
    }

    /// Whether `byte` belongs to a soft line break.
    pub(crate) fn goes_on(&self, byte: u8) -> bool {
        match self.stage {
            Stage::Equals => matches!(byte, b'\r' | b'\n'),
            Stage::SoftBreak => byte == b'\n',
            Stage::Plain | Stage::Digit(_) => false,
        }
    }

    /// What `byte` adds: at most three bytes, when what looked like an escape was none.
    pub(crate) fn step(&mut self, byte: u8) -> ([u8; 3], usize) {
        match std::mem::take(&mut self.stage) {
            Stage::Plain if byte == b'=' => self.stage = Stage::Equals,
            Stage::SoftBreak if byte == b'\n' => {}
            Stage::Plain | Stage::SoftBreak => return ([byte, 0, 0], 1),
            Stage::Equals if byte == b'\r' => self.stage = Stage::SoftBreak,
            Stage::Equals if byte == b'\n' => {}
            Stage::Equals if byte.is_ascii_hexdigit() => self.stage = Stage::Digit(byte),
            Stage::Equals => return ([b'=', byte, 0], 2),
            Stage::Digit(high) => {
                let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
                return match (digit(high), digit(byte)) {
                    (Some(high), Some(low)) => ([high << 4 | low, 0, 0], 1),
                    _ => ([b'=', high, byte], 3),
                };
            }
        }
        ([0; 3], 0)
    }
}

impl Decode for QuotedPrintable {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        for byte in input {
            if output.len() - written < 3 {
                break;
            }
            read += 1;
            let (bytes, len) = self.step(*byte);
            for (into, from) in output.iter_mut().skip(written).zip(bytes.iter().take(len)) {
                *into = *from;
            }
            written += len;
        }
        Progress { read, written, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        self.is_plain()
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn reset(&mut self) -> bool {
        self.stage = Stage::Plain;
        true
    }
}
