//! What the first reading of a stream leaves out, told as other readings.

use crate::base::limits::WINDOW_BYTES_MAX;
use crate::model::{Direction, SecondCopy, Segment, TcpFlags};

use super::assembly::Output;
use super::reassembler::{Reassembler, first_payload_seq, guise, wire_len};
use super::stream::{NO_FIN, Stream};
use super::{FlowAnomalies, FlowHandler};

impl Reassembler {
    /// Tells of what a segment has that will not be delivered. Before its payload is admitted.
    pub(super) fn tell_copies<H: FlowHandler>(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        out: &mut Output<'_, H>,
    ) {
        let (this, peer) = self.pair(direction);
        // An urgent pointer counts without data, too: the byte comes later.
        let points = segment.flags.has(TcpFlags::URG) && segment.flags.has(TcpFlags::ACK);
        if segment.payload.is_empty() && (!points || is_elsewhere(this, segment)) {
            return;
        }
        let guise = guise(peer, segment);
        if is_elsewhere(this, segment) {
            // Who forged where the stream begins hides what its sender really says: it is read as
            // it is, wherever it may belong.
            let back = this.offset(first_payload_seq(segment)).cast_signed();
            let back = back.saturating_sub(this.next.cast_signed());
            let (at, replaces, bytes) = (segment.at, wire_len(segment), segment.payload);
            let why = FlowAnomalies::ELSEWHERE;
            let copy =
                SecondCopy { direction, at, back, replaces, bytes, guise, why, begins: false };
            out.handler.second_copy(out.flow, out.state, copy);
            return;
        }
        let differs = tell(this, (direction, guise), segment, out);
        if differs {
            out.shared.counters.conflicts += 1;
            self.anomalies.insert(FlowAnomalies::OVERLAP_CONFLICT);
        }
    }
}

fn tell<H: FlowHandler>(
    this: &Stream,
    (direction, guise): (Direction, u16),
    segment: &Segment<'_>,
    out: &mut Output<'_, H>,
) -> bool {
    let start = this.offset(first_payload_seq(segment));
    let of = |from: u64, to: u64, why| {
        let index = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX);
        let end = index(to).min(segment.payload.len());
        let bytes = segment.payload.get(index(from).min(end)..end).unwrap_or_default();
        let replaces = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        SecondCopy {
            direction,
            at: segment.at,
            back: 0,
            begins: false,
            replaces,
            bytes,
            guise,
            why,
        }
    };
    let end = start + segment.payload.len() as u64;
    if !segment.flags.has(TcpFlags::ACK | TcpFlags::SYN) {
        let copy = of(start, end, FlowAnomalies::WITHOUT_ACK);
        out.copy(this, start, copy);
        return false;
    }
    if segment.flags.has(TcpFlags::URG) {
        // The pointer leads to the urgent byte, or to the one behind it (RFC 6093 section 3.1).
        let pointed = start + u64::from(segment.urgent);
        for (at, meant) in [(pointed.saturating_sub(1), 0), (pointed, POINTER_ITSELF)] {
            let guise = guise ^ meant;
            let taken = SecondCopy { replaces: 1, guise, ..of(at, at, FlowAnomalies::URGENT_BYTE) };
            out.copy(this, at, taken);
        }
    }
    let stop = if this.ended() { this.next } else { this.fin };
    if stop != NO_FIN && end > stop {
        let from = start.max(stop);
        let copy = of(from, end, FlowAnomalies::BEHIND_FIN);
        out.copy(this, from, copy);
    }
    let old = end.min(this.next);
    if !this.anchored() || start >= old || is_keep_alive(this, start, segment) {
        return false;
    }
    let late = this.was_lost(start, old);
    let why = if late { FlowAnomalies::LATE } else { FlowAnomalies::OVERLAP };
    let from = start.max(this.begun());
    if from >= old {
        return false;
    }
    let copy = of(from, old, why);
    out.copy(this, from, copy) && !late
}

/// In the guise of a byte taken out: it is the one at the pointer, for receivers that mean that.
const POINTER_ITSELF: u16 = 1 << 2;

/// One byte that the receiver has: a probe, whose byte may be garbage (RFC 1122 section 4.2.3.6).
/// Stacks that send one send a zero; any other byte may be the one that the receiver took.
fn is_keep_alive(this: &Stream, start: u64, segment: &Segment<'_>) -> bool {
    segment.payload == [0]
        && wire_len(segment) <= 1
        && start + 1 == this.next
        && this.acked >= this.next
}

/// Whether a segment with data lies out of the window, or before the begin of its stream, be that
/// known or guessed: who begins with a decoy has what is meant lie before it. Not a probe.
fn is_elsewhere(this: &Stream, segment: &Segment<'_>) -> bool {
    let seq = first_payload_seq(segment);
    if this.ahead(seq) > WINDOW_BYTES_MAX.cast_signed() {
        return true;
    }
    let start = this.offset(seq);
    let end = start + u64::from(wire_len(segment));
    end <= this.begun() && this.anchored() && wire_len(segment) > 1
}
