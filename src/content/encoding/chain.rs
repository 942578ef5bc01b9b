//! Several encodings, one within the other.

use smallvec::SmallVec;

use crate::base::limits::{EXPANSION_FREE_BYTES, EXPANSION_RATIO_MAX};

use super::pool::{Pooled, with_buffer};
use super::{Coding, Progress, Status};

/// How a chain of decoders goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainState {
    /// Ready for more.
    Open,
    /// One of the streams contradicts itself: nothing more comes out.
    Damaged,
    /// Made more than a body may make: nothing more comes out.
    ExpansionLimit,
}

/// The decoders of one body, the first to undo first.
#[derive(Debug)]
pub(crate) struct Chain {
    links: SmallVec<[Link; 1]>,
    read: u64,
    state: ChainState,
}

#[derive(Debug)]
struct Link {
    decoder: Pooled,
    written: u64,
    ended: bool,
}

impl Chain {
    /// Undoes `codings` in their order.
    pub(crate) fn new(codings: &[&'static Coding]) -> Self {
        let link =
            |c: &&'static Coding| Link { decoder: Pooled::take(c), written: 0, ended: false };
        let links = codings.iter().map(link).collect();
        Chain { links, read: 0, state: ChainState::Open }
    }

    /// Decodes the next bytes and hands out what comes of them.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut dyn FnMut(&[u8])) -> ChainState {
        if self.state == ChainState::Open {
            self.read += input.len() as u64;
            let limit = self.limit();
            self.state = through(&mut self.links, limit, Input { bytes: input, last: false }, out);
        }
        self.state
    }

    /// No more will come: decodes what decoders still hold, behind a damaged one too.
    pub(crate) fn finish(&mut self, out: &mut dyn FnMut(&[u8])) -> ChainState {
        if self.state != ChainState::ExpansionLimit {
            let limit = self.limit();
            let state = through(&mut self.links, limit, Input { bytes: &[], last: true }, out);
            if state != ChainState::Open {
                self.state = state;
            }
        }
        self.state
    }

    /// Bytes that a decoder may have written by now.
    fn limit(&self) -> u64 {
        self.read.saturating_mul(EXPANSION_RATIO_MAX).max(EXPANSION_FREE_BYTES)
    }

    /// Whether every stream that began has ended.
    /// About how much memory its decoders take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.links.iter().map(|link| link.decoder.held_bytes()).sum()
    }

    pub(crate) fn is_complete(&mut self) -> bool {
        self.links.iter_mut().all(|l| l.decoder.decoder().is_some_and(|d| d.is_complete()))
    }

    /// Whether some bytes were not encoded as they were said to be.
    pub(crate) fn is_mismatched(&mut self) -> bool {
        self.links.iter_mut().any(|l| l.decoder.decoder().is_some_and(|d| d.is_mismatched()))
    }
}

/// The next bytes for a decoder, and whether they are the last.
#[derive(Clone, Copy)]
struct Input<'a> {
    bytes: &'a [u8],
    last: bool,
}

fn through(
    links: &mut [Link],
    limit: u64,
    mut input: Input<'_>,
    out: &mut dyn FnMut(&[u8]),
) -> ChainState {
    let Some((link, rest)) = links.split_first_mut() else {
        if !input.bytes.is_empty() {
            out(input.bytes);
        }
        return ChainState::Open;
    };
    let mut end = ChainState::Open;
    with_buffer(|buffer| {
        while !link.ended {
            let finishing = input.last && input.bytes.is_empty();
            let step = match link.decoder.decoder() {
                Some(decoder) if finishing => decoder.finish(buffer),
                Some(decoder) => decoder.decode(input.bytes, buffer),
                None => Progress { read: 0, written: 0, status: Status::Damaged },
            };
            input.bytes = input.bytes.get(step.read..).unwrap_or_default();
            link.written += step.written as u64;
            if link.written > limit {
                end = ChainState::ExpansionLimit;
                return;
            }
            let decoded = buffer.get(..step.written).unwrap_or_default();
            end = through(rest, limit, Input { bytes: decoded, last: false }, out);
            if end != ChainState::Open {
                return;
            }
            link.ended = step.status != Status::More;
            if step.status == Status::Damaged {
                end = ChainState::Damaged;
            }
            let stuck = step.read == 0 && step.written == 0;
            if stuck || !finishing && input.bytes.is_empty() && step.written < buffer.len() {
                return;
            }
        }
    });
    if input.last && end != ChainState::ExpansionLimit {
        let behind = through(rest, limit, Input { bytes: &[], last: true }, out);
        if behind != ChainState::Open {
            return behind;
        }
    }
    end
}
