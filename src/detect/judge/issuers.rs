//! What issuers say: that a number is theirs, and which ranges they have given out. Ranges make
//! a class more or less likely, and refuse nothing: what was made for tests is traffic, too.

use super::super::score;
use super::{Column, Judge, JudgeRule};
use crate::model::{Outcome, RuleId};

impl Judge {
    /// Of the rules that `outcome` says passed, those of the class that `issuer` stands for are as
    /// good as found in a text that names it: `identifier=http://…/bsn|111222333` of a FHIR search.
    pub(in crate::detect) fn mark_issued(&self, issuer: &str, outcome: &mut Outcome) {
        let class = self.by_class.get(issuer).and_then(|at| self.classes.get(*at));
        for rule in class.into_iter().flat_map(|class| &class.rules) {
            let passed = |id: RuleId| outcome.passed.contains(id);
            if passed(rule.id) || rule.bare.is_some_and(passed) {
                outcome.embedded.insert(rule.id);
            }
        }
    }
}

impl Column<'_> {
    /// What it says of `rule` that so many of the `passed` distinct values, those for tests not
    /// counted, are of ranges that were given out.
    pub(super) fn by_ranges(
        &self,
        rule: &JudgeRule,
        (passed, in_context): (u64, bool),
        why: String,
    ) -> (f64, String) {
        let Some((issued, share)) = rule.issued.filter(|_| passed > 0) else {
            return (0.0, why);
        };
        let issued = self.distinct.of_rule(issued).1.min(passed);
        let says = score::issued_evidence(passed, issued, share, in_context);
        (says, format!("{why}; {issued} of {passed} of ranges that were given out"))
    }
}
