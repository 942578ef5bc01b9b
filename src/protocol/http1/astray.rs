//! A chunked body behind a gap in its framing: what of the bytes that follow are sizes is unknown.
//!
//! They are content until a chunk is found again: a line that is a size, so many bytes behind which
//! a line ends; or the last chunk, which an empty line follows. A message that starts there ends
//! the body. What only looks like a size is content as well, and hides nothing.

use memchr::memchr;

use crate::base::limits::RESYNC_LINE_BYTES_MAX;

use super::chunked::Chunks;
use super::connection::{Out, Shared};
use super::head;
use super::stream::{State, Stream, content};

/// Digits of the largest size that is looked for: no chunk has 4 GiB.
const SIZE_DIGITS_MAX: usize = 8;

/// What is known of the bytes at hand. Before the line at hand `text` may hold the end of the one
/// before it, which belongs to the content only if no size follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Astray {
    /// The line at hand is the first behind the gap: it may be the rest of a size.
    first: bool,
    /// The line before the one at hand was the first: were it the end of a chunk's data, a size
    /// comes.
    ended: bool,
    /// Of the line at hand the beginning was handed on.
    mid_line: bool,
    /// What is held ends with the size of the last chunk, if the next line is empty.
    last: bool,
    /// A size was found: so many bytes are left to where its chunk ends, if it is one.
    chunk: Option<u64>,
}

impl Astray {
    pub(super) fn new() -> Self {
        Astray { first: true, ended: false, mid_line: false, last: false, chunk: None }
    }

    /// Bytes of a chunk passed that may be there.
    fn pass(&mut self, bytes: usize) {
        self.chunk = self.chunk.and_then(|left| left.checked_sub(bytes as u64));
    }
}

impl Stream {
    /// Takes the next bytes, up to the end of a line at most.
    pub(super) fn astray(&mut self, input: &[u8], shared: &mut Shared, out: &mut Out<'_>) -> usize {
        let window = input.get(..2 * RESYNC_LINE_BYTES_MAX).unwrap_or(input);
        let lf = memchr(b'\n', window);
        let used = lf.map_or(window.len(), |lf| lf + 1);
        self.text.extend_from_slice(window.get(..used).unwrap_or_default());
        let State::Astray(at) = self.state else { return used };
        if lf.is_some() {
            self.astray_line(at, shared, out);
        } else {
            self.hand_on_long_line(at, out);
        }
        used
    }

    /// Hands on the beginning of a line that is too long to be held.
    fn hand_on_long_line(&mut self, mut at: Astray, out: &mut Out<'_>) {
        let len = self.text.len().saturating_sub(self.line);
        if len <= 2 * RESYNC_LINE_BYTES_MAX {
            return;
        }
        let over = self.text.len() - RESYNC_LINE_BYTES_MAX;
        out.body(self.text.get(..over).unwrap_or_default());
        self.text.drain(..over);
        at.pass(over.saturating_sub(self.line));
        self.line = 0;
        self.state =
            State::Astray(Astray { first: false, ended: false, mid_line: true, last: false, ..at });
    }

    /// Looks at the line that ends `text`.
    fn astray_line(&mut self, mut at: Astray, shared: &mut Shared, out: &mut Out<'_>) {
        let line = self.text.get(self.line..).unwrap_or_default();
        let (len, ends) = (line.len(), line.ends_with(b"\r\n"));
        let text = content(line);
        if at.last && text.is_empty() {
            (self.text, self.line) = (Vec::new(), 0);
            return self.end_message(true, out);
        }
        if let Some(start) = message_start(line, at.mid_line, out) {
            return self.leave_body(start, shared, out);
        }
        let size = size_of_chunk(text).filter(|_| ends && !at.mid_line);
        let is_end = ends && at.chunk == Some(len as u64);
        at.pass(len);
        let behind_line = self.line > 0;
        if is_end {
            self.hand_on(self.text.len() - 2, out);
            self.text.clear();
            self.state = State::Chunked(Chunks::inferred());
            return;
        }
        let was_first = std::mem::take(&mut at.first);
        let ended = std::mem::replace(&mut at.ended, was_first);
        at.mid_line = false;
        match size {
            Some(0) => {
                // Of several such lines the last one counts.
                if std::mem::replace(&mut at.last, true) {
                    self.hand_on(self.line - 2, out);
                }
                self.line = self.text.len();
            }
            _ if was_first && (size.is_some() || text.is_empty()) => {
                self.text.clear();
            }
            Some(size) if (behind_line || ended) && at.chunk.is_none() => {
                if std::mem::take(&mut at.last) {
                    self.hand_on(self.line - 2, out);
                }
                self.text.clear();
                self.line = 0;
                at.chunk = size.checked_add(2);
            }
            _ => {
                at.last = false;
                let held = if ends { 2 } else { 0 };
                self.hand_on(self.text.len() - held, out);
                self.line = self.text.len();
            }
        }
        self.state = State::Astray(at);
    }

    /// Hands the first bytes of `text` on as content.
    fn hand_on(&mut self, bytes: usize, out: &mut Out<'_>) {
        out.body(self.text.get(..bytes).unwrap_or_default());
        self.text.drain(..bytes.min(self.text.len()));
        self.line = self.line.saturating_sub(bytes);
    }

    /// A message starts at `start` of the line at hand: the body is over, its end was not seen.
    fn leave_body(&mut self, start: usize, shared: &mut Shared, out: &mut Out<'_>) {
        if start > 0 {
            self.hand_on(self.line + start, out);
        } else {
            self.text.drain(..self.line.min(self.text.len()));
        }
        let text = std::mem::take(&mut self.text);
        out.end(false);
        self.lose(shared, out);
        self.untold = true;
        (self.line, self.text) = (text.len(), text);
        self.started = out.at;
        self.state = State::Head;
    }

    /// Bytes are missing again, or no more will come: what is held is content.
    pub(super) fn hand_on_astray(&mut self, out: &mut Out<'_>) {
        if let State::Astray(Astray { last, .. }) = self.state {
            if !last {
                out.body(&self.text);
            }
            (self.text, self.line) = (Vec::new(), 0);
        }
    }
}

/// Where in a line with its end a message of this direction starts.
fn message_start(line: &[u8], mid_line: bool, out: &Out<'_>) -> Option<usize> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let passed = line.len().saturating_sub(RESYNC_LINE_BYTES_MAX);
    let whole = passed == 0 && !mid_line;
    let (start, goes) = head::found_start(line.get(passed..)?, whole)?;
    (goes == out.direction).then_some(passed + start)
}

/// The size that a line is, without what extends it.
fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let end = line.iter().position(|b| matches!(b, b';' | b' ' | b'\t'));
    let (digits, rest) = line.split_at_checked(end.unwrap_or(line.len()))?;
    let extends = rest.trim_ascii_start();
    let fits = digits.len() <= SIZE_DIGITS_MAX && (extends.is_empty() || extends.starts_with(b";"));
    if !fits || digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
