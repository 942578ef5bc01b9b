//! What is told of a body when it is over.

use crate::model::Anomaly;

use super::UnreadKinds;

/// What a body was walked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// No bytes.
    Empty,
    /// Never told: nothing of it could be decoded.
    Unknown,
    /// JSON, one value or several.
    Json,
    /// XML.
    Xml,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// HL7 v2 in its delimited encoding.
    Hl7v2,
    /// Cards and calendars.
    Card,
    /// A stream of events as a server sends them, each with data of its own.
    Events,
    /// Parts, each with a format of its own.
    Multipart,
    /// HTML, looked at as text, and its scripts that are JSON.
    Html,
    /// Rows of cells, as text.
    Table,
    /// Other text.
    Text,
    /// No text: counted, not walked.
    Binary,
}

impl Format {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Format::Empty => "empty",
            Format::Unknown => "unknown",
            Format::Json => "json",
            Format::Xml => "xml",
            Format::Form => "form",
            Format::Hl7v2 => "hl7v2",
            Format::Card => "card",
            Format::Events => "events",
            Format::Multipart => "multipart",
            Format::Html => "html",
            Format::Table => "table",
            Format::Text => "text",
            Format::Binary => "binary",
        }
    }
}

/// Why a body, or the rest of it, was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undecoded {
    /// A content coding nobody here knows, or more of them than are undone.
    Coding,
    /// In a charset nobody here knows, whose letters are not those of ASCII.
    Charset,
    /// The encoded stream contradicts itself.
    Damaged,
    /// It grows beyond what a body may grow by.
    ExpansionLimit,
    /// Nested so deep that what lies there lost its names.
    Depth,
    /// References to entities that the document declares itself: not expanded.
    Entity,
    /// Encoded bytes are missing, and with them the dictionary of what follows.
    Gap,
}

impl Undecoded {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Undecoded::Coding => "coding",
            Undecoded::Charset => "charset",
            Undecoded::Damaged => "damaged",
            Undecoded::ExpansionLimit => "expansion-limit",
            Undecoded::Depth => "depth",
            Undecoded::Entity => "entity",
            Undecoded::Gap => "gap",
        }
    }

    /// Whether something of the body was decoded, but not all.
    pub(crate) fn truncates(self) -> bool {
        use Undecoded::{Charset, Coding, Depth, Entity};
        !matches!(self, Coding | Charset | Depth | Entity)
    }
}

/// Something odd about a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum BodyAnomaly {
    /// Said to be encoded in a way it is not; walked as it is.
    CodingMismatch,
    /// The encoded stream contradicts itself.
    CodingDamaged,
    /// Encoded without saying so; walked decoded.
    CodingUndeclared,
    /// A content coding nobody here knows.
    CodingUnknown,
    /// Grows beyond what a body may grow by.
    ExpansionLimit,
    /// Grows more than bodies do; inspected to its end.
    Expansion,
    /// Not JSON throughout.
    JsonSyntax,
    /// Not XML throughout.
    XmlSyntax,
    /// Not multipart throughout.
    MultipartSyntax,
    /// Is another format than its media type says.
    MediaTypeMismatch,
    /// Nested too deep for paths of its own.
    Depth,
    /// More paths than are kept apart.
    PathLimit,
    /// Refers to entities that it declares itself: not expanded.
    XmlEntity,
    /// In a charset nobody here knows, whose letters are not those of ASCII: not walked.
    CharsetUnknown,
    /// Encoded more often than is undone.
    CodingDepth,
}

impl BodyAnomaly {
    /// Every anomaly of a body.
    pub const ALL: [BodyAnomaly; 15] = [
        BodyAnomaly::CodingMismatch,
        BodyAnomaly::CodingDamaged,
        BodyAnomaly::CodingUndeclared,
        BodyAnomaly::CodingUnknown,
        BodyAnomaly::ExpansionLimit,
        BodyAnomaly::Expansion,
        BodyAnomaly::JsonSyntax,
        BodyAnomaly::XmlSyntax,
        BodyAnomaly::MultipartSyntax,
        BodyAnomaly::MediaTypeMismatch,
        BodyAnomaly::Depth,
        BodyAnomaly::PathLimit,
        BodyAnomaly::XmlEntity,
        BodyAnomaly::CharsetUnknown,
        BodyAnomaly::CodingDepth,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            BodyAnomaly::CodingMismatch => "coding-mismatch",
            BodyAnomaly::CodingDamaged => "coding-damaged",
            BodyAnomaly::CodingUndeclared => "coding-undeclared",
            BodyAnomaly::CodingUnknown => "coding-unknown",
            BodyAnomaly::ExpansionLimit => "expansion-limit",
            BodyAnomaly::Expansion => "expansion",
            BodyAnomaly::JsonSyntax => "json-syntax",
            BodyAnomaly::XmlSyntax => "xml-syntax",
            BodyAnomaly::MultipartSyntax => "multipart-syntax",
            BodyAnomaly::MediaTypeMismatch => "media-type-mismatch",
            BodyAnomaly::Depth => "body-depth",
            BodyAnomaly::PathLimit => "path-limit",
            BodyAnomaly::XmlEntity => "xml-entity",
            BodyAnomaly::CharsetUnknown => "charset-unknown",
            BodyAnomaly::CodingDepth => "coding-depth",
        }
    }
}

/// A set of [`BodyAnomaly`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyAnomalies(u16);

impl BodyAnomalies {
    /// Adds `anomaly`.
    pub fn insert(&mut self, anomaly: BodyAnomaly) {
        self.0 |= 1 << anomaly as u8;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: BodyAnomalies) {
        self.0 |= other.0;
    }

    /// Whether `anomaly` is in it.
    pub fn contains(self, anomaly: BodyAnomaly) -> bool {
        self.0 >> anomaly as u8 & 1 == 1
    }

    /// The anomalies by name.
    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        BodyAnomaly::ALL.into_iter().filter(move |a| self.contains(*a)).map(|a| Anomaly(a.name()))
    }
}

/// What is told of a body when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodySummary {
    /// What it was walked as.
    pub format: Format,
    /// Bytes as they came, before decoding; without gaps.
    pub encoded_bytes: u64,
    /// Bytes known to be missing.
    pub missing_bytes: u64,
    /// Bytes after all content codings were undone.
    pub decoded_bytes: u64,
    /// Whether it ended in the middle of something, or bytes were missing.
    pub truncated: bool,
    /// Oddities.
    pub anomalies: BodyAnomalies,
    /// Why it was not decoded, or only in part.
    pub undecoded: Option<Undecoded>,
    /// What of it was decoded and not walked.
    pub unread: UnreadKinds,
}
