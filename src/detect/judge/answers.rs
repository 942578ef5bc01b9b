//! Which rules a column answers to, as bits: most classes have nothing to say of most columns, and
//! a word or two tells.

use super::JudgeRule;
use crate::model::{Evidence, Form, RuleBits};

/// What the rules of a class look at.
#[derive(Debug, Default)]
pub(super) struct Asks {
    rules: RuleBits,
    /// Those whose values pass or fail.
    checks: RuleBits,
    /// A bit each.
    forms: u32,
}

/// What a column has for rules to look at.
pub(super) struct Answers {
    /// Rules whose format a value has, or holds something that has.
    tried: RuleBits,
    /// Rules that most values with their format pass.
    passed: RuleBits,
    forms: u32,
}

impl Asks {
    pub(super) fn of(rules: &[JudgeRule]) -> Self {
        let mut out = Self::default();
        for rule in rules {
            for id in [Some(rule.id), rule.bare].into_iter().flatten() {
                out.rules.insert(id);
                if rule.forms.is_empty() {
                    out.checks.insert(id);
                }
            }
            out.forms |= bits(rule.forms.iter().copied());
        }
        out
    }
}

impl Answers {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let with = |is: &dyn Fn(u64, u64, u64) -> bool| {
            let mut out = RuleBits::NONE;
            let counts = evidence.rules.iter();
            counts
                .filter(|count| is(count.tried, count.passed, count.embedded))
                .for_each(|count| out.insert(count.rule));
            out
        };
        let seen = evidence.forms.iter().filter(|(_, count)| *count > 0);
        Self {
            tried: with(&|tried, _, embedded| tried + embedded > 0),
            passed: with(&|tried, passed, _| passed * 2 > tried),
            forms: bits(seen.map(|(form, _)| *form)),
        }
    }

    pub(super) fn speak_of(&self, asked: &Asks) -> bool {
        self.are_tried_for(asked) || self.forms & asked.forms != 0
    }

    pub(super) fn are_tried_for(&self, asked: &Asks) -> bool {
        self.tried.meets(&asked.rules)
    }

    /// Whether most values that have the format of a rule pass it.
    pub(super) fn pass_most(&self, asked: &Asks) -> bool {
        self.passed.meets(&asked.checks)
    }
}

fn bits(forms: impl Iterator<Item = Form>) -> u32 {
    forms.fold(0, |bits, form| bits | 1 << form as u8)
}
