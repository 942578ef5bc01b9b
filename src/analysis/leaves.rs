//! The leaves of one message, logged while it passes and folded into evidence when it is known
//! which endpoint it belongs to.

use crate::base::{Mask, Span, TableMap};
use crate::model::{Evidence, Outcome};

use super::values::{Looked, Values};

/// Leaves logged before they are folded: bounds the memory of one open message, whatever the size
/// of its body.
pub const LEAVES_MAX: usize = 32 * 1024;

/// Set in [`Leaf::class`] for a later window of a long scalar: what rules found in it is added, and
/// it is not counted as another value.
const CONTINUED: u32 = 1 << 31;
/// Set in [`Leaf::class`] for a candidate.
const CANDIDATE: u32 = 1 << 30;

/// One leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// Place of its column in [`super::columns::Columns`].
    pub column: u32,
    /// Place of its value's class in [`Values`], with flags.
    class: u32,
}

/// What is kept of a candidate's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Its keyed hash.
    hash: u64,
    /// Its mask.
    mask: u64,
}

impl Candidate {
    /// The keyed hash of its value.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl Leaf {
    /// A leaf as tests make one.
    #[cfg(test)]
    pub fn of(column: u32, class: u32, plain: bool) -> Leaf {
        Leaf { column, class: if plain { class } else { class | CANDIDATE } }
    }

    /// All of it as one number.
    pub fn bits(self) -> u64 {
        u64::from(self.column) << 32 | u64::from(self.class)
    }

    /// Place of its value's class in [`Values`].
    pub(super) fn class_place(self) -> u32 {
        self.class & !(CONTINUED | CANDIDATE)
    }

    /// The same leaf with another column and another place of its class.
    pub(super) fn moved(self, column: u32, class: u32) -> Leaf {
        Leaf { column, class: class | self.class & (CONTINUED | CANDIDATE) }
    }

    /// Whether it is nothing but a value of its class.
    pub fn is_plain(self) -> bool {
        self.class & (CONTINUED | CANDIDATE) == 0
    }
}

/// Equal values in a row that are not counted yet.
#[derive(Debug, Default)]
struct Run {
    /// Their class.
    class: u32,
    count: u64,
    span: Span,
}

impl Run {
    #[inline]
    fn extend(&mut self, count: u64, span: Span) {
        self.count += count;
        self.span.merge(span);
    }
}

/// Evidence of one column, while it is open.
#[derive(Debug, Default)]
pub struct ColumnEvidence {
    /// The summary so far.
    pub evidence: Evidence,
    /// Serial of the last message that contributed.
    last: u64,
    /// Plain values.
    run: Run,
    /// Candidates; their hashes are in the sample already.
    candidates: Run,
}

impl ColumnEvidence {
    /// Counts `message`, once.
    fn enter(&mut self, message: Message) {
        if self.last != message.serial {
            self.evidence.exchanges += message.times;
            self.last = message.serial;
        }
    }

    /// Counts the values that wait in `run`.
    fn settle(&mut self, values: &Values) {
        let Run { class, count, span } = std::mem::take(&mut self.run);
        if count > 0
            && let Some(class) = values.class(class)
        {
            self.evidence.count(class.kind, class.form, count);
            self.evidence.date(class.form, Outcome::default(), span);
        }
    }

    /// Counts the candidates that wait in `candidates`.
    fn settle_candidates(&mut self, values: &Values) {
        let Run { class, count, span } = std::mem::take(&mut self.candidates);
        if count > 0
            && let Some(class) = values.class(class)
        {
            self.evidence.count(class.kind, class.form, count);
            self.evidence.count_outcome(class.outcome, count);
            self.evidence.date(class.form, class.outcome, span);
        }
    }
}

/// Whose leaves are added.
#[derive(Clone, Copy, Debug, Default)]
struct Message {
    /// Tells messages apart, to count each once in every column.
    serial: u64,
    /// How often it came.
    times: u64,
    /// When.
    span: Span,
}

/// Evidence by column.
#[derive(Debug, Default)]
pub struct ColumnTable {
    message: Message,
    /// One more than the place in `open`; 0 where the column has none. Indexed by column.
    places: Vec<u32>,
    open: Vec<(u32, ColumnEvidence)>,
}

impl ColumnTable {
    /// What is added from now on belongs to a message that came so many `times`, within `span`.
    pub fn begin(&mut self, times: u64, span: Span) {
        self.message = Message { serial: self.message.serial + 1, times, span };
    }

    /// How many fields have evidence, and what finds them in as many.
    pub fn weight(&self) -> usize {
        const PLACES_A_FIELD: usize = 128;
        self.open.len() + self.places.capacity() / PLACES_A_FIELD
    }

    /// How many columns it has room to find.
    pub fn places(&self) -> usize {
        self.places.capacity()
    }

    /// The evidence of `column`.
    #[inline]
    fn at(&mut self, column: u32) -> Option<&mut ColumnEvidence> {
        let at = column as usize;
        if at >= self.places.len() {
            self.places.resize(at + 1, 0);
        }
        let place = self.places.get_mut(at)?;
        if *place == 0 {
            self.open.push((column, ColumnEvidence::default()));
            *place = u32::try_from(self.open.len()).ok()?;
        }
        self.open.get_mut(*place as usize - 1).map(|(_, evidence)| evidence)
    }

    /// Adds a plain leaf that occurs `count` times in the message at hand.
    #[inline]
    pub fn add(&mut self, leaf: Leaf, count: u64, values: &Values) {
        let message = self.message;
        let Some(column) = self.at(leaf.column) else { return };
        column.enter(message);
        if leaf.class != column.run.class {
            column.settle(values);
            column.run.class = leaf.class;
        }
        column.run.extend(count * message.times, message.span);
    }

    /// Adds a leaf of the message at hand that is not plain.
    pub fn add_candidate(&mut self, leaf: Leaf, found: Candidate, values: &Values) {
        let message = self.message;
        let Some(column) = self.at(leaf.column) else { return };
        column.enter(message);
        if leaf.class & CONTINUED != 0 {
            let evidence = &mut column.evidence;
            if let Some(class) = values.class(leaf.class & !(CONTINUED | CANDIDATE)) {
                evidence.date(class.form, class.outcome, message.span);
            }
            return summarise((leaf, found), message.times, values, evidence);
        }
        let place = leaf.class & !CANDIDATE;
        if place != column.candidates.class {
            column.settle_candidates(values);
            column.candidates.class = place;
        }
        column.candidates.extend(message.times, message.span);
        if let Some(class) = values.class(place).filter(|class| !class.outcome.is_empty()) {
            column.evidence.sample.insert(found.hash, class.outcome);
            column.evidence.offer_exemplar(found.hash, Mask::from_bits(found.mask));
        }
    }

    /// Adds what messages said of `column` within `span`, of which each was counted.
    pub fn merge(&mut self, column: u32, mut evidence: Evidence, span: Span) {
        if let Some(open) = self.at(column) {
            evidence.date_all(span);
            open.evidence.merge(evidence);
        }
    }

    /// Takes everything out, and keeps the memory of the index.
    pub fn drain(&mut self, values: &Values) -> impl Iterator<Item = (u32, Evidence)> {
        for (_, open) in &mut self.open {
            open.settle(values);
            open.settle_candidates(values);
        }
        for (column, _) in &self.open {
            if let Some(place) = self.places.get_mut(*column as usize) {
                *place = 0;
            }
        }
        std::mem::take(&mut self.open).into_iter().map(|(column, open)| (column, open.evidence))
    }

    /// Whether nothing was added since the last drain.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

/// The log of one message.
#[derive(Debug, Default)]
pub struct Leaves {
    log: Vec<Leaf>,
    /// Of the candidates in the log, in its order.
    candidates: Vec<Candidate>,
    /// What was folded because the log was full.
    folded: TableMap<u32, Evidence>,
}

impl Leaves {
    /// Appends a value of `column`; its place in the log. `continued`: it is a later window of a
    /// value that was logged before.
    #[inline]
    pub fn push(&mut self, column: u32, looked: &Looked, continued: bool) -> usize {
        let mut class = looked.class;
        if looked.hash | looked.mask != 0 {
            class |= CANDIDATE;
            self.candidates.push(Candidate { hash: looked.hash, mask: looked.mask });
        }
        if continued {
            class |= CONTINUED;
        }
        self.log.push(Leaf { column, class });
        self.log.len() - 1
    }

    /// How many leaves are in the log.
    pub fn count(&self) -> usize {
        self.log.len()
    }

    /// Everything in the log; what is kept of a leaf that is not plain goes with it.
    pub fn all(&self) -> impl Iterator<Item = (Leaf, Candidate)> {
        let mut candidates = self.candidates.iter();
        self.log.iter().map(move |leaf| (*leaf, candidate_of(*leaf, &mut candidates)))
    }

    /// Moves everything out of `other`, behind what is here.
    pub fn append(&mut self, other: &mut Leaves) {
        self.log.append(&mut other.log);
        self.candidates.append(&mut other.candidates);
        for (column, evidence) in other.folded.drain() {
            self.folded.entry(column).or_default().merge(evidence);
        }
    }

    /// Heap bytes it takes.
    pub fn held_bytes(&self) -> usize {
        self.log.capacity() * size_of::<Leaf>()
            + self.candidates.capacity() * size_of::<Candidate>()
            + self.folded.capacity() * size_of::<(u32, Evidence)>()
    }

    /// The leaves in the log that are not plain.
    pub fn candidates(&self) -> impl Iterator<Item = (Leaf, Candidate)> {
        self.all().filter(|(leaf, _)| !leaf.is_plain())
    }

    /// Whether a part of the log was folded already.
    pub fn has_folded(&self) -> bool {
        !self.folded.is_empty()
    }

    /// Whether the log should be folded.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.log.len() >= LEAVES_MAX
    }

    /// Changes the columns of the leaves logged from `from` on.
    pub fn amend(&mut self, from: usize, mut column: impl FnMut(u32) -> u32) {
        for leaf in self.log.iter_mut().skip(from) {
            leaf.column = column(leaf.column);
        }
    }

    /// Changes the column of one leaf.
    pub fn amend_one(&mut self, at: usize, column: impl FnOnce(u32) -> u32) {
        if let Some(leaf) = self.log.get_mut(at) {
            leaf.column = column(leaf.column);
        }
    }

    /// Summarises the log and empties it.
    pub fn fold(&mut self, values: &Values) {
        let mut candidates = self.candidates.iter();
        for leaf in self.log.drain(..) {
            let found = candidate_of(leaf, &mut candidates);
            let evidence = self.folded.entry(leaf.column).or_default();
            summarise((leaf, found), 1, values, evidence);
        }
        self.candidates.clear();
    }

    /// Takes everything out as a summary by column.
    pub fn drain_folded(&mut self, values: &Values) -> impl Iterator<Item = (u32, Evidence)> {
        self.fold(values);
        std::mem::take(&mut self.folded).into_iter()
    }

    /// Adds everything to `table`, as leaves of the message at hand there, and empties the log.
    pub fn commit(&mut self, table: &mut ColumnTable, values: &Values) {
        let message = table.message;
        for (column, mut evidence) in self.folded.drain() {
            if let Some(open) = table.at(column) {
                open.enter(message);
                evidence.date_all(message.span);
                open.evidence.merge(evidence);
            }
        }
        let mut candidates = self.candidates.iter();
        for leaf in self.log.drain(..) {
            if leaf.is_plain() {
                table.add(leaf, 1, values);
            } else {
                table.add_candidate(leaf, candidate_of(leaf, &mut candidates), values);
            }
        }
        self.candidates.clear();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.log.clear();
        self.candidates.clear();
        self.folded.clear();
    }
}

/// What is kept of `leaf`, taken from the candidates in the order of the log.
fn candidate_of<'a>(leaf: Leaf, rest: &mut impl Iterator<Item = &'a Candidate>) -> Candidate {
    let is_candidate = leaf.class & CANDIDATE != 0;
    is_candidate.then(|| rest.next().copied()).flatten().unwrap_or_default()
}

fn summarise(
    (leaf, found): (Leaf, Candidate),
    times: u64,
    values: &Values,
    evidence: &mut Evidence,
) {
    let Some(class) = values.class(leaf.class & !(CONTINUED | CANDIDATE)) else { return };
    if leaf.class & CONTINUED == 0 {
        evidence.count(class.kind, class.form, times);
    }
    if !class.outcome.is_empty() {
        evidence.candidate(found.hash, class.outcome, times);
        evidence.offer_exemplar(found.hash, Mask::from_bits(found.mask));
    }
}
