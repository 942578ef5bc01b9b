//! The sample of a column, counted by rule.

use crate::model::{Evidence, RuleBits, RuleId};

/// Distinct values of the sample, per rule.
pub(super) struct Distinct {
    tried: [u16; 256],
    passed: [u16; 256],
    embedded: [u16; 256],
    /// Of those embedded, in values of which nothing was tried: texts.
    in_texts: [u16; 256],
    entries: u64,
}

impl Distinct {
    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    pub(super) fn of(evidence: &mut Evidence) -> Distinct {
        let mut out = Distinct {
            tried: [0; 256],
            passed: [0; 256],
            embedded: [0; 256],
            in_texts: [0; 256],
            entries: 0,
        };
        let count = |bits: RuleBits, table: &mut [u16; 256]| {
            for rule in bits.iter() {
                table[usize::from(rule.0)] += 1;
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

    #[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
    pub(super) fn of_rule(&self, rule: RuleId) -> (u64, u64, u64) {
        let at = usize::from(rule.0);
        (self.tried[at].into(), self.passed[at].into(), self.embedded[at].into())
    }

    /// Whether `rule` was found in a value of which nothing was tried as a whole.
    pub(super) fn is_in_texts(&self, rule: RuleId) -> bool {
        self.in_texts.get(usize::from(rule.0)).is_some_and(|texts| *texts > 0)
    }
}
