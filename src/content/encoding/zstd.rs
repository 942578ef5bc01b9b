//! `zstd` (RFC 8878), several frames too; windows up to 8 MiB (RFC 9659).

use zstd::stream::raw::{DParameter, Decoder, Operation};

use crate::base::limits::ZSTD_WINDOW_LOG_MAX;

use super::{Decode, Progress, Status};

/// A decoder that made more than this may hold a large window, and is not kept.
const KEPT_BYTES_MAX: u64 = 1024 * 1024;

struct Zstd {
    decoder: Decoder<'static>,
    written: u64,
    complete: bool,
}

pub(super) fn make() -> Option<Box<dyn Decode + Send>> {
    let mut decoder = Decoder::new().ok()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).ok()?;
    Some(Box::new(Zstd { decoder, written: 0, complete: true }))
}

impl Decode for Zstd {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        if input.is_empty() && self.complete {
            return Progress { read: 0, written: 0, status: Status::More };
        }
        match self.decoder.run_on_buffers(input, output) {
            Ok(step) => {
                self.written += step.bytes_written as u64;
                if step.bytes_read > 0 || step.bytes_written > 0 {
                    self.complete = step.remaining == 0;
                }
                let (read, written) = (step.bytes_read, step.bytes_written);
                Progress { read, written, status: Status::More }
            }
            Err(_) => Progress { read: 0, written: 0, status: Status::Damaged },
        }
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn reset(&mut self) -> bool {
        let small = std::mem::take(&mut self.written) <= KEPT_BYTES_MAX;
        self.complete = true;
        small && self.decoder.reinit().is_ok()
    }
}
