//! Whole values: which rules' format one has, and whether its check passes.

use crate::base::limits::MASK_CHARS_MAX;
use crate::model::{Form, Outcome, RuleId};

use super::checks::{Check, starts_with_date};
use super::needs::Ask;
use super::patterns::Pattern;
use super::recognisers::{Recogniser, Seen};
use super::shape::{Given, Shape};
use super::sift::Census;

/// Leading characters of some values, `?` for any, and the rule that counts them.
pub(super) type Range = (RuleId, Vec<Box<[u8]>>);

/// The check of a rule, with what goes with its result.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The rule whose bits are set.
    pub(super) rule: RuleId,
    /// What has to pass; without one the format is enough.
    pub(super) check: Option<Check>,
    /// Those for tests, and those that were given out.
    pub(super) ranges: Vec<Range>,
    /// How many leading letters tell how a value begins, and the rules that count the ways.
    pub(super) spread: (usize, Vec<RuleId>),
}

/// Ways of beginning that are told apart: few, so that they tell little of a value.
pub(super) const SPREAD_KINDS: u8 = 4;

impl Trial {
    /// Whether `value` passes.
    pub(super) fn passes(&self, value: &[u8]) -> bool {
        self.check.is_none_or(|check| check.passes(value))
    }

    /// The rule that counts values which begin like `value`.
    fn kind(&self, value: &[u8]) -> Option<RuleId> {
        let (letters, kinds) = &self.spread;
        let head = value.get(..*letters)?;
        let mixed = head.iter().fold(0usize, |sum, byte| sum * 7 + usize::from(*byte));
        kinds.get(mixed.checked_rem(kinds.len())?).copied()
    }

    fn apply(&self, given: &mut Given<'_>, outcome: &mut Outcome) {
        outcome.tried.insert(self.rule);
        if !self.check.is_none_or(|check| check.passes_given(given)) {
            return;
        }
        let value = given.bytes;
        outcome.passed.insert(self.rule);
        if let Some(kind) = self.kind(value) {
            outcome.tried.insert(kind);
            outcome.passed.insert(kind);
        }
        for (rule, prefixes) in &self.ranges {
            let compact = given.compact();
            if prefixes.iter().any(|prefix| begins_with(compact, prefix)) {
                outcome.tried.insert(*rule);
                outcome.passed.insert(*rule);
            }
        }
    }
}

/// Whether `value` begins like `prefix`, in which `?` stands for any character.
fn begins_with(value: &[u8], prefix: &[u8]) -> bool {
    let fits = |(byte, like): (&u8, &u8)| *like == b'?' || byte == like;
    value.len() >= prefix.len() && value.iter().zip(prefix).all(fits)
}

#[derive(Debug)]
struct RecogniserTrials {
    recogniser: Recogniser,
    /// Of every rule with it: it is asked once for all of them.
    trials: Vec<usize>,
}

#[derive(Debug)]
struct ShapeTrials {
    shape: Shape,
    /// Of every rule with that mask: it is looked at once for all of them.
    trials: Vec<usize>,
}

/// What every point in time has (RFC 3339): `2024-02-29T10:00`.
pub(super) const INSTANT_MARKS: [(usize, u8); 4] = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':')];

/// How many digits what has a mask may have, none included.
const DIGITS: usize = MASK_CHARS_MAX + 1;

/// How long a UUID is.
const ID_LENGTH: usize = 36;

/// How long a point in time is.
pub(super) const INSTANT_LENGTHS: std::ops::RangeInclusive<usize> = 16..=40;

/// Whether `bytes` are a date with a time of day that is no whole hour: a date of birth that was
/// written with a time has midnight, or what was midnight where it was written.
pub(super) fn is_instant(bytes: &[u8]) -> bool {
    INSTANT_LENGTHS.contains(&bytes.len())
        && INSTANT_MARKS.iter().all(|(place, byte)| bytes.get(*place) == Some(byte))
        && bytes.get(13..16) != Some(b":00")
        && starts_with_date(bytes)
}

/// All rules over whole values, by what decides soonest: length and number of digits. A mask is
/// looked at once, however many rules have it.
#[derive(Debug)]
pub(super) struct Whole {
    trials: Vec<Trial>,
    shapes: Vec<ShapeTrials>,
    /// By length, then by number of digits: the shapes that a value of so many can have.
    by_census: Vec<Vec<usize>>,
    /// At most as many as a word of `by_form` has bits.
    recognisers: Vec<RecogniserTrials>,
    /// By form and the byte that a value begins with: which recognisers it may be for.
    by_form: Vec<[u32; 256]>,
    patterns: Vec<(Pattern, usize)>,
    /// By the byte that a value begins with: what values of which pattern have, those for the
    /// shortest first.
    by_first: Vec<Vec<(Ask, u32)>>,
    /// Whether some shape or pattern may fit a point in time.
    instants: bool,
    /// Whether some shape or pattern may fit a UUID.
    ids: bool,
}

impl Whole {
    /// Whether some rule may have something to say of a UUID.
    pub(super) fn wants_ids(&self) -> bool {
        let of_ids = self.by_form.get(Form::Uuid as usize);
        self.ids || of_ids.is_some_and(|by_first| by_first.iter().any(|bits| *bits != 0))
    }

    /// Whether some rule may have something to say of a date with a time other than midnight.
    pub(super) fn wants_instants(&self) -> bool {
        self.instants
    }

    /// No rules yet.
    pub(super) fn new() -> Whole {
        Whole {
            trials: Vec::new(),
            shapes: Vec::new(),
            by_census: vec![Vec::new(); DIGITS * DIGITS],
            recognisers: Vec::new(),
            by_form: vec![[0; 256]; Form::ALL.len()],
            patterns: Vec::new(),
            by_first: vec![Vec::new(); 256],
            instants: false,
            ids: false,
        }
    }

    /// Adds a trial, to be reached by what is added for its number.
    pub(super) fn add_trial(&mut self, trial: Trial) -> usize {
        self.trials.push(trial);
        self.trials.len() - 1
    }

    /// Values of `shape` are tried.
    pub(super) fn add_shape(&mut self, shape: Shape, trial: usize) {
        self.instants |= (INSTANT_MARKS.iter()).all(|(place, byte)| shape.accepts(*place, *byte));
        if let Some(known) = self.shapes.iter_mut().find(|entry| entry.shape == shape) {
            known.trials.push(trial);
            return;
        }
        self.ids |= shape.len() == ID_LENGTH;
        let (least, most) = shape.digits();
        let number = self.shapes.len();
        for digits in usize::from(least)..=usize::from(most) {
            if let Some(numbers) = self.by_census.get_mut(shape.len() * DIGITS + digits) {
                numbers.push(number);
            }
        }
        self.shapes.push(ShapeTrials { shape, trials: vec![trial] });
    }

    /// Values of a recogniser are tried.
    pub(super) fn add_recogniser(&mut self, recogniser: Recogniser, trial: usize) {
        let named = |entry: &&mut RecogniserTrials| entry.recogniser.name == recogniser.name;
        if let Some(known) = self.recognisers.iter_mut().find(named) {
            known.trials.push(trial);
            return;
        }
        let bit = 1u32 << self.recognisers.len();
        for form in recogniser.forms {
            let by_first = self.by_form.get_mut(usize::from(*form as u8)).into_iter().flatten();
            for (bits, byte) in by_first.zip(0..=u8::MAX) {
                if recogniser.begins_with(byte) {
                    *bits |= bit;
                }
            }
        }
        self.recognisers.push(RecogniserTrials { recogniser, trials: vec![trial] });
    }

    /// Values that `pattern` matches as a whole are tried.
    pub(super) fn add_pattern(&mut self, pattern: Pattern, trial: usize) {
        self.instants |= pattern.may_be_instant();
        self.ids |= pattern.may_be_id();
        let place = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        for needs in pattern.needs() {
            for (asks, byte) in self.by_first.iter_mut().zip(0..=u8::MAX) {
                if needs.begins_with(byte) {
                    let at = asks.partition_point(|(ask, _)| ask.least() <= needs.ask.least());
                    asks.insert(at, (needs.ask, place));
                }
            }
        }
        self.patterns.push((pattern, trial));
    }

    /// Tries `value`.
    pub(super) fn apply(&self, value: &Seen<'_>, outcome: &mut Outcome) {
        let mut given = Given::new(value.bytes, value.census);
        self.apply_shapes(value.census, &mut given, outcome);
        self.apply_recognisers(value, &mut given, outcome);
        self.apply_patterns(value.census, &mut given, outcome);
    }

    fn apply_recognisers(&self, value: &Seen<'_>, given: &mut Given<'_>, outcome: &mut Outcome) {
        let by_first = self.by_form.get(usize::from(value.form as u8));
        let bits = value.bytes.first().zip(by_first).map(|(b, bits)| bits.get(usize::from(*b)));
        let mut bits = bits.flatten().copied().unwrap_or(0);
        while bits != 0 {
            let number = usize::try_from(bits.trailing_zeros()).unwrap_or_default();
            bits &= bits - 1;
            let Some(RecogniserTrials { recogniser, trials }) = self.recognisers.get(number) else {
                return;
            };
            if recogniser.may_be(value.census) && (recogniser.run)(value) {
                for trial in trials {
                    self.apply_trial(*trial, given, outcome);
                }
            }
        }
    }

    fn apply_patterns(&self, census: &Census, given: &mut Given<'_>, outcome: &mut Outcome) {
        let asks = given.bytes.first().and_then(|b| self.by_first.get(usize::from(*b)));
        let len = u32::try_from(census.len).unwrap_or(u32::MAX);
        for (ask, place) in asks.into_iter().flatten() {
            if ask.least() > len {
                return;
            }
            if ask.fits(len, census.traits)
                && let Some((pattern, trial)) = self.patterns.get(*place as usize)
                && pattern.matches(given.bytes)
            {
                self.apply_trial(*trial, given, outcome);
            }
        }
    }

    /// The shapes that a value of so many bytes, so many of them digits, can have.
    fn shapes_of(&self, len: usize, digits: usize) -> &[usize] {
        if len > MASK_CHARS_MAX {
            return &[];
        }
        self.by_census.get(len * DIGITS + digits).map_or(&[], Vec::as_slice)
    }

    fn apply_shapes(&self, census: &Census, given: &mut Given<'_>, outcome: &mut Outcome) {
        let numbers = self.shapes_of(census.len, census.digits).iter();
        for entry in numbers.filter_map(|number| self.shapes.get(*number)) {
            if entry.shape.fits(given.bytes) {
                for trial in &entry.trials {
                    self.apply_trial(*trial, given, outcome);
                }
            }
        }
    }

    fn apply_trial(&self, trial: usize, given: &mut Given<'_>, outcome: &mut Outcome) {
        if let Some(trial) = self.trials.get(trial) {
            trial.apply(given, outcome);
        }
    }
}
