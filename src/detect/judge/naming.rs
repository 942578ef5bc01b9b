//! What the name of a field says of the classes it might carry. A pack has thousands of phrases and
//! an inventory the same names again and again: each name is weighed once.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

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

    /// What a field at `path` says of those beside it by its name alone.
    pub fn clues(&self, path: &str) -> Vec<Arc<str>> {
        self.judge.clues_in(&self.name(path).words)
    }

    /// What `field` carries, by all that was seen of it. The evidence is only settled, not
    /// changed.
    pub fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
        // In FHIR the place says it all: `name` of an organisation's contact is no clue there.
        let placed = field.is_of_standard() && !self.judge.places.is_foreign(field);
        let name = if placed { "".into() } else { field.name() };
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
    /// Whether any other word speaks against those whose names it is no part of.
    negative: bool,
    /// What it says something about.
    about: Option<&'j String>,
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
    /// By the names of all its rules.
    all: Weighed<'j>,
    /// By those that speak for a single rule each, in the order of the rules; empty where none has
    /// any.
    own: Vec<Weighed<'j>>,
    /// A name of the class stands in it, whatever follows.
    stands: bool,
    /// Other classes of which longer names stand wherever one of this stands.
    longer: OnceCell<Vec<usize>>,
}

/// Names that speak for a class, and those that hint at it.
#[derive(Clone, Copy)]
struct Names<'j> {
    strong: &'j [Phrase],
    weak: &'j [Phrase],
}

/// What some names say of a class, and why.
#[derive(Debug, Default)]
struct Weighed<'j> {
    naming: Naming<'j>,
    /// The words that name the class.
    names: Option<&'j Phrase>,
    /// The words that only hint at it.
    hints: Option<&'j Phrase>,
    /// The words that speak against it.
    against: Option<String>,
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

impl Weighed<'_> {
    /// Why goes to `reasons` where the column has something to say of the class, too.
    fn tell(&self, class: &JudgeClass, reasons: &mut Vec<String>, column: &Column<'_>) {
        if !column.speaks_of(class) {
            return;
        }
        let name = &class.class;
        if let Some(phrase) = self.names {
            reasons.push(format!("{name}: name has \"{}\"", phrase.text()));
        }
        if let Some(phrase) = self.hints {
            let text = phrase.text();
            reasons.push(format!("{name}: name has \"{text}\", which only hints at it"));
        }
        // Of a class that nothing speaks for, nothing needs to be said.
        if let Some(word) = &self.against
            && (self.naming.named || column.is_tried_for(class))
        {
            reasons.push(format!("{name}: name has \"{word}\", which speaks against it"));
        }
    }
}

impl<'j> Name<'j> {
    fn of(name: &str, judge: &'j Judge) -> Self {
        let words = Words::of_path(name);
        Self {
            notes: words.any_of(&judge.notes, &judge.generic).is_some(),
            thing: words.any_phrase(&judge.things, &judge.generic),
            negative: words.any_of(&judge.negative, &judge.generic).is_some(),
            about: words.any_above(&judge.about),
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

    /// What it says of the class with this number, and why.
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
        said.all.tell(of, reasons, column);
        said.all.naming
    }

    /// The same of the names that speak for a single rule each, in the order of the rules; empty
    /// where none has any.
    pub(super) fn own_namings(
        &self,
        class: usize,
        judge: &'j Judge,
        reasons: &mut Vec<String>,
        column: &Column<'_>,
    ) -> Vec<Naming<'j>> {
        let (Some(of), Some(said)) = (judge.classes.get(class), self.said(class, judge)) else {
            return Vec::new();
        };
        let named = said.own.iter().filter(|own| own.naming.named && !said.all.naming.named);
        named.for_each(|own| own.tell(of, reasons, column));
        said.own.iter().map(|own| own.naming).collect()
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
        let of_class = Names { strong: &class.names, weak: &class.weak_names };
        let (stands, all) = self.weigh_names(class, of_class, mentioned, judge);
        let of_rule = |rule: &'j JudgeRule| match rule.own_names.is_empty() {
            true => Weighed::default(),
            false => {
                let names = Names { strong: &rule.own_names, weak: &[] };
                self.weigh_names(class, names, mentioned, judge).1
            }
        };
        let any = mentioned && class.rules.iter().any(|rule| !rule.own_names.is_empty());
        let own = if any { class.rules.iter().map(of_rule).collect() } else { Vec::new() };
        Said { all, own, stands: stands >= Standing::GenericLeaf, longer: OnceCell::new() }
    }

    fn weigh_names(
        &self,
        class: &'j JudgeClass,
        of: Names<'j>,
        mentioned: bool,
        judge: &'j Judge,
    ) -> (Standing, Weighed<'j>) {
        let words = &self.words;
        let standing = |phrases: &'j [Phrase]| match mentioned {
            true => words.standing(phrases, &judge.generic),
            false => (Standing::Absent, None),
        };
        let ends =
            |phrases: &[Phrase]| class.tails.is_empty() || !words.goes_on(phrases, &class.tails);
        let (stands, phrase) = standing(of.strong);
        let names = if ends(of.strong) { stands } else { Standing::Absent };
        let mut naming = Naming {
            weight: match names {
                Standing::Leaf => score::NAME_LEAF,
                Standing::GenericLeaf => score::NAME_GENERIC,
                Standing::Parent => score::NAME_PARENT,
                Standing::Absent => 0.0,
            },
            phrase: phrase.filter(|_| names >= Standing::GenericLeaf),
            named: names >= Standing::GenericLeaf,
            ..Naming::default()
        };
        let names = naming.phrase;
        let mut hints = None;
        if naming.weight < score::NAME_WEAK {
            let (standing, phrase) = standing(of.weak);
            if standing >= Standing::GenericLeaf && ends(of.weak) {
                naming.weight = score::NAME_WEAK;
                (naming.phrase, naming.named) = (phrase, true);
                hints = phrase;
            }
        }
        let negative = match self.negative {
            true if naming.named => words.any_beside(&judge.negative, &judge.generic, of.strong),
            true => words.any_of(&judge.negative, &judge.generic),
            false => None,
        };
        let other =
            negative.or(self.about).or_else(|| words.any_of(&class.negative, &judge.generic));
        let against = self.thing.map(Phrase::text).or_else(|| other.cloned());
        if against.is_some() {
            // `orderPhone` is a phone; a number under `sku` is what it says.
            let thing = self.thing.is_some() && !naming.named;
            naming.weight += if thing { score::NAME_THING } else { score::NAME_NEGATIVE };
            naming.against = true;
        }
        (stands, Weighed { naming, names, hints, against })
    }
}
