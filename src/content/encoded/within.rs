//! What stands in base64 among other text: behind `base64,`, between quotes, in a line of a log, as
//! the credentials of a scheme. Words are passed over in leaps: most bytes are never looked at.

use memchr::memchr3;

use super::{Hidden, begins_something, candidate, holds_something, is_encoded};
use crate::base::limits::SCALAR_OVERLAP_BYTES;
use crate::content::encoding::sextet;

/// Characters of the shortest that is looked into. Shorter ones are words of a text by chance.
const RUN_BYTES_MIN: usize = 24;
/// Bytes of the shortest text that may have one.
pub(crate) const WITHIN_BYTES_MIN: usize = 32;
/// In one window of a text at most so many.
const FOUND_MAX: usize = 16;

/// Which part of a text is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// What precedes it was looked at.
    pub(crate) continued: bool,
    /// Its end comes again with what follows.
    pub(crate) goes_on: bool,
}

impl Window {
    /// All of a text.
    pub(crate) const WHOLE: Window = Window { continued: false, goes_on: false };
}

/// Whether something may stand in `text` with other text around it: asked of every longer value.
#[inline]
pub(crate) fn may_stand_within(text: &[u8]) -> bool {
    text.len() >= WITHIN_BYTES_MIN
        && (matches!(text.first(), Some(b'"' | b'\'')) || memchr3(b' ', b',', b'=', text).is_some())
}

/// What is encoded in `text` beside other text. Each is found in one window: the first in which it
/// begins and that does not share that place with the next.
pub(crate) fn within(text: &[u8], window: Window) -> impl Iterator<Item = Hidden<'_>> {
    let shared = if window.goes_on { SCALAR_OVERLAP_BYTES } else { 0 };
    let last = text.len().saturating_sub(shared);
    runs(text)
        .take_while(move |(from, _)| *from <= last)
        .filter(move |(from, _)| *from > 0 || !window.continued)
        .filter_map(move |(from, to)| found(text, (from, to), window))
        .take(FOUND_MAX)
}

/// The runs of the alphabet in `text` that are long enough.
pub(super) fn runs(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = next_run(text, at)?;
        at = run.1 + 1;
        Some(run)
    })
}

/// The next run of the alphabet from `at` on that is long enough; a run begins at `at` or behind
/// it. Every byte is looked at three times at most.
fn next_run(text: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let is_part = |byte: &u8| sextet(*byte).is_some();
    loop {
        // Were there one, this byte would be in it.
        let end = at + RUN_BYTES_MIN;
        let piece = text.get(at..end)?;
        if let Some(other) = piece.iter().rposition(|byte| !is_part(byte)) {
            at += other + 1;
            continue;
        }
        let rest = text.get(end..).unwrap_or_default();
        let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        return Some((at, end + len));
    }
}

/// What the run from `from` to `to` holds.
fn found(text: &[u8], (from, to): (usize, usize), window: Window) -> Option<Hidden<'_>> {
    let before = from.checked_sub(1).and_then(|before| text.get(before));
    let behind = text.get(to..).unwrap_or_default();
    let run = text.get(from..to)?;
    // Parts of a token, of a host, of an escape, of an entity.
    let is_token = run.starts_with(b"eyJ");
    let joined = |byte: Option<&u8>| matches!(byte, Some(b'.' | b'%' | b'@' | b'#' | b'&' | b'\\'));
    if !is_token && (joined(before) || joined(behind.first())) {
        return None;
    }
    if !run.first_chunk().is_some_and(begins_something) {
        return None;
    }
    if is_token && before != Some(&b'.') && behind.first() == Some(&b'.') {
        // The header of a token: its claims come next, by themselves.
        return None;
    }
    let pad = behind.iter().take(2).take_while(|byte| **byte == b'=').count();
    let mut encoded = candidate(text.get(from..to + pad)?)?;
    if behind.is_empty() && window.goes_on {
        // It goes on, and what is here of it is looked at.
        encoded = encoded.get(..encoded.len() / 4 * 4)?;
    }
    (holds_something(encoded) && is_encoded(encoded)).then_some(Hidden::base64(encoded, false))
}
