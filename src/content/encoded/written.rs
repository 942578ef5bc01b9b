//! Values that are written as another place wants them, all of which they are: percent-encoded
//! (RFC 3986 section 2.1), with character references as in markup, quoted once more as a string
//! of JSON; and URLs and forms, whose parameters have names.
//!
//! Only what holds a document, or names with values, is undone: other text is read where it
//! stands.

use crate::base::scan;
use smallvec::SmallVec;

use super::{Alphabet, ENCODED_BYTES_MIN, Hidden};
use crate::content::encoding::{decode_reference, nibble};
use crate::content::json::begins_like_json;
use crate::content::sniff;

/// Bytes of the beginning by which a value is told.
const TOLD_BYTES: usize = 512;
/// Bytes of the longest name of a parameter.
const NAME_BYTES_MAX: usize = 64;
/// How often quotes stand in quotes.
const QUOTES_MAX: usize = 4;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// The beginning of a value, undone.
type Head = SmallVec<[u8; 256]>;

/// Whether a value that begins so may be one: asked of every longer string.
#[inline]
pub(crate) fn may_begin(value: &[u8]) -> bool {
    let Some(head) = value.first_chunk::<ENCODED_BYTES_MIN>() else { return false };
    match head {
        // Numbers, dates and most ids.
        [b'0'..=b'9', ..] => false,
        [b'%' | b'&' | b'"', ..] => true,
        [b'{' | b'[', ..] => head.contains(&b'&'),
        // `http:`, most of which are names of systems, have their `=` behind a question mark.
        [b'h', b't', b't', b'p', b'%', ..] | [b'h', b't', b't', b'p', _, b'%', ..] => true,
        // What people write has a space before long, and nothing here has any.
        _ if scan::has(head, b' ') => false,
        _ => scan::has(value.get(..TOLD_BYTES).unwrap_or(value), b'='),
    }
}

/// What a value holds that is `value`, or begins with it where it is not `whole`.
pub(crate) fn hidden(value: &[u8], whole: bool) -> Option<Hidden<'_>> {
    if value.len() < ENCODED_BYTES_MIN {
        return None;
    }
    let text = value.trim_ascii();
    let end = !whole || text.ends_with(b"\"");
    match text.first()? {
        b'"' => (end && is_quoted(text)).then_some(Hidden::json(text)),
        b'&' | b'{' | b'[' => referenced(text),
        _ => parameters(text).or_else(|| percent_encoded(text)),
    }
}

impl<'a> Hidden<'a> {
    fn written(text: &'a [u8], alphabet: Alphabet, media: Option<&'static str>) -> Self {
        Hidden { text, alphabet, deflated: false, media }
    }
}

/// Whether `text` begins like a string of JSON in which there is JSON: `"{\"a\":1}"`.
fn is_quoted(text: &[u8]) -> bool {
    let quotes = text.iter().take_while(|b| matches!(b, b'"' | b'\\')).count();
    let head = text.get(quotes..).unwrap_or_default();
    let head: Head = head.iter().take(TOLD_BYTES / 8).copied().filter(|b| *b != b'\\').collect();
    // The quotes of what is quoted twice have a sign each before them, those of the third three.
    (1..1 << QUOTES_MAX).contains(&quotes) && begins_like_json(&head)
}

/// What is written with character references: `&lt;a>`, `{&quot;a&quot;:1}`.
fn referenced(text: &[u8]) -> Option<Hidden<'_>> {
    let head = text.get(..TOLD_BYTES).unwrap_or(text);
    memchr::memchr(b'&', head)?;
    let plain = dereferenced(head)?;
    let ends = || text.windows(2).any(|two| two == b"/&" || two == b";/" || two == b"</");
    let known = begins_like_json(&plain) || sniff::begins_document(&plain) && ends();
    known.then_some(Hidden::written(text, Alphabet::References, None))
}

/// `head` with its references undone; `None` where there is none.
fn dereferenced(head: &[u8]) -> Option<Head> {
    let (mut out, mut rest, mut any) = (Head::new(), head, false);
    while let Some(at) = memchr::memchr(b'&', rest) {
        let (before, behind) = rest.split_at_checked(at)?;
        out.extend_from_slice(before);
        let name = behind.get(1..)?.split(|b| *b == b';').next().filter(|name| name.len() <= 14);
        rest = match name.and_then(|name| Some((name.len(), decode_reference(name)?))) {
            Some((len, character)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                any = true;
                behind.get(len + 2..).unwrap_or_default()
            }
            None => {
                out.push(b'&');
                behind.get(1..).unwrap_or_default()
            }
        };
    }
    out.extend_from_slice(rest);
    any.then_some(out)
}

/// What is percent-encoded as a whole: a document, a URL with parameters, a form.
fn percent_encoded(text: &[u8]) -> Option<Hidden<'_>> {
    let head = text.get(..TOLD_BYTES).unwrap_or(text);
    memchr::memchr(b'%', head)?;
    let is_part = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'&' | b'=');
    if !head.iter().all(is_part) {
        return None;
    }
    let plain = unescaped(head);
    let written = |text, media| Some(Hidden::written(text, Alphabet::Percent, media));
    if begins_like_json(&plain) || is_quoted(&plain) {
        return written(text, Some("application/json"));
    }
    if sniff::begins_document(&plain) {
        return written(text, None);
    }
    // Once more.
    if plain.get(..3).is_some_and(|sign| ENCODED.iter().any(|one| sign.eq_ignore_ascii_case(one))) {
        return written(text, Some("text/plain"));
    }
    let from = query_at(&plain)?;
    let behind = if from == 0 { text } else { behind_question_mark(text)? };
    written(behind, FORM)
}

/// How documents begin that are encoded: with a bracket, a quote, a tag.
const ENCODED: [&[u8]; 4] = [b"%7b", b"%5b", b"%22", b"%3c"];

fn unescaped(head: &[u8]) -> Head {
    let mut out = Head::new();
    let mut rest = head;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        out.push(match (byte, behind) {
            (b'%', [high, low, behind @ ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => {
                    rest = behind;
                    high << 4 | low
                }
                _ => *byte,
            },
            _ => *byte,
        });
    }
    out
}

/// What follows the first question mark of a URL that is percent-encoded as a whole.
fn behind_question_mark(text: &[u8]) -> Option<&[u8]> {
    let is_mark = |at: &usize| {
        text.get(*at..at + 3).is_some_and(|escape| escape.eq_ignore_ascii_case(b"%3f"))
    };
    let at = memchr::memchr2_iter(b'%', b'?', text).find_map(|at| {
        if text.get(at) == Some(&b'?') { Some(at + 1) } else { is_mark(&at).then_some(at + 3) }
    });
    text.get(at?..)
}

/// The parameters of a URL or a form.
fn parameters(text: &[u8]) -> Option<Hidden<'_>> {
    let from = query_at(text)?;
    Some(Hidden::plain(text.get(from..)?, FORM))
}

/// Where the parameters of a URL with some begin, or of a form of several.
fn query_at(text: &[u8]) -> Option<usize> {
    let head = text.get(..TOLD_BYTES).unwrap_or(text);
    let equals = memchr::memchr(b'=', head)?;
    let before = head.get(..equals)?;
    if text.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"<>\"".contains(b)) {
        return None;
    }
    match memchr::memchr(b'?', before) {
        Some(mark) => {
            let (resource, name) = before.split_at_checked(mark)?;
            (is_resource(resource) && is_named(name.get(1..)?)).then_some(mark + 1)
        }
        None => {
            let second = text.get(equals + 1..)?.split(|b| *b == b'&').nth(1)?;
            let name = second.get(..memchr::memchr(b'=', second)?)?;
            (is_named(before) && is_name(name)).then_some(0)
        }
    }
}

/// Whether `name` is the first parameter's, perhaps behind some without a value.
fn is_named(name: &[u8]) -> bool {
    name.split(|b| *b == b'&').all(is_name)
}

fn is_name(name: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.:$[]%+".contains(b);
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.iter().all(is_part)
        && name.iter().any(u8::is_ascii_alphabetic)
}

/// Whether `text` is what stands before the parameters in a URL: absolute, of a host, or relative.
fn is_resource(text: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"-._~%!$'()*+,;:@/#[]{}|".contains(b);
    let begins = matches!(text, [] | [b'/' | b'a'..=b'z' | b'A'..=b'Z', ..]);
    begins && text.iter().all(|b| is_part(b) || !b.is_ascii())
}
