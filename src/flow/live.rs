//! A flow in the table: its streams, who is who, and the caller's state.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::{ACK_HOLD_BYTES_MAX, REUSE_BYTES_MIN};
use crate::model::{
    Direction, EndCause, FiveTuple, FragmentOddities, SecondCopy, Segment, TcpFlags,
};

use super::assembly::Output;
use super::closed::Ended;
use super::config::FlowConfig;
use super::identity::Identity;
use super::reassembler::{
    Admitted, Reassembler, Shared, first_payload_seq, handshake_is_over, wire_len,
};
use super::ring::{NOWHERE, Place};
use super::silence::Silence;
use super::stream::{Begin, NO_FIN, Stream};
use super::{Compared, FlowAnomalies, FlowHandler, FlowInfo, FlowTotals, Orientation, Remains};

/// One flow. `S` is what the handler keeps for it.
#[derive(Debug)]
pub(super) struct Flow<S> {
    pub(super) identity: Identity,
    /// Absent until it is known who the client is: the handler has not heard of the flow yet.
    pub(super) state: Option<S>,
    pub(super) reassembler: Reassembler,
    /// The latest time any of its packets carries.
    last: Timestamp,
    /// Others of its five-tuple are in the table.
    pub(super) rival: bool,
    /// What its silence since its last packet has decided already.
    pub(super) silence: Silence,
    /// Where it lies among those that wait, hold open messages, and hold something for what may
    /// still come.
    pub(super) places: [Place; 3],
}

/// What a segment is to the flow of its five-tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of its segments.
    Belongs,
    /// A SYN that is not believed.
    Challenged,
    /// The first of another flow; this one is over.
    Supersedes,
    /// The first of another flow, while this one may go on.
    Rivals,
    /// The first but for a SYN that was not believed, of another flow.
    Proves,
    /// One of another flow, of which no SYN was seen, while this one may go on.
    Strays,
    /// One of the flow that was over before this one, which nobody answered.
    LeadsBack,
}

impl<S> Flow<S> {
    /// A flow of which nothing has been processed yet.
    pub(super) fn new(info: FlowInfo, anomalies: FlowAnomalies) -> Self {
        let last = info.opened;
        let reassembler = Reassembler { anomalies, ..Reassembler::default() };
        let identity = Identity::of(info);
        let (silence, places) = (Silence::default(), [NOWHERE; 3]);
        Flow { identity, state: None, reassembler, last, rival: false, silence, places }
    }

    /// Whether `tuple`, in this virtual network, is one of its two directions.
    pub(super) fn matches(&self, tuple: &FiveTuple, network: u64) -> bool {
        self.identity.matches(tuple) && self.identity.encapsulation.network() == network
    }

    /// Notes what was odd about the fragments of a packet that was processed.
    pub(super) fn note<H: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        handler: &mut H,
    ) {
        let oddities = segment.encapsulation.oddities();
        self.reassembler.anomalies.insert(FlowAnomalies::of_fragments(oddities));
        let direction = self.direction(&segment.tuple);
        if let Some(state) = &mut self.state
            && oddities.contains(FragmentOddities::CONFLICT)
        {
            let copy = doubt(direction, segment, FlowAnomalies::FRAGMENTS);
            handler.second_copy(&self.identity.info(), state, copy);
        }
    }

    pub(super) fn direction(&self, tuple: &FiveTuple) -> Direction {
        let asks = self.identity.is_client(&tuple.src);
        if asks { Direction::ToServer } else { Direction::ToClient }
    }

    /// The latest time any of its packets carries.
    pub(super) fn last(&self) -> Timestamp {
        self.last
    }

    /// Whether no payload was seen yet: the first to go when memory is short.
    pub(super) fn is_half_open(&self) -> bool {
        self.reassembler.streams.iter().all(|s| s.bytes == 0 && s.pending.is_none())
    }

    /// Whether something was carried, seen or lost: then both ends acknowledged what came.
    fn has_carried(&self) -> bool {
        let acknowledged = |s: &Stream| s.anchored() && s.acked > s.next + 1;
        !self.is_half_open() || self.reassembler.streams.iter().all(acknowledged)
    }

    /// Whether it waits, holds an open message, and something for what may still come.
    pub(super) fn holds<H: FlowHandler<State = S>>(&self, handler: &H) -> [bool; 3] {
        let open = self.state.as_ref().is_some_and(|state| handler.holds_open(state));
        let untidy = self.state.as_ref().is_some_and(|state| handler.is_untidy(state));
        [self.waits(handler), open, untidy]
    }

    /// Whether a packet of time `now` would come too late for it. A flow whose both FINs were seen
    /// only waits for missing data, so it ends sooner. A RST that was believed in the middle of
    /// something ends nothing sooner: whoever forged it may wait.
    pub(super) fn is_expired<H: FlowHandler<State = S>>(
        &self,
        (now, slack): (Timestamp, Duration),
        config: &FlowConfig,
        handler: &H,
    ) -> bool {
        let silence = now.since(self.last);
        let over = |limit: Duration| silence > limit.saturating_add(slack);
        // So do FINs in both names in the middle of a message, where nothing is missing.
        if self.is_closing() && !(self.over().is_some() && self.is_midway(handler)) {
            return over(config.closed);
        }
        let open = || self.state.as_ref().is_some_and(|state| handler.holds_open(state));
        let ending = self.reassembler.streams.iter().any(|stream| stream.fin != NO_FIN);
        let long = if ending { config.idle_ending } else { config.idle_open };
        over(config.idle) && (self.reassembler.reset || over(long) || !open())
    }

    pub(super) fn is_closing(&self) -> bool {
        self.reassembler.streams.iter().all(|stream| stream.fin != NO_FIN)
    }

    /// Why it is over, which nobody noticed until `cause`.
    pub(super) fn cause(&self, cause: EndCause) -> EndCause {
        match self.over() {
            _ if self.reassembler.reset => EndCause::Reset,
            Some(fin) => fin,
            None => cause,
        }
    }

    /// Frees what the handler holds, where no packet from `now` on can need it.
    pub(super) fn tidy<H: FlowHandler<State = S>>(&mut self, now: Timestamp, handler: &mut H) {
        if let Some(state) = &mut self.state {
            handler.tidy(&self.identity.info(), state, now);
        }
    }

    /// Judges a segment with SYN flag. One with the sequence number that is known is a
    /// retransmission. With another it begins a new flow where this one is ending, was never
    /// answered, or where it is the answer to a challenge; otherwise it is a challenge itself.
    pub(super) fn judge_syn(&mut self, segment: &Segment<'_>) -> Verdict {
        let direction = self.direction(&segment.tuple);
        let closing = self.is_closing();
        let challenge = self.reassembler.challenge;
        let carried = self.has_carried();
        let (this, peer) = self.reassembler.pair(direction);
        let known = match this.isn() {
            Some(isn) => isn == segment.seq,
            // A SYN that comes late still begins right before what was seen of its stream; one
            // from far away begins another.
            None if this.untouched() && !(this.anchored() && peer.isn().is_some()) => {
                !this.seen() || this.may_begin_at(first_payload_seq(segment))
            }
            None => this.offset(first_payload_seq(segment)) == this.begun(),
        };
        let ack = segment.flags.has(TcpFlags::ACK);
        // An answer that fits the question counts more than one before it that did not.
        let fits = ack
            && peer.isn().is_some_and(|isn| isn.wrapping_add(1) == segment.ack)
            && this.untouched()
            && peer.untouched()
            && peer.next_seq != segment.ack;
        if known {
            // Who sends data had its SYN answered: it begins another where no answers are seen.
            if !ack && !this.untouched() && !peer.seen() && wire_len(segment) == 0 {
                return Verdict::Supersedes;
            }
            // On a flow that was answered it may still begin another, if it is answered otherwise.
            // Not where data came in the SYN alone: answers to that change (RFC 7413).
            let answered = !peer.untouched() || peer.acked > 0;
            if !ack && !this.untouched() && answered {
                self.reassembler.challenge = Some(segment.seq);
            }
            return Verdict::Belongs;
        }
        // An answer to what was never asked in this connection: the SYN was not captured.
        let asks_elsewhere = ack
            && carried
            && peer.isn().is_none_or(|isn| isn.wrapping_add(1) != segment.ack)
            && peer.next_seq != segment.ack;
        if closing
            || !peer.seen()
            || fits
            || asks_elsewhere
            || (ack && challenge == Some(segment.ack.wrapping_sub(1)))
        {
            return Verdict::Supersedes;
        }
        if !ack {
            self.reassembler.challenge = Some(segment.seq);
        }
        self.reassembler.anomalies.insert(FlowAnomalies::SYN_CHALLENGED);
        Verdict::Challenged
    }

    /// Counts a segment that is not believed.
    pub(super) fn count_ignored(&mut self, segment: &Segment<'_>) {
        self.count_packet(self.direction(&segment.tuple), segment.at);
    }

    fn count_packet(&mut self, direction: Direction, at: Timestamp) {
        self.last = self.last.max(at);
        self.silence = Silence::default();
        let number = self.reassembler.packets().wrapping_add(1);
        let (this, _) = self.reassembler.pair(direction);
        this.packets = this.packets.saturating_add(1);
        this.last_packet = number;
    }

    /// Processes a segment; the cause when the flow is over with it.
    #[inline]
    pub(super) fn segment<H: FlowHandler<State = S>>(
        &mut self,
        segment: &Segment<'_>,
        shared: &mut Shared,
        handler: &mut H,
    ) -> Option<EndCause> {
        let direction = self.direction(&segment.tuple);
        self.count_packet(direction, segment.at);
        if !self.reassembler.in_order(direction, segment) {
            return self.irregular(direction, segment, shared, handler);
        }
        let waiting = self.reassembler.waiting();
        let Some(state) = &mut self.state else { return None };
        let flow = &self.identity.info();
        let (now, heard) = (segment.at, self.reassembler.heard(direction, segment));
        let mut out = Output { handler, flow, state, shared, now, heard };
        let (this, _) = self.reassembler.pair(direction);
        out.bytes(direction, this, segment.payload);
        if waiting {
            self.reassembler.pump(&mut out);
        }
        self.over().filter(|_| !self.is_midway(handler))
    }

    /// Anything but the next segment in order.
    fn irregular<H: FlowHandler<State = S>>(
        &mut self,
        mut direction: Direction,
        segment: &Segment<'_>,
        shared: &mut Shared,
        handler: &mut H,
    ) -> Option<EndCause> {
        if segment.flags.has(TcpFlags::RST) {
            if self.reassembler.believes_reset(direction, segment) {
                let doubted =
                    self.is_midway(handler) || !self.reassembler.is_reset_whole(direction, segment);
                self.reassembler.reset = doubted;
                return (!doubted).then_some(EndCause::Reset);
            }
            shared.counters.resets_ignored += 1;
            self.reassembler.anomalies.insert(FlowAnomalies::RESET_IGNORED);
            return None;
        }
        if self.reassembler.reset && wire_len(segment) > 0 {
            self.reassembler.reset = false;
            self.reassembler.anomalies.insert(FlowAnomalies::DATA_AFTER_END);
        }
        if self.state.is_none() && self.orient(direction, segment) {
            direction = direction.reversed();
        }
        let begin = self.reassembler.note(direction, segment, shared);
        if begin == Some(Begin::Unknown) && self.identity.orientation == Orientation::Syn {
            self.identity.orientation = Orientation::SynElsewhere;
        }
        let over = handshake_is_over(self.identity.opened, segment.at, self.reassembler.packets());
        let odd = self.state.is_none() && self.reassembler.is_odd(direction, segment);
        if self.reassembler.settled || over || odd || self.reassembler.anchored_both() {
            self.reassembler.settle();
        }
        let known = self.reassembler.settled || self.identity.orientation != Orientation::Ports;
        if known || self.reassembler.admit(direction, segment, shared, false) == Admitted::Full {
            self.open(handler);
        } else {
            self.reassembler.note_fin(direction, segment);
        }
        let state = self.state.as_mut()?;
        let flow = &self.identity.info();
        if begin == Some(Begin::There) {
            handler.second_copy(flow, state, doubt(direction, segment, FlowAnomalies::MISMATCH));
        }
        let (now, heard) = (segment.at, self.reassembler.heard(direction, segment));
        let mut out = Output { handler, flow, state, shared, now, heard };
        self.reassembler.accept(direction, segment, &mut out);
        self.reassembler.note_fin(direction, segment);
        self.reassembler.pump(&mut out);
        self.over().filter(|_| !self.is_midway(handler))
    }

    pub(super) fn is_midway<H: FlowHandler<State = S>>(&self, handler: &H) -> bool {
        self.state.as_ref().is_some_and(|state| handler.is_midway(state))
    }

    /// Learns from a SYN who is the client, while the ports are all that is known; whether the
    /// two ends were taken for each other.
    fn orient(&mut self, direction: Direction, segment: &Segment<'_>) -> bool {
        if !segment.flags.has(TcpFlags::SYN) || self.identity.orientation != Orientation::Ports {
            return false;
        }
        let answer = segment.flags.has(TcpFlags::ACK);
        self.identity.orientation = if answer { Orientation::SynAck } else { Orientation::Syn };
        let right = if answer { Direction::ToClient } else { Direction::ToServer };
        if direction == right {
            return false;
        }
        self.identity.turn_round();
        self.reassembler.streams.reverse();
        true
    }

    /// Tells the handler of the flow, once.
    pub(super) fn open<H: FlowHandler<State = S>>(&mut self, handler: &mut H) {
        if self.state.is_none() {
            self.state = Some(handler.open(&self.identity.info()));
            self.reassembler.open = true;
        }
    }

    pub(super) fn over(&self) -> Option<EndCause> {
        self.reassembler.streams.iter().all(|stream| stream.ended()).then_some(EndCause::Fin)
    }

    /// Delivers what is held, ends what has not ended, and hands the state back.
    pub(super) fn close<H: FlowHandler<State = S>>(
        mut self,
        cause: EndCause,
        shared: &mut Shared,
        handler: &mut H,
    ) {
        self.open(handler);
        let Some(mut state) = self.state.take() else { return };
        let (flow, now) = (&self.identity.info(), self.last);
        let mut out = Output { handler, flow, state: &mut state, shared, now, heard: 0 };
        self.reassembler.end(cause, &mut out);
        let [to_server, to_client] = &self.reassembler.streams;
        let totals = FlowTotals {
            to_server: to_server.totals(),
            to_client: to_client.totals(),
            anomalies: self.reassembler.anomalies,
            last: self.last,
        };
        handler.close(flow, state, &totals);
    }

    /// What is remembered of it once it is over, under the hash of its five-tuple.
    pub(super) fn ended<H: FlowHandler<State = S>>(&self, hash: u64, handler: &mut H) -> Ended {
        let state = self.state.as_ref();
        let remains = state.map_or(Remains::NOTHING, |state| handler.keep(state, self.last));
        let next = |direction| self.reassembler.stream(direction).next_seq;
        let tuple = self.identity.tuple();
        Ended {
            hash,
            at: self.last,
            next: [next(Direction::ToServer), next(Direction::ToClient)],
            client_low: tuple.src <= tuple.dst,
            whole: self.reassembler.anchored_both(),
            remains,
        }
    }

    /// Goes on where the flow of its five-tuple ended, at these sequence numbers.
    pub(super) fn resume(&mut self, next: [u32; 2]) {
        for (stream, seq) in self.reassembler.streams.iter_mut().zip(next) {
            stream.anchor_at(seq);
        }
    }

    /// Goes on after a flow that ended, with a state that remembers it or doubts what comes.
    pub(super) fn revive<H: FlowHandler<State = S>>(
        &mut self,
        (remains, why): (Remains, Compared),
        handler: &mut H,
    ) {
        self.state = Some(handler.revive(&self.identity.info(), remains, why));
        self.reassembler.open = true;
        if why != Compared::Apart {
            for stream in &mut self.reassembler.streams {
                stream.revive_at(stream.next_seq);
            }
        }
    }

    /// Whether it began with a SYN and nobody answered.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.identity.orientation, Orientation::Syn | Orientation::SynElsewhere)
            && !self.reassembler.stream(Direction::ToClient).seen()
    }

    /// Whether a segment lies where nothing of this flow is expected, or acknowledges what does.
    pub(super) fn is_elsewhere(&self, segment: &Segment<'_>) -> bool {
        let direction = self.direction(&segment.tuple);
        let far = |stream: &Stream, seq| {
            stream.located() && stream.ahead(seq).unsigned_abs() > ACK_HOLD_BYTES_MAX
        };
        let (this, peer) =
            (self.reassembler.stream(direction), self.reassembler.stream(direction.reversed()));
        far(this, first_payload_seq(segment))
            || segment.flags.has(TcpFlags::ACK) && far(peer, segment.ack)
    }

    /// Whether both numbers of a segment are those of another connection, in a flow that carried
    /// something: one of them lies farther from all that came than anything is waited for, and the
    /// other at least as far as Linux begins behind a connection whose port is used again (by
    /// 2^16 + 2, `tcp_timewait_state_process`). No loss moves both ends so far at once.
    #[inline]
    pub(super) fn is_another(&self, segment: &Segment<'_>) -> bool {
        let stream = self.reassembler.stream(self.direction(&segment.tuple));
        stream.ahead(first_payload_seq(segment)).unsigned_abs() >= REUSE_BYTES_MIN
            && segment.flags.has(TcpFlags::ACK)
            && self.is_apart(segment)
    }

    #[cold]
    fn is_apart(&self, segment: &Segment<'_>) -> bool {
        let direction = self.direction(&segment.tuple);
        let this = self.reassembler.stream(direction).apart(first_payload_seq(segment));
        let peer = self.reassembler.stream(direction.reversed()).apart(segment.ack);
        self.has_carried()
            && this.min(peer) >= REUSE_BYTES_MIN
            && this.max(peer) > ACK_HOLD_BYTES_MAX
    }

    /// Whether the sender of a SYN that was not believed goes on as if it had been: the answer was
    /// not captured. While something is under way that is what goes on, unless both numbers speak
    /// against it.
    pub(super) fn proves_challenge<H: FlowHandler<State = S>>(
        &self,
        segment: &Segment<'_>,
        handler: &H,
    ) -> bool {
        let Some(isn) = self.reassembler.challenge else { return false };
        if segment.seq != isn.wrapping_add(1) || !segment.flags.has(TcpFlags::ACK) {
            return false;
        }
        let direction = self.direction(&segment.tuple);
        let this = self.reassembler.stream(direction);
        let peer = self.reassembler.stream(direction.reversed());
        let strange = peer.ahead(segment.ack);
        // A receiver takes no segment that acknowledges what it did not send.
        let other = self.is_elsewhere(segment)
            || strange.unsigned_abs() > ACK_HOLD_BYTES_MAX
            || strange > 0 && this.ahead(segment.seq) != 0;
        self.is_another(segment) || (other && !self.is_midway(handler))
    }
}

/// Another reading of which there are no bytes: the exchange at hand can be read in several ways.
fn doubt(direction: Direction, segment: &Segment<'_>, why: &'static str) -> SecondCopy<'static> {
    doubt_at((direction, segment.at), why)
}

/// The same, at a time.
pub(super) fn doubt_at(
    (direction, at): (Direction, Timestamp),
    why: &'static str,
) -> SecondCopy<'static> {
    let (back, begins, replaces, bytes, guise) = (0, false, 0, &[], 0);
    SecondCopy { direction, at, back, begins, replaces, bytes, guise, why }
}
