//! A buffer that slides over a reader.

use std::io::{self, ErrorKind, Read};

use crate::base::limits::CAPTURE_READ_BYTES;
use crate::capture::source::{Incomplete, IncompleteCause};

/// The part of a capture that is in memory.
///
/// ```text
/// bytes  |  consumed  |  rest()            |  free  |
///        0          start                 end      len
///                     ^ offset() in the capture
/// ```
///
/// Consumed bytes stay where they are until the next [`Window::fill`] that has to read, so a
/// slice may be lent after it was consumed.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    /// Why no more bytes will come: the end of the input, or a failure.
    finished: Option<Result<(), io::Error>>,
    /// Whether the input had nothing now and may have more later.
    starved: bool,
}

impl Window {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        let bytes = vec![0; CAPTURE_READ_BYTES];
        Window { input, bytes, start: 0, end: 0, offset: 0, finished: None, starved: false }
    }

    /// Whether at least `n` bytes can be had; reads as needed. `n` has a limit at the caller.
    #[inline]
    pub(super) fn fill(&mut self, n: usize) -> bool {
        self.end - self.start >= n || self.refill(n)
    }

    /// The bytes in memory that were not consumed.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Where `rest` begins in the (decompressed) capture, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Consumes `len` bytes, which must have been filled, and lends `n` of them from `skip` on.
    #[inline]
    pub(super) fn lend(&mut self, len: usize, skip: usize, n: usize) -> &[u8] {
        let from = self.start + skip;
        self.consume(len);
        self.bytes.get(from..from + n).unwrap_or_default()
    }

    /// Consumes `len` bytes, which must have been filled.
    #[inline]
    pub(super) fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Consumes `n` bytes, however many, without holding them. Returns how many there were.
    pub(super) fn skip(&mut self, n: u64) -> u64 {
        let mut left = n;
        while left > 0 && self.fill(1) {
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(self.end - self.start);
            self.consume(now);
            left -= now as u64;
        }
        n - left
    }

    #[cold]
    fn refill(&mut self, n: usize) -> bool {
        if self.finished.is_none() {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.bytes.len() < n {
                self.bytes.resize(n, 0);
            }
        }
        while self.end - self.start < n && self.finished.is_none() {
            match self.input.read(self.bytes.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => self.finished = Some(Ok(())),
                Ok(read) => self.end += read.min(self.bytes.len() - self.end),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.starved = true;
                    return false;
                }
                Err(e) => self.finished = Some(Err(e)),
            }
        }
        self.end - self.start >= n
    }

    /// Whether a `fill` failed since the last time only because the input has nothing now.
    pub(super) fn take_starved(&mut self) -> bool {
        std::mem::take(&mut self.starved)
    }

    /// What to say when `fill` failed although the capture goes on: `expected` names the thing
    /// and its size. `None` where the input simply ends here.
    pub(super) fn ending(&self, expected: &str) -> Option<Box<Incomplete>> {
        let left = self.end - self.start;
        let offset = self.offset;
        let because = |cause, detail| Some(Box::new(Incomplete { cause, offset, detail }));
        match &self.finished {
            Some(Err(e)) if e.kind() == ErrorKind::UnexpectedEof => because(
                IncompleteCause::CutShort,
                "the compressed data ends before its own end mark (the offset is that of the \
                 decompressed capture)"
                    .to_owned(),
            ),
            // Decompressors fail without an error number of the system.
            Some(Err(e)) if e.raw_os_error().is_none() => {
                let detail = format!(
                    "the compressed data is damaged: {e} (the offset is that of the decompressed \
                     capture)"
                );
                because(IncompleteCause::Damaged, detail)
            }
            Some(Err(e)) => because(IncompleteCause::Unreadable, e.to_string()),
            _ if left == 0 => None,
            _ => because(IncompleteCause::CutShort, format!("{expected}, {left} are left")),
        }
    }
}
