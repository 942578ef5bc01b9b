//! Patches: what a value becomes is told by the path beside it.
//!
//! `{"op": "replace", "path": "/birthDate", "value": …}` is an operation of a JSON Patch (RFC
//! 6902); a FHIRPath Patch (FHIR R5 section 3.2.0.14.2) says the same in the parts of a parameter,
//! which are called `path`, `name` and `value`; and so does an XML Patch (RFC 5261) in the content
//! of `<replace sel="Patient/birthDate/@value">` or `<add sel="Patient">`. Which resource it is
//! stands in the URL or begins the path, so it is asked when the field is judged.

use crate::detect::XML_PATCH;
use crate::model::Value;

use super::columns::Context;
use super::frames::Frame;
use super::inspect::Inspector;
use super::roles::Role;

/// The resource whose elements are those of an operation of a JSON Patch.
const JSON_PATCH: &str = "Patch";
/// Operations of a JSON Patch.
const OPERATIONS: [&[u8]; 6] = [b"add", b"copy", b"move", b"remove", b"replace", b"test"];

/// What an open object says of a patch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patch {
    /// It is an operation of a JSON Patch.
    operation: bool,
    /// It is one of an XML Patch.
    selects: bool,
    /// Which part of an operation it is.
    part: Part,
    /// Token of the element that its `path`, `valueString` or part `path` names.
    path: u16,
    /// Token of the member that its part `name` names.
    member: u16,
    /// First leaf of its part `value`, and the first behind it.
    value: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Other,
    Path,
    Name,
    Value,
}

impl Patch {
    /// Of leaves that were folded nothing can be told any more.
    pub(super) fn forget_leaves(&mut self) {
        self.value = None;
    }
}

impl Inspector<'_> {
    /// Notes what a leaf says of a patch.
    pub(super) fn note_patch(&mut self, role: Role, value: &Value<'_>) {
        match role {
            Role::PatchOperation => {
                if let Some(notes) = self.frames.notes(0) {
                    notes.patch.operation = OPERATIONS.contains(&value.bytes);
                }
            }
            Role::PatchSelector => {
                let token = self.shared.detector.selected(value.bytes);
                if self.note_token(0, token)
                    && let Some(notes) = self.frames.notes(0)
                {
                    notes.patch.selects = true;
                }
            }
            Role::PatchPath => self.note_path(0, value),
            Role::PartString(up) => self.note_path(up, value),
            Role::ParameterName(up) => {
                if let Some(notes) = self.frames.notes(up) {
                    notes.patch.part = match value.bytes {
                        b"path" => Part::Path,
                        b"name" => Part::Name,
                        b"value" => Part::Value,
                        _ => Part::Other,
                    };
                }
            }
            _ => {}
        }
    }

    fn note_path(&mut self, up: u8, value: &Value<'_>) {
        let token = self.shared.detector.patched(value.bytes);
        self.note_token(up, token);
    }

    /// Notes what a path names; `false` where it names nothing that is known.
    fn note_token(&mut self, up: u8, path: Option<String>) -> bool {
        let Some(path) = path else { return false };
        let token = self.shared.columns.token(&path);
        if let Some(notes) = self.frames.notes(up) {
            notes.patch.path = token;
        }
        true
    }

    /// An object closes: what its path named is told of its value.
    pub(super) fn close_patch(&mut self, frame: &Frame, patch: Patch) {
        let behind = self.leaves.count();
        if patch.part != Part::Other
            && let Some(outer) = self.frames.notes(0)
        {
            match patch.part {
                Part::Path => outer.patch.path = patch.path,
                Part::Name => outer.patch.member = patch.path,
                Part::Value => outer.patch.value = Some((frame.from, behind)),
                Part::Other => {}
            }
        }
        if patch.path == 0 {
            return;
        }
        if patch.operation || patch.selects {
            let kind = if patch.selects { XML_PATCH } else { JSON_PATCH };
            let resource = Some((kind, frame.path));
            self.amend_patched((frame.from, behind), |old| match old {
                Context { resource: None, issuer: 0 } => Context { resource, issuer: patch.path },
                _ => old,
            });
        } else if let Some(value) = patch.value {
            let issuer = self.member(patch);
            self.amend_patched(value, |old| match old.issuer {
                0 => Context { issuer, ..old },
                _ => old,
            });
        }
    }

    /// The token of what a part `path` names, or of its member that a part `name` names.
    fn member(&mut self, patch: Patch) -> u16 {
        let columns = &mut *self.shared.columns;
        let (path, name) = (columns.token_at(patch.path), columns.token_at(patch.member));
        match self.shared.detector.patched_member(&path, &name) {
            Some(member) => columns.token(&member),
            None => patch.path,
        }
    }

    fn amend_patched(&mut self, (from, to): (usize, usize), change: impl Fn(Context) -> Context) {
        let columns = &mut *self.shared.columns;
        let mut at = from;
        self.leaves.amend(from, |column| {
            at += 1;
            if at > to { column } else { columns.with_context(column, &change) }
        });
    }
}
