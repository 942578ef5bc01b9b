//! Flows that ended a moment ago: retransmissions still belong to them.

use std::time::Duration;

use hashbrown::HashTable;

use crate::base::Timestamp;
use crate::model::{Direction, Segment, TcpFlags};

use super::Remains;
use super::reassembler::{first_payload_seq, wire_len};

/// How far from the end data goes on with the ended flow, and is not that of another.
const GOES_ON_BYTES_MAX: i32 = 1 << 20;
/// How far behind the end a segment still is one of the ended flow's.
pub(super) const LATE_BYTES_MAX: i32 = 1 << 24;

/// What is kept of an ended flow. It is known by the keyed 64-bit hash of its five-tuple alone:
/// nobody without the key can make two collide.
#[derive(Clone, Copy, Debug)]
struct Closed {
    hash: u64,
    /// Sequence numbers behind the last byte, by direction.
    next: [u32; 2],
    /// When it ended: milliseconds since its generation began.
    millis: u32,
    /// Bits: [`CLIENT_LOW`] and [`WHOLE`]; above them what was kept of it.
    flags: u32,
}

/// The client is the lower of the two addresses.
const CLIENT_LOW: u32 = 1;
/// It is known where both streams ended.
const WHOLE: u32 = 1 << 1;
/// Bits before the number of what was kept.
const KEPT_SHIFT: u32 = 8;

/// What a segment is to a flow that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// Nothing is remembered.
    Unknown,
    /// It brings nothing new.
    Absorbed,
    /// It brings new data.
    NewData {
        /// Its sender was the client.
        from_client: bool,
        /// Where both streams ended, if it goes on there.
        next: Option<[u32; 2]>,
        /// What it has that lies before the end, if any.
        old: Option<Old>,
        /// What was kept of the flow.
        remains: Remains,
    },
    /// All that it brings lies before the end.
    Old(Old),
}

/// What a segment has before the end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Old {
    /// Its sender was the client.
    pub(super) from_client: bool,
    /// How far before the end it begins.
    pub(super) back: u32,
    /// Where both streams ended.
    pub(super) next: [u32; 2],
    /// What was kept of the flow.
    pub(super) remains: Remains,
}

impl Old {
    /// Which stream it is of.
    pub(super) fn direction(&self) -> Direction {
        if self.from_client { Direction::ToServer } else { Direction::ToClient }
    }
}

/// The ended flows, in two generations, so that forgetting costs nothing per flow.
#[derive(Debug)]
pub(super) struct ClosedFlows {
    keep: Duration,
    /// How many each generation holds.
    max: usize,
    current: Generation,
    previous: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    began: Timestamp,
    flows: HashTable<Closed>,
}

/// An ended flow to remember.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) hash: u64,
    pub(super) at: Timestamp,
    pub(super) next: [u32; 2],
    pub(super) client_low: bool,
    /// Whether `next` is known of both.
    pub(super) whole: bool,
    /// What was kept of it.
    pub(super) remains: Remains,
}

/// A segment whose flow is not in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stray {
    pub(super) hash: u64,
    pub(super) at: Timestamp,
    pub(super) from_low: bool,
    /// Sequence number of its payload.
    pub(super) start: u32,
    /// Sequence number behind its payload.
    pub(super) end: u32,
    /// What it acknowledges.
    pub(super) ack: Option<u32>,
    pub(super) has_payload: bool,
}

impl Stray {
    /// `segment`, whose five-tuple has this hash.
    pub(super) fn of(hash: u64, segment: &Segment<'_>) -> Stray {
        let start = first_payload_seq(segment);
        let len = wire_len(segment);
        Stray {
            hash,
            at: segment.at,
            from_low: segment.tuple.src <= segment.tuple.dst,
            start,
            end: start.wrapping_add(len),
            ack: segment.flags.has(TcpFlags::ACK).then_some(segment.ack),
            has_payload: len > 0,
        }
    }
}

impl ClosedFlows {
    pub(super) fn new(keep: Duration, max: usize) -> Self {
        ClosedFlows { keep, max, current: Generation::default(), previous: Generation::default() }
    }

    /// Remembers a flow that ended. How many others were forgotten too soon for it.
    pub(super) fn remember(&mut self, ended: Ended) -> u64 {
        let over = ended.at.since(self.current.began) > self.keep;
        let mut forgotten = 0;
        if self.current.flows.is_empty() {
            self.current.began = ended.at;
        } else if over || self.current.flows.len() >= self.max {
            // The older generation is emptied, and its memory used for the new one.
            std::mem::swap(&mut self.current, &mut self.previous);
            forgotten = if over { 0 } else { self.current.flows.len() as u64 };
            self.current.flows.clear();
            self.current.began = ended.at;
        }
        let millis = ended.at.since(self.current.began).as_millis();
        let closed = Closed {
            hash: ended.hash,
            next: ended.next,
            millis: u32::try_from(millis).unwrap_or(u32::MAX),
            flags: (u32::from(ended.client_low) * CLIENT_LOW)
                | (u32::from(ended.whole) * WHOLE)
                | (ended.remains.number() << KEPT_SHIFT),
        };
        self.forget(ended.hash);
        self.current.flows.insert_unique(ended.hash, closed, |closed| closed.hash);
        forgotten
    }

    /// What `stray` is to the flow remembered under its hash.
    pub(super) fn judge(&self, stray: &Stray) -> Late {
        let Some(closed) = self.find(stray.hash, stray.at) else { return Late::Unknown };
        let from_client = stray.from_low == (closed.flags & CLIENT_LOW != 0);
        let direction = if from_client { Direction::ToServer } else { Direction::ToClient };
        let next = closed.next.get(direction.index()).copied().unwrap_or_default();
        let behind = next.wrapping_sub(stray.end).cast_signed();
        if !stray.has_payload {
            return Late::Absorbed;
        }
        let ahead = stray.start.wrapping_sub(next).cast_signed();
        let remains = Remains::restored(closed.flags >> KEPT_SHIFT);
        let back = ahead.unsigned_abs();
        let old = Old { from_client, back, next: closed.next, remains };
        let whole = closed.flags & WHOLE != 0;
        let near = |ahead| (-GOES_ON_BYTES_MAX..=GOES_ON_BYTES_MAX).contains(&ahead);
        // Where the port is used again one of the ends may begin near.
        let other = closed.next.get(direction.reversed().index()).copied().unwrap_or_default();
        let heard = stray.ack.is_none_or(|ack| near(ack.wrapping_sub(other).cast_signed()));
        if (heard || !whole) && (0..LATE_BYTES_MAX).contains(&behind) {
            Late::Old(old)
        } else {
            let is_old = heard && (-LATE_BYTES_MAX..0).contains(&ahead);
            let old = is_old.then_some(old);
            let goes_on = whole && near(ahead) && heard;
            let mut resumed = closed.next;
            // What lies before it was a FIN, or given up: whoever forged the end made it so.
            if let Some(next) = resumed.get_mut(direction.index()).filter(|_| ahead < 0) {
                *next = stray.start;
            }
            let next = goes_on.then_some(resumed);
            Late::NewData { from_client, next, old, remains }
        }
    }

    fn find(&self, hash: u64, at: Timestamp) -> Option<&Closed> {
        let (closed, ended) =
            [&self.current, &self.previous].into_iter().find_map(|generation| {
                let closed = generation.flows.find(hash, |closed| closed.hash == hash)?;
                let began = generation.began.nanos();
                let ended = began.saturating_add(i64::from(closed.millis) * 1_000_000);
                Some((closed, Timestamp::from_nanos(ended)))
            })?;
        (at.since(ended) <= self.keep).then_some(closed)
    }

    /// Forgets the flow under `hash`.
    fn forget(&mut self, hash: u64) {
        for generation in [&mut self.current, &mut self.previous] {
            if let Ok(entry) = generation.flows.find_entry(hash, |closed| closed.hash == hash) {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(10);

    fn ended(hash: u64, seconds: i64) -> Ended {
        let at = Timestamp::from_seconds(seconds, 0);
        let remains = Remains::numbered(0x00ab_cdef);
        Ended { hash, at, next: [1000, 2000], client_low: true, whole: true, remains }
    }

    fn stray(hash: u64, seconds: i64, end: u32) -> Stray {
        let at = Timestamp::from_seconds(seconds, 0);
        Stray { hash, at, from_low: true, start: end - 1, end, ack: None, has_payload: true }
    }

    /// One that begins so far before the end of what the client said.
    fn old(back: u32) -> Old {
        let remains = Remains::numbered(0x00ab_cdef);
        Old { from_client: true, back, next: [1000, 2000], remains }
    }

    #[test]
    fn late_segments_are_known_for_a_while_and_new_data_is_told() {
        let mut closed = ClosedFlows::new(KEEP, 64);
        closed.remember(ended(7, 100));
        assert_eq!(closed.judge(&stray(7, 105, 1000)), Late::Old(old(1)));
        let nothing = Stray { has_payload: false, ..stray(7, 105, 1000) };
        assert_eq!(closed.judge(&nothing), Late::Absorbed);
        let next = Some([1000, 2000]);
        let remains = Remains::numbered(0x00ab_cdef);
        let goes_on = Late::NewData { from_client: true, next, old: None, remains };
        assert_eq!(closed.judge(&stray(7, 105, 1001)), goes_on);
        let half = Stray { start: 990, ..stray(7, 105, 1001) };
        let next = Some([990, 2000]);
        let both = Late::NewData { from_client: true, next, old: Some(old(10)), remains };
        assert_eq!(closed.judge(&half), both);
        let elsewhere = Late::NewData { from_client: true, next: None, old: None, remains };
        assert_eq!(closed.judge(&stray(7, 105, 30_000_000)), elsewhere);
        assert_eq!(closed.judge(&stray(7, 111, 1000)), Late::Unknown);
        assert_eq!(closed.judge(&stray(8, 105, 1000)), Late::Unknown);
    }

    #[test]
    fn a_flow_outlives_one_change_of_generation_and_not_two() {
        let mut closed = ClosedFlows::new(KEEP, 64);
        closed.remember(ended(1, 100));
        closed.remember(ended(2, 109));
        closed.remember(ended(3, 111));
        assert_eq!(closed.judge(&stray(2, 115, 1000)), Late::Old(old(1)));
        closed.remember(ended(4, 122));
        assert_eq!(closed.judge(&stray(2, 115, 1000)), Late::Unknown);
        assert_eq!(closed.judge(&stray(3, 115, 1000)), Late::Old(old(1)));
    }

    #[test]
    fn an_ended_flow_costs_24_bytes() {
        assert_eq!(size_of::<Closed>(), 24);
    }
}
