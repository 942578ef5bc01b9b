//! The flows of one worker.

mod silence;
mod sweep;

use std::time::Duration;

use hashbrown::HashTable;

use crate::base::limits::{
    EVICTIONS_PER_SEGMENT, FLOW_BYTES, FLOWS_PER_EVICTION, REASSEMBLY_SEGMENT_OVERHEAD,
    REASSEMBLY_STREAM_OVERHEAD,
};
use crate::base::table_state;
use crate::model::{EndCause, FiveTuple, Segment, TcpFlags};

use super::closed::ClosedFlows;
use super::crossing::Crossings;
use super::keyed::{hash, tag};
use super::late::Begun;
use super::live::{Flow, Verdict};
use super::reassembler::Shared;
use super::ring::{NOWHERE, Ring};
use super::slab::Slab;
use super::{FlowConfig, FlowCounters, FlowHandler, Scarce};

/// All flows of one worker, found by one lookup of the five-tuple under a hash that is seeded per
/// table. `S` is the handler's state; it lies in the flow's slot.
#[derive(Debug)]
pub struct FlowTable<S> {
    seed: foldhash::quality::RandomState,
    pub(super) index: HashTable<Entry>,
    pub(super) flows: Slab<Flow<S>>,
    pub(super) closed: ClosedFlows,
    pub(super) shared: Shared,
    /// Where the next sweep goes on.
    sweep_at: u32,
    /// Flows below this place have ended with the input.
    finished: u32,
    /// Where the next eviction looks.
    evict_at: u32,
    /// The flows that wait, for missing bytes most of them, while they hold early segments; those
    /// that hold open messages; and those that hold something for what may still come.
    holders: [Ring; 3],
    /// Flows that came by two virtual networks.
    crossings: Crossings,
}

/// Indexes of [`FlowTable::holders`] and of a flow's places there.
const WAITING: usize = 0;
const MESSAGES: usize = 1;
const UNTIDY: usize = 2;

/// Where a flow lies. The tag spares most looks at other flows, and all of them when the index
/// grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) tag: u32,
    pub(super) flow: u32,
}

impl Entry {
    /// Spreads the tag over the bits the index looks at: its low and its highest ones.
    pub(super) fn spread(tag: u32) -> u64 {
        u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl<S> FlowTable<S> {
    /// An empty table.
    pub fn new(config: FlowConfig) -> Self {
        FlowTable {
            seed: table_state(),
            index: HashTable::new(),
            flows: Slab::new(),
            closed: ClosedFlows::new(config.closed, config.closed_flows),
            shared: Shared { config, counters: FlowCounters::default(), held: 0 },
            sweep_at: 0,
            finished: 0,
            evict_at: 0,
            holders: Default::default(),
            crossings: Crossings::new(),
        }
    }

    /// Flows in the table.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.flows.len() == 0
    }

    /// Entries of the index.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.index.len()
    }

    /// What was counted so far.
    pub fn counters(&self) -> &FlowCounters {
        &self.shared.counters
    }

    /// Out-of-order bytes held now, with their overhead.
    pub fn held_bytes(&self) -> usize {
        self.shared.held
    }

    /// Processes one segment: opens, continues or ends the flow it belongs to.
    pub fn process<H: FlowHandler<State = S>>(&mut self, segment: &Segment<'_>, handler: &mut H) {
        self.shared.counters.segments += 1;
        let network = self.network(segment);
        let joined = self.hash(&segment.tuple, network);
        let (mut hash, mut found) = (joined, self.seek(joined, segment, network, handler));
        let own = segment.encapsulation.network();
        if found.is_none() && network != own {
            // The flow it was joined with is over.
            hash = self.hash(&segment.tuple, own);
            found = self.seek(hash, segment, own, handler);
        }
        let mut rival = false;
        if let Some(at) = found {
            rival = self.flows.get(at).is_some_and(|flow| flow.rival);
            match self.judge((at, hash), segment, handler) {
                Some(Verdict::Belongs) => return self.advance(at, hash, segment, handler),
                Some(Verdict::Challenged) => {
                    self.shared.counters.syns_challenged += 1;
                    if let Some(flow) = self.flows.get_mut(at) {
                        flow.count_ignored(segment);
                    }
                    return;
                }
                Some(Verdict::Supersedes) => {
                    self.remember(at, hash, handler);
                    self.retire(at, EndCause::Expired, handler);
                }
                Some(Verdict::Rivals) => {
                    rival = true;
                    self.set_beside((at, hash), segment, handler);
                }
                Some(verdict @ (Verdict::Proves | Verdict::Strays)) => {
                    let Some(begun) = self.strayed((at, verdict), segment) else { return };
                    self.set_beside((at, hash), segment, handler);
                    return self.open(begun, (hash, true), segment, handler);
                }
                Some(Verdict::LeadsBack) => self.retire(at, EndCause::Expired, handler),
                None => return,
            }
        }
        if let Some(begun) = self.begin(joined, segment, handler) {
            self.open(begun, (hash, rival), segment, handler);
        }
    }

    fn open<H: FlowHandler<State = S>>(
        &mut self,
        begun: Begun,
        (hash, rival): (u64, bool),
        segment: &Segment<'_>,
        handler: &mut H,
    ) {
        self.make_room(handler);
        self.shared.counters.opened += 1;
        let mut flow = Flow::new(begun.info, begun.anomalies);
        flow.rival = rival;
        if let Some(next) = begun.next {
            flow.resume(next);
        }
        if let Some(after) = begun.after {
            flow.revive(after, handler);
        }
        let at = self.flows.insert(flow);
        let entry = Entry { tag: tag(hash), flow: at };
        self.index.insert_unique(Entry::spread(entry.tag), entry, |e| Entry::spread(e.tag));
        self.advance(at, hash, segment, handler);
    }

    /// The virtual network of the flow that a segment belongs to.
    #[inline]
    fn network(&mut self, segment: &Segment<'_>) -> u64 {
        if segment.encapsulation.network() == 0 {
            return 0;
        }
        let seed = &self.seed;
        self.crossings.network(segment, |network| hash(seed, &segment.tuple, network))
    }

    /// Hash of a five-tuple in a virtual network, the same for both directions.
    fn hash(&self, tuple: &FiveTuple, network: u64) -> u64 {
        hash(&self.seed, tuple, network)
    }

    /// The flow of this virtual network that a segment belongs to.
    fn find(&self, hash: u64, segment: &Segment<'_>, network: u64) -> Option<u32> {
        let tag = tag(hash);
        let mut rivals = false;
        let same = |entry: &Entry| {
            let flow = self.flows.get(entry.flow).filter(|_| entry.tag == tag);
            let flow = flow.filter(|flow| flow.matches(&segment.tuple, network));
            rivals = flow.is_some_and(|flow| flow.rival);
            flow.is_some()
        };
        let found = self.index.find(Entry::spread(tag), same).map(|entry| entry.flow);
        if rivals { self.nearest(hash, segment, network) } else { found }
    }

    fn judge<H: FlowHandler<State = S>>(
        &mut self,
        (at, hash): (u32, u64),
        segment: &Segment<'_>,
        handler: &H,
    ) -> Option<Verdict> {
        let flow = self.flows.get_mut(at)?;
        if flow.is_expired((segment.at, Duration::ZERO), &self.shared.config, handler) {
            return Some(Verdict::Supersedes);
        }
        if segment.flags.has(TcpFlags::SYN | TcpFlags::RST) {
            let syn = !segment.flags.has(TcpFlags::RST);
            let verdict = if syn { flow.judge_syn(segment) } else { Verdict::Belongs };
            let lives = verdict == Verdict::Supersedes && flow.lives_on(handler);
            return Some(if lives { Verdict::Rivals } else { verdict });
        }
        if flow.proves_challenge(segment, handler) {
            return Some(Verdict::Proves);
        }
        // A forged SYN behind a forged RST: what was said to be over goes on.
        let doubted = flow.is_unanswered() && flow.is_elsewhere(segment);
        let verdict = if flow.is_another(segment) { Verdict::Strays } else { Verdict::Belongs };
        let back = doubted && self.leads_back(hash, segment, handler);
        Some(if back { Verdict::LeadsBack } else { verdict })
    }

    /// Remembers a flow that is over.
    pub(super) fn remember<H: FlowHandler<State = S>>(
        &mut self,
        at: u32,
        hash: u64,
        handler: &mut H,
    ) {
        if let Some(flow) = self.flows.get(at) {
            let ended = flow.ended(hash, handler);
            self.shared.counters.forgotten += self.closed.remember(ended);
        }
    }

    fn advance<H: FlowHandler<State = S>>(
        &mut self,
        at: u32,
        hash: u64,
        segment: &Segment<'_>,
        handler: &mut H,
    ) {
        let early =
            segment.payload.len() + REASSEMBLY_SEGMENT_OVERHEAD + REASSEMBLY_STREAM_OVERHEAD;
        if self.shared.held + early > self.shared.config.bytes_per_table {
            self.relieve((WAITING, at), handler);
        }
        let Some(flow) = self.flows.get_mut(at) else { return };
        let over = flow.segment(segment, &mut self.shared, handler);
        if !segment.encapsulation.oddities().is_empty() {
            flow.note(segment, handler);
        }
        self.go_on((at, hash), over, handler);
        if handler.is_short() {
            self.relieve((MESSAGES, at), handler);
        }
    }

    /// A step of a flow was taken: whether it is over with it.
    fn go_on<H: FlowHandler<State = S>>(
        &mut self,
        (at, hash): (u32, u64),
        over: Option<EndCause>,
        handler: &mut H,
    ) -> bool {
        // Beside others it stays a while: its end may be what was forged.
        let rival = self.flows.get(at).is_some_and(|flow| flow.rival);
        let over = over.filter(|cause| !rival || *cause == EndCause::Reset);
        if let Some(cause) = over {
            self.remember(at, hash, handler);
            self.retire(at, cause, handler);
        } else {
            self.note_holder(at, handler);
        }
        over.is_some()
    }

    /// Notes whether a flow holds what may run short.
    fn note_holder<H: FlowHandler<State = S>>(&mut self, at: u32, handler: &H) {
        let Some(flow) = self.flows.get(at) else { return };
        let holds = flow.holds(handler);
        if holds == flow.places.map(|place| place != NOWHERE) {
            return;
        }
        for (kind, holds) in holds.into_iter().enumerate() {
            let Some(flow) = self.flows.get_mut(at) else { return };
            let (Some(place), Some(ring)) = (flow.places.get_mut(kind), self.holders.get_mut(kind))
            else {
                return;
            };
            if holds && *place == NOWHERE {
                *place = ring.insert(at);
            } else if !holds && *place != NOWHERE {
                let place = std::mem::replace(place, NOWHERE);
                self.leave(kind, place);
            }
        }
    }

    /// Takes what lies at `place` out of a ring.
    fn leave(&mut self, kind: usize, place: u32) {
        let moved = self.holders.get_mut(kind).and_then(|ring| ring.remove(place));
        let moved = moved.and_then(|flow| self.flows.get_mut(flow));
        if let Some(moved) = moved.and_then(|flow| flow.places.get_mut(kind)) {
            *moved = place;
        }
    }

    /// Ends a flow and counts why.
    pub(super) fn retire<H: FlowHandler<State = S>>(
        &mut self,
        at: u32,
        cause: EndCause,
        handler: &mut H,
    ) {
        let cause = self.flows.get(at).map_or(cause, |flow| flow.cause(cause));
        if self.remove(at, cause, handler) {
            let counters = &mut self.shared.counters;
            match cause {
                EndCause::Fin => counters.finished += 1,
                EndCause::Reset => counters.reset += 1,
                EndCause::Expired => counters.expired += 1,
                EndCause::Cut => counters.cut += 1,
            }
        }
    }

    /// Ends a flow and frees its place; whether there was one.
    fn remove<H: FlowHandler<State = S>>(
        &mut self,
        at: u32,
        cause: EndCause,
        handler: &mut H,
    ) -> bool {
        let Some(flow) = self.flows.remove(at) else { return false };
        let tuple = flow.identity.tuple();
        for (kind, place) in flow.places.into_iter().enumerate() {
            if place != NOWHERE {
                self.leave(kind, place);
            }
        }
        let network = flow.identity.encapsulation.network();
        let spread = Entry::spread(tag(self.hash(&tuple, network)));
        if let Ok(entry) = self.index.find_entry(spread, |entry| entry.flow == at) {
            entry.remove();
        }
        flow.close(cause, &mut self.shared, handler);
        true
    }

    /// Makes room for another flow.
    fn make_room<H: FlowHandler<State = S>>(&mut self, handler: &mut H) {
        for _ in 0..EVICTIONS_PER_SEGMENT {
            let (config, flows) = (&self.shared.config, self.flows.len());
            let taken = flows * FLOW_BYTES + handler.resting_bytes();
            if flows < config.flows_max.max(1) && taken < config.flow_bytes || flows == 0 {
                return;
            }
            self.evict(handler);
        }
    }

    /// Removes flows that hold what has run short: of a few, first one without payload, else the
    /// longest idle; the flow at hand only where its own open message is all there is.
    fn relieve<H: FlowHandler<State = S>>(&mut self, need: (usize, u32), handler: &mut H) {
        let (kind, at) = need;
        let start = self.shared.held;
        for _ in 0..EVICTIONS_PER_SEGMENT {
            let mut victim = None;
            let Some(ring) = self.holders.get_mut(kind) else { return };
            for candidate in ring.next(FLOWS_PER_EVICTION) {
                let Some(flow) = self.flows.get(candidate).filter(|_| candidate != at) else {
                    continue;
                };
                if kind == WAITING && !flow.reassembler.waiting() {
                    continue;
                }
                let rank = (!flow.is_half_open(), flow.last());
                if victim.is_none_or(|(least, _)| rank < least) {
                    victim = Some((rank, candidate));
                }
            }
            let counters = &mut self.shared.counters;
            let what = if kind == WAITING {
                counters.evicted_early += u64::from(victim.is_some());
                Scarce::Early
            } else {
                counters.evicted_messages += 1;
                Scarce::Messages
            };
            match victim {
                Some((_, victim)) => {
                    handler.evicted(what);
                    self.remove(victim, EndCause::Cut, handler);
                }
                // Its own early segments are delivered with their gaps instead.
                None if kind == WAITING => continue,
                None => {
                    handler.evicted(what);
                    self.remove(at, EndCause::Cut, handler);
                    return;
                }
            }
            let enough =
                if kind == WAITING { self.shared.held < start } else { !handler.is_short() };
            if enough {
                return;
            }
        }
    }

    /// Removes one flow: of the next few in the table one without payload, else the longest idle.
    /// Places are used again at once and the hand moves on, so it meets the oldest flows first.
    fn evict<H: FlowHandler<State = S>>(&mut self, handler: &mut H) {
        let bound = self.flows.bound().max(1);
        let mut victim = None;
        for _ in 0..FLOWS_PER_EVICTION {
            self.evict_at = (self.evict_at + 1) % bound;
            if let Some(flow) = self.flows.get(self.evict_at) {
                let rank = (!flow.is_half_open(), flow.last());
                if victim.is_none_or(|(least, _)| rank < least) {
                    victim = Some((rank, self.evict_at));
                }
            }
        }
        if let Some((_, at)) = victim {
            self.shared.counters.evicted += 1;
            handler.evicted(Scarce::Flows);
            self.remove(at, EndCause::Cut, handler);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_seeded_per_table_and_has_no_direction() {
        let tables = [(); 2].map(|()| FlowTable::<()>::new(FlowConfig::default()));
        let tuple =
            |port: u16| FiveTuple::tcp(([10, 0, 0, 1].into(), port), ([10, 0, 0, 2].into(), 80));
        let [a, b] = &tables;
        assert!((1..64).all(|port| a.hash(&tuple(port), 0) == a.hash(&tuple(port).reversed(), 0)));
        let same =
            (1..64).filter(|port| a.hash(&tuple(*port), 0) == b.hash(&tuple(*port), 0)).count();
        assert_eq!(same, 0);
    }

    #[test]
    fn an_idle_flow_costs_no_more_than_it_is_charged_with_its_entry() {
        // A table is never emptier than 7/16 of its places, each with one control byte.
        let entry = (size_of::<Entry>() + 1) * 16 / 7;
        let slot = size_of::<Option<Flow<[u64; 6]>>>();
        assert!(slot + entry <= FLOW_BYTES, "{slot} + {entry}");
        assert!(slot <= 320, "{slot}");
    }

    /// What decides where the index puts a flow: the bits it takes for a table of 4,096 places.
    fn place(table: &FlowTable<()>, port: u16, host: u8) -> u64 {
        let src = ([10, 0, 1, host], port).into();
        let dst = ([10, 0, 0, 2], 80).into();
        let tuple = FiveTuple { src, dst, transport: FiveTuple::TCP };
        Entry::spread(tag(table.hash(&tuple, 0))) & 0xfff
    }

    #[test]
    fn flows_made_to_collide_under_one_key_do_not_under_another() {
        let [known, other] = [(); 2].map(|()| FlowTable::<()>::new(FlowConfig::default()));
        let all = (0..16).flat_map(|host| (1024..u16::MAX).map(move |port| (port, host)));
        let crafted: Vec<_> =
            all.filter(|(port, host)| place(&known, *port, *host) == 7).take(200).collect();
        assert_eq!(crafted.len(), 200, "an attacker who knew the key would find them");
        let places: std::collections::BTreeSet<_> =
            crafted.iter().map(|(port, host)| place(&other, *port, *host)).collect();
        // 200 at random among 4,096 places share one 5 times.
        assert!(places.len() > 150, "{} places", places.len());
    }
}
