//! The literals of all rules, looked for in one walk over a text: most text holds none of them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::sift::Census;

/// Literals, each with the number of what is to be tried where it stands.
///
/// ```text
/// text      h  g  h  p  _  0
///              └─ pair: does a literal begin so? (a bit of 65,536, 8 KiB: it stays in the cache)
///                 └─ third byte: of 256, by pair
///                    └─ those literals, the longer before the shorter
/// ```
///
/// Vectors (Teddy) take 64 literals at a time and texts from a few dozen bytes on: for some two
/// hundred literals and the texts of an API, a sentence long, this takes a third of what four such
/// passes did.
#[derive(Debug)]
pub(super) struct Anchors {
    /// One bit per pair of bytes that a literal begins with.
    pairs: Box<[u64; PAIR_WORDS]>,
    /// How many pairs lie before those of each word.
    before: Vec<usize>,
    /// By pair, in their order.
    heads: Vec<Head>,
    literals: Vec<(Box<[u8]>, usize)>,
    /// Whether literals are in lower case and found in any.
    folded: bool,
    /// What the literals are made of, without those that need more than another does.
    least: Vec<Census>,
}

const PAIR_WORDS: usize = (1 << 16) / 64;

/// The literals that begin with one pair of bytes.
#[derive(Debug, Default)]
struct Head {
    /// One bit per byte that goes on with one.
    third: [u64; 4],
    /// Their places, the longest first.
    literals: Vec<usize>,
}

impl Default for Anchors {
    fn default() -> Anchors {
        Anchors {
            pairs: Box::new([0; PAIR_WORDS]),
            before: Vec::new(),
            heads: Vec::new(),
            literals: Vec::new(),
            folded: false,
            least: Vec::new(),
        }
    }
}

impl Anchors {
    /// Over literals of at least three bytes, with the number of what is to be tried at them.
    pub(super) fn compile(begun: &[(String, usize)]) -> Anchors {
        let mut anchors = Anchors::over(begun, false);
        for (literal, _) in &anchors.literals {
            let census = Census::of(literal);
            if !anchors.least.iter().any(|other| census.covers(other)) {
                anchors.least.retain(|other| !other.covers(&census));
                anchors.least.push(census);
            }
        }
        anchors
    }

    /// The same, found in whatever case.
    pub(super) fn compile_folded(begun: &[(String, usize)]) -> Anchors {
        Anchors::over(begun, true)
    }

    fn over(begun: &[(String, usize)], folded: bool) -> Anchors {
        let spelled = |text: &str| match folded {
            true => text.to_ascii_lowercase().into_bytes().into_boxed_slice(),
            false => text.as_bytes().into(),
        };
        let mut literals: Vec<(Box<[u8]>, usize)> =
            begun.iter().map(|(text, action)| (spelled(text), *action)).collect();
        literals.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let mut heads: BTreeMap<u16, Head> = BTreeMap::new();
        for (place, (literal, _)) in literals.iter().enumerate() {
            let [a, b, c, ..] = **literal else { continue };
            let cases = |byte: u8| match folded {
                true => vec![byte, byte.to_ascii_uppercase()],
                false => vec![byte],
            };
            for a in cases(a) {
                for b in cases(b) {
                    let head = heads.entry(u16::from_be_bytes([a, b])).or_default();
                    cases(c).into_iter().for_each(|c| head.goes_on_with(c));
                    // A byte without cases comes twice.
                    if head.literals.last() != Some(&place) {
                        head.literals.push(place);
                    }
                }
            }
        }
        let mut anchors = Anchors { literals, folded, ..Anchors::default() };
        for pair in heads.keys() {
            if let Some(bits) = anchors.pairs.get_mut(usize::from(pair / 64)) {
                *bits |= 1 << (pair % 64);
            }
        }
        let counts = anchors.pairs.iter().scan(0, |sum, bits| {
            let before = *sum;
            *sum += bits.count_ones() as usize;
            Some(before)
        });
        anchors.before = counts.collect();
        anchors.heads = heads.into_values().collect();
        anchors
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// Whether a text made of `census` can hold a literal at all.
    pub(super) fn possible(&self, census: &Census) -> bool {
        self.least.iter().any(|least| census.covers(least))
    }

    /// Calls `found` with the action and place of every literal in `text`, in the order of their
    /// places. Linear in its length.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        for (at, pair) in text.windows(2).enumerate() {
            let [a, b] = *pair else { continue };
            let pair = u16::from_be_bytes([a, b]);
            let bits = self.pairs.get(usize::from(pair / 64)).copied().unwrap_or_default();
            if bits >> (pair % 64) & 1 == 1 {
                self.try_at(text, (at, pair), &mut found);
            }
        }
    }

    /// A literal may begin with the pair at `at`.
    fn try_at(
        &self,
        text: &[u8],
        (at, pair): (usize, u16),
        found: &mut impl FnMut(usize, Range<usize>),
    ) {
        let word = usize::from(pair / 64);
        let lower = self.pairs.get(word).copied().unwrap_or_default() & !(u64::MAX << (pair % 64));
        let before = self.before.get(word).copied().unwrap_or_default();
        let Some(head) = self.heads.get(before + lower.count_ones() as usize) else { return };
        let Some(rest) = text.get(at..) else { return };
        if !rest.get(2).is_some_and(|third| head.may_go_on_with(*third)) {
            return;
        }
        for (literal, action) in head.literals.iter().filter_map(|place| self.literals.get(*place))
        {
            let Some(here) = rest.get(..literal.len()) else { continue };
            let same = match self.folded {
                true => here.eq_ignore_ascii_case(literal),
                false => here == &**literal,
            };
            if same {
                found(*action, at..at + literal.len());
            }
        }
    }
}

impl Head {
    fn goes_on_with(&mut self, byte: u8) {
        if let Some(bits) = self.third.get_mut(usize::from(byte / 64)) {
            *bits |= 1 << (byte % 64);
        }
    }

    fn may_go_on_with(&self, byte: u8) -> bool {
        self.third.get(usize::from(byte / 64)).is_some_and(|bits| bits >> (byte % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hits(anchors: &Anchors, text: &[u8]) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        anchors.each(text, |action, range| hits.push((range.start, action)));
        hits
    }

    #[test]
    fn overlapping_literals_are_all_found_in_the_order_of_their_places() {
        let pairs = [("bcd", 2), ("abc", 0), ("abcd", 1), ("abc", 3)];
        let anchors = Anchors::compile(&pairs.map(|(text, action)| (text.to_owned(), action)));
        let expected = [(1, 1), (1, 0), (1, 3), (2, 2), (6, 0), (6, 3)];
        assert_eq!(hits(&anchors, b"xabcd abc"), expected);
    }

    #[test]
    fn texts_are_possible_only_with_the_right_bytes() {
        let anchors = Anchors::compile(&[("Mr ".to_owned(), 0)]);
        let possible = |text: &str| anchors.possible(&Census::of(text.as_bytes()));
        assert!(possible("to Mr Smith"));
        assert!(!possible("to mr smith"));
    }

    #[test]
    fn folded_literals_are_found_in_any_case() {
        let anchors = Anchors::compile_folded(&[("GitHub".to_owned(), 3), ("a-1x".to_owned(), 4)]);
        for text in ["my github", "GITHUB_KEY", "gItHub"] {
            assert_eq!(hits(&anchors, text.as_bytes()).len(), 1, "{text}");
        }
        assert_eq!(hits(&anchors, b"A-1X a-1y"), [(0, 4)]);
        assert!(Anchors::compile_folded(&[]).is_empty());
    }

    proptest! {
        /// What a search that knows no shortcuts finds.
        #[test]
        fn everything_is_found_wherever_it_stands(
            literals in prop::collection::vec("[abB-]{3,5}", 0..8),
            text in "[abAB-]{0,40}",
            folded: bool,
        ) {
            let numbered: Vec<_> = literals.iter().cloned().zip(0..).collect();
            let anchors = match folded {
                true => Anchors::compile_folded(&numbered),
                false => Anchors::compile(&numbered),
            };
            let fold = |text: &str| match folded {
                true => text.to_ascii_lowercase(),
                false => text.to_owned(),
            };
            let mut expected = Vec::new();
            for at in 0..text.len() {
                for (literal, action) in &numbered {
                    if fold(&text[at..]).starts_with(&fold(literal)) {
                        expected.push((at, *action));
                    }
                }
            }
            let mut found = hits(&anchors, text.as_bytes());
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
