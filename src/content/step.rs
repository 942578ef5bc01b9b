//! What field paths are made of.

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// A JSON body: `$`.
    Json,
    /// An XML body: the empty path.
    Xml,
    /// A body of text: `$`.
    Text,
    /// An HL7 v2 body: the empty path.
    Hl7v2,
    /// Names of an urlencoded form.
    Form,
    /// Names of query parameters.
    Query,
    /// Names of header fields.
    Header,
    /// Names of cookies.
    Cookie,
}

/// How a path continues that of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Step {
    /// Root of JSON, `$`.
    Json,
    /// Root of JSON inside a value, `|$`.
    Nested,
    /// What stands encoded in a value, `|`.
    Decoded,
    /// Root of XML, empty.
    Xml,
    /// Text, `$`.
    Text,
    /// Parent of the names of a form, empty.
    Form,
    /// Parent of the names of a query, empty.
    Query,
    /// Parent of the names of header fields, empty.
    Header,
    /// Parent of the names of cookies, empty.
    Cookie,
    /// A part of a multipart body, `part:`.
    Part,
    /// The name of the file in a part, `;filename`.
    FileName,
    /// A member of a JSON object, `.name` or `['na me']`.
    Key,
    /// The elements of a JSON array, `[*]`.
    Index,
    /// An XML element, `/name`.
    Element,
    /// An XML attribute, `/@name`.
    Attribute,
    /// A named parameter, header field, cookie or form part, `name`.
    Name,
    /// Root of HL7 v2, empty.
    Hl7v2,
    /// An HL7 v2 segment, `PID`.
    Segment,
    /// A field of a segment, `-3`.
    Field,
    /// A component of a field, or a subcomponent of one, `.1`.
    Component,
}

impl From<Root> for Step {
    fn from(root: Root) -> Step {
        match root {
            Root::Json => Step::Json,
            Root::Xml => Step::Xml,
            Root::Text => Step::Text,
            Root::Hl7v2 => Step::Hl7v2,
            Root::Form => Step::Form,
            Root::Query => Step::Query,
            Root::Header => Step::Header,
            Root::Cookie => Step::Cookie,
        }
    }
}
