//! The examples of rules, tried on the rules.

use crate::base::Mask;
use crate::model::{Direction, Evidence, Location, RuleId, ValueKind};
use crate::rules::{Example, Rule, RuleError, RulePack};

use super::compile::refuse;
use super::detector::Detector;
use super::field::FieldRef;
use super::judge::CONFIDENCE_REPORTED;

/// Every example of a pack that does not hold, those of the last rule first: one of the user's that
/// takes too much spoils built-in examples, too.
pub(super) fn wrong_examples(detector: &Detector, pack: &RulePack) -> Vec<RuleError> {
    pack.rules().iter().rev().flat_map(|rule| wrong_of_rule(detector, rule)).collect()
}

fn wrong_of_rule(detector: &Detector, rule: &Rule) -> Vec<RuleError> {
    let ids: Vec<RuleId> = [rule.id().to_owned(), format!("{}.bare", rule.id())]
        .iter()
        .filter_map(|name| detector.rule_id(name))
        .collect();
    let finds = |example: &Example| match example {
        Example::Value(value) => {
            let outcome = detector.inspect(ValueKind::String, value.as_bytes()).outcome;
            let says = outcome.passed.union(outcome.embedded);
            ids.iter().any(|id| says.contains(*id))
        }
        Example::Field { field, value } => reports(detector, rule, field, value),
    };
    let wrong = |key, example: &Example, verb| {
        let shown = match example {
            Example::Value(value) => value.clone(),
            Example::Field { field, value } => format!("{field} = {value}"),
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
fn reports(detector: &Detector, rule: &Rule, field: &str, value: &str) -> bool {
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
        beside: &[],
        context: "",
    };
    let judged = detector.judge(&field, &mut evidence);
    judged.verdicts.iter().any(|v| v.class == rule.class && v.confidence >= CONFIDENCE_REPORTED)
}
