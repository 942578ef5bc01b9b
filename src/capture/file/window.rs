//! Blocks of memory that slide over a reader.

use std::io::{self, ErrorKind, Read};

use crate::base::limits::CAPTURE_READ_BYTES;
use crate::capture::source::{Incomplete, IncompleteCause};
use crate::model::Block;

/// The part of a capture that is in memory.
///
/// ```text
/// bytes  |  consumed  |  rest()            |  free  |
///        0          start                 end      len
///                     ^ offset() in the capture
/// ```
///
/// Consumed bytes stay where they are until the next [`Window::fill`] that has to read, so a
/// slice may be lent after it was consumed. With it the block it lies in may be lent: as long as
/// someone holds that, what comes next is read into another one.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    block: Block,
    /// Those read into before: as many as batches hold at most.
    others: Vec<Block>,
    /// Whether the block holds so much that it is worth lending.
    lends: bool,
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
        Window {
            input,
            block: Block::of(CAPTURE_READ_BYTES),
            others: Vec::new(),
            lends: false,
            start: 0,
            end: 0,
            offset: 0,
            finished: None,
            starved: false,
        }
    }

    /// Whether at least `n` bytes can be had; reads as needed. `n` has a limit at the caller.
    #[inline]
    pub(super) fn fill(&mut self, n: usize) -> bool {
        self.end - self.start >= n || self.refill(n)
    }

    /// The bytes in memory that were not consumed.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.block.bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// Where `rest` begins in the (decompressed) capture, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Consumes `len` bytes, which must have been filled, and lends `n` of them from `skip` on,
    /// with the block they lie in where much was read at once.
    #[inline]
    pub(super) fn lend(&mut self, len: usize, skip: usize, n: usize) -> (&[u8], Option<&Block>) {
        let from = self.start + skip;
        self.consume(len);
        let bytes = self.block.bytes().get(from..from + n).unwrap_or_default();
        (bytes, self.lends.then_some(&self.block))
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
            self.make_room(n);
        }
        while self.end - self.start < n && self.finished.is_none() {
            let free = self.block.alone().and_then(|bytes| bytes.get_mut(self.end..));
            let free = free.unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => self.finished = Some(Ok(())),
                Ok(read) => self.end += read.min(free.len()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.starved = true;
                    return false;
                }
                Err(e) => self.finished = Some(Err(e)),
            }
        }
        self.lends = self.end - self.start >= CAPTURE_READ_BYTES / 2;
        self.end - self.start >= n
    }

    /// Moves what was not consumed to the beginning of a block that nobody else holds and that has
    /// room for `n` bytes.
    fn make_room(&mut self, n: usize) {
        let left = self.start..self.end;
        if let Some(bytes) = self.block.alone() {
            bytes.copy_within(left.clone(), 0);
        } else {
            let mut next = self.free_block();
            if let Some(bytes) = next.alone() {
                bytes.resize(bytes.len().max(left.len()), 0);
                bytes.iter_mut().zip(self.rest()).for_each(|(to, from)| *to = *from);
            }
            self.others.push(std::mem::replace(&mut self.block, next));
        }
        if let Some(bytes) = self.block.alone()
            && bytes.len() < n
        {
            bytes.resize(n, 0);
        }
        (self.start, self.end) = (0, left.len());
    }

    /// One of the others that nobody holds any more, or else a new one.
    fn free_block(&mut self) -> Block {
        let free = self.others.iter_mut().position(|block| block.alone().is_some());
        free.map_or_else(|| Block::of(CAPTURE_READ_BYTES), |at| self.others.swap_remove(at))
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
