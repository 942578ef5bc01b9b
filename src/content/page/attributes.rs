//! Attributes of start tags (WHATWG HTML section 13.1.2.3), and how scripts begin.

use super::super::encoding::decode_reference;
use super::super::json::begins_like_json;
use super::super::{Format, MediaType};
use super::{INPUT, START};

/// Kinds of fields whose value is the label of a button, or says whether something is chosen.
const LABELS: [&[u8]; 6] = [b"submit", b"button", b"image", b"reset", b"checkbox", b"radio"];

/// How statements begin that set a variable.
const VARIABLES: [&[u8]; 7] =
    [b"window.", b"window[", b"self.", b"globalThis.", b"var ", b"let ", b"const "];

/// Whether the start tag of a script says that it is JSON.
pub(super) fn is_json(tag: &[u8]) -> bool {
    let kind = attribute(tag.get(START.len()..).unwrap_or_default(), b"type");
    kind.is_some_and(|kind| {
        MediaType::parse(&kind.to_ascii_lowercase()).format() == Some(Format::Json)
    })
}

/// The field of a form whose start tag is `tag`, with its value, as forms are sent.
pub(super) fn input(tag: &[u8]) -> Option<Vec<u8>> {
    let attributes = tag.get(INPUT.len()..)?;
    let name = attribute(attributes, b"name").filter(|name| !name.is_empty())?;
    let value = attribute(attributes, b"value").filter(|value| !value.is_empty())?;
    let kind = attribute(attributes, b"type").unwrap_or_default();
    if LABELS.iter().any(|label| kind.eq_ignore_ascii_case(label)) {
        return None;
    }
    let mut out = Vec::with_capacity(name.len() + value.len() + 1);
    write(name, &mut out);
    out.push(b'=');
    write(value, &mut out);
    Some(out)
}

/// Writes `text` without its references and percent-encoded.
fn write(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    let mut put = |bytes: &[u8]| {
        for byte in bytes {
            match byte {
                b'%' | b'&' | b'+' | b'=' => {
                    let [high, low] = [byte >> 4, byte & 15]
                        .map(|digit| b"0123456789ABCDEF".get(usize::from(digit)));
                    out.push(b'%');
                    out.extend(high.into_iter().chain(low));
                }
                _ => out.push(*byte),
            }
        }
    };
    while let Some(at) = memchr::memchr(b'&', rest) {
        let (before, behind) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        put(before);
        let name = behind.get(1..).and_then(|name| name.split(|b| *b == b';').next());
        let name = name.filter(|name| name.len() <= 14);
        rest = match name.and_then(|name| Some((name.len(), decode_reference(name)?))) {
            Some((len, character)) => {
                put(character.encode_utf8(&mut [0; 4]).as_bytes());
                behind.get(len + 2..).unwrap_or_default()
            }
            None => {
                put(b"&");
                behind.get(1..).unwrap_or_default()
            }
        };
    }
    put(rest);
}

/// The value of the attribute called `name`, as it is written.
fn attribute<'a>(attributes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == b'/';
    let mut rest = attributes;
    loop {
        let start = rest.iter().position(|b| !blank(b))?;
        rest = rest.get(start..)?;
        let end = rest.iter().position(|b| blank(b) || *b == b'=').unwrap_or(rest.len());
        // A sign where no name is, is part of one.
        let (own, behind) = rest.split_at_checked(end.max(1))?;
        let behind = behind.trim_ascii_start();
        let Some(value) = behind.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else {
            rest = behind;
            continue;
        };
        let (value, behind) = match value {
            [quote @ (b'"' | b'\''), quoted @ ..] => {
                let end = memchr::memchr(*quote, quoted).unwrap_or(quoted.len());
                (quoted.get(..end)?, quoted.get(end + 1..).unwrap_or_default())
            }
            _ => {
                let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
                value.split_at_checked(end)?
            }
        };
        if own.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind;
    }
}

/// Where the JSON begins that the statement sets a variable to which `code` is the beginning of.
pub(super) fn sets_variable(code: &[u8]) -> Option<usize> {
    let equals = memchr::memchr(b'=', code)?;
    let variable = code.get(..equals)?.trim_ascii();
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_$.[]'\" ".contains(b);
    let known = VARIABLES.iter().any(|begin| variable.starts_with(begin));
    let json = code.get(equals + 1..)?;
    (known && variable.iter().all(is_part) && begins_like_json(json)).then_some(equals + 1)
}
