//! What is found inside longer text.

use super::super::score;
use super::{Claim, Column, JudgeRule};
use crate::model::Form;
use crate::model::evidence::RuleCount;

impl Column<'_> {
    /// Found inside longer text.
    pub(super) fn by_text(&self, rule: &JudgeRule, named: f64) -> Option<Claim> {
        const EMBEDDED_WEIGHT_MIN: f64 = 10.0;
        const TEXTS_MIN: u64 = 3;
        let RuleCount { embedded, span, .. } = self.evidence.of_rule(rule.id);
        if embedded == 0 {
            return None;
        }
        let (_, _, distinct) = self.distinct.of_rule(rule.id);
        let named = if self.prose { named.max(score::NAME_WEAK) } else { named };
        let alone = rule.weight.max(EMBEDDED_WEIGHT_MIN);
        let weight = rule.embedded_weight.map_or(alone, |weight| weight + named);
        let why = format!("found inside {embedded} of {} texts", self.filled);
        let few = rule.text_share.is_some_and(|least| {
            let share = score::float(embedded) >= least * score::float(self.filled);
            embedded * 2 < self.filled && !(share && distinct >= TEXTS_MIN)
        });
        if few && named <= 0.0 && !self.notes {
            let why = format!("{why}, too few of them");
            let (log_odds, in_text) = (score::PRIOR, true);
            return Some(Claim { log_odds, count: 0, span, why, checked: None, in_text });
        }
        if rule.hint {
            let (log_odds, in_text) = (score::HINT, true);
            let claim = Claim { log_odds, count: embedded, span, why, checked: None, in_text };
            return Some(claim);
        }
        let failed = self.failed_as_a_column(rule);
        let why = match failed < 0.0 {
            true => format!("{why}, all of them of a column whose other values fail"),
            false => why,
        };
        Some(Claim {
            log_odds: score::PRIOR + weight + score::repeat_evidence(distinct) + failed,
            count: embedded,
            span,
            why,
            checked: None,
            in_text: self.evidence.of_form(Form::Text) * 2 > self.filled,
        })
    }

    /// What is taken away where all that was found stands in values whose cores were tried, too: of
    /// `card:4…` in every value some pass by chance, and the search in texts knows only those.
    fn failed_as_a_column(&self, rule: &JudgeRule) -> f64 {
        let Some(chance) = rule.chance.filter(|_| !self.distinct.is_in_texts(rule.id)) else {
            return 0.0;
        };
        let says = [Some(rule.id), rule.bare].into_iter().flatten().map(|id| {
            let (tried, passed, _) = self.distinct.of_rule(id);
            if tried == 0 { 0.0 } else { score::check_evidence(tried, passed, chance) }
        });
        says.sum::<f64>().min(0.0)
    }
}
