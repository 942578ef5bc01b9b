//! Character references (WHATWG HTML section 13.5): by number, and the names that XML has as well
//! (XML 1.0 section 4.6). What is none of them stands for itself.

use super::{Decode, Progress, Status};

/// Bytes of the longest that is undone, without `&` and `;`: `#x10FFFF`, with zeros before it.
const NAME_BYTES_MAX: usize = 14;
/// Bytes that one byte of input may make: the whole of what looked like a reference.
const STEP_BYTES_MAX: usize = NAME_BYTES_MAX + 2;

/// Undoes them byte by byte.
#[derive(Default)]
pub(crate) struct References {
    /// What is open of one, with its `&`.
    open: [u8; STEP_BYTES_MAX],
    len: usize,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(References::default()))
}

/// The character a reference stands for: predefined or by number.
pub(crate) fn decode_reference(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok()?;
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}

impl References {
    /// What `byte` adds to `room`; how many bytes.
    fn step(&mut self, byte: u8, room: &mut [u8]) -> usize {
        let open = self.open.get(..self.len).unwrap_or_default();
        let mut put = |bytes: &[u8]| {
            room.iter_mut().zip(bytes).for_each(|(into, from)| *into = *from);
            bytes.len()
        };
        match (open, byte) {
            ([], b'&') => {}
            ([], _) => return put(&[byte]),
            ([_, name @ ..], b';') => {
                let mut utf8 = [0; 4];
                let written = match decode_reference(name) {
                    Some(character) => put(character.encode_utf8(&mut utf8).as_bytes()),
                    None => {
                        let mut all = [0; STEP_BYTES_MAX];
                        all.iter_mut().zip(open.iter().chain(b";")).for_each(|(a, b)| *a = *b);
                        put(all.get(..open.len() + 1).unwrap_or_default())
                    }
                };
                self.len = 0;
                return written;
            }
            (_, b'#' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') if open.len() <= NAME_BYTES_MAX => {
            }
            (_, b'&') => {
                let written = put(open);
                (self.open[0], self.len) = (b'&', 1);
                return written;
            }
            _ => {
                let mut all = [0; STEP_BYTES_MAX];
                all.iter_mut().zip(open.iter().chain([&byte])).for_each(|(a, b)| *a = *b);
                let written = put(all.get(..open.len() + 1).unwrap_or_default());
                self.len = 0;
                return written;
            }
        }
        if let Some(place) = self.open.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        0
    }
}

impl Decode for References {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let (mut read, mut written) = (0, 0);
        for byte in input {
            let room = output.get_mut(written..).filter(|room| room.len() >= STEP_BYTES_MAX);
            let Some(room) = room else { break };
            read += 1;
            written += self.step(*byte, room);
        }
        Progress { read, written, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        self.len == 0
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn reset(&mut self) -> bool {
        self.len = 0;
        true
    }
}
