//! One direction of a flow: where it stands in sequence space.

use crate::base::limits::{
    ACK_HOLD_BYTES_MAX, LATE_SYN_BYTES_MAX, REASSEMBLY_SEGMENT_OVERHEAD, REASSEMBLY_STREAM_OVERHEAD,
};

use crate::model::{Segment, TcpFlags};

use super::StreamTotals;
use super::closed::LATE_BYTES_MAX;
use super::config::FlowConfig;
use super::pending::Pending;

/// Offset of where a stream begins, so that offsets before it exist too.
pub(super) const ORIGIN: u64 = 1 << 32;
/// No FIN was seen.
pub(super) const NO_FIN: u64 = u64::MAX;

/// Bytes that may have been lost of the begin of a stream, so that its first data comes late.
const BEGIN_LOST_BYTES_MAX: i32 = 1 << 29;

/// The begin is known: bytes may be delivered.
const ANCHORED: u8 = 1;
/// A packet of this direction was seen.
const SEEN: u8 = 1 << 1;
/// Its SYN was seen, or the SYN-ACK that answers it.
const SYN: u8 = 1 << 2;
/// Its end was delivered.
const ENDED: u8 = 1 << 3;
/// Its begin is only the lowest that was seen.
const GUESSED: u8 = 1 << 4;
/// The sender of its SYN went on where that says.
const FOLLOWED: u8 = 1 << 5;
/// Its SYN answers another, or the other end acknowledged it.
const ANSWERED: u8 = 1 << 6;

/// It goes on where a stream ended of which copies may still come.
const REVIVED: u8 = 1 << 7;

/// Bytes that may have been lost of the begin of a stream whose SYN nobody answered: nobody sends
/// more before an answer comes than an initial window.
const UNANSWERED_BYTES_MAX: i32 = 1 << 16;

/// Where a stream begins that does not begin where its SYN says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// At the data at hand.
    There,
    /// Nobody can say yet.
    Unknown,
}

/// One direction. Sequence numbers are mapped to 64-bit offsets that do not wrap: `next_seq` is the
/// sequence number of offset `next`, and others lie at their signed distance (RFC 1982) from it.
#[derive(Debug)]
pub(super) struct Stream {
    /// Offset of the next byte to deliver; before the stream is anchored, the lowest seen.
    pub(super) next: u64,
    /// Sequence number of `next`.
    pub(super) next_seq: u32,
    /// Initial sequence number, if its SYN was seen.
    isn: u32,
    /// The highest offset the other end acknowledged.
    pub(super) acked: u64,
    /// Offset of the FIN, or [`NO_FIN`].
    pub(super) fin: u64,
    /// What came before its time.
    pub(super) pending: Option<Box<Pending>>,
    /// Bytes from `next` on that the capture cut off.
    pub(super) cut: u32,
    /// Number of its last packet among the packets of the flow.
    pub(super) last_packet: u32,
    /// Packets seen, saturating.
    pub(super) packets: u32,
    /// Payload bytes delivered.
    pub(super) bytes: u64,
    /// Payload bytes given up.
    pub(super) gap_bytes: u64,
    /// The low bits of the highest sequence number that its packets out of order carried.
    top: [u8; 3],
    /// The last gap given up: the sequence number it began at, and its length, saturating. While
    /// nothing was delivered or given up, the sequence number that the other end acknowledged last.
    lost_seq: u32,
    lost_len: u32,
    status: u8,
}

impl Default for Stream {
    fn default() -> Self {
        Stream {
            next: ORIGIN,
            next_seq: 0,
            isn: 0,
            acked: 0,
            fin: NO_FIN,
            pending: None,
            cut: 0,
            last_packet: 0,
            packets: 0,
            bytes: 0,
            gap_bytes: 0,
            top: [0; 3],
            lost_seq: 0,
            lost_len: 0,
            status: 0,
        }
    }
}

impl Stream {
    pub(super) fn anchored(&self) -> bool {
        self.status & ANCHORED != 0
    }

    pub(super) fn seen(&self) -> bool {
        self.status & SEEN != 0
    }

    pub(super) fn ended(&self) -> bool {
        self.status & ENDED != 0
    }

    /// Whether its end was seen and something before it was not.
    pub(super) fn misses_its_end(&self) -> bool {
        self.fin != NO_FIN && self.anchored() && !self.ended() && self.fin > self.reach()
    }

    /// Whether sequence numbers of it can be mapped to offsets.
    pub(super) fn located(&self) -> bool {
        self.status & (SEEN | ANCHORED) != 0
    }

    /// Whether the next segment in order can be delivered without looking at anything else.
    pub(super) fn plain(&self) -> bool {
        self.status & (ANCHORED | SEEN | ENDED) == ANCHORED | SEEN
            && self.pending.is_none()
            && self.cut == 0
            && self.fin == NO_FIN
    }

    /// What it carried.
    pub(super) fn totals(&self) -> StreamTotals {
        let (packets, bytes, gap_bytes) = (self.packets, self.bytes, self.gap_bytes);
        StreamTotals { packets, bytes, gap_bytes }
    }

    /// Whether nothing of it was delivered or given up.
    pub(super) fn untouched(&self) -> bool {
        self.bytes == 0 && self.gap_bytes == 0 && self.status & (ENDED | REVIVED) == 0
    }

    /// Whether data at `seq`, the first of it, shows that it begins there and not where a handshake
    /// said that was forged: the other end, where it was seen, waits for it there, and no loss
    /// explains the distance. Where nobody answered its SYN, what was seen so far may be all that
    /// speaks for it.
    pub(super) fn begins_anew_at(&self, seq: u32, peer: &Stream) -> Option<Begin> {
        if !self.anchored() || !self.untouched() || self.pending.is_some() {
            return None;
        }
        let (answered, awaited) = (self.is_answered_by(peer), self.is_awaited_at(seq));
        let farthest = match answered {
            true => BEGIN_LOST_BYTES_MAX,
            false if self.status & FOLLOWED != 0 => UNANSWERED_BYTES_MAX,
            false => 0,
        };
        let begin = match awaited && (answered || farthest > 0) {
            true => Begin::There,
            false if !answered && (awaited || !peer.seen()) => Begin::Unknown,
            false => return None,
        };
        (!(0..=farthest).contains(&self.ahead(seq))).then_some(begin)
    }

    /// Whether somebody answered its SYN, with another or by waiting for what follows it, or it had
    /// none.
    fn is_answered_by(&self, peer: &Stream) -> bool {
        peer.isn().is_some() || self.status & ANSWERED != 0 || self.isn().is_none()
    }

    /// Whether the other end waits for its first byte at `seq`.
    pub(super) fn is_awaited_at(&self, seq: u32) -> bool {
        self.untouched() && self.lost_seq == seq
    }

    /// Its sender went on where its SYN says.
    pub(super) fn follow_syn(&mut self) {
        self.status |= FOLLOWED;
    }

    /// Whether all that speaks for its begin is a SYN that nobody answered and nothing followed.
    pub(super) fn is_hearsay(&self, peer: &Stream) -> bool {
        !self.is_answered_by(peer) && self.status & FOLLOWED == 0 && self.untouched()
    }

    /// Where it begins is not known, but for what was seen of it from `seq` on: its SYN was none of
    /// it.
    pub(super) fn forget_begin(&mut self, seq: u32) {
        self.move_to(seq);
        self.status &= !(ANCHORED | GUESSED | SYN);
    }

    /// How far `seq` lies from all that came of it or was acknowledged; 0 where nothing did.
    pub(super) fn apart(&self, seq: u32) -> u32 {
        let from = match (self.untouched(), self.seen(), self.lost_seq) {
            (true, false, 0) => return 0,
            (true, false, awaited) => awaited,
            _ => self.next_seq,
        };
        let lead = low32(self.highest().max(self.acked).saturating_sub(self.next));
        let ahead = seq.wrapping_sub(from);
        let behind = ahead.wrapping_sub(lead);
        let near = ahead.cast_signed() >= 0 && behind.cast_signed() <= 0;
        let distance = ahead.cast_signed().unsigned_abs().min(behind.cast_signed().unsigned_abs());
        if near { 0 } else { distance }
    }

    /// The other end acknowledged `seq`, which tells where it waits for the first byte.
    pub(super) fn note_awaited(&mut self, seq: u32) {
        if self.untouched() {
            self.lost_seq = seq;
            if self.isn().is_some_and(|isn| isn.wrapping_add(1) == seq) {
                self.status |= ANSWERED;
            }
        }
    }

    /// A packet of it was seen that carries this sequence number.
    pub(super) fn mark_seen(&mut self, seq: u32) {
        let near = !self.located() || self.ahead(seq).unsigned_abs() <= ACK_HOLD_BYTES_MAX;
        let beyond = self.offset(seq) > self.came_to();
        if near && (beyond || !self.seen()) {
            let [_, low @ ..] = seq.to_be_bytes();
            self.top = low;
        }
        self.status |= SEEN;
    }

    /// How far its sender is known to have come, by what its own packets say.
    pub(super) fn came_to(&self) -> u64 {
        let [high, middle, low] = self.top;
        let top = u32::from_be_bytes([0, high, middle, low]);
        let ahead = top.wrapping_sub(self.next_seq) & 0x00ff_ffff;
        self.next + u64::from(if ahead <= ACK_HOLD_BYTES_MAX { ahead } else { 0 })
    }

    pub(super) fn mark_ended(&mut self) {
        self.status |= ENDED;
    }

    /// The initial sequence number, if known for certain.
    pub(super) fn isn(&self) -> Option<u32> {
        (self.status & SYN != 0).then_some(self.isn)
    }

    /// Signed distance of `seq` from the next byte.
    pub(super) fn ahead(&self, seq: u32) -> i32 {
        seq.wrapping_sub(self.next_seq).cast_signed()
    }

    /// Offset of `seq`.
    pub(super) fn offset(&self, seq: u32) -> u64 {
        self.next.saturating_add_signed(i64::from(self.ahead(seq)))
    }

    /// What is delivered or known to be cut reaches up to here.
    pub(super) fn reach(&self) -> u64 {
        self.next + u64::from(self.cut)
    }

    /// Whether a stream that nothing was delivered of may begin at `seq`: right before, or at,
    /// the lowest that was seen.
    pub(super) fn may_begin_at(&self, seq: u32) -> bool {
        (-LATE_SYN_BYTES_MAX..=0).contains(&self.ahead(seq))
    }

    /// The begin is not known yet and lies at `seq` or before.
    pub(super) fn begin_at_most(&mut self, seq: u32) {
        if !self.located() {
            self.next_seq = seq;
        } else if self.ahead(seq) < 0 {
            self.move_to(seq);
        }
    }

    /// The stream begins at what was the lowest so far.
    pub(super) fn anchor(&mut self) {
        if !self.anchored() {
            self.status |= ANCHORED | GUESSED;
        }
    }

    /// The stream begins at `seq`. Only for streams that are untouched.
    pub(super) fn anchor_at(&mut self, seq: u32) {
        if self.located() {
            self.move_to(seq);
        } else {
            self.next_seq = seq;
        }
        self.status = self.status & !GUESSED | ANCHORED;
    }

    /// A begin that is only guessed may be that of a keep-alive probe, one byte too early: if
    /// the first data lies right behind it, that is the begin.
    pub(super) fn skip_probe(&mut self, first: u64) {
        if self.status & GUESSED != 0 && self.untouched() && first == self.next + 1 {
            self.advance(1);
        }
    }

    /// Whether a segment is a keep-alive probe which brings a byte, as some systems send them,
    /// where the stream may begin: a zero that nobody asked to be handed on. What a program
    /// writes, be it a byte, is pushed.
    pub(super) fn is_probe(&self, segment: &Segment<'_>) -> bool {
        segment.payload == [0]
            && segment.wire_payload_len <= 1
            && !segment.flags.has(TcpFlags::PSH)
            && !segment.flags.has(TcpFlags::SYN)
            && !segment.flags.has(TcpFlags::FIN)
            && (!self.anchored() || self.status & GUESSED != 0)
            && self.untouched()
            && self.pending.is_none()
            && self.ahead(segment.seq) == 0
    }

    /// Its SYN had this sequence number, and answers another or does not.
    pub(super) fn learn_isn(&mut self, isn: u32, answers: bool) {
        if self.isn() != Some(isn) {
            self.status &= !(FOLLOWED | ANSWERED);
        }
        self.isn = isn;
        self.status |= SYN | if answers { ANSWERED } else { 0 };
    }

    /// Moves past `bytes` delivered or given up.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.next += bytes;
        self.next_seq = self.next_seq.wrapping_add(low32(bytes));
        self.cut = self.cut.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Remembers that `len` bytes from `next` on were given up.
    pub(super) fn note_lost(&mut self, len: u64) {
        self.lost_seq = self.next_seq;
        self.lost_len = u32::try_from(len).unwrap_or(u32::MAX);
        self.gap_bytes += len;
    }

    /// Whether `from..to` touches the last gap.
    pub(super) fn was_lost(&self, from: u64, to: u64) -> bool {
        let lost = self.offset(self.lost_seq);
        from < lost + u64::from(self.lost_len) && to > lost && self.lost_len > 0
    }

    /// Whether `from` lies before a begin that is known for certain.
    pub(super) fn predates(&self, from: u64) -> bool {
        self.isn().is_some() && from < self.begun()
    }

    /// Offset of the first byte delivered or given up, or of what may have been before.
    pub(super) fn begun(&self) -> u64 {
        let before = if self.status & REVIVED != 0 { LATE_BYTES_MAX.unsigned_abs() } else { 0 };
        self.next - self.bytes - self.gap_bytes - u64::from(before)
    }

    /// It goes on at `seq`, where a stream ended of which copies may still come.
    pub(super) fn revive_at(&mut self, seq: u32) {
        self.anchor_at(seq);
        self.status |= REVIVED;
    }

    /// The highest offset that came or was announced.
    pub(super) fn highest(&self) -> u64 {
        let held = self.pending.as_ref().map_or(0, |pending| pending.end());
        let fin = if self.fin == NO_FIN { 0 } else { self.fin + 1 };
        self.reach().max(held).max(fin)
    }

    /// Memory left for its early segments.
    pub(super) fn room(&self, config: &FlowConfig) -> usize {
        let held = self.pending.as_ref().map_or(REASSEMBLY_STREAM_OVERHEAD, |p| p.charge());
        config.bytes_per_stream.saturating_sub(held)
    }

    /// Whether an early segment of `len` bytes can be kept within `config` and `room` in all.
    pub(super) fn fits(&self, len: usize, config: &FlowConfig, room: usize) -> bool {
        let held = self.pending.as_ref().map_or(0, |p| p.len());
        let own = if self.pending.is_some() { 0 } else { REASSEMBLY_STREAM_OVERHEAD };
        held < config.segments_per_stream
            && len + REASSEMBLY_SEGMENT_OVERHEAD <= room.saturating_sub(own).min(self.room(config))
    }

    fn move_to(&mut self, seq: u32) {
        self.next = self.offset(seq);
        self.next_seq = seq;
    }
}

fn low32(n: u64) -> u32 {
    u32::try_from(n & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_do_not_wrap_where_sequence_numbers_do() {
        let mut stream = Stream::default();
        stream.anchor_at(u32::MAX - 1);
        stream.mark_seen(u32::MAX - 1);
        assert_eq!(stream.offset(3), ORIGIN + 5);
        stream.advance(1 << 33);
        assert_eq!(stream.next_seq, u32::MAX - 1);
        assert_eq!(stream.next, ORIGIN + (1 << 33));
        assert_eq!(stream.offset(u32::MAX - 2), stream.next - 1);
    }

    #[test]
    fn what_was_given_up_is_remembered() {
        let mut stream = Stream::default();
        stream.note_lost(10);
        stream.advance(10);
        assert!(stream.was_lost(ORIGIN + 9, ORIGIN + 12));
        assert!(!stream.was_lost(ORIGIN + 10, ORIGIN + 12));
    }
}
