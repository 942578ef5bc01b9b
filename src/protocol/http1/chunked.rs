//! The chunked transfer coding (RFC 9112 section 7.1), byte by byte but for the data.

use crate::model::Anomaly;

use super::anomalies;
use super::framing::Odd;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Before the first digit of a size.
    Start,
    Size,
    /// White space behind the size.
    Space,
    /// Anything up to the line's end.
    Extension,
    /// The CR of a size line was seen.
    SizeLf,
    Data,
    /// The data is over; CR LF should follow.
    DataCr,
    DataLf,
}

/// Where in a chunked body a stream is.
#[derive(Debug)]
pub(super) struct Chunks {
    step: Step,
    /// The size being read, then what is left of the data.
    left: u64,
    /// Anomalies already told of this body, one bit each.
    told: u8,
    /// What stood in a gap was inferred, and no size came since.
    inferred: bool,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Framing.
    Framing,
    /// Data of the body.
    Data(&'a [u8]),
    /// The last chunk's line: trailers follow.
    Last,
    /// No chunk: the first byte that was not taken contradicts it.
    Broken(Anomaly),
}

impl Chunks {
    pub(super) fn new() -> Self {
        Chunks { step: Step::Start, left: 0, told: 0, inferred: false }
    }

    /// Between chunks of a body that was gone through without knowing where they are.
    pub(super) fn inferred() -> Self {
        Chunks { inferred: true, ..Chunks::new() }
    }

    /// Takes some bytes of `input`; how many, and what they are.
    pub(super) fn next<'a>(&mut self, input: &'a [u8], odd: &mut Odd) -> (usize, Piece<'a>) {
        if self.step == Step::Data {
            return self.data(input);
        }
        for (at, byte) in input.iter().enumerate() {
            match self.byte(*byte, odd) {
                Ok(true) => {
                    let piece = if self.left == 0 { Piece::Last } else { Piece::Framing };
                    return (at + 1, piece);
                }
                Ok(false) => {}
                Err(anomaly) => return (at, Piece::Broken(anomaly)),
            }
        }
        (input.len(), Piece::Framing)
    }

    /// Takes a gap: whether it ends at a known place, inside this chunk's data or right behind it.
    pub(super) fn gap(&mut self, len: u64) -> bool {
        let before = match self.step {
            Step::Data => self.left,
            Step::DataCr => 0,
            // One of the two bytes came.
            Step::DataLf => return len == 1 && self.resume(2),
            _ => return false,
        };
        match len.checked_sub(before) {
            None => {
                self.left = before - len;
                true
            }
            Some(behind) => self.resume(behind),
        }
    }

    /// Goes on so many bytes behind the data of a chunk, as far as it is known what stands there.
    fn resume(&mut self, behind: u64) -> bool {
        self.step = match behind {
            0 => Step::DataCr,
            1 => Step::DataLf,
            2 => Step::Start,
            _ => return false,
        };
        self.left = 0;
        self.inferred |= behind > 0;
        true
    }

    /// Bytes the open chunk still has.
    pub(super) fn left(&self) -> u64 {
        if self.step == Step::Data { self.left } else { 0 }
    }

    /// Whether what it goes on from behind a gap is not confirmed yet.
    pub(super) fn is_inferred(&self) -> bool {
        self.inferred
    }

    /// Whether the next byte is the first of a size line.
    pub(super) fn at_line_start(&self) -> bool {
        self.step == Step::Start
    }

    fn data<'a>(&mut self, input: &'a [u8]) -> (usize, Piece<'a>) {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
        let data = input.get(..len).unwrap_or_default();
        self.left = self.left.saturating_sub(data.len() as u64);
        if self.left == 0 {
            self.step = Step::DataCr;
        }
        (data.len(), Piece::Data(data))
    }

    /// Takes one byte of framing; whether it ends a size line.
    fn byte(&mut self, byte: u8, odd: &mut Odd) -> Result<bool, Anomaly> {
        self.step = match (self.step, byte) {
            (Step::Start | Step::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.digit(byte)?;
                Step::Size
            }
            (Step::Start, _) => return Err(anomalies::CHUNK_SIZE_INVALID),
            (Step::Size | Step::Space | Step::Extension, b'\n') => {
                self.tell(anomalies::BARE_LF, 0, odd);
                return Ok(self.line_end());
            }
            (Step::Size | Step::Space | Step::Extension, b'\r') => Step::SizeLf,
            (Step::Size | Step::Space, b' ' | b'\t') => {
                self.tell(anomalies::CHUNK_LINE_ODD, 1, odd);
                Step::Space
            }
            (Step::Size | Step::Space, b';') => {
                self.tell(anomalies::CHUNK_EXTENSION, 2, odd);
                Step::Extension
            }
            (Step::Size, _) => return Err(anomalies::CHUNK_SIZE_INVALID),
            (Step::Space, _) => {
                self.tell(anomalies::CHUNK_LINE_ODD, 1, odd);
                Step::Extension
            }
            (Step::Extension, _) => Step::Extension,
            (Step::SizeLf, b'\n') => return Ok(self.line_end()),
            (Step::SizeLf, _) => {
                self.tell(anomalies::CHUNK_LINE_ODD, 1, odd);
                if byte == b'\r' { Step::SizeLf } else { Step::Extension }
            }
            (Step::DataCr, b'\r') => Step::DataLf,
            (Step::DataCr, b'\n') => {
                self.tell(anomalies::BARE_LF, 0, odd);
                Step::Start
            }
            (Step::DataLf, b'\n') => Step::Start,
            (Step::DataCr | Step::DataLf | Step::Data, _) => {
                return Err(anomalies::CHUNK_END_INVALID);
            }
        };
        if self.step == Step::Start {
            self.left = 0;
        }
        Ok(false)
    }

    fn digit(&mut self, byte: u8) -> Result<(), Anomaly> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => byte - b'A' + 10,
        };
        let shifted = self.left.checked_mul(16).ok_or(anomalies::CHUNK_SIZE_OVERFLOW)?;
        self.left = shifted | u64::from(digit);
        Ok(())
    }

    fn line_end(&mut self) -> bool {
        self.inferred = false;
        self.step = Step::Data;
        true
    }

    fn tell(&mut self, anomaly: Anomaly, bit: u8, odd: &mut Odd) {
        if self.told >> bit & 1 == 0 {
            self.told |= 1 << bit;
            odd.note(anomaly);
        }
    }
}
