//! Names of fields that say something of those beside them: `grant_type` says what `code` is.

use std::sync::Arc;

use super::super::words::{Phrase, Words};
use super::Judge;

/// What stands before such a name among the classes beside a field. No class has a colon.
const FIELD: &str = "field:";

/// `names` as they stand among what is beside a field.
pub(in crate::detect) fn clues_of(names: &[String]) -> impl Iterator<Item = Arc<str>> {
    names.iter().flat_map(|name| Phrase::expand(name)).map(|phrase| clue_of(&phrase))
}

fn clue_of(phrase: &Phrase) -> Arc<str> {
    format!("{FIELD}{}", phrase.text()).into()
}

/// The name that stands there, if it is one.
pub(super) fn name_of(beside: &str) -> Option<&str> {
    beside.strip_prefix(FIELD)
}

impl Judge {
    /// What a field called by these words says of those beside it, whatever it carries.
    pub(super) fn clues_in(&self, words: &Words) -> Vec<Arc<str>> {
        let is = |phrase: &&Phrase| words.leaf_is(std::slice::from_ref(*phrase), &[], &[]);
        let mut found: Vec<Arc<str>> = self.clues.iter().filter(is).map(clue_of).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
