//! Several encodings, one within the other.

use smallvec::SmallVec;

use crate::base::limits::{EXPANSION_FREE_BYTES, EXPANSION_RATIO_MAX};

use super::pool::{Pooled, with_buffer};
use super::{Coding, Status};

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
            let limit = self.read.saturating_mul(EXPANSION_RATIO_MAX).max(EXPANSION_FREE_BYTES);
            self.state = through(&mut self.links, limit, input, out);
        }
        self.state
    }

    /// Whether every stream that began has ended.
    pub(crate) fn is_complete(&mut self) -> bool {
        self.links.iter_mut().all(|l| l.decoder.decoder().is_some_and(|d| d.is_complete()))
    }

    /// Whether some bytes were not encoded as they were said to be.
    pub(crate) fn is_mismatched(&mut self) -> bool {
        self.links.iter_mut().any(|l| l.decoder.decoder().is_some_and(|d| d.is_mismatched()))
    }
}

fn through(
    links: &mut [Link],
    limit: u64,
    mut input: &[u8],
    out: &mut dyn FnMut(&[u8]),
) -> ChainState {
    let Some((link, rest)) = links.split_first_mut() else {
        out(input);
        return ChainState::Open;
    };
    with_buffer(|buffer| {
        while !link.ended {
            let Some(decoder) = link.decoder.decoder() else { return ChainState::Damaged };
            let step = decoder.decode(input, buffer);
            input = input.get(step.read..).unwrap_or_default();
            link.written += step.written as u64;
            let state = if link.written > limit {
                ChainState::ExpansionLimit
            } else {
                through(rest, limit, buffer.get(..step.written).unwrap_or_default(), out)
            };
            match (state, step.status) {
                (ChainState::Open, Status::Damaged) => return ChainState::Damaged,
                (ChainState::Open, Status::End) => link.ended = true,
                (ChainState::Open, Status::More) => {
                    let stuck = step.read == 0 && step.written == 0;
                    if stuck || input.is_empty() && step.written < buffer.len() {
                        break;
                    }
                }
                (state, _) => return state,
            }
        }
        ChainState::Open
    })
}
