//! What a value must have so that a pattern can match all of it: told from the pattern's syntax,
//! and asked before the pattern runs.
//!
//! `ghp_[A-Za-z0-9]{36}|[0-9]{8}:AA.*` becomes one set of needs for each of its alternatives: how
//! long a value is, what it begins with, which marks it has to have and what it may not have. Most
//! values lack a mark or are too short, so that few patterns ever run.

use regex_automata::util::syntax;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::sift::Traits;

/// Alternatives that are told apart; of more, what they have in common is asked.
const ALTERNATIVES_MAX: usize = 64;

/// What the values of one alternative have.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    /// Asked of values that begin so.
    pub(super) ask: Ask,
    /// What they begin with.
    first: First,
}

/// What is asked of the census of a value. Small: a value that begins with a letter is asked
/// some hundred of them, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// What each of them has.
    required: Traits,
    /// What some of them have: all else keeps a value out.
    allowed: Traits,
    /// How many bytes.
    least: u32,
    most: u32,
}

impl Ask {
    fn new((least, most): (usize, usize), Kinds { required, allowed }: Kinds) -> Ask {
        let narrow = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        Ask { required, allowed, least: narrow(least), most: narrow(most) }
    }

    /// How long a value is at least.
    pub(super) fn least(&self) -> u32 {
        self.least
    }

    /// Whether a value of so many bytes that has `traits` may be one: all of it at once, as most
    /// are not.
    pub(super) fn fits(&self, len: u32, traits: Traits) -> bool {
        traits.covers(self.required)
            & self.allowed.covers(traits)
            & (len >= self.least)
            & (len <= self.most)
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct First([u64; 4]);

impl First {
    const NONE: First = First([0; 4]);
    const ALL: First = First([u64::MAX; 4]);

    fn with(mut self, byte: u8) -> First {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
        self
    }

    fn has(self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    fn union(self, other: First) -> First {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        First([a | e, b | f, c | g, d | h])
    }
}

impl Needs {
    /// Of every alternative of `pattern`; one that asks nothing where it cannot be read.
    pub(super) fn of(pattern: &str, config: &syntax::Config) -> Vec<Needs> {
        let Ok(hir) = syntax::parse_with(pattern, config) else {
            return vec![Needs::nothing()];
        };
        let mut all = Vec::new();
        alternatives(&hir, &mut all);
        if all.len() > ALTERNATIVES_MAX { vec![Needs::of_one(&hir)] } else { all }
    }

    fn nothing() -> Needs {
        let kinds = Kinds { required: Traits::NONE, allowed: Traits::ALL };
        Needs { ask: Ask::new((0, usize::MAX), kinds), first: First::ALL }
    }

    fn of_one(hir: &Hir) -> Needs {
        let known = hir.properties();
        let lengths = (known.minimum_len().unwrap_or(0), known.maximum_len().unwrap_or(usize::MAX));
        Needs { ask: Ask::new(lengths, Kinds::of(hir)), first: first_of(hir).0 }
    }

    /// Whether a value can begin with `byte`.
    pub(super) fn begins_with(&self, byte: u8) -> bool {
        self.first.has(byte)
    }
}

/// The alternatives of `hir`, or the whole where it has none.
fn alternatives(hir: &Hir, into: &mut Vec<Needs>) {
    match hir.kind() {
        HirKind::Alternation(parts) => parts.iter().for_each(|part| alternatives(part, into)),
        HirKind::Capture(group) => alternatives(&group.sub, into),
        _ => into.push(Needs::of_one(hir)),
    }
}

/// What texts of a part of a pattern have.
struct Kinds {
    required: Traits,
    allowed: Traits,
}

impl Kinds {
    const NONE: Kinds = Kinds { required: Traits::NONE, allowed: Traits::NONE };

    fn of(hir: &Hir) -> Kinds {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Kinds::NONE,
            HirKind::Literal(literal) => {
                let all = Traits::of(&literal.0);
                Kinds { required: all, allowed: all }
            }
            HirKind::Class(class) => {
                let allowed = bytes_of(class).1;
                let required = if allowed.is_one() { allowed } else { Traits::NONE };
                Kinds { required, allowed }
            }
            HirKind::Repetition(repeated) => {
                let Kinds { required, allowed } = Kinds::of(&repeated.sub);
                let required = if repeated.min > 0 { required } else { Traits::NONE };
                Kinds { required, allowed }
            }
            HirKind::Capture(group) => Kinds::of(&group.sub),
            HirKind::Concat(parts) => parts.iter().map(Kinds::of).fold(Kinds::NONE, |all, part| {
                let required = all.required.union(part.required);
                Kinds { required, allowed: all.allowed.union(part.allowed) }
            }),
            HirKind::Alternation(parts) => {
                let all = parts.iter().map(Kinds::of).reduce(|all, part| Kinds {
                    required: all.required.common(part.required),
                    allowed: all.allowed.union(part.allowed),
                });
                all.unwrap_or(Kinds::NONE)
            }
        }
    }
}

/// The bytes that texts of `hir` can begin with, and whether such a text can be empty.
fn first_of(hir: &Hir) -> (First, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (First::NONE, true),
        HirKind::Literal(literal) => match literal.0.first() {
            Some(byte) => (First::NONE.with(*byte), false),
            None => (First::NONE, true),
        },
        HirKind::Class(class) => (bytes_of(class).0, false),
        HirKind::Repetition(repeated) => {
            let (first, empty) = first_of(&repeated.sub);
            (first, empty || repeated.min == 0)
        }
        HirKind::Capture(group) => first_of(&group.sub),
        HirKind::Concat(parts) => {
            let mut all = First::NONE;
            for part in parts {
                let (first, empty) = first_of(part);
                all = all.union(first);
                if !empty {
                    return (all, false);
                }
            }
            (all, true)
        }
        HirKind::Alternation(parts) => {
            parts.iter().map(first_of).fold((First::NONE, false), |(all, empty), (first, other)| {
                (all.union(first), empty || other)
            })
        }
    }
}

/// The bytes that characters of `class` begin with, and what all of their bytes are. Those beyond
/// ASCII are not told apart.
fn bytes_of(class: &Class) -> (First, Traits) {
    let mut first = First::NONE;
    let mut traits = Traits::NONE;
    let mut take = |from: u32, to: u32| {
        for byte in from..=to.min(0x7f) {
            let byte = u8::try_from(byte).unwrap_or_default();
            first = first.with(byte);
            traits = traits.union(Traits::of_byte(byte));
        }
        if to > 0x7f {
            first = (0x80..=u8::MAX).fold(first, First::with);
            traits = traits.union(Traits::of_byte(0x80));
        }
    };
    match class {
        Class::Unicode(class) => {
            class.iter().for_each(|range| take(range.start().into(), range.end().into()));
        }
        Class::Bytes(class) => {
            class.iter().for_each(|range| take(range.start().into(), range.end().into()));
        }
    }
    (first, traits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::string::bytes_regex;

    use super::super::sift::Census;
    use super::*;

    fn asked(needs: &Needs, value: &[u8]) -> bool {
        let len = u32::try_from(value.len()).unwrap();
        needs.ask.fits(len, Census::of(value).traits)
    }

    fn fits(pattern: &str, value: &str) -> bool {
        let bytes = value.as_bytes();
        let first = bytes.first().copied();
        Needs::of(pattern, &syntax::Config::new().utf8(false))
            .iter()
            .any(|needs| first.is_none_or(|byte| needs.begins_with(byte)) && asked(needs, bytes))
    }

    #[test]
    fn each_alternative_has_needs_of_its_own() {
        let pattern = "(?-u)ghp_[a-z]{4}|[0-9]{2}:[A-Z]+";
        for value in ["ghp_abcd", "12:AB", "gh_pzzzz", "99::ZZZ"] {
            assert!(
                fits(pattern, value),
                "{value}: what has the same kinds is left to the pattern"
            );
        }
        for value in ["ghp_abc", "ghp_abcde", "ghp-abcd", "xhp_abcd", "12:", "12AB", "1:a", ""] {
            assert!(!fits(pattern, value), "{value}");
        }
    }

    #[test]
    fn what_may_be_missing_is_not_asked() {
        for (pattern, value) in [
            ("(?-u)a?b", "b"),
            ("(?-u)(?:a|b-)c", "ac"),
            ("(?-u)(?:-|_)?[a-z]*", "abc"),
            ("(?i)key", "KEY"),
            ("(?i)k", "\u{212a}"),
            (r"\w+", "žluťoučký"),
            (r"(?-u)\bab\b", "ab"),
            ("(?s-u:.*)", "anything\x00\u{e9}"),
            (".", "\u{1f600}"),
            ("", ""),
        ] {
            assert!(fits(pattern, value), "{pattern} of {value}");
        }
    }

    /// A pattern, and a value that it matches.
    fn matched() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
        let patterns = [
            "(?-u)(?:gh[pousr]_[A-Za-z0-9]{3}|xox[ab]-[0-9-]{2,}|[0-9]{2}:A?)",
            "(?i)(?:mrn|no\\.?)[-: ]{0,2}[A-Z]{0,2}[0-9]{1,3}",
            "(?-u)(?:[a-c]?[.~]){1,3}x*(?:y|)",
            "(?s-u:.{0,4})[^a-z]",
            "[\\p{Greek}k-m]+|é?",
        ];
        prop::sample::select(patterns.to_vec())
            .prop_flat_map(|pattern| bytes_regex(pattern).unwrap().prop_map(move |v| (pattern, v)))
    }

    proptest! {
        /// Nothing that a pattern matches is kept from it.
        #[test]
        fn what_matches_has_what_is_needed((pattern, value) in matched()) {
            let needs = Needs::of(pattern, &syntax::Config::new().utf8(false));
            let first = value.first().copied();
            let told = needs.iter().any(|needs| {
                first.is_none_or(|byte| needs.begins_with(byte)) && asked(needs, &value)
            });
            prop_assert!(told, "{pattern} {value:?}");
        }
    }
}
