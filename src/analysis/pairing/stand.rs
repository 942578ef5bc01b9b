//! Where heads stand in their streams, and what was lost of these.

use crate::model::{Direction, Offsets, StreamEvent, StreamInput};

/// Bytes of a segment over Ethernet (RFC 9293 section 3.7.1: 1500 without the headers).
const SEGMENT_BYTES_MAX: u64 = 1460;

/// Where the bytes stand that end a head: whatever order the directions were captured in, a server
/// answers what it has, and a client that asks has what answered the requests before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stand {
    /// Offset of the first of the bytes; 0 where that is not known.
    pub(super) begin: u64,
    /// Offset behind the last of them.
    pub(super) end: u64,
    /// How far their sender had heard the other stream; 0 where that is not known.
    pub(super) heard: u64,
}

impl Stand {
    /// Of the bytes that an event brings or says to be missing.
    pub fn of(event: &StreamEvent<'_>) -> Stand {
        let len = match event.input {
            StreamInput::Bytes(bytes) => bytes.len() as u64,
            // What a gap cuts ends in it, if not behind it. Where more is missing than a segment
            // has, another message may begin there: a client sends each in a segment of its own.
            StreamInput::Gap(len) if len <= SEGMENT_BYTES_MAX => len,
            StreamInput::Gap(_) | StreamInput::End(_) => 0,
        };
        let Offsets { begin, heard, .. } = event.offsets;
        Stand { begin, end: begin + len, heard }
    }

    pub(super) fn is_known(self) -> bool {
        self.begin > 0 && self.heard > 0
    }

    /// Whether its sender had heard more than a request that ends at `until`: another was on its
    /// way. A line end too many (RFC 9112 section 2.2) or a FIN is none.
    pub(super) fn heard_behind(self, until: u64) -> bool {
        until > 0 && self.heard > until + 3
    }

    /// Whether a response that stands here can answer `request`: the client had not heard it when
    /// it asked. That the server had heard the request is not asked for: who forges an answer may
    /// be quicker.
    pub(super) fn can_answer(self, request: Stand) -> bool {
        request.heard == 0 || self.begin == 0 || request.heard < self.end
    }
}

/// What was lost since requests and responses were last in step.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// How often.
    pub(super) times: u32,
    /// In which direction, [`Direction::index`].
    pub(super) of: [bool; 2],
    /// And whether no message was found there since.
    pub(super) searching: [bool; 2],
    /// A response came since requests were lost.
    pub(super) answered: bool,
    /// Requests that waited before any were lost: their responses come in order.
    pub(super) sure: usize,
    /// How often ever, in each direction.
    pub(super) count: [u32; 2],
    /// Since requests were lost last a response came, or responses were lost.
    pub(super) heard: bool,
}

impl Loss {
    pub(super) fn is_any(&self) -> bool {
        self.of != [false; 2]
    }

    pub(super) fn found(&mut self, direction: Direction) {
        if let Some(searching) = self.searching.get_mut(direction.index()) {
            *searching = false;
        }
    }

    /// A response came; whether it is that of a request which waited before any were lost.
    pub(super) fn answer(&mut self) -> bool {
        self.found(Direction::ToClient);
        (self.answered, self.heard) = (true, true);
        let sure = self.sure > 0;
        self.sure = self.sure.saturating_sub(1);
        sure
    }

    /// Requests and responses are in step again, as far as messages were found again.
    pub(super) fn settle(&mut self) {
        self.of = self.searching;
        self.times = u32::from(self.is_any());
        self.sure = 0;
    }

    /// How often something was lost so far.
    pub(super) fn before(&self, direction: Direction) -> u32 {
        self.count.get(direction.index()).copied().unwrap_or_default()
    }

    /// Whether a request that is found now is the first since some were lost, and nothing was heard
    /// meanwhile.
    pub(super) fn is_unheard(&self) -> bool {
        let [searching, _] = self.searching;
        searching && !self.heard
    }

    pub(super) fn explains(&self, missing: Direction) -> bool {
        self.of.get(missing.index()).is_some_and(|lost| *lost)
    }
}
