//! What a field carries, judged over its whole column of evidence.

use std::sync::Arc;

use crate::base::{Span, TableMap};
use crate::model::{Evidence, Form, RuleId};

use super::explain;
use super::field::{FieldRef, is_about_value};
use super::locate::{CODE, HL7_V2, NAMED, PATCH, Place, Places};
use super::names::Mentions;
use super::profile::Profile;
use super::score;
use super::words::Phrase;

mod answers;
mod clues;
mod distinct;
mod forms;
mod issuers;
mod lab;
mod naming;
mod rivals;
mod texts;

use answers::{Answers, Asks};
pub(super) use clues::clues_of;
use distinct::Distinct;
use forms::Basis;
pub use naming::Judging;
use naming::{Name, Naming};
use rivals::{Checked, Claim};

/// The class of identifiers of whatever kind: a value may be one and be known more closely.
const ANY_IDENTIFIER: &str = "person.identifier";

/// The class of what clinicians write: who is called by an honorific there is a person.
const PROSE: &str = "health.free_text";

/// Values from which on a column whose values all begin alike is one series.
const SERIES_MIN: u64 = 5;

/// Confidence from which a class is reported.
pub const CONFIDENCE_REPORTED: u8 = 50;

/// A class that a field carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The data class.
    pub class: Arc<str>,
    /// From [`CONFIDENCE_REPORTED`] to 99.
    pub confidence: u8,
    /// Values that carry it.
    pub count: u64,
    /// When they were seen.
    pub span: Span,
    /// Whether it is told by what somebody wrote, and so says nothing of what stands beside it.
    pub in_text: bool,
}

/// All that is said of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// By class.
    pub verdicts: Vec<Verdict>,
    /// Short clauses: why a class was given or withheld. No value is in them.
    pub reasons: Vec<String>,
}

/// A rule as judgement needs it.
#[derive(Debug)]
pub(super) struct JudgeRule {
    pub(super) id: RuleId,
    pub(super) bare: Option<RuleId>,
    pub(super) test: Option<RuleId>,
    /// What counts values of ranges that were given out, and which share of all is in these.
    pub(super) issued: Option<(RuleId, f64)>,
    pub(super) weight: f64,
    pub(super) bare_weight: f64,
    pub(super) chance: Option<f64>,
    pub(super) check: Option<&'static str>,
    pub(super) needs_context: bool,
    pub(super) bare_needs_context: bool,
    /// Where not empty: the rule speaks by name and form, of values of so many characters.
    pub(super) forms: Vec<Form>,
    pub(super) shortest: usize,
    /// Names that speak for it alone, and not for the others of its class.
    pub(super) own_names: Vec<Phrase>,
    /// Whether nothing but those makes it speak.
    pub(super) own_names_only: bool,
    /// Names that speak for it beside one of these classes.
    pub(super) beside_names: Vec<Phrase>,
    pub(super) beside: Vec<Arc<str>>,
    /// What being found in a text adds, where that needs more.
    pub(super) embedded_weight: Option<f64>,
    /// The least share of values it has to be found in, unless a name speaks for it.
    pub(super) text_share: Option<f64>,
    pub(super) hint: bool,
    /// The rules that tell how values begin; none where that says nothing.
    pub(super) spread: Vec<RuleId>,
}

/// The rules of one class and the words that go with it.
#[derive(Debug, Default)]
pub(super) struct JudgeClass {
    pub(super) class: Arc<str>,
    pub(super) rules: Vec<JudgeRule>,
    pub(super) names: Vec<Phrase>,
    pub(super) weak_names: Vec<Phrase>,
    pub(super) negative: Vec<String>,
    /// Words that may follow the names; any where there are none.
    pub(super) tails: Vec<String>,
    asks: Asks,
}

impl JudgeClass {
    /// Without rules or words.
    pub(super) fn of(class: Arc<str>) -> Self {
        Self { class, ..Self::default() }
    }
}

/// Everything judgement knows beside the evidence.
#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) classes: Vec<JudgeClass>,
    pub(super) by_class: TableMap<Arc<str>, usize>,
    /// Classes by the words of their names.
    pub(super) mentions: Mentions,
    pub(super) negative: Vec<String>,
    /// What things are named and numbered by.
    pub(super) things: Vec<Phrase>,
    pub(super) generic: Vec<String>,
    /// Names of fields that matter to those beside them.
    pub(super) clues: Vec<Phrase>,
    /// Words in the names of fields in which people write of others.
    pub(super) notes: Vec<String>,
    /// Names of objects that say something about fields.
    pub(super) about: Vec<String>,
    /// Words of the paths of endpoints that return a program's words.
    pub(super) vocabularies: Vec<String>,
    pub(super) places: Places,
    pub(super) profile: Profile,
}

impl Judge {
    /// With its classes found by the words of their names.
    pub(super) fn indexed(mut self) -> Self {
        for (at, class) in self.classes.iter_mut().enumerate() {
            class.asks = Asks::of(&class.rules);
            self.mentions.add(at, &class.names);
            self.mentions.add(at, &class.weak_names);
            for rule in &class.rules {
                self.mentions.add(at, &rule.own_names);
            }
        }
        self
    }

    /// Judges `field`, called `name`. A function of its arguments alone: traffic's order has no
    /// part in it.
    fn judge<'j>(
        &'j self,
        field: &FieldRef<'_>,
        name: &Name<'j>,
        evidence: &mut Evidence,
    ) -> Judgement {
        let mut out = Judgement::default();
        let blank = evidence.of_form(Form::Empty) + evidence.of_form(Form::Literal);
        let filled = evidence.seen.saturating_sub(blank);
        if filled == 0 {
            return out;
        }
        let distinct = Distinct::of(evidence);
        let places = self.places_of(field);
        let answers = Answers::of(evidence);
        let passing = self.passing(&answers);
        let rivals = self.settled(name, &places, &passing);
        let prose = places.iter().any(|place| *place.class == *PROSE);
        let searched = self.searched(&distinct);
        let notes = prose || name.notes;
        let vocabulary = field.is_of(&self.vocabularies);
        let column =
            Column { evidence, distinct, answers, filled, prose, notes, vocabulary, searched };
        let mut claims: Vec<(&JudgeClass, Option<&Place>, Option<Claim>)> = Vec::new();
        for (at, class) in self.classes.iter().enumerate() {
            let mentioned = name.mentions(at);
            let place = places.iter().find(|p| p.class == class.class);
            // Of a class that neither name nor place nor a value speaks of, nothing can be said.
            if !mentioned && place.is_none() && !column.speaks_of(class) {
                continue;
            }
            let rival = rivals.as_deref().filter(|settled| **settled != *class.class);
            let part = mentioned && self.is_part_of_another(at, name, &passing);
            let naming = match part {
                true => Naming::default(),
                false => name.naming(at, self, &mut out.reasons, &column),
            };
            let naming = match field.named_beside() {
                Some(named) if *named == *class.class && !naming.named => Naming::beside(naming),
                _ => naming,
            };
            let own = name.own_namings(at, self, &mut out.reasons, &column);
            let beside = |rule: &JudgeRule| {
                let mut all = rule.beside.iter().filter(|known| field.beside.contains(known));
                all.next().cloned().filter(|_| name.speaks_beside(rule, self))
            };
            let said = (naming, own.as_slice());
            let mut claim = column.best_claim(class, said, (place, rival.is_some()), &beside);
            if let (Some(claim), Some(settled), false) = (&mut claim, rival, naming.named) {
                claim.why.push_str(&format!("; its place or name says {settled}"));
            }
            if claim.is_none() && place.is_none() {
                out.reasons.extend(explain::withheld(class, naming.phrase, &column));
            }
            claims.push((class, place, claim));
        }
        column.compare(&mut claims);
        for (class, place, claim) in claims {
            self.report(&class.class, place, claim, &column, field, &mut out);
        }
        for place in places.iter().filter(|p| !self.by_class.contains_key(&p.class)) {
            self.report(&place.class, Some(place), None, &column, field, &mut out);
        }
        out.know_more_closely(&places);
        out.verdicts.sort_by(|a, b| a.class.cmp(&b.class));
        explain::put_in_order(&mut out);
        out
    }

    fn places_of(&self, field: &FieldRef<'_>) -> Vec<Place> {
        let (element, token) = field.context.split_once('|').unwrap_or((field.context, ""));
        // A telephone in CDA may be that of an organisation, and a page most often is: it counts
        // where its element does.
        let contact = element.starts_with("CDA.") && matches!(token, "phone" | "fax" | "email");
        let contact = contact || token == "url";
        let known = !contact || !self.places.element_at(element, field.path).is_empty();
        if token == "no-person" || !known {
            return Vec::new();
        }
        if let Some(named) = token.strip_prefix(PATCH) {
            return self.places.patched(named, element, field);
        }
        if token.starts_with(CODE) {
            return self.places.coded(token, element, field.path);
        }
        if token.starts_with(HL7_V2) {
            return self.places.element_at(token, "").to_vec();
        }
        if let Some(place) = self.places.token(token) {
            let about = !token.starts_with(NAMED) && is_about_value(element);
            return if about { Vec::new() } else { vec![place.clone()] };
        }
        if field.standard.starts_with("fhir") && field.is_parameter() {
            return self.places.parameter(field.path, field.endpoint, element);
        }
        // The URL names what is asked for, which the endpoint need not be.
        if field.standard.starts_with("fhir")
            && let Some(name) = field.parameter_of_header()
        {
            return self.places.parameter(name, "", element);
        }
        self.places.element_at(element, field.path).to_vec()
    }

    /// The class that place or name settle, if any: the others then need more. `passing` are the
    /// classes that most values pass.
    fn settled<'j>(
        &'j self,
        name: &Name<'j>,
        places: &[Place],
        passing: &[usize],
    ) -> Option<Arc<str>> {
        if let Some(place) = places.iter().max_by_key(|p| p.confidence)
            && place.confidence >= 75
            && *place.class != *ANY_IDENTIFIER
        {
            return Some(Arc::clone(&place.class));
        }
        let named = passing.iter().find(|class| name.says(**class, self))?;
        self.classes.get(*named).map(|class| Arc::clone(&class.class))
    }

    fn report(
        &self,
        class: &Arc<str>,
        place: Option<&Place>,
        claim: Option<Claim>,
        column: &Column<'_>,
        field: &FieldRef<'_>,
        out: &mut Judgement,
    ) {
        let mut claim = claim;
        if let Some(place) = place {
            let known = score::log_odds(place.confidence);
            let place = match field.context {
                "" => format!("FHIR element {}", field.path),
                context if context.contains("|code:") => format!("the system beside it, {context}"),
                context if context.contains("|named:") => "named beside it".to_owned(),
                context if context.contains("|patch:") => "named by the patch".to_owned(),
                context if context.starts_with("HL7v2") => format!("HL7 v2 field {}", field.path),
                context if context.starts_with("CDA.") => format!("CDA element {context}"),
                context => format!("FHIR element {context}"),
            };
            let why = match &claim {
                Some(claim) => format!("{place}; {}", claim.why),
                None => place,
            };
            let more = claim.as_ref().map_or(0.0, |c| (c.log_odds - score::PRIOR).clamp(-2.0, 2.0));
            let (log_odds, count, span) = (known + more, column.filled, column.evidence.filled);
            claim = Some(Claim { log_odds, count, span, why, checked: None, in_text: false });
        }
        let Some(claim) = claim else { return };
        let plain = score::confidence(claim.log_odds);
        let confidence = score::confidence(claim.log_odds + self.profile.lean());
        if confidence >= CONFIDENCE_REPORTED && self.is_all_test(class, column) {
            let why = claim.why;
            out.reasons.push(format!(
                "withheld {class}: profile lab leaves out what is all for tests and examples: {why}"
            ));
        } else if confidence >= CONFIDENCE_REPORTED {
            let said = || format!("; by profile strict alone ({plain} without it)");
            let alone = (plain < CONFIDENCE_REPORTED).then(said).unwrap_or_default();
            out.reasons.push(format!("{class}: {}{alone}", claim.why));
            let (Claim { count, span, in_text, .. }, class) = (claim, Arc::clone(class));
            out.verdicts.push(Verdict { class, confidence, count, span, in_text });
        } else {
            let why = claim.why;
            let needed = CONFIDENCE_REPORTED;
            out.reasons.push(format!("withheld {class} ({confidence} of {needed} needed): {why}"));
        }
    }
}

/// A column of values, with what was worked out of it.
pub(super) struct Column<'a> {
    pub(super) evidence: &'a Evidence,
    distinct: Distinct,
    answers: Answers,
    /// Values that are neither empty nor true, false or null.
    pub(super) filled: u64,
    /// Whether its place says that clinicians write here.
    prose: bool,
    /// Whether its place or its name says that people write of others here.
    notes: bool,
    /// Whether its endpoint returns a program's words by the names of fields.
    pub(super) vocabulary: bool,
    /// Checks that were tried without a name that asks for them.
    searched: u64,
}

impl Column<'_> {
    /// Whether any rule of `class` has anything to say of these values.
    fn speaks_of(&self, class: &JudgeClass) -> bool {
        self.answers.speak_of(&class.asks)
    }

    /// Whether any value has the format of `class`, or holds one that has.
    fn is_tried_for(&self, class: &JudgeClass) -> bool {
        self.answers.are_tried_for(&class.asks)
    }

    fn of_forms(&self, forms: &[Form]) -> u64 {
        forms.iter().map(|form| self.evidence.of_form(*form)).sum()
    }

    /// The strongest of what the rules of `class` claim.
    fn best_claim(
        &self,
        class: &JudgeClass,
        (said, own): (Naming<'_>, &[Naming<'_>]),
        (place, rival): (Option<&Place>, bool),
        beside: &dyn Fn(&JudgeRule) -> Option<Arc<str>>,
    ) -> Option<Claim> {
        let mut best: Option<Claim> = None;
        let mut offer = |claim: Option<Claim>| {
            if let Some(claim) = claim
                && best.as_ref().is_none_or(|b| claim.log_odds > b.log_odds)
            {
                best = Some(claim);
            }
        };
        let words = self.capitalised(class);
        for (at, rule) in class.rules.iter().enumerate() {
            // What speaks for a rule alone counts where it says more than what hints at the class.
            let more = |own: &Naming<'_>| own.named && (!said.named || own.weight > said.weight);
            let owned = own.get(at).copied();
            if rule.own_names_only && !owned.is_some_and(|own| own.named) {
                continue;
            }
            let naming = owned.filter(more).unwrap_or(said);
            let context = naming.named || place.is_some();
            // Of what the field says to be something else, a few values that fit are those of it
            // that happen to: numbers of drugs that begin with a trunk prefix.
            let foreign = rival && !naming.named;
            let against = if foreign { score::RIVAL } else { 0.0 };
            let strong = rule.weight >= score::STRONG;
            let named = if strong { naming.weight.max(0.0) } else { naming.weight };
            let base = score::PRIOR + named + against;
            // What a rule of forms recognises only tells how many values differ.
            let checks = rule.forms.is_empty();
            // A check that half of all values pass tells nothing by the few that can be tried: one
            // number in ten begins with the zero of a trunk prefix.
            let weak = !context && rule.chance.is_some_and(|chance| chance > score::WEAK_CHANCE);
            let stands = |claim: &Claim| {
                strong
                    || !(foreign && claim.count * 2 <= self.filled
                        || weak && claim.count * score::WEAK_SHARE <= self.filled)
            };
            if checks && (context || !rule.needs_context) {
                let whole = self.by_check(rule, (rule.id, rule.weight), base, context);
                offer(whole.filter(stands));
            }
            if let Some(bare) = rule.bare.filter(|_| context || !rule.bare_needs_context) {
                let whole = self.by_check(rule, (bare, rule.bare_weight), base, context);
                offer(whole.filter(stands));
            }
            let hinted = naming.weight <= score::NAME_WEAK;
            let basis = Basis { base, hinted, no_texts: naming.beside };
            let names = naming.named && !self.vocabulary;
            offer(self.by_form(rule, basis, words).filter(|_| names));
            if !self.vocabulary
                && let Some(known) = beside(rule)
            {
                let base = score::PRIOR + score::NAME_BESIDE + against;
                let basis = Basis { base, hinted: true, no_texts: false };
                offer(self.by_form(rule, basis, words).map(|c| c.beside(&known)));
            }
            if place.is_some_and(|place| place.confidence < CONFIDENCE_REPORTED) {
                offer(self.by_look(rule, words));
            }
            offer(self.by_text(rule, naming.weight));
        }
        best
    }

    /// Whole values that pass.
    pub(super) fn by_check(
        &self,
        rule: &JudgeRule,
        (id, weight): (RuleId, f64),
        base: f64,
        in_context: bool,
    ) -> Option<Claim> {
        let count = self.evidence.of_rule(id);
        if count.tried == 0 {
            return None;
        }
        let (tried, passed, _) = self.distinct.of_rule(id);
        let check = rule.check.unwrap_or("format");
        let why = match rule.chance {
            Some(chance) => format!(
                "{passed} of {tried} distinct values pass {check} ({:.1} % by chance)",
                chance * 100.0
            ),
            None => format!("{passed} of {tried} distinct values have the format ({check})"),
        };
        if count.passed == 0 || passed == 0 {
            let (log_odds, span) = (score::PRIOR, count.span);
            return Some(Claim { log_odds, count: 0, span, why, checked: None, in_text: false });
        }
        let share = score::share_evidence(count.passed, self.filled, rule.weight >= score::STRONG);
        let mut log_odds = base + weight + share;
        let series = self.is_series(rule, passed);
        let (tried, passed) = if series { (1, 1) } else { (tried, passed) };
        log_odds += match rule.chance {
            Some(chance) if in_context => score::check_evidence(tried, passed, chance),
            Some(chance) => {
                score::check_evidence(tried, passed, chance) - score::search_cost(self.searched)
            }
            None => score::repeat_evidence(passed),
        };
        let checked = rule.chance.map(|chance| Checked {
            says: weight + share + score::unbounded_check_evidence(tried, passed, chance),
            in_context,
        });
        let why = if series { format!("{why}; all of them begin alike") } else { why };
        let tests = rule.test.map_or(0, |test| self.distinct.of_rule(test).1);
        let why = match tests {
            0 => why,
            tests => format!("{why}; {tests} of a range for tests and examples"),
        };
        let (says, why) = self.by_ranges(rule, (passed.saturating_sub(tests), in_context), why);
        log_odds += says;
        let (count, span) = (count.passed, count.span);
        Some(Claim { log_odds, count, span, why, checked, in_text: false })
    }

    /// Whether `passed` distinct values begin alike or in two ways, as a real column's do not: four
    /// are told apart, and a real one has two by chance as rarely as SERIES_MIN values have one.
    fn is_series(&self, rule: &JudgeRule, passed: u64) -> bool {
        let kinds = rule.spread.iter().filter(|id| self.distinct.of_rule(**id).1 > 0).count();
        (kinds == 1 && passed >= SERIES_MIN) || (kinds == 2 && passed >= 2 * SERIES_MIN)
    }
}
