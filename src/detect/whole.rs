//! Whole values: which rules' format one has, and whether its check passes.

use regex_automata::meta::Regex;

use crate::base::limits::MASK_CHARS_MAX;
use crate::model::{Outcome, RuleId};

use super::checks::{Check, Input};
use super::recognisers::{Recogniser, Seen};
use super::shape::{Compact, Shape};

/// The check of a rule, with what goes with its result.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The rule whose bits are set.
    pub(super) rule: RuleId,
    /// What has to pass; without one the format is enough.
    pub(super) check: Option<Check>,
    /// Leading digits of values for tests, and the rule that counts them.
    pub(super) test: Option<(RuleId, Vec<Box<[u8]>>)>,
}

impl Trial {
    /// Whether `value` passes.
    pub(super) fn passes(&self, value: &[u8]) -> bool {
        match self.check {
            None => true,
            Some(Check { input: Input::Whole, run, .. }) => run(value),
            Some(Check { input: Input::Compact, run, .. }) => run(Compact::of(value).as_bytes()),
        }
    }

    fn apply(&self, value: &[u8], outcome: &mut Outcome) {
        outcome.tried.insert(self.rule);
        if !self.passes(value) {
            return;
        }
        outcome.passed.insert(self.rule);
        if let Some((rule, prefixes)) = &self.test {
            let compact = Compact::of(value);
            if prefixes.iter().any(|prefix| compact.as_bytes().starts_with(prefix)) {
                outcome.tried.insert(*rule);
                outcome.passed.insert(*rule);
            }
        }
    }
}

#[derive(Debug)]
struct ShapeTrial {
    shape: Shape,
    trial: usize,
}

/// All rules over whole values, by what decides soonest: length and number of digits.
#[derive(Debug)]
pub(super) struct Whole {
    trials: Vec<Trial>,
    /// By length.
    shapes: Vec<Vec<ShapeTrial>>,
    /// By length: one bit per number of digits that some shape of that length can have.
    gates: [u64; MASK_CHARS_MAX + 1],
    recognisers: Vec<(Recogniser, usize)>,
    patterns: Vec<(Regex, usize)>,
}

impl Whole {
    /// No rules yet.
    pub(super) fn new() -> Whole {
        Whole {
            trials: Vec::new(),
            shapes: (0..=MASK_CHARS_MAX).map(|_| Vec::new()).collect(),
            gates: [0; MASK_CHARS_MAX + 1],
            recognisers: Vec::new(),
            patterns: Vec::new(),
        }
    }

    /// Adds a trial, to be reached by what is added for its number.
    pub(super) fn add_trial(&mut self, trial: Trial) -> usize {
        self.trials.push(trial);
        self.trials.len() - 1
    }

    /// Values of `shape` are tried.
    pub(super) fn add_shape(&mut self, shape: Shape, trial: usize) {
        let (least, most) = shape.digits();
        if let Some(gate) = self.gates.get_mut(shape.len()) {
            for digits in least..=most.min(63) {
                *gate |= 1 << digits;
            }
        }
        if let Some(shapes) = self.shapes.get_mut(shape.len()) {
            shapes.push(ShapeTrial { shape, trial });
        }
    }

    /// Values of a recogniser are tried.
    pub(super) fn add_recogniser(&mut self, recogniser: Recogniser, trial: usize) {
        self.recognisers.push((recogniser, trial));
    }

    /// Values that `pattern` matches as a whole are tried.
    pub(super) fn add_pattern(&mut self, pattern: Regex, trial: usize) {
        self.patterns.push((pattern, trial));
    }

    /// Tries `value`.
    pub(super) fn apply(&self, value: &Seen<'_>, outcome: &mut Outcome) {
        let digits = value.census.digits;
        if let Some(gate) = self.gates.get(value.census.len)
            && digits < 64
            && gate >> digits & 1 == 1
        {
            self.apply_shapes(value, digits, outcome);
        }
        // Every recogniser wants a digit, an @ or the capitals of a base64 or PEM head.
        if digits > 0 || value.census.ats > 0 || value.census.upper >= 2 {
            for (recogniser, trial) in &self.recognisers {
                if (recogniser.run)(value) {
                    self.apply_trial(*trial, value.bytes, outcome);
                }
            }
        }
        for (pattern, trial) in &self.patterns {
            if pattern.is_match(value.bytes) {
                self.apply_trial(*trial, value.bytes, outcome);
            }
        }
    }

    fn apply_shapes(&self, value: &Seen<'_>, digits: usize, outcome: &mut Outcome) {
        for entry in self.shapes.get(value.census.len).into_iter().flatten() {
            let (least, most) = entry.shape.digits();
            if (usize::from(least)..=usize::from(most)).contains(&digits)
                && entry.shape.fits(value.bytes)
            {
                self.apply_trial(entry.trial, value.bytes, outcome);
            }
        }
    }

    fn apply_trial(&self, trial: usize, value: &[u8], outcome: &mut Outcome) {
        if let Some(trial) = self.trials.get(trial) {
            trial.apply(value, outcome);
        }
    }
}
