//! Evidence as bytes. Rule numbers mean something only in the process that compiled the rules, so
//! each record names the rules it speaks of.
//!
//! ```text
//! record    version:u8  seen  exchanges  kinds:u8  span  span  forms  names  counts  outcomes
//!           sample  exemplar                     spans: when it was seen, and when it was filled
//! forms     n  n × (form:u8  count)
//! names     n  n × text                          the record's own rule numbers are places in here
//! counts    n  n × (rule  tried  passed  embedded  span)
//! outcomes  n  n × (bits  bits  bits)            tried, passed, embedded
//! sample    n  n × (hash:u64le  outcome)         places in outcomes
//! exemplar  0  |  1  hash:u64le  text
//! span      0  |  1  first:i64le  last - first
//! text      length  bytes in UTF-8
//! bits      ceil(names/8) bytes, rule 0 in the least bit of the first
//! ```
//!
//! Records of version 1 have no spans: whoever reads them dates them by what holds them.
//!
//! Everything without a type is an unsigned LEB128 number. No length sizes an allocation before
//! as many bytes were seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::cursor::put_varint;
use crate::base::limits::{RULES_MAX, SAMPLE_K};
use crate::base::{Cursor, Mask, Span, Timestamp};
use crate::model::evidence::{Exemplar, RuleCount, SampleEntry};
use crate::model::{Evidence, Form, Outcome, RuleBits, RuleId};

use super::error::Fault;

const VERSION: u8 = 2;
/// Without spans.
const UNDATED: u8 = 1;

/// The names of the compiled rules, both ways.
#[derive(Clone, Debug, Default)]
pub struct RuleNames {
    names: Vec<String>,
    ids: BTreeMap<String, RuleId>,
}

impl RuleNames {
    /// From the names in the order of their [`RuleId`]s; names beyond [`RULES_MAX`] have no number.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().take(RULES_MAX).map(Into::into).collect();
        let ids = (0u16..).zip(&names).map(|(n, name)| (name.clone(), RuleId(n))).collect();
        RuleNames { names, ids }
    }

    /// What `rule` is called.
    pub fn name(&self, rule: RuleId) -> Option<&str> {
        self.names.get(usize::from(rule.0)).map(String::as_str)
    }

    /// The rule called so.
    pub fn id(&self, name: &str) -> Option<RuleId> {
        self.ids.get(name).copied()
    }
}

/// Evidence read back, and what of it this process has no rules for.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The evidence, with this process's rule numbers.
    pub(crate) evidence: Evidence,
    /// Names of rules that are not loaded; what they said is left out.
    pub(crate) unknown: Vec<String>,
}

/// Writes `evidence` behind `out`.
pub(crate) fn encode(
    evidence: &Evidence,
    names: &RuleNames,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    // Reading the sample settles it, which takes a copy of at most 2k entries.
    let mut sample = evidence.sample.clone();
    let entries: Vec<SampleEntry> = sample.entries().collect();
    let outcomes: BTreeSet<Outcome> = entries.iter().map(|e| e.outcome).collect();
    let mut rules: BTreeSet<RuleId> = evidence.rules.iter().map(|c| c.rule).collect();
    for outcome in &outcomes {
        let all = outcome.tried.union(&outcome.passed).union(&outcome.embedded);
        rules.extend(all.iter());
    }
    let rules: Vec<RuleId> = rules.into_iter().collect();
    let outcomes: Vec<Outcome> = outcomes.into_iter().collect();

    out.push(VERSION);
    put_varint(out, evidence.seen);
    put_varint(out, evidence.exchanges);
    out.push(evidence.kinds);
    put_span(out, evidence.span);
    put_span(out, evidence.filled);
    put_len(out, evidence.forms.len());
    for (form, count) in &evidence.forms {
        out.push(*form as u8);
        put_varint(out, *count);
    }
    put_len(out, rules.len());
    for rule in &rules {
        put_text(out, names.name(*rule).ok_or(Fault::UnnamedRule(*rule))?);
    }
    put_len(out, evidence.rules.len());
    for count in &evidence.rules {
        put_len(out, rules.binary_search(&count.rule).unwrap_or(0));
        put_varint(out, count.tried);
        put_varint(out, count.passed);
        put_varint(out, count.embedded);
        put_span(out, count.span);
    }
    put_len(out, outcomes.len());
    for outcome in &outcomes {
        for bits in [outcome.tried, outcome.passed, outcome.embedded] {
            put_bits(out, bits, &rules);
        }
    }
    put_len(out, entries.len());
    for entry in &entries {
        out.extend_from_slice(&entry.hash.to_le_bytes());
        put_len(out, outcomes.binary_search(&entry.outcome).unwrap_or(0));
    }
    match &evidence.exemplar {
        None => out.push(0),
        Some(exemplar) => {
            out.push(1);
            out.extend_from_slice(&exemplar.hash.to_le_bytes());
            out.extend_from_slice(&exemplar.mask.bits().to_le_bytes());
        }
    }
    Ok(())
}

/// Reads what [`encode`] wrote; `None` where the bytes are something else.
pub(crate) fn decode(bytes: &[u8], names: &RuleNames) -> Option<Decoded> {
    let mut from = Cursor::new(bytes);
    let version = from.u8()?;
    if ![VERSION, UNDATED].contains(&version) {
        return None;
    }
    let span = |from: &mut Cursor<'_>| match version {
        UNDATED => Some(Span::NEVER),
        _ => take_span(from),
    };
    let mut evidence = Evidence {
        seen: from.varint()?,
        exchanges: from.varint()?,
        kinds: from.u8()?,
        span: span(&mut from)?,
        filled: span(&mut from)?,
        ..Evidence::default()
    };
    for _ in 0..from.varint()? {
        let number = from.u8()?;
        let form = Form::ALL.into_iter().find(|f| *f as u8 == number)?;
        evidence.forms.push((form, from.varint()?));
    }
    let mut rules = Vec::new();
    let mut unknown = Vec::new();
    for _ in 0..from.varint()? {
        let name = take_text(&mut from)?;
        let rule = names.id(name);
        if rule.is_none() {
            unknown.push(name.to_owned());
        }
        rules.push(rule);
    }
    for _ in 0..from.varint()? {
        let rule = *rules.get(usize::try_from(from.varint()?).ok()?)?;
        let (tried, passed, embedded) = (from.varint()?, from.varint()?, from.varint()?);
        let span = span(&mut from)?;
        if let Some(rule) = rule {
            evidence.rules.push(RuleCount { rule, tried, passed, embedded, span });
        }
    }
    evidence.rules.sort_unstable_by_key(|c| c.rule);
    let outcomes = take_outcomes(&mut from, &rules)?;
    let entries = from.varint()?;
    if entries > SAMPLE_K as u64 {
        return None;
    }
    for _ in 0..entries {
        let hash = from.le_u64()?;
        let outcome = *outcomes.get(usize::try_from(from.varint()?).ok()?)?;
        if !outcome.is_empty() {
            evidence.sample.insert(hash, outcome);
        }
    }
    match from.u8()? {
        0 => {}
        1 => {
            let hash = from.le_u64()?;
            let mask = Mask::from_bits(from.le_u64()?);
            evidence.exemplar = Some(Exemplar { hash, mask });
        }
        _ => return None,
    }
    from.is_empty().then_some(Decoded { evidence, unknown })
}

fn take_outcomes(from: &mut Cursor<'_>, rules: &[Option<RuleId>]) -> Option<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    let many = from.varint()?;
    // Without rules an outcome takes no bytes: a number of them would cost nothing to claim.
    if many > SAMPLE_K as u64 {
        return None;
    }
    for _ in 0..many {
        outcomes.push(Outcome {
            tried: take_bits(from, rules)?,
            passed: take_bits(from, rules)?,
            embedded: take_bits(from, rules)?,
        });
    }
    Some(outcomes)
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    put_varint(out, len as u64);
}

fn put_span(out: &mut Vec<u8>, span: Span) {
    out.push(u8::from(!span.is_never()));
    if !span.is_never() {
        out.extend_from_slice(&span.first.nanos().to_le_bytes());
        put_varint(out, span.last.nanos().abs_diff(span.first.nanos()));
    }
}

fn take_span(from: &mut Cursor<'_>) -> Option<Span> {
    if from.u8()? == 0 {
        return Some(Span::NEVER);
    }
    let first = from.le_u64()?.cast_signed();
    let last = first.checked_add_unsigned(from.varint()?)?;
    Some(Span { first: Timestamp::from_nanos(first), last: Timestamp::from_nanos(last) })
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_len(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn take_text<'a>(from: &mut Cursor<'a>) -> Option<&'a str> {
    let len = usize::try_from(from.varint()?).ok()?;
    std::str::from_utf8(from.take(len)?).ok()
}

fn put_bits(out: &mut Vec<u8>, bits: RuleBits, rules: &[RuleId]) {
    for eight in rules.chunks(8) {
        let set = eight.iter().enumerate().filter(|(_, rule)| bits.contains(**rule));
        out.push(set.fold(0, |byte, (place, _)| byte | 1 << place));
    }
}

fn take_bits(from: &mut Cursor<'_>, rules: &[Option<RuleId>]) -> Option<RuleBits> {
    let mut bits = RuleBits::NONE;
    for eight in rules.chunks(8) {
        let byte = from.u8()?;
        for (place, rule) in eight.iter().enumerate() {
            if let Some(rule) = rule
                && byte >> place & 1 == 1
            {
                bits.insert(*rule);
            }
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::ValueKind;

    use super::*;

    fn names(many: usize) -> RuleNames {
        RuleNames::new((0..many).map(|n| format!("rule.{n}")))
    }

    fn observe(mut e: Evidence) -> impl PartialEq + std::fmt::Debug {
        let sample: Vec<SampleEntry> = e.sample.entries().collect();
        let times = (e.span, e.filled);
        (
            e.seen,
            e.exchanges,
            e.kinds,
            e.forms.to_vec(),
            e.rules.to_vec(),
            sample,
            e.exemplar,
            times,
        )
    }

    fn evidence_of(values: &[(u64, u8, u8)]) -> Evidence {
        let mut evidence = Evidence::default();
        for (hash, rule, form) in values {
            let form = Form::ALL[usize::from(*form) % Form::ALL.len()];
            evidence.count(ValueKind::String, form, 1 + u64::from(*rule));
            let mut outcome = Outcome::default();
            let id = u16::from(*rule);
            outcome.tried.insert(RuleId(id));
            if id % 2 == 0 {
                outcome.passed.insert(RuleId(id));
                outcome.embedded.insert(RuleId(id + 9));
            }
            evidence.candidate(*hash, outcome, 2);
            evidence.offer_exemplar(*hash, Mask::of(&hash.to_le_bytes()));
            let at = Timestamp::from_nanos(hash.cast_signed());
            evidence.date(form, outcome, Span::at(at));
            evidence.exchanges += 1;
        }
        evidence
    }

    fn encoded(evidence: &Evidence, names: &RuleNames) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(evidence, names, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn evidence_reads_back(values in prop::collection::vec(any::<(u64, u8, u8)>(), 0..600)) {
            let evidence = evidence_of(&values);
            let names = names(300);
            let decoded = decode(&encoded(&evidence, &names), &names).unwrap();
            prop_assert!(decoded.unknown.is_empty());
            prop_assert_eq!(observe(decoded.evidence), observe(evidence));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            let _ = decode(&bytes, &names(4));
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let _ = decode(&bytes, &names(4));
        }

        #[test]
        fn a_cut_record_is_refused(
            values in prop::collection::vec(any::<(u64, u8, u8)>(), 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = encoded(&evidence_of(&values), &names(300));
            let cut = cut.index(bytes.len());
            prop_assert!(decode(&bytes[..cut], &names(300)).is_none());
        }
    }

    #[test]
    fn a_record_of_version_1_is_read_and_has_no_times() {
        // One string in the form of a token that passes rule `a`; no sample, no exemplar.
        let kinds = 1 << ValueKind::String as u8;
        let mut bytes = vec![UNDATED, 5, 4, kinds, 1, Form::Token as u8, 5];
        bytes.extend([1, 1, b'a', 1, 0, 5, 5, 0, 0, 0, 0]);
        let mut evidence = decode(&bytes, &RuleNames::new(["a"])).unwrap().evidence;
        assert_eq!((evidence.seen, evidence.of_rule(RuleId(0)).passed), (5, 5));
        assert!(evidence.span.is_never() && evidence.filled.is_never());
        evidence.date_all(Span::at(Timestamp::from_nanos(7)));
        assert_eq!(evidence.of_rule(RuleId(0)).span, Span::at(Timestamp::from_nanos(7)));
    }

    #[test]
    fn rules_are_known_by_name_and_not_by_number() {
        let written = RuleNames::new(["a", "b", "c"]);
        let mut evidence = Evidence::default();
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId(1));
        outcome.passed.insert(RuleId(2));
        outcome.tried.insert(RuleId(2));
        evidence.candidate(77, outcome, 5);
        let read = decode(&encoded(&evidence, &written), &RuleNames::new(["c", "x"])).unwrap();
        assert_eq!(read.unknown, ["b"]);
        let mut evidence = read.evidence;
        assert_eq!(evidence.of_rule(RuleId(0)).passed, 5);
        assert_eq!(evidence.rules.len(), 1);
        let entry = evidence.sample.entries().next().unwrap();
        assert!(entry.outcome.passed.contains(RuleId(0)));
        assert!(!entry.outcome.tried.contains(RuleId(1)));
    }

    #[test]
    fn a_rule_without_a_name_is_refused() {
        let mut evidence = Evidence::default();
        let mut outcome = Outcome::default();
        outcome.tried.insert(RuleId(9));
        evidence.candidate(1, outcome, 1);
        let refused = encode(&evidence, &names(3), &mut Vec::new());
        assert!(matches!(refused, Err(Fault::UnnamedRule(RuleId(9)))));
    }
}
