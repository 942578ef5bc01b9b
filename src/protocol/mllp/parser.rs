//! Blocks: found at their frame bytes, and put right where those are missing or doubled.
//!
//! What senders get wrong is named and counted: no vertical tab before a message, two of them, no
//! file separator behind it, no carriage return behind that, lines of something else between
//! blocks. A block may hold a batch, or several messages: each MSH begins one. After a gap the
//! next message is the one behind the next vertical tab.

use std::hash::BuildHasher;

use memchr::{memchr, memchr2};

use crate::base::limits::HL7_HEAD_BYTES_MAX;
use crate::base::{Timestamp, table_state};
use crate::model::{
    Anomaly, Correlation, Direction, MessageEvent, MessageHead, StreamEvent, StreamInput,
};
use crate::protocol::{MessageSink, Parser, Rest, bits};

use super::header::{HeaderScan, Scanned};

/// Start block: vertical tab.
const START: u8 = 0x0b;
/// End block: file separator.
const END: u8 = 0x1c;
const MSH: &[u8] = b"MSH";
/// What a block begins with: the header of a message, of a file or of a batch.
const HEADERS: [&[u8]; 3] = [MSH, b"FHS", b"BHS"];
/// The bytes of a byte order mark, which may stand where a block lacks its vertical tab.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// See the module.
#[derive(Debug)]
pub struct MllpParser {
    lanes: [Lane; 2],
    state: foldhash::quality::RandomState,
}

impl Default for MllpParser {
    fn default() -> Self {
        MllpParser { lanes: Default::default(), state: table_state() }
    }
}

impl Parser for MllpParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        let [to_server, to_client] = &mut self.lanes;
        let lane = match event.direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        let direction = event.direction;
        let mut out = Out { direction, at: event.at, state: &self.state, sink };
        match event.input {
            StreamInput::Bytes(bytes) => lane.bytes(bytes, &mut out),
            StreamInput::Gap(len) => {
                lane.cut(Some(len), &mut out);
                if lane.begun {
                    out.tell(MessageEvent::Lost { direction, refuted: false });
                }
                lane.stage = Stage::Resync;
            }
            StreamInput::End(_) => {
                lane.cut(None, &mut out);
                lane.stage = Stage::default();
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        let between = |lane: &Lane| matches!(lane.stage, Stage::Between { matched: b"", .. });
        self.lanes.iter().all(|lane| between(lane) && lane.held.is_empty())
    }

    fn held_bytes(&self) -> usize {
        self.lanes.iter().map(|lane| lane.held.capacity()).sum()
    }

    fn rest(&self) -> Option<Rest> {
        let [to_server, to_client] = &self.lanes;
        Some(Rest::of([to_server.rest()?, to_client.rest()?]))
    }

    fn resume(&mut self, rest: Rest) {
        self.lanes = rest.lanes().map(Lane::resumed);
    }
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    stage: Stage,
    /// The start of a message, until its header is whole.
    held: Vec<u8>,
    scan: HeaderScan,
    /// Time of the first byte of the message at hand.
    started: Timestamp,
    /// A block was found: what stood before the first may be the rest of another.
    begun: bool,
    /// The block at hand holds a batch.
    batch: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Between blocks.
    Between {
        /// The carriage return that belongs to the last block is still to come.
        owed: bool,
        /// So much of the name of a header came without a vertical tab before it.
        matched: &'static [u8],
        /// An anomaly was told since the last block.
        told: bool,
    },
    /// Something that is no message, up to the next vertical tab.
    Noise,
    /// After a gap: up to the next vertical tab.
    Resync,
    /// In a message whose header is not whole.
    Head,
    /// Behind the header. So many bytes of `MSH` came at the start of the line at hand and are
    /// not told yet; `None` in the middle of a line.
    Body(Option<u8>),
    /// In a block that is no HL7 v2.
    Foreign,
}

impl Default for Stage {
    fn default() -> Self {
        Stage::Between { owed: false, matched: b"", told: false }
    }
}

/// Where events go.
struct Out<'a> {
    direction: Direction,
    at: Timestamp,
    state: &'a foldhash::quality::RandomState,
    sink: &'a mut dyn MessageSink,
}

impl Out<'_> {
    fn tell(&mut self, event: MessageEvent<'_>) {
        self.sink.message(event);
    }

    fn odd(&mut self, name: &'static str) {
        let direction = self.direction;
        self.tell(MessageEvent::Anomaly { direction, anomaly: Anomaly(name) });
    }

    /// A commit of MLLP release 2, an acknowledgement without a header, or anything else.
    fn unread(&mut self) {
        if self.direction == Direction::ToClient {
            self.tell(MessageEvent::Unread);
        }
    }

    fn body(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell(MessageEvent::Body { direction: self.direction, bytes });
        }
    }

    fn end(&mut self, complete: bool) {
        let (direction, at) = (self.direction, self.at);
        self.tell(MessageEvent::End { direction, at, complete });
    }
}

impl Lane {
    const OWED: u8 = 1;
    const TOLD: u8 = 1 << 1;
    const BEGUN: u8 = 1 << 2;

    /// What is to be remembered of it between blocks.
    fn rest(&self) -> Option<u8> {
        match self.stage {
            Stage::Between { owed, matched: b"", told } if self.held.is_empty() => {
                Some(bits([owed, told, self.begun]))
            }
            _ => None,
        }
    }

    /// One that goes on from there.
    fn resumed(bits: u8) -> Lane {
        let (owed, told) = (bits & Self::OWED != 0, bits & Self::TOLD != 0);
        let stage = Stage::Between { owed, matched: b"", told };
        Lane { stage, begun: bits & Self::BEGUN != 0, ..Lane::default() }
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Out<'_>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = match self.stage {
                Stage::Between { owed, matched, told } => {
                    self.between(rest, (owed, matched, told), out)
                }
                Stage::Noise | Stage::Resync => self.seek(rest, out),
                Stage::Head => self.head(rest, out),
                Stage::Body(line) => self.body(rest, line, out),
                Stage::Foreign => self.foreign(rest, out),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// One byte between blocks.
    fn between(
        &mut self,
        rest: &[u8],
        was: (bool, &'static [u8], bool),
        out: &mut Out<'_>,
    ) -> usize {
        let (mut owed, matched, mut told) = was;
        let byte = *rest.first().unwrap_or(&0);
        if owed && byte == b'\r' {
            self.stage = Stage::Between { owed: false, matched, told };
            return 1;
        }
        if std::mem::take(&mut owed) {
            out.odd("mllp-carriage-return-missing");
            told = true;
        }
        if byte == START && matched.is_empty() {
            self.begin(out);
            return 1;
        }
        if matched.is_empty() && (matches!(byte, b'\r' | b'\n' | END) || MARK.contains(&byte)) {
            if !told && byte == END {
                out.odd("mllp-frame-bytes-doubled");
                told = true;
            }
            self.stage = Stage::Between { owed, matched, told };
            return 1;
        }
        let next =
            |name: &&&[u8]| name.starts_with(matched) && name.get(matched.len()) == Some(&byte);
        if let Some(more) = HEADERS.iter().find(next).and_then(|n| n.get(..=matched.len())) {
            self.stage = Stage::Between { owed, matched: more, told };
            return 1;
        }
        if HEADERS.contains(&matched) && is_separator(byte) {
            out.odd("mllp-start-missing");
            self.begin(out);
            self.held.extend_from_slice(matched);
            return 0;
        }
        if self.begun {
            out.odd("mllp-noise");
        }
        if byte != 0 {
            out.unread();
        }
        self.stage = Stage::Noise;
        0
    }

    fn seek(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let Some(at) = memchr(START, rest) else { return rest.len() };
        self.begin(out);
        at + 1
    }

    fn begin(&mut self, out: &Out<'_>) {
        self.stage = Stage::Head;
        self.held.clear();
        self.scan = HeaderScan::default();
        self.started = out.at;
        self.begun = true;
        self.batch = false;
    }

    fn head(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let room = HL7_HEAD_BYTES_MAX.saturating_sub(self.held.len());
        // The name of a segment is taken byte by byte, so that nothing behind it is held.
        let most = if self.scan.awaits_name(self.held.len()) { 1 } else { room };
        let window = rest.get(..most).unwrap_or(rest);
        let stop = window.iter().position(|b| matches!(*b, START | END | b'\r' | b'\n'));
        let take = match stop.and_then(|at| Some((at, window.get(at)?))) {
            Some((0, &frame @ (START | END))) => return self.head_ends(frame, out),
            Some((at, &(START | END))) => at,
            Some((at, _)) => at + 1,
            None => window.len(),
        };
        self.held.extend_from_slice(window.get(..take).unwrap_or_default());
        let full = self.held.len() >= HL7_HEAD_BYTES_MAX;
        match self.scan.push(&self.held, full) {
            Scanned::NeedMore => {}
            told => self.tell_head(told, out),
        }
        take
    }

    /// A frame byte comes before the header is whole: how many bytes of the input are used.
    fn head_ends(&mut self, frame: u8, out: &mut Out<'_>) -> usize {
        if !self.held.is_empty() {
            let told = self.scan.push(&self.held, true);
            self.tell_head(told, out);
            return 0;
        }
        if frame == START {
            out.odd("mllp-frame-bytes-doubled");
        } else {
            // An empty block: some senders keep a connection alive with it.
            self.stage = Stage::Between { owed: true, matched: b"", told: false };
        }
        1
    }

    /// Tells the head, and what is held as the first bytes of the body.
    fn tell_head(&mut self, told: Scanned, out: &mut Out<'_>) {
        let mut held = std::mem::take(&mut self.held);
        if told == Scanned::Whole {
            self.batch |= self.scan.begins_batch();
            let mut header = self.scan.header(&held);
            header.unasked |= self.batch;
            let id = match (out.direction, header.acknowledges) {
                (Direction::ToClient, Some((_, answered))) => answered,
                _ => header.control_id,
            };
            let correlation = Correlation::Token(out.state.hash_one(id));
            let (direction, at) = (out.direction, self.started);
            let head = MessageHead::Hl7v2(header);
            out.tell(MessageEvent::Head { direction, at, correlation, tentative: false, head });
            let (first, behind) =
                held.split_at_checked(self.scan.header_bytes()).unwrap_or((&held, &[]));
            out.body(first);
            let mid_line = first.last().is_some_and(|b| !matches!(b, b'\r' | b'\n'));
            self.stage = Stage::Body((!mid_line).then_some(0));
            // One segment at most, and no MSH: no further head follows from it.
            self.bytes(behind, out);
        } else {
            out.odd("mllp-not-hl7");
            out.unread();
            self.stage = Stage::Foreign;
        }
        held.clear();
        self.held = held;
    }

    fn body(&mut self, rest: &[u8], line: Option<u8>, out: &mut Out<'_>) -> usize {
        let stop = memchr2(START, END, rest);
        let text = rest.get(..stop.unwrap_or(rest.len())).unwrap_or_default();
        if let Some(used) = self.lines(text, line, out) {
            return used;
        }
        match stop.and_then(|at| rest.get(at)) {
            None => text.len(),
            Some(&END) => {
                self.flush(out);
                out.end(true);
                self.stage = Stage::Between { owed: true, matched: b"", told: false };
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
        let mut before = line.unwrap_or(0);
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let Some(matched) = line else {
                let behind = text.get(at..).unwrap_or_default();
                let Some(end) = memchr2(b'\r', b'\n', behind) else { break };
                at += end + 1;
                line = Some(0);
                continue;
            };
            if MSH.get(usize::from(matched)) == Some(byte) {
                line = Some(matched + 1);
                at += 1;
            } else if usize::from(matched) == MSH.len() && is_separator(*byte) {
                let inside = usize::from(matched - before);
                out.body(text.get(..at - inside).unwrap_or_default());
                out.end(true);
                let batch = self.batch;
                self.begin(out);
                self.batch = batch;
                self.held.extend_from_slice(MSH);
                return Some(at);
            } else {
                out.body(MSH.get(..usize::from(before)).unwrap_or_default());
                before = 0;
                line = matches!(byte, b'\r' | b'\n').then_some(0);
                at += usize::from(line.is_some());
            }
        }
        let inside = usize::from(line.unwrap_or(0) - before);
        out.body(text.get(..text.len() - inside).unwrap_or_default());
        self.stage = Stage::Body(line);
        None
    }

    /// Tells the bytes of an MSH that did not become one.
    fn flush(&mut self, out: &mut Out<'_>) {
        if let Stage::Body(Some(matched)) = self.stage {
            out.body(MSH.get(..usize::from(matched)).unwrap_or_default());
            self.stage = Stage::Body(Some(0));
        }
    }

    fn foreign(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        let Some(at) = memchr2(START, END, rest) else { return rest.len() };
        if rest.get(at) == Some(&START) {
            self.begin(out);
        } else {
            self.stage = Stage::Between { owed: true, matched: b"", told: false };
        }
        at + 1
    }

    /// The stream ends here, or bytes are missing: how many.
    fn cut(&mut self, missing: Option<u64>, out: &mut Out<'_>) {
        if matches!(self.stage, Stage::Head) && !self.held.is_empty() {
            let told = self.scan.push(&self.held, true);
            self.tell_head(told, out);
        }
        if let Stage::Body(_) = self.stage {
            self.flush(out);
            if let Some(len) = missing {
                out.tell(MessageEvent::BodyGap { direction: out.direction, len });
            }
            out.end(false);
        }
    }
}

/// What can stand behind `MSH`.
fn is_separator(byte: u8) -> bool {
    byte.is_ascii_punctuation()
}
