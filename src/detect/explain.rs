//! Why a class was withheld, in words. Clauses are short, lower-case, and hold no value.

use crate::base::number::grouped;
use crate::model::Form;

use super::judge::{Column, JudgeClass};
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
    use super::*;

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
}
