//! Why a class was withheld, in words. Clauses are short, lower-case, and hold no value.

use crate::base::TableMap;
use crate::base::number::grouped;
use crate::model::Form;

use super::judge::{Column, JudgeClass, Judgement};
use super::words::Phrase;

/// What a rule that passes lacks where nothing else speaks for its class.
const TOO_LITTLE: &str = "which says too little without a name or a place that speaks for it";

/// Why `class`, which nothing claims, was withheld; `named` is what the name says for it. Most
/// often there is nothing to explain.
pub(super) fn withheld(
    class: &JudgeClass,
    named: Option<&Phrase>,
    column: &Column<'_>,
) -> Option<String> {
    let name = &class.class;
    if let Some(phrase) = named {
        let phrase = phrase.text();
        if column.vocabulary {
            let told = "but what the endpoint returns are words of a program";
            return Some(format!("withheld {name}: name has \"{phrase}\", {told}"));
        }
        return Some(format!("withheld {name}: name has \"{phrase}\", but no value has its form"));
    }
    for rule in class.rules.iter().filter(|rule| rule.forms.is_empty()) {
        let checks = [Some(rule.id), rule.bare].into_iter().flatten();
        let passed = checks
            .filter_map(|id| column.by_check(rule, (id, 0.0), 0.0, false))
            .find(|c| c.count > 0);
        if let Some(claim) = passed {
            return Some(format!("withheld {name}: {}, {TOO_LITTLE}", claim.why));
        }
    }
    let looks = class.rules.iter().filter(|rule| rule.forms.contains(&Form::TitleWords));
    let looks = looks.map(|_| column.evidence.of_form(Form::TitleWords)).max().unwrap_or(0);
    (looks * 2 > column.filled)
        .then(|| format!("withheld {name}: most values are capitalised words, {TOO_LITTLE}"))
}

/// Puts the clauses that matter most first: of classes that are given, then of those withheld by
/// how near they came, each class's together and in the order they were found.
pub(super) fn put_in_order(judgement: &mut Judgement) {
    if judgement.reasons.len() < 2 {
        return;
    }
    fn class_of(reason: &str) -> &str {
        let reason = reason.strip_prefix("withheld ").unwrap_or(reason);
        reason.split([':', ' ']).next().unwrap_or_default()
    }
    // `withheld us.ssn (38 of 50 needed): …`
    let near = |reason: &str| -> Option<u8> {
        let (_, rest) = reason.strip_prefix("withheld ")?.split_once(" (")?;
        rest.split_once(" of ")?.0.parse().ok()
    };
    let given = |class: &str| {
        let verdict = judgement.verdicts.iter().find(|verdict| *verdict.class == *class);
        verdict.map_or(0, |verdict| verdict.confidence)
    };
    let mut nearest: TableMap<Box<str>, u8> = TableMap::default();
    for reason in &judgement.reasons {
        let known = nearest.entry(class_of(reason).into()).or_default();
        *known = (*known).max(near(reason).unwrap_or(0));
    }
    let mut order: Vec<((u8, u8), String)> = judgement
        .reasons
        .drain(..)
        .map(|reason| {
            let class = class_of(&reason);
            ((given(class), nearest.get(class).copied().unwrap_or(0)), reason)
        })
        .collect();
    order.sort_by(|(a, _), (b, _)| b.cmp(a));
    judgement.reasons = order.into_iter().map(|(_, reason)| reason).collect();
}

/// What is said of a field of which no rule says anything: how many values of which forms were
/// looked at (`forms` in any order).
pub fn nothing_found(forms: &[(Form, u64)]) -> String {
    let seen = |blank: bool| {
        let of = forms.iter().filter(move |(form, _)| is_blank(*form) == blank);
        of.map(|(_, n)| n).sum::<u64>()
    };
    let mut parts: Vec<(u64, Form)> = forms.iter().map(|(form, n)| (*n, *form)).collect();
    parts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let parts: Vec<String> =
        parts.iter().map(|(n, form)| format!("{} {}", grouped(*n), form.name())).collect();
    let parts = parts.join(", ");
    match (seen(false), seen(true)) {
        (0, 0) => "it never had a value".to_owned(),
        (0, _) => format!("it never had a value that could be of any class ({parts})"),
        _ => format!("nothing in these values looks like a class of the pack ({parts})"),
    }
}

fn is_blank(form: Form) -> bool {
    matches!(form, Form::Empty | Form::Literal)
}

#[cfg(test)]
mod tests {
    use super::super::judge::Verdict;
    use super::*;
    use crate::base::Span;

    #[test]
    fn what_was_looked_at_is_counted_by_form() {
        let said = nothing_found(&[(Form::Integer, 34), (Form::Text, 1200)]);
        let expected =
            "nothing in these values looks like a class of the pack (1,200 text, 34 integer)";
        assert_eq!(said, expected);
        assert_eq!(
            nothing_found(&[(Form::Empty, 3)]),
            "it never had a value that could be of any class (3 empty)"
        );
        assert_eq!(nothing_found(&[]), "it never had a value");
    }

    #[test]
    fn clauses_that_matter_most_stand_first() {
        let reasons = [
            "us.npi: name has \"id\", which only hints at it",
            "withheld us.npi (3 of 50 needed): a",
            "withheld gb.nhs_number (41 of 50 needed): b",
            "withheld person.name: c",
            "gb.nhs_number: name has \"nhs\"",
            "us.ssn: d",
        ];
        let mut judgement = Judgement {
            verdicts: vec![Verdict {
                class: "us.ssn".into(),
                confidence: 88,
                count: 1,
                span: Span::default(),
                in_text: false,
            }],
            reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        };
        put_in_order(&mut judgement);
        assert_eq!(
            judgement.reasons,
            [reasons[5], reasons[2], reasons[4], reasons[0], reasons[1], reasons[3]]
        );
    }
}
