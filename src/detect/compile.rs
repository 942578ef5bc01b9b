//! From rules as written to rules that run. Whatever cannot run is refused here, by file, line,
//! rule and key.

use crate::base::TableMap;
use crate::base::limits::{EMBEDDED_PATTERNS_MAX, PATTERNS_PER_ANCHOR_MAX, RULES_MAX};
use crate::model::{Form, RuleBits, RuleId};
use crate::rules::{Embedded as EmbeddedRule, Rule, RuleError, RulePack, WholePattern};

use super::checks::{self, Check};
use super::cost::Begins;
use super::detector::Detector;
use super::embedded::{Embedded, Method, Search, Sought};
use super::examples::wrong_examples;
use super::fillers::Fillers;
use super::idle::idle_rules;
use super::judge::{Judge, JudgeClass, JudgeRule, clues_of};
use super::locate::Places;
use super::patterns::{Pattern, Shared, regex};
use super::shape::Shape;
use super::validate::validate;
use super::whole::{Range, SPREAD_KINDS, Trial, Whole};
use super::words::Phrase;
use super::{finders, recognisers};

/// The class of addresses.
const PLACES: &str = "person.address";

/// Weight from which one value that passes is telling where names are kept.
const TELLING_WEIGHT_MIN: f64 = 4.0;
/// Chance up to which it is telling whatever its weight.
const TELLING_CHANCE_MAX: f64 = 0.001;

/// Compiles a pack whose examples hold.
pub(super) fn compile(pack: &RulePack) -> Result<Detector, RuleError> {
    let detector = build(pack)?;
    let wrong = wrong_examples(&detector, pack).into_iter();
    match wrong.chain(idle_rules(&detector, pack)).next() {
        Some(error) => Err(error),
        None => Ok(detector),
    }
}

/// Compiles a pack without looking at its examples.
pub(super) fn build(pack: &RulePack) -> Result<Detector, RuleError> {
    fits(pack)?;
    let mut build = Build::new(pack);
    for rule in pack.rules() {
        build.add(rule)?;
    }
    Ok(build.finish(pack))
}

/// A rule that cannot be used, and why.
pub(super) fn refuse(rule: &Rule, key: &'static str, reason: impl Into<String>) -> RuleError {
    RuleError::Rule {
        file: rule.file().to_owned(),
        line: rule.line(),
        rule: rule.id().to_owned(),
        key,
        reason: reason.into(),
    }
}

/// The ids that a rule's outcomes are counted under.
struct Ids {
    id: RuleId,
    bare: Option<RuleId>,
    test: Option<RuleId>,
    issued: Option<RuleId>,
    spread: Vec<RuleId>,
}

/// One name per way in which values may begin.
fn spread_names(rule: &Rule) -> impl Iterator<Item = String> + use<'_> {
    let kinds = if rule.spread == 0 { 0 } else { SPREAD_KINDS };
    (0..kinds).map(|kind| format!("{}.spread{kind}", rule.id()))
}

/// How many numbers a rule takes. Those that speak by names alone share one.
fn numbers(rule: &Rule) -> usize {
    if is_by_name_alone(rule) {
        return 0;
    }
    let more =
        [!rule.bare_masks.is_empty(), !rule.test_prefixes.is_empty(), !rule.issued.is_empty()];
    1 + more.into_iter().map(usize::from).sum::<usize>() + spread_names(rule).count()
}

/// Refuses the first rule that has no number left, before any is compiled.
fn fits(pack: &RulePack) -> Result<(), RuleError> {
    let shared = usize::from(pack.rules().iter().any(is_by_name_alone));
    let mut taken = shared;
    let first = pack.rules().iter().find(|rule| {
        taken += numbers(rule);
        taken > RULES_MAX
    });
    let Some(first) = first else { return Ok(()) };
    let all = shared + pack.rules().iter().map(numbers).sum::<usize>();
    let reason = format!(
        "with it there are more than {RULES_MAX} rules ({all} in all; bare masks, test prefixes, \
         issued ranges and spreads count beside): use fewer, or switch off built-in ones"
    );
    Err(refuse(first, "id", reason))
}

struct Build {
    names: Vec<String>,
    whole: Whole,
    embedded: Embedded,
    judge: Judge,
    telling: RuleBits,
    of_places: RuleBits,
    hints: RuleBits,
    asked: RuleBits,
    /// Patterns searched for inside text.
    patterns: usize,
    /// How many of them at each anchor, in lower case.
    at_anchor: TableMap<String, usize>,
    count: usize,
    /// What all rules that no value is counted for are known by.
    by_name_alone: Option<RuleId>,
}

impl Build {
    fn new(pack: &RulePack) -> Build {
        Build {
            names: Vec::new(),
            whole: Whole::new(),
            embedded: Embedded::default(),
            judge: Judge {
                negative: pack.context().negative.clone(),
                things: pack.context().things.iter().flat_map(|t| Phrase::expand(t)).collect(),
                generic: pack.context().generic.clone(),
                notes: pack.context().notes.clone(),
                about: pack.context().about.clone(),
                vocabularies: pack.context().vocabularies.clone(),
                places: Places::compile(pack.fhir(), pack.rules().iter()),
                ..Judge::default()
            },
            telling: RuleBits::NONE,
            of_places: RuleBits::NONE,
            hints: RuleBits::NONE,
            asked: RuleBits::NONE,
            patterns: 0,
            at_anchor: TableMap::default(),
            count: pack.rules().iter().map(numbers).sum(),
            by_name_alone: None,
        }
    }

    fn name(&mut self, name: String) -> Result<RuleId, RuleError> {
        let id = u16::try_from(self.names.len()).ok().filter(|id| usize::from(*id) < RULES_MAX);
        let id = id.ok_or(RuleError::TooMany { count: self.count, max: RULES_MAX })?;
        self.names.push(name);
        Ok(RuleId(id))
    }

    /// A number for the values of `rule` that begin in one of these ways, where there are any.
    fn ranges(
        &mut self,
        rule: &Rule,
        kind: &str,
        begin: &[String],
    ) -> Result<Option<Range>, RuleError> {
        if begin.is_empty() {
            return Ok(None);
        }
        let id = self.name(format!("{}.{kind}", rule.id()))?;
        Ok(Some((id, begin.iter().map(|prefix| prefix.as_bytes().into()).collect())))
    }

    fn add(&mut self, rule: &Rule) -> Result<(), RuleError> {
        validate(rule)?;
        let check = check_of(rule)?;
        let id = match self.by_name_alone.filter(|_| is_by_name_alone(rule)) {
            Some(shared) => shared,
            None => self.name(rule.id().to_owned())?,
        };
        if is_by_name_alone(rule) {
            self.by_name_alone = Some(id);
        }
        let bare = match rule.bare_masks.is_empty() {
            true => None,
            false => Some(self.name(format!("{}.bare", rule.id()))?),
        };
        let test = self.ranges(rule, "test", &rule.test_prefixes)?;
        let issued = self.ranges(rule, "issued", &rule.issued)?;
        let sure = rule.chance.is_some_and(|chance| chance <= TELLING_CHANCE_MAX);
        if rule.weight >= TELLING_WEIGHT_MIN || sure {
            self.telling.insert(id);
        }
        if let Some(bare) = bare.filter(|_| rule.bare_weight >= TELLING_WEIGHT_MIN || sure) {
            self.telling.insert(bare);
        }
        if &*rule.class == PLACES {
            self.of_places.insert(id);
        }
        if rule.hint {
            self.hints.insert(id);
        }
        if rule.needs_context {
            self.asked.insert(id);
        }
        let spread = spread_names(rule).map(|name| self.name(name));
        let spread = spread.collect::<Result<Vec<_>, _>>()?;
        let trial = |id| Trial {
            rule: id,
            check,
            ranges: test.iter().chain(&issued).cloned().collect(),
            spread: (rule.spread, spread.clone()),
        };
        let shared = Shared::of(rule)?;
        self.add_whole(rule, (trial(id), bare.map(trial)), &shared)?;
        for way in &rule.embedded {
            let trial = Trial { rule: id, check, ranges: Vec::new(), spread: (0, Vec::new()) };
            self.add_embedded(rule, way, (trial, &shared))?;
        }
        let (test, issued) = (test.map(|(id, _)| id), issued.map(|(id, _)| id));
        self.add_to_class(rule, Ids { id, bare, test, issued, spread })
    }

    fn add_whole(
        &mut self,
        rule: &Rule,
        (main, bare): (Trial, Option<Trial>),
        shared: &Shared,
    ) -> Result<(), RuleError> {
        let main = self.whole.add_trial(main);
        for mask in &rule.masks {
            let shape = Shape::parse(mask).map_err(|e| refuse(rule, "masks", e))?;
            self.whole.add_shape(shape, main);
        }
        if let Some(bare) = bare {
            let bare = self.whole.add_trial(bare);
            for mask in &rule.bare_masks {
                let shape = Shape::parse(mask).map_err(|e| refuse(rule, "bare_masks", e))?;
                self.whole.add_shape(shape, bare);
            }
        }
        if let Some(name) = &rule.recogniser {
            let recogniser = recognisers::find(name).ok_or_else(|| {
                let known = recognisers::names();
                refuse(
                    rule,
                    "recogniser",
                    format!("no recogniser is called {name:?}; known: {known}"),
                )
            })?;
            self.whole.add_recogniser(recogniser, main);
        }
        if let Some(pattern) = &rule.format {
            let guard = shared.of_whole(rule, &WholePattern::default())?;
            self.whole.add_pattern(Pattern::compile(rule, ("format", pattern), guard)?, main);
        }
        for way in &rule.whole {
            let guard = shared.of_whole(rule, way)?;
            self.whole.add_pattern(Pattern::compile(rule, ("whole", &way.format), guard)?, main);
        }
        Ok(())
    }

    fn add_embedded(
        &mut self,
        rule: &Rule,
        way: &EmbeddedRule,
        (trial, shared): (Trial, &Shared),
    ) -> Result<(), RuleError> {
        let lead_in = way.lead_in.iter().map(|words| words.to_lowercase()).collect();
        let otherwise = way.named_otherwise.iter().flat_map(|words| Phrase::expand(words));
        let named_otherwise = otherwise.map(|phrase| phrase.text()).collect();
        if way.recogniser.as_deref() == Some("email") {
            self.embedded.set_email(trial.rule);
            return Ok(());
        }
        if way.recogniser.as_deref() == Some("userinfo") {
            self.embedded.set_userinfo(trial.rule);
            return Ok(());
        }
        let digits = way.recogniser.as_deref().is_some_and(finders::is_for_digits);
        let shapes = way.masks.iter().map(|m| Shape::parse(m)).collect::<Result<Vec<_>, _>>();
        let shapes = shapes.map_err(|e| refuse(rule, "embedded", e))?;
        let by_digits = way.anchors.is_empty() && (digits || !shapes.is_empty());
        let method = method_of(rule, way, shared)?;
        let search = Search { trial, method, lead_in, named_otherwise };
        if by_digits {
            self.embedded.add_at_digits(search, shapes);
        } else if !shapes.is_empty() {
            return Err(refuse(rule, "embedded", "expected masks or anchors, not both"));
        } else if way.anchors.iter().any(|anchor| anchor.len() < 3) || way.anchors.is_empty() {
            return Err(refuse(rule, "embedded", "expected anchors of at least three characters"));
        } else {
            self.patterns += usize::from(way.format.is_some());
            if self.patterns > EMBEDDED_PATTERNS_MAX {
                let reason = format!("at most {EMBEDDED_PATTERNS_MAX} patterns fit: use masks");
                return Err(refuse(rule, "embedded", reason));
            }
            if way.format.is_some() {
                self.count_at_anchors(rule, &way.anchors)?;
            }
            self.embedded.add_at_anchors(search, (&way.anchors, way.ignore_case));
        }
        Ok(())
    }

    /// Every pattern of an anchor looks at what stands behind it.
    fn count_at_anchors(&mut self, rule: &Rule, anchors: &[String]) -> Result<(), RuleError> {
        for anchor in anchors {
            let count = self.at_anchor.entry(anchor.to_lowercase()).or_default();
            *count += 1;
            if *count > PATTERNS_PER_ANCHOR_MAX && !rule.is_built_in() {
                let reason = format!(
                    "at most {PATTERNS_PER_ANCHOR_MAX} patterns are searched for at one anchor, \
                     and {anchor:?} has as many: use one that only this rule has, or one pattern \
                     for several"
                );
                return Err(refuse(rule, "embedded", reason));
            }
        }
        Ok(())
    }

    fn add_to_class(&mut self, rule: &Rule, ids: Ids) -> Result<(), RuleError> {
        let Ids { id, bare, test, issued, spread } = ids;
        let judged = JudgeRule {
            id,
            bare,
            test,
            issued: issued.zip(rule.issued_share),
            weight: rule.weight,
            bare_weight: rule.bare_weight,
            chance: rule.chance,
            check: check_of(rule)?.map(|check| check.name),
            needs_context: rule.needs_context,
            bare_needs_context: rule.bare_needs_context || rule.needs_context,
            forms: forms_of(rule)?,
            shortest: rule.shortest,
            own_names: rule.own_names.iter().flat_map(|n| Phrase::expand(n)).collect(),
            own_names_only: rule.own_names_only,
            beside_names: rule.beside_names.iter().flat_map(|n| Phrase::expand(n)).collect(),
            beside: rule.beside.iter().cloned().chain(clues_of(&rule.beside_fields)).collect(),
            embedded_weight: rule.embedded_weight,
            text_share: rule.text_share,
            hint: rule.hint,
            spread,
        };
        let judge = &mut self.judge;
        let at = match judge.by_class.get(&rule.class) {
            Some(at) => *at,
            None => {
                judge.by_class.insert(rule.class.clone(), judge.classes.len());
                judge.classes.push(JudgeClass::of(rule.class.clone()));
                judge.classes.len() - 1
            }
        };
        judge.clues.extend(rule.beside_fields.iter().flat_map(|name| Phrase::expand(name)));
        if let Some(class) = judge.classes.get_mut(at) {
            class.rules.push(judged);
            class.names.extend(rule.names.iter().flat_map(|n| Phrase::expand(n)));
            class.weak_names.extend(rule.weak_names.iter().flat_map(|n| Phrase::expand(n)));
            class.negative.extend(rule.negative.iter().cloned());
            class.tails.extend(rule.tails.iter().cloned());
        }
        Ok(())
    }

    fn finish(mut self, pack: &RulePack) -> Detector {
        self.embedded.finish();
        let ids = self.names.iter().zip(0..);
        let by_name: TableMap<Box<str>, RuleId> =
            ids.map(|(name, id)| (name.as_str().into(), RuleId(id))).collect();
        let of_persons = |rule: &&Rule| rule.check.as_deref() == Some("person-name");
        let mut persons = RuleBits::default();
        for rule in pack.rules().iter().filter(of_persons) {
            by_name.get(rule.id()).into_iter().for_each(|id| persons.insert(*id));
        }
        Detector {
            names: self.names,
            by_name,
            persons,
            whole: self.whole,
            embedded: self.embedded,
            judge: self.judge.indexed(),
            fillers: Fillers::of(&pack.context().fillers, &pack.context().offices),
            telling: self.telling,
            of_places: self.of_places,
            hints: self.hints,
            asked: self.asked,
        }
    }
}

/// Whether a rule speaks by names and forms alone, so that none of its values is ever counted.
fn is_by_name_alone(rule: &Rule) -> bool {
    let masks = rule.masks.is_empty() && rule.bare_masks.is_empty();
    let patterns = rule.format.is_none() && rule.whole.is_empty() && rule.embedded.is_empty();
    masks && patterns && rule.recogniser.is_none() && !rule.forms.is_empty()
}

fn check_of(rule: &Rule) -> Result<Option<Check>, RuleError> {
    let Some(name) = &rule.check else { return Ok(None) };
    let unknown = || format!("no check is called {name:?}; known: {}", checks::names());
    checks::find(name).map(Some).ok_or_else(|| refuse(rule, "check", unknown()))
}

fn forms_of(rule: &Rule) -> Result<Vec<Form>, RuleError> {
    let form = |name: &String| match name.as_str() {
        "integer" => Ok(Form::Integer),
        "decimal" => Ok(Form::Decimal),
        "date" => Ok(Form::Date),
        "date-time" => Ok(Form::DateTime),
        "word" => Ok(Form::Word),
        "token" => Ok(Form::Token),
        "title-words" => Ok(Form::TitleWords),
        "text" => Ok(Form::Text),
        "base64" => Ok(Form::Base64),
        "hex" => Ok(Form::Hex),
        "other" => Ok(Form::Other),
        "url" => Ok(Form::Url),
        _ => Err(refuse(
            rule,
            "forms",
            format!(
                "no form is called {name:?}; known: integer, decimal, date, date-time, word, \
                 token, title-words, text, base64, hex, url, other"
            ),
        )),
    };
    rule.forms.iter().map(form).collect()
}

fn method_of(rule: &Rule, way: &EmbeddedRule, shared: &Shared) -> Result<Method, RuleError> {
    if let Some(name) = &way.recogniser {
        let finder = finders::find(name).ok_or_else(|| {
            let known = finders::names();
            refuse(
                rule,
                "embedded",
                format!("no finder is called {name:?}; known: email, userinfo, {known}"),
            )
        })?;
        return Ok(Method::Finder(finder));
    }
    if let Some(pattern) = &way.format {
        let regex = regex(rule, ("format", pattern), Begins::Anywhere(&way.anchors))?;
        let guard = shared.of_embedded(rule, way)?;
        return Ok(Method::Pattern(Box::new(Sought { regex, guard })));
    }
    if way.masks.is_empty() {
        return Err(refuse(rule, "embedded", "expected masks, a recogniser or a format"));
    }
    Ok(Method::Shapes)
}
