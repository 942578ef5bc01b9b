//! The literals of all rules, looked for in one walk over a text: most text holds none of them.

use std::ops::Range;

/// Literals, each with the number of what is to be tried where it stands.
///
/// ```text
/// text      h  g  h  p  _  0
///              └─────┘ three bytes, in whatever case: does a literal begin so?
///                      (a bit of 32,768 by their hash, 4 KiB: it stays in the cache)
///                      └─ then which: the longer before the shorter
/// ```
///
/// Vectors (Teddy) take 64 literals at a time and texts from a few dozen bytes on: for some two
/// hundred literals and the texts of an API, a sentence long, this takes a third of what four such
/// passes did.
#[derive(Debug)]
pub(super) struct Anchors {
    /// One bit per hash of three bytes that a literal begins with.
    filter: Box<[u64; FILTER_WORDS]>,
    /// Sorted by what they begin with, then the longer before the shorter.
    literals: Vec<Literal>,
}

const HASH_BITS: u32 = 15;
const FILTER_WORDS: usize = 1 << (HASH_BITS - 6);

#[derive(Debug)]
struct Literal {
    /// Its first three bytes, see [`begun`].
    head: u32,
    text: Box<[u8]>,
    /// Whether it is found in any case.
    folded: bool,
    action: usize,
}

impl Default for Anchors {
    fn default() -> Anchors {
        Anchors { filter: Box::new([0; FILTER_WORDS]), literals: Vec::new() }
    }
}

impl Anchors {
    /// Over literals of at least three bytes, with the number of what is to be tried at them:
    /// `spelled` as they are, and `folded` in whatever case.
    pub(super) fn compile(spelled: &[(String, usize)], folded: &[(String, usize)]) -> Anchors {
        let mut anchors = Anchors::default();
        let spelled = spelled.iter().map(|literal| (literal, false));
        for ((text, action), folded) in spelled.chain(folded.iter().map(|l| (l, true))) {
            let text: Box<[u8]> = text.as_bytes().into();
            let Some(head) = text.first_chunk().copied().map(begun) else { continue };
            let (word, bit) = place(head);
            if let Some(word) = anchors.filter.get_mut(word) {
                *word |= 1 << bit;
            }
            anchors.literals.push(Literal { head, text, folded, action: *action });
        }
        anchors.literals.sort_by_key(|l| (l.head, std::cmp::Reverse(l.text.len())));
        anchors
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// Calls `found` with the action and place of every literal in `text`, in the order of their
    /// places. Linear in its length.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        let may_begin = |head| {
            let (word, bit) = place(head);
            self.filter.get(word).is_some_and(|word| word >> bit & 1 == 1)
        };
        // Four bytes hold the heads of two places.
        let mut at = 0;
        while let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            let four = u32::from_le_bytes(*four) | CASES;
            for (at, head) in [(at, four & HEAD), (at + 1, four >> 8)] {
                if may_begin(head) {
                    self.try_at(text, at, head, &mut found);
                }
            }
            at += 2;
        }
        let rest = text.get(at..).unwrap_or_default();
        if let [a, b, c] = *rest
            && may_begin(begun([a, b, c]))
        {
            self.try_at(text, at, begun([a, b, c]), &mut found);
        }
    }

    /// A literal may begin with `head` at `at`.
    #[cold]
    fn try_at(
        &self,
        text: &[u8],
        at: usize,
        head: u32,
        found: &mut impl FnMut(usize, Range<usize>),
    ) {
        let first = self.literals.partition_point(|literal| literal.head < head);
        let Some(rest) = text.get(at..) else { return };
        let begun = self.literals.get(first..).unwrap_or_default().iter();
        for literal in begun.take_while(|literal| literal.head == head) {
            let Some(here) = rest.get(..literal.text.len()) else { continue };
            let same = match literal.folded {
                true => here.eq_ignore_ascii_case(&literal.text),
                false => here == &*literal.text,
            };
            if same {
                found(literal.action, at..at + literal.text.len());
            }
        }
    }
}

/// What letters have in lower case, in each of four bytes.
const CASES: u32 = 0x2020_2020;
/// The bytes of a head among four.
const HEAD: u32 = 0x00ff_ffff;

/// Three bytes in whatever case. What makes letters one may merge other bytes: these are looked at
/// again.
fn begun([a, b, c]: [u8; 3]) -> u32 {
    (u32::from_le_bytes([a, b, c, 0]) | CASES) & HEAD
}

/// The word and bit of the filter for a head (multiplicative hashing: Knuth, TAOCP 3, 6.4).
fn place(head: u32) -> (usize, u32) {
    const MIX: u32 = 0x9e37_79b1;
    let hash = head.wrapping_mul(MIX) >> (u32::BITS - HASH_BITS);
    ((hash >> 6) as usize, hash & 63)
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
        let anchors = Anchors::compile(&pairs.map(|(text, action)| (text.to_owned(), action)), &[]);
        let expected = [(1, 1), (1, 0), (1, 3), (2, 2), (6, 0), (6, 3)];
        assert_eq!(hits(&anchors, b"xabcd abc"), expected);
    }

    #[test]
    fn folded_literals_are_found_in_any_case() {
        let literals = [("GitHub".to_owned(), 3), ("a-1x".to_owned(), 4)];
        let anchors = Anchors::compile(&[], &literals);
        for text in ["my github", "GITHUB_KEY", "gItHub"] {
            assert_eq!(hits(&anchors, text.as_bytes()).len(), 1, "{text}");
        }
        assert_eq!(hits(&anchors, b"A-1X a-1y"), [(0, 4)]);
        assert!(Anchors::compile(&[], &[]).is_empty());
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
                true => Anchors::compile(&[], &numbered),
                false => Anchors::compile(&numbered, &[]),
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
