//! The sample of a column, counted by rule.

use crate::base::limits::RULES_MAX;
use crate::model::{Evidence, RuleBits, RuleId};

type Counts = [u16; RULES_MAX];

/// Distinct values of the sample, per rule.
pub(super) struct Distinct {
    tried: Counts,
    passed: Counts,
    embedded: Counts,
    /// Of those embedded, in values of which nothing was tried: texts.
    in_texts: Counts,
    entries: u64,
}

impl Distinct {
    pub(super) fn of(evidence: &mut Evidence) -> Distinct {
        let mut out = Distinct {
            tried: [0; RULES_MAX],
            passed: [0; RULES_MAX],
            embedded: [0; RULES_MAX],
            in_texts: [0; RULES_MAX],
            entries: 0,
        };
        let count = |bits: RuleBits, table: &mut Counts| {
            for rule in bits.iter() {
                if let Some(count) = table.get_mut(usize::from(rule.0)) {
                    *count += 1;
                }
            }
        };
        for entry in evidence.sample.entries() {
            count(entry.outcome.tried, &mut out.tried);
            count(entry.outcome.passed, &mut out.passed);
            count(entry.outcome.embedded, &mut out.embedded);
            if entry.outcome.tried.is_empty() {
                count(entry.outcome.embedded, &mut out.in_texts);
            }
            out.entries += 1;
        }
        out
    }

    pub(super) fn of_rule(&self, rule: RuleId) -> (u64, u64, u64) {
        let of = |counts: &Counts| counts.get(usize::from(rule.0)).copied().unwrap_or(0).into();
        (of(&self.tried), of(&self.passed), of(&self.embedded))
    }

    /// Whether `rule` was found in a value of which nothing was tried as a whole.
    pub(super) fn is_in_texts(&self, rule: RuleId) -> bool {
        self.in_texts.get(usize::from(rule.0)).is_some_and(|texts| *texts > 0)
    }
}
