//! `deflate`: zlib (RFC 1950) as the standard has it, or raw (RFC 1951) as some senders do.

use flate2::{Decompress, FlushDecompress};

use crate::base::limits::INFLATE_STATE_BYTES;

use super::{Decode, Progress, Status};

/// Tells the two kinds apart by the first two bytes.
struct Deflate {
    inflate: Decompress,
    zlib: bool,
    first: Option<u8>,
    begun: bool,
    /// The first byte, held until the second told the kind, is still to be decoded.
    owed: bool,
    ended: bool,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    Some(Box::new(Deflate {
        inflate: Decompress::new(true),
        zlib: true,
        first: None,
        begun: false,
        owed: false,
        ended: false,
    }))
}

impl Decode for Deflate {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let Some(next) = input.first().copied() else {
            return inflate_step(&mut self.inflate, &[], output, self.begun, &mut self.ended);
        };
        let Some(first) = self.first else {
            self.first = Some(next);
            return Progress { read: 1, written: 0, status: Status::More };
        };
        if !self.begun {
            self.begun = true;
            self.owed = true;
            // CM is 8, CINFO at most 7, and the two bytes are a multiple of 31.
            let check = u16::from_be_bytes([first, next]);
            let zlib = first & 0x0f == 8 && first >> 4 <= 7 && check.is_multiple_of(31);
            if zlib != self.zlib {
                self.inflate.reset(zlib);
                self.zlib = zlib;
            }
        }
        if self.owed {
            self.owed = false;
            // One byte is a header or less than one symbol: nothing comes out.
            let held = inflate_step(&mut self.inflate, &[first], output, true, &mut self.ended);
            if held.status != Status::More {
                return Progress { read: 0, ..held };
            }
        }
        inflate_step(&mut self.inflate, input, output, true, &mut self.ended)
    }

    fn is_complete(&self) -> bool {
        self.ended || self.first.is_none()
    }

    fn held_bytes(&self) -> usize {
        INFLATE_STATE_BYTES
    }

    fn reset(&mut self) -> bool {
        self.inflate.reset(true);
        self.zlib = true;
        (self.first, self.begun, self.owed, self.ended) = (None, false, false, false);
        true
    }
}

/// One call of inflate; does nothing before the stream `begun`.
pub(super) fn inflate_step(
    inflate: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
    begun: bool,
    ended: &mut bool,
) -> Progress {
    if !begun {
        return Progress { read: 0, written: 0, status: Status::More };
    }
    let (read, written) = (inflate.total_in(), inflate.total_out());
    let result = inflate.decompress(input, output, FlushDecompress::None);
    let moved = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(0);
    let status = match result {
        Ok(flate2::Status::StreamEnd) => Status::End,
        Ok(flate2::Status::Ok | flate2::Status::BufError) => Status::More,
        Err(_) => Status::Damaged,
    };
    *ended = status == Status::End;
    Progress {
        read: moved(inflate.total_in(), read),
        written: moved(inflate.total_out(), written),
        status,
    }
}
