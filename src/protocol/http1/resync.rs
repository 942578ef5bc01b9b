//! What a stream does when messages are lost: gaps, ends, and the search for the next message.

use memchr::memchr;

use crate::base::limits::{RESYNC_BYTES_MAX, RESYNC_LINE_BYTES_MAX};
use crate::model::{Direction, EndCause};

use super::anomalies;
use super::connection::{Out, Shared};
use super::framing::Body;
use super::head;
use super::stream::{State, Stream, Taken, Trust, content, tell};

impl Stream {
    /// No message starts where one should.
    pub(super) fn reject(&mut self, mid_line: bool, shared: &mut Shared, out: &mut Out<'_>) {
        let whole_request = !mid_line && out.direction == Direction::ToServer;
        if whole_request && head::is_http_09(content(&self.text)) {
            out.anomaly(anomalies::HTTP_09);
        } else if !self.fresh {
            out.anomaly(anomalies::START_INVALID);
        }
        self.lose(mid_line, shared, out);
    }

    pub(super) fn lose(&mut self, mid_line: bool, shared: &mut Shared, out: &mut Out<'_>) {
        out.lost();
        shared.forget();
        self.fresh = false;
        self.trust = Trust::Found;
        self.text = Vec::new();
        self.line = 0;
        self.searched = 0;
        self.state = State::Search { mid_line };
    }

    /// Takes a gap of `len` bytes, which is not zero.
    pub(super) fn gap(&mut self, len: u64, shared: &mut Shared, out: &mut Out<'_>) {
        if let State::Chunked(chunks) = &mut self.state
            && chunks.gap(len)
        {
            return out.body_gap(len);
        }
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
                return;
            }
            State::Closed => return,
            State::Sized(left) => out.body_gap(*left),
            State::Chunked(chunks) => out.body_gap(chunks.left()),
            State::Head | State::Skip(_) | State::Trailers => {}
        }
        self.cut(shared, out);
        if !shared.switched {
            self.lose(false, shared, out);
        }
    }

    /// Takes the end of the stream.
    pub(super) fn end_of_input(&mut self, cause: EndCause, shared: &mut Shared, out: &mut Out<'_>) {
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
        let body = framing.body(kind, minor);
        tell(&mut framing.odd, out);
        self.end_message(false, out);
        if let Body::Switch(to) = body {
            shared.switched = true;
            out.switch(to);
        }
    }

    pub(super) fn search(&mut self, input: &[u8], mid_line: bool, out: &mut Out<'_>) -> usize {
        let used = if mid_line {
            let lf = memchr(b'\n', input);
            self.state = State::Search { mid_line: lf.is_none() };
            lf.map_or(input.len(), |lf| lf + 1)
        } else if self.text.is_empty() {
            self.search_lines(input, out)
        } else {
            let (used, taken) = self.take_line(input, RESYNC_LINE_BYTES_MAX, out);
            match taken {
                Taken::Part => {}
                Taken::Line => self.searched_line(out),
                Taken::Full => {
                    self.text.clear();
                    self.state = State::Search { mid_line: true };
                }
            }
            used
        };
        self.searched = self.searched.saturating_add(used as u64);
        if self.searched > RESYNC_BYTES_MAX {
            out.gave_up(anomalies::NOT_RESYNCHRONISED);
            self.text = Vec::new();
            self.state = State::Closed;
        }
        used
    }

    /// Goes through whole lines in place, up to one that starts a message.
    fn search_lines(&mut self, input: &[u8], out: &mut Out<'_>) -> usize {
        let mut at = 0;
        while let Some(rest) = input.get(at..) {
            let Some(lf) = memchr(b'\n', rest) else { break };
            let line = content(rest.get(..=lf).unwrap_or_default());
            if lf < RESYNC_LINE_BYTES_MAX && head::found_start(line) == Some(out.direction) {
                self.state = State::Head;
                return at;
            }
            at += lf + 1;
        }
        let rest = input.get(at..).unwrap_or_default();
        if rest.len() >= RESYNC_LINE_BYTES_MAX {
            self.state = State::Search { mid_line: true };
        } else if !rest.is_empty() {
            self.started = out.at;
            self.text.extend_from_slice(rest);
        }
        input.len()
    }

    /// Looks at `text`, one whole line: a start line, or nothing.
    pub(super) fn searched_line(&mut self, out: &mut Out<'_>) {
        if head::found_start(content(&self.text)) == Some(out.direction) {
            self.state = State::Head;
            self.line = self.text.len();
        } else {
            self.text.clear();
        }
    }
}
