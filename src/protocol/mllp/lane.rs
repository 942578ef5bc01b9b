//! One direction of a flow: its blocks, byte by byte.

use memchr::memchr2;

use crate::base::Timestamp;
use crate::base::limits::HL7_HEAD_BYTES_MAX;
use crate::model::{MessageEvent, MessageHead, Standing};

use super::batch::Batch;
use super::commit::Commit;
use super::header::{HeaderScan, Scanned, without_hllp};
use super::joins::{correlation, token};
use super::out::Out;
use super::starts::{LOWER, MSH, begun, is_separator, one_more};
use super::wide::{self, WideBlock, Width};

/// Start block: vertical tab.
pub(super) const START: u8 = 0x0b;
/// End block: file separator.
pub(super) const END: u8 = 0x1c;
/// What some senders write in their place: start and end of text.
pub(super) const STX: u8 = 0x02;
pub(super) const ETX: u8 = 0x03;
/// Bytes of UTF-16 that are made UTF-8 at a time.
const WIDE_BYTES: usize = 4096;
/// One direction.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) stage: Stage,
    /// The start of a message, until its header is whole.
    pub(super) held: Vec<u8>,
    scan: HeaderScan,
    /// Time of the first byte of the message at hand.
    started: Timestamp,
    /// A block was found: what stood before the first may be the rest of another.
    pub(super) begun: bool,
    /// The block at hand holds a batch.
    in_batch: bool,
    /// What that is called, as a token; 0 where it has no name.
    batch_name: u64,
    /// The batch whose messages stand in blocks of their own.
    pub(super) batch: Batch,
    /// Blocks stand between STX and ETX.
    pub(super) stx: bool,
    /// An answer was a bare byte: behind a loss the next may be one, too.
    pub(super) bare: bool,
    /// A message had no vertical tab: behind a loss the next may have none, either.
    pub(super) unframed: bool,
    /// The message at hand has none.
    pub(super) startless: bool,
    /// The block at hand is in UTF-16.
    wide: Option<WideBlock>,
    /// What of it was made UTF-8.
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Between blocks.
    Between {
        /// The carriage return that belongs to the last block is still to come.
        owed: bool,
        /// So much of the name of a header came without a vertical tab before it.
        matched: &'static [u8],
        /// An anomaly was told since the last block.
        told: bool,
    },
    /// Something that is no message, up to where the next may begin.
    Seek {
        /// As in [`Stage::Body`].
        line: Option<u8>,
        /// Something was lost before it.
        lost: bool,
    },
    /// In a message whose header is not whole.
    Head,
    /// Behind the header. So many bytes of `MSH` (with [`LOWER`]: of `msh`) came at the start of
    /// the line at hand and are not told yet; `None` in the middle of a line.
    Body(Option<u8>),
    /// In a block that is no HL7 v2.
    Foreign,
}

impl Default for Stage {
    fn default() -> Self {
        Stage::Between { owed: false, matched: b"", told: false }
    }
}

impl Lane {
    pub(super) fn held_bytes(&self) -> usize {
        self.held.capacity() + self.text.capacity() + self.batch.held_bytes()
    }

    /// The bytes that begin and end a block.
    fn frame(&self) -> (u8, u8) {
        if self.stx { (STX, ETX) } else { (START, END) }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8], out: &mut Out<'_>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used =
                if self.wide.is_some() { self.wide(rest, out) } else { self.narrow(rest, out) };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Makes a part of a block in UTF-16 UTF-8, and goes through that.
    fn wide(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let frame = self.frame();
        let Some(wide) = &mut self.wide else { return 0 };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let (used, over) = wide.push(rest.get(..WIDE_BYTES).unwrap_or(rest), frame, &mut text);
        self.narrow(&text, out);
        if over {
            self.wide = None;
            text = Vec::new();
        }
        self.text = text;
        used
    }

    /// Goes through text up to its end, or to where it turns out to be in UTF-16: how much of it
    /// was used.
    fn narrow(&mut self, bytes: &[u8], out: &mut Out<'_>) -> usize {
        let was_wide = self.wide.is_some();
        let mut rest = bytes;
        while !rest.is_empty() && self.wide.is_some() == was_wide {
            let used = match self.stage {
                Stage::Between { owed, matched, told } => {
                    self.between(rest, (owed, matched, told), out)
                }
                Stage::Seek { line, lost } => self.seek(rest, (line, lost), out),
                Stage::Head => self.head(rest, out),
                Stage::Body(line) => self.body(rest, line, out),
                Stage::Foreign => self.foreign(rest, out),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
        bytes.len() - rest.len()
    }

    pub(super) fn begin(&mut self, out: &Out<'_>) {
        self.stage = Stage::Head;
        self.startless = false;
        self.held.clear();
        self.scan = HeaderScan::default();
        self.started = out.at;
        self.begun = true;
        self.in_batch = self.batch.is_open();
        self.batch_name = self.batch.name();
    }

    fn head(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let room = HL7_HEAD_BYTES_MAX.saturating_sub(self.held.len());
        // The name of a segment is taken byte by byte, so that nothing behind it is held.
        let most = if self.scan.awaits_name(self.held.len()) { 1 } else { room };
        let window = rest.get(..most).unwrap_or(rest);
        let (start, end) = self.frame();
        let is_frame = |byte: &u8| [start, end].contains(byte);
        let stop = window.iter().position(|b| is_frame(b) || matches!(b, b'\r' | b'\n'));
        let take = match stop.and_then(|at| Some((at, window.get(at)?))) {
            Some((0, frame)) if is_frame(frame) => return self.head_ends(*frame == start, out),
            Some((at, frame)) if is_frame(frame) => at,
            Some((at, _)) => at + 1,
            None => window.len(),
        };
        self.held.extend_from_slice(window.get(..take).unwrap_or_default());
        if self.turns_wide() {
            return take;
        }
        if self.scan.is_new() {
            if Commit::may_be_hllp(&self.held) {
                return take;
            }
            let Some(behind) = without_hllp(&self.held) else { return take };
            let passed = self.held.len() - behind.len();
            self.held.drain(..passed);
            if self.held.is_empty() {
                return take;
            }
        }
        let full = self.held.len() >= HL7_HEAD_BYTES_MAX;
        match self.scan.push(&self.held, full) {
            Scanned::NeedMore => {}
            told => self.tell_head(told, out),
        }
        take
    }

    /// Whether the first bytes of a block say that it is in UTF-16.
    fn turns_wide(&mut self) -> bool {
        if self.wide.is_some() || self.held.len() > wide::TOLD_BYTES {
            return false;
        }
        let Width::Wide(order, skip) = wide::tell(&self.held) else { return false };
        let mut wide = WideBlock::new(order);
        // No character that is whole, but the first letter of a header.
        let first = self.held.get(skip..).unwrap_or_default();
        let mut text = Vec::new();
        wide.push(first, self.frame(), &mut text);
        self.held = text;
        self.wide = Some(wide);
        true
    }

    /// A frame byte comes before the header is whole: how many bytes of the input are used.
    fn head_ends(&mut self, starts: bool, out: &mut Out<'_>) -> usize {
        if !self.held.is_empty() {
            let commit = Commit::read(&self.held).filter(|_| !starts);
            match (commit, self.scan.push(&self.held, true)) {
                (Some(commit), _) => {
                    out.commit(commit, self.started);
                    self.held.clear();
                }
                (None, Scanned::Opening) if !starts => {
                    let name = self.scan.batch_name(&self.held);
                    self.batch.opens(&self.held, name.map_or(0, |name| token(name, out)));
                    self.held.clear();
                }
                (None, Scanned::Closing) if !starts => {
                    self.batch.closes();
                    out.trailers(&self.held, self.started);
                    self.held.clear();
                }
                (None, told) => {
                    self.tell_head(told, out);
                    return 0;
                }
            }
            self.stage = self.behind_block();
            return 1;
        }
        if starts {
            out.odd("mllp-frame-bytes-doubled");
        } else {
            // An empty block: some senders keep a connection alive with it.
            self.stage = self.behind_block();
        }
        1
    }

    /// Behind a block a carriage return is owed, but for those that end with ETX.
    fn behind_block(&self) -> Stage {
        Stage::Between { owed: !self.stx, matched: b"", told: false }
    }

    /// Tells the head, and what is held as the first bytes of the body.
    fn tell_head(&mut self, told: Scanned, out: &mut Out<'_>) {
        let mut held = std::mem::take(&mut self.held);
        if told == Scanned::Whole {
            self.in_batch |= self.scan.begins_batch();
            if let Some(name) = self.scan.batch_name(&held) {
                self.batch_name = token(name, out);
            }
            let mut header = self.scan.header(&held);
            if self.scan.lacks_header() {
                out.odd("mllp-header-missing");
            }
            header.unasked |= self.in_batch;
            header.batch = self.batch_name;
            let correlation = correlation(&header, out);
            let (direction, at) = (out.direction, self.started);
            let head = MessageHead::Hl7v2(header);
            out.tell(MessageEvent::Head {
                direction,
                at,
                correlation,
                standing: Standing::Sure,
                head,
            });
            let (first, behind) =
                held.split_at_checked(self.scan.header_bytes()).unwrap_or((&held, &[]));
            let mid_line = first.last().is_some_and(|b| !matches!(b, b'\r' | b'\n'));
            out.body(&self.batch.preface(mid_line));
            out.body(first);
            self.stage = Stage::Body((!mid_line).then_some(0));
            // One segment at most, and no MSH: no further head follows from it.
            self.narrow(behind, out);
        } else {
            out.foreign(told == Scanned::Foreign, self.started);
            self.stage = Stage::Foreign;
        }
        held.clear();
        self.held = held;
    }

    fn body(&mut self, rest: &[u8], line: Option<u8>, out: &mut Out<'_>) -> usize {
        let (start, end) = self.frame();
        let stop = memchr2(start, end, rest);
        let text = rest.get(..stop.unwrap_or(rest.len())).unwrap_or_default();
        let next = self.lines(text, line, out);
        self.batch.watch(text.get(..next.unwrap_or(text.len())).unwrap_or_default());
        if let Some(used) = next {
            return used;
        }
        match stop.and_then(|at| rest.get(at)) {
            None => text.len(),
            Some(byte) if *byte == end => {
                self.flush(out);
                out.end(true);
                self.stage = self.behind_block();
                text.len() + 1
            }
            Some(_) => {
                self.flush(out);
                out.odd("mllp-end-missing");
                out.end(true);
                self.begin(out);
                text.len() + 1
            }
        }
    }

    /// Tells `text` up to where an MSH begins the next message: how much of it was used then.
    fn lines(&mut self, text: &[u8], line: Option<u8>, out: &mut Out<'_>) -> Option<usize> {
        let mut line = line;
        // Bytes of a started MSH that came before `text`.
        let mut before = begun(line);
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let Some(matched) = line else {
                let behind = text.get(at..).unwrap_or_default();
                let Some(end) = memchr2(b'\r', b'\n', behind) else { break };
                at += end + 1;
                line = Some(0);
                continue;
            };
            let (name, have) = (begun(line), usize::from(matched & !LOWER));
            if let Some(more) = one_more(matched, *byte) {
                line = Some(more);
                at += 1;
            } else if have == MSH.len() && is_separator(*byte) {
                let inside = have - before.len();
                out.body(text.get(..at - inside).unwrap_or_default());
                out.end(true);
                let block = (self.in_batch, self.batch_name, self.startless);
                self.begin(out);
                (self.in_batch, self.batch_name, self.startless) = block;
                self.held.extend_from_slice(name);
                return Some(at);
            } else if have == 0 && self.startless && Commit::bare(*byte).is_some() {
                // Nothing says where such a message ends but what comes next.
                out.body(text.get(..at).unwrap_or_default());
                out.end(true);
                self.stage = Stage::default();
                return Some(at);
            } else {
                out.body(before);
                before = b"";
                line = matches!(byte, b'\r' | b'\n').then_some(0);
                at += usize::from(line.is_some());
            }
        }
        let inside = begun(line).len() - before.len();
        out.body(text.get(..text.len() - inside).unwrap_or_default());
        self.stage = Stage::Body(line);
        None
    }

    /// Tells the bytes of an MSH that did not become one.
    fn flush(&mut self, out: &mut Out<'_>) {
        if let Stage::Body(line @ Some(_)) = self.stage {
            out.body(begun(line));
            self.stage = Stage::Body(Some(0));
        }
    }

    fn foreign(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let (start, end) = self.frame();
        let Some(at) = memchr2(start, end, rest) else { return rest.len() };
        if rest.get(at) == Some(&start) {
            self.begin(out);
        } else {
            self.stage = self.behind_block();
        }
        at + 1
    }

    /// The stream ends here, or bytes are missing: how many.
    pub(super) fn cut(&mut self, missing: Option<u64>, out: &mut Out<'_>) {
        if matches!(self.stage, Stage::Head) && !self.held.is_empty() {
            let told = self.scan.push(&self.held, true);
            // What is no header may have become one.
            let whole = told == Scanned::Whole;
            self.tell_head(if whole { told } else { Scanned::NeedMore }, out);
        }
        if let Stage::Body(_) = self.stage {
            self.flush(out);
            if let Some(len) = missing {
                out.tell(MessageEvent::BodyGap { direction: out.direction, len });
            }
            out.end(false);
        }
        self.batch.closes();
        self.wide = None;
    }
}
