//! What the name of a field says of the classes it might carry. A pack has thousands of phrases and
//! an inventory the same names again and again: each name is weighed once.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::super::score;
use super::super::words::{Phrase, Standing, Words};
use super::{Column, Evidence, FieldRef, Judge, JudgeClass, JudgeRule, Judgement};
use crate::base::TableMap;

/// Names kept: those of a large service. One more, and all are forgotten.
const NAMES_MAX: usize = 4096;

/// Judges fields, and keeps what their names say: for one inventory, in one thread.
#[derive(Debug)]
pub struct Judging<'j> {
    judge: &'j Judge,
    names: RefCell<TableMap<String, Rc<Name<'j>>>>,
}

impl<'j> Judging<'j> {
    pub(in crate::detect) fn new(judge: &'j Judge) -> Self {
        Self { judge, names: RefCell::default() }
    }

    /// What `field` carries, by all that was seen of it. The evidence is only settled, not
    /// changed.
    pub fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
        // In FHIR the place says it all: `name` of an organisation's contact is no clue there.
        let name = if field.is_of_standard() { "".into() } else { field.name() };
        self.judge.judge(field, &self.name(&name), evidence)
    }

    /// Whether what stands beside a field at `path` can change the judgement of it.
    pub fn minds_neighbours(&self, path: &str) -> bool {
        self.name(path).minds_neighbours(self.judge)
    }

    fn name(&self, name: &str) -> Rc<Name<'j>> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return Rc::clone(known);
        }
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        let weighed = Rc::new(Name::of(name, self.judge));
        names.insert(name.to_owned(), Rc::clone(&weighed));
        weighed
    }
}

/// A name, and what it says of every class as far as somebody asked.
#[derive(Debug)]
pub(super) struct Name<'j> {
    pub(super) words: Words,
    /// Whether people write of others under it.
    pub(super) notes: bool,
    /// What a thing is named by.
    thing: Option<&'j Phrase>,
    /// Any other word that speaks against every class.
    negative: Option<&'j String>,
    /// By class, whether one of its names may stand in it.
    mentioned: Vec<bool>,
    /// By class.
    said: Vec<OnceCell<Said<'j>>>,
    /// Rules that it speaks for in an object that is a person's.
    beside: OnceCell<Vec<&'j JudgeRule>>,
    minds: OnceCell<bool>,
}

/// What a name says of one class.
#[derive(Debug)]
struct Said<'j> {
    naming: Naming<'j>,
    /// A name of the class stands in it, whatever follows.
    stands: bool,
    /// The words that name the class.
    names: Option<&'j Phrase>,
    /// The words that only hint at it.
    hints: Option<&'j Phrase>,
    /// The words that speak against it.
    against: Option<String>,
    /// Other classes of which longer names stand wherever one of this stands.
    longer: OnceCell<Vec<usize>>,
}

/// What a field's name says of one class, as judgement weighs it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Naming<'j> {
    pub(super) weight: f64,
    /// The words that speak for it.
    pub(super) phrase: Option<&'j Phrase>,
    pub(super) named: bool,
    /// A word speaks against it.
    pub(super) against: bool,
}

impl<'j> Name<'j> {
    fn of(name: &str, judge: &'j Judge) -> Self {
        let words = Words::of_path(name);
        Self {
            notes: words.any_of(&judge.notes, &judge.generic).is_some(),
            thing: words.any_phrase(&judge.things, &judge.generic),
            negative: words
                .any_of(&judge.negative, &judge.generic)
                .or_else(|| words.any_above(&judge.about)),
            mentioned: judge.mentions.among(&words, judge.classes.len()),
            said: judge.classes.iter().map(|_| OnceCell::new()).collect(),
            beside: OnceCell::new(),
            minds: OnceCell::new(),
            words,
        }
    }

    /// Whether a name of the class with this number may stand in it.
    pub(super) fn mentions(&self, class: usize) -> bool {
        self.mentioned.get(class).copied().unwrap_or_default()
    }

    /// Whether a name of the class with this number is what it says, whatever follows.
    pub(super) fn says(&self, class: usize, judge: &'j Judge) -> bool {
        self.mentions(class) && self.said(class, judge).is_some_and(|said| said.stands)
    }

    /// The classes of which it has a longer name wherever it has one of the class with this
    /// number.
    pub(super) fn longer_than(&self, class: usize, judge: &'j Judge) -> &[usize] {
        let (Some(own), Some(said)) = (judge.classes.get(class), self.said(class, judge)) else {
            return &[];
        };
        said.longer.get_or_init(|| {
            let all = judge.classes.iter().enumerate();
            let others = all.filter(|(at, _)| *at != class && self.mentions(*at));
            others
                .filter(|(_, other)| self.words.is_part_of(&own.names, &other.names))
                .map(|(at, _)| at)
                .collect()
        })
    }

    /// What it says of the class with this number; why goes to `reasons` where the column has
    /// something to say of the class, too.
    pub(super) fn naming(
        &self,
        class: usize,
        judge: &'j Judge,
        reasons: &mut Vec<String>,
        column: &Column<'_>,
    ) -> Naming<'j> {
        let (Some(of), Some(said)) = (judge.classes.get(class), self.said(class, judge)) else {
            return Naming::default();
        };
        let name = &of.class;
        if column.speaks_of(of) {
            if let Some(phrase) = said.names {
                reasons.push(format!("{name}: name has \"{}\"", phrase.text()));
            }
            if let Some(phrase) = said.hints {
                let text = phrase.text();
                reasons.push(format!("{name}: name has \"{text}\", which only hints at it"));
            }
            // Of a class that nothing speaks for, nothing needs to be said.
            if let Some(word) = &said.against
                && (said.naming.named || column.is_tried_for(of))
            {
                reasons.push(format!("{name}: name has \"{word}\", which speaks against it"));
            }
        }
        said.naming
    }

    /// Whether it speaks for `rule`, one of `judge`, in an object that is a person's.
    pub(super) fn speaks_beside(&self, rule: &JudgeRule, judge: &'j Judge) -> bool {
        let all = || {
            let of = |class: &'j JudgeClass| {
                class.rules.iter().filter(|rule| {
                    self.words.leaf_is(&rule.beside_names, &class.negative, &judge.things)
                })
            };
            judge.classes.iter().flat_map(of).collect()
        };
        // Rules that recognise alike have one number.
        self.beside.get_or_init(all).iter().any(|one| std::ptr::eq(*one, rule))
    }

    fn minds_neighbours(&self, judge: &Judge) -> bool {
        let is_leaf = |rule: &JudgeRule| self.words.leaf_is(&rule.beside_names, &[], &[]);
        let any = || judge.classes.iter().any(|class| class.rules.iter().any(is_leaf));
        *self.minds.get_or_init(any)
    }

    fn said(&self, class: usize, judge: &'j Judge) -> Option<&Said<'j>> {
        let (cell, of) = (self.said.get(class)?, judge.classes.get(class)?);
        Some(cell.get_or_init(|| self.weigh(of, self.mentions(class), judge)))
    }

    fn weigh(&self, class: &'j JudgeClass, mentioned: bool, judge: &'j Judge) -> Said<'j> {
        let words = &self.words;
        let standing = |phrases: &'j [Phrase]| match mentioned {
            true => words.standing(phrases, &judge.generic),
            false => (Standing::Absent, None),
        };
        let ends =
            |phrases: &[Phrase]| class.tails.is_empty() || !words.goes_on(phrases, &class.tails);
        let (stands, phrase) = standing(&class.names);
        let names = if ends(&class.names) { stands } else { Standing::Absent };
        let mut naming = Naming {
            weight: match names {
                Standing::Leaf => score::NAME_LEAF,
                Standing::GenericLeaf => score::NAME_GENERIC,
                Standing::Parent => score::NAME_PARENT,
                Standing::Absent => 0.0,
            },
            phrase: phrase.filter(|_| names >= Standing::GenericLeaf),
            named: names >= Standing::GenericLeaf,
            against: false,
        };
        let names = naming.phrase;
        let mut hints = None;
        if naming.weight < score::NAME_WEAK {
            let (standing, phrase) = standing(&class.weak_names);
            if standing >= Standing::GenericLeaf && ends(&class.weak_names) {
                naming.weight = score::NAME_WEAK;
                (naming.phrase, naming.named) = (phrase, true);
                hints = phrase;
            }
        }
        let other = self.negative.or_else(|| words.any_of(&class.negative, &judge.generic));
        let against = self.thing.map(Phrase::text).or_else(|| other.cloned());
        if against.is_some() {
            // `orderPhone` is a phone; a number under `sku` is what it says.
            let thing = self.thing.is_some() && !naming.named;
            naming.weight += if thing { score::NAME_THING } else { score::NAME_NEGATIVE };
            naming.against = true;
        }
        Said {
            naming,
            stands: stands >= Standing::GenericLeaf,
            names,
            hints,
            against,
            longer: OnceCell::new(),
        }
    }
}
