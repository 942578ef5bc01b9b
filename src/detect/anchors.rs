//! One automaton over the literals of all rules: most text holds none of them.

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// The literals, and for each what it stands for: itself and every other literal it begins with.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    automaton: Option<AhoCorasick>,
    actions: Vec<Vec<usize>>,
}

impl Anchors {
    /// Over literals with the number of what is to be tried at them. Fails where the automaton
    /// would be too large.
    pub(super) fn compile(pairs: &[(String, usize)]) -> Result<Anchors, String> {
        let mut literals: Vec<&str> = pairs.iter().map(|(text, _)| text.as_str()).collect();
        // Of two that begin at one place the longer is found, and stands for both.
        literals.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        literals.dedup();
        if literals.is_empty() {
            return Ok(Anchors::default());
        }
        let actions = literals
            .iter()
            .map(|literal| {
                let begun = pairs.iter().filter(|(text, _)| literal.starts_with(text.as_str()));
                begun.map(|(_, action)| *action).collect()
            })
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(&literals)
            .map_err(|e| e.to_string())?;
        Ok(Anchors { automaton: Some(automaton), actions })
    }

    /// Calls `found` with the action and place of every literal in `text`. Linear in its length.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, std::ops::Range<usize>)) {
        let Some(automaton) = &self.automaton else { return };
        let mut from = 0;
        while let Some(hit) = automaton.find(Input::new(text).range(from..)) {
            for action in self.actions.get(hit.pattern().as_usize()).into_iter().flatten() {
                found(*action, hit.range());
            }
            from = hit.start() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_literals_are_all_found() {
        let pairs = [("abc".to_owned(), 0), ("ab".to_owned(), 1), ("bcd".to_owned(), 2)];
        let anchors = Anchors::compile(&pairs).unwrap();
        let mut hits = Vec::new();
        anchors.each(b"xabcd ab", |action, range| hits.push((action, range.start)));
        assert_eq!(hits, [(0, 1), (1, 1), (2, 2), (1, 6)]);
    }

    #[test]
    fn no_literals_find_nothing() {
        Anchors::compile(&[]).unwrap().each(b"abc", |_, _| panic!("found"));
    }
}
