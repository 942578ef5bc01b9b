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
        let seq = first_payload_seq(segment);
        if segment.payload.is_empty() || this.ahead(seq) > WINDOW_BYTES_MAX.cast_signed() {
            return;
        }
        let differs = tell(this, (direction, guise(peer, segment)), segment, out);
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
        SecondCopy { direction, at: segment.at, back: 0, replaces, bytes, guise, why }
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
        for at in [pointed.saturating_sub(1), pointed] {
            let taken = SecondCopy { replaces: 1, ..of(at, at, FlowAnomalies::URGENT_BYTE) };
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
    if !this.anchored() || start >= old || is_keep_alive(this, start, wire_len(segment)) {
        return false;
    }
    let late = this.was_lost(start, old);
    let why = if late { FlowAnomalies::LATE } else { FlowAnomalies::OVERLAP };
    let from = start.max(this.begun());
    let copy = of(from, old, why);
    out.copy(this, from, copy) && !late
}

/// One byte that the receiver has: a probe, whose byte may be garbage (RFC 1122 section 4.2.3.6).
fn is_keep_alive(this: &Stream, start: u64, wire: u32) -> bool {
    wire <= 1 && start + 1 == this.next && this.acked >= this.next
}
