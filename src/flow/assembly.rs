//! Delivers what a flow's streams have, and decides when to wait no longer for what they lack.

use crate::base::Timestamp;
use crate::base::limits::{
    ACK_HOLD_BYTES_MAX, GAP_WAIT_MILLIS, GAP_WAIT_PACKETS, GAP_WAIT_UNHEARD_MILLIS,
};
use crate::model::{Direction, EndCause, Offsets, SecondCopy, Segment, StreamEvent, StreamInput};

use super::pending::Chunk;
use super::reassembler::{Admitted, Reassembler, Shared};
use super::stream::Stream;
use super::{FlowAnomalies, FlowHandler, FlowInfo};

const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// Where the events of one flow go.
pub(super) struct Output<'a, H: FlowHandler> {
    pub(super) handler: &'a mut H,
    pub(super) flow: &'a FlowInfo,
    pub(super) state: &'a mut H::State,
    pub(super) shared: &'a mut Shared,
    /// Time of the packet that is looked at.
    pub(super) now: Timestamp,
    /// How far its sender had heard the other stream; 0 where that is not known.
    pub(super) heard: u64,
}

/// How long missing bytes are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    /// As the limits say.
    Usual,
    /// What was acknowledged was so a second ago, and nothing came since; nor within ten, where it
    /// is `long`.
    Silent { long: bool },
    /// Not at all: nothing more will come.
    Over,
}

impl<H: FlowHandler> Output<'_, H> {
    fn emit(&mut self, event: StreamEvent<'_>) {
        self.handler.event(self.flow, self.state, event);
    }

    /// Delivers the next bytes of `stream`.
    #[inline]
    pub(super) fn bytes(&mut self, direction: Direction, stream: &mut Stream, bytes: &[u8]) {
        self.bytes_of(direction, stream, (self.now, self.heard), bytes);
    }

    fn bytes_of(
        &mut self,
        direction: Direction,
        stream: &mut Stream,
        (at, heard): (Timestamp, u64),
        bytes: &[u8],
    ) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len() as u64;
        let offsets = Offsets { begin: stream.next, heard, cut: false };
        stream.advance(len);
        stream.bytes += len;
        self.shared.counters.bytes += len;
        if let Some(pending) = &mut stream.pending {
            pending.moved = self.now;
        }
        self.emit(StreamEvent { direction, at, offsets, input: StreamInput::Bytes(bytes) });
    }

    /// Gives up the bytes up to the offset `end`.
    fn gap(&mut self, direction: Direction, stream: &mut Stream, end: u64) {
        let len = end.saturating_sub(stream.next);
        if len == 0 {
            return;
        }
        let offsets = Offsets { begin: stream.next, heard: 0, cut: stream.cut > 0 };
        stream.note_lost(len);
        stream.advance(len);
        self.shared.counters.gaps += 1;
        self.shared.counters.gap_bytes += len;
        if let Some(pending) = &mut stream.pending {
            pending.moved = self.now;
        }
        let (at, input) = (self.now, StreamInput::Gap(len));
        self.emit(StreamEvent { direction, at, offsets, input });
    }

    /// Tells of another reading of the bytes from `offset` on; whether it is known to differ.
    pub(super) fn copy(&mut self, stream: &Stream, offset: u64, copy: SecondCopy<'_>) -> bool {
        let back = offset.cast_signed().saturating_sub(stream.next.cast_signed());
        // Bytes before the begin of the stream are nobody's.
        if offset < stream.begun() {
            return false;
        }
        self.handler.second_copy(
            self.flow,
            self.state,
            SecondCopy { back, begins: offset == stream.begun(), ..copy },
        )
    }

    /// Tells of the copies that lost against early segments.
    pub(super) fn others(&mut self, direction: Direction, stream: &mut Stream) {
        let Some(pending) = stream.pending.as_mut().filter(|p| p.has_others()) else { return };
        let charge = pending.charge();
        let others = pending.take_others();
        self.shared.held -= charge - pending.charge();
        for other in &others {
            let (at, bytes) = (other.at, &*other.data);
            let replaces = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let why = FlowAnomalies::OVERLAP;
            let guise = other.guise;
            let copy =
                SecondCopy { direction, at, back: 0, begins: false, replaces, bytes, guise, why };
            self.copy(stream, other.offset, copy);
        }
    }

    /// Tells of the last `len` bytes of a chunk, which lie behind a FIN.
    fn behind_fin(
        &mut self,
        direction: Direction,
        stream: &Stream,
        (offset, chunk): (u64, &Chunk),
        len: usize,
    ) {
        let from = chunk.data.len() - len;
        let bytes = chunk.data.get(from..).unwrap_or_default();
        if bytes.is_empty() {
            return;
        }
        let replaces = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (at, guise, why) = (chunk.at, chunk.guise, FlowAnomalies::BEHIND_FIN);
        let copy =
            SecondCopy { direction, at, back: 0, begins: false, replaces, bytes, guise, why };
        self.copy(stream, offset + from as u64, copy);
    }

    fn end(&mut self, direction: Direction, stream: &mut Stream, cause: EndCause) {
        if stream.ended() {
            return;
        }
        self.others(direction, stream);
        stream.mark_ended();
        if let Some(mut pending) = stream.pending.take() {
            self.shared.held -= pending.charge();
            while let Some((offset, chunk)) = pending.pop_first() {
                self.behind_fin(direction, stream, (offset, &chunk), chunk.data.len());
            }
        }
        let offsets = Offsets { begin: stream.next, heard: 0, cut: false };
        let (at, input) = (self.now, StreamInput::End(cause));
        self.emit(StreamEvent { direction, at, offsets, input });
    }

    /// Delivers the first chunk of `stream`, whatever is missing before it.
    fn first_chunk(&mut self, direction: Direction, stream: &mut Stream) -> bool {
        self.others(direction, stream);
        let Some(pending) = &mut stream.pending else { return false };
        let charge = pending.charge();
        let popped = pending.pop_first();
        self.shared.held -= charge - pending.charge();
        if pending.is_empty() {
            self.shared.held -= pending.charge();
            stream.pending = None;
        }
        let Some((offset, chunk)) = popped else { return false };
        self.gap(direction, stream, offset.min(stream.fin));
        let old = usize::try_from(stream.next.saturating_sub(offset)).unwrap_or(usize::MAX);
        let end = offset + chunk.data.len() as u64 + u64::from(chunk.cut);
        let left = usize::try_from(stream.fin.saturating_sub(offset)).unwrap_or(usize::MAX);
        let data = chunk.data.get(..left).unwrap_or(&chunk.data);
        let new = data.get(old..).unwrap_or_default();
        self.bytes_of(direction, stream, (chunk.at, chunk.heard), new);
        let behind = chunk.data.len() - data.len();
        self.behind_fin(direction, stream, (offset, &chunk), behind);
        note_cut(stream, end);
        true
    }
}

/// Bytes up to `end` are known to be cut off.
fn note_cut(stream: &mut Stream, end: u64) {
    let cut = end.min(stream.fin).saturating_sub(stream.next);
    stream.cut = stream.cut.max(u32::try_from(cut).unwrap_or(u32::MAX));
}

impl Reassembler {
    /// Takes in the payload of a segment and delivers what can be.
    pub(super) fn accept<H: FlowHandler>(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        out: &mut Output<'_, H>,
    ) {
        self.tell_copies(direction, segment, out);
        let mut force = false;
        loop {
            match self.admit(direction, segment, out.shared, force) {
                Admitted::Done => return,
                Admitted::Now { gap, bytes, cut } => {
                    let (this, _) = self.pair(direction);
                    out.gap(direction, this, this.next + gap);
                    out.bytes(direction, this, bytes);
                    note_cut(this, this.next + u64::from(cut));
                    return;
                }
                Admitted::Full => {
                    // Waiting is over for what is missing before the oldest held.
                    self.anomalies.insert(FlowAnomalies::BUFFER_FULL);
                    out.shared.counters.waits_broken_off += 1;
                    let (this, _) = self.pair(direction);
                    this.anchor();
                    force = !out.first_chunk(direction, this);
                }
            }
        }
    }

    /// Delivers what can be after a packet.
    pub(super) fn pump<H: FlowHandler>(&mut self, out: &mut Output<'_, H>) {
        self.run(Patience::Usual, out);
    }

    /// Delivers what silence has decided: nothing came for a second, or for ten.
    pub(super) fn fall_silent<H: FlowHandler>(&mut self, long: bool, out: &mut Output<'_, H>) {
        self.settle();
        self.run(Patience::Silent { long }, out);
    }

    /// Delivers everything held, with its gaps, and ends both streams.
    pub(super) fn end<H: FlowHandler>(&mut self, cause: EndCause, out: &mut Output<'_, H>) {
        self.settle();
        self.run(Patience::Over, out);
        for direction in BOTH {
            let (this, _) = self.pair(direction);
            if this.ended() {
                continue;
            }
            out.gap(direction, this, known_end(this));
            let by_fin = this.fin <= this.next;
            out.end(direction, this, if by_fin { EndCause::Fin } else { cause });
        }
    }

    fn run<H: FlowHandler>(&mut self, patience: Patience, out: &mut Output<'_, H>) {
        loop {
            let mut moved = false;
            for direction in BOTH {
                moved |= self.drain(direction, out);
                moved |= self.end_at_fin(direction, out);
            }
            if !moved && !BOTH.into_iter().any(|d| self.give_up(d, patience, out)) {
                return;
            }
        }
    }

    /// Delivers what is in order.
    fn drain<H: FlowHandler>(&mut self, direction: Direction, out: &mut Output<'_, H>) -> bool {
        let alone = self.alone;
        let (this, peer) = self.pair(direction);
        let unheard = alone && !peer.seen();
        let mut moved = false;
        while this.anchored()
            && let Some((offset, chunk)) = this.pending.as_ref().and_then(|p| p.first())
            && offset <= this.reach()
            && (chunk.needs <= peer.reach() || peer.ended() || unheard)
        {
            // What the capture cut off does not come before the answer to it.
            let needs = chunk.needs;
            if needs > peer.next && !peer.ended() && !unheard {
                out.gap(direction.reversed(), peer, needs.min(peer.fin));
            }
            moved |= out.first_chunk(direction, this);
        }
        moved
    }

    fn end_at_fin<H: FlowHandler>(
        &mut self,
        direction: Direction,
        out: &mut Output<'_, H>,
    ) -> bool {
        let (this, _) = self.pair(direction);
        if this.fin > this.reach() || !this.anchored() || this.ended() {
            return false;
        }
        out.gap(direction, this, this.fin);
        out.end(direction, this, EndCause::Fin);
        true
    }

    /// Gives up one piece of what the stream's first chunk waits for, if it waited long enough.
    fn give_up<H: FlowHandler>(
        &mut self,
        direction: Direction,
        patience: Patience,
        out: &mut Output<'_, H>,
    ) -> bool {
        let (packet, now) = (self.packets(), out.now);
        let (this, peer) = self.pair(direction);
        let anchored = this.anchored();
        let (acked, reach) = (this.acked, this.reach());
        let silent = matches!(patience, Patience::Silent { .. });
        if silent && this.pending.is_none() && this.misses_its_end() && acked >= this.fin {
            out.gap(direction, this, this.fin);
            return true;
        }
        let Some(pending) = this.pending.as_mut().filter(|_| anchored) else { return false };
        let long_acked = pending.long_acked(now, packet, acked);
        let moved = pending.moved;
        let Some((offset, chunk)) = pending.first() else { return false };
        let (needs, since, since_packet) = (chunk.needs, chunk.at, chunk.packet);
        let waited = now.since(since).as_millis();
        if offset > reach {
            let heard = peer.last_packet.wrapping_sub(since_packet).cast_signed() > 0;
            let unheard = u128::from(GAP_WAIT_UNHEARD_MILLIS);
            // One that answers acknowledges whatever comes early: it did not.
            let deaf = !heard && !peer.seen();
            let given_up = match patience {
                Patience::Over => true,
                Patience::Silent { long } => acked >= offset || deaf && long,
                Patience::Usual => {
                    let still = now.since(moved).as_millis();
                    long_acked >= offset || deaf && waited >= unheard && still >= unheard
                }
            };
            if given_up {
                out.gap(direction, this, offset.min(this.fin));
            }
            return given_up;
        }
        // It is in order and waits for the other stream.
        let given_up = patience != Patience::Usual
            || packet.wrapping_sub(since_packet) >= GAP_WAIT_PACKETS
            || waited >= u128::from(GAP_WAIT_MILLIS);
        if given_up {
            let held = peer.pending.as_ref().and_then(|p| p.first()).map(|(offset, _)| offset);
            // That it sent so much has to show in its own packets: anybody can acknowledge.
            let sent = held.unwrap_or(peer.came_to());
            let end = sent.min(needs).min(peer.fin);
            // A single byte that only an acknowledgment tells of may be a FIN that was not seen.
            let fin_only = held.is_none() && end.saturating_sub(peer.next) <= 1;
            if !peer.seen() {
                pending.release_first();
                self.alone = true;
            } else if peer.anchored() && peer.next < end && !fin_only {
                out.gap(direction.reversed(), peer, end);
            } else if patience == (Patience::Silent { long: false }) {
                // What the other's next packet says may still show it.
                return false;
            } else {
                pending.release_first();
            }
        }
        given_up
    }
}

/// Where a stream that will bring no more is known to end.
fn known_end(stream: &Stream) -> u64 {
    let near = |fin: &u64| fin.saturating_sub(stream.reach()) <= u64::from(ACK_HOLD_BYTES_MAX);
    if let Some(fin) = Some(stream.fin).filter(|fin| stream.acked >= *fin || near(fin)) {
        return fin;
    }
    let acked = if stream.seen() && stream.acked > stream.next + 1 { stream.acked } else { 0 };
    stream.reach().max(acked)
}
