//! What a path means to the structure around it: told once per path.

use crate::content::{PathId, PathTable, Step};

use super::heard::Part;
use super::operation::{cda, fhir, hl7v2};

/// What a path means to the structure around it. A function of the path alone, remembered per
/// path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Unknown,
    /// Nothing.
    Plain,
    /// `resourceType` of a JSON resource.
    ResourceType,
    /// The root element of an XML resource.
    ResourceElement,
    /// `system` of an identifier, coding or contact point; the object is this many frames up.
    System(u8),
    /// `value` beside it.
    Value(u8),
    /// `reference` to a resource.
    Reference(u8),
    /// `display` beside it.
    Display(u8),
    /// `url` of an extension.
    ExtensionUrl,
    /// `code` of a coding; the coding is this many frames up.
    Code(u8),
    /// A code in a field of HL7 v2, which has up to two.
    Coded(u8),
    /// The name of its system.
    CodedSystem(u8),
    /// `type.coding.code`, of an identifier maybe; the coding is this many frames up, and what has
    /// that type two more.
    CodingOfType(u8),
    /// Type code of an identifier; the identifier is this many frames up.
    TypeCode(u8),
    /// `type` of a resource: what kind of Bundle.
    Type(u8),
    /// `fhirVersion` of a CapabilityStatement.
    FhirVersion,
    /// `request.method` of a Bundle's entry; the request is this many frames up.
    EntryMethod(u8),
    /// `request.url` of a Bundle's entry.
    EntryUrl(u8),
    /// `name` of a parameter, or of a part of one, of a Parameters resource.
    ParameterName(u8),
    /// `name`, `key`, `field` or `label` of what may be a pair; its object is this many frames up.
    PairName(u8),
    /// `code` of what may be a pair or a coding.
    PairCode(u8),
    /// `text` beside it.
    PairText(u8),
    /// `text` or `linkId` of an item of a questionnaire.
    Question(u8),
    /// `op` of what may be an operation of a JSON Patch.
    PatchOperation,
    /// `path` beside it.
    PatchPath,
    /// `valueString` of a part of a parameter; the part is this many frames up.
    PartString(u8),
    /// The root element of a CDA document.
    ClinicalDocument,
    /// `telecom/@value` of HL7 version 3.
    Telecom,
    /// The root of an HL7 v2 body.
    Hl7v2,
    /// MSH, with which an HL7 v2 message begins.
    Message,
    /// A part of MSH or MSA that tells what the message is.
    Header(Part),
    /// OBX-2, the type of OBX-5.
    ValueType,
    /// OBX-5.
    Observed,
}

/// Roles by path.
#[derive(Debug, Default)]
pub struct Roles(Vec<Role>);

impl Roles {
    #[inline]
    pub(super) fn of(&mut self, paths: &PathTable, path: PathId) -> Role {
        match self.0.get(path.index()) {
            Some(role) if *role != Role::Unknown => *role,
            _ => self.find_out(paths, path),
        }
    }

    #[cold]
    fn find_out(&mut self, paths: &PathTable, path: PathId) -> Role {
        let at = path.index();
        if at >= self.0.len() {
            self.0.resize(at + 1, Role::Unknown);
        }
        let Some(role) = self.0.get_mut(at) else { return Role::Plain };
        *role = role_of(paths, path);
        *role
    }

    /// Forgets everything: the path table was emptied.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn role_of(paths: &PathTable, path: PathId) -> Role {
    if let Some(role) = role_in_v3(paths, path) {
        return role;
    }
    // FHIR XML keeps the value of a primitive in an attribute: one frame more.
    let (path, up) = if paths.step_of(path) == Some(Step::Attribute) && paths.name(path) == "value"
    {
        match paths.parent(path) {
            Some(element) => (element, 1),
            None => return Role::Plain,
        }
    } else {
        (path, 0)
    };
    if let Some(role) = role_in_hl7v2(paths, path) {
        return role;
    }
    // The nearest names above, without the steps into arrays.
    let above = |mut at: PathId| {
        while let Some(parent) = paths.parent(at) {
            if !paths.name(parent).is_empty() {
                return Some(parent);
            }
            at = parent;
        }
        None
    };
    let name_above = |at: PathId| above(at).map_or("", |p| paths.name(p));
    match paths.name(path) {
        "resourceType" => Role::ResourceType,
        "fhirVersion" => Role::FhirVersion,
        "system" => Role::System(up),
        "value" => Role::Value(up),
        "type" => Role::Type(up),
        "reference" => Role::Reference(up),
        "display" => Role::Display(up),
        "url" if matches!(name_above(path), "extension" | "modifierExtension") => {
            Role::ExtensionUrl
        }
        "name" if matches!(name_above(path), "parameter" | "part") => Role::ParameterName(up),
        "valueString" if name_above(path) == "part" => Role::PartString(up),
        "op" if name_above(path).is_empty() => Role::PatchOperation,
        "path" if name_above(path).is_empty() => Role::PatchPath,
        "method" if name_above(path) == "request" => Role::EntryMethod(up),
        "url" if name_above(path) == "request" => Role::EntryUrl(up),
        "code" if name_above(path) == "coding" => match above(path).map_or("", name_above) {
            "type" => Role::CodingOfType(up),
            _ => Role::Code(up),
        },
        "text" | "linkId" if name_above(path) == "item" => Role::Question(up),
        "code" => Role::PairCode(up),
        "name" | "key" | "field" | "label" => Role::PairName(up),
        "text" => Role::PairText(up),
        name if up == 0
            && paths.step_of(path) == Some(Step::Element)
            && fhir::resource_type(name.as_bytes()).is_some() =>
        {
            match name_above(path) {
                "" | "resource" | "contained" => Role::ResourceElement,
                _ => Role::Plain,
            }
        }
        _ => Role::Plain,
    }
}

/// The role of an attribute or root element of HL7 version 3 (of CDA above all); `None` for others.
/// An instance identifier (data type II) has its issuer's OID as `root`.
fn role_in_v3(paths: &PathTable, path: PathId) -> Option<Role> {
    let step = paths.step_of(path)?;
    let above = |path| paths.parent(path).map_or("", |parent| paths.name(parent));
    match (step, paths.name(path)) {
        (Step::Element, cda::DOCUMENT) => Some(Role::ClinicalDocument),
        (Step::Attribute, "root") if above(path) == "id" => Some(Role::System(0)),
        (Step::Attribute, "extension") if above(path) == "id" => Some(Role::Value(0)),
        (Step::Attribute, "value") if above(path) == "telecom" => Some(Role::Telecom),
        (Step::Attribute, "codeSystem") => Some(Role::System(0)),
        _ => None,
    }
}

/// The role of a path of HL7 v2; `None` for others.
fn role_in_hl7v2(paths: &PathTable, path: PathId) -> Option<Role> {
    let up = |path| paths.parent(path).unwrap_or(path);
    let name = paths.name(path);
    let role = match paths.step_of(path)? {
        Step::Hl7v2 => Role::Hl7v2,
        Step::Segment if name == "MSH" => Role::Message,
        Step::Segment => Role::Plain,
        Step::Field => match (paths.name(up(path)), name) {
            ("OBX", "2") => Role::ValueType,
            ("OBX", "5") => Role::Observed,
            (segment, field) => Part::at(segment, field, "1").map_or(Role::Plain, Role::Header),
        },
        Step::Component => {
            // `4` of the field and `2` of that: the universal id of an assigning authority.
            let divided = paths.step_of(up(path)) == Some(Step::Component);
            let field = if divided { up(up(path)) } else { up(path) };
            let component = if divided { paths.name(up(path)) } else { name };
            let segment = paths.name(up(field));
            match (hl7v2::identifier(segment, paths.name(field)), component, divided) {
                (Some(_), "1", false) => Role::Value(0),
                (Some(kind), part, false) if part == kind.type_code => Role::TypeCode(0),
                (Some(kind), part, true) if part == kind.authority && name == "2" => {
                    Role::System(0)
                }
                (None, part, false) if hl7v2::is_coded(segment, paths.name(field)) => match part {
                    "1" => Role::Coded(0),
                    "3" => Role::CodedSystem(0),
                    "4" => Role::Coded(1),
                    "6" => Role::CodedSystem(1),
                    _ => Role::Plain,
                },
                (None, part, false) => {
                    Part::at(segment, paths.name(field), part).map_or(Role::Plain, Role::Header)
                }
                _ => Role::Plain,
            }
        }
        _ => return None,
    };
    Some(role)
}
