//! What the forms of a column's values say, where name or place speak for a class.

use super::super::score;
use super::{Claim, Column, JudgeClass, JudgeRule};
use crate::model::{Form, ValueKind};

/// The check that is weighed by how many pass, and refuses nothing.
const GIVEN_NAME: &str = "given-name";

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

/// What the rules of a class that ask for forms found of capitalised words.
#[derive(Clone, Copy)]
pub(super) struct Capitalised {
    /// Values that one of their checks refuses: `Flu Shot` is nobody's name.
    refused: u64,
    given: Option<GivenNames>,
}

/// How many distinct values have a given name, and what that says.
#[derive(Clone, Copy)]
struct GivenNames {
    given: u64,
    tried: u64,
    says: f64,
}

impl Column<'_> {
    /// Values that look like the class where its place leaves open what stands there.
    pub(super) fn by_look(&self, rule: &JudgeRule, words: Capitalised) -> Option<Claim> {
        if rule.forms != [Form::TitleWords] {
            return None;
        }
        let base = score::PRIOR + score::LOOK - rule.bare_weight;
        let claim = self.by_form(rule, Basis { base, hinted: false, no_texts: false }, words)?;
        Some(Claim { why: format!("{} of a name", claim.why), ..claim })
    }

    /// What the rules of forms of `class` found.
    pub(super) fn capitalised(&self, class: &JudgeClass) -> Capitalised {
        let checking = || {
            let of_forms = class.rules.iter().filter(|rule| !rule.forms.is_empty());
            of_forms.filter(|rule| rule.check.is_some())
        };
        let weighs = |rule: &&JudgeRule| rule.check == Some(GIVEN_NAME) && rule.chance.is_some();
        let refused = checking().filter(|rule| !weighs(rule)).map(|rule| {
            let count = self.evidence.of_rule(rule.id);
            count.tried.saturating_sub(count.passed)
        });
        // What has no given name is not refused by that: its share speaks.
        let given = checking().filter(weighs).find_map(|rule| {
            let (tried, given, _) = self.distinct.of_rule(rule.id);
            let says = score::given_evidence(tried, given, rule.chance?);
            (tried > 0).then_some(GivenNames { given, tried, says })
        });
        Capitalised { refused: refused.max().unwrap_or(0), given }
    }

    /// A name and values of the forms that go with it. Where the name only hints at the class, few
    /// values that come again and again speak against it: they are kinds of something.
    pub(super) fn by_form(
        &self,
        rule: &JudgeRule,
        Basis { base, hinted, no_texts }: Basis,
        words: Capitalised,
    ) -> Option<Claim> {
        if rule.forms.is_empty() || self.evidence.kinds & !(1 << ValueKind::Boolean as u8) == 0 {
            return None;
        }
        let refused = if rule.forms.contains(&Form::TitleWords) { words.refused } else { 0 };
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
        let weighed = hinted || rule.check == Some(GIVEN_NAME);
        if let Some(GivenNames { given, tried, says }) = words.given.filter(|_| weighed) {
            why = format!("{why}; {given} of {tried} distinct ones have a given name");
            log_odds += says;
        }
        let span = self.evidence.filled;
        Some(Claim { log_odds, count: fitting, span, why, checked: None, in_text: false })
    }
}
