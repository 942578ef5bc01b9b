//! Both directions of one HTTP/1 connection.

use std::collections::VecDeque;

use crate::base::Timestamp;
use crate::base::limits::PENDING_REQUESTS_MAX;
use crate::model::{Anomaly, Direction, MessageEvent, Offsets, StreamEvent, StreamInput, SwitchTo};
use crate::protocol::{MessageSink, Parser, Rest, bits};

use super::framing::Asked;
use super::stream::Stream;

/// Places for waiting requests that a parser keeps for its next flow.
const PENDING_KEPT: usize = 16;

/// The HTTP/1 parser of one flow.
///
/// - Request and response are told per direction and never joined here.
/// - Interim responses (1xx but 101) are messages of their own and answer no request.
/// - When messages were lost in either direction, the requests that waited are forgotten.
/// - Behind a switch, bytes are passed on as [`MessageEvent::Remainder`] in both directions.
#[derive(Debug)]
pub struct Http1 {
    requests: Stream,
    responses: Stream,
    shared: Shared,
}

impl Http1 {
    /// A parser for a flow of which nothing was seen yet.
    pub fn new() -> Self {
        Http1 { requests: Stream::new(), responses: Stream::new(), shared: Shared::default() }
    }
}

impl Default for Http1 {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser for Http1 {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        let Offsets { begin, heard, cut } = event.offsets;
        let placed = begin > 0;
        let direction = event.direction;
        let mut out = Out { sink, direction, at: event.at, heard, placed, cut };
        let stream = match event.direction {
            Direction::ToServer => &mut self.requests,
            Direction::ToClient => &mut self.responses,
        };
        match event.input {
            StreamInput::Bytes(bytes) => stream.bytes(bytes, &mut self.shared, &mut out),
            _ if self.shared.switched => {}
            StreamInput::Gap(0) => {}
            StreamInput::Gap(len) => stream.gap(len, &mut self.shared, &mut out),
            StreamInput::End(cause) => stream.end_of_input(cause, &mut self.shared, &mut out),
        }
    }

    fn is_between_messages(&self) -> bool {
        self.requests.is_between_messages() && self.responses.is_between_messages()
    }

    fn held_bytes(&self) -> usize {
        self.requests.held_bytes() + self.responses.held_bytes() + self.shared.pending.capacity()
    }

    fn rest(&self) -> Option<Rest> {
        let (requests, responses) = (self.requests.rest()?, self.responses.rest()?);
        let shared = self.shared.rest()?;
        Some(Rest::of([requests | shared << Stream::REST_BITS, responses]))
    }

    fn resume(&mut self, rest: Rest) {
        let [requests, responses] = rest.lanes();
        self.requests.resume(requests);
        self.responses.resume(responses);
        self.shared.resume(requests >> Stream::REST_BITS);
    }
}

/// What both directions know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pending: VecDeque<Asked>,
    /// The last request that was seen has its final response.
    answered: bool,
    overflowed: bool,
    pub(super) switched: bool,
    /// Requests without their final response so far, also of those that are forgotten; counted to
    /// [`Shared::OPEN_MAX`].
    open: u8,
    /// Since the last request a final response came that none of them asked for.
    unasked: bool,
}

impl Shared {
    const ANSWERED: u8 = 1;
    const OVERFLOWED: u8 = 1 << 1;
    const SWITCHED: u8 = 1 << 2;
    const OPEN: u32 = 3;
    const OPEN_MAX: u8 = 3;

    /// What is to be remembered of it where no request waits.
    fn rest(&self) -> Option<u8> {
        let bits = bits([self.answered, self.overflowed, self.switched]) | self.open << Self::OPEN;
        self.pending.is_empty().then_some(bits)
    }

    fn resume(&mut self, bits: u8) {
        self.pending.clear();
        self.pending.shrink_to(PENDING_KEPT);
        self.answered = bits & Self::ANSWERED != 0;
        self.overflowed = bits & Self::OVERFLOWED != 0;
        self.switched = bits & Self::SWITCHED != 0;
        self.open = bits >> Self::OPEN & Self::OPEN_MAX;
        self.unasked = false;
    }

    /// Notes a request; without room the oldest is forgotten. Whether that is so for the first
    /// time: in a one-sided capture it is so for every request from then on.
    pub(super) fn asked(&mut self, method: &[u8]) -> bool {
        let full = self.pending.len() >= PENDING_REQUESTS_MAX;
        if full {
            self.pending.pop_front();
        }
        self.answered = false;
        self.unasked = false;
        self.open = (self.open + 1).min(Self::OPEN_MAX);
        self.pending.push_back(match method {
            b"HEAD" => Asked::Head,
            b"CONNECT" => Asked::Connect,
            _ => Asked::Plain,
        });
        full && !std::mem::replace(&mut self.overflowed, true)
    }

    /// What a response with this status answers.
    pub(super) fn answers(&mut self, status: u16) -> Asked {
        match status {
            100 | 102..=199 => Asked::Plain,
            _ => {
                self.unasked |= self.open == 0;
                self.open = self.open.saturating_sub(1);
                let asked = self.pending.pop_front();
                self.answered = asked.is_some() && self.pending.is_empty();
                asked.unwrap_or(Asked::Unknown)
            }
        }
    }

    /// Whether every request that was seen has its final response.
    pub(super) fn all_answered(&self) -> bool {
        self.answered
    }

    /// Whether what passes in `direction` is the last that was asked for, or asks: as far as was
    /// seen nothing can have come behind it.
    pub(super) fn waits_for_nothing_but(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => self.pending.len() == 1,
            Direction::ToClient => self.answered,
        }
    }

    /// Whether a message of `direction` whose end is in a gap may be all that is missing there:
    /// requests and responses went by turns, as far as was seen.
    pub(super) fn went_by_turns(&self, direction: Direction) -> bool {
        self.open <= 1 && (direction == Direction::ToClient || !self.unasked)
    }

    /// Whether that turns out to be so where the next message of `direction` begins, or nothing
    /// follows where there is none: every request has its response, and every response was asked
    /// for.
    pub(super) fn lost_nothing(&self, direction: Direction, follows: bool) -> bool {
        let waiting = u8::from(follows && direction == Direction::ToClient);
        self.open == waiting && (direction == Direction::ToClient || !self.unasked)
    }

    /// Forgets the requests: it is no longer known which response answers which.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.answered = false;
    }
}

/// Where events go, with what they all carry.
pub(super) struct Out<'s> {
    pub(super) sink: &'s mut dyn MessageSink,
    pub(super) direction: Direction,
    pub(super) at: Timestamp,
    /// How far the sender of the bytes had heard the other stream; 0 where that is not known.
    pub(super) heard: u64,
    /// It is known where the bytes stand, or the gap.
    pub(super) placed: bool,
    /// The capture left out what is missing.
    pub(super) cut: bool,
}

impl Out<'_> {
    pub(super) fn body(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.sink.message(MessageEvent::Body { direction: self.direction, bytes });
        }
    }

    pub(super) fn body_gap(&mut self, len: u64) {
        if len > 0 {
            self.sink.message(MessageEvent::BodyGap { direction: self.direction, len });
        }
    }

    pub(super) fn end(&mut self, complete: bool) {
        let (direction, at) = (self.direction, self.at);
        self.sink.message(MessageEvent::End { direction, at, complete });
    }

    pub(super) fn confirmed(&mut self) {
        self.sink.message(MessageEvent::Confirmed { direction: self.direction });
    }

    pub(super) fn lost(&mut self, refuted: bool) {
        self.sink.message(MessageEvent::Lost { direction: self.direction, refuted });
    }

    pub(super) fn anomaly(&mut self, anomaly: Anomaly) {
        self.sink.message(MessageEvent::Anomaly { direction: self.direction, anomaly });
    }

    pub(super) fn gave_up(&mut self, anomaly: Anomaly) {
        self.sink.message(MessageEvent::GaveUp { direction: self.direction, anomaly });
    }

    pub(super) fn switch(&mut self, to: SwitchTo) {
        self.sink.message(MessageEvent::Switch { to });
    }

    pub(super) fn remainder(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let (direction, at) = (self.direction, self.at);
            self.sink.message(MessageEvent::Remainder { direction, at, bytes });
        }
    }
}
