//! Listens to a walker and logs every leaf under its column.
//!
//! Where meaning depends on siblings, it waits for them: `identifier.system` may come behind
//! `identifier.value`, and `resourceType` behind everything else in its object. The leaves are in
//! the log anyway, so waiting costs nothing: their columns are amended when the object closes.

use std::sync::Arc;

use crate::content::{FieldSink, PathId, PathTable};
use crate::detect::Detector;
use crate::inventory::AuthScheme;
use crate::model::{Value, ValueKind};

use super::columns::{Columns, Context, Place};
use super::frames::{Frame, Frames, METHODS, Notes};
use super::heard::Heard;
use super::leaves::Leaves;
use super::operation::auth::AuthSchemes;
use super::operation::fhir::{self, Version};
use super::operation::login::LoggedIn;
use super::operation::soap_security::Proof;
use super::operation::{cda, hl7v2};
use super::roles::{self, Role, Roles};
use super::values::{Looked, Values};

/// What a body says of the exchange it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyFacts {
    /// Type of the resource at its root.
    pub resource: Option<&'static str>,
    /// What kind of Bundle the resource at its root is.
    pub bundle: Option<&'static str>,
    /// Version that it states.
    pub version: Option<Version>,
    /// It is HL7 v2.
    pub hl7v2: bool,
    /// What the header of the first HL7 v2 message in it says.
    pub heard: Option<Arc<Heard>>,
    /// Credentials in the header of a SOAP message.
    pub schemes: AuthSchemes,
    /// What it has of a login.
    pub login: LoggedIn,
    /// Interactions of the entries of a batch or transaction.
    pub entries: Vec<(&'static str, u64)>,
}

/// Token of references to what is no person, so that nobody's name is looked for there.
const NO_PERSON: &str = "no-person";

/// What a worker shares between all messages.
pub struct Shared<'a> {
    /// Interned columns.
    pub columns: &'a mut Columns,
    /// Values with their memory.
    pub values: &'a mut Values,
    /// Roles of paths.
    pub roles: &'a mut Roles,
    /// The rules.
    pub detector: &'a Detector,
}

/// Logs the leaves of one message.
pub struct Inspector<'a> {
    /// What is shared.
    pub shared: Shared<'a>,
    /// The log.
    pub leaves: &'a mut Leaves,
    /// The open frames.
    pub frames: &'a mut Frames,
    /// What the body says of the exchange.
    pub facts: &'a mut BodyFacts,
    /// Where the leaves are.
    pub place: Place,
}

impl Inspector<'_> {
    /// Logs a leaf without structure around it: a header field, a parameter. Its column, and what
    /// the rules say of it.
    pub fn leaf(&mut self, path: PathId, value: Value<'_>) -> (u32, Looked) {
        let (_, looked) = self.log(path, value, 0);
        (self.shared.columns.column(self.place, path, 0), looked)
    }

    /// Lets `walk` log leaves below `root` as elements of a resource of type `kind`.
    pub fn within(&mut self, kind: &'static str, root: PathId, walk: impl FnOnce(&mut Self)) {
        self.open(root, 0);
        self.found_document(kind, root);
        walk(self);
        self.frames.close();
    }

    #[inline]
    fn open(&mut self, path: PathId, context: u32) {
        self.frames.open(path, self.leaves.count(), context);
    }

    #[inline]
    fn log(&mut self, path: PathId, value: Value<'_>, context: u32) -> (usize, Looked) {
        if self.leaves.is_full() {
            self.fold();
        }
        let looked = self.shared.values.look(&value, self.frames.is_apart());
        let column = self.shared.columns.column(self.place, path, context);
        (self.leaves.push(column, &looked, value.continued), looked)
    }

    #[cold]
    fn fold(&mut self) {
        self.leaves.fold(self.shared.values);
        self.frames.forget_leaves();
    }

    /// The token of the issuer that a value names, 0 for none.
    pub(super) fn issuer(&mut self, value: &Value<'_>, looked: &Looked) -> u16 {
        let Shared { columns, values, detector, .. } = &mut self.shared;
        values.issuer(looked, || {
            detector.issuer(value.bytes).map_or(0, |issuer| columns.token(issuer))
        })
    }

    /// The object at the top turns out to be a resource.
    fn found_resource(&mut self, kind: &'static str) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.resource {
            return;
        }
        frame.resource = true;
        let (root, from, inherited) = (frame.path, frame.from, frame.context);
        let columns = &mut *self.shared.columns;
        let outer = columns.context_at(inherited).resource;
        let resource = Some((kind, root));
        frame.context = columns.context(Context { resource, issuer: 0 });
        // Leaves that came before the type stood under what is around the object.
        self.leaves.amend(from, |column| {
            columns.with_context(column, |old| match old.resource == outer {
                true => Context { resource, ..old },
                false => old,
            })
        });
        if self.frames.depth() == 1 {
            self.facts.resource = Some(kind);
        }
    }

    /// The frame at the top is that of HL7 v2: of a body or a part of one, or within a value.
    fn found_hl7v2(&mut self, root: PathId, is_body: bool) {
        self.frames.set_apart(0);
        // A message that stands in a value of another body is not what the body is.
        self.facts.hl7v2 |= is_body;
        self.found_document(hl7v2::ROOT, root);
    }

    /// The frame below the top is that of an HL7 v2 message in XML, the one at the top its header.
    fn found_message_xml(&mut self, root: PathId, is_body: bool) {
        self.frames.set_apart(1);
        self.facts.hl7v2 |= is_body;
        if is_body {
            self.begin_message();
        }
        let resource = Some((hl7v2::ROOT, root));
        let context = self.shared.columns.context(Context { resource, issuer: 0 });
        self.frames.last_two(|frame| frame.context = context);
    }

    /// A message of HL7 v2 begins: what follows is of that.
    fn begin_message(&mut self) {
        let whole = self.frames.whole;
        let header = self.frames.header.get_or_insert_default();
        if header.begin(whole, self.leaves, self.shared.values) {
            self.frames.forget_leaves();
        }
    }

    /// The frame at the top is that of a document whose elements are known as those of `name`.
    fn found_document(&mut self, name: &'static str, root: PathId) {
        if let Some(frame) = self.frames.last_mut() {
            let resource = Some((name, root));
            frame.context = self.shared.columns.context(Context { resource, issuer: 0 });
        }
    }

    /// The frame at the top is that of OBX-5: its meaning is that of its type.
    fn found_observed(&mut self) {
        let Some((path, kind)) = self.frames.observed() else { return };
        let context =
            self.shared.columns.context(Context { resource: Some((kind, path)), issuer: 0 });
        if let Some(field) = self.frames.last_mut() {
            field.context = context;
        }
    }

    fn structure(&mut self, role: Role, value: &Value<'_>, leaf: usize, looked: &Looked) {
        if value.continued || !matches!(value.kind, ValueKind::String) {
            return self.found_number(role, value, leaf);
        }
        match role {
            Role::ResourceType => {
                if let Some(kind) = fhir::resource_type(value.bytes) {
                    self.found_resource(kind);
                }
            }
            Role::System(up) => {
                let token = self.issuer(value, looked);
                if !self.found_code_system((up, 0), token)
                    && token != 0
                    && let Some(notes) = self.frames.notes(up)
                {
                    notes.issuer = token;
                }
            }
            Role::TypeCode(up) => {
                if let Some(code) = self.shared.detector.type_code(value.bytes) {
                    let token = self.shared.columns.token(code);
                    if let Some(notes) = self.frames.notes(up)
                        && notes.issuer == 0
                    {
                        notes.issuer = token;
                    }
                }
            }
            Role::Value(up) => self.found_value(up, value, leaf),
            Role::Content if self.frames.named(0) != 0 => self.found_value(0, value, leaf),
            Role::Content => {}
            Role::Within(up) => self.found_within(up, value, leaf),
            Role::Type(up) => {
                if self.frames.depth() == 1 + usize::from(up) {
                    self.facts.bundle = match value.bytes {
                        b"batch" => Some("batch"),
                        b"transaction" => Some("transaction"),
                        _ => self.facts.bundle,
                    };
                }
            }
            Role::FhirVersion => {
                let version = Version::parse(value.bytes);
                self.facts.version = self.facts.version.max(version);
            }
            Role::EntryMethod(up) => {
                let method = METHODS.into_iter().find(|m| m.as_bytes() == value.bytes);
                if let Some(notes) = self.frames.notes(up) {
                    notes.entry.get_or_insert_default().method = method;
                }
            }
            Role::EntryUrl(up) => {
                let by_method = METHODS.map(|m| fhir::entry_interaction(m.as_bytes(), value.bytes));
                if let Some(notes) = self.frames.notes(up) {
                    notes.entry.get_or_insert_default().url = Some(by_method);
                }
            }
            Role::Header(part) => self.frames.hear(part, value.bytes),
            Role::ValueType => {
                let observed = hl7v2::observed(value.bytes);
                if let Some(notes) = self.frames.notes(1) {
                    notes.observed = observed;
                }
            }
            Role::Query(part, up) => self.note_query((part, up), value, leaf, looked),
            _ => self.mark(role, value, leaf, looked),
        }
    }

    /// What the name beside it is the name of.
    fn found_value(&mut self, up: u8, value: &Value<'_>, leaf: usize) {
        let label = self.shared.detector.is_label(value.bytes);
        if let Some(notes) = self.frames.notes(up) {
            (notes.value, notes.label) = (Some(leaf), label);
        }
    }

    /// `{"type": "Heart Rate", "value": 72}`: of a number no more matters than where it is.
    fn found_number(&mut self, role: Role, value: &Value<'_>, leaf: usize) {
        if let (Role::Value(up), ValueKind::Number) = (role, value.kind)
            && let Some(notes) = self.frames.notes(up)
        {
            notes.value = Some(leaf);
        }
    }

    /// What the name says that a value deeper down stands for; there may be several.
    fn found_within(&mut self, up: u8, value: &Value<'_>, leaf: usize) {
        let named = self.frames.named(up);
        if named != 0 && !self.shared.detector.is_label(value.bytes) {
            let columns = &mut *self.shared.columns;
            self.leaves.amend_one(leaf, |column| columns.with_issuer(column, named));
        }
    }

    /// What the object is called tells what its other leaves are.
    fn name_object(&mut self, up: u8, token: u16, leaf: usize) {
        if token != 0
            && let Some(notes) = self.frames.notes(up)
        {
            notes.extension = Some((token, leaf));
        }
    }

    /// What stands in a reference or an extension, to be put together when it closes.
    fn mark(&mut self, role: Role, value: &Value<'_>, leaf: usize, looked: &Looked) {
        match role {
            Role::Display(up) => {
                if let Some(notes) = self.frames.notes(up) {
                    notes.display = Some(leaf);
                }
            }
            Role::Reference(up) => {
                if let Some(notes) = self.frames.notes(up) {
                    notes.target = fhir::reference_type(value.bytes);
                }
            }
            Role::ExtensionUrl => {
                let token = self.issuer(value, looked);
                self.name_object(0, token, leaf);
            }
            Role::ParameterName(up) => {
                self.note_patch(role, value);
                if let Some(name) = self.shared.detector.parameter_name(value.bytes) {
                    let token = self.shared.columns.token(name);
                    self.name_object(up, token, leaf);
                }
            }
            Role::PairName(up) => {
                if let Some(name) = self.shared.detector.named(value.bytes) {
                    let token = self.shared.columns.token(name);
                    if let Some(notes) = self.frames.notes(up) {
                        notes.named = token;
                    }
                }
            }
            Role::CodedSystem(up, at) => {
                let token = self.issuer(value, looked);
                self.found_code_system((up, at), token);
            }
            Role::Coded(up, at) => self.found_code((up, at), leaf),
            Role::Code(up) => self.found_code((up, 0), leaf),
            Role::CodingOfType(up) => {
                self.found_code((up, 0), leaf);
                self.structure(Role::TypeCode(up + 2), value, leaf, looked);
            }
            Role::PairCode(up) => {
                self.found_code((up, 0), leaf);
                self.mark(Role::PairName(up), value, leaf, looked);
            }
            Role::PairText(up) => {
                if let Some(notes) = self.frames.notes(up) {
                    notes.text = Some(leaf);
                }
            }
            Role::Question(up) => {
                if let Some(name) = self.shared.detector.named(value.bytes) {
                    let token = self.shared.columns.token(name);
                    self.name_object(up, token, leaf);
                }
            }
            Role::Telecom => {
                if let Some(kind) = cda::telecom(value.bytes) {
                    let issuer = self.shared.columns.token(kind);
                    let columns = &mut *self.shared.columns;
                    self.leaves.amend_one(leaf, |column| {
                        columns.with_context(column, |old| Context { issuer, ..old })
                    });
                }
            }
            Role::Proof(proof) => proof.add(value.bytes, &mut self.facts.schemes),
            Role::Login(login) => self.facts.login.add(login, self.place, value.bytes),
            _ => self.note_patch(role, value),
        }
    }

    /// What a reference points at tells what its display is, and the URL of an extension what all
    /// in it is.
    fn close_marked(&mut self, frame: &Frame, notes: &Notes) {
        let columns = &mut *self.shared.columns;
        if let (Some(leaf), Some(kind)) = (notes.display, notes.target) {
            let token = self.shared.detector.issuer(kind.as_bytes()).unwrap_or(NO_PERSON);
            let issuer = columns.token(token);
            self.leaves.amend_one(leaf, |column| {
                columns.with_context(column, |old| Context { issuer, ..old })
            });
        }
        if let Some((token, url)) = notes.extension {
            let mut at = frame.from;
            self.leaves.amend(frame.from, |column| {
                let is_url = at == url;
                at += 1;
                columns.with_context(column, |old| match old.issuer {
                    0 if !is_url => Context { issuer: token, ..old },
                    _ => old,
                })
            });
        }
    }

    fn close(&mut self, frame: &Frame, notes: &Notes) {
        let named = if notes.label { 0 } else { notes.named };
        let issuer = if notes.issuer == 0 { named } else { notes.issuer };
        if let Some(leaf) = notes.value.or(notes.text.filter(|_| notes.named != 0))
            && issuer != 0
        {
            let columns = &mut *self.shared.columns;
            self.leaves.amend_one(leaf, |column| columns.with_issuer(column, issuer));
        }
        self.close_codings(frame, notes);
        self.close_marked(frame, notes);
        self.close_patch(frame, notes.patch);
        let Some(entry) = &notes.entry else { return };
        let method = METHODS.into_iter().position(|m| Some(m) == entry.method);
        if let (Some(method), Some(url)) = (method, entry.url)
            && let Some(Some(interaction)) = url.get(method)
        {
            match self.facts.entries.iter_mut().find(|(i, _)| i == interaction) {
                Some((_, count)) => *count += 1,
                None => self.facts.entries.push((interaction, 1)),
            }
        }
    }
}

impl FieldSink for Inspector<'_> {
    fn enter(&mut self, paths: &PathTable, path: PathId) {
        if self.frames.is_too_deep() {
            return;
        }
        let context = self.frames.last().map_or(0, |frame| frame.context);
        self.open(path, context);
        match self.shared.roles.of(paths, path) {
            Role::ResourceElement => {
                if let Some(kind) = fhir::resource_type(paths.name(path).as_bytes()) {
                    let told = self.facts.resource;
                    self.found_resource(kind);
                    // One that stands in a value of another body is not what the body is.
                    if roles::stands_in_value(paths, path) {
                        self.facts.resource = told;
                    }
                }
            }
            Role::Hl7v2 => self.found_hl7v2(path, !roles::stands_in_value(paths, path)),
            Role::ClinicalDocument => self.found_document(cda::ROOT, path),
            Role::Observed => self.found_observed(),
            Role::MessageXml => {
                let root = paths.parent(path).unwrap_or(path);
                self.found_message_xml(root, !roles::stands_in_value(paths, path));
            }
            Role::Message => self.begin_message(),
            Role::Proof(Proof::EncryptedAssertion) => self.facts.schemes.insert(AuthScheme::Saml),
            _ => {}
        }
    }

    fn leave(&mut self, _: &PathTable, _: PathId) {
        if let Some((frame, notes)) = self.frames.close() {
            self.close(&frame, &notes);
        }
    }

    fn field(&mut self, paths: &PathTable, path: PathId, value: Value<'_>) {
        let context = self.frames.last().map_or(0, |frame| frame.context);
        let (leaf, looked) = self.log(path, value, context);
        let role = self.shared.roles.of(paths, path);
        if role != Role::Plain {
            self.structure(role, &value, leaf, &looked);
        }
    }

    fn key(&mut self, _paths: &PathTable, path: PathId, key: &[u8]) {
        self.log(path, Value::new(ValueKind::String, key), 0);
    }
}
