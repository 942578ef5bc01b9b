//! Many checks tried on one column: what luck costs, and which of several classes explains it.

use std::sync::Arc;

use super::super::locate::Place;
use super::super::score;
use super::clues;
use super::{
    ANY_IDENTIFIER, Answers, CONFIDENCE_REPORTED, Column, Distinct, Judge, JudgeClass, JudgeRule,
    Judgement, Name,
};
use crate::base::Span;
use crate::model::RuleId;

/// One way in which a class may be carried.
pub(in crate::detect) struct Claim {
    pub(super) log_odds: f64,
    pub(in crate::detect) count: u64,
    /// When the values that carry it were seen.
    pub(super) span: Span,
    pub(in crate::detect) why: String,
    /// What a check said of whole values, where that is what the claim is made of.
    pub(super) checked: Option<Checked>,
    /// Whether it is made of what stands within longer text.
    pub(super) in_text: bool,
}

/// A claim made by a check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked {
    /// What the values said, without a bound, and the weight of their format.
    pub(super) says: f64,
    /// Whether name or place speak for it.
    pub(super) in_context: bool,
}

impl Claim {
    /// The same, made because of what other fields of the object carry.
    pub(super) fn beside(self, known: &str) -> Claim {
        let why = match clues::name_of(known) {
            Some(name) => format!("{}; \"{name}\" is beside it", self.why),
            None => format!("{}; the object is a person's", self.why),
        };
        Claim { why, ..self }
    }
}

impl Judge {
    /// The numbers of the classes that most values pass.
    pub(super) fn passing(&self, answers: &Answers) -> Vec<usize> {
        let all = self.classes.iter().enumerate();
        all.filter(|(_, class)| answers.pass_most(&class.asks)).map(|(at, _)| at).collect()
    }

    /// Whether the words of the class with this number are part of a longer name of another class,
    /// whose rules most of the values pass.
    pub(super) fn is_part_of_another<'j>(
        &'j self,
        class: usize,
        name: &Name<'j>,
        passing: &[usize],
    ) -> bool {
        let longer = name.longer_than(class, self);
        passing.iter().any(|other| longer.contains(other))
    }

    /// How many checks were tried on the values of a column without being asked for by a name: one
    /// of them passes by luck so many times more easily.
    pub(super) fn searched(&self, distinct: &Distinct) -> u64 {
        let was_tried = |rule: &&JudgeRule| {
            let tried = |id: RuleId| distinct.of_rule(id).0 > 0;
            rule.chance.is_some()
                && ((!rule.needs_context && tried(rule.id))
                    || (!rule.bare_needs_context && rule.bare.is_some_and(tried)))
        };
        let rules = self.classes.iter().flat_map(|class| &class.rules);
        score::count(rules.filter(was_tried).count())
    }
}

impl Column<'_> {
    /// How many values pass a rule of `class`, with separators or without.
    fn passing_any(&self, class: &JudgeClass) -> u64 {
        let passed = |id: RuleId| self.evidence.of_rule(id).passed;
        let of_rule = |rule: &JudgeRule| passed(rule.id) + rule.bare.map_or(0, passed);
        class.rules.iter().map(of_rule).max().unwrap_or(0).min(self.filled)
    }

    /// Of classes whose checks the same values pass, only what explains them best is left: name and
    /// place first, then what the values say. Those that explain them equally well share the odds.
    pub(super) fn compare(&self, claims: &mut [(&JudgeClass, Option<&Place>, Option<Claim>)]) {
        let reported = score::log_odds(CONFIDENCE_REPORTED);
        let mut rivals: Vec<(Checked, usize, Arc<str>)> = Vec::new();
        let mut few: Vec<(Checked, usize, Arc<str>)> = Vec::new();
        for (at, (class, place, claim)) in claims.iter().enumerate() {
            if let Some(claim) = claim.as_ref().filter(|c| c.log_odds >= reported)
                && place.is_none_or(|place| place.confidence < CONFIDENCE_REPORTED)
                && let Some(checked) = claim.checked
            {
                let rival = (checked, at, Arc::clone(&class.class));
                if claim.count * 2 > self.filled { &mut rivals } else { &mut few }.push(rival);
            }
        }
        let rank = |checked: &Checked| (checked.in_context, checked.says);
        let Some(best) = rivals.iter().max_by(|a, b| {
            let (mine, theirs) = (rank(&a.0), rank(&b.0));
            mine.0.cmp(&theirs.0).then(mine.1.total_cmp(&theirs.1))
        }) else {
            return;
        };
        let (top, name) = (best.0, Arc::clone(&best.2));
        // Nothing is left for a class that some of the values pass where another explains them all.
        let count = |at: usize| claims.get(at).and_then(|c| c.2.as_ref()).map_or(0, |c| c.count);
        let most =
            claims.get(best.1).map_or(0, |claim| self.passing_any(claim.0)).max(count(best.1));
        few.retain(|(checked, at, _)| {
            !checked.in_context && checked.says < top.says && most + count(*at) > self.filled
        });
        let alike = |checked: &Checked| {
            checked.in_context == top.in_context && top.says - checked.says < score::SAID_APART
        };
        let sharing = score::count(rivals.iter().filter(|rival| alike(&rival.0)).count());
        for (checked, at, _) in rivals.iter().chain(&few) {
            let Some((_, _, Some(claim))) = claims.get_mut(*at) else { continue };
            let beaten = few.iter().any(|few| few.1 == *at);
            if beaten || !alike(checked) {
                claim.log_odds = claim.log_odds.min(score::PRIOR);
                claim.why = format!("{}; {name} explains the values better", claim.why);
            } else if sharing > 1 {
                claim.log_odds -= score::search_cost(sharing);
                claim.why = format!("{}; {} classes explain it as well", claim.why, sharing - 1);
            }
        }
    }
}

impl Judgement {
    /// Leaves out that a number is one of whatever kind where its kind is known, and none of
    /// `places` is for such numbers.
    pub(super) fn know_more_closely(&mut self, places: &[Place]) {
        if places.iter().any(|place| *place.class == *ANY_IDENTIFIER) {
            return;
        }
        let known = self.verdicts.iter().find(|verdict| *verdict.class != *ANY_IDENTIFIER);
        let Some(known) = known.map(|verdict| Arc::clone(&verdict.class)) else { return };
        let before = self.verdicts.len();
        self.verdicts.retain(|verdict| *verdict.class != *ANY_IDENTIFIER);
        if self.verdicts.len() < before {
            let own = format!("{ANY_IDENTIFIER}: ");
            self.reasons.retain(|reason| !reason.starts_with(&own));
            self.reasons.push(format!("withheld {ANY_IDENTIFIER}: it is known as {known}"));
        }
    }
}
