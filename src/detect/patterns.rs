//! Patterns of rules: compiled within bounds, and what they ask of a value beside its form.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta::Regex;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, Input};

use crate::base::limits::{PATTERN_BYTES_MAX, PATTERN_COMPILED_BYTES_MAX};
use crate::rules::{Embedded, Rule, RuleError, WholePattern};

use super::compile::refuse;
use super::cost::{Begins, affordable};
use super::needs::Needs;
use super::score::float;
use super::whole::{INSTANT_LENGTHS, INSTANT_MARKS};

/// What a pattern's value has to be beside its form.
#[derive(Debug)]
pub(super) struct Guard {
    /// The group that is the value; else the first that took part, else all.
    group: Option<usize>,
    /// Bits of entropy per character that it has more of.
    entropy: f64,
    /// What it must not hold.
    allow: Arc<[Expression]>,
    own_allow: Vec<Expression>,
    /// Words that it must not hold, in any case.
    stop_words: Option<AhoCorasick>,
    /// Words of which it has to hold one.
    keywords: Option<AhoCorasick>,
}

impl Guard {
    /// Whether what `regex` matched from `at` on is a value.
    pub(super) fn lets_pass(&self, regex: &Expression, text: &[u8], at: Range<usize>) -> bool {
        let value = text.get(self.value(regex, text, at)).unwrap_or_default();
        let allowed = || self.allow.iter().chain(&self.own_allow).any(|a| a.is_match(value));
        entropy(value) > self.entropy
            && !self.stop_words.as_ref().is_some_and(|words| words.is_match(value))
            && self.keywords.as_ref().is_none_or(|words| words.is_match(value))
            && !allowed()
    }

    fn value(&self, regex: &Expression, text: &[u8], at: Range<usize>) -> Range<usize> {
        let Some(regex) = regex.compiled() else { return at };
        let mut groups = regex.create_captures();
        let rest = Input::new(text).range(at.start..text.len()).anchored(Anchored::Yes);
        regex.search_captures(&rest, &mut groups);
        let group = |n| groups.get_group(n).map(|span| span.start..span.end);
        let first = || (1..groups.group_len()).filter_map(group).find(|span| !span.is_empty());
        self.group.map_or_else(first, group).unwrap_or(at)
    }
}

/// Shannon's entropy of `value` in bits per byte, or below 0 where there is none to ask for.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u64; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = float(super::score::count(value.len()).max(1));
    let share = |count: &u64| float(*count) / all;
    counts.iter().filter(|count| **count > 0).map(share).map(|p| -p * p.log2()).sum()
}

/// What the patterns of one rule share.
pub(super) struct Shared {
    allow: Arc<[Expression]>,
}

impl Shared {
    /// Compiled once for all of them.
    pub(super) fn of(rule: &Rule) -> Result<Shared, RuleError> {
        let allow = regexes(rule, "allow", &rule.allow)?;
        Ok(Shared { allow: allow.into() })
    }

    /// What a pattern for whole values asks beside.
    pub(super) fn of_whole(
        &self,
        rule: &Rule,
        way: &WholePattern,
    ) -> Result<Option<Guard>, RuleError> {
        let own = ("whole", way.group, way.entropy);
        self.guard(rule, own, (&way.allow, &way.stop_words, &way.keywords))
    }

    /// What a pattern for values inside text asks beside.
    pub(super) fn of_embedded(
        &self,
        rule: &Rule,
        way: &Embedded,
    ) -> Result<Option<Guard>, RuleError> {
        let own = ("embedded", way.group, way.entropy);
        self.guard(rule, own, (&way.allow, &way.stop_words, &[]))
    }

    fn guard(
        &self,
        rule: &Rule,
        (key, group, entropy): (&'static str, Option<usize>, Option<f64>),
        (allow, stop_words, keywords): (&[String], &[String], &[String]),
    ) -> Result<Option<Guard>, RuleError> {
        let words: Vec<&String> = rule.stop_words.iter().chain(stop_words).collect();
        let lists = words.is_empty() && allow.is_empty() && keywords.is_empty();
        if entropy.is_none() && lists && self.allow.is_empty() {
            return Ok(None);
        }
        if entropy.is_some_and(|bits| !(0.0..=8.0).contains(&bits)) {
            return Err(refuse(rule, key, "entropy: expected bits per character from 0 to 8"));
        }
        Ok(Some(Guard {
            group,
            entropy: entropy.unwrap_or(-1.0),
            allow: Arc::clone(&self.allow),
            own_allow: regexes(rule, key, allow)?,
            stop_words: any_of(rule, "stop_words", &words)?,
            keywords: any_of(rule, key, &keywords.iter().collect::<Vec<_>>())?,
        }))
    }
}

/// Finds any of `words` in whatever case; nothing to find where there are none.
fn any_of(
    rule: &Rule,
    key: &'static str,
    words: &[&String],
) -> Result<Option<AhoCorasick>, RuleError> {
    if words.is_empty() {
        return Ok(None);
    }
    let built = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
    built.map(Some).map_err(|e| refuse(rule, key, e.to_string()))
}

fn regexes(rule: &Rule, key: &'static str, all: &[String]) -> Result<Vec<Expression>, RuleError> {
    all.iter().map(|pattern| regex(rule, (key, pattern), Begins::Anywhere(&[]))).collect()
}

/// A rule's own pattern for whole values, behind what can be told without running it.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Matches whole values.
    regex: Expression,
    /// What a value has to have, by alternative.
    needs: Vec<Needs>,
    /// Of the kinds of values that are told at a glance, those it can match.
    glimpsed: [bool; 2],
    guard: Option<Guard>,
}

impl Pattern {
    /// A pattern over whole values.
    pub(super) fn compile(
        rule: &Rule,
        (key, pattern): (&'static str, &str),
        guard: Option<Guard>,
    ) -> Result<Pattern, RuleError> {
        let anchored = format!(r"\A(?:{pattern})\z");
        let regex = regex(rule, (key, &anchored), Begins::AtStart)?;
        let needs = Needs::of(pattern, &syntax_config());
        let mut states = States::of(&anchored);
        let glimpsed = [Glimpse::Id, Glimpse::Instant];
        let glimpsed =
            glimpsed.map(|kind| states.as_mut().is_none_or(|states| kind.is_matched(states)));
        Ok(Pattern { regex, needs, glimpsed, guard })
    }

    /// What a value has to have, by alternative.
    pub(super) fn needs(&self) -> &[Needs] {
        &self.needs
    }

    /// Whether it matches some UUID.
    pub(super) fn may_be_id(&self) -> bool {
        let [id, _] = self.glimpsed;
        id
    }

    /// Whether it matches something that looks like a point in time.
    pub(super) fn may_be_instant(&self) -> bool {
        let [_, instant] = self.glimpsed;
        instant
    }

    /// Whether all of `value` is one; it has what is needed.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        self.regex.is_match(value)
            && self
                .guard
                .as_ref()
                .is_none_or(|guard| guard.lets_pass(&self.regex, value, 0..value.len()))
    }
}

/// A pattern that is compiled when a value first gets that far: most of the built-in ones never see
/// one, and to compile them all took a third of the time to start.
#[derive(Debug)]
pub(super) struct Expression {
    pattern: Box<str>,
    /// Nothing where it cannot be compiled: no rule of ours, which the tests compile.
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    /// As compiled.
    pub(super) fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.pattern).ok()).as_ref()
    }

    fn is_match(&self, text: &[u8]) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }
}

/// A pattern that is neither long, large nor slow; no pattern backtracks. That of a user's rule is
/// compiled at once, and refused where that fails.
pub(super) fn regex(
    rule: &Rule,
    (key, pattern): (&'static str, &str),
    begins: Begins<'_>,
) -> Result<Expression, RuleError> {
    if pattern.len() > PATTERN_BYTES_MAX {
        let reason = format!("longer than {PATTERN_BYTES_MAX} bytes: split it or use masks");
        return Err(refuse(rule, key, reason));
    }
    let compiled = OnceLock::new();
    // What is built in is compiled at once where it is tested.
    if !rule.is_built_in() || cfg!(debug_assertions) {
        if !rule.is_built_in() {
            affordable(pattern, begins).map_err(|why| refuse(rule, key, why))?;
        }
        let refused = |why| refuse(rule, key, format!("{why}: shorten or correct the pattern"));
        let _ = compiled.set(Some(compile(pattern).map_err(refused)?));
    }
    Ok(Expression { pattern: pattern.into(), compiled })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let limit = Some(PATTERN_COMPILED_BYTES_MAX);
    let config = Regex::config().nfa_size_limit(limit).onepass_size_limit(limit).utf8_empty(false);
    let built = Regex::builder().configure(config).syntax(syntax_config()).build(pattern);
    built.map_err(|e| e.syntax_error().map_or_else(|| e.to_string(), told))
}

/// What is wrong with a pattern, in one line: the drawing of where goes.
pub(super) fn told(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Values that are told at a glance, and not looked at further where no pattern matches one.
#[derive(Clone, Copy)]
enum Glimpse {
    /// A UUID (RFC 9562).
    Id,
    /// A date with a time (RFC 3339).
    Instant,
}

impl Glimpse {
    /// Lengths it has.
    fn lengths(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Glimpse::Id => 36..=36,
            Glimpse::Instant => INSTANT_LENGTHS,
        }
    }

    /// Whether `byte` may stand at `place`; of an instant, whether more is said than its marks.
    fn allows(self, place: usize, byte: u8) -> bool {
        let mark = |marks: &[(usize, u8)]| marks.iter().find(|(at, _)| *at == place).copied();
        match self {
            Glimpse::Id => match mark(&[(8, b'-'), (13, b'-'), (18, b'-'), (23, b'-')]) {
                Some((_, mark)) => byte == mark,
                None => byte.is_ascii_hexdigit(),
            },
            Glimpse::Instant => match mark(&INSTANT_MARKS) {
                Some((_, mark)) => byte == mark,
                None => place > 13 || byte.is_ascii_digit(),
            },
        }
    }

    /// Whether the pattern matches one: every state that such values lead to is gone through,
    /// place by place. What cannot be told counts as yes.
    fn is_matched(self, pattern: &mut States) -> bool {
        let mut states = vec![pattern.start];
        for place in 0..*self.lengths().end() {
            let mut next = Vec::new();
            for byte in (0..=u8::MAX).filter(|byte| self.allows(place, *byte)) {
                for state in &states {
                    match pattern.next(*state, byte) {
                        Some(state) if state.is_dead() => {}
                        Some(state) if !state.is_quit() => next.push(state),
                        _ => return true,
                    }
                }
            }
            next.sort_unstable();
            next.dedup();
            let over = self.lengths().contains(&(place + 1));
            if over && next.iter().any(|state| pattern.ends_at(*state)) {
                return true;
            }
            states = next;
        }
        false
    }
}

/// States of a pattern, made as they are asked for: all of them may be very many.
struct States {
    dfa: DFA,
    cache: Cache,
    start: LazyStateID,
}

impl States {
    /// Of a pattern over whole values; `None` where it has none.
    fn of(anchored: &str) -> Option<States> {
        // A cache that is full is not emptied: states would lose their meaning.
        let config = DFA::config()
            .cache_capacity(PATTERN_COMPILED_BYTES_MAX)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder().configure(config).syntax(syntax_config()).build(anchored).ok()?;
        let mut cache = dfa.create_cache();
        let start = start::Config::new().anchored(Anchored::Yes);
        let start = dfa.start_state(&mut cache, &start).ok()?;
        Some(States { dfa, cache, start })
    }

    /// Where `byte` leads to; `None` where that cannot be told.
    fn next(&mut self, state: LazyStateID, byte: u8) -> Option<LazyStateID> {
        self.dfa.next_state(&mut self.cache, state, byte).ok()
    }

    /// Whether a value may end here.
    fn ends_at(&mut self, state: LazyStateID) -> bool {
        self.dfa.next_eoi_state(&mut self.cache, state).map_or(true, |end| end.is_match())
    }
}

pub(super) fn syntax_config() -> syntax::Config {
    syntax::Config::new().utf8(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_at_a_glance_is_passed_by_patterns_that_cannot_match_it() {
        let glimpsed = |pattern: &str| {
            let anchored = format!(r"\A(?:{pattern})\z");
            let mut states = States::of(&anchored).unwrap();
            [Glimpse::Id, Glimpse::Instant].map(|kind| kind.is_matched(&mut states))
        };
        assert_eq!(glimpsed("[A-Za-z0-9_]{20,60}"), [false, false]);
        assert_eq!(glimpsed("[A-Za-z0-9_-]{20,60}"), [true, false]);
        assert_eq!(glimpsed("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), [true, false]);
        assert_eq!(glimpsed("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[g-z]{12}"), [false, false]);
        assert_eq!(glimpsed("[0-9]{4}-.*"), [false, true]);
        assert_eq!(glimpsed("[A-Z0-9:-]{20}"), [false, true]);
        assert_eq!(glimpsed("ghp_[A-Za-z0-9]{36}"), [false, false]);
        assert_eq!(glimpsed("(?s-u:.*)"), [true, true]);
    }

    #[test]
    fn entropy_is_in_bits_per_character() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert!((entropy(b"abcdefgh") - 3.0).abs() < 1e-9);
        assert_eq!(entropy(b""), 0.0);
    }
}
