//! Which classes a name may speak of, by its words: a pack has a hundred classes with thousands of
//! phrases, and most names have a word of none.

use crate::base::TableMap;

use super::words::{Phrase, Words};

/// Classes by the words their phrases begin with.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    classes: TableMap<String, Vec<usize>>,
}

impl Mentions {
    /// `phrases` are names of the class with this number.
    pub(super) fn add(&mut self, class: usize, phrases: &[Phrase]) {
        for start in phrases.iter().flat_map(Phrase::starts) {
            let classes = self.classes.entry(start.to_owned()).or_default();
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
    }

    /// Of `count` classes, those of which a phrase may stand among `words`; none of the others
    /// does.
    pub(super) fn among(&self, words: &Words, count: usize) -> Vec<bool> {
        let mut out = vec![false; count];
        for word in words.all() {
            let singular = word.strip_suffix('s');
            let known = [Some(word), singular].into_iter().flatten();
            for class in known.filter_map(|word| self.classes.get(word)).flatten() {
                if let Some(mentioned) = out.get_mut(*class) {
                    *mentioned = true;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::words::Standing;
    use super::*;

    proptest! {
        #[test]
        fn whatever_stands_in_a_name_is_mentioned(
            path in "[a-c]{1,4}s?([A-C][a-c]{0,3}s?){0,3}(\\.[a-c]{1,4}s?){0,2}",
            phrases in proptest::collection::vec("[a-c]{1,4}( [a-c]{1,3}){0,2}", 1..12),
        ) {
            let phrases: Vec<Vec<Phrase>> = phrases.iter().map(|p| Phrase::expand(p)).collect();
            let mut mentions = Mentions::default();
            for (class, phrases) in phrases.iter().enumerate() {
                mentions.add(class, phrases);
            }
            let words = Words::of_path(&path);
            let mentioned = mentions.among(&words, phrases.len());
            for (class, phrases) in phrases.iter().enumerate() {
                let (standing, _) = words.standing(phrases, &[]);
                prop_assert!(standing == Standing::Absent || mentioned[class], "{path} {class}");
            }
        }
    }
}
