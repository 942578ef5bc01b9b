//! What a pattern may cost: how many of its states one text keeps alive at once. That many steps
//! are taken for a byte, whichever engine searches and however often its cache is emptied.
//!
//! A pattern that cannot have more than [`PATTERN_LIVE_MAX`] alive after any byte is taken as it
//! is, and nearly all are of that kind. Of the others texts are looked for that keep more alive,
//! always going on from what has most: a pattern that repeats what itself repeats soon has, and in
//! ever other sets. A list of words has many alive where one begins, and few such sets: engines
//! remember those. The search ends after a number of steps, not after a time, so the answer is the
//! same everywhere.

use std::collections::BinaryHeap;
use std::error::Error;

use regex_automata::nfa::thompson::{NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;

use crate::base::TableSet;
use crate::base::limits::{
    PATTERN_COMPILED_BYTES_MAX, PATTERN_LIVE_MAX, PATTERN_PROBE_BYTES, PATTERN_PROBE_STEPS,
    PATTERN_STATES_MAX,
};

use super::patterns::{syntax_config, told};

/// Different sets of states, too many each, that engines are left to remember.
const LARGE_SETS_MAX: usize = 32;

/// Where a search for a pattern begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begins<'r> {
    /// Where the value does.
    AtStart,
    /// Anywhere in a text that may hold these many times over.
    Anywhere(&'r [String]),
}

/// Refuses what is too large or would be slow.
pub(super) fn affordable(pattern: &str, begins: Begins<'_>) -> Result<(), String> {
    let config = NFA::config()
        .utf8(false)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(PATTERN_COMPILED_BYTES_MAX));
    let built = NFA::compiler().configure(config).syntax(syntax_config()).build(pattern);
    let nfa = built.map_err(|e| match e.size_limit() {
        Some(most) => format!(
            "pattern is too large: more than {most} bytes compiled; what is repeated counts as \
             often as it may come"
        ),
        // What is wrong is said by what it wraps.
        None => e.source().map_or_else(|| told(&e), told),
    })?;
    let states = nfa.states().len();
    if states > PATTERN_STATES_MAX {
        return Err(format!(
            "pattern is too large: {states} states, at most {PATTERN_STATES_MAX}; what is repeated \
             counts as often as it may come"
        ));
    }
    let mut probe = Probe::of(&nfa);
    if probe.most_after_any_byte() <= PATTERN_LIVE_MAX {
        return Ok(());
    }
    let costly = match begins {
        Begins::AtStart => probe.search(nfa.start_anchored()),
        Begins::Anywhere(anchors) => {
            probe.search(nfa.start_unanchored())
                || anchors.iter().any(|anchor| probe.repeated(anchor.as_bytes()))
        }
    };
    if costly {
        return Err(format!(
            "pattern is too slow: a text can keep more than {PATTERN_LIVE_MAX} of its {states} \
             states alive at once, and each costs a step for every byte; repeat less, or let what \
             follows a repetition begin with what is not repeated"
        ));
    }
    Ok(())
}

/// States of one pattern, and what is alive of them.
struct Probe<'n> {
    nfa: &'n NFA,
    /// One byte of each kind that the pattern tells apart.
    bytes: Vec<u8>,
    /// When each state was last alive.
    seen: Vec<usize>,
    now: usize,
    /// Steps taken.
    steps: usize,
}

/// What is alive: how many states, and those that take a byte, in order.
type Live = (usize, Vec<StateID>);

impl<'n> Probe<'n> {
    fn of(nfa: &'n NFA) -> Probe<'n> {
        let bytes = nfa.byte_classes().representatives(0..=u8::MAX);
        let bytes = bytes.filter_map(|unit| unit.as_u8()).collect();
        Probe { nfa, bytes, seen: vec![0; nfa.states().len()], now: 0, steps: 0 }
    }

    /// How many states any text can have alive after one byte: as if all had been before it.
    fn most_after_any_byte(&mut self) -> usize {
        let nfa = self.nfa;
        let bytes = self.bytes.clone();
        let after = |byte| nfa.states().iter().filter_map(move |state| step(state, byte)).collect();
        bytes.into_iter().map(|byte| self.alive(after(byte)).0).max().unwrap_or(0)
    }

    /// Whether some text keeps too many alive, as far as the steps go.
    fn search(&mut self, start: StateID) -> bool {
        let mut known: TableSet<Vec<StateID>> = TableSet::default();
        let mut open = BinaryHeap::new();
        let (count, live) = self.alive(vec![start]);
        open.push((count, known.len(), live));
        self.steps = 0;
        let mut large = 0;
        while let Some((_, _, live)) = open.pop() {
            if self.steps > PATTERN_PROBE_STEPS {
                return false;
            }
            for at in 0..self.bytes.len() {
                let Some(byte) = self.bytes.get(at) else { break };
                let (count, next) = self.after(&live, *byte);
                if !next.is_empty() && known.insert(next.clone()) {
                    large += usize::from(count > PATTERN_LIVE_MAX);
                    open.push((count, known.len(), next));
                }
                if large > LARGE_SETS_MAX {
                    return true;
                }
            }
        }
        false
    }

    /// Whether `anchor` again and again keeps too many alive.
    fn repeated(&mut self, anchor: &[u8]) -> bool {
        let mut live = self.alive(vec![self.nfa.start_unanchored()]).1;
        let mut large: TableSet<Vec<StateID>> = TableSet::default();
        anchor.iter().cycle().take(PATTERN_PROBE_BYTES).any(|byte| {
            let (count, next) = self.after(&live, *byte);
            if count > PATTERN_LIVE_MAX {
                large.insert(next.clone());
            }
            live = next;
            large.len() > LARGE_SETS_MAX
        })
    }

    fn after(&mut self, live: &[StateID], byte: u8) -> Live {
        self.steps += live.len();
        let next = live.iter().filter_map(|id| step(self.nfa.state(*id), byte)).collect();
        self.alive(next)
    }

    /// What is alive where `open` are: they and all that they lead to without a byte.
    fn alive(&mut self, mut open: Vec<StateID>) -> Live {
        self.now += 1;
        let mut count = 0;
        let mut live = Vec::new();
        while let Some(id) = open.pop() {
            match self.seen.get_mut(id.as_usize()) {
                Some(seen) if *seen != self.now => *seen = self.now,
                _ => continue,
            }
            count += 1;
            match self.nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => live.push(id),
                State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
                State::Union { alternates } => open.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
                State::Fail | State::Match { .. } => {}
            }
        }
        self.steps += count;
        live.sort_unstable();
        (count, live)
    }
}

/// Where `byte` leads to from `state`.
fn step(state: &State, byte: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(all) => all.matches_byte(byte),
        State::Dense(all) => all.matches_byte(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RulePack;

    fn anywhere(pattern: &str, anchor: &str) -> Result<(), String> {
        affordable(pattern, Begins::Anywhere(&[anchor.to_owned()]))
    }

    #[test]
    fn patterns_that_keep_much_alive_are_refused() {
        for (pattern, anchor) in [
            (r"(?s-u)tok_(?:[a-z0-9]{0,400}[^a]){0,20}z", "tok_"),
            (r"(?s-u)tok_(?:[a-z0-9_]{0,400}[a-z]){0,20}z", "tok_"),
            (r"(?s-u)(?:the|tok_|quic)(?:[a-z _]{0,60}[b-z]){1,8}QZ[0-9]{3}", "the"),
            (r"(?s-u)tok_(?:[a-z].{0,100}){3}", "tok_"),
            (r"(?-u)(?:[a-z0-9]{0,200}[a-z0-9]){0,20}Z", "tok_"),
            // One text keeps one of it alive; the anchor over and over keeps 2,000.
            (r"(?s-u)tok_.{0,8000}z", "tok_"),
            (r"(?s-u).{0,20}(?:[a-z_].{0,400}){1,10}[a-l]", "tok_"),
        ] {
            let error = anywhere(pattern, anchor).unwrap_err();
            assert!(error.contains("can keep more than 256"), "{pattern}: {error}");
        }
        let whole = affordable(r"(?s-u)\A(?:(?:.{0,200}a){5}.*q)\z", Begins::AtStart);
        assert!(whole.unwrap_err().contains("too slow"));
    }

    #[test]
    fn patterns_that_are_too_large_are_told_with_the_limit() {
        let error = anywhere(r"(?s-u)tok_(?:[a-z0-9]{0,700}[^a]){0,12}z", "tok_").unwrap_err();
        assert!(error.contains("too large: 16832 states, at most 16384"), "{error}");
        let error = anywhere(r"(?:[A-Z]{900}){900}", "tok_").unwrap_err();
        assert!(error.contains("too large: more than 1048576 bytes"), "{error}");
    }

    #[test]
    fn what_people_write_is_taken() {
        for (pattern, anchor) in [
            (r"(?-u)pypi-AgEIcHlwaS5vcmc[\w-]{50,1000}", "pypi-AgEIcHlwaS5vcmc"),
            (r"(?i-u)\b(glc_[a-z0-9+/]{32,400}={0,3})(?:[\x60'\x22\s;]|$)", "glc_"),
            (r"(?s-u)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY.{64,}?KEY-----", "-----BEGIN"),
            (r"(?-u)\b[\w.-]{0,50}?(?:twitter)(?:[ \t\w.-]{0,20})=([a-z0-9]{25})", "twitter"),
            (r"\pL{3,20}-\d{4,9}", "MRN"),
        ] {
            assert_eq!(anywhere(pattern, anchor), Ok(()), "{pattern}");
        }
        let many: Vec<String> = (0..160).map(|n| format!("K{n}-[0-9]")).collect();
        assert_eq!(anywhere(&many.join("|"), "K10"), Ok(()));
        assert_eq!(affordable(r"(?s-u)\A(?:tok_.{0,8000}z)\z", Begins::AtStart), Ok(()));
    }

    #[test]
    fn built_in_patterns_are_within_what_others_are_held_to() {
        for rule in RulePack::builtin().rules() {
            for way in &rule.embedded {
                let Some(format) = &way.format else { continue };
                let told = affordable(format, Begins::Anywhere(&way.anchors));
                assert_eq!(told, Ok(()), "{}: {format}", rule.id());
            }
            let whole = rule.whole.iter().map(|way| &way.format).chain(&rule.format);
            for format in whole {
                let told = affordable(&format!(r"\A(?:{format})\z"), Begins::AtStart);
                assert_eq!(told, Ok(()), "{}: {format}", rule.id());
            }
        }
    }
}
