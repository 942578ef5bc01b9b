//! Values that a pattern matches: every rule shows examples, and imported ones have none.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Times more than it must that a group is repeated, at most.
const MORE_MAX: u64 = 3;
/// Characters of one sample; longer patterns have none.
const SAMPLE_MAX: usize = 4096;

/// A value that `pattern` matches as far as can be told without look-around; another for every
/// `seed`. Nothing where the pattern is wrong or its values are too long.
pub(super) fn sample(pattern: &str, seed: u64) -> Option<String> {
    let hir = ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let mut maker = Maker { state: seed.wrapping_mul(2) | 1, out: Vec::new() };
    maker.add(&hir)?;
    String::from_utf8(maker.out).ok()
}

struct Maker {
    /// Of a generator after Marsaglia, "Xorshift RNGs" (2003).
    state: u64,
    out: Vec<u8>,
}

impl Maker {
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11).checked_rem(limit).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(of.len()).ok()?);
        of.get(usize::try_from(at).ok()?)
    }

    fn add(&mut self, hir: &Hir) -> Option<()> {
        if self.out.len() > SAMPLE_MAX {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(()),
            HirKind::Literal(literal) => {
                self.out.extend_from_slice(&literal.0);
                Some(())
            }
            HirKind::Class(class) => {
                let chars = chars_of(class);
                let char = *self.pick(&chars)?;
                self.out.push(char);
                Some(())
            }
            HirKind::Repetition(repeated) => {
                let least = u64::from(repeated.min);
                let most = repeated.max.map_or(least + MORE_MAX, u64::from);
                // Optional parts most often stay away: look-around is easier met then.
                let more = most.min(least + MORE_MAX) - least;
                let more = if self.below(2) == 0 { 0 } else { self.below(more + 1) };
                (0..least + more).try_for_each(|_| self.add(&repeated.sub))
            }
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.add(part)),
            HirKind::Alternation(ways) => {
                let way = self.pick(ways)?.clone();
                self.add(&way)
            }
        }
    }
}

/// The letters and digits of a class, else what of it can be printed, else all of one byte.
fn chars_of(class: &Class) -> Vec<u8> {
    let has = |byte: u8| match class {
        Class::Unicode(ranges) => {
            let char = char::from(byte);
            byte < 0x80 && ranges.iter().any(|r| (r.start()..=r.end()).contains(&char))
        }
        Class::Bytes(ranges) => ranges.iter().any(|r| (r.start()..=r.end()).contains(&byte)),
    };
    let all: Vec<u8> = (0..0x80u8).filter(|byte| has(*byte)).collect();
    for kind in [u8::is_ascii_alphanumeric, u8::is_ascii_graphic, |b: &u8| *b == b' '] {
        let some: Vec<u8> = all.iter().copied().filter(kind).collect();
        if !some.is_empty() {
            return some;
        }
    }
    all
}

/// The longest text that every match of `pattern` holds, in the case it is written in.
pub(super) fn literal(pattern: &str) -> Option<String> {
    let hir = ParserBuilder::new().utf8(false).build().parse(pattern).ok()?;
    let mut found = Vec::new();
    literals(&hir, &mut found);
    let texts = found.into_iter().filter_map(|bytes| String::from_utf8(bytes).ok());
    texts.filter(|text| text.is_ascii()).max_by_key(String::len)
}

fn literals(hir: &Hir, found: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Literal(literal) => found.push(literal.0.to_vec()),
        HirKind::Capture(capture) => literals(&capture.sub, found),
        HirKind::Concat(parts) => parts.iter().for_each(|part| literals(part, found)),
        HirKind::Repetition(repeated) if repeated.min > 0 => literals(&repeated.sub, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::*;

    #[test]
    fn samples_match_their_patterns() {
        for pattern in [
            r"(?-u)ghp_[0-9a-zA-Z]{36}",
            r#"(?i-u)\b(?:a|b)_x{0,9}?([a-f0-9]{8}(?:-[a-f0-9]{4}){3})(?:[\x60'"\s;]|\\[nr]|$)"#,
            r"(?-u)[A-Z]{3}[0-9A-F]\d+\b",
        ] {
            let regex = Regex::new(pattern).unwrap();
            let hits = (0..40).filter_map(|seed| sample(pattern, seed));
            let hits = hits.filter(|text| regex.is_match(text.as_bytes())).count();
            assert!(hits >= 20, "{pattern}: {hits}");
        }
        assert_eq!(sample("(", 1), None);
        assert_eq!(sample("(?:a{1000}){1000}", 1), None);
    }

    #[test]
    fn a_literal_is_what_every_match_holds() {
        assert_eq!(literal(r"\b(glpat-[a-z]{20}|x)").as_deref(), None);
        assert_eq!(literal(r"\b(glpat-[a-z]{20})\.xy").as_deref(), Some("glpat-"));
        assert_eq!(literal("a?(?:bcd)?"), None);
    }
}
