//! What every rule has to say of itself.

use crate::base::TableSet;
use crate::rules::{Rule, RuleError};

use super::compile::refuse;

/// Examples of each kind that every rule has.
const EXAMPLES_MIN: usize = 3;

/// What a weight may be.
const WEIGHTS: std::ops::RangeInclusive<f64> = -20.0..=20.0;

/// What a class can be under the GDPR.
const GDPR: [&str; 4] = ["health", "national-id", "personal", "special-category"];

/// Refuses a rule that says too little of itself, or what cannot be.
pub(super) fn validate(rule: &Rule) -> Result<(), RuleError> {
    let kebab = |id: &str| {
        !id.is_empty()
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let dotted = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_');
    if !kebab(rule.id()) {
        return Err(refuse(rule, "id", "expected lower-case letters, digits and hyphens"));
    }
    if !rule.class.contains('.') || !rule.class.bytes().all(dotted) {
        return Err(refuse(
            rule,
            "class",
            "expected a dotted id in lower case, like gb.nhs_number",
        ));
    }
    if rule.description.trim().is_empty() {
        return Err(refuse(rule, "description", "expected a sentence"));
    }
    legible(rule)?;
    if rule.references.is_empty() {
        return Err(refuse(rule, "references", "expected where the format is specified"));
    }
    for (key, all) in
        [("examples.match", &rule.examples.matches), ("examples.reject", &rule.examples.rejects)]
    {
        if all.iter().collect::<TableSet<_>>().len() < EXAMPLES_MIN {
            return Err(refuse(rule, key, "expected at least three different examples"));
        }
    }
    let weights = [
        ("weight", Some(rule.weight)),
        ("bare_weight", Some(rule.bare_weight)),
        ("embedded_weight", rule.embedded_weight),
    ];
    for (key, weight) in weights {
        if let Some(weight) = weight.filter(|weight| !WEIGHTS.contains(weight)) {
            let (least, most) = (WEIGHTS.start(), WEIGHTS.end());
            let reason =
                format!("{weight} is out of range: expected log-odds from {least} to {most}");
            return Err(refuse(rule, key, reason));
        }
    }
    let letter = |hipaa: &String| matches!(hipaa.as_bytes(), [b'A'..=b'R']);
    if !rule.hipaa.as_ref().is_none_or(letter) {
        return Err(refuse(rule, "hipaa", "expected a letter from A to R, as in 45 CFR 164.514"));
    }
    if !rule.gdpr.as_deref().is_none_or(|gdpr| GDPR.contains(&gdpr)) {
        let known = GDPR.join(", ");
        return Err(refuse(rule, "gdpr", format!("expected one of {known}")));
    }
    let share = rule.issued_share.is_some_and(|share| share > 0.0 && share < 1.0);
    if !rule.issued.is_empty() && (!share || rule.issued_from.trim().is_empty()) {
        let reason = "expected `issued_share` above 0 and below 1, and `issued_from`";
        return Err(refuse(rule, "issued", reason));
    }
    match rule.chance {
        Some(chance) if !(chance > 0.0 && chance < 1.0) => {
            Err(refuse(rule, "chance", "expected a probability above 0 and below 1"))
        }
        Some(_) if rule.check.is_none() => Err(refuse(rule, "chance", "there is no check")),
        Some(_) if rule.chance_from.trim().is_empty() => {
            Err(refuse(rule, "chance_from", "expected how the chance was found"))
        }
        _ => Ok(()),
    }
}

/// Refuses what would do to a terminal more than be read there.
fn legible(rule: &Rule) -> Result<(), RuleError> {
    let mut written = std::iter::once(&rule.description).chain(&rule.references);
    match written.any(|text| text.trim().chars().any(char::is_control)) {
        true => Err(refuse(rule, "description", "expected text without control characters")),
        false => Ok(()),
    }
}
