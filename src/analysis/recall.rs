//! Bodies that were walked before.
//!
//! Much of real traffic is the same document again: a list that is polled, a record that several
//! screens read, what every client loads first. What a body says is a function of its bytes, of
//! what its head says of them and of its direction, so the answer to a repeat is looked up instead
//! of decoded, walked and searched again. The memory is a cache and nothing else: with or without
//! it the evidence is the same. It keeps hashes, columns and classes, never a value.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::base::{Shares, Span, TableMap, Timestamp, table_state};
use crate::content::BodySummary;
use crate::model::Direction;

use super::commons::{Commons, Dictionary, Own};
use super::inspect::BodyFacts;
use super::leaves::{Candidate, ColumnTable, Leaf, Leaves};
use super::tally::Tally;
use super::values::Values;

/// What one body said.
#[derive(Debug)]
pub struct Remembered {
    /// What it said of the exchange.
    pub facts: BodyFacts,
    /// What the walk said of it.
    pub summary: BodySummary,
    /// Plain leaves, each with how often it occurs.
    plain: Box<[(Leaf, u32)]>,
    /// Candidates, and windows of long scalars.
    others: Box<[(Leaf, Candidate)]>,
}

impl Remembered {
    /// Adds what the body said to `table`, as leaves of the message at hand there.
    fn commit(&self, table: &mut ColumnTable, values: &Values) {
        for (leaf, count) in &self.plain {
            table.add(*leaf, u64::from(*count), values);
        }
        for (leaf, found) in &self.others {
            table.add_candidate(*leaf, *found, values);
        }
    }

    /// The same, each leaf replaced by what `to` makes of it; `None` when it makes nothing of one.
    pub(super) fn moved(&self, mut to: impl FnMut(Leaf) -> Option<Leaf>) -> Option<Remembered> {
        let plain = self.plain.iter().map(|(leaf, count)| Some((to(*leaf)?, *count)));
        let plain = plain.collect::<Option<_>>()?;
        let others = self.others.iter().map(|(leaf, found)| Some((to(*leaf)?, *found)));
        let others = others.collect::<Option<_>>()?;
        Some(Remembered { facts: self.facts.clone(), summary: self.summary, plain, others })
    }

    fn cost(&self) -> usize {
        const OVERHEAD: usize = 256;
        OVERHEAD + size_of_val(&*self.plain) + size_of_val(&*self.others)
    }
}

/// Different bodies that are counted before they are added.
const REPEATS_MAX: usize = 1024;

/// What the remembered bodies of one endpoint said: counted, and added to its columns once for
/// all of them.
#[derive(Debug, Default)]
pub struct Repeats {
    /// By address: what is counted is kept, so that no other takes its place.
    bodies: TableMap<usize, Repeated>,
}

/// A body that came once or more.
#[derive(Debug)]
struct Repeated {
    body: Arc<Remembered>,
    times: u64,
    span: Span,
}

impl Repeats {
    /// Counts a body of a message sent `at`; adds all of them to `table` when they are many.
    pub fn add(
        &mut self,
        (body, at): (Arc<Remembered>, Timestamp),
        table: &mut ColumnTable,
        values: &Values,
    ) {
        let address = Arc::as_ptr(&body).addr();
        let first = || Repeated { body, times: 0, span: Span::NEVER };
        let repeated = self.bodies.entry(address).or_insert_with(first);
        repeated.times += 1;
        repeated.span.merge(Span::at(at));
        if self.bodies.len() >= REPEATS_MAX {
            self.settle(table, values);
        }
    }

    /// Adds to `table` what they said.
    pub fn settle(&mut self, table: &mut ColumnTable, values: &Values) {
        for (_, Repeated { body, times, span }) in self.bodies.drain() {
            table.begin(times, span);
            body.commit(table, values);
        }
    }
}

/// What identifies a body: a hash under a seed of this process that nobody outside knows, and the
/// length. Of a million million bodies, looked up among the sixty thousand that the memory holds
/// at most, one is taken for another with a probability of four in a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyKey(u64, u32);

/// A body that is held back until it is known whether it is a repeat.
#[derive(Debug)]
pub struct Held {
    /// The body so far.
    pub bytes: Vec<u8>,
    /// Bounds how many there are at a time.
    _seat: Arc<()>,
}

/// Buffers of released bodies kept for the next.
const BUFFERS_MAX: usize = 8;

/// Bodies that were remembered or looked up lately.
#[derive(Default)]
pub(super) struct Generations {
    /// Entries added or used lately; when they fill half the memory they become `old`, and what
    /// was old and not used since is forgotten.
    young: TableMap<BodyKey, Arc<Remembered>>,
    old: TableMap<BodyKey, Arc<Remembered>>,
    young_bytes: usize,
    memory_bytes: usize,
}

impl Generations {
    /// Empty ones that take so much memory at most.
    pub(super) fn within(memory_bytes: usize) -> Self {
        Generations { memory_bytes, ..Generations::default() }
    }

    /// What the body of that key said, if it is remembered.
    pub(super) fn find(&mut self, key: BodyKey) -> Option<Arc<Remembered>> {
        if let Some(known) = self.young.get(&key) {
            return Some(Arc::clone(known));
        }
        let known = self.old.remove(&key)?;
        self.insert(key, Arc::clone(&known));
        Some(known)
    }

    /// Remembers what a body said, unless that is too much: whether it does, and whether something
    /// was forgotten for it.
    pub(super) fn insert(&mut self, key: BodyKey, said: Arc<Remembered>) -> (bool, bool) {
        let cost = said.cost();
        if cost > self.memory_bytes / 4 {
            return (false, false);
        }
        let mut forgot = false;
        if self.young_bytes + cost > self.memory_bytes / 2 {
            forgot = !self.old.is_empty();
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += cost;
        self.young.insert(key, said);
        (true, forgot)
    }

    /// Forgets every body.
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
        self.young_bytes = 0;
    }
}

/// The memory.
pub struct Recall {
    state: foldhash::quality::RandomState,
    bodies: Generations,
    /// Something was forgotten: repeats that are counted may keep its memory.
    forgot: bool,
    /// What the other workers know, and what their numbers mean here.
    commons: Option<(Arc<Commons>, Dictionary)>,
    /// Bodies held back at a time.
    bodies_max: usize,
    seats: Arc<()>,
    buffers: Vec<Vec<u8>>,
    tally: Tally,
}

impl Default for Recall {
    fn default() -> Self {
        Recall::within(&Shares::default())
    }
}

impl Recall {
    /// One that takes as much as it may of the memory budget.
    pub fn within(shares: &Shares) -> Self {
        Recall {
            state: table_state(),
            bodies: Generations::within(shares.recall_bytes),
            forgot: false,
            commons: None,
            bodies_max: shares.recall_bodies,
            seats: Arc::default(),
            buffers: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// A memory that holds nothing back and remembers nothing.
    #[cfg(test)]
    pub fn none() -> Self {
        Recall { bodies: Generations::default(), ..Recall::default() }
    }

    /// Shares what is remembered with other workers.
    pub fn share(&mut self, commons: Arc<Commons>) {
        self.state = commons.state.clone();
        self.commons = Some((commons, Dictionary::default()));
    }

    /// Identifies what a head says of its body.
    pub fn plan_key(&self, media: Option<&[u8]>, coding: Option<&[u8]>) -> u64 {
        self.state.hash_one((media, coding))
    }

    /// A place for a body to be held back in, if there is one left.
    pub fn hold(&mut self) -> Option<Held> {
        let taken = Arc::strong_count(&self.seats) - 1;
        (taken < self.bodies_max && self.bodies.memory_bytes > 0).then(|| Held {
            bytes: self.buffers.pop().unwrap_or_default(),
            _seat: Arc::clone(&self.seats),
        })
    }

    /// Takes a place back.
    pub fn release(&mut self, held: Held) {
        let mut bytes = held.bytes;
        if self.buffers.len() < BUFFERS_MAX {
            bytes.clear();
            self.buffers.push(bytes);
        }
    }

    /// Identifies a body.
    pub fn key(&self, direction: Direction, plan: u64, body: &[u8]) -> BodyKey {
        let place = plan ^ direction as u64;
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        BodyKey(self.state.hash_one((place, body)), len)
    }

    /// What the body of that key said, if that is remembered here or elsewhere.
    pub(super) fn find(&mut self, key: BodyKey, mut own: Own<'_>) -> Option<Arc<Remembered>> {
        if let Some(known) = self.bodies.find(key) {
            return Some(known);
        }
        let (commons, dictionary) = self.commons.as_mut()?;
        let said = Arc::new(commons.find(key, dictionary, &mut own)?);
        self.insert(key, Arc::clone(&said)).then_some(said)
    }

    fn insert(&mut self, key: BodyKey, said: Arc<Remembered>) -> bool {
        let (inserted, forgot) = self.bodies.insert(key, said);
        self.forgot |= forgot;
        inserted
    }

    /// Whether repeats must be settled, so that what was forgotten is freed.
    pub fn must_settle(&self) -> bool {
        self.forgot
    }

    /// Every repeat was settled.
    pub fn settled(&mut self) {
        self.forgot = false;
    }

    /// Remembers what one walk logged, if that is little enough, and tells the other workers.
    pub(super) fn learn(
        &mut self,
        key: BodyKey,
        leaves: &Leaves,
        (facts, summary, mut own): (BodyFacts, BodySummary, Own<'_>),
    ) -> Option<Arc<Remembered>> {
        let (plain, others) = self.tally.of(leaves.all());
        let said = Arc::new(Remembered { facts, summary, plain, others });
        if let Some((commons, dictionary)) = &mut self.commons {
            commons.tell(key, &said, (dictionary, &mut own));
        }
        self.insert(key, Arc::clone(&said)).then_some(said)
    }

    /// Forgets every body: the columns they speak of are void.
    pub fn clear(&mut self) {
        self.bodies.clear();
        if let Some((_, dictionary)) = &mut self.commons {
            dictionary.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(others: usize) -> Arc<Remembered> {
        let summary = BodySummary {
            format: crate::content::Format::Json,
            encoded_bytes: 0,
            missing_bytes: 0,
            decoded_bytes: 0,
            truncated: false,
            anomalies: Default::default(),
            undecoded: None,
            unread: Default::default(),
        };
        let others = vec![(Leaf::default(), Candidate::default()); others].into();
        Arc::new(Remembered { facts: BodyFacts::default(), summary, plain: [].into(), others })
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_used() {
        let recall = Recall::default();
        let mut bodies = Generations::within(64 * 1024);
        let first = recall.key(Direction::ToClient, 0, b"first");
        bodies.insert(first, said(10));
        for n in 0u32..10_000 {
            let key = recall.key(Direction::ToClient, 0, &n.to_be_bytes());
            bodies.insert(key, said(10));
            assert!(bodies.find(first).is_some(), "in use at {n}");
            let held: usize =
                bodies.young.values().chain(bodies.old.values()).map(|said| said.cost()).sum();
            assert!(held <= 64 * 1024, "{held} bytes");
        }
        let unused = recall.key(Direction::ToClient, 0, &1u32.to_be_bytes());
        assert!(bodies.find(unused).is_none());
        bodies.clear();
        assert!(bodies.find(first).is_none());
    }

    #[test]
    fn what_is_too_large_is_not_remembered() {
        let mut bodies = Generations::within(64 * 1024);
        let key = Recall::default().key(Direction::ToClient, 0, b"large");
        assert_eq!(bodies.insert(key, said(1000)), (false, false));
        assert!(bodies.find(key).is_none());
    }

    #[test]
    fn direction_plan_and_bytes_tell_bodies_apart() {
        let recall = Recall::default();
        let json = recall.plan_key(Some(b"application/json"), None);
        let xml = recall.plan_key(Some(b"application/xml"), None);
        let key = recall.key(Direction::ToClient, json, b"{}");
        assert_eq!(key, recall.key(Direction::ToClient, json, b"{}"));
        assert_ne!(key, recall.key(Direction::ToServer, json, b"{}"));
        assert_ne!(key, recall.key(Direction::ToClient, xml, b"{}"));
        assert_ne!(key, recall.key(Direction::ToClient, json, b"[]"));
        assert_ne!(recall.plan_key(None, Some(b"gzip")), recall.plan_key(Some(b"gzip"), None));
    }

    #[test]
    fn only_so_many_bodies_are_held_at_a_time() {
        let mut recall = Recall::default();
        let mut held: Vec<_> = (0..100).filter_map(|_| recall.hold()).collect();
        assert_eq!(held.len(), recall.bodies_max);
        assert!(recall.hold().is_none());
        held.pop();
        assert!(recall.hold().is_some());
    }
}
