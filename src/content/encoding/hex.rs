//! Hexadecimal (`base16` of RFC 4648 section 8), in either case: what is not of its alphabet is
//! passed over.

use super::{Decode, Progress, Status};

#[derive(Default)]
struct Hex {
    high: Option<u8>,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(Hex::default()))
}

/// What a digit stands for.
#[inline]
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl Decode for Hex {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        while let (Some(byte), Some(place)) = (input.get(read), output.get_mut(written)) {
            read += 1;
            let Some(digit) = nibble(*byte) else { continue };
            match self.high.take() {
                Some(high) => {
                    *place = high << 4 | digit;
                    written += 1;
                }
                None => self.high = Some(digit),
            }
        }
        Progress { read, written, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        self.high.is_none()
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn reset(&mut self) -> bool {
        *self = Hex::default();
        true
    }
}
