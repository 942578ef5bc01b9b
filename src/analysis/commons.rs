//! What workers tell each other of bodies.
//!
//! A document that one worker has walked comes to the others, too. What it said is kept here once
//! for all of them, in columns and classes of its own numbering: each worker knows which of its own
//! they are, and looks a body up here before it walks it. Like the memory of each worker it is a
//! cache and nothing else, and it holds no value.

use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Shares, TableMap, table_state};
use crate::content::{PathId, PathTable};

use super::columns::{Columns, Context, Place};
use super::leaves::Leaf;
use super::recall::{BodyKey, Generations, Remembered};
use super::values::{ValueClass, Values};

/// The memory that the workers of a run share.
pub struct Commons {
    /// Bodies have one key, whoever sees them.
    pub(super) state: foldhash::quality::RandomState,
    book: Mutex<Book>,
}

/// A column as all workers know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CommonColumn {
    place: Place,
    path: PathId,
    resource: Option<(&'static str, PathId)>,
    issuer: u16,
}

/// Everything behind the lock.
struct Book {
    paths: PathTable,
    columns: Numbered<CommonColumn>,
    classes: Numbered<ValueClass>,
    tokens: Numbered<Arc<str>>,
    bodies: Generations,
    /// Counts how often everything was forgotten.
    edition: u32,
}

/// Different things, numbered from 0.
struct Numbered<T> {
    all: Vec<T>,
    index: TableMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { all: Vec::new(), index: TableMap::default() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn number(&mut self, one: T) -> u32 {
        if let Some(number) = self.index.get(&one) {
            return *number;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(one.clone());
        self.index.insert(one, number);
        number
    }

    fn at(&self, number: u32) -> Option<&T> {
        self.all.get(number as usize)
    }
}

/// One worker's numbers for those of the commons and the other way round, as far as they were
/// asked for.
#[derive(Default)]
pub(super) struct Dictionary {
    edition: u32,
    columns: Both,
    classes: Both,
}

/// Numbers there by numbers here, and the reverse.
#[derive(Default)]
struct Both {
    out: Vec<Option<u32>>,
    back: Vec<Option<u32>>,
}

impl Both {
    fn note(&mut self, here: u32, there: u32) {
        for (list, at, number) in [(&mut self.out, here, there), (&mut self.back, there, here)] {
            let at = at as usize;
            if at >= list.len() {
                list.resize(at + 1, None);
            }
            if let Some(slot) = list.get_mut(at) {
                *slot = Some(number);
            }
        }
    }

    fn there(&self, here: u32) -> Option<u32> {
        self.out.get(here as usize).copied().flatten()
    }

    fn here(&self, there: u32) -> Option<u32> {
        self.back.get(there as usize).copied().flatten()
    }
}

/// What the numbers of one worker mean.
pub(super) struct Own<'a> {
    pub paths: &'a mut PathTable,
    pub columns: &'a mut Columns,
    pub values: &'a mut Values,
}

impl Dictionary {
    /// The worker's numbers are void.
    pub(super) fn clear(&mut self) {
        *self = Dictionary { edition: self.edition, ..Dictionary::default() };
    }

    fn follow(&mut self, book: &Book) {
        if self.edition != book.edition {
            *self = Dictionary { edition: book.edition, ..Dictionary::default() };
        }
    }
}

impl Commons {
    /// A memory with the share that all workers have together.
    pub fn within(shares: &Shares) -> Self {
        Commons {
            state: table_state(),
            book: Mutex::new(Book {
                // Names come from tables of workers, where they passed their policy.
                paths: PathTable::new(Box::new(|_: &[u8]| false)),
                columns: Numbered::default(),
                classes: Numbered::default(),
                tokens: Numbered::default(),
                bodies: Generations::within(shares.common_bytes),
                edition: 0,
            }),
        }
    }

    /// What the body of that key said, in the worker's own numbers.
    pub(super) fn find(
        &self,
        key: BodyKey,
        known: &mut Dictionary,
        own: &mut Own<'_>,
    ) -> Option<Remembered> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let said = book.bodies.find(key)?;
        known.follow(&book);
        said.moved(|leaf| book.bring(leaf, known, own))
    }

    /// Tells the others what a body said. What is too deep or too much is kept to oneself.
    pub(super) fn tell(
        &self,
        key: BodyKey,
        said: &Remembered,
        (known, own): (&mut Dictionary, &mut Own<'_>),
    ) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if book.paths.is_full() {
            book.forget();
        }
        known.follow(&book);
        if let Some(said) = said.moved(|leaf| book.take(leaf, known, own)) {
            book.bodies.insert(key, Arc::new(said));
        }
    }
}

impl Book {
    /// Makes room for other paths: columns and bodies go with them.
    fn forget(&mut self) {
        self.paths.clear();
        self.columns = Numbered::default();
        self.bodies.clear();
        self.edition = self.edition.wrapping_add(1);
    }

    /// A worker's leaf, in common numbers.
    fn take(&mut self, leaf: Leaf, known: &mut Dictionary, own: &Own<'_>) -> Option<Leaf> {
        let column = match known.columns.there(leaf.column) {
            Some(column) => column,
            None => {
                let column = self.column_of(leaf.column, own)?;
                known.columns.note(leaf.column, column);
                column
            }
        };
        let place = leaf.class_place();
        let class = match known.classes.there(place) {
            Some(class) => class,
            None => {
                let class = self.classes.number(*own.values.class(place)?);
                known.classes.note(place, class);
                class
            }
        };
        Some(leaf.moved(column, class))
    }

    fn column_of(&mut self, column: u32, own: &Own<'_>) -> Option<u32> {
        let (place, path, Context { resource, issuer }) = own.columns.parts(column)?;
        let resource = match resource {
            Some((kind, root)) => Some((kind, self.paths.copy(own.paths, root)?)),
            None => None,
        };
        let path = self.paths.copy(own.paths, path)?;
        let token = self.tokens.number(own.columns.token_at(issuer));
        let issuer = u16::try_from(token).ok()?;
        Some(self.columns.number(CommonColumn { place, path, resource, issuer }))
    }

    /// A common leaf, in a worker's numbers.
    fn bring(&self, leaf: Leaf, known: &mut Dictionary, own: &mut Own<'_>) -> Option<Leaf> {
        let column = match known.columns.here(leaf.column) {
            Some(column) => column,
            None => {
                let column = self.own_column(leaf.column, own)?;
                known.columns.note(column, leaf.column);
                column
            }
        };
        let place = leaf.class_place();
        let class = match known.classes.here(place) {
            Some(class) => class,
            None => {
                let class = own.values.place(self.classes.at(place)?);
                known.classes.note(class, place);
                class
            }
        };
        Some(leaf.moved(column, class))
    }

    fn own_column(&self, column: u32, own: &mut Own<'_>) -> Option<u32> {
        let CommonColumn { place, path, resource, issuer } = *self.columns.at(column)?;
        let resource = match resource {
            Some((kind, root)) => Some((kind, own.paths.copy(&self.paths, root)?)),
            None => None,
        };
        let path = own.paths.copy(&self.paths, path)?;
        let token = self.tokens.at(u32::from(issuer))?;
        let issuer = if token.is_empty() { 0 } else { own.columns.token(token) };
        let context = own.columns.context(Context { resource, issuer });
        Some(own.columns.column(place, path, context))
    }
}

#[cfg(test)]
mod tests;
