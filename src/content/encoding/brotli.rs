//! `br` (RFC 7932); windows end at 16 MiB, the large-window extension is not in HTTP.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Decode, Progress, Status};

struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    begun: bool,
    ended: bool,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    let alloc = StandardAlloc::default;
    let state = BrotliState::new_strict(alloc(), alloc(), alloc());
    Some(Box::new(Brotli { state, begun: false, ended: false }))
}

impl Decode for Brotli {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        self.begun |= !input.is_empty();
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
        let status = match result {
            BrotliResult::ResultSuccess => Status::End,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Status::More,
            BrotliResult::ResultFailure => Status::Damaged,
        };
        self.ended |= status == Status::End;
        Progress { read, written, status }
    }

    fn is_complete(&self) -> bool {
        self.ended || !self.begun
    }

    fn reset(&mut self) -> bool {
        // The state has no way back to its beginning.
        false
    }
}
