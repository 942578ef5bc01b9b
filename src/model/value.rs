//! Values as walkers hand them to detection.

/// The type a format gives a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ValueKind {
    /// Text.
    String = 0,
    /// A number as written.
    Number = 1,
    /// `true` or `false`.
    Boolean = 2,
    /// Explicitly nothing.
    Null = 3,
    /// Bytes that are no text.
    Binary = 4,
}

impl ValueKind {
    /// Every kind, in order of its number.
    pub const ALL: [ValueKind; 5] = [
        ValueKind::String,
        ValueKind::Number,
        ValueKind::Boolean,
        ValueKind::Null,
        ValueKind::Binary,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Boolean => "boolean",
            ValueKind::Null => "null",
            ValueKind::Binary => "binary",
        }
    }
}

/// Where in an exchange a field lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Location {
    /// A segment of the URL path.
    Path = 0,
    /// A query parameter.
    Query = 1,
    /// A header field.
    Header = 2,
    /// A cookie.
    Cookie = 3,
    /// The body.
    Body = 4,
}

impl Location {
    /// Every location, in order of its number.
    pub const ALL: [Location; 5] =
        [Location::Path, Location::Query, Location::Header, Location::Cookie, Location::Body];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Location::Path => "path",
            Location::Query => "query",
            Location::Header => "header",
            Location::Cookie => "cookie",
            Location::Body => "body",
        }
    }
}

/// One scalar value, unescaped and in UTF-8 where the format allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The type the format gives it.
    pub kind: ValueKind,
    /// The bytes; for a scalar longer than a window, this window of it.
    pub bytes: &'a [u8],
    /// Whether this is a later window of a scalar that was begun before: it is looked at, and not
    /// counted as another value.
    pub continued: bool,
}

impl<'a> Value<'a> {
    /// A whole value.
    pub fn new(kind: ValueKind, bytes: &'a [u8]) -> Self {
        Value { kind, bytes, continued: false }
    }
}

/// The outer form of a value, told without knowing what it means. Counted per field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Form {
    /// No characters.
    Empty = 0,
    /// `true`, `false`, null, or what stands for no value (`N/A`, a mask, a placeholder).
    Literal = 1,
    /// Digits, perhaps with a sign.
    Integer = 2,
    /// Digits with a point or an exponent, or a version of three numbers.
    Decimal = 3,
    /// A calendar date.
    Date = 4,
    /// A date with a time.
    DateTime = 5,
    /// A UUID.
    Uuid = 6,
    /// Sixteen or more hexadecimal digits.
    Hex = 7,
    /// One word of letters.
    Word = 8,
    /// Letters and digits without space.
    Token = 9,
    /// Several words, each with a capital.
    TitleWords = 10,
    /// Other text with spaces.
    Text = 11,
    /// An absolute URL or URN.
    Url = 12,
    /// Contains `@` in the way of an address.
    Address = 13,
    /// Long base64 or base64url.
    Base64 = 14,
    /// Anything else.
    Other = 15,
}

impl Form {
    /// Every form, in order of its number.
    pub const ALL: [Form; 16] = [
        Form::Empty,
        Form::Literal,
        Form::Integer,
        Form::Decimal,
        Form::Date,
        Form::DateTime,
        Form::Uuid,
        Form::Hex,
        Form::Word,
        Form::Token,
        Form::TitleWords,
        Form::Text,
        Form::Url,
        Form::Address,
        Form::Base64,
        Form::Other,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Form::Empty => "empty",
            Form::Literal => "true, false or null",
            Form::Integer => "integer",
            Form::Decimal => "decimal",
            Form::Date => "date",
            Form::DateTime => "time",
            Form::Uuid => "UUID",
            Form::Hex => "hexadecimal",
            Form::Word => "single word",
            Form::Token => "letters and digits",
            Form::TitleWords => "capitalised words",
            Form::Text => "text",
            Form::Url => "URL",
            Form::Address => "with @",
            Form::Base64 => "base64",
            Form::Other => "other",
        }
    }
}
