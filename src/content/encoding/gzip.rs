//! `gzip` (RFC 1952), one member or several. Checksums are not verified: what was sent is looked
//! at even where it is damaged.

use flate2::Decompress;

use crate::base::limits::INFLATE_STATE_BYTES;

use super::deflate::inflate_step;
use super::{Decode, Progress, Status};

struct Gzip {
    inflate: Decompress,
    stage: Stage,
    members: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// ID1.
    Magic1,
    /// ID2.
    Magic2,
    /// CM, FLG and six more; so many were read.
    Fixed { read: u8, flags: u8 },
    /// XLEN, low byte then high.
    ExtraLen { low: Option<u8>, flags: u8 },
    /// Bytes of the extra field.
    Extra { left: u16, flags: u8 },
    /// The name, up to its zero.
    Name { flags: u8 },
    /// The comment, up to its zero.
    Comment { flags: u8 },
    /// The checksum of the header.
    HeaderCheck { left: u8 },
    /// The deflate stream.
    Body,
    /// Checksum and length.
    Trailer { left: u8 },
    /// Not gzip at all: passed as it is. The first magic byte is owed.
    Identity { owed: bool },
    /// What follows the last member is no gzip.
    Padding,
}

const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(Gzip { inflate: Decompress::new(false), stage: Stage::Magic1, members: 0 }))
}

impl Gzip {
    /// The stage behind optional parts of the header that `flags` does not announce.
    fn behind(flags: u8, done: u8) -> Stage {
        let left = flags & !done;
        if left & FEXTRA != 0 {
            Stage::ExtraLen { low: None, flags }
        } else if left & FNAME != 0 {
            Stage::Name { flags }
        } else if left & FCOMMENT != 0 {
            Stage::Comment { flags }
        } else if left & FHCRC != 0 {
            Stage::HeaderCheck { left: 2 }
        } else {
            Stage::Body
        }
    }

    /// One byte of header or trailer; `false` when it was not taken.
    fn header(&mut self, byte: u8) -> bool {
        self.stage = match self.stage {
            Stage::Magic1 if byte == 0x1f => Stage::Magic2,
            Stage::Magic1 if self.members > 0 => Stage::Padding,
            Stage::Magic1 => {
                self.stage = Stage::Identity { owed: false };
                return false;
            }
            Stage::Magic2 if byte == 0x8b => Stage::Fixed { read: 0, flags: 0 },
            Stage::Magic2 if self.members > 0 => Stage::Padding,
            Stage::Magic2 => {
                self.stage = Stage::Identity { owed: true };
                return false;
            }
            Stage::Fixed { read, flags } => {
                let flags = if read == 1 { byte } else { flags };
                if read == 7 {
                    Self::behind(flags, 0)
                } else {
                    Stage::Fixed { read: read + 1, flags }
                }
            }
            Stage::ExtraLen { low: None, flags } => Stage::ExtraLen { low: Some(byte), flags },
            Stage::ExtraLen { low: Some(low), flags } => match u16::from_le_bytes([low, byte]) {
                0 => Self::behind(flags, FEXTRA),
                left => Stage::Extra { left, flags },
            },
            Stage::Extra { left: 1, flags } => Self::behind(flags, FEXTRA),
            Stage::Extra { left, flags } => Stage::Extra { left: left - 1, flags },
            Stage::Name { flags } if byte == 0 => Self::behind(flags, FEXTRA | FNAME),
            Stage::Comment { flags } if byte == 0 => Self::behind(flags, FEXTRA | FNAME | FCOMMENT),
            Stage::HeaderCheck { left: 1 } => Stage::Body,
            Stage::HeaderCheck { left } => Stage::HeaderCheck { left: left - 1 },
            Stage::Trailer { left: 1 } => {
                self.members += 1;
                self.inflate.reset(false);
                Stage::Magic1
            }
            Stage::Trailer { left } => Stage::Trailer { left: left - 1 },
            stage @ (Stage::Name { .. }
            | Stage::Comment { .. }
            | Stage::Body
            | Stage::Identity { .. }
            | Stage::Padding) => stage,
        };
        true
    }

    /// Copies; the first magic byte may be owed.
    fn identity(&mut self, input: &[u8], output: &mut [u8], owed: bool) -> Progress {
        let owed = usize::from(owed).min(output.len());
        let read = input.len().min(output.len() - owed);
        let bytes = [0x1f].iter().take(owed).chain(input);
        for (into, from) in output.iter_mut().zip(bytes) {
            *into = *from;
        }
        self.stage = Stage::Identity { owed: false };
        Progress { read, written: owed + read, status: Status::More }
    }
}

impl Decode for Gzip {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut read = 0;
        loop {
            let rest = input.get(read..).unwrap_or_default();
            match self.stage {
                Stage::Body => {
                    let mut ended = false;
                    let step = inflate_step(&mut self.inflate, rest, output, true, &mut ended);
                    let mut status = step.status;
                    if ended {
                        self.stage = Stage::Trailer { left: 8 };
                        status = Status::More;
                    }
                    return Progress { read: read + step.read, status, ..step };
                }
                Stage::Identity { owed } => {
                    let step = self.identity(rest, output, owed);
                    return Progress { read: read + step.read, ..step };
                }
                Stage::Padding => {
                    return Progress { read: input.len(), written: 0, status: Status::End };
                }
                _ => match rest.first() {
                    Some(byte) => read += usize::from(self.header(*byte)),
                    None => return Progress { read, written: 0, status: Status::More },
                },
            }
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Magic1 | Stage::Identity { .. } | Stage::Padding)
    }

    fn is_mismatched(&self) -> bool {
        matches!(self.stage, Stage::Identity { .. })
    }

    fn held_bytes(&self) -> usize {
        INFLATE_STATE_BYTES
    }

    fn reset(&mut self) -> bool {
        self.inflate.reset(false);
        (self.stage, self.members) = (Stage::Magic1, 0);
        true
    }
}
