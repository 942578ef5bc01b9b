//! `zstd` (RFC 8878), several frames too; windows up to 8 MiB (RFC 9659).

use zstd::stream::raw::{DParameter, Decoder, Operation};

use crate::base::limits::{ZSTD_STATE_BYTES, ZSTD_WINDOW_LOG_MAX};

use super::{Decode, Progress, Status};

/// A decoder that made more than this may hold a large window, and is not kept.
const KEPT_BYTES_MAX: u64 = 1024 * 1024;

/// What the decoder needs to read the first of a frame.
const FRAME_BEGIN_BYTES: usize = 5;

/// Block headers, which the decoder would like together with the block before.
const BLOCK_HEADER_BYTES: usize = 3;

struct Zstd {
    decoder: Decoder<'static>,
    /// Bytes that it would read next; 0 at the end of a frame.
    hint: usize,
    /// The last output was filled: there may be more without more input.
    full: bool,
    written: u64,
    complete: bool,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    let mut decoder = Decoder::new().ok()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).ok()?;
    Some(Box::new(Zstd { decoder, hint: 0, full: false, written: 0, complete: true }))
}

impl Zstd {
    /// The next bytes of `input` to decode: never more than one block, and not what follows it,
    /// because a call that fails loses what it decoded before.
    fn portion<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        let len = match self.hint {
            _ if self.full => 0,
            0 => FRAME_BEGIN_BYTES,
            hint if hint <= BLOCK_HEADER_BYTES => hint,
            hint => hint - BLOCK_HEADER_BYTES,
        };
        input.get(..len).unwrap_or(input)
    }
}

impl Decode for Zstd {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut read = 0;
        loop {
            let portion = self.portion(input.get(read..).unwrap_or_default());
            if portion.is_empty() && !self.full {
                return Progress { read, written: 0, status: Status::More };
            }
            let Ok(step) = self.decoder.run_on_buffers(portion, output) else {
                self.complete = false;
                return Progress { read, written: 0, status: Status::Damaged };
            };
            let written = step.bytes_written;
            read += step.bytes_read;
            self.written += written as u64;
            let still = step.bytes_read == 0 && written == 0;
            if !still {
                self.complete = step.remaining == 0;
                self.hint = step.remaining;
            }
            if written > 0 || still && !self.full {
                self.full = written == output.len();
                return Progress { read, written, status: Status::More };
            }
            self.full = false;
        }
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn held_bytes(&self) -> usize {
        // Of its window, what was written is in memory.
        let written = usize::try_from(self.written).unwrap_or(usize::MAX);
        ZSTD_STATE_BYTES + written.min(1 << ZSTD_WINDOW_LOG_MAX)
    }

    fn reset(&mut self) -> bool {
        let small = std::mem::take(&mut self.written) <= KEPT_BYTES_MAX;
        (self.hint, self.full, self.complete) = (0, false, true);
        small && self.decoder.reinit().is_ok()
    }
}
