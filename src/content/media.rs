//! Media types (RFC 9110 section 8.3).

use super::{Format, Unread};

/// A parsed `Content-Type`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    charset: Option<String>,
    boundary: Option<Vec<u8>>,
}

impl MediaType {
    /// Reads a field value. What is malformed in it is left out.
    pub fn parse(value: &[u8]) -> MediaType {
        let (essence, rest) = split(value, b';');
        let mut media = MediaType { essence: lower(essence), ..MediaType::default() };
        for_parameters(rest, |name, value| match name {
            b"charset" if media.charset.is_none() => media.charset = Some(lower(value)),
            b"boundary" if media.boundary.is_none() && !value.is_empty() => {
                media.boundary = Some(value.to_vec());
            }
            _ => {}
        });
        media
    }

    /// `type/subtype`, lower-case.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The parameter `charset`, lower-case.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// The parameter `boundary`.
    pub fn boundary(&self) -> Option<&[u8]> {
        self.boundary.as_deref()
    }

    /// Whether each line is a value.
    pub(crate) fn is_lines(&self) -> bool {
        ["ndjson", "jsonl", "jsonlines", "json-lines", "json-seq"]
            .iter()
            .any(|kind| self.essence.ends_with(kind))
    }

    /// Whether it names code: what has quotes and brackets there is no record.
    pub(crate) fn is_script(&self) -> bool {
        ["javascript", "ecmascript", "/css"].iter().any(|kind| self.essence.ends_with(kind))
    }

    /// Whether it names what a body is compressed with, and nothing of what it is (RFC 6713, RFC
    /// 8878 section 7.1).
    pub(crate) fn is_compressed(&self) -> bool {
        const NAMES: [&str; 6] = [
            "application/gzip",
            "application/x-gzip",
            "application/x-gunzip",
            "application/zlib",
            "application/zstd",
            "application/x-zstd",
        ];
        NAMES.contains(&self.essence.as_str())
    }

    /// The format this names, where it names one.
    pub(crate) fn format(&self) -> Option<Format> {
        let (kind, subtype) = self.essence.split_once('/')?;
        if self.is_lines() || subtype.ends_with("+json") || subtype.ends_with("json") {
            return Some(Format::Json);
        }
        if subtype == "xml" || subtype.ends_with("+xml") {
            return Some(Format::Xml);
        }
        match (kind, subtype) {
            ("text", "html") => Some(Format::Html),
            ("application", "x-www-form-urlencoded") => Some(Format::Form),
            ("multipart", _) => Some(Format::Multipart),
            (
                "application" | "x-application",
                "hl7-v2" | "hl7-v2+er7" | "edi-hl7v2" | "edi-hl7",
            ) => Some(Format::Hl7v2),
            (
                "text" | "application",
                "csv" | "x-csv" | "comma-separated-values" | "tab-separated-values" | "tsv",
            ) => Some(Format::Table),
            ("text", "vcard" | "x-vcard" | "directory" | "calendar" | "x-vcalendar") => {
                Some(Format::Card)
            }
            ("text", "event-stream") => Some(Format::Events),
            ("text", _) => Some(Format::Text),
            ("application", "javascript" | "x-javascript" | "sql" | "yaml" | "x-yaml") => {
                Some(Format::Text)
            }
            ("application", "wasm") => Some(Format::Binary),
            // Tables are often sent as the documents they are opened with.
            _ => Unread::of_media(&self.essence)
                .filter(|kind| *kind != Unread::Document)
                .map(|_| Format::Binary),
        }
    }
}

/// Hands out each `; name=value` of a structured field, names lower-case, quoted values unquoted
/// (RFC 9110 section 5.6.6).
pub(crate) fn for_parameters(mut rest: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    while !rest.is_empty() {
        let (name, behind) = {
            let end = rest.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(rest.len());
            rest.split_at_checked(end).unwrap_or((rest, &[]))
        };
        let name = name.trim_ascii().to_ascii_lowercase();
        let Some(value) = behind.strip_prefix(b"=") else {
            rest = behind.get(1..).unwrap_or_default();
            continue;
        };
        let value = value.trim_ascii_start();
        if let Some(quoted) = value.strip_prefix(b"\"") {
            let (text, behind) = unquote(quoted);
            each(&name, &text);
            (_, rest) = split(behind, b';');
        } else {
            let (text, behind) = split(value, b';');
            each(&name, text.trim_ascii());
            rest = behind;
        }
    }
}

fn unquote(quoted: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    let mut bytes = quoted;
    while let Some((byte, rest)) = bytes.split_first() {
        bytes = rest;
        match byte {
            b'"' => break,
            b'\\' => {
                if let Some((escaped, rest)) = rest.split_first() {
                    text.push(*escaped);
                    bytes = rest;
                }
            }
            _ => text.push(*byte),
        }
    }
    (text, bytes)
}

fn split(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|b| *b == at).unwrap_or(bytes.len());
    let (head, tail) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (head, tail.get(1..).unwrap_or_default())
}

fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_quoted_and_bare() {
        let media =
            MediaType::parse(b"Multipart/Form-Data; a; boundary=\"x;\\\"y\"; Charset=UTF-8");
        assert_eq!(media.essence(), "multipart/form-data");
        assert_eq!(media.boundary(), Some(&b"x;\"y"[..]));
        assert_eq!(media.charset(), Some("utf-8"));
        assert_eq!(MediaType::parse(b"multipart/mixed;boundary=b").boundary(), Some(&b"b"[..]));
    }

    #[test]
    fn formats_follow_suffixes() {
        let format = |text: &str| MediaType::parse(text.as_bytes()).format();
        assert_eq!(format("application/fhir+json; fhirVersion=4.0"), Some(Format::Json));
        assert_eq!(format("application/fhir+ndjson"), Some(Format::Json));
        assert_eq!(format("application/soap+xml"), Some(Format::Xml));
        assert_eq!(format("image/svg+xml"), Some(Format::Xml));
        assert_eq!(format("x-application/hl7-v2+er7"), Some(Format::Hl7v2));
        assert_eq!(format("application/hl7-v2; charset=UTF-8"), Some(Format::Hl7v2));
        assert_eq!(format("application/hl7-v2+xml"), Some(Format::Xml));
        assert_eq!(format("text/csv; header=present"), Some(Format::Table));
        assert_eq!(format("text/tab-separated-values"), Some(Format::Table));
        assert_eq!(format("text/event-stream;charset=utf-8"), Some(Format::Events));
        assert_eq!(format("image/png"), Some(Format::Binary));
        assert_eq!(format("application/cbor"), Some(Format::Binary));
        assert_eq!(format("application/vnd.google.protobuf"), Some(Format::Binary));
        assert_eq!(format("application/dicom+json"), Some(Format::Json));
        assert_eq!(format("application/vnd.ms-excel"), None);
        assert_eq!(format("application/octet-stream"), None);
        assert_eq!(format("nonsense"), None);
        assert!(MediaType::parse(b"application/fhir+ndjson").is_lines());
    }
}
