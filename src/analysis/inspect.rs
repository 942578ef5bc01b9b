//! Listens to a walker and logs every leaf under its column.
//!
//! Where meaning depends on siblings, it waits for them: `identifier.system` may come behind
//! `identifier.value`, and `resourceType` behind everything else in its object. The leaves are in
//! the log anyway, so waiting costs nothing: their columns are amended when the object closes.

use crate::content::{FieldSink, PathId, PathTable, Step};
use crate::detect::Detector;
use crate::model::{Location, Value, ValueKind};

use super::codings::Coding;
use super::columns::{Columns, Context, Place};
use super::leaves::Leaves;
use super::operation::fhir::{self, Version};
use super::operation::{cda, hl7v2};
use super::patches::Patch;
use super::roles::{Role, Roles};
use super::values::{Looked, Values};

/// An object or element that is open.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) path: PathId,
    /// First leaf inside it.
    pub(super) from: usize,
    /// Context of its leaves.
    pub(super) context: u32,
    /// Whether it is the root of a resource.
    resource: bool,
    /// `value` leaf, where one was logged.
    value: Option<usize>,
    /// Token of `system`, or else of the type code.
    issuer: u16,
    /// What is a code, and whose: only HL7 v2 has two beside each other.
    pub(super) codings: [Coding; 2],
    /// Method and URL of a Bundle entry's request.
    entry: Option<Box<Entry>>,
    /// `display` leaf of a reference, where one was logged.
    display: Option<usize>,
    /// Type of what the reference points at.
    target: Option<&'static str>,
    /// Token of an extension or parameter, and the leaf with its `url` or name.
    extension: Option<(u16, usize)>,
    /// Token of what the name in it says that `value` or `text` beside it is.
    named: u16,
    /// `text` leaf, where one was logged.
    text: Option<usize>,
    /// In an OBX segment: what its values are called by their type.
    observed: Option<&'static str>,
    /// What it says of a patch.
    pub(super) patch: Patch,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    method: Option<&'static str>,
    /// What the interaction would be with each of the methods that matter.
    url: Option<[Option<&'static str>; METHODS.len()]>,
}

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

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
    /// Interactions of the entries of a batch or transaction.
    pub entries: Vec<(&'static str, u64)>,
}

/// The open frames of one message, kept between chunks.
#[derive(Debug, Default)]
pub struct Frames {
    stack: Vec<Frame>,
    /// Frames deeper than [`FRAMES_MAX`]: counted, not kept.
    beyond: usize,
    /// Whether what is walked is HL7 v2, whose values are kept apart from all others.
    apart: bool,
}

impl Frames {
    /// Heap bytes they take.
    pub fn held_bytes(&self) -> usize {
        self.stack.capacity() * size_of::<Frame>()
    }

    /// Forgets the frames, and keeps their memory.
    pub fn clear(&mut self) {
        self.stack.clear();
        (self.beyond, self.apart) = (0, false);
    }
}

/// Token of references to what is no person, so that nobody's name is looked for there.
const NO_PERSON: &str = "no-person";

/// Deeper nesting keeps the context of the deepest frame.
const FRAMES_MAX: usize = 256;

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
        self.frames.stack.pop();
    }

    fn open(&mut self, path: PathId, context: u32) {
        self.frames.stack.push(Frame {
            path,
            from: self.leaves.count(),
            context,
            resource: false,
            value: None,
            issuer: 0,
            codings: Default::default(),
            entry: None,
            display: None,
            target: None,
            extension: None,
            named: 0,
            text: None,
            observed: None,
            patch: Patch::default(),
        });
    }

    #[inline]
    fn log(&mut self, path: PathId, value: Value<'_>, context: u32) -> (usize, Looked) {
        if self.leaves.is_full() {
            self.fold();
        }
        let looked = self.shared.values.look(&value, self.frames.apart);
        let column = self.shared.columns.column(self.place, path, context);
        (self.leaves.push(column, &looked, value.continued), looked)
    }

    #[cold]
    fn fold(&mut self) {
        self.leaves.fold(self.shared.values);
        for frame in &mut self.frames.stack {
            frame.from = 0;
            (frame.value, frame.display, frame.extension) = (None, None, None);
            frame.text = None;
            frame.codings.iter_mut().for_each(Coding::forget_leaf);
            frame.patch.forget_leaves();
        }
    }

    pub(super) fn frame_up(&mut self, up: u8) -> Option<&mut Frame> {
        let at = self.frames.stack.len().checked_sub(1 + usize::from(up))?;
        self.frames.stack.get_mut(at)
    }

    /// The token of the issuer that a value names, 0 for none.
    fn issuer(&mut self, value: &Value<'_>, looked: &Looked) -> u16 {
        let Shared { columns, values, detector, .. } = &mut self.shared;
        values.issuer(looked, || {
            detector.issuer(value.bytes).map_or(0, |issuer| columns.token(issuer))
        })
    }

    /// The object at the top turns out to be a resource.
    fn found_resource(&mut self, kind: &'static str) {
        let Some(frame) = self.frames.stack.last_mut() else { return };
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
        if self.frames.stack.len() == 1 {
            self.facts.resource = Some(kind);
        }
    }

    /// The frame at the top is that of an HL7 v2 body.
    fn found_hl7v2(&mut self, root: PathId) {
        self.frames.apart = true;
        // A message that stands in a value of another body is not what the body is.
        self.facts.hl7v2 |= self.frames.stack.len() == 1;
        self.found_document(hl7v2::ROOT, root);
    }

    /// The frame at the top is that of a document whose elements are known as those of `name`.
    fn found_document(&mut self, name: &'static str, root: PathId) {
        if let Some(frame) = self.frames.stack.last_mut() {
            let resource = Some((name, root));
            frame.context = self.shared.columns.context(Context { resource, issuer: 0 });
        }
    }

    /// The frame at the top is that of OBX-5: its meaning is that of its type.
    fn found_observed(&mut self) {
        let [.., segment, field] = &mut self.frames.stack[..] else { return };
        if let Some(kind) = segment.observed {
            let resource = Some((kind, segment.path));
            field.context = self.shared.columns.context(Context { resource, issuer: 0 });
        }
    }

    fn structure(&mut self, role: Role, value: &Value<'_>, leaf: usize, looked: &Looked) {
        if value.continued || !matches!(value.kind, ValueKind::String) {
            return;
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
                    && let Some(frame) = self.frame_up(up)
                {
                    frame.issuer = token;
                }
            }
            Role::TypeCode(up) => {
                if let Some(code) = self.shared.detector.type_code(value.bytes) {
                    let token = self.shared.columns.token(code);
                    if let Some(frame) = self.frame_up(up)
                        && frame.issuer == 0
                    {
                        frame.issuer = token;
                    }
                }
            }
            Role::Value(up) => {
                if let Some(frame) = self.frame_up(up) {
                    frame.value = Some(leaf);
                }
            }
            Role::Type(up) => {
                if self.frames.stack.len() == 1 + usize::from(up) {
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
                if let Some(frame) = self.frame_up(up) {
                    frame.entry.get_or_insert_default().method = method;
                }
            }
            Role::EntryUrl(up) => {
                let by_method = METHODS.map(|m| fhir::entry_interaction(m.as_bytes(), value.bytes));
                if let Some(frame) = self.frame_up(up) {
                    frame.entry.get_or_insert_default().url = Some(by_method);
                }
            }
            Role::ValueType => {
                let observed = hl7v2::observed(value.bytes);
                if let Some(segment) = self.frame_up(1) {
                    segment.observed = observed;
                }
            }
            _ => self.mark(role, value, leaf, looked),
        }
    }

    /// What the object is called tells what its other leaves are.
    fn name_object(&mut self, up: u8, token: u16, leaf: usize) {
        if token != 0
            && let Some(frame) = self.frame_up(up)
        {
            frame.extension = Some((token, leaf));
        }
    }

    /// What stands in a reference or an extension, to be put together when it closes.
    fn mark(&mut self, role: Role, value: &Value<'_>, leaf: usize, looked: &Looked) {
        match role {
            Role::Display(up) => {
                if let Some(frame) = self.frame_up(up) {
                    frame.display = Some(leaf);
                }
            }
            Role::Reference(up) => {
                if let Some(frame) = self.frame_up(up) {
                    frame.target = fhir::reference_type(value.bytes);
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
                    if let Some(frame) = self.frame_up(up) {
                        frame.named = token;
                    }
                }
            }
            Role::CodedSystem(at) => {
                let token = self.issuer(value, looked);
                self.found_code_system((0, at), token);
            }
            Role::Coded(at) => self.found_code((0, at), leaf),
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
                if let Some(frame) = self.frame_up(up) {
                    frame.text = Some(leaf);
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
            _ => self.note_patch(role, value),
        }
    }

    /// What a reference points at tells what its display is, and the URL of an extension what all
    /// in it is.
    fn close_marked(&mut self, frame: &Frame) {
        let columns = &mut *self.shared.columns;
        if let (Some(leaf), Some(kind)) = (frame.display, frame.target) {
            let token = self.shared.detector.issuer(kind.as_bytes()).unwrap_or(NO_PERSON);
            let issuer = columns.token(token);
            self.leaves.amend_one(leaf, |column| {
                columns.with_context(column, |old| Context { issuer, ..old })
            });
        }
        if let Some((token, url)) = frame.extension {
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

    fn close(&mut self, frame: Frame) {
        let issuer = if frame.issuer == 0 { frame.named } else { frame.issuer };
        if let Some(leaf) = frame.value.or(frame.text.filter(|_| frame.named != 0))
            && issuer != 0
        {
            let columns = &mut *self.shared.columns;
            self.leaves.amend_one(leaf, |column| columns.with_issuer(column, issuer));
        }
        self.close_codings(&frame);
        self.close_marked(&frame);
        self.close_patch(&frame);
        let Some(entry) = frame.entry else { return };
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
        if self.frames.stack.len() >= FRAMES_MAX {
            self.frames.beyond += 1;
            return;
        }
        let context = self.frames.stack.last().map_or(0, |frame| frame.context);
        self.open(path, context);
        match self.shared.roles.of(paths, path) {
            Role::ResourceElement => {
                if let Some(kind) = fhir::resource_type(paths.name(path).as_bytes()) {
                    self.found_resource(kind);
                }
            }
            Role::Hl7v2 => self.found_hl7v2(path),
            Role::ClinicalDocument => self.found_document(cda::ROOT, path),
            Role::Observed => self.found_observed(),
            _ => {}
        }
    }

    fn leave(&mut self, paths: &PathTable, path: PathId) {
        self.frames.apart &= paths.step_of(path) != Some(Step::Hl7v2);
        if self.frames.beyond > 0 {
            self.frames.beyond -= 1;
        } else if let Some(frame) = self.frames.stack.pop() {
            self.close(frame);
        }
    }

    fn field(&mut self, paths: &PathTable, path: PathId, value: Value<'_>) {
        let context = self.frames.stack.last().map_or(0, |frame| frame.context);
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

/// Where bodies are.
pub fn body(direction: crate::model::Direction) -> Place {
    Place { direction, location: Location::Body }
}
