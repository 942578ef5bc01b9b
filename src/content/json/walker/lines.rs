//! Records on lines of their own (NDJSON, RFC 7464): where one was torn, the next begins anew.
//!
//! A writer that died, two that wrote at once, or a line that was cut leave an object or a string
//! open. Read on as one document, every record behind it would lie within the torn one.

use crate::content::json::escape::{Escape, RECORD_SEPARATOR, Stop, is_break};
use crate::content::{FieldSink, PathTable};

use super::{Container, JsonWalker, State};

/// Whether each record is expected to stand on one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Lines {
    /// Nothing says so.
    #[default]
    Unknown,
    /// A record began on a line behind another. It may be laid out over many.
    Seen,
    /// The media type says so, or a whole record stood on one line.
    Sure,
}

/// What is known of lines and of the record at hand.
#[derive(Debug, Default)]
pub(super) struct LineWatch {
    lines: Lines,
    /// The last byte of the input before this one.
    before: u8,
    /// Where in the input the record began; 0 where that was before.
    begun: usize,
    /// Line ends since the record began and before this input, counted to [`BREAKS_MAX`].
    breaks: usize,
}

/// More line ends in a record say nothing more: it is laid out over lines.
const BREAKS_MAX: usize = 2;

/// Where what stands in quotes stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    /// With the input.
    Open,
    /// Before this place, which is behind the closing quote.
    Closed(usize),
    /// A line ends before this place, at which another record begins.
    Torn(usize),
}

impl LineWatch {
    /// Each record stands on one line.
    pub(super) fn assume(&mut self) {
        self.lines = Lines::Sure;
    }

    /// Whether records are on lines, as far as can be told.
    #[inline]
    pub(super) fn are_expected(&self) -> bool {
        self.lines != Lines::Unknown
    }

    /// Whether `text` within quotes may go over the end of a record that was torn.
    #[inline]
    pub(super) fn may_tear(&self, text: &[u8]) -> bool {
        self.are_expected() && memchr::memchr2(b'\n', RECORD_SEPARATOR, text).is_some()
    }

    /// A record begins at `at`, another having ended.
    pub(super) fn next_record(&mut self, input: &[u8], at: usize) {
        if self.are_expected() {
            if self.breaks_before(input, at) == 1 {
                self.lines = Lines::Sure;
            }
        } else if is_break(self.byte_before(input, at)) {
            self.lines = Lines::Seen;
        }
        self.begin(at);
    }

    /// What begins at `at` is another record than what was before.
    pub(super) fn begin(&mut self, at: usize) {
        (self.begun, self.breaks) = (at, 0);
    }

    /// The input is over.
    pub(super) fn end_input(&mut self, input: &[u8]) {
        let Some(last) = input.last() else { return };
        if self.are_expected() {
            self.breaks = self.breaks_before(input, input.len());
        }
        (self.before, self.begun) = (*last, 0);
    }

    /// Takes the bytes of a string or key from `at` and hands out what they mean. A line end is
    /// held back until the byte behind it tells whether a record begins there.
    #[inline]
    pub(super) fn quoted(
        &self,
        escape: &mut Escape,
        input: &[u8],
        mut at: usize,
        mut out: impl FnMut(&[u8]),
    ) -> Quoted {
        let lines = self.are_expected();
        let mut held = (lines && at == 0 && is_break(self.before)).then_some(self.before);
        loop {
            if let Some(line_end) = held {
                match input.get(at) {
                    None => return Quoted::Open,
                    Some(b'{') => return Quoted::Torn(at),
                    Some(_) => _ = escape.run(&[line_end], 0, false, &mut out),
                }
            }
            match escape.run(input, at, lines, &mut out) {
                Stop::Input => return Quoted::Open,
                Stop::Quote(end) => return Quoted::Closed(end),
                Stop::Break(line_end) => {
                    held = input.get(line_end).copied();
                    at = line_end + 1;
                }
            }
        }
    }

    fn byte_before(&self, input: &[u8], at: usize) -> u8 {
        at.checked_sub(1).and_then(|n| input.get(n)).copied().unwrap_or(self.before)
    }

    /// Line ends between the begin of the record and `at`, counted to [`BREAKS_MAX`]. Where so many
    /// were found nothing is counted again; where fewer were, a record begins at `at` or the input
    /// is over: no byte is looked at more than twice.
    fn breaks_before(&mut self, input: &[u8], at: usize) -> usize {
        if self.breaks < BREAKS_MAX {
            let record = input.get(self.begun..at).unwrap_or_default();
            let more = memchr::memchr_iter(b'\n', record).take(BREAKS_MAX - self.breaks).count();
            if self.breaks + more == BREAKS_MAX {
                self.breaks = BREAKS_MAX;
            }
            return self.breaks + more;
        }
        self.breaks
    }
}

impl JsonWalker {
    /// Whether the `{` at `at`, which is in no string, begins a record though another is open:
    /// it begins a line, and either no value may stand there or that other went over no line yet.
    pub(super) fn is_torn_at(&mut self, input: &[u8], at: usize) -> bool {
        let open = self.top.container != Container::Document;
        if !(open && self.lines.are_expected()) {
            return false;
        }
        match self.lines.byte_before(input, at) {
            RECORD_SEPARATOR => true,
            b'\n' => {
                let misplaced = matches!(self.state, State::Key | State::Colon | State::After);
                let sure = self.lines.lines == Lines::Sure;
                misplaced || (sure && self.lines.breaks_before(input, at) == 1)
            }
            _ => false,
        }
    }

    /// Leaves the record that was torn: another begins at `at`.
    pub(super) fn tear<S: FieldSink>(
        &mut self,
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        self.finish(paths, sink);
        self.lines.begin(at);
        self.malformed = true;
        at
    }
}
