//! `base64` (RFC 2045 section 6.8, RFC 4648): what is not of its alphabet is passed over.

use super::{Decode, Progress, Status};

#[derive(Default)]
struct Base64 {
    bits: u32,
    have: u8,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(Base64::default()))
}

/// What a character of either alphabet stands for.
pub(crate) fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

impl Decode for Base64 {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        let mut room = output.iter_mut();
        for byte in input {
            if room.len() == 0 {
                break;
            }
            read += 1;
            let Some(six) = sextet(*byte) else {
                if *byte == b'=' {
                    *self = Base64::default();
                }
                continue;
            };
            self.bits = self.bits << 6 | u32::from(six);
            self.have += 6;
            if self.have >= 8 {
                self.have -= 8;
                let [.., byte] = (self.bits >> self.have).to_be_bytes();
                if let Some(place) = room.next() {
                    *place = byte;
                    written += 1;
                }
            }
        }
        Progress { read, written, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        // A padded or exact end leaves fewer than six bits.
        self.have < 6
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn reset(&mut self) -> bool {
        *self = Base64::default();
        true
    }
}
