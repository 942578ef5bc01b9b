//! What the name of a field says of the classes it might carry.

use super::super::score;
use super::super::words::{Phrase, Standing, Words};
use super::{Column, Judge, JudgeClass};

/// What a field's name says of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Naming<'a> {
    pub(super) weight: f64,
    /// The words that speak for it.
    pub(super) phrase: Option<&'a Phrase>,
    pub(super) named: bool,
    /// A word speaks against it.
    pub(super) against: bool,
}

/// What a field's name says against every class.
pub(super) struct Common<'a> {
    /// What a thing is named by.
    pub(super) thing: Option<&'a Phrase>,
    /// Any other word that speaks against.
    pub(super) negative: Option<&'a String>,
}

impl Judge {
    pub(super) fn naming<'c>(
        &self,
        class: &'c JudgeClass,
        (words, common): (&Words, &Common<'_>),
        reasons: &mut Vec<String>,
        column: &Column<'_>,
    ) -> Naming<'c> {
        let ends =
            |phrases: &[Phrase]| class.tails.is_empty() || !words.goes_on(phrases, &class.tails);
        let (standing, phrase) = match ends(&class.names) {
            true => words.standing(&class.names, &self.generic),
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
        };
        let relevant = column.speaks_of(class);
        if let Some(phrase) = naming.phrase.filter(|_| relevant) {
            reasons.push(format!("{}: name has \"{}\"", class.class, phrase.text()));
        }
        if naming.weight < score::NAME_WEAK {
            let (standing, phrase) = words.standing(&class.weak_names, &self.generic);
            if standing >= Standing::GenericLeaf && ends(&class.weak_names) {
                naming.weight = score::NAME_WEAK;
                (naming.phrase, naming.named) = (phrase, true);
                if let Some(phrase) = phrase.filter(|_| relevant) {
                    let (class, text) = (&class.class, phrase.text());
                    reasons.push(format!("{class}: name has \"{text}\", which only hints at it"));
                }
            }
        }
        let thing = common.thing;
        let other = common.negative.or_else(|| words.any_of(&class.negative, &self.generic));
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
}
