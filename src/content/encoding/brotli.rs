//! `br` (RFC 7932); windows end at 16 MiB, the large-window extension is not in HTTP.
//!
//! When a stream contradicts itself the decoder loses what one call decoded and did not hand out
//! yet. It is therefore called with blocks of one size however the stream was cut, so that what
//! comes out of a damaged stream does not depend on the cuts.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use crate::base::limits::{BROTLI_BLOCK_BYTES, BROTLI_STATE_BYTES, BROTLI_WINDOW_BYTES_MAX};

use super::{Decode, Progress, Status};

struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    block: [u8; BROTLI_BLOCK_BYTES],
    /// Bytes of `block` that came in.
    filled: usize,
    /// Bytes of `block` that were decoded.
    taken: usize,
    /// Whether `block` is being decoded, not filled.
    draining: bool,
    begun: bool,
    ended: bool,
    /// Bytes it made so far.
    written: usize,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    let alloc = StandardAlloc::default;
    Some(Box::new(Brotli {
        state: BrotliState::new_strict(alloc(), alloc(), alloc()),
        block: [0; BROTLI_BLOCK_BYTES],
        filled: 0,
        taken: 0,
        draining: false,
        begun: false,
        ended: false,
        written: 0,
    }))
}

impl Brotli {
    /// Takes from `input` what the block still has room for; how much that was.
    fn fill(&mut self, input: &[u8]) -> usize {
        let room = self.block.get_mut(self.filled..).unwrap_or_default();
        let read = room.len().min(input.len());
        for (into, from) in room.iter_mut().zip(input) {
            *into = *from;
        }
        self.filled += read;
        self.begun |= read > 0;
        self.draining = self.filled == BROTLI_BLOCK_BYTES;
        read
    }

    /// Decodes the block, as far as `output` has room.
    fn drain(&mut self, output: &mut [u8]) -> Progress {
        let input = self.block.get(self.taken..self.filled).unwrap_or_default();
        let (mut left, mut read) = (input.len(), 0);
        let (mut room, mut written, mut total) = (output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            output,
            &mut total,
            &mut self.state,
        );
        self.taken += read;
        let status = match result {
            BrotliResult::ResultSuccess => Status::End,
            BrotliResult::NeedsMoreOutput => Status::More,
            BrotliResult::NeedsMoreInput => {
                (self.filled, self.taken, self.draining) = (0, 0, false);
                Status::More
            }
            BrotliResult::ResultFailure => Status::Damaged,
        };
        self.written = self.written.saturating_add(written);
        self.ended |= status == Status::End;
        Progress { read: 0, written, status }
    }
}

impl Decode for Brotli {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let read = if self.draining { 0 } else { self.fill(input) };
        if self.draining {
            return Progress { read, ..self.drain(output) };
        }
        Progress { read, written: 0, status: Status::More }
    }

    fn finish(&mut self, output: &mut [u8]) -> Progress {
        self.draining |= self.filled > 0;
        if self.draining {
            return self.drain(output);
        }
        Progress { read: 0, written: 0, status: Status::More }
    }

    fn is_complete(&self) -> bool {
        self.ended || !self.begun
    }

    fn held_bytes(&self) -> usize {
        // Of its window, what was written is in memory.
        BROTLI_STATE_BYTES + self.written.min(BROTLI_WINDOW_BYTES_MAX)
    }

    fn reset(&mut self) -> bool {
        // The state has no way back to its beginning.
        false
    }
}
