//! Percent-encoding (RFC 3986 section 2.1), with `+` for a space as forms have it (WHATWG URL
//! standard, section 5). What is no escape stands for itself.

use super::{Decode, Progress, Status, nibble};

/// What is open of an escape.
#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    Plain,
    Sign,
    /// Behind the first digit, kept as written.
    Digit(u8),
}

/// Undoes it byte by byte.
#[derive(Default)]
pub(crate) struct Percent {
    stage: Stage,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(Percent::default()))
}

impl Percent {
    /// What `byte` adds: at most three bytes, where what looked like an escape was none.
    fn step(&mut self, byte: u8) -> ([u8; 3], usize) {
        match (std::mem::take(&mut self.stage), byte) {
            (Stage::Plain, b'%') => self.stage = Stage::Sign,
            (Stage::Plain, b'+') => return ([b' ', 0, 0], 1),
            (Stage::Plain, _) => return ([byte, 0, 0], 1),
            (Stage::Sign, _) if nibble(byte).is_some() => self.stage = Stage::Digit(byte),
            (Stage::Sign, b'%') => {
                self.stage = Stage::Sign;
                return ([b'%', 0, 0], 1);
            }
            (Stage::Sign, _) => return ([b'%', byte, 0], 2),
            (Stage::Digit(high), b'%') => {
                self.stage = Stage::Sign;
                return ([b'%', high, 0], 2);
            }
            (Stage::Digit(high), _) => {
                return match (nibble(high), nibble(byte)) {
                    (Some(high), Some(low)) => ([high << 4 | low, 0, 0], 1),
                    _ => ([b'%', high, byte], 3),
                };
            }
        }
        ([0; 3], 0)
    }
}

impl Decode for Percent {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        for byte in input {
            let Some(room) = output.get_mut(written..).filter(|room| room.len() >= 3) else {
                break;
            };
            read += 1;
            let (bytes, len) = self.step(*byte);
            for (into, from) in room.iter_mut().zip(bytes.iter().take(len)) {
                *into = *from;
            }
            written += len;
        }
        Progress { read, written, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Plain)
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn reset(&mut self) -> bool {
        *self = Percent::default();
        true
    }
}
