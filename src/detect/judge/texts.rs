//! What is found inside longer text.

use super::super::score;
use super::{Claim, Column, JudgeRule};
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
            return Some(Claim { log_odds: score::PRIOR, count: 0, span, why, checked: None });
        }
        Some(Claim {
            log_odds: score::PRIOR + weight + score::repeat_evidence(distinct),
            count: embedded,
            span,
            why,
            checked: None,
        })
    }
}
