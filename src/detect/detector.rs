//! The compiled rules.

use std::borrow::Cow;
use std::collections::BTreeSet;

use percent_encoding::percent_decode;

use crate::base::TableMap;
use crate::model::{Evidence, Form, Outcome, RuleBits, RuleId, ValueKind};
use crate::rules::{RuleError, RulePack};

use super::compile;
use super::embedded::Embedded;
use super::escapes;
use super::field::FieldRef;
use super::fillers::Fillers;
use super::folded::Folded;
use super::judge::{Judge, Judgement, Judging};
use super::locate::Place;
use super::profile::Profile;
use super::recognisers::Seen;
use super::sensitive;
use super::sift::{Census, Traits, form_of, is_uuid};
use super::vocabulary;
use super::whole::{Whole, is_instant};
use super::wrapped::{self, Core};

/// The compiled rules: immutable, shared by workers.
#[derive(Debug)]
pub struct Detector {
    pub(super) names: Vec<String>,
    pub(super) by_name: TableMap<Box<str>, RuleId>,
    pub(super) whole: Whole,
    pub(super) embedded: Embedded,
    pub(super) judge: Judge,
    /// What stands for no value.
    pub(super) fillers: Fillers,
    /// Rules of which one value that passes is telling by itself.
    pub(super) telling: RuleBits,
    /// Rules of addresses.
    pub(super) of_places: RuleBits,
    /// Rules of what only hints at a class.
    pub(super) hints: RuleBits,
    /// Rules that check names of persons: what an office or a firm is called fails them.
    pub(super) persons: RuleBits,
    /// Rules that say nothing unless a name asks: what passes them may hold something else.
    pub(super) asked: RuleBits,
}

/// What is said of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its outer form.
    pub form: Form,
    /// What the rules say.
    pub outcome: Outcome,
}

impl Inspection {
    /// The same with what was found of the value once what hides it was undone, whose form counts.
    fn with(self, plain: Inspection) -> Inspection {
        let (mine, other) = (self.outcome, &plain.outcome);
        let outcome = Outcome {
            tried: mine.tried.union(&other.tried),
            passed: mine.passed.union(&other.passed),
            embedded: mine.embedded.union(&other.embedded),
        };
        Inspection { form: plain.form, outcome }
    }
}

/// Values longer than this are no single identifier, so that only what is inside them counts.
const WHOLE_BYTES_MAX: usize = 16 * 1024;
/// Longer values are no names of fields.
const LABEL_BYTES_MAX: usize = 40;
/// Values from this length on can hold something beside themselves even without white space.
const EMBEDDED_BYTES_MIN: usize = 12;

impl Detector {
    /// Makes `pack` ready. Refuses unknown checks and recognisers, patterns that are too long or
    /// too large, rules without three examples of each kind, and examples that do not hold.
    pub fn compile(pack: &RulePack) -> Result<Detector, RuleError> {
        compile::compile(pack)
    }

    /// The rules that ship inside the program, ready. That their examples hold is tested when it
    /// is made, and not again at every start.
    pub fn builtin() -> Result<Detector, RuleError> {
        compile::build(&RulePack::builtin())
    }

    /// The same rules, judging by `profile`.
    pub fn judging_by(mut self, profile: Profile) -> Detector {
        self.judge.profile = profile;
        self
    }

    /// How fields are judged.
    pub fn profile(&self) -> Profile {
        self.judge.profile
    }

    /// What the rules say of one value: a function of the value alone. Linear in its length.
    pub fn inspect(&self, kind: ValueKind, bytes: &[u8]) -> Inspection {
        if matches!(kind, ValueKind::Boolean | ValueKind::Null) {
            return Inspection { form: Form::Literal, outcome: Outcome::default() };
        }
        let bytes = trim(bytes);
        // Only one by itself can be all of a value.
        if let Some(form) = id_form(bytes)
            && (form != Form::Uuid || !self.whole.wants_ids())
        {
            return Inspection { form, outcome: Outcome::default() };
        }
        if is_instant(bytes) && kind == ValueKind::String && !self.whole.wants_instants() {
            return Inspection { form: Form::DateTime, outcome: Outcome::default() };
        }
        let census = Census::of(bytes);
        if !census.has(const { Traits::of(b"%&") }) {
            return self.inspect_folded(kind, bytes, &census);
        }
        let found = self.inspect_folded(kind, bytes, &census);
        match escapes::undone(bytes) {
            Some(plain) => found.with(self.inspect_folded(kind, &plain, &Census::of(&plain))),
            None => found,
        }
    }

    fn inspect_folded(&self, kind: ValueKind, bytes: &[u8], census: &Census) -> Inspection {
        match Folded::of(bytes, census) {
            Some(folded) => {
                let bytes = folded.as_bytes();
                self.inspect_counted(kind, bytes, &Census::of(bytes))
            }
            None => self.inspect_counted(kind, bytes, census),
        }
    }

    /// The same of what was trimmed, folded and counted.
    fn inspect_counted(&self, kind: ValueKind, bytes: &[u8], census: &Census) -> Inspection {
        let form = form_of(kind, bytes, census);
        if self.fillers.has(bytes, census, form) {
            return Inspection { form: Form::Literal, outcome: Outcome::default() };
        }
        let mut found = Inspection { form, outcome: Outcome::default() };
        if self.fillers.names_nobody(bytes, census, form) {
            found.outcome.tried = self.persons;
            return found;
        }
        if census.len <= WHOLE_BYTES_MAX {
            let seen = Seen { bytes, census, form };
            self.whole.apply(&seen, &mut found.outcome);
        }
        // A value that is one thing as a whole has nothing else inside.
        if self.is_told(&found.outcome) {
            return found;
        }
        if wants_search(form, bytes, census) {
            self.embedded.apply(bytes, census, &mut found.outcome);
        }
        if let Some(core) = wrapped::core(bytes, form, census) {
            found = self.inspect_core(kind, core, found);
        }
        found
    }

    /// Whether the rules know what a value is as a whole.
    fn is_told(&self, outcome: &Outcome) -> bool {
        !self.asked.covers(&outcome.passed)
    }

    /// What was found of a value, with what is said of the `core` of it. Whether its check passes
    /// or fails, it was tried: a column of page ids behind a type is one of page ids.
    fn inspect_core(&self, kind: ValueKind, core: Core<'_>, found: Inspection) -> Inspection {
        let bytes = core.bytes;
        let census = Census::of(bytes);
        let form = form_of(kind, bytes, &census);
        if self.fillers.has(bytes, &census, form) || self.fillers.names_nobody(bytes, &census, form)
        {
            return found;
        }
        let mut outcome = Outcome::default();
        self.whole.apply(&Seen { bytes, census: &census, form }, &mut outcome);
        for rule in outcome.passed.iter().filter(|rule| self.embedded.denies(*rule, core.kind)) {
            outcome.passed.remove(rule);
        }
        if let Some(issuer) = memchr::memchr(b':', core.kind).and_then(|_| self.issuer(core.kind)) {
            self.judge.mark_issued(issuer, &mut outcome);
        }
        // What leads somewhere does so whatever it ends in.
        let form = if found.form == Form::Url { Form::Url } else { form };
        found.with(Inspection { form, outcome })
    }

    /// Whether one string alone may hold personal data or a secret. Asked before a name that
    /// traffic controls is kept (JSON keys, header names, path literals, host labels, user
    /// agents): errs towards yes.
    pub fn is_sensitive(&self, text: &[u8]) -> bool {
        // Names of parameters and cookies come as they were sent: `518%2D75%2D4213`.
        let decoded: Cow<'_, [u8]> = percent_decode(text).into();
        self.is_sensitive_as_it_is(text)
            || matches!(&decoded, Cow::Owned(plain) if self.is_sensitive_as_it_is(plain))
    }

    fn is_sensitive_as_it_is(&self, text: &[u8]) -> bool {
        let found = self.inspect(ValueKind::String, text);
        let telling = |rule| self.telling.contains(rule);
        !self.hints.covers(&found.outcome.embedded)
            || found.outcome.passed.iter().any(telling)
            || sensitive::is_sensitive(text)
    }

    /// Whether the name of an organisation or a place may be stored, as certificates have them:
    /// nothing in it is sensitive, but for numbers and capitalised words that make an address of
    /// what is none (`Northside Root CA 2021`) and commas before legal forms (`Acme, Inc.`).
    pub fn keeps_organisation(&self, text: &[u8]) -> bool {
        let found = self.inspect(ValueKind::String, text);
        let outcome = found.outcome;
        let told = |rule: &RuleId| !self.of_places.contains(*rule) && !self.hints.contains(*rule);
        let telling = |rule: &RuleId| self.telling.contains(*rule);
        !outcome.embedded.iter().any(|rule| told(&rule))
            && !outcome.passed.iter().any(|rule| told(&rule) && telling(&rule))
            && !sensitive::is_sensitive_in_name(text)
    }

    /// Whether a path segment may be stored as a literal: nothing in it is sensitive, and it does
    /// not read like a person's name.
    pub fn keeps_segment(&self, segment: &[u8]) -> bool {
        !self.is_sensitive(segment) && !vocabulary::segment_is_person(segment)
    }

    /// Whether the key of an object, or the name of a parameter, may be stored.
    pub fn keeps_key(&self, key: &[u8]) -> bool {
        !self.is_sensitive(key) && !self.names_person(key)
    }

    /// Whether a name reads like that of a person, as it is or percent-decoded.
    pub fn names_person(&self, name: &[u8]) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode(name).into();
        vocabulary::key_is_person(&decoded)
    }

    /// The name of a rule, empty for one that is not loaded.
    pub fn rule_name(&self, rule: RuleId) -> &str {
        self.names.get(usize::from(rule.0)).map_or("", String::as_str)
    }

    /// The names of all rules, by their ids.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Every class that the rules can give, by check, by name or by place; sorted.
    pub fn classes(&self) -> BTreeSet<&str> {
        let rules = self.judge.classes.iter().map(|class| class.class.as_ref());
        rules.chain(self.judge.places.classes()).collect()
    }

    /// The rule called `name` in this process.
    pub fn rule_id(&self, name: &str) -> Option<RuleId> {
        self.by_name.get(name).copied()
    }

    /// What `field` carries, by all that was seen of it. The evidence is only settled, not
    /// changed.
    pub fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
        self.judging().judge(field, evidence)
    }

    /// To judge many fields, whose names come again.
    pub fn judging(&self) -> Judging<'_> {
        Judging::new(&self.judge)
    }

    /// The token of an issuer known from `Identifier.system` (URI or OID) or of a contact point's
    /// system (`phone`, `email`, …): one of a closed set, safe to keep.
    pub fn issuer(&self, system: &[u8]) -> Option<&str> {
        self.judge.places.issuer(system)
    }

    /// The token of an identifier type code of HL7 table 0203 (`MR`, `SS`, `NPI`, …).
    pub fn type_code(&self, code: &[u8]) -> Option<&str> {
        self.judge.places.type_code(code)
    }

    /// The token of the field of HL7 v2 that a parameter of a query names (`@PID.5.1.1`): only
    /// fields that rules know.
    pub fn queried(&self, name: &[u8]) -> Option<&str> {
        self.judge.places.queried(name)
    }

    /// The token of a parameter of a FHIR operation by its name (`family` in `Patient/$match`).
    pub fn parameter_name(&self, name: &[u8]) -> Option<&str> {
        self.judge.places.parameter_name(name)
    }

    /// The token of what a value is by the text beside it that names it, as
    /// `{"name": "ssn", "value": …}` does: only names that rules know.
    pub fn named(&self, name: &[u8]) -> Option<&str> {
        self.judge.places.named(name)
    }

    /// Whether a value beside a name says what is asked for, and not what somebody answered: a name
    /// that rules know (`Last name` beside `lastName`), or a word as programs have it (`varchar`).
    pub fn is_label(&self, value: &[u8]) -> bool {
        let of_word = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b':' | b'.');
        if value.len() > LABEL_BYTES_MAX || !value.iter().all(|b| of_word(b) || *b == b' ') {
            return false;
        }
        let coded = value.first().is_some_and(u8::is_ascii_lowercase) && !value.contains(&b' ');
        coded || self.judge.places.knows_name(value)
    }

    /// The token of the element that the path of a patch names, by a JSON Pointer or in FHIRPath:
    /// only elements that rules know.
    pub fn patched(&self, path: &[u8]) -> Option<String> {
        self.judge.places.patch(path)
    }

    /// The same of the selector of an XML Patch (RFC 5261).
    pub fn selected(&self, selector: &[u8]) -> Option<String> {
        self.judge.places.selected(selector)
    }

    /// The token of the member `name` of what the token `path` stands for.
    pub fn patched_member(&self, path: &str, name: &str) -> Option<String> {
        self.judge.places.patch_member(path, name)
    }

    /// What a FHIR element carries by its place (`Patient.name.family`), most often nothing.
    pub fn fhir_element(&self, path: &str) -> &[Place] {
        self.judge.places.element(path)
    }
}

/// Whether something can stand inside a value of this form.
fn wants_search(form: Form, bytes: &[u8], census: &Census) -> bool {
    match form {
        Form::Empty
        | Form::Literal
        | Form::Integer
        | Form::Decimal
        | Form::Date
        | Form::DateTime
        | Form::Uuid
        | Form::Hex
        | Form::Word
        | Form::Base64 => false,
        Form::TitleWords | Form::Text => true,
        Form::Token => census.joints >= 2 && census.len >= EMBEDDED_BYTES_MIN,
        // Tokens, keys and numbers have digits; a code stands behind its system and `|`.
        Form::Url if bytes.starts_with(b"/") => census.len >= EMBEDDED_BYTES_MIN,
        Form::Url => {
            let token = || memchr::memchr(b'|', bytes).is_some();
            (census.digits >= 4 || census.ats > 0 || token()) && !bytes.starts_with(b"urn:")
        }
        Form::Address => true,
        Form::Other => {
            census.len >= EMBEDDED_BYTES_MIN && (census.letters() > 0 || census.len > 32)
        }
    }
}

/// The form of a UUID by itself, as a URN (RFC 9562 section 4), or behind a word
/// (`Patient/6ba7b810-9dad-…`): nothing else is inside. A large part of all values in FHIR.
fn id_form(bytes: &[u8]) -> Option<Form> {
    let (head, tail) = bytes.split_last_chunk::<36>()?;
    if tail.get(8) != Some(&b'-') || !is_uuid(tail) {
        return None;
    }
    match head {
        [] => Some(Form::Uuid),
        b"urn:uuid:" => Some(Form::Url),
        _ => head
            .iter()
            .all(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'#'))
            .then_some(Form::Other),
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if *first <= b' ' || *last <= b' ' => bytes.trim_ascii(),
        _ => bytes,
    }
}
