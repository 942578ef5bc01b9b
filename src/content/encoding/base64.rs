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

/// Stands for a byte of no alphabet.
const NONE: u8 = 0xff;

/// What the characters of both alphabets stand for (RFC 4648 sections 4 and 5).
static SEXTETS: [u8; 256] = sextets();

#[expect(clippy::indexing_slicing, reason = "a byte is within 256, and this runs at build time")]
const fn sextets() -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NONE,
        };
        byte += 1;
    }
    table
}

/// What a character of either alphabet stands for.
#[inline]
pub(crate) fn sextet(byte: u8) -> Option<u8> {
    SEXTETS.get(usize::from(byte)).copied().filter(|six| *six != NONE)
}

/// What four characters stand for, if all are of an alphabet.
#[inline]
pub(crate) fn triplet([a, b, c, d]: [u8; 4]) -> Option<[u8; 3]> {
    let (a, b, c, d) = (sextet(a)?, sextet(b)?, sextet(c)?, sextet(d)?);
    Some([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d])
}

impl Decode for Base64 {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        while let Some(rest) = input.get(read..).filter(|rest| !rest.is_empty()) {
            // Between two groups of four, whole groups are decoded at once.
            if self.have == 0 {
                let groups = rest.as_chunks::<4>().0.iter();
                let places = output.get_mut(written..).unwrap_or_default();
                let decoded = groups.map_while(|group| triplet(*group));
                let mut count = 0;
                for (place, bytes) in places.as_chunks_mut::<3>().0.iter_mut().zip(decoded) {
                    *place = bytes;
                    count += 1;
                }
                (read, written) = (read + 4 * count, written + 3 * count);
            }
            let (Some(byte), Some(place)) = (input.get(read), output.get_mut(written)) else {
                break;
            };
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
                *place = byte;
                written += 1;
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
