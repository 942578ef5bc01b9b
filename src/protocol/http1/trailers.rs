//! The fields behind a chunked body (RFC 9112 section 7.1.2).

use crate::base::limits::HEAD_BYTES_MAX;
use crate::model::MessageEvent;

use super::anomalies;
use super::connection::Out;
use super::framing::Odd;
use super::head::{self, Fields};
use super::stream::{Skip, State, Stream, Taken, content, skipped_line, tell};

impl Stream {
    pub(super) fn trailers(&mut self, input: &[u8], out: &mut Out<'_>) -> usize {
        if self.text.is_empty() && input.starts_with(b"\r\n") {
            self.end_message(true, out);
            return 2;
        }
        let (used, taken) = self.take_line(input, HEAD_BYTES_MAX, out);
        let line = self.text.get(self.line..).unwrap_or_default();
        match taken {
            Taken::Part => {}
            Taken::Line if content(line).is_empty() => {
                self.give_trailers(out);
                self.end_message(true, out);
            }
            Taken::Line => self.line = self.text.len(),
            Taken::Full => {
                let line = skipped_line(line);
                self.give_trailers(out);
                out.anomaly(anomalies::HEAD_TOO_LARGE);
                self.state = State::Skip(Box::new(Skip { line, head: None }));
            }
        }
        used
    }

    /// Tells the trailers in the whole lines of `text`.
    pub(super) fn give_trailers(&mut self, out: &mut Out<'_>) {
        let mut text = std::mem::take(&mut self.text);
        text.truncate(self.line);
        self.line = 0;
        let mut odd = Odd::default();
        let mut fields = Fields::new();
        head::straighten(&mut text, &mut odd);
        head::trailers(&text, &mut fields, &mut odd);
        if !fields.is_empty() {
            let direction = out.direction;
            out.sink.message(MessageEvent::Trailers { direction, headers: &fields });
        }
        tell(&mut odd, out);
    }
}
