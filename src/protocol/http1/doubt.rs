//! Bodies that were declared and may not be there: the next message comes instead.

use memchr::memchr;

use crate::base::limits::RESYNC_LINE_BYTES_MAX;
use crate::model::Direction;

use super::anomalies;
use super::connection::{Out, Shared};
use super::head;
use super::stream::{State, Stream};

impl Stream {
    /// The first bytes of a response's body. What it answers was not seen and may have been HEAD;
    /// no body begins like a status line. One that is shorter than what shows it is held with what
    /// follows it.
    pub(super) fn doubt_response(
        &mut self,
        input: &[u8],
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) -> usize {
        if self.text.is_empty() {
            self.started = out.at;
        }
        let taken = head::STATUS_SHOWN.saturating_sub(self.text.len()).min(input.len());
        self.text.extend_from_slice(input.get(..taken).unwrap_or_default());
        if !head::begins_status_line(&self.text) {
            self.no_doubt(shared, out);
        } else if self.text.len() == head::STATUS_SHOWN {
            if let State::Doubt { behind_gap: true, .. } = self.state {
                self.lose_behind_doubt(shared, out);
            } else {
                self.end_message(true, out);
            }
        }
        taken
    }

    /// A message begins right behind a gap: what was lost there was no body, or not that alone.
    fn lose_behind_doubt(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        let held = std::mem::take(&mut self.text);
        out.anomaly(anomalies::MESSAGES_LOST);
        out.end(false);
        self.lose(shared, out);
        self.aligned = true;
        self.bytes(&held, shared, out);
    }

    /// Takes a gap of `len` bytes before anything came of a response's body that may not be there;
    /// whether that was all.
    pub(super) fn gap_in_doubt(&mut self, len: u64, out: &mut Out<'_>) -> bool {
        let State::Doubt { left, behind_gap } = &mut self.state else { return false };
        let goes_on = out.direction == Direction::ToClient && self.text.is_empty() && len < *left;
        if goes_on {
            *left -= len;
            *behind_gap = true;
            out.body_gap(len);
        }
        goes_on
    }

    /// The first bytes of a request's body. A client that asked first (`Expect: 100-continue`, RFC
    /// 9110 section 10.1.1) and got its final answer does not send it; then a request line comes.
    pub(super) fn doubt_request(
        &mut self,
        input: &[u8],
        length: u64,
        shared: &mut Shared,
        out: &mut Out<'_>,
    ) -> usize {
        if self.text.is_empty() {
            if !shared.all_answered() {
                self.no_doubt(shared, out);
                return 0;
            }
            self.started = out.at;
        }
        // What is held is looked at once it can be told, however it was cut.
        let most = usize::try_from(length).unwrap_or(usize::MAX).min(RESYNC_LINE_BYTES_MAX);
        let window = input.get(..most.saturating_sub(self.text.len())).unwrap_or(input);
        let lf = memchr(b'\n', window);
        let taken = lf.map_or(window.len(), |lf| lf + 1);
        self.text.extend_from_slice(window.get(..taken).unwrap_or_default());
        if lf.is_some() {
            let line = self.text.strip_suffix(b"\n").unwrap_or(&self.text);
            if head::found_start(line, true) == Some((0, Direction::ToServer)) {
                self.end_message(true, out);
                self.line = 0;
                self.head_line(shared, out);
            } else {
                self.no_doubt(shared, out);
            }
        } else if self.text.len() as u64 == length && head::begins_request(&self.text) {
            // The line goes on behind the length that the body would have had.
            self.end_message(true, out);
            self.line = 0;
        } else if self.text.len() >= most || !head::viable(Direction::ToServer, &self.text) {
            self.no_doubt(shared, out);
        }
        taken
    }

    /// There is a body: hands on what was held of it, and what was held behind it.
    pub(super) fn no_doubt(&mut self, shared: &mut Shared, out: &mut Out<'_>) {
        if let State::Doubt { left, .. } = self.state {
            self.state = State::Sized(left);
            let held = std::mem::take(&mut self.text);
            if held.is_empty() {
                return;
            }
            let used = self.sized(&held, out);
            self.bytes(held.get(used..).unwrap_or_default(), shared, out);
        }
    }
}
