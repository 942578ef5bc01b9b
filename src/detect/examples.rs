//! The examples of rules, tried on the rules.

use std::sync::Arc;

use crate::base::Mask;
use crate::model::{Direction, Evidence, Location, RuleId, ValueKind};
use crate::rules::{Example, Rule, RuleError, RulePack};

use super::compile::refuse;
use super::detector::Detector;
use super::field::FieldRef;
use super::judge::{CONFIDENCE_REPORTED, clues_of};

/// Examples for which a rule of the user is looked for that spoils them: one that takes everything
/// spoils hundreds.
const SPOILT_MAX: usize = 8;

/// Every example of a pack that does not hold, those of the last rule first. Of built-in rules only
/// those that a rule of the user spoils by taking too much: it is named. What holds no more because
/// the user switched a rule off, or replaced it, is as it was asked for.
pub(super) fn wrong_examples(detector: &Detector, pack: &RulePack) -> Vec<RuleError> {
    let wrong = |own: bool| {
        let rules = pack.rules().iter().rev().filter(move |rule| rule.is_built_in() != own);
        rules.flat_map(|rule| wrong_of_rule(detector, rule).into_iter().map(move |e| (rule, e)))
    };
    let mut out: Vec<RuleError> = wrong(true).map(|(_, error)| error).collect();
    let spoilt: Vec<(&Rule, RuleError)> = wrong(false).collect();
    if pack.is_as_built() {
        out.extend(spoilt.into_iter().map(|(_, error)| error));
    } else {
        let mut looked_at = spoilt.iter().take(SPOILT_MAX);
        out.extend(looked_at.find_map(|(rule, error)| spoiler(pack, rule, error)));
    }
    out
}

/// Which of the user's rules spoils an example of `rule`, a built-in one.
fn spoiler(pack: &RulePack, rule: &Rule, error: &RuleError) -> Option<RuleError> {
    let told = error.to_string();
    let holds_without = |gone: &dyn Fn(&Rule) -> bool| {
        let detector = super::compile::build(&pack.without(gone)).ok()?;
        let wrong = wrong_of_rule(&detector, rule);
        Some(!wrong.iter().any(|other| other.to_string() == told))
    };
    if holds_without(&|rule| !rule.is_built_in()) != Some(true) {
        return None;
    }
    let own = || pack.rules().iter().filter(|own| !own.is_built_in());
    let (near, far): (Vec<&Rule>, Vec<&Rule>) = own().partition(|own| own.class == rule.class);
    let mut all = near.into_iter().chain(far);
    let one = all.find(|own| holds_without(&|rule| rule.id() == own.id()) == Some(true));
    let reason = format!(
        "it takes so much that an example of built-in rule {} no longer holds: narrow it, or \
         switch that rule off",
        rule.id()
    );
    one.or_else(|| own().next_back()).map(|own| refuse(own, "examples", reason))
}

fn wrong_of_rule(detector: &Detector, rule: &Rule) -> Vec<RuleError> {
    let ids: Vec<RuleId> = [rule.id().to_owned(), format!("{}.bare", rule.id())]
        .iter()
        .filter_map(|name| detector.rule_id(name))
        .collect();
    let finds = |example: &Example| match example {
        Example::Value(value) => {
            let outcome = detector.inspect(ValueKind::String, value.as_bytes()).outcome;
            let says = outcome.passed.union(&outcome.embedded);
            ids.iter().any(|id| says.contains(*id))
        }
        Example::Field { field, value, beside_fields, beside } => {
            let beside = beside.iter().cloned().chain(clues_of(beside_fields));
            reports(detector, rule, (field, &beside.collect::<Vec<_>>()), value)
        }
    };
    let wrong = |key, example: &Example, verb| {
        let shown = match example {
            Example::Value(value) => value.clone(),
            Example::Field { field, value, .. } => format!("{field} = {value}"),
        };
        refuse(rule, key, format!("{shown:?} {verb}"))
    };
    let missed = rule.examples.matches.iter().filter(|e| !finds(e));
    let taken = rule.examples.rejects.iter().filter(|e| finds(e));
    missed
        .map(|e| wrong("examples.match", e, "does not match"))
        .chain(taken.map(|e| wrong("examples.reject", e, "matches")))
        .collect()
}

/// Whether a field with this one value is given the rule's class.
fn reports(
    detector: &Detector,
    rule: &Rule,
    (field, beside): (&str, &[Arc<str>]),
    value: &str,
) -> bool {
    let mut evidence = Evidence { exchanges: 1, ..Evidence::default() };
    let seen = detector.inspect(ValueKind::String, value.as_bytes());
    evidence.count(ValueKind::String, seen.form, 1);
    evidence.offer_exemplar(1, Mask::of(value.as_bytes()));
    if !seen.outcome.is_empty() {
        evidence.candidate(1, seen.outcome, 1);
    }
    let field = FieldRef {
        standard: "http",
        direction: Direction::ToClient,
        location: Location::Body,
        path: field,
        endpoint: "",
        beside,
        context: "",
    };
    let judged = detector.judge(&field, &mut evidence);
    judged.verdicts.iter().any(|v| v.class == rule.class && v.confidence >= CONFIDENCE_REPORTED)
}

#[cfg(test)]
mod tests {
    use super::super::compile::compile;
    use super::*;

    fn with(text: &str) -> Result<Detector, RuleError> {
        let mut pack = RulePack::builtin();
        pack.extend(RulePack::parse("own.toml", text).expect("it is read"));
        compile(&pack)
    }

    #[test]
    fn what_is_switched_off_spoils_nothing() {
        for id in ["us-ssn", "person-name", "health-plan-id", "contact-phone"] {
            if let Err(error) = with(&format!("off = [{id:?}]")) {
                panic!("{id}: {error}");
            }
        }
    }

    #[test]
    fn a_rule_that_takes_everything_is_named() {
        let text = "\n[[rule]]\nid = \"all\"\nclass = \"us.ssn\"\ndescription = \"All.\"\n\
            references = [\"https://example.org/\"]\nweight = 12.0\n[[rule.whole]]\n\
            format = \"(?s).*\"\n[rule.examples]\nmatch = [\"a\", \"b\", \"c\"]\n\
            reject = [{ field = \"$.sku\", value = \"\" }, { field = \"$.b\", value = \"\" }, \
            { field = \"$.c\", value = \"\" }]\n";
        let refused = with(text).map(|_| ()).expect_err("it takes too much").to_string();
        assert!(refused.contains("rule all of own.toml, line 3"), "{refused}");
        assert!(refused.contains("an example of built-in rule"), "{refused}");
    }
}
