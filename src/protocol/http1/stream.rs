//! One direction of a connection: heads and bodies. What goes wrong is in `resync`, bodies that may
//! not be there in `doubt`.

use memchr::memchr;

use crate::base::Timestamp;
use crate::base::limits::{HEAD_BYTES_MAX, SKIPPED_LINE_BYTES_MAX};
use crate::model::{Correlation, Direction, Header, MessageEvent, Standing};
use crate::protocol::bits;

use super::anomalies;
use super::astray::Astray;
use super::chunked::{Chunks, Piece};
use super::connection::{Out, Shared};
use super::framing::{Asked, Body, Framing, Kind, Odd};
use super::head::{self, Fields, Start};

#[derive(Debug)]
pub(super) enum State {
    /// Between messages or inside a head; `text` holds what came of it.
    Head,
    /// Behind what was read of a head, or of trailers, that is too large.
    Skip(Box<Skip>),
    /// Inside a body with this many bytes left.
    Sized(u64),
    /// Before a body of this many bytes, unless the next message comes instead; `text` holds what
    /// is needed to tell (`doubt`).
    Doubt {
        left: u64,
        /// Bytes are missing before what comes: of the body, or of other messages.
        behind_gap: bool,
    },
    Chunked(Chunks),
    /// In a chunked body behind a gap in its framing; `text` holds what is not told apart yet.
    Astray(Astray),
    /// Behind the last chunk; `text` holds what came of the trailers.
    Trailers,
    UntilClose,
    /// Looking for a start line; `text` holds the end of an unfinished line that may be one, or
    /// may have one at its end.
    Search {
        /// What is at hand does not begin where a line does.
        mid_line: bool,
    },
    /// Ended or given up.
    Closed,
}

/// The rest of a head: only what decides on the body is read.
#[derive(Debug)]
pub(super) struct Skip {
    /// The unfinished line, as much as may matter.
    pub(super) line: Vec<u8>,
    /// `None` for trailers.
    pub(super) head: Option<(Kind, u8, Framing)>,
}

/// How sure it is that messages start where they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Sure,
    /// The message was found by searching.
    Found,
    /// It ended where it said: if another starts there, it was one.
    FoundEnded,
}

/// What taking a line from the input came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Part,
    Line,
    /// The limit was reached first.
    Full,
}

/// The parser of one direction.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) state: State,
    pub(super) trust: Trust,
    /// Nothing was read or lost yet.
    pub(super) fresh: bool,
    /// Whole lines and the start of another, of a head or trailers.
    pub(super) text: Vec<u8>,
    /// Where in `text` the unfinished line starts.
    pub(super) line: usize,
    /// Time of the first byte of `text`.
    pub(super) started: Timestamp,
    /// Bytes this search went through.
    pub(super) searched: u64,
    /// Whether messages were lost in a gap shows when the next one comes.
    pub(super) untold: bool,
    /// What comes next, or what `text` begins with, stands where what its sender says begins: right
    /// behind a gap, or behind what the other end said.
    pub(super) aligned: bool,
    /// The message that was found by searching stood there.
    pub(super) likely: bool,
    /// How far the sender of what was searched last had heard the other stream.
    pub(super) heard: u64,
}

impl Stream {
    pub(super) fn new() -> Self {
        Stream {
            state: State::Head,
            trust: Trust::Sure,
            fresh: true,
            text: Vec::new(),
            line: 0,
            started: Timestamp::default(),
            searched: 0,
            untold: false,
            aligned: false,
            likely: false,
            heard: 0,
        }
    }

    pub(super) fn is_between_messages(&self) -> bool {
        matches!(self.state, State::Head | State::Closed) && self.text.is_empty()
    }

    /// How many bits [`Stream::rest`] has.
    pub(super) const REST_BITS: u32 = 3;
    const USED: u8 = 1;
    const FOUND: u8 = 1 << 1;
    const CLOSED: u8 = 1 << 2;

    /// What is to be remembered of it between messages. Where it is not sure that it is between
    /// them, it has to remember more.
    pub(super) fn rest(&self) -> Option<u8> {
        let rests = self.is_between_messages() && self.line == 0 && self.trust != Trust::Found;
        let closed = matches!(self.state, State::Closed);
        rests.then_some(bits([!self.fresh, self.trust == Trust::FoundEnded, closed]))
    }

    /// Forgets everything and goes on from there.
    pub(super) fn resume(&mut self, bits: u8) {
        *self = Stream::new();
        self.fresh = bits & Self::USED == 0;
        if bits & Self::FOUND != 0 {
            self.trust = Trust::FoundEnded;
        }
        if bits & Self::CLOSED != 0 {
            self.state = State::Closed;
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        let skipped = match &self.state {
            State::Skip(skip) => size_of::<Skip>() + skip.line.capacity(),
            _ => 0,
        };
        self.text.capacity() + skipped
    }

    /// Takes the next bytes.
    pub(super) fn bytes(&mut self, mut input: &[u8], shared: &mut Shared, out: &mut Out<'_>) {
        while !input.is_empty() {
            if shared.switched {
                return out.remainder(input);
            }
            let used = match &mut self.state {
                State::Head => self.head(input, shared, out),
                State::Skip(_) => self.skip(input, shared, out),
                State::Sized(_) => self.sized(input, out),
                State::Doubt { left, .. } => {
                    let length = *left;
                    match out.direction {
                        Direction::ToServer => self.doubt_request(input, length, shared, out),
                        Direction::ToClient => self.doubt_response(input, shared, out),
                    }
                }
                State::Chunked(_) => self.chunked(input, shared, out),
                State::Astray(_) => self.astray(input, shared, out),
                State::Trailers => self.trailers(input, out),
                State::UntilClose => {
                    out.body(input);
                    return;
                }
                State::Search { .. } => self.search(input, out),
                State::Closed => return,
            };
            input = input.get(used..).unwrap_or_default();
        }
    }

    fn head(&mut self, input: &[u8], shared: &mut Shared, out: &mut Out<'_>) -> usize {
        if self.text.is_empty() {
            match input {
                [b'\n', ..] => return 1,
                [b'\r', b'\n', ..] => return 2,
                _ => {}
            }
            self.started = out.at;
            let window = input.get(..HEAD_BYTES_MAX).unwrap_or(input);
            // What was found by searching is looked at line by line.
            if self.trust != Trust::Found
                && let Some(used) = self.open_strict(window, shared, out)
            {
                return used;
            }
        }
        let (used, taken) = self.take_line(input, HEAD_BYTES_MAX, out);
        match taken {
            Taken::Line => self.head_line(shared, out),
            Taken::Full if self.line > 0 => self.head_too_large(shared, out),
            Taken::Full => self.reject(shared, out),
            Taken::Part if self.line == 0 => {
                let viable = self.text == b"\r" || head::viable(out.direction, &self.text);
                if !viable {
                    self.reject(shared, out);
                }
            }
            Taken::Part => {}
        }
        used
    }

    /// Looks at the line that ends `text`.
    pub(super) fn head_line(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        let line = content(self.text.get(self.line..).unwrap_or_default());
        if line.is_empty() {
            let text = std::mem::take(&mut self.text);
            if self.line > 0 {
                self.finish_head(text, shared, out);
            }
            self.line = 0;
        } else if self.line == 0 && head::start_line(out.direction, line).is_none() {
            self.reject(shared, out);
        } else if self.line > 0 && self.trust == Trust::Found && !self.has_field(out) {
            // What was found by searching is no head; it may be that one starts here.
            self.text.drain(..self.line.min(self.text.len()));
            self.line = 0;
            self.aligned = false;
            self.state = State::Search { mid_line: false };
            self.searched_line(out);
        } else {
            self.line = self.text.len();
        }
    }

    /// Whether the last line of `text` belongs to the head that was found.
    fn has_field(&self, out: &Out<'_>) -> bool {
        let line = self.text.get(self.line..).unwrap_or_default();
        head::is_field_line(out.direction, line.strip_suffix(b"\n").unwrap_or(line))
    }

    fn finish_head(&mut self, mut text: Vec<u8>, shared: &mut Shared, out: &mut Out<'_>) {
        if self.trust == Trust::Found && head::is_endless(out.direction, &text) {
            self.state = State::Search { mid_line: false };
            return;
        }
        if self.open_strict(&text, shared, out).is_some() {
            return;
        }
        match self.open_tolerant(&mut text, shared, out) {
            Some((kind, minor, framing)) => self.settle((kind, minor, framing), shared, out),
            None => self.reject(shared, out),
        }
    }

    /// Opens a message whose well-formed head `text` starts with.
    fn open_strict(
        &mut self,
        text: &[u8],
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) -> Option<usize> {
        let mut fields = Fields::new();
        let mut framing = Framing::new();
        let (used, start) = head::strict(out.direction, text, &mut fields, &mut framing)?;
        if out.direction == Direction::ToServer {
            framing.check_hosts(&fields);
        }
        let kind = self.announce(start, &fields, shared, out);
        self.settle((kind, start.minor_version(), framing), shared, out);
        Some(used)
    }

    /// Opens a message from whole lines.
    pub(super) fn open_tolerant(
        &mut self,
        text: &mut [u8],
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) -> Option<(Kind, u8, Framing)> {
        let mut fields = Fields::new();
        let mut framing = Framing::new();
        head::straighten(text, &mut framing.odd);
        let start = head::tolerant(out.direction, text, &mut fields, &mut framing)?;
        if out.direction == Direction::ToServer {
            framing.check_hosts(&fields);
        }
        let kind = self.announce(start, &fields, shared, out);
        Some((kind, start.minor_version(), framing))
    }

    fn announce(
        &mut self,
        start: Start<'_>,
        fields: &[Header<'_>],
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) -> Kind {
        self.fresh = false;
        if self.trust == Trust::FoundEnded {
            self.trust = Trust::Sure;
            out.confirmed();
        }
        if self.untold && !start.is_interim() {
            self.tell_lost(true, shared, out);
        }
        out.sink.message(MessageEvent::Head {
            direction: out.direction,
            at: self.started,
            correlation: Correlation::InOrder,
            standing: match self.trust {
                Trust::Found if self.likely => Standing::Likely,
                Trust::Found => Standing::Guess,
                Trust::Sure | Trust::FoundEnded => Standing::Sure,
            },
            head: start.with_fields(fields),
        });
        match start {
            Start::Request { method, .. } => {
                if shared.asked(method) {
                    out.anomaly(anomalies::TOO_MANY_PENDING);
                }
                Kind::Request
            }
            Start::Response { status, .. } => {
                Kind::Response { status, asked: shared.answers(status) }
            }
        }
    }

    /// The head is over: goes to what follows it.
    fn settle(
        &mut self,
        (kind, minor_version, mut framing): (Kind, u8, Framing),
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) {
        let body = framing.body(kind, minor_version);
        tell(&mut framing.odd, out);
        match body {
            Body::None => self.end_message(true, out),
            Body::Sized(length) => {
                let doubtful =
                    matches!(kind, Kind::Request | Kind::Response { asked: Asked::Unknown, .. });
                self.state = match doubtful {
                    true => State::Doubt { left: length, behind_gap: false },
                    false => State::Sized(length),
                };
            }
            Body::Chunked => self.state = State::Chunked(Chunks::new()),
            Body::UntilClose => self.state = State::UntilClose,
            Body::Switch(to) => {
                self.end_message(true, out);
                shared.switched = true;
                out.switch(to);
            }
        }
    }

    pub(super) fn end_message(&mut self, complete: bool, out: &mut Out<'_>) {
        out.end(complete);
        self.state = State::Head;
        if self.trust == Trust::Found && complete {
            self.trust = Trust::FoundEnded;
        }
    }

    /// `text` is as large as a head may be: gives its whole lines and skips the rest.
    fn head_too_large(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        let mut text = std::mem::take(&mut self.text);
        let line = skipped_line(text.get(self.line..).unwrap_or_default());
        text.truncate(self.line);
        self.line = 0;
        match self.open_tolerant(&mut text, shared, out) {
            Some((kind, minor, mut framing)) => {
                framing.odd.note(anomalies::HEAD_TOO_LARGE);
                self.state =
                    State::Skip(Box::new(Skip { line, head: Some((kind, minor, framing)) }));
            }
            None => self.reject(shared, out),
        }
    }

    fn skip(&mut self, input: &[u8], shared: &mut Shared, out: &mut Out<'_>) -> usize {
        let State::Skip(skip) = &mut self.state else { return 0 };
        let lf = memchr(b'\n', input);
        let used = lf.map_or(input.len(), |lf| lf + 1);
        let room = SKIPPED_LINE_BYTES_MAX.saturating_sub(skip.line.len());
        let piece = input.get(..used.min(room)).unwrap_or_default();
        skip.line.extend_from_slice(piece);
        if lf.is_none() {
            return used;
        }
        if !matches!(skip.line.as_slice(), b"\n" | b"\r\n") {
            if let Some((_, _, framing)) = &mut skip.head
                && skip.line.ends_with(b"\n")
                && let Some(field) = head::header_of(content(&skip.line), &mut framing.odd)
            {
                framing.field(&field);
            }
            skip.line.clear();
            return used;
        }
        let head = skip.head.take();
        self.state = State::Head;
        match head {
            Some(head) => self.settle(head, shared, out),
            None => self.end_message(true, out),
        }
        used
    }

    pub(super) fn sized(&mut self, input: &[u8], out: &mut Out<'_>) -> usize {
        let State::Sized(left) = &mut self.state else { return 0 };
        let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
        *left = left.saturating_sub(len as u64);
        let over = *left == 0;
        out.body(input.get(..len).unwrap_or_default());
        if over {
            self.end_message(true, out);
        }
        len
    }

    fn chunked(&mut self, input: &[u8], shared: &mut Shared, out: &mut Out<'_>) -> usize {
        let State::Chunked(chunks) = &mut self.state else { return 0 };
        let mut odd = Odd::default();
        let (used, piece) = chunks.next(input, &mut odd);
        tell(&mut odd, out);
        match piece {
            Piece::Framing => {}
            Piece::Data(bytes) => out.body(bytes),
            Piece::Last => self.state = State::Trailers,
            Piece::Broken(_) if chunks.is_inferred() => self.state = State::Astray(Astray::new()),
            Piece::Broken(anomaly) => {
                // Where a size should stand a message may: some servers cut bodies short.
                let mid_line = !chunks.at_line_start();
                out.anomaly(anomaly);
                out.end(false);
                self.lose(shared, out);
                self.state = State::Search { mid_line };
            }
        }
        used
    }

    /// Moves input up to and including the next LF into `text`, which holds at most `limit`.
    pub(super) fn take_line(
        &mut self,
        input: &[u8],
        limit: usize,
        out: &Out<'_>,
    ) -> (usize, Taken) {
        if self.text.is_empty() {
            self.started = out.at;
        }
        let room = input.get(..limit.saturating_sub(self.text.len())).unwrap_or(input);
        let (used, taken) = match memchr(b'\n', room) {
            Some(lf) => (lf + 1, Taken::Line),
            None if self.text.len() + room.len() >= limit => (room.len(), Taken::Full),
            None => (room.len(), Taken::Part),
        };
        self.text.extend_from_slice(room.get(..used).unwrap_or_default());
        (used, taken)
    }
}

/// A line without its end.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// As much of a line as is kept of skipped ones.
pub(super) fn skipped_line(line: &[u8]) -> Vec<u8> {
    line.get(..SKIPPED_LINE_BYTES_MAX).unwrap_or(line).to_vec()
}

pub(super) fn tell(odd: &mut Odd, out: &mut Out<'_>) {
    for anomaly in odd.drain() {
        out.anomaly(anomaly);
    }
}
