//! Both streams of a flow: what a segment means for them, before anything is delivered.

use crate::base::Timestamp;
use crate::base::limits::{
    ACK_HOLD_BYTES_MAX, GAP_WAIT_MILLIS, GAP_WAIT_PACKETS, WINDOW_BYTES_MAX,
};
use crate::model::{Direction, Segment, TcpFlags};

use super::config::FlowConfig;
use super::pending::{Early, Pending};
use super::stream::{Begin, NO_FIN, Stream};
use super::{FlowAnomalies, FlowCounters};

/// What all flows of a table share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: FlowConfig,
    pub(super) counters: FlowCounters,
    /// Memory charged for early segments of all flows.
    pub(super) held: usize,
}

/// What is to be done with the payload of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admitted<'a> {
    /// Nothing: there is none, it was kept for later, or it is not believed.
    Done,
    /// Deliver it now, after giving up `gap` bytes; `cut` bytes behind it were not captured.
    Now { gap: u64, bytes: &'a [u8], cut: u32 },
    /// It is early and there is no room to keep it.
    Full,
}

/// Both directions of one flow.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    pub(super) streams: [Stream; 2],
    pub(super) anomalies: FlowAnomalies,
    /// Whether streams may begin without a handshake: it was waited long enough for one.
    pub(super) settled: bool,
    /// Whether events can be delivered: it is known who the client is.
    pub(super) open: bool,
    /// A SYN with this sequence number was not believed; a SYN-ACK for it would prove it, or its
    /// sender going on from there.
    pub(super) challenge: Option<u32>,
    /// A RST was believed in the middle of something, or while data was missing, and none came
    /// since.
    pub(super) reset: bool,
    /// Nothing came of one direction, and it was waited long enough for it.
    pub(super) alone: bool,
}

/// Payload of a segment in offsets.
struct Span<'a> {
    start: u64,
    /// What was captured.
    data: &'a [u8],
    /// Offset behind what was on the wire.
    wire_end: u64,
}

impl Reassembler {
    /// The stream of `direction` and the other one.
    pub(super) fn pair(&mut self, direction: Direction) -> (&mut Stream, &mut Stream) {
        let [server, client] = &mut self.streams;
        match direction {
            Direction::ToServer => (server, client),
            Direction::ToClient => (client, server),
        }
    }

    pub(super) fn stream(&self, direction: Direction) -> &Stream {
        let [server, client] = &self.streams;
        match direction {
            Direction::ToServer => server,
            Direction::ToClient => client,
        }
    }

    /// Packets seen of both directions, modulo 2^32.
    pub(super) fn packets(&self) -> u32 {
        let [a, b] = &self.streams;
        a.packets.wrapping_add(b.packets)
    }

    /// Whether anything waits.
    pub(super) fn waiting(&self) -> bool {
        let [a, b] = &self.streams;
        a.pending.is_some() || b.pending.is_some()
    }

    /// Whether it waits for what silence may decide.
    pub(super) fn waits(&self) -> bool {
        self.waiting() || self.streams.iter().any(Stream::misses_its_end)
    }

    /// The common case, decided with a few comparisons: whether `segment` is the next in order,
    /// complete, and acknowledges nothing unseen.
    #[inline]
    pub(super) fn in_order(&mut self, direction: Direction, segment: &Segment<'_>) -> bool {
        const LOOKED_AT: u8 =
            TcpFlags::FIN | TcpFlags::SYN | TcpFlags::RST | TcpFlags::ACK | TcpFlags::URG;
        let open = self.open && self.settled && !self.reset;
        let (this, peer) = self.pair(direction);
        if !open
            || segment.flags.0 & LOOKED_AT != TcpFlags::ACK
            || segment.seq != this.next_seq
            || !this.plain()
            || segment.wire_payload_len as usize != segment.payload.len()
            || (segment.payload.len() == 1 && this.is_probe(segment))
        {
            return false;
        }
        peer.note_awaited(segment.ack);
        if peer.located() {
            let ahead = peer.ahead(segment.ack);
            if ahead > 0 && !peer.ended() {
                return false;
            }
            peer.acked = peer.acked.max(peer.next.saturating_add_signed(i64::from(ahead)));
        }
        true
    }

    /// How far the sender of `segment` had heard the other stream; 0 where that is not known.
    #[inline]
    pub(super) fn heard(&self, direction: Direction, segment: &Segment<'_>) -> u64 {
        let peer = self.stream(direction.reversed());
        let window = WINDOW_BYTES_MAX.cast_signed();
        let near = (-window..=window).contains(&peer.ahead(segment.ack));
        let known = segment.flags.has(TcpFlags::ACK) && peer.located() && near;
        if known { peer.offset(segment.ack) } else { 0 }
    }

    /// Learns from flags and acknowledgment: where streams begin, what the receiver has. Not for
    /// RSTs. Where the stream begins, if that is elsewhere than the handshake said.
    pub(super) fn note(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        shared: &mut Shared,
    ) -> Option<Begin> {
        let (syn, ack) = (segment.flags.has(TcpFlags::SYN), segment.flags.has(TcpFlags::ACK));
        let first = first_payload_seq(segment);
        let mut anomalies = FlowAnomalies::default();
        let (this, peer) = self.pair(direction);
        let is_data = !syn && wire_len(segment) > 0;
        let begin = if is_data { this.begins_anew_at(first, peer) } else { None };
        if begin == Some(Begin::There) {
            anomalies.insert(FlowAnomalies::HANDSHAKE_MISMATCH);
            this.anchor_at(first);
        } else if begin == Some(Begin::Unknown) {
            this.forget_begin(first);
        }
        if !this.anchored() {
            this.begin_at_most(first);
        }
        this.mark_seen(first);
        // Data right behind its own SYN is where its stream begins, whatever was answered.
        let behind_syn = !syn && this.isn().is_some_and(|isn| isn.wrapping_add(1) == first);
        if behind_syn {
            this.follow_syn();
        }
        if behind_syn && wire_len(segment) > 0 && this.untouched() && this.pending.is_none() {
            this.anchor_at(first);
        }
        if syn && this.untouched() {
            this.anchor_at(first);
        }
        if ack {
            peer.note_awaited(segment.ack);
        }
        if syn {
            this.learn_isn(segment.seq, ack);
        }
        // What a SYN-ACK acknowledges is the begin of the other stream, and so is what the first
        // bare ACK of a handshake acknowledges, should the SYN-ACK not have been captured.
        let handshake = syn || (this.isn().is_some() && this.untouched() && this.ahead(first) == 0);
        if ack && handshake && peer.untouched() && (syn || !peer.anchored()) {
            if peer.anchored() && peer.next_seq != segment.ack && peer.pending.is_none() {
                anomalies.insert(FlowAnomalies::HANDSHAKE_MISMATCH);
            }
            if peer.pending.is_none() || !peer.anchored() {
                peer.anchor_at(segment.ack);
            }
        }
        if ack && peer.located() {
            if peer.ahead(segment.ack) > WINDOW_BYTES_MAX.cast_signed() {
                shared.counters.out_of_window += 1;
                anomalies.insert(FlowAnomalies::OUT_OF_WINDOW);
            } else {
                peer.acked = peer.acked.max(peer.offset(segment.ack));
            }
        }
        self.anomalies.insert(anomalies);
        begin
    }

    /// Streams that were seen begin at the lowest sequence number seen.
    pub(super) fn settle(&mut self) {
        self.settled = true;
        for stream in &mut self.streams {
            if stream.seen() && !stream.anchored() {
                let first = stream.pending.as_ref().and_then(|p| p.first()).map(|first| first.0);
                stream.anchor();
                stream.skip_probe(first.unwrap_or(0));
            }
        }
    }

    /// Finds the place of a segment's payload. With `force` it is not kept for later, whatever is
    /// missing before it. May be called again after [`Admitted::Full`].
    pub(super) fn admit<'a>(
        &mut self,
        direction: Direction,
        segment: &Segment<'a>,
        shared: &mut Shared,
        force: bool,
    ) -> Admitted<'a> {
        if self.stream(direction).is_probe(segment) {
            shared.counters.keep_alives += 1;
            return Admitted::Done;
        }
        let Some(span) = self.span(direction, segment, shared) else { return Admitted::Done };
        let (open, packet, heard) = (self.open, self.packets(), self.heard(direction, segment));
        let alone = self.alone;
        let (this, peer) = self.pair(direction);
        if this.pending.is_none() {
            this.skip_probe(span.start);
        }
        let needs = if alone && !peer.seen() { 0 } else { needs(peer, segment) };
        let data_end = span.start + span.data.len() as u64;
        let cut = u32::try_from(span.wire_end - data_end).unwrap_or(u32::MAX);
        let first_held = this.pending.as_ref().and_then(|p| p.first()).map(|(offset, _)| offset);
        let in_order = span.start <= this.reach()
            && needs <= peer.next
            && first_held.is_none_or(|held| held >= span.wire_end);
        if open && this.anchored() && (in_order || force) {
            return Admitted::Now { gap: span.start - this.next, bytes: span.data, cut };
        }
        let room = shared.config.bytes_per_table.saturating_sub(shared.held);
        if !this.fits(span.data.len(), &shared.config, room) {
            return Admitted::Full;
        }
        let (at, offset, data) = (segment.at, span.start, span.data);
        let guise = guise(peer, segment);
        let early = Early { at, guise, packet, needs, heard, offset, cut, data };
        let room = room.min(this.room(&shared.config));
        let acked = this.acked;
        let pending = this.pending.get_or_insert_with(|| {
            let pending = Pending::new(segment.at, packet, acked);
            shared.held += pending.charge();
            Box::new(pending)
        });
        let room = room.min(shared.config.bytes_per_table.saturating_sub(shared.held));
        let stored = pending.store(early, room, shared.config.segments_per_stream);
        shared.held += stored.charge;
        shared.counters.out_of_order += 1;
        shared.counters.out_of_order_bytes += span.data.len() as u64;
        shared.counters.overlaps += u64::from(stored.overlap);
        if stored.conflict {
            shared.counters.conflicts += 1;
            self.anomalies.insert(FlowAnomalies::OVERLAP_CONFLICT);
        }
        Admitted::Done
    }

    /// The part of the payload that is new, or `None` where nothing of it is.
    fn span<'a>(
        &mut self,
        direction: Direction,
        segment: &Segment<'a>,
        shared: &mut Shared,
    ) -> Option<Span<'a>> {
        let counters = &mut shared.counters;
        let (anomalies, found) = {
            let (this, _) = self.pair(direction);
            span(this, segment, counters)
        };
        self.anomalies.insert(anomalies);
        found
    }

    /// Whether a segment has what will not be delivered, so that whoever hears of the flow must be
    /// told: a handshake is waited for no longer.
    pub(super) fn is_odd(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        let this = self.stream(direction);
        let end = this.offset(first_payload_seq(segment)) + u64::from(wire_len(segment));
        let taken = segment.flags.has(TcpFlags::ACK | TcpFlags::SYN)
            && this.ahead(first_payload_seq(segment)) <= WINDOW_BYTES_MAX.cast_signed();
        wire_len(segment) > 0 && (!taken || end > this.fin || segment.flags.has(TcpFlags::URG))
    }

    /// Learns where the stream ends. Call it after the payload was admitted.
    pub(super) fn note_fin(&mut self, direction: Direction, segment: &Segment<'_>) {
        if !segment.flags.has(TcpFlags::FIN) {
            return;
        }
        let (this, _) = self.pair(direction);
        let seq = first_payload_seq(segment).wrapping_add(wire_len(segment));
        if this.ended() || this.ahead(seq) > WINDOW_BYTES_MAX.cast_signed() {
            return;
        }
        let fin = this.offset(seq);
        if this.fin == NO_FIN && (fin >= this.next || !this.anchored()) {
            this.fin = fin;
        } else if this.fin != fin {
            // The same sender cannot have meant the farther one, unless that was acknowledged.
            if (this.next..this.fin).contains(&fin) && this.acked <= this.fin {
                this.fin = fin;
            }
            self.anomalies.insert(FlowAnomalies::FIN_MOVED);
        }
    }

    /// Whether a RST is believed: its sequence number lies between what the receiver acknowledged
    /// and the highest that came. See [`Reassembler::is_reset_whole`] for how far.
    pub(super) fn believes_reset(&mut self, direction: Direction, segment: &Segment<'_>) -> bool {
        let (this, _) = self.pair(direction);
        if !this.located() {
            // Nothing to compare with: the answer of a closed port has any number.
            return true;
        }
        let offset = this.offset(segment.seq);
        let low = if this.acked == 0 { this.next } else { this.acked.min(this.next) };
        (low..=this.highest()).contains(&offset)
    }

    /// Whether a RST that is believed stands right behind all that came, and nothing is known to
    /// be missing: no early segment, and no FIN. Else what came may never have reached its
    /// receiver, nor the RST.
    pub(super) fn is_reset_whole(&self, direction: Direction, segment: &Segment<'_>) -> bool {
        let this = self.stream(direction);
        let behind = !this.located() || this.offset(segment.seq) >= this.reach();
        behind
            && !self.waiting()
            && self.streams.iter().all(|s| s.fin == NO_FIN || s.fin <= s.reach())
    }

    /// Whether it is known where both streams begin.
    pub(super) fn anchored_both(&self) -> bool {
        self.streams.iter().all(Stream::anchored)
    }
}

/// Sequence number of the first payload byte: a SYN takes one.
pub(super) fn first_payload_seq(segment: &Segment<'_>) -> u32 {
    segment.seq.wrapping_add(u32::from(segment.flags.has(TcpFlags::SYN)))
}

/// Payload bytes that were on the wire; never fewer than were captured.
pub(super) fn wire_len(segment: &Segment<'_>) -> u32 {
    segment.wire_payload_len.max(u32::try_from(segment.payload.len()).unwrap_or(u32::MAX))
}

/// What a segment looks like, to tell its copies from those of others: by its headers, and by
/// whether its acknowledgment is one that a receiver takes.
pub(super) fn guise(peer: &Stream, segment: &Segment<'_>) -> u16 {
    let acks = segment.flags.has(TcpFlags::ACK);
    let ahead = acks && peer.located() && peer.ahead(segment.ack) > 0;
    segment.guise ^ (u16::from(!acks) | u16::from(ahead) << 1)
}

/// How far the other stream should have come before this segment's payload is delivered.
fn needs(peer: &Stream, segment: &Segment<'_>) -> u64 {
    let ahead = peer.ahead(segment.ack);
    let near = (1..=ACK_HOLD_BYTES_MAX.cast_signed()).contains(&ahead);
    let heard = peer.located() && !peer.ended() && segment.flags.has(TcpFlags::ACK);
    if heard && near { peer.offset(segment.ack) } else { 0 }
}

fn span<'a>(
    this: &mut Stream,
    segment: &Segment<'a>,
    counters: &mut FlowCounters,
) -> (FlowAnomalies, Option<Span<'a>>) {
    let mut anomalies = FlowAnomalies::default();
    let wire = wire_len(segment);
    if wire == 0 {
        return (anomalies, None);
    }
    if !segment.flags.has(TcpFlags::ACK | TcpFlags::SYN) {
        counters.without_ack += 1;
        return (FlowAnomalies::DATA_WITHOUT_ACK, None);
    }
    let seq = first_payload_seq(segment);
    let ahead = this.ahead(seq);
    if ahead > WINDOW_BYTES_MAX.cast_signed() {
        counters.out_of_window += 1;
        return (FlowAnomalies::OUT_OF_WINDOW, None);
    }
    if segment.flags.has(TcpFlags::SYN) {
        anomalies.insert(FlowAnomalies::SYN_DATA);
    }
    if segment.flags.has(TcpFlags::URG) {
        anomalies.insert(FlowAnomalies::URGENT);
    }
    let start = this.offset(seq);
    let (mut data, mut wire_end) = (segment.payload, start + u64::from(wire));
    if wire_end > this.fin || (this.ended() && wire_end > this.next) {
        anomalies.insert(FlowAnomalies::DATA_AFTER_FIN);
        wire_end = this.fin.min(wire_end).max(start);
        let keep = usize::try_from(wire_end - start).unwrap_or(usize::MAX);
        data = data.get(..keep).unwrap_or(data);
    }
    if start < this.next && this.anchored() {
        if this.predates(start) {
            counters.out_of_window += 1;
            anomalies.insert(FlowAnomalies::OUT_OF_WINDOW);
        }
        if this.was_lost(start, wire_end) {
            counters.late += 1;
            anomalies.insert(FlowAnomalies::LATE_DATA);
        }
    }
    if wire_end <= this.next && this.anchored() || this.ended() {
        if ahead == -1 && wire <= 1 {
            counters.keep_alives += 1;
        } else {
            counters.retransmissions += 1;
        }
        return (anomalies, None);
    }
    let old = this.next.saturating_sub(start) * u64::from(this.anchored());
    let skip = usize::try_from(old).unwrap_or(usize::MAX);
    let data = data.get(skip..).unwrap_or_default();
    // Bytes before `next` are old; where not even all of those were captured, what follows is cut.
    let start = start + old;
    (anomalies, (wire_end > start).then_some(Span { start, data, wire_end }))
}

/// Whether a flow that began at `opened` no longer waits for a handshake.
pub(super) fn handshake_is_over(opened: Timestamp, now: Timestamp, packets: u32) -> bool {
    packets >= GAP_WAIT_PACKETS || now.since(opened).as_millis() >= u128::from(GAP_WAIT_MILLIS)
}
