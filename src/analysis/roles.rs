//! What a path means to the structure around it: told once per path.

use crate::content::{PathId, PathTable, Step};

use super::heard::Part;
use super::operation::login::Login;
use super::operation::soap_security::Proof;
use super::operation::{cda, fhir, hl7v2};
use super::v2xml;

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
    /// A code in a field of HL7 v2, which has up to two; the field is this many frames up, and
    /// which of them it is.
    Coded(u8, u8),
    /// The name of its system.
    CodedSystem(u8, u8),
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
    /// `name`, `key`, `question` and the like of what may be a pair; its object is this many frames
    /// up.
    PairName(u8),
    /// `code` of what may be a pair or a coding.
    PairCode(u8),
    /// `text` beside it.
    PairText(u8),
    /// What an element holds, its text or its attribute `value`: an attribute may name it.
    Content,
    /// A value deeper in what is named; that is this many frames up.
    Within(u8),
    /// `text` or `linkId` of an item of a questionnaire.
    Question(u8),
    /// `op` of what may be an operation of a JSON Patch.
    PatchOperation,
    /// `path` beside it.
    PatchPath,
    /// `sel` of an operation of an XML Patch.
    PatchSelector,
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
    /// MSH of a message in XML, which is around it.
    MessageXml,
    /// A part of MSH or MSA that tells what the message is.
    Header(Part),
    /// A part of a parameter of a query in HL7 v2 (QPD); its field is this many frames up.
    Query(QueryPart, u8),
    /// OBX-2, the type of OBX-5.
    ValueType,
    /// OBX-5.
    Observed,
    /// A part of the header of a SOAP message that says who sends it.
    Proof(Proof),
    /// What somebody logs in with, or gets for it.
    Login(Login),
}

/// What a component of a parameter of a query is: of one that names a field and what that has to
/// hold (data type QIP), or of an identifier (CX).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryPart {
    /// The name of the query (QPD-1).
    Kind,
    /// `@PID.5.1.1`, or else the identifier.
    Name(Asked),
    /// What the field so named has to hold.
    Value(Asked),
    /// Who gave the identifier.
    Authority,
    /// Something else, which only its place may tell.
    Other(Asked),
}

/// A place of a query whose parameters are told by their places: the field of PID that it is held
/// against (none where the first is 0), and the component of that (0 for all of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked(pub(super) u8, pub(super) u8);

impl Asked {
    /// What a place of QPD holds in a query for a history of immunizations (CDC, implementation
    /// guide for immunization messaging 1.5, section 7: Z34 and Z44).
    fn at(field: &str, part: &str) -> Asked {
        let held = match field {
            "4" => 5,
            "5" => 6,
            "6" => 7,
            "8" => 11,
            "9" => 13,
            _ => 0,
        };
        Asked(held, part.parse().unwrap_or(0))
    }
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

    /// Whether no path was asked for.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets everything: the path table was emptied.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn role_of(paths: &PathTable, path: PathId) -> Role {
    if let Some(role) = role_in_v3(paths, path).or_else(|| role_in_v2xml(paths, path)) {
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
        // `{"type": "Heart Rate", "value": 72}` among what was measured.
        "type" if measured(name_above(path)) => Role::PairName(up),
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
        "code" | "Code" => Role::PairCode(up),
        "text" => Role::PairText(up),
        name if up == 0
            && paths.step_of(path) == Some(Step::Element)
            && fhir::resource_type(name.as_bytes()).is_some() =>
        {
            let step = paths.parent(path).and_then(|parent| paths.step_of(parent));
            match name_above(path) {
                _ if step == Some(Step::Decoded) => Role::ResourceElement,
                "" | "resource" | "contained" => Role::ResourceElement,
                _ => Role::Content,
            }
        }
        _ if let Some(login) = Login::at(paths, path) => Role::Login(login),
        name if names_code_system(name) => Role::CodedSystem(up, 0),
        name => role_in_pair(name, (paths.step_of(path) == Some(Step::Element), up)),
    }
}

/// Whether `name` is that of an object or a list that holds what was measured.
fn measured(name: &str) -> bool {
    let is = |known: &&str| name.eq_ignore_ascii_case(known);
    ["vitals", "vitalSigns", "vital_signs", "observations", "measurements", "readings"]
        .iter()
        .any(is)
}

/// Whether `name` is what other interfaces than FHIR call the system of a code beside it.
fn names_code_system(name: &str) -> bool {
    matches!(
        name,
        "codeSystem"
            | "CodeSystem"
            | "codeSystemName"
            | "code_system"
            | "codesystem"
            | "codingSystem"
            | "CodingSystem"
            | "coding_system"
            | "codingScheme"
            | "coding_scheme"
            | "codeType"
            | "code_type"
            | "codeSet"
            | "code_set"
            | "vocabulary"
            | "terminology"
    )
}

/// The role of a member of what may be a pair of a name and a value, which in XML are elements of
/// their own, or attributes beside each other or beside the text.
fn role_in_pair(name: &str, (element, up): (bool, u8)) -> Role {
    let above = if element { 1 } else { up };
    match name {
        // `<field name="ssn">`: such an element is named, and names nothing.
        "field" | "attribute" | "property" | "param" | "parameter" if element => Role::Content,
        "name" | "key" | "field" | "label" | "Name" | "Key" | "Field" | "Label" | "question"
        | "Question" | "questionText" | "prompt" | "fieldName" | "field_name" | "FieldName"
        | "attribute" | "attributeName" | "property" | "propertyName" | "param" | "parameter" => {
            Role::PairName(above)
        }
        "value" | "Value" | "answer" | "Answer" | "answerText" | "response" | "fieldValue"
        | "field_value" | "FieldValue" | "propertyValue" => Role::Value(above),
        _ if element => Role::Content,
        _ => Role::Plain,
    }
}

/// The role of an attribute or root element of HL7 version 3 (of CDA above all), or of an XML
/// Patch; `None` for others.
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
        // SAML 2.0 core, section 2.7.3.1, and the same of SAML 1.1.
        (Step::Element, "AttributeValue") if above(path) == "Attribute" => Some(Role::Within(1)),
        (Step::Attribute, "FriendlyName" | "AttributeName") if above(path) == "Attribute" => {
            Some(Role::PairName(0))
        }
        // XML-RPC: a member has a name, and a value with its type around it.
        (Step::Element, "string" | "int" | "i4" | "dateTime.iso8601") if is_member(paths, path) => {
            Some(Role::Within(2))
        }
        _ if let Some(proof) = Proof::at(paths, path) => Some(Role::Proof(proof)),
        (Step::Attribute, "sel") if matches!(above(path), "add" | "replace") => {
            Some(Role::PatchSelector)
        }
        _ => None,
    }
}

/// Whether what is at `path` is the typed value of a member of a structure.
fn is_member(paths: &PathTable, path: PathId) -> bool {
    let value = paths.parent(path);
    let named = |path: Option<PathId>, name| path.is_some_and(|path| paths.name(path) == name);
    named(value, "value") && named(value.and_then(|value| paths.parent(value)), "member")
}

/// The role of a path of HL7 v2; `None` for others.
fn role_in_hl7v2(paths: &PathTable, path: PathId) -> Option<Role> {
    let up = |path| paths.parent(path).unwrap_or(path);
    let name = paths.name(path);
    let role = match paths.step_of(path)? {
        Step::Hl7v2 => Role::Hl7v2,
        Step::Segment if name == "MSH" && !stands_in_value(paths, path) => Role::Message,
        Step::Segment => Role::Plain,
        Step::Field => role_of_place(paths, path, (paths.name(up(path)), &[name]), 0),
        Step::Component => {
            let divided = paths.step_of(up(path)) == Some(Step::Component);
            let field = if divided { up(up(path)) } else { up(path) };
            let numbers = [paths.name(field), paths.name(up(path)), name];
            let numbers = match divided {
                true => &numbers[..],
                false => &[paths.name(field), name],
            };
            role_of_place(paths, path, (paths.name(up(field)), numbers), 0)
        }
        _ => return None,
    };
    Some(role)
}

/// The same in its XML encoding, where each component is a frame as well.
fn role_in_v2xml(paths: &PathTable, path: PathId) -> Option<Role> {
    let place = v2xml::place(paths, path)?;
    if place.numbers.is_empty() {
        let message = paths.parent(path).is_some_and(|above| v2xml::is_message(paths, above));
        return (place.segment == "MSH" && message).then_some(Role::MessageXml);
    }
    let up = u8::try_from(place.numbers.len() - 1).ok()?;
    Some(role_of_place(paths, path, (place.segment, &place.numbers), up))
}

/// The role of a field, component or subcomponent by its numbers, its field being so many frames
/// up.
fn role_of_place(
    paths: &PathTable,
    path: PathId,
    (segment, numbers): (&str, &[&str]),
    up: u8,
) -> Role {
    let (field, part, divided) = match *numbers {
        [field] => match (segment, field) {
            ("OBX", "2") => return Role::ValueType,
            ("OBX", "5") => return Role::Observed,
            ("QPD", "1") => return Role::Query(QueryPart::Kind, 0),
            ("QPD", field) => return Role::Query(QueryPart::Other(Asked::at(field, "")), 0),
            _ => return header_at(paths, path, (segment, field, "1")),
        },
        [field, part] => (field, part, None),
        // `4` of the field and `2` of that: the universal id of an assigning authority.
        [field, part, within] => (field, part, Some(within)),
        _ => return Role::Plain,
    };
    if segment == "QPD" {
        return role_in_query((field, part, divided), up);
    }
    match (hl7v2::identifier(segment, field), part, divided) {
        (Some(_), "1", None) => Role::Value(up),
        (Some(kind), part, None) if part == kind.type_code => Role::TypeCode(up),
        (Some(kind), part, Some("2")) if part == kind.authority => Role::System(up),
        (None, part, None) if hl7v2::is_coded(segment, field) => match part {
            "1" => Role::Coded(up, 0),
            "3" => Role::CodedSystem(up, 0),
            "4" => Role::Coded(up, 1),
            "6" => Role::CodedSystem(up, 1),
            _ => Role::Plain,
        },
        (None, part, None) => header_at(paths, path, (segment, field, part)),
        _ => Role::Plain,
    }
}

/// The role of a component of QPD. Its parameters begin with the third field, where queries by an
/// identifier have that (IHE PIX; HL7 v2.8.2 section 5.4.3).
fn role_in_query((field, part, divided): (&str, &str, Option<&str>), up: u8) -> Role {
    let asked = Asked::at(field, part);
    match (field, part, divided) {
        ("1", "1", None) => Role::Query(QueryPart::Kind, up),
        ("1" | "2", ..) => Role::Plain,
        (_, "1", None) => Role::Query(QueryPart::Name(asked), up),
        (_, "2", _) => Role::Query(QueryPart::Value(asked), up),
        ("3", "4", _) => Role::Query(QueryPart::Authority, up),
        ("3", "5", None) => Role::TypeCode(up),
        _ => Role::Query(QueryPart::Other(asked), up),
    }
}

/// The role of a place of a header: what stands in a value is not heard.
fn header_at(paths: &PathTable, path: PathId, (segment, field, part): (&str, &str, &str)) -> Role {
    match Part::at(segment, field, part) {
        Some(part) if !stands_in_value(paths, path) => Role::Header(part),
        _ => Role::Plain,
    }
}

/// Whether what is at `path` was found within a value of something else; a body that is one string
/// is what stands in it.
pub(super) fn stands_in_value(paths: &PathTable, path: PathId) -> bool {
    let is_body = |at: PathId| {
        matches!(paths.step_of(at), Some(Step::Json | Step::Text)) && paths.parent(at).is_none()
    };
    let mut at = path;
    while let Some(above) = paths.parent(at) {
        let inside = matches!(paths.step_of(at), Some(Step::Decoded | Step::Nested));
        if inside && !is_body(above) {
            return true;
        }
        at = above;
    }
    false
}
