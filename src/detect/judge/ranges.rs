//! Ranges that issuers have given out: they make a class more or less likely, and refuse nothing.
//! What was made for tests and examples is traffic, too.

use super::super::score;
use super::{Column, JudgeRule};

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
