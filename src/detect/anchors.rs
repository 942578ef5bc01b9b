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
    /// How many bits are set before each word of the filter.
    ranks: Box<[u16; FILTER_WORDS]>,
    /// By the rank of a bit of the filter: where the literals of that hash begin. One more at the
    /// end.
    groups: Vec<u16>,
    /// Sorted by the hash of what they begin with, by that, then the longer before the shorter.
    literals: Vec<Literal>,
}

const HASH_BITS: u32 = 15;
const FILTER_WORDS: usize = 1 << (HASH_BITS - 6);

#[derive(Debug)]
struct Literal {
    /// Its first three bytes, see [`begun`].
    head: u32,
    /// Its first eight bytes in whatever case, and which of them it has: most texts that begin with
    /// `head` are told apart by these.
    quick: (u64, u64),
    text: Box<[u8]>,
    /// Whether it is found in any case.
    folded: bool,
    action: usize,
}

impl Default for Anchors {
    fn default() -> Anchors {
        Anchors {
            filter: Box::new([0; FILTER_WORDS]),
            ranks: Box::new([0; FILTER_WORDS]),
            groups: Vec::new(),
            literals: Vec::new(),
        }
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
            let quick = (eight(&text) | CASES_OF_EIGHT, mask_of(text.len()));
            anchors.literals.push(Literal { head, quick, text, folded, action: *action });
        }
        anchors.literals.sort_by_key(|l| (place(l.head), l.head, std::cmp::Reverse(l.text.len())));
        anchors.index();
        anchors
    }

    /// Notes where the literals of each hash begin.
    fn index(&mut self) {
        let mut before = 0u16;
        for (word, rank) in self.filter.iter().zip(self.ranks.iter_mut()) {
            *rank = before;
            before += u16::try_from(word.count_ones()).unwrap_or_default();
        }
        let mut last = None;
        for (literal, at) in self.literals.iter().zip(0u16..) {
            if last != Some(place(literal.head)) {
                self.groups.push(at);
                last = Some(place(literal.head));
            }
        }
        self.groups.push(u16::try_from(self.literals.len()).unwrap_or(u16::MAX));
    }

    /// The literals of one hash: those that begin with `head` among them.
    fn begun_by(&self, head: u32) -> &[Literal] {
        let (word, bit) = place(head);
        let (Some(bits), Some(rank)) = (self.filter.get(word), self.ranks.get(word)) else {
            return &[];
        };
        let rank = usize::from(*rank) + (bits & ((1u64 << bit) - 1)).count_ones() as usize;
        let Some([from, to]) = self.groups.get(rank..rank + 2).and_then(|two| two.first_chunk())
        else {
            return &[];
        };
        self.literals.get(usize::from(*from)..usize::from(*to)).unwrap_or_default()
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
        let Some(rest) = text.get(at..) else { return };
        let quick = eight(rest) | CASES_OF_EIGHT;
        for literal in self.begun_by(head) {
            let (first, mask) = literal.quick;
            if (quick ^ first) & mask != 0 {
                continue;
            }
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
const CASES_OF_EIGHT: u64 = 0x2020_2020_2020_2020;
/// The bytes of a head among four.
const HEAD: u32 = 0x00ff_ffff;

/// Three bytes in whatever case. What makes letters one may merge other bytes: these are looked at
/// again.
fn begun([a, b, c]: [u8; 3]) -> u32 {
    (u32::from_le_bytes([a, b, c, 0]) | CASES) & HEAD
}

/// The first eight bytes of `text`; what is missing is zero.
fn eight(text: &[u8]) -> u64 {
    if let Some(eight) = text.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    let mut bytes = [0u8; 8];
    for (into, from) in bytes.iter_mut().zip(text) {
        *into = *from;
    }
    u64::from_le_bytes(bytes)
}

/// The bits of the first `len` of eight bytes.
fn mask_of(len: usize) -> u64 {
    let bits = u32::try_from(len).map_or(u64::BITS, |len| len.saturating_mul(8)).min(u64::BITS);
    u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0)
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
