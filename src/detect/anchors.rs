//! One automaton over the literals of all rules: most text holds none of them.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::sift::Census;

/// The literals, and for each what it stands for: itself, and every other of its pass that it
/// begins with.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    automatons: Vec<Automaton>,
    /// What the literals are made of, without those that need more than another does.
    least: Vec<Census>,
    /// One bit per pair of bytes that a literal begins with.
    pairs: Vec<u64>,
}

/// One pass over a text.
#[derive(Debug)]
struct Automaton {
    search: AhoCorasick,
    /// For each literal what it stands for.
    actions: Vec<Vec<usize>>,
}

/// Literals that are searched for by vectors at once (Teddy): two such passes are faster than one
/// that goes from byte to byte.
const VECTORED_MAX: usize = 64;

/// Texts shorter than this are looked through by pairs first: the automaton's vector search needs
/// longer ones to pay.
const SHORT: usize = 64;

impl Anchors {
    /// Over literals with the number of what is to be tried at them. Fails where the automaton
    /// would be too large.
    pub(super) fn compile(begun: &[(String, usize)]) -> Result<Anchors, String> {
        let mut literals: Vec<&str> = begun.iter().map(|(text, _)| text.as_str()).collect();
        // Of two that begin at one place the longer is found, and stands for both.
        literals.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        literals.dedup();
        if literals.is_empty() {
            return Ok(Anchors::default());
        }
        let mut least: Vec<Census> = Vec::new();
        for census in literals.iter().map(|literal| Census::of(literal.as_bytes())) {
            if !least.iter().any(|other| census.covers(other)) {
                least.retain(|other| !other.covers(&census));
                least.push(census);
            }
        }
        let mut begins = vec![0u64; (1 << 16) / 64];
        for literal in &literals {
            let (word, bit) = place_of(literal.as_bytes());
            if let Some(bits) = begins.get_mut(word) {
                *bits |= 1 << bit;
            }
        }
        let groups = literals.chunks(VECTORED_MAX);
        let automatons = groups.map(|group| Automaton::over(group, begun, false));
        Ok(Anchors { automatons: automatons.collect::<Result<_, _>>()?, least, pairs: begins })
    }

    /// The same, found in whatever case.
    pub(super) fn compile_folded(pairs: &[(String, usize)]) -> Result<Anchors, String> {
        let lower: Vec<(String, usize)> =
            pairs.iter().map(|(text, action)| (text.to_ascii_lowercase(), *action)).collect();
        let mut anchors = Anchors::compile(&lower)?;
        if anchors.automatons.is_empty() {
            return Ok(anchors);
        }
        let mut literals: Vec<&str> = lower.iter().map(|(text, _)| text.as_str()).collect();
        literals.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        literals.dedup();
        for literal in &literals {
            let [a, b, ..] = literal.as_bytes() else { continue };
            for a in [*a, a.to_ascii_uppercase()] {
                for b in [*b, b.to_ascii_uppercase()] {
                    let (word, bit) = place_of(&[a, b]);
                    if let Some(bits) = anchors.pairs.get_mut(word) {
                        *bits |= 1 << bit;
                    }
                }
            }
        }
        anchors.automatons = vec![Automaton::over(&literals, &lower, true)?];
        Ok(anchors)
    }

    /// Whether a text holds two bytes that a literal begins with, or is too long to look.
    pub(super) fn begins_in(&self, text: &[u8]) -> bool {
        !self.automatons.is_empty()
            && (text.len() >= SHORT || text.windows(2).any(|pair| self.begins(pair)))
    }

    /// Whether a text made of `census` can hold a literal at all.
    pub(super) fn possible(&self, text: &[u8], census: &Census) -> bool {
        self.least.iter().any(|least| census.covers(least))
            && (text.len() >= SHORT || text.windows(2).any(|pair| self.begins(pair)))
    }

    fn begins(&self, pair: &[u8]) -> bool {
        let (word, bit) = place_of(pair);
        self.pairs.get(word).is_some_and(|bits| bits >> bit & 1 == 1)
    }

    /// Calls `found` with the action and place of every literal in `text`. Linear in its length.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, std::ops::Range<usize>)) {
        for automaton in &self.automatons {
            automaton.each(text, &mut found);
        }
    }
}

impl Automaton {
    /// Over `literals`, the longer before the shorter; `pairs` are those with their actions.
    fn over(
        literals: &[&str],
        pairs: &[(String, usize)],
        folded: bool,
    ) -> Result<Automaton, String> {
        let actions = literals
            .iter()
            .map(|literal| {
                let here = |text: &str| literals.contains(&text) && literal.starts_with(text);
                pairs.iter().filter(|(text, _)| here(text)).map(|(_, action)| *action).collect()
            })
            .collect();
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .ascii_case_insensitive(folded)
            .kind(kind_for(literals))
            .build(literals)
            .map_err(|e| e.to_string())?;
        Ok(Automaton { search, actions })
    }

    fn each(&self, text: &[u8], found: &mut impl FnMut(usize, std::ops::Range<usize>)) {
        let mut from = 0;
        while let Some(hit) = self.search.find(Input::new(text).range(from..)) {
            for action in self.actions.get(hit.pattern().as_usize()).into_iter().flatten() {
                found(*action, hit.range());
            }
            from = hit.start() + 1;
        }
    }
}

/// Beyond what vectors take, a table with a row per state is the fastest, while it is small.
fn kind_for(literals: &[&str]) -> Option<AhoCorasickKind> {
    /// Bytes of all literals, each of which may be a state of a few hundred bytes.
    const LITERALS_MAX: usize = 4 * 1024;
    let bytes: usize = literals.iter().map(|literal| literal.len()).sum();
    (literals.len() > VECTORED_MAX && bytes <= LITERALS_MAX).then_some(AhoCorasickKind::DFA)
}

/// Word and bit of the first two bytes.
fn place_of(literal: &[u8]) -> (usize, u32) {
    let byte = |at: usize| literal.get(at).copied().map_or(0, usize::from);
    let pair = byte(0) << 8 | byte(1);
    (pair >> 6, u32::from(literal.get(1).copied().unwrap_or(0) & 63))
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
    fn short_texts_are_possible_only_with_the_right_bytes() {
        let anchors = Anchors::compile(&[("Mr ".to_owned(), 0)]).unwrap();
        let possible = |text: &str| anchors.possible(text.as_bytes(), &Census::of(text.as_bytes()));
        assert!(possible("to Mr Smith"));
        assert!(!possible("to mr smith"));
        assert!(!possible("Heart rate"));
    }

    #[test]
    fn folded_literals_are_found_in_any_case() {
        let anchors = Anchors::compile_folded(&[("GitHub".to_owned(), 3)]).unwrap();
        for text in ["my github", "GITHUB_KEY", "gItHub"] {
            assert!(anchors.begins_in(text.as_bytes()), "{text}");
            let mut hits = 0;
            anchors.each(text.as_bytes(), |action, _| hits += action);
            assert_eq!(hits, 3, "{text}");
        }
        assert!(!anchors.begins_in(b"another"));
        assert!(!Anchors::compile_folded(&[]).unwrap().begins_in(&[b'a'; 100]));
    }

    #[test]
    fn no_literals_find_nothing() {
        Anchors::compile(&[]).unwrap().each(b"abc", |_, _| panic!("found"));
    }
}
