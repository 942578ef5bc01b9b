//! What is known of a field: a column of values, summarised so that summaries add up and no value
//! is kept.
//!
//! Evidence is a commutative monoid: [`Evidence::merge`] is associative and commutative, and the
//! empty evidence is its neutral element. Whatever order values come in, however they are split
//! over workers, captures and runs, the merged evidence is the same. Property tests below hold it.

use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::base::limits::{RULES_MAX, SAMPLE_K};
use crate::base::{Mask, Span};

use super::{Form, ValueKind};

/// A rule's place in the compiled rule set of this process. Not stable across processes: the
/// store writes names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u16);

/// A set of rules, of which at most [`RULES_MAX`] can be loaded. Most values are of few rules:
/// which words have any is kept beside them, and the others are not looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialOrd, Ord)]
pub struct RuleBits {
    words: [u64; WORDS],
    /// A bit for each word that is not 0.
    used: u8,
}

const WORDS: usize = RULES_MAX / 64;
const _: () = assert!(WORDS <= u8::BITS as usize, "each word has a bit in `used`");

impl RuleBits {
    /// No rule.
    pub const NONE: RuleBits = RuleBits { words: [0; WORDS], used: 0 };

    /// Adds `rule`.
    pub fn insert(&mut self, rule: RuleId) {
        let place = rule.0 >> 6;
        if let Some(word) = self.words.get_mut(usize::from(place)) {
            *word |= 1 << (rule.0 & 63);
            self.used |= 1 << place;
        }
    }

    /// Takes `rule` out.
    pub fn remove(&mut self, rule: RuleId) {
        let place = rule.0 >> 6;
        if let Some(word) = self.words.get_mut(usize::from(place)) {
            *word &= !(1 << (rule.0 & 63));
            if *word == 0 {
                self.used &= !(1 << place);
            }
        }
    }

    /// Whether `rule` is in it.
    pub fn contains(&self, rule: RuleId) -> bool {
        self.words.get(usize::from(rule.0 >> 6)).is_some_and(|word| word >> (rule.0 & 63) & 1 == 1)
    }

    /// Whether no rule is in it.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The rules of both.
    pub fn union(mut self, other: &RuleBits) -> RuleBits {
        for (mine, theirs) in self.words.iter_mut().zip(other.words) {
            *mine |= theirs;
        }
        self.used |= other.used;
        self
    }

    /// Whether a rule is in both.
    pub fn meets(&self, other: &RuleBits) -> bool {
        other.words().any(|(place, word)| self.word(place) & word != 0)
    }

    /// Whether all rules of `other` are in it.
    pub fn covers(&self, other: &RuleBits) -> bool {
        other.words().all(|(place, word)| word & !self.word(place) == 0)
    }

    /// The rules in order.
    pub fn iter(&self) -> impl Iterator<Item = RuleId> + use<> {
        let set = *self;
        ones(set.used).flat_map(move |place| {
            let mut rest = set.word(place);
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                // Clears the lowest set bit; there is none when the word is used up.
                rest &= rest.wrapping_sub(1);
                let bit = u16::try_from(bit).ok().filter(|bit| *bit < 64)?;
                Some(RuleId((u16::from(place) << 6) + bit))
            })
        })
    }

    fn word(&self, place: u8) -> u64 {
        self.words.get(usize::from(place)).copied().unwrap_or(0)
    }

    /// The words that are not 0, by their places.
    fn words(&self) -> impl Iterator<Item = (u8, u64)> {
        ones(self.used).map(|place| (place, self.word(place)))
    }
}

/// The places of the bits that are set, in order.
fn ones(bits: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |place| bits >> place & 1 == 1)
}

impl PartialEq for RuleBits {
    fn eq(&self, other: &Self) -> bool {
        self.used == other.used && self.words().all(|(place, word)| word == other.word(place))
    }
}

impl Hash for RuleBits {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Odd, so that nothing of a word is lost (Knuth, TAOCP 3, 6.4).
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |all: u64, (_, word): (u8, u64)| (all ^ word).wrapping_mul(SPREAD);
        state.write_u64(self.words().fold(u64::from(self.used), mix));
    }
}

/// What the rules say of one value. A function of the value alone, so it can be cached by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    /// Rules for which the whole value has the right format, so that their check was tried.
    pub tried: RuleBits,
    /// Rules of `tried` whose check passed.
    pub passed: RuleBits,
    /// Rules that found something with strong structure or lead-in words inside a longer text.
    pub embedded: RuleBits,
}

impl Outcome {
    /// Whether no rule has anything to say.
    pub fn is_empty(&self) -> bool {
        self.tried.is_empty() && self.embedded.is_empty()
    }
}

/// Exact counters of one rule on one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleCount {
    /// Which rule.
    pub rule: RuleId,
    /// Values whose format is right.
    pub tried: u64,
    /// Of these: the check passed.
    pub passed: u64,
    /// Longer values that contain one.
    pub embedded: u64,
    /// When values passed or contained one.
    pub span: Span,
}

impl RuleCount {
    /// Of a rule that never had a candidate.
    pub fn none(rule: RuleId) -> RuleCount {
        RuleCount { rule, tried: 0, passed: 0, embedded: 0, span: Span::NEVER }
    }
}

/// One distinct candidate value of the sample: its keyed hash and what the rules say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleEntry {
    /// Keyed hash of the value.
    pub hash: u64,
    /// What the rules say.
    pub outcome: Outcome,
}

/// The `k` distinct candidate values with the least keyed hashes (a bottom-k sketch: Cohen and
/// Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). A uniform sample of the
/// distinct values, whatever their frequency and order.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Sorted by hash and distinct up to `settled`; unsorted behind it.
    hashes: Vec<(u64, u16)>,
    settled: usize,
    outcomes: Vec<Outcome>,
}

impl Sample {
    /// Adds a value. The same value always comes with the same outcome.
    pub fn insert(&mut self, hash: u64, outcome: Outcome) {
        if self.settled == SAMPLE_K {
            // The greatest kept hash bounds what can still enter.
            if self.hashes.get(SAMPLE_K - 1).is_some_and(|(greatest, _)| hash >= *greatest) {
                return;
            }
        }
        if self.holds(hash) {
            return;
        }
        let place = self.place(outcome);
        self.hashes.push((hash, place));
        if self.hashes.len() >= self.settled + SAMPLE_K.min(16 + self.settled) {
            self.settle();
        }
    }

    /// Whether a value is in it, as far as that is quickly told: most values are repeats.
    #[inline]
    fn holds(&self, hash: u64) -> bool {
        let settled = self.hashes.get(..self.settled).unwrap_or_default();
        self.hashes.last().is_some_and(|(last, _)| *last == hash)
            || settled.binary_search_by_key(&hash, |(known, _)| *known).is_ok()
    }

    /// The entries, by hash.
    pub fn entries(&mut self) -> impl Iterator<Item = SampleEntry> + '_ {
        self.settle();
        let outcomes = &self.outcomes;
        self.hashes.iter().map(move |(hash, place)| SampleEntry {
            hash: *hash,
            outcome: outcomes.get(usize::from(*place)).copied().unwrap_or_default(),
        })
    }

    /// Adds every entry of `other`.
    pub fn merge(&mut self, mut other: Sample) {
        for entry in other.entries() {
            self.insert(entry.hash, entry.outcome);
        }
        self.settle();
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    fn place(&mut self, outcome: Outcome) -> u16 {
        let found = self.outcomes.iter().position(|o| *o == outcome);
        let place = found.unwrap_or_else(|| {
            // Most fields have one: room for four would be most of what a field takes.
            if self.outcomes.is_empty() {
                self.outcomes.reserve_exact(1);
            }
            self.outcomes.push(outcome);
            self.outcomes.len() - 1
        });
        // At most 2k entries stand at once and settle() drops unused outcomes.
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    fn settle(&mut self) {
        if self.settled == self.hashes.len() {
            return;
        }
        // Mostly two runs, sorted each: a stable sort merges them.
        self.hashes.sort_by_key(|(hash, _)| *hash);
        self.hashes.dedup_by_key(|(hash, _)| *hash);
        self.hashes.truncate(SAMPLE_K);
        self.settled = self.hashes.len();
        if self.outcomes.len() > SAMPLE_K {
            let old = std::mem::take(&mut self.outcomes);
            let mut hashes = std::mem::take(&mut self.hashes);
            for (_, place) in &mut hashes {
                let outcome = old.get(usize::from(*place)).copied().unwrap_or_default();
                *place = self.place(outcome);
            }
            self.hashes = hashes;
        }
    }
}

/// The mask of one representative value: that with the least keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemplar {
    /// Keyed hash of the value.
    pub hash: u64,
    /// Its mask.
    pub mask: Mask,
}

/// The summary of one field's column of values.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Values seen.
    pub seen: u64,
    /// Exchanges in which the field was seen.
    pub exchanges: u64,
    /// Kinds seen, one bit per [`ValueKind`].
    pub kinds: u8,
    /// Values seen per form, those not zero, in order.
    pub forms: SmallVec<[(Form, u64); 2]>,
    /// Counters per rule, those not zero, in order.
    pub rules: SmallVec<[RuleCount; 1]>,
    /// Distinct candidate values.
    pub sample: Sample,
    /// What one of them looks like.
    pub exemplar: Option<Exemplar>,
    /// When it was seen.
    pub span: Span,
    /// When it had a value that is neither empty nor true, false or null.
    pub filled: Span,
}

impl Evidence {
    /// Counts `count` values of one kind and form.
    pub fn count(&mut self, kind: ValueKind, form: Form, count: u64) {
        self.seen += count;
        self.kinds |= 1 << kind as u8;
        match self.forms.binary_search_by_key(&form, |(f, _)| *f) {
            Ok(at) => {
                if let Some(entry) = self.forms.get_mut(at) {
                    entry.1 += count;
                }
            }
            Err(at) => self.forms.insert(at, (form, count)),
        }
    }

    /// Dates values of this form, of which the rules say `outcome`.
    pub fn date(&mut self, form: Form, outcome: Outcome, span: Span) {
        self.span.merge(span);
        if !matches!(form, Form::Empty | Form::Literal) {
            self.filled.merge(span);
        }
        for rule in outcome.passed.union(&outcome.embedded).iter() {
            self.counter(rule).span.merge(span);
        }
    }

    /// Dates everything that was counted.
    pub fn date_all(&mut self, span: Span) {
        self.span.merge(span);
        let blank = self.of_form(Form::Empty) + self.of_form(Form::Literal);
        if self.seen > blank {
            self.filled.merge(span);
        }
        for count in self.rules.iter_mut().filter(|count| count.passed + count.embedded > 0) {
            count.span.merge(span);
        }
    }

    /// Counts `count` occurrences of a candidate value: its outcome is not empty.
    pub fn candidate(&mut self, hash: u64, outcome: Outcome, count: u64) {
        self.count_outcome(outcome, count);
        self.sample.insert(hash, outcome);
    }

    /// Counts what the rules say of `count` candidates, but not which values they are.
    pub fn count_outcome(&mut self, outcome: Outcome, count: u64) {
        for rule in outcome.tried.union(&outcome.embedded).iter() {
            let counter = self.counter(rule);
            counter.tried += count * u64::from(outcome.tried.contains(rule));
            counter.passed += count * u64::from(outcome.passed.contains(rule));
            counter.embedded += count * u64::from(outcome.embedded.contains(rule));
        }
    }

    /// Offers an exemplar; the least hash wins.
    pub fn offer_exemplar(&mut self, hash: u64, mask: Mask) {
        let offered = Exemplar { hash, mask };
        if self.exemplar.is_none_or(|e| offered < e) {
            self.exemplar = Some(offered);
        }
    }

    /// The counters of `rule`; zeros where it never had a candidate.
    pub fn of_rule(&self, rule: RuleId) -> RuleCount {
        let found = self.rules.iter().find(|c| c.rule == rule);
        found.copied().unwrap_or_else(|| RuleCount::none(rule))
    }

    /// Values seen in this form.
    pub fn of_form(&self, form: Form) -> u64 {
        self.forms.iter().find(|(f, _)| *f == form).map_or(0, |(_, n)| *n)
    }

    /// Adds what was seen elsewhere of the same field.
    pub fn merge(&mut self, other: Evidence) {
        self.seen += other.seen;
        self.exchanges += other.exchanges;
        self.kinds |= other.kinds;
        for (form, count) in other.forms {
            match self.forms.binary_search_by_key(&form, |(f, _)| *f) {
                Ok(at) => {
                    if let Some(entry) = self.forms.get_mut(at) {
                        entry.1 += count;
                    }
                }
                Err(at) => self.forms.insert(at, (form, count)),
            }
        }
        for theirs in other.rules {
            let mine = self.counter(theirs.rule);
            mine.tried += theirs.tried;
            mine.passed += theirs.passed;
            mine.embedded += theirs.embedded;
            mine.span.merge(theirs.span);
        }
        self.span.merge(other.span);
        self.filled.merge(other.filled);
        self.sample.merge(other.sample);
        if let Some(theirs) = other.exemplar {
            self.offer_exemplar(theirs.hash, theirs.mask);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "found there, or put there just now")]
    fn counter(&mut self, rule: RuleId) -> &mut RuleCount {
        let at = match self.rules.binary_search_by_key(&rule, |c| c.rule) {
            Ok(at) => at,
            Err(at) => {
                self.rules.insert(at, RuleCount::none(rule));
                at
            }
        };
        &mut self.rules[at]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Timestamp;

    /// Everything that can be observed of an evidence.
    fn observe(mut e: Evidence) -> impl PartialEq + std::fmt::Debug {
        let sample: Vec<SampleEntry> = e.sample.entries().collect();
        let times = (e.span, e.filled);
        (
            e.seen,
            e.exchanges,
            e.kinds,
            e.forms.to_vec(),
            e.rules.to_vec(),
            sample,
            e.exemplar,
            times,
        )
    }

    fn outcome_of(value: u32) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId((value % 7) as u16));
        if value.is_multiple_of(3) {
            outcome.passed.insert(RuleId((value % 7) as u16));
        }
        if value.is_multiple_of(5) {
            outcome.embedded.insert(RuleId(400));
        }
        outcome
    }

    fn evidence_of(values: &[u32]) -> Evidence {
        let hasher = crate::base::StableHasher::new([3; 16]);
        let mut evidence = Evidence::default();
        for value in values {
            evidence.count(ValueKind::String, Form::ALL[(value % 16) as usize], 1);
            let hash = hasher.hash(&value.to_le_bytes());
            evidence.candidate(hash, outcome_of(*value), 1);
            evidence.offer_exemplar(hash, Mask::of(value.to_string().as_bytes()));
            let span = Span::at(Timestamp::from_nanos(i64::from(*value)));
            evidence.date(Form::ALL[(value % 16) as usize], outcome_of(*value), span);
        }
        evidence
    }

    proptest! {
        #[test]
        fn order_and_split_do_not_matter(
            values in proptest::collection::vec(0u32..2000, 0..1500),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
            seed: u8,
        ) {
            let whole = evidence_of(&values);
            let mut shuffled = values.clone();
            // Any deterministic shuffle does: sort by a keyed hash.
            let hasher = crate::base::StableHasher::new([seed; 16]);
            shuffled.sort_by_key(|v| hasher.hash(&v.to_be_bytes()));
            let mut merged = Evidence::default();
            let mut rest = &shuffled[..];
            for cut in cuts {
                if rest.is_empty() {
                    break;
                }
                let (head, tail) = rest.split_at(cut.index(rest.len()));
                let mut next = evidence_of(head);
                next.merge(merged);
                merged = next;
                rest = tail;
            }
            merged.merge(evidence_of(rest));
            prop_assert_eq!(observe(merged), observe(whole));
        }

        #[test]
        fn merging_is_associative(
            a in proptest::collection::vec(0u32..900, 0..400),
            b in proptest::collection::vec(0u32..900, 0..400),
            c in proptest::collection::vec(0u32..900, 0..400),
        ) {
            let mut left = evidence_of(&a);
            left.merge(evidence_of(&b));
            left.merge(evidence_of(&c));
            let mut right = evidence_of(&b);
            right.merge(evidence_of(&c));
            let mut outer = evidence_of(&a);
            outer.merge(right);
            prop_assert_eq!(observe(left), observe(outer));
        }
    }

    #[test]
    fn the_sample_is_bounded_and_distinct() {
        let mut evidence = evidence_of(&(0..50_000).map(|n| n % 3000).collect::<Vec<_>>());
        let hashes: Vec<u64> = evidence.sample.entries().map(|e| e.hash).collect();
        assert_eq!(hashes.len(), SAMPLE_K);
        assert!(hashes.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(evidence.seen, 50_000);
    }

    #[test]
    fn each_rule_is_dated_by_the_values_that_pass_it_and_blanks_fill_nothing() {
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId(1));
        let passing = Outcome { passed: outcome.tried, ..outcome };
        let at = |n| Span::at(Timestamp::from_nanos(n));
        let mut evidence = Evidence::default();
        for (n, form, said) in [
            (1, Form::Empty, Outcome::default()),
            (2, Form::Token, outcome),
            (3, Form::Token, passing),
            (4, Form::Literal, Outcome::default()),
        ] {
            evidence.count(ValueKind::String, form, 1);
            evidence.count_outcome(said, 1);
            evidence.date(form, said, at(n));
        }
        let spans = |e: &Evidence| [e.span, e.filled, e.of_rule(RuleId(1)).span];
        let (one, four) = (Timestamp::from_nanos(1), Timestamp::from_nanos(4));
        let (two, three) = (Timestamp::from_nanos(2), Timestamp::from_nanos(3));
        let filled = Span { first: two, last: three };
        assert_eq!(spans(&evidence), [Span { first: one, last: four }, filled, at(3)]);
        evidence.date_all(at(9));
        assert!(spans(&evidence).iter().all(|span| span.last == Timestamp::from_nanos(9)));
    }

    #[test]
    fn empty_evidence_is_neutral() {
        let mut a = evidence_of(&[1, 2, 3]);
        a.merge(Evidence::default());
        assert_eq!(observe(a), observe(evidence_of(&[1, 2, 3])));
    }
}
