//! Telling a format by its first bytes.

use crate::base::limits::SNIFF_BYTES;

use super::card::begins_card;
use super::encoding::{Coding, coding_named};
use super::hl7v2::begins_message;
use super::json::{begins_like_json, is_blank};
use super::table::begins_table;
use super::{BodyPlan, Format, MediaType, record};

/// First bytes of formats that are no text (after the WHATWG MIME Sniffing standard, section 6).
const MAGIC: &[&[u8]] = &[
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"\x7fELF",
    b"\0asm",
    b"OggS",
    b"wOFF",
    b"wOF2",
    b"\0\0\x01\0",
    b"ID3",
];

/// What a body is, and whether that contradicts its media type. `head` is its beginning in UTF-8,
/// `raw` the same before conversion.
pub(crate) fn tell(plan: &BodyPlan, raw: &[u8], head: &[u8]) -> (Format, bool) {
    let declared = plan.media.as_ref().and_then(MediaType::format);
    let looks = looks(head);
    if is_binary(raw) {
        let said = declared.filter(|f| !matches!(f, Format::Binary | Format::Text));
        return (Format::Binary, said.is_some());
    }
    match (declared, looks) {
        (None, Looks::Json) => (Format::Json, false),
        (None, Looks::Xml) => (Format::Xml, false),
        (None, Looks::Html) => (Format::Html, false),
        (None, Looks::Form) => (Format::Form, false),
        (None | Some(Format::Text | Format::Table | Format::Hl7v2), Looks::Hl7v2) => {
            (Format::Hl7v2, false)
        }
        (None | Some(Format::Text), Looks::Text | Looks::Form) if begins_card(head) => {
            (Format::Card, false)
        }
        (None | Some(Format::Text), Looks::Text) if begins_table(head) => (Format::Table, false),
        (None, Looks::Text) => (Format::Text, false),
        (None, Looks::Unclear) => (Format::Binary, false),
        // Text is what senders say who say nothing.
        (Some(Format::Text | Format::Table | Format::Events), Looks::Json) => (Format::Json, false),
        (Some(Format::Text | Format::Table), Looks::Xml) => match fragment(head) {
            Fragment::Html => (Format::Html, false),
            Fragment::Xml => (Format::Xml, false),
            Fragment::Text => (declared.unwrap_or(Format::Text), false),
        },
        (Some(Format::Html), Looks::Xml) if !matches!(fragment(head), Fragment::Xml) => {
            (Format::Html, false)
        }
        (Some(Format::Json | Format::Form | Format::Xml), Looks::Hl7v2) => (Format::Hl7v2, true),
        (Some(Format::Json | Format::Form | Format::Html), Looks::Xml) => (Format::Xml, true),
        (Some(Format::Json | Format::Form | Format::Xml), Looks::Html) => (Format::Html, true),
        (Some(Format::Xml | Format::Form | Format::Html | Format::Binary), Looks::Json) => {
            (Format::Json, true)
        }
        (Some(declared), _) => (declared, false),
    }
}

/// Bytes before the JSON that a script is made of ([`record::before_argument`]), where a body may
/// be one: servers call it a script, text, or the JSON that was asked for.
pub(crate) fn before_argument(plan: &BodyPlan, head: &[u8]) -> usize {
    match plan.media.as_ref().and_then(MediaType::format) {
        None | Some(Format::Text | Format::Json) => record::before_argument(head),
        Some(_) => 0,
    }
}

/// The first bytes that [`hidden_coding`] looks at.
pub(crate) const CODING_BYTES: usize = 4;

/// The coding that a body's first bytes show though nobody declared it: gzip (RFC 1952 section
/// 2.3.1, deflate inside), zlib at the levels that are used (RFC 1950 section 2.2; `x^` may be
/// text, and is none of them), zstd (RFC 8878 section 3.1.1). None of them is text in UTF-8.
pub(crate) fn hidden_coding(first: &[u8]) -> Option<&'static Coding> {
    let name: &[u8] = match first {
        [0x1f, 0x8b, 0x08, ..] => b"gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => b"zstd",
        [0x78, 0x01 | 0x9c | 0xda, _, _, ..] => b"deflate",
        _ => return None,
    };
    coding_named(name)
}

/// The document of XML that a string is, all of which or the first window of which is `text`: a
/// page or a fragment of HTML is none, nor is what merely stands in angle brackets.
pub(crate) fn document_in(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let head = text.get(..SNIFF_BYTES).unwrap_or(text);
    let begins = text.first() == Some(&b'<')
        && matches!(looks(head), Looks::Xml)
        && matches!(fragment(head), Fragment::Xml);
    let has = |tag: &[u8]| memchr::memmem::find(text, tag).is_some();
    (begins && (has(b"</") || has(b"/>"))).then_some(text)
}

/// Whether a text that begins with `head` begins like a document of XML, and not like HTML.
pub(crate) fn begins_document(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    head.first() == Some(&b'<')
        && matches!(looks(head), Looks::Xml)
        && matches!(fragment(head), Fragment::Xml)
}

/// Whether the first bytes are those of a known binary format.
pub(crate) fn is_binary(raw: &[u8]) -> bool {
    MAGIC.iter().any(|m| raw.starts_with(m))
        || raw.get(128..132) == Some(b"DICM")
        || raw.get(4..8) == Some(b"ftyp")
}

enum Looks {
    Json,
    Xml,
    Html,
    Form,
    Hl7v2,
    Text,
    Unclear,
}

fn looks(head: &[u8]) -> Looks {
    let start = head.iter().position(|b| !is_blank(*b)).unwrap_or(head.len());
    let head = head.get(start..).unwrap_or_default();
    if begins_like_json(head) {
        return Looks::Json;
    }
    if let [b'<', next, ..] = head {
        let is_html = [&b"<!doctype html"[..], b"<html", b"<head", b"<body"]
            .iter()
            .any(|t| head.get(..t.len()).is_some_and(|h| h.eq_ignore_ascii_case(t)));
        if is_html {
            return Looks::Html;
        }
        if next.is_ascii_alphabetic() || matches!(next, b'?' | b'!' | b'_') {
            return Looks::Xml;
        }
    }
    if begins_message(head) {
        return Looks::Hl7v2;
    }
    if is_form(head) {
        return Looks::Form;
    }
    let odd = head.iter().filter(|b| b.is_ascii_control() && !is_blank(**b)).count();
    if odd == 0 && is_text(head) { Looks::Text } else { Looks::Unclear }
}

/// What is behind the comments that markup without a head begins with.
enum Fragment {
    Html,
    Xml,
    /// No markup.
    Text,
}

/// Elements that pages and fragments of them begin with, in lower case. Sorted. Left out are the
/// names that documents of XML have as well.
const HTML: [&[u8]; 62] = [
    b"a",
    b"abbr",
    b"article",
    b"aside",
    b"audio",
    b"b",
    b"big",
    b"blockquote",
    b"body",
    b"br",
    b"button",
    b"center",
    b"code",
    b"dd",
    b"del",
    b"details",
    b"dialog",
    b"div",
    b"dl",
    b"dt",
    b"em",
    b"fieldset",
    b"figure",
    b"font",
    b"footer",
    b"form",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"head",
    b"hr",
    b"html",
    b"i",
    b"iframe",
    b"img",
    b"input",
    b"ins",
    b"label",
    b"li",
    b"main",
    b"mark",
    b"nav",
    b"ol",
    b"p",
    b"pre",
    b"s",
    b"script",
    b"section",
    b"select",
    b"small",
    b"span",
    b"strong",
    b"style",
    b"table",
    b"tbody",
    b"td",
    b"tr",
    b"u",
    b"ul",
];

fn fragment(head: &[u8]) -> Fragment {
    let mut rest = head.trim_ascii_start();
    while let Some(comment) = rest.strip_prefix(b"<!--") {
        // One that does not end here may have anything behind it: nothing says that it is XML.
        let Some(end) = memchr::memmem::find(comment, b"-->") else { return Fragment::Text };
        rest = comment.get(end + 3..).unwrap_or_default().trim_ascii_start();
    }
    let Some(tag) = rest.strip_prefix(b"<") else {
        return if begins_like_json(rest) { Fragment::Xml } else { Fragment::Text };
    };
    let len = tag.iter().take_while(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(b)).count();
    let mut lower = [0; 10];
    let name = tag.get(..len).unwrap_or_default();
    let Some(lower) = lower.get_mut(..len) else { return Fragment::Xml };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    match HTML.binary_search(&&*lower) {
        Ok(_) => Fragment::Html,
        Err(_) => Fragment::Xml,
    }
}

/// `name=value` without spaces or controls, the name of ordinary characters.
fn is_form(head: &[u8]) -> bool {
    let Some(equals) = head.iter().position(|b| *b == b'=') else { return false };
    let name = head.get(..equals).unwrap_or_default();
    let named = |b: &u8| b.is_ascii_alphanumeric() || b"_-.%[]+*$:".contains(b);
    let line = head.trim_ascii_end();
    // A long name, or one without a value, is the padded end of base64.
    let value = line.get(equals + 1..).unwrap_or_default();
    (1..=64).contains(&name.len())
        && !value.iter().all(|b| *b == b'=')
        && name.iter().all(named)
        && line.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"'))
}

/// UTF-8 up to a character that is cut, or mostly so: Latin text without a declared charset.
fn is_text(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) if error.error_len().is_none() => true,
        Err(_) => head.iter().filter(|b| b.is_ascii()).count() * 4 >= head.len() * 3,
    }
}
