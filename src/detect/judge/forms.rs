//! What the forms of a column's values say, where name or place speak for a class.

use super::super::score;
use super::{Claim, Column, JudgeRule};
use crate::model::{Form, ValueKind};

impl Column<'_> {
    /// Values that look like the class where its place leaves open what stands there.
    pub(super) fn by_look(&self, rule: &JudgeRule) -> Option<Claim> {
        if rule.forms != [Form::TitleWords] {
            return None;
        }
        let claim = self.by_form(rule, score::PRIOR + score::LOOK - rule.bare_weight)?;
        Some(Claim { why: format!("{} of a name", claim.why), ..claim })
    }

    /// A name and values of the forms that go with it.
    pub(super) fn by_form(&self, rule: &JudgeRule, base: f64) -> Option<Claim> {
        if rule.forms.is_empty() || self.evidence.kinds & !(1 << ValueKind::Boolean as u8) == 0 {
            return None;
        }
        let fitting = self.of_forms(&rule.forms);
        if fitting == 0 {
            return None;
        }
        let why = format!("{fitting} of {} values have a fitting form", self.filled);
        let share = 2.0 * score::share_evidence(fitting, self.filled, false);
        let log_odds = base + rule.bare_weight + share;
        let span = self.evidence.filled;
        Some(Claim { log_odds, count: fitting, span, why, checked: None })
    }
}
