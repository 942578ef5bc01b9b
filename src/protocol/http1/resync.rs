//! What a stream does when messages are lost: gaps, ends, and the search for the next message.

use memchr::memchr;

use crate::base::limits::{RESYNC_BYTES_MAX, RESYNC_LINE_BYTES_MAX};
use crate::model::{Direction, EndCause};

use super::anomalies;
use super::astray::Astray;
use super::connection::{Out, Shared};
use super::framing::{Body, Kind};
use super::head;
use super::stream::{State, Stream, Trust, content, tell};

/// Bytes of a gap in which no body can end and another begin: a start line and the field that says
/// so do not fit.
const FRAMING_GAP_MAX: u64 = 32;
/// Bytes of a gap that may be what a capture left out of one segment.
const SEGMENT_GAP_MAX: u64 = 64 * 1024;

impl Stream {
    /// No message starts where one should. One may yet start in what was read.
    pub(super) fn reject(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        let whole_request = self.text.ends_with(b"\n") && out.direction == Direction::ToServer;
        if whole_request && head::is_http_09(content(&self.text)) {
            out.anomaly(anomalies::HTTP_09);
        } else if self.fresh {
            out.anomaly(anomalies::START_UNSEEN);
        } else {
            out.anomaly(anomalies::START_INVALID);
        }
        let text = std::mem::take(&mut self.text);
        self.lose(shared, out);
        self.state = State::Search { mid_line: true };
        if text.ends_with(b"\n") {
            self.text = text;
            self.searched_line(out);
        } else {
            self.keep(&text);
        }
    }

    pub(super) fn lose(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        out.lost(self.trust == Trust::FoundEnded);
        shared.forget();
        self.fresh = false;
        self.trust = Trust::Found;
        self.text = Vec::new();
        self.line = 0;
        self.searched = 0;
        (self.aligned, self.likely, self.heard) = (false, false, 0);
        self.state = State::Search { mid_line: false };
    }

    /// Takes a gap of `len` bytes, which is not zero.
    pub(super) fn gap(&mut self, len: u64, shared: &mut Shared, out: &mut Out<'_>) {
        if self.gap_in_doubt(len, out) {
            return;
        }
        self.no_doubt(shared, out);
        if let State::Chunked(chunks) = &mut self.state
            && chunks.gap(len)
        {
            return out.body_gap(len);
        }
        self.hand_on_astray(out);
        // Bytes behind a body of known length are those of another message.
        let cut_short = match self.state {
            State::Head => self.line > 0,
            State::Sized(_) | State::Doubt { .. } => false,
            _ => true,
        };
        match &mut self.state {
            State::UntilClose => return out.body_gap(len),
            State::Sized(left) if len <= *left => {
                *left -= len;
                let over = *left == 0;
                out.body_gap(len);
                if over {
                    self.end_message(true, out);
                }
                return;
            }
            State::Search { mid_line } => {
                *mid_line = false;
                self.text.clear();
                self.aligned = out.placed;
                return;
            }
            State::Closed => return,
            State::Sized(left) => out.body_gap(*left),
            // How much of the body the framing that is missing framed, nobody knows.
            State::Chunked(_) | State::Astray(_)
                if len <= FRAMING_GAP_MAX || shared.waits_for_nothing_but(out.direction) =>
            {
                self.state = State::Astray(Astray::new());
                return out.body_gap(len);
            }
            State::Chunked(chunks) if chunks.left() == 0 => out.body_gap(len),
            State::Chunked(chunks) => out.body_gap(chunks.left()),
            State::Astray(_) => out.body_gap(len),
            State::Head | State::Skip(_) | State::Trailers | State::Doubt { .. } => {}
        }
        self.cut(shared, out);
        if !shared.switched {
            let wait = cut_short && len <= SEGMENT_GAP_MAX && shared.went_by_turns(out.direction);
            match self.fresh {
                true => out.anomaly(anomalies::START_UNSEEN),
                false if !wait => out.anomaly(anomalies::MESSAGES_LOST),
                false => {}
            }
            let untold = wait && !self.fresh;
            // That bytes are missing behind a message shows nothing of it.
            self.trust = Trust::Found;
            self.lose(shared, out);
            self.untold = untold;
            self.aligned = out.placed;
        }
    }

    /// Tells whether messages were lost in a gap: the next one begins, or there is none.
    pub(super) fn tell_lost(&mut self, follows: bool, shared: &Shared, out: &mut Out<'_>) {
        if std::mem::take(&mut self.untold) && !shared.lost_nothing(out.direction, follows) {
            out.anomaly(anomalies::MESSAGES_LOST);
        }
    }

    /// Takes the end of the stream.
    pub(super) fn end_of_input(&mut self, cause: EndCause, shared: &mut Shared, out: &mut Out<'_>) {
        self.no_doubt(shared, out);
        self.hand_on_astray(out);
        self.tell_lost(false, shared, out);
        match self.state {
            State::UntilClose => out.end(cause == EndCause::Fin),
            State::Search { .. } | State::Closed => {}
            _ => self.cut(shared, out),
        }
        self.text = Vec::new();
        self.line = 0;
        self.state = State::Closed;
    }

    /// The open message, if any, will not come to its end.
    fn cut(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        match &mut self.state {
            State::Head => return self.cut_head(shared, out),
            State::Skip(skip) => {
                if let Some((_, _, framing)) = &mut skip.head {
                    tell(&mut framing.odd, out);
                }
                out.anomaly(anomalies::HEAD_CUT);
            }
            State::Trailers => {
                self.give_trailers(out);
                out.anomaly(anomalies::HEAD_CUT);
            }
            _ => {}
        }
        out.end(false);
    }

    /// Gives what was seen of a head: its start line says what was asked or answered.
    fn cut_head(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        let mut text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        text.truncate(self.line);
        self.line = 0;
        let opened = self.open_tolerant(&mut text, shared, out);
        out.anomaly(anomalies::HEAD_CUT);
        let Some((kind, minor, mut framing)) = opened else { return };
        if kind == Kind::Request && !out.cut && !framing.has_host() {
            out.anomaly(anomalies::HOST_LOST);
        }
        let body = framing.body(kind, minor);
        tell(&mut framing.odd, out);
        self.end_message(false, out);
        if let Body::Switch(to) = body {
            shared.switched = true;
            out.switch(to);
        }
    }

    pub(super) fn search(&mut self, input: &[u8], out: &mut Out<'_>) -> usize {
        self.note_turn(input, out);
        let used = if self.text.is_empty() {
            self.search_lines(input, out)
        } else {
            let lf = memchr(b'\n', input);
            self.keep(input.get(..lf.unwrap_or(input.len())).unwrap_or_default());
            if lf.is_some() {
                self.text.push(b'\n');
                self.searched_line(out);
            }
            lf.map_or(input.len(), |lf| lf + 1)
        };
        self.searched = self.searched.saturating_add(used as u64);
        if self.searched > RESYNC_BYTES_MAX {
            if std::mem::take(&mut self.untold) {
                out.anomaly(anomalies::MESSAGES_LOST);
            }
            out.gave_up(anomalies::NOT_RESYNCHRONISED);
            self.text = Vec::new();
            self.state = State::Closed;
        }
        used
    }

    /// Where its sender had heard more than before, and begins as a message does, the other end
    /// said something in between: what was said before is over.
    fn note_turn(&mut self, input: &[u8], out: &Out<'_>) {
        let before = std::mem::replace(&mut self.heard, out.heard);
        let begins = match out.direction {
            Direction::ToServer => input.first().is_some_and(u8::is_ascii_uppercase),
            Direction::ToClient => input.first() == Some(&b'H'),
        };
        if begins && before > 0 && out.heard > before {
            self.text.clear();
            self.aligned = true;
            self.state = State::Search { mid_line: false };
        }
    }

    /// Goes through whole lines in place, up to where a message starts.
    fn search_lines(&mut self, input: &[u8], out: &mut Out<'_>) -> usize {
        let mut at = 0;
        while let Some(rest) = input.get(at..) {
            let Some(lf) = memchr(b'\n', rest) else { break };
            if let Some(start) = self.found(rest.get(..lf).unwrap_or_default(), out) {
                self.state = State::Head;
                self.likely = self.aligned && start == 0;
                return at + start;
            }
            self.state = State::Search { mid_line: false };
            self.aligned = false;
            at += lf + 1;
        }
        self.keep(input.get(at..).unwrap_or_default());
        input.len()
    }

    /// Looks at `text`, a whole line or the end of one: a message starts in it, or nothing does.
    /// Its time is that of the line's end, which does not depend on what came before it.
    pub(super) fn searched_line(&mut self, out: &mut Out<'_>) {
        let line = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
        if let Some(start) = self.found(line, out) {
            self.text.drain(..start);
            self.likely = self.aligned && start == 0;
            self.started = out.at;
            self.state = State::Head;
            self.line = self.text.len();
        } else {
            self.text.clear();
            self.aligned = false;
            self.state = State::Search { mid_line: false };
        }
    }

    /// Where in a line without its LF a message starts.
    fn found(&self, line: &[u8], out: &Out<'_>) -> Option<usize> {
        let passed = line.len().saturating_sub(RESYNC_LINE_BYTES_MAX);
        let whole = passed == 0 && matches!(self.state, State::Search { mid_line: false });
        let (start, goes) = head::found_start(line.get(passed..)?, whole)?;
        (goes == out.direction).then_some(passed + start)
    }

    /// Keeps what came of an unfinished line, as much of its end as may matter.
    fn keep(&mut self, piece: &[u8]) {
        if self.text.len() + piece.len() > 2 * RESYNC_LINE_BYTES_MAX {
            let kept = RESYNC_LINE_BYTES_MAX.saturating_sub(piece.len());
            self.text.drain(..self.text.len().saturating_sub(kept));
            self.aligned = false;
            self.state = State::Search { mid_line: true };
        }
        let from = piece.len().saturating_sub(2 * RESYNC_LINE_BYTES_MAX);
        self.text.extend_from_slice(piece.get(from..).unwrap_or_default());
    }
}
