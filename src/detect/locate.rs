//! What a field's place in a standard says: FHIR elements, issuers of identifiers, type codes.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::{TableMap, TableSet};
use crate::rules::{ClassWeight, FhirTables, Rule};

use super::field::FieldRef;
use super::patched::{Elements, last_name, last_selected};
use super::words::Phrase;

/// A class known from a field's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The data class.
    pub class: Arc<str>,
    /// How sure the place alone makes it, 0 to 100.
    pub confidence: u8,
}

/// Every place, ready to be looked up.
#[derive(Debug, Default)]
pub(super) struct Places {
    elements: TableMap<Box<str>, Vec<Place>>,
    search: TableMap<Box<str>, Vec<Place>>,
    /// System URI, OID, name of a code system or contact system → token.
    issuers: TableMap<Box<str>, Arc<str>>,
    /// Name of a code system as people write it, in lower case without separators → token.
    code_names: TableMap<Box<str>, Arc<str>>,
    /// Identifier type code → token.
    types: TableMap<Box<str>, Arc<str>>,
    /// Name of a parameter of an operation → token.
    parameters: TableMap<Box<str>, Arc<str>>,
    /// Name of a field, in lower case without separators → token of the class it speaks for.
    named: TableMap<Box<str>, Arc<str>>,
    /// Every word and phrase that some rule goes by, written like those.
    known: TableSet<Box<str>>,
    /// Token → class.
    tokens: TableMap<Box<str>, Place>,
    /// What the paths of patches may name.
    patched: Elements,
    /// Classes of codes that the system beside them tells, and how sure it makes them.
    coded: TableMap<Arc<str>, u8>,
    /// Types of resources in which codes are defined.
    definitions: TableSet<Box<str>>,
    /// What FHIR calls its elements.
    fhir_names: TableSet<Box<str>>,
}

/// How sure a known issuer makes a class.
const ISSUER_CONFIDENCE: u8 = 97;
/// From how sure an element is of a class of codes on it holds no others.
const ELEMENT_CONFIDENCE: u8 = 75;
/// How sure a name beside a value makes a class: the value has to speak as well.
const NAMED_CONFIDENCE: u8 = 45;
/// Bytes of a name beside a value that are looked up.
const NAMED_BYTES_MAX: usize = 48;
/// What questions begin with before they name what they ask for.
const ASKING: [&str; 8] =
    ["please", "whatis", "whatsthe", "enter", "provide", "your", "the", "patients"];
/// Bytes of a system URI that are looked up; longer ones are no issuers known here.
const SYSTEM_BYTES_MAX: usize = 256;

/// What tokens of what a name beside a value says begin with.
pub(super) const NAMED: &str = "named:";
/// What marks that are names of parameters begin with.
const PARAMETER: &str = "parameter:";
/// What tokens of code systems begin with; alone it stands for every system that no rule knows.
pub const CODE: &str = "code:";
/// What stands between the classes of one system.
const CODES_APART: &str = "+";
/// What tokens of elements that a patch names begin with.
pub(super) const PATCH: &str = "patch:";
/// What tokens of fields that a query of HL7 v2 names begin with.
pub(super) const HL7_V2: &str = "HL7v2.";
/// What elements of HL7 v2 begin with, those of values of a type among them.
const HL7_V2_ROOT: &str = "HL7v2";
/// What the elements within an operation of an XML Patch are told as.
pub const XML_PATCH: &str = "XmlPatch";
/// Elements that hold elements of their own kind.
const NESTING: [&str; 4] = ["item", "part", "provision", "section"];

impl Places {
    /// From the tables of a pack and the systems and types of its rules.
    pub(super) fn compile<'r>(
        fhir: &FhirTables,
        rules: impl Iterator<Item = &'r Rule> + Clone,
    ) -> Places {
        let mut out = Places::default();
        for (resource, types) in &fhir.elements {
            for (data_type, elements) in types {
                let Some(leaves) = fhir.types.get(data_type) else { continue };
                for element in elements {
                    for (leaf, classes) in leaves {
                        let dot = if leaf.is_empty() { "" } else { "." };
                        let path = format!("{resource}.{element}{dot}{leaf}");
                        let entry = out.elements.entry(path.into()).or_default();
                        entry.extend(classes.iter().map(place));
                    }
                }
            }
        }
        for (name, classes) in &fhir.search {
            out.search.insert(name.as_str().into(), classes.iter().map(place).collect());
        }
        for (token, class) in &fhir.tokens {
            out.tokens.insert(token.as_str().into(), place(class));
            let known: Arc<str> = token.as_str().into();
            if token.chars().all(|c| c.is_ascii_uppercase()) {
                out.types.insert(token.as_str().into(), known);
            } else {
                out.issuers.insert(token.as_str().into(), known);
            }
        }
        for (mark, token) in &fhir.marks {
            match mark.strip_prefix(PARAMETER) {
                Some(name) => out.parameters.insert(name.into(), token.as_str().into()),
                None => out.issuers.insert(normal_system(mark).into(), token.as_str().into()),
            };
        }
        for rule in rules {
            for system in &rule.systems {
                out.issuers.insert(normal_system(system).into(), Arc::clone(&rule.class));
            }
            out.name_code_systems(rule);
            for code in &rule.types {
                out.types.insert(code.as_str().into(), Arc::clone(&rule.class));
            }
            let known = Place { class: Arc::clone(&rule.class), confidence: ISSUER_CONFIDENCE };
            out.tokens.entry(rule.class.as_ref().into()).or_insert(known);
            out.name(rule);
        }
        for (name, token) in &out.issuers {
            let plain = plain_system(name);
            if token.starts_with(CODE) && plain.len() >= CODE_NAME_BYTES_MIN && is_code_name(name) {
                let plain = String::from_utf8_lossy(&plain).into_owned();
                out.code_names.insert(plain.into(), Arc::clone(token));
            }
        }
        out.definitions = fhir.definitions.iter().map(|kind| kind.as_str().into()).collect();
        out.fhir_names = fhir.names.iter().map(|name| name.as_str().into()).collect();
        out.patched = Elements::of(out.elements.keys().map(AsRef::as_ref));
        out
    }

    /// Notes the code systems whose codes are of the class of `rule`: one may be of several.
    fn name_code_systems(&mut self, rule: &Rule) {
        if rule.code_systems.is_empty() {
            return;
        }
        let confidence = if rule.value_set { NAMED_CONFIDENCE } else { ISSUER_CONFIDENCE };
        self.coded.insert(Arc::clone(&rule.class), confidence);
        for system in &rule.code_systems {
            let known = self.issuers.entry(normal_system(system).into()).or_insert(CODE.into());
            let mut classes: Vec<&str> = codes_of(known).chain([rule.class.as_ref()]).collect();
            classes.sort_unstable();
            classes.dedup();
            *known = format!("{CODE}{}", classes.join(CODES_APART)).into();
        }
    }

    /// What a code at `element` is with a system beside it that `token` stands for: of the classes
    /// of that system, and of no other class of codes.
    pub(super) fn coded(&self, token: &str, element: &str, path: &str) -> Vec<Place> {
        let (resource, _) = element.split_once('.').unwrap_or((element, ""));
        if self.definitions.contains(resource) {
            return Vec::new();
        }
        // Where any code may stand the system tells which; an element for one kind needs none.
        let open = |place: &&Place| {
            place.confidence >= ELEMENT_CONFIDENCE || !self.coded.contains_key(&place.class)
        };
        let others = self.element_at(element, path).iter().filter(open).cloned();
        let known = codes_of(token).filter_map(|class| {
            let (class, confidence) = self.coded.get_key_value(class)?;
            Some(Place { class: Arc::clone(class), confidence: *confidence })
        });
        others.chain(known).collect()
    }

    /// Notes the names that speak for the class of `rule`.
    fn name(&mut self, rule: &Rule) {
        let token: Arc<str> = format!("{NAMED}{}", rule.class).into();
        let place = Place { class: Arc::clone(&rule.class), confidence: NAMED_CONFIDENCE };
        self.tokens.insert(token.as_ref().into(), place);
        for phrase in rule.names.iter().flat_map(|names| Phrase::expand(names)) {
            let name = phrase.text().replace(' ', "");
            self.named.entry(name.into()).or_insert_with(|| Arc::clone(&token));
        }
        let others = [&rule.names, &rule.own_names, &rule.weak_names, &rule.beside_names];
        for phrase in others.into_iter().flatten().flat_map(|names| Phrase::expand(names)) {
            self.known.insert(phrase.text().replace(' ', "").into());
        }
    }

    /// The token of what a value is, where `name` beside it is all of a name that a rule knows.
    pub(super) fn named(&self, name: &[u8]) -> Option<&str> {
        if name.len() > NAMED_BYTES_MAX {
            return None;
        }
        let plain = plain_name(name);
        let mut plain = std::str::from_utf8(&plain).ok()?;
        loop {
            if let Some(token) = self.named.get(plain) {
                return Some(token);
            }
            plain = ASKING.iter().find_map(|words| plain.strip_prefix(words))?;
        }
    }

    /// Whether `name` is all of a name that a rule goes by, on whatever condition.
    pub(super) fn knows_name(&self, name: &[u8]) -> bool {
        let plain = plain_name(name.get(..NAMED_BYTES_MAX).unwrap_or(name));
        std::str::from_utf8(&plain).is_ok_and(|plain| self.known.contains(plain))
    }

    /// The token of an issuer: an identifier's system, an OID, a code system, or a contact point's
    /// system.
    pub(super) fn issuer(&self, system: &[u8]) -> Option<&str> {
        if system.len() > SYSTEM_BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(system).ok()?;
        if let Some(known) = self.issuers.get(normal_system(text)) {
            return Some(known);
        }
        if system.len() > NAMED_BYTES_MAX || !is_code_name(text) {
            return None;
        }
        let plain = plain_system(text);
        self.code_names.get(std::str::from_utf8(&plain).ok()?).map(AsRef::as_ref)
    }

    /// The token of a field of HL7 v2 by the name that queries have for it, `@PID.5.1.1`: its place
    /// in the tables. The first component of what has none is all of it.
    pub(super) fn queried(&self, name: &[u8]) -> Option<&str> {
        const NAME_BYTES_MAX: usize = 16;
        let name = std::str::from_utf8(name.get(..NAME_BYTES_MAX).unwrap_or(name)).ok()?;
        let place = name.trim_ascii().trim_start_matches('@').replace('-', ".");
        let mut element = format!("{HL7_V2}{place}");
        loop {
            if let Some((known, _)) = self.elements.get_key_value(element.as_str()) {
                return Some(known);
            }
            element.truncate(element.strip_suffix(".1")?.len());
        }
    }

    /// The token of a parameter of an operation.
    pub(super) fn parameter_name(&self, name: &[u8]) -> Option<&str> {
        self.parameters.get(std::str::from_utf8(name).ok()?).map(AsRef::as_ref)
    }

    /// The token of a type code.
    pub(super) fn type_code(&self, code: &[u8]) -> Option<&str> {
        self.types.get(std::str::from_utf8(code).ok()?).map(AsRef::as_ref)
    }

    /// What the element at `path` carries. In XHTML it is its narrative that counts, and of
    /// attributes only `value` is an element's own.
    pub(super) fn element_at(&self, element: &str, path: &str) -> &[Place] {
        let attribute = path.rsplit('/').next().and_then(|last| last.strip_prefix('@'));
        if element.starts_with("CDA.") {
            return self.in_cda(element, attribute.is_some());
        }
        if attribute.is_some_and(|name| name != "value") {
            return &[];
        }
        match self.element_or_narrative(element) {
            [] => self.nested(element),
            places => places,
        }
    }

    fn element_or_narrative(&self, element: &str) -> &[Place] {
        match (self.element(element), element.find(".div.")) {
            ([], Some(at)) => self.element(element.get(..at + 4).unwrap_or_default()),
            (places, _) => places,
        }
    }

    /// What an element within others of its kind carries: an answer to a question below an answer,
    /// a value in an extension of whatever element.
    fn nested(&self, element: &str) -> &[Place] {
        let (kind, _) = element.split_once('.').unwrap_or((element, ""));
        let ends = [".extension.", ".modifierExtension."];
        let held = ends.iter().filter_map(|mark| Some(element.rfind(mark)? + mark.len())).max();
        if let Some(held) = held.and_then(|at| element.get(at..)) {
            return match self.element(&format!("{kind}.extension.{held}")) {
                [] => self.element(&format!("Extension.extension.{held}")),
                places => places,
            };
        }
        let mut names: SmallVec<[&str; 12]> = SmallVec::new();
        for name in element.split('.') {
            if NESTING.contains(&name)
                && let Some(outer) = names.iter().position(|known| *known == name)
            {
                names.truncate(outer);
            }
            names.push(name);
        }
        match self.element_or_narrative(&names.join(".")) {
            [] => self.of_every_resource(element),
            places => places,
        }
    }

    /// The token of the element that the path of a patch names. Where no element of FHIR is called
    /// so, the token of what a rule knows by the last name of a JSON Pointer.
    pub(super) fn patch(&self, path: &[u8]) -> Option<String> {
        if let Some(element) = self.patched.named_by(path) {
            return Some(format!("{PATCH}{}", std::str::from_utf8(&element).ok()?));
        }
        self.named(last_name(path.strip_prefix(b"/")?)?).map(str::to_owned)
    }

    /// The same of the selector of an XML Patch.
    pub(super) fn selected(&self, selector: &[u8]) -> Option<String> {
        if let Some(element) = self.patched.selected_by(selector) {
            return Some(format!("{PATCH}{}", std::str::from_utf8(&element).ok()?));
        }
        self.named(&last_selected(selector)?).map(str::to_owned)
    }

    /// The token of the member `name` of what the token `path` names.
    pub(super) fn patch_member(&self, path: &str, name: &str) -> Option<String> {
        let element = path.strip_prefix(PATCH)?;
        Some(format!("{PATCH}{}", self.patched.member(element, name.strip_prefix(PATCH)?)?))
    }

    /// What stands in a patch for the element `named`, at `element` of the patch itself: a resource
    /// of the type that the endpoint's path names, where `named` begins with none.
    pub(super) fn patched(&self, named: &str, element: &str, field: &FieldRef<'_>) -> Vec<Place> {
        let Some((choice, below)) = below_patch(element, field.path) else { return Vec::new() };
        if !field.standard.starts_with("fhir") {
            let last = named.rsplit('.').next().unwrap_or(named);
            let token = self.named(last.as_bytes()).filter(|_| below.is_empty());
            return token.and_then(|token| self.token(token)).into_iter().cloned().collect();
        }
        let typed = |name: &&str| name.starts_with(|c: char| c.is_ascii_uppercase());
        let kind = field.endpoint.rsplit('/').find(typed).filter(|_| !typed(&named));
        let named = kind.map_or(named.to_owned(), |kind| format!("{kind}.{named}"));
        let candidates = [format!("{named}{below}"), format!("{named}{choice}{below}")];
        let mut known = candidates.iter().map(|candidate| self.element_at(candidate, ""));
        let places = known.find(|places| !places.is_empty());
        places.unwrap_or_else(|| self.element_at(element, field.path)).to_vec()
    }

    /// What an element carries that every resource has: those of `Resource.meta`.
    fn of_every_resource(&self, element: &str) -> &[Place] {
        match element.split_once('.') {
            Some((_, rest)) if rest.starts_with("meta.") => {
                self.element(&format!("Resource.{rest}"))
            }
            _ => &[],
        }
    }

    /// What an element of a CDA document carries. Acts nest at any depth, and each may have its
    /// own author, informant and participants: what counts is how the path ends. What is marked up
    /// in the text of a section is text of the section.
    fn in_cda(&self, element: &str, attribute: bool) -> &[Place] {
        const NARRATIVE: &str = ".section.text";
        if let Some(at) = element.find(NARRATIVE)
            && let Some(behind) = element.get(at + NARRATIVE.len()..)
            && (behind.is_empty() || behind.starts_with('.'))
        {
            return if attribute { &[] } else { self.element("CDA.section.text") };
        }
        let mut rest = element.strip_prefix("CDA.");
        while let Some(tail) = rest {
            if let Some(places) = self.elements.get(format!("CDA.{tail}").as_str()) {
                return places;
            }
            rest = tail.split_once('.').map(|(_, tail)| tail);
        }
        &[]
    }

    /// What a search parameter carries, with its modifiers (`family:exact`) and chains
    /// (`subject:Patient.name`), asked of the endpoint at `path`, or of the type that `element`
    /// begins with where the path names none.
    pub(super) fn parameter(&self, name: &str, path: &str, element: &str) -> Vec<Place> {
        let (chain, last) = name.rsplit_once('.').unwrap_or(("", name));
        let last = last.split(':').next().unwrap_or_default();
        let mut places = self.search(last).to_vec();
        let resource = match chain.rsplit('.').next().unwrap_or_default().split_once(':') {
            Some((_, resource)) => resource,
            None if chain.is_empty() => {
                let types = |segment: &&str| segment.starts_with(|c: char| c.is_ascii_uppercase());
                let named = element.split('.').next().unwrap_or_default();
                path.rsplit('/').find(types).unwrap_or(named)
            }
            // Without a type, these two point at a patient nearly always.
            None if matches!(chain, "patient" | "subject") => "Patient",
            None => "",
        };
        places.extend_from_slice(self.search(&format!("{resource}?{last}")));
        places
    }

    /// Whether FHIR calls nothing so as the field is called: its program does, and its name says
    /// what it is as it does anywhere. XHTML has names of its own.
    pub(super) fn is_foreign(&self, field: &FieldRef<'_>) -> bool {
        let (element, _) = field.context.split_once('|').unwrap_or((field.context, ""));
        let Some((_, name)) = element.rsplit_once('.') else { return false };
        // `_birthDate` is what else is said of `birthDate`.
        let name = name.strip_prefix('_').unwrap_or(name);
        field.standard.starts_with("fhir")
            && !element.starts_with("CDA.")
            && !element.starts_with(HL7_V2_ROOT)
            && !element.contains(".div")
            && !self.fhir_names.is_empty()
            && !self.fhir_names.contains(name)
    }

    /// Whether some element or parameter of a standard holds `class`.
    pub(super) fn hold(&self, class: &str) -> bool {
        let mut places = self.elements.values().chain(self.search.values()).flatten();
        places.any(|place| *place.class == *class)
    }

    /// Every class that a place can stand for.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        let lists = self.elements.values().chain(self.search.values()).flatten();
        lists.chain(self.tokens.values()).map(|place| place.class.as_ref())
    }

    /// What an element carries.
    pub(super) fn element(&self, path: &str) -> &[Place] {
        self.elements.get(path).map_or(&[], Vec::as_slice)
    }

    /// What a search parameter carries.
    pub(super) fn search(&self, name: &str) -> &[Place] {
        self.search.get(name).map_or(&[], Vec::as_slice)
    }

    /// What a token stands for.
    pub(super) fn token(&self, token: &str) -> Option<&Place> {
        self.tokens.get(token)
    }
}

/// What stands at `element` of a patch: the type in its name, and the element below that.
/// `.value` in a JSON Patch and `.valueHumanName` in Parameters hold that; in an XML Patch the
/// operation itself does, whose attributes say what is done.
fn below_patch<'e>(element: &'e str, path: &str) -> Option<(&'e str, &'e str)> {
    if let Some(below) = element.strip_prefix(XML_PATCH) {
        let attribute = path.rsplit('/').next().is_some_and(|last| last.starts_with('@'));
        return (!below.is_empty() || !attribute).then_some(("", below));
    }
    let value = element.get(element.find(".value")? + ".value".len()..)?;
    value.split_at_checked(value.find('.').unwrap_or(value.len()))
}

/// The classes in the token of a code system.
fn codes_of(token: &str) -> impl Iterator<Item = &str> {
    let classes = token.strip_prefix(CODE).unwrap_or_default();
    classes.split(CODES_APART).filter(|class| !class.is_empty())
}

fn place(ClassWeight(class, confidence): &ClassWeight) -> Place {
    Place { class: Arc::clone(class), confidence: *confidence }
}

/// A name in lower case, without what is no letter.
fn plain_name(name: &[u8]) -> SmallVec<[u8; NAMED_BYTES_MAX]> {
    name.iter().filter(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect()
}

/// Letters and digits of the shortest name of a code system that is known however it is written:
/// `HOT` is one, and `hot` a word.
const CODE_NAME_BYTES_MIN: usize = 4;

/// Whether a system may be called so by people, and not by a URI or an OID.
fn is_code_name(system: &str) -> bool {
    system.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_'))
        && system.bytes().any(|b| b.is_ascii_alphabetic())
}

/// `SNOMED-CT` as `snomedct`.
fn plain_system(system: &str) -> SmallVec<[u8; NAMED_BYTES_MAX]> {
    let plain = system.bytes().filter(u8::is_ascii_alphanumeric);
    plain.map(|b| b.to_ascii_lowercase()).collect()
}

/// Systems are compared without scheme, `urn:oid:` and a slash at the end: all are seen in use.
fn normal_system(system: &str) -> &str {
    let system = system.strip_prefix("urn:oid:").unwrap_or(system);
    let system = system.strip_prefix("http://").unwrap_or(system);
    let system = system.strip_prefix("https://").unwrap_or(system);
    system.strip_suffix('/').unwrap_or(system)
}
