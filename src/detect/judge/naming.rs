//! What the name of a field says of the classes it might carry.

use super::super::score;
use super::super::words::{Phrase, Standing, Words};
use super::{Column, Judge, JudgeClass, JudgeRule};

/// What a field's name says of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Naming<'a> {
    pub(super) weight: f64,
    /// The words that speak for it.
    pub(super) phrase: Option<&'a Phrase>,
    pub(super) named: bool,
    /// A word speaks against it.
    pub(super) against: bool,
    /// It is a value beside it that names it: what a program says to its users is written so, too,
    /// in whole sentences.
    pub(super) beside: bool,
}

impl Naming<'_> {
    /// The same where a name beside the value speaks for the class.
    pub(super) fn beside(self) -> Self {
        Naming { weight: score::NAME_GENERIC, named: true, beside: true, ..self }
    }
}

/// What a field's name says against every class.
pub(super) struct Common<'a> {
    /// What a thing is named by.
    pub(super) thing: Option<&'a Phrase>,
    /// Whether any other word speaks against those whose names it is no part of.
    pub(super) negative: bool,
    /// What it says something about.
    pub(super) about: Option<&'a String>,
}

/// Names that speak for a class, and those that hint at it.
#[derive(Clone, Copy)]
pub(super) struct Names<'c> {
    pub(super) strong: &'c [Phrase],
    pub(super) weak: &'c [Phrase],
}

impl JudgeClass {
    /// The names of all its rules.
    pub(super) fn all_names(&self) -> Names<'_> {
        Names { strong: &self.names, weak: &self.weak_names }
    }
}

impl Judge {
    pub(super) fn naming<'c>(
        &self,
        (class, names): (&'c JudgeClass, Names<'c>),
        (words, common): (&Words, &Common<'_>),
        reasons: &mut Vec<String>,
        column: &Column<'_>,
    ) -> Naming<'c> {
        let ends =
            |phrases: &[Phrase]| class.tails.is_empty() || !words.goes_on(phrases, &class.tails);
        let (standing, phrase) = match ends(names.strong) {
            true => words.standing(names.strong, &self.generic),
            false => (Standing::Absent, None),
        };
        let mut naming = Naming {
            weight: match standing {
                Standing::Leaf => score::NAME_LEAF,
                Standing::GenericLeaf => score::NAME_GENERIC,
                Standing::Parent => score::NAME_PARENT,
                Standing::Absent => 0.0,
            },
            phrase: phrase.filter(|_| standing >= Standing::GenericLeaf),
            named: standing >= Standing::GenericLeaf,
            against: false,
            beside: false,
        };
        let relevant = column.speaks_of(class);
        if let Some(phrase) = naming.phrase.filter(|_| relevant) {
            reasons.push(format!("{}: name has \"{}\"", class.class, phrase.text()));
        }
        if naming.weight < score::NAME_WEAK {
            let (standing, phrase) = words.standing(names.weak, &self.generic);
            if standing >= Standing::GenericLeaf && ends(names.weak) {
                naming.weight = score::NAME_WEAK;
                (naming.phrase, naming.named) = (phrase, true);
                if let Some(phrase) = phrase.filter(|_| relevant) {
                    let (class, text) = (&class.class, phrase.text());
                    reasons.push(format!("{class}: name has \"{text}\", which only hints at it"));
                }
            }
        }
        let thing = common.thing;
        let negative = match common.negative {
            true if naming.named => words.any_beside(&self.negative, &self.generic, names.strong),
            true => words.any_of(&self.negative, &self.generic),
            false => None,
        };
        let other =
            negative.or(common.about).or_else(|| words.any_of(&class.negative, &self.generic));
        if let Some(word) = thing.map(Phrase::text).or_else(|| other.cloned()) {
            // `orderPhone` is a phone; a number under `sku` is what it says.
            let other = thing.is_some() && !naming.named;
            naming.weight += if other { score::NAME_THING } else { score::NAME_NEGATIVE };
            naming.against = true;
            // Of a class that nothing speaks for, nothing needs to be said.
            if relevant && (naming.named || column.is_tried_for(class)) {
                reasons
                    .push(format!("{}: name has \"{word}\", which speaks against it", class.class));
            }
        }
        naming
    }
    /// The same of the names that speak for a single rule each, in the order of the rules; empty
    /// where none has any.
    pub(super) fn own_namings<'c>(
        &self,
        class: &'c JudgeClass,
        said: (&Words, &Common<'_>),
        reasons: &mut Vec<String>,
        column: &Column<'_>,
    ) -> Vec<Naming<'c>> {
        if class.rules.iter().all(|rule| rule.own_names.is_empty()) {
            return Vec::new();
        }
        let of_rule = |rule: &'c JudgeRule, reasons: &mut Vec<String>| {
            if rule.own_names.is_empty() {
                return Naming::default();
            }
            let names = Names { strong: &rule.own_names, weak: &[] };
            self.naming((class, names), said, reasons, column)
        };
        class.rules.iter().map(|rule| of_rule(rule, reasons)).collect()
    }
}
