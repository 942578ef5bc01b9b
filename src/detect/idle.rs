//! Rules that hold their examples and would still never be reported: refused, since whoever wrote
//! one thinks that it works.

use crate::model::{Outcome, RuleId, ValueKind};
use crate::rules::{Rule, RuleError, RulePack};

use super::compile::refuse;
use super::detector::Detector;
use super::score;
use super::words::Phrase;

/// Values made of each mask: some may stand for no value, as `0000` and `XXXX` do.
const SAMPLES: usize = 6;

/// Every rule of `pack` that nothing in traffic could make `detector` report. One that is built in
/// is none: whoever switched off what gave it its names wants no more of it.
pub(super) fn idle_rules(detector: &Detector, pack: &RulePack) -> Vec<RuleError> {
    let wrong = |rule: &Rule| unspoken(rule, pack, detector).or_else(|| unseen(rule, detector));
    let found = pack.rules().iter().filter_map(|rule| Some((rule, wrong(rule)?)));
    let found: Vec<(&Rule, RuleError)> = found.collect();
    if found.is_empty() {
        return Vec::new();
    }
    let builtin = RulePack::builtin();
    let ships = |rule: &Rule| {
        builtin.rules().iter().any(|known| known.id() == rule.id() && known.file() == rule.file())
    };
    found.into_iter().filter(|(rule, _)| !ships(rule)).map(|(_, error)| error).collect()
}

/// A rule that speaks only where a name, an issuer or a place speaks for its class, which none
/// does, or only names that other words of the class take back.
fn unspoken(rule: &Rule, pack: &RulePack, detector: &Detector) -> Option<RuleError> {
    let by_value = rule.forms.is_empty()
        && (!rule.needs_context || (!rule.bare_masks.is_empty() && !rule.bare_needs_context));
    let others = !rule.beside.is_empty() || !rule.beside_fields.is_empty();
    let beside = !rule.beside_names.is_empty() && others;
    if by_value || beside || !rule.embedded.is_empty() {
        return None;
    }
    let of_class = || pack.rules().iter().filter(|other| other.class == rule.class);
    let issued = |other: &Rule| {
        !other.systems.is_empty() || !other.types.is_empty() || !other.code_systems.is_empty()
    };
    if of_class().any(issued) || detector.judge.places.hold(&rule.class) {
        return None;
    }
    let pooled = of_class().flat_map(|other| other.names.iter().chain(&other.weak_names));
    let mut names = pooled.chain(&rule.own_names).flat_map(|name| Phrase::expand(name)).peekable();
    if names.peek().is_none() {
        let reason = "can never be reported: it counts only where a name, an issuer or a place \
                      speaks for its class, and no rule of the class has any";
        return Some(refuse(rule, "names", reason));
    }
    // What a format adds can outweigh such a word; a name and a form cannot.
    let against = score::PRIOR + score::NAME_LEAF + score::NAME_NEGATIVE + rule.bare_weight;
    let negative: Vec<&String> = of_class().flat_map(|other| &other.negative).collect();
    let taken_back = |name: Phrase| name.words().iter().any(|word| negative.contains(&word));
    if !rule.forms.is_empty() && against < 0.0 && names.all(taken_back) {
        let reason = "can never be reported: every name has a word that `negative` of the class \
                      lists";
        return Some(refuse(rule, "names", reason));
    }
    None
}

/// A mask of which no value is ever tried: what is sifted out before has all of its form.
fn unseen(rule: &Rule, detector: &Detector) -> Option<RuleError> {
    let bare = format!("{}.bare", rule.id());
    let mut lists = [("masks", &rule.masks, rule.id()), ("bare_masks", &rule.bare_masks, &*bare)]
        .into_iter()
        .filter_map(|(key, masks, name)| Some((key, masks, detector.rule_id(name)?)));
    lists.find_map(|(key, masks, id)| {
        let mut never = masks.iter().filter(|mask| !is_tried(mask, id, detector));
        let mask = never.next()?;
        let reason =
            format!("no value of the form {mask:?} is ever tried: it is passed over before");
        Some(refuse(rule, key, reason))
    })
}

fn is_tried(mask: &str, id: RuleId, detector: &Detector) -> bool {
    (0..SAMPLES).any(|sample| {
        let value = value_of(mask, sample);
        let Outcome { tried, .. } = detector.inspect(ValueKind::String, value.as_bytes()).outcome;
        // White space around a value is no part of it.
        tried.contains(id) && value.trim_ascii() == value
    })
}

/// A value of the form `mask`: the one with that number.
fn value_of(mask: &str, sample: usize) -> String {
    let mut out = String::new();
    let mut chars = mask.chars();
    let mut last = String::new();
    let mut at = sample;
    while let Some(c) = chars.next() {
        let mut times = 1;
        match c {
            '#' => "7519203846".clone_into(&mut last),
            '^' => "KADRBTEM".clone_into(&mut last),
            '@' => "nadreibo".clone_into(&mut last),
            '*' => "K7A2D9R4".clone_into(&mut last),
            'x' => "a7c2e9f4".clone_into(&mut last),
            '\\' => last = chars.next().unwrap_or(c).to_string(),
            '{' => {
                let count: String = chars.by_ref().take_while(|c| *c != '}').collect();
                times = count.parse::<usize>().unwrap_or(1).saturating_sub(1);
            }
            c => last = c.to_string(),
        }
        for _ in 0..times {
            at += 1 + sample;
            let choices = last.chars().count().max(1);
            out.extend(last.chars().nth(at % choices));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_built_in_rule_is_idle() {
        let pack = RulePack::builtin();
        let detector = Detector::builtin().unwrap();
        for rule in pack.rules() {
            assert!(unspoken(rule, &pack, &detector).is_none(), "{}", rule.id());
            assert!(unseen(rule, &detector).is_none(), "{}", rule.id());
        }
    }

    #[test]
    fn samples_have_the_form_of_their_mask() {
        use super::super::shape::Shape;

        for mask in ["##-#{3}", "^{2}#*@x", "MRN#{6}", "\\#^", "+#{10}"] {
            let shape = Shape::parse(mask).unwrap();
            for sample in 0..SAMPLES {
                let value = value_of(mask, sample);
                assert_eq!(shape.fits_head(value.as_bytes()), Some(value.as_bytes()), "{value}");
            }
        }
    }
}
