//! What the forms of a column's values say, where name or place speak for a class.

use super::super::score;
use super::{Claim, Column, JudgeClass, JudgeRule};
use crate::model::{Form, ValueKind};

/// What a claim by form is made on.
#[derive(Clone, Copy)]
pub(super) struct Basis {
    /// What is known before the values are looked at.
    pub(super) base: f64,
    /// Whether that only hints at the class.
    pub(super) hinted: bool,
    /// Whether values in whole sentences say nothing.
    pub(super) no_texts: bool,
}

impl Column<'_> {
    /// Values that look like the class where its place leaves open what stands there.
    pub(super) fn by_look(&self, rule: &JudgeRule, refused: u64) -> Option<Claim> {
        if rule.forms != [Form::TitleWords] {
            return None;
        }
        let base = score::PRIOR + score::LOOK - rule.bare_weight;
        let claim = self.by_form(rule, Basis { base, hinted: false, no_texts: false }, refused)?;
        Some(Claim { why: format!("{} of a name", claim.why), ..claim })
    }

    /// Values in capitalised words that the check of one of the class's rules of forms refuses:
    /// `Flu Shot` is nobody's name.
    pub(super) fn refused_by(&self, class: &JudgeClass) -> u64 {
        let of_forms = class.rules.iter().filter(|rule| !rule.forms.is_empty());
        let counts = of_forms.filter(|rule| rule.check.is_some());
        let refused = counts.map(|rule| {
            let count = self.evidence.of_rule(rule.id);
            count.tried.saturating_sub(count.passed)
        });
        refused.max().unwrap_or(0)
    }

    /// A name and values of the forms that go with it. Where the name only hints at the class, few
    /// values that come again and again speak against it: they are kinds of something.
    pub(super) fn by_form(
        &self,
        rule: &JudgeRule,
        Basis { base, hinted, no_texts }: Basis,
        refused: u64,
    ) -> Option<Claim> {
        if rule.forms.is_empty() || self.evidence.kinds & !(1 << ValueKind::Boolean as u8) == 0 {
            return None;
        }
        let refused = if rule.forms.contains(&Form::TitleWords) { refused } else { 0 };
        let texts = match no_texts && rule.forms.contains(&Form::Text) {
            true => self.evidence.of_form(Form::Text),
            false => 0,
        };
        let fitting = self.of_forms(&rule.forms).saturating_sub(refused + texts);
        let shown = self.evidence.exemplar.map(|exemplar| exemplar.mask.characters());
        if shown.is_some_and(|characters| characters < rule.shortest) {
            return None;
        }
        if fitting == 0 {
            return None;
        }
        let mut why = format!("{fitting} of {} values have a fitting form", self.filled);
        let share = 2.0 * score::share_evidence(fitting, self.filled, false);
        let mut log_odds = base + rule.bare_weight + share;
        if refused > fitting.saturating_mul(score::REFUSED_TIMES) {
            why = format!("{why}; {refused} are none");
            log_odds += score::MOSTLY_REFUSED;
        }
        let tried = self.evidence.of_rule(rule.id).tried;
        let (distinct, _, _) = self.distinct.of_rule(rule.id);
        let few = score::few_evidence(tried, distinct);
        if hinted && few < 0.0 {
            why = format!("{why}; only {distinct} distinct ones among {tried}");
            log_odds += few;
        }
        let span = self.evidence.filled;
        Some(Claim { log_odds, count: fitting, span, why, checked: None, in_text: false })
    }
}
