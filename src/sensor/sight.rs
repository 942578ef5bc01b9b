//! What can be seen of flows while they last: both directions or one, readable or not. Counted by
//! workers, to whom all packets of a flow come, whichever interface saw them.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::limits::{SIGHT_FLOWS, SIGHT_LAYERS_MAX};
use crate::base::{Timestamp, table_state};
use crate::flow::FlowCounters;
use crate::model::{Encapsulation, Segment, TcpFlags};

/// Flows of some seconds by what could be seen of them. A flow that goes on counts once for each
/// such while: shares mean something, sums do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sights {
    /// Flows both of whose directions were seen.
    pub both_ways: u64,
    /// Flows of which one direction was seen although the other must have spoken.
    pub one_way: u64,
    /// Flows with payload that begins TLS records (RFC 8446 section 5.1).
    pub tls: u64,
    /// Flows with other payload.
    pub not_tls: u64,
    /// Segments by what they came wrapped in: `vlan 10`, `vxlan 4096 10.0.0.1>10.0.0.2`; bounded.
    pub layers: BTreeMap<Arc<str>, u64>,
    /// Exchanges that were understood, half ones included.
    pub exchanges: u64,
    /// TCP payload that was seen.
    pub payload: Payload,
}

/// TCP payload of streams of which some was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Bytes that were seen.
    pub bytes: u64,
    /// Bytes between them, or acknowledged behind them, that were not.
    pub missing: u64,
    /// In how many places.
    pub gaps: u64,
}

impl Payload {
    /// What a table of flows has counted.
    pub(super) fn of(counters: &FlowCounters) -> Payload {
        let FlowCounters { bytes, gap_bytes, gaps, .. } = *counters;
        Payload { bytes, missing: gap_bytes, gaps }
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Payload) {
        self.bytes += other.bytes;
        self.missing += other.missing;
        self.gaps += other.gaps;
    }

    /// What came since `before`.
    pub fn since(self, before: Payload) -> Payload {
        Payload {
            bytes: self.bytes.saturating_sub(before.bytes),
            missing: self.missing.saturating_sub(before.missing),
            gaps: self.gaps.saturating_sub(before.gaps),
        }
    }
}

impl Sights {
    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Sights) {
        self.both_ways += other.both_ways;
        self.one_way += other.one_way;
        self.tls += other.tls;
        self.not_tls += other.not_tls;
        self.exchanges += other.exchanges;
        self.payload.merge(other.payload);
        for (name, segments) in other.layers {
            let room = self.layers.len() < SIGHT_LAYERS_MAX;
            match self.layers.get_mut(&name) {
                Some(count) => *count += segments,
                None if room => drop(self.layers.insert(name, segments)),
                None => {}
            }
        }
    }
}

/// Sights of all workers. Cloned freely; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Mutex<Sights>>);

impl Gauge {
    /// Everything since the beginning.
    pub fn read(&self) -> Sights {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn add(&self, sights: Sights) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).merge(sights);
    }
}

/// Segments of a flow that prove something before it counts.
const PROOFS_LEAST: u8 = 3;
/// How long a while is. Longer than a slow answer takes, so that it is not cut in two.
const WHILE_NANOS: i64 = 10_000_000_000;

/// One worker's look at its flows. When all places are taken, further flows wait for the next
/// while: what is counted is a sample then, and every place is a flow's for the whole of it.
pub(super) struct Sight {
    flows: Vec<Option<Flow>>,
    state: foldhash::quality::RandomState,
    since: Option<Timestamp>,
    wrapping: Encapsulation,
    wrapped: u64,
    layers: Sights,
}

#[derive(Clone, Copy, Default)]
struct Flow {
    hash: u64,
    proofs: [u8; 2],
    tls: bool,
    payload: bool,
}

impl Default for Sight {
    fn default() -> Self {
        Sight {
            flows: vec![None; SIGHT_FLOWS],
            state: table_state(),
            since: None,
            wrapping: Encapsulation::default(),
            wrapped: 0,
            layers: Sights::default(),
        }
    }
}

impl Sight {
    /// Looks at a segment.
    #[inline]
    pub(super) fn note(&mut self, segment: &Segment<'_>) {
        self.since.get_or_insert(segment.at);
        if segment.encapsulation.is_shared_with(&self.wrapping) {
            self.wrapped += 1;
        } else {
            self.count_layers();
            self.wrapping = segment.encapsulation.clone();
            self.wrapped = 1;
        }
        let (src, dst) = (segment.tuple.src, segment.tuple.dst);
        let forth = src <= dst;
        let hash = self.state.hash_one(if forth { (src, dst) } else { (dst, src) });
        let place = usize::try_from(hash % self.flows.len().max(1) as u64).unwrap_or_default();
        let Some(place) = self.flows.get_mut(place) else { return };
        let flow = place.get_or_insert(Flow { hash, ..Flow::default() });
        if flow.hash != hash {
            return;
        }
        // Whoever acknowledges has been spoken to; a SYN or a RST may go unanswered.
        let established =
            segment.flags.has(TcpFlags::ACK) && !segment.flags.has(TcpFlags::SYN | TcpFlags::RST);
        if established && let Some(proofs) = flow.proofs.get_mut(usize::from(forth)) {
            *proofs = proofs.saturating_add(1);
        }
        flow.payload |= !segment.payload.is_empty();
        flow.tls |= begins_tls_record(segment.payload);
    }

    /// What was seen, once a while is over by `now`.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Sights> {
        let since = self.since?;
        (now.nanos().saturating_sub(since.nanos()) >= WHILE_NANOS).then(|| self.take())
    }

    /// What was seen since the last time.
    pub(super) fn take(&mut self) -> Sights {
        self.count_layers();
        self.since = None;
        let mut sights = std::mem::take(&mut self.layers);
        for flow in self.flows.iter_mut().filter_map(Option::take) {
            let [back, forth] = flow.proofs;
            if back.saturating_add(forth) >= PROOFS_LEAST {
                let both = back > 0 && forth > 0;
                sights.both_ways += u64::from(both);
                sights.one_way += u64::from(!both);
            }
            sights.tls += u64::from(flow.tls);
            sights.not_tls += u64::from(flow.payload && !flow.tls);
        }
        sights
    }

    fn count_layers(&mut self) {
        let segments = std::mem::take(&mut self.wrapped);
        if segments > 0 && !self.wrapping.names().is_empty() {
            let names = self.wrapping.names().iter();
            let layers = names.map(|name| (name.clone(), segments)).collect();
            self.layers.merge(Sights { layers, ..Sights::default() });
        }
    }
}

/// A content type from change_cipher_spec to application_data, and version 3.x (RFC 8446 5.1).
fn begins_tls_record(payload: &[u8]) -> bool {
    matches!(payload, [20..=23, 3, 0..=4, _, _, ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FiveTuple;

    const ACK: u8 = TcpFlags::ACK;

    fn note(sight: &mut Sight, client: u16, (forth, flags): (bool, u8), payload: &[u8]) {
        let tuple = FiveTuple {
            src: ([10, 0, 0, 1], client).into(),
            dst: ([10, 0, 0, 2], 80).into(),
            transport: FiveTuple::TCP,
        };
        sight.note(&Segment {
            at: Timestamp::default(),
            tuple: if forth { tuple } else { tuple.reversed() },
            seq: 0,
            ack: 0,
            flags: TcpFlags(flags),
            urgent: 0,
            guise: 0,
            payload,
            wire_payload_len: 0,
            encapsulation: Default::default(),
            block: None,
        });
    }

    #[test]
    fn acknowledgements_prove_the_other_direction_and_scans_prove_nothing() {
        let mut sight = Sight::default();
        for _ in 0..5 {
            note(&mut sight, 1, (true, ACK), b"");
            note(&mut sight, 2, (true, TcpFlags::SYN), b"");
            note(&mut sight, 3, (true, ACK | TcpFlags::RST), b"");
            note(&mut sight, 4, (true, ACK), b"GET /");
        }
        note(&mut sight, 4, (false, ACK), b"");
        note(&mut sight, 5, (true, ACK), b"too little to tell");
        let seen = sight.take();
        assert_eq!((seen.one_way, seen.both_ways), (1, 1));
        assert_eq!(sight.take(), Sights::default(), "taken once");
    }

    #[test]
    fn a_flow_is_tls_when_a_record_begins_in_it() {
        let mut sight = Sight::default();
        note(&mut sight, 1, (true, ACK), &[23, 3, 3, 0, 9, 1]);
        note(&mut sight, 1, (true, ACK), &[0x99; 40]);
        note(&mut sight, 2, (true, ACK), b"MSH|^~\\&");
        note(&mut sight, 3, (true, ACK), &[23, 9, 3, 0, 9, 1]);
        note(&mut sight, 4, (true, ACK), b"");
        let seen = sight.take();
        assert_eq!((seen.tls, seen.not_tls), (1, 2));
    }

    #[test]
    fn more_flows_than_places_are_a_sample_of_whole_flows() {
        let mut sight = Sight::default();
        for client in 0..20_000 {
            for _ in 0..3 {
                note(&mut sight, client, (true, ACK), b"");
                note(&mut sight, client, (false, ACK), b"");
            }
        }
        let seen = sight.take();
        assert_eq!(seen.one_way, 0);
        assert!((3000..=SIGHT_FLOWS as u64).contains(&seen.both_ways), "{seen:?}");
    }

    #[test]
    fn a_while_is_over_by_packet_time() {
        let mut sight = Sight::default();
        assert_eq!(sight.take_due(Timestamp::MAX), None, "nothing was seen");
        note(&mut sight, 1, (true, ACK), b"");
        assert_eq!(sight.take_due(Timestamp::from_nanos(WHILE_NANOS - 1)), None);
        assert_eq!(sight.take_due(Timestamp::MIN), None, "a clock that was set back");
        assert!(sight.take_due(Timestamp::from_nanos(WHILE_NANOS)).is_some());
    }
}
