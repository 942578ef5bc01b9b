//! Values that hold a document or text in base64 (RFC 4648, either alphabet): attachments, records
//! of queues, data URLs (RFC 2397), the claims of a JWT (RFC 7519), messages of SAML (Bindings for
//! SAML 2.0, sections 3.4 and 3.5); or in hexadecimal, as databases write bytes; texts in which
//! such a thing stands among others; and documents that are there as they are. What is inside is
//! walked as a body whose head says nothing.

mod document;
mod hex;
mod within;
mod written;

use smallvec::SmallVec;

use super::encoding::{
    Chain, base64_coding, coding_named, hex_coding, percent_coding, references_coding, sextet,
    triplet,
};
use super::{BodyPlan, BodyWalker, FieldSink, MediaType, PathId, PathTable, sniff};

pub(crate) use within::{WITHIN_BYTES_MIN, Window, may_stand_within, within};

/// Characters of the shortest that is looked into: ten digits have as many.
pub(crate) const ENCODED_BYTES_MIN: usize = 16;
/// Characters at the beginning by which it is told that something is inside.
const TOLD_BYTES: usize = 64;
/// Of these, decoded, at least so many.
const PLAIN_BYTES_MIN: usize = 9;
/// Of these, at least so many where some are not ASCII.
const ANY_SCRIPT_BYTES_MIN: usize = 24;
/// Bytes of the head of a data URL that are read.
const URL_HEAD_BYTES_MAX: usize = 256;

/// Walks what an encoded value holds, as it comes.
#[derive(Debug)]
pub(crate) struct Encoded {
    chain: Chain,
    body: Box<BodyWalker>,
}

/// What of a value is encoded, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hidden<'a> {
    /// The characters of its alphabet.
    pub(crate) text: &'a [u8],
    /// Which that is.
    alphabet: Alphabet,
    /// What they stand for is compressed without any mark (RFC 1951), as messages of SAML are in
    /// a query.
    deflated: bool,
    /// What it is, where that was told already.
    media: Option<&'static str>,
}

/// What bytes are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Base64,
    Hex,
    /// Percent-encoded.
    Percent,
    /// With character references.
    References,
    /// None: it stands there as it is.
    Plain,
}

impl<'a> Hidden<'a> {
    /// In hexadecimal.
    fn hex(text: &'a [u8]) -> Self {
        Hidden { text, alphabet: Alphabet::Hex, deflated: false, media: None }
    }

    /// As it is: a document of the type `media`.
    fn plain(text: &'a [u8], media: Option<&'static str>) -> Self {
        Hidden { text, alphabet: Alphabet::Plain, deflated: false, media }
    }

    /// As it is: JSON.
    pub(crate) fn json(text: &'a [u8]) -> Self {
        Hidden::plain(text, Some("application/json"))
    }

    /// In base64, compressed or not.
    fn base64(text: &'a [u8], deflated: bool) -> Self {
        Hidden { text, alphabet: Alphabet::Base64, deflated, media: None }
    }
}

impl Encoded {
    /// For a value within `level` others.
    pub(crate) fn new(level: u8, hidden: &Hidden<'_>) -> Self {
        let media = hidden.media.map(|media| MediaType::parse(media.as_bytes()));
        let mut plan = BodyPlan { media, ..BodyPlan::default() };
        if hidden.deflated {
            plan.codings.extend(coding_named(b"deflate"));
        }
        let coding = match hidden.alphabet {
            Alphabet::Base64 => Some(base64_coding()),
            Alphabet::Hex => Some(hex_coding()),
            Alphabet::Percent => Some(percent_coding()),
            Alphabet::References => Some(references_coding()),
            Alphabet::Plain => None,
        };
        Encoded {
            chain: Chain::new(coding.as_slice()),
            body: Box::new(BodyWalker::within_value(plan, level)),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.chain.held_bytes() + self.body.held_bytes()
    }

    /// Walks more of the value; what it holds lies below `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        text: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let body = &mut self.body;
        body.move_below(root);
        self.chain.push(text, &mut |bytes| body.push(bytes, paths, sink));
    }

    /// The value is over.
    pub(crate) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let body = &mut self.body;
        self.chain.finish(&mut |bytes| body.push(bytes, paths, sink));
        // What was odd in there is no oddity of the message.
        body.finish(paths, sink);
    }
}

/// Whether `value` begins so that something may be encoded in it: asked of every longer value.
#[inline]
pub(crate) fn may_begin(value: &[u8]) -> bool {
    written::may_begin(value) || may_begin_encoded(value)
}

#[inline]
fn may_begin_encoded(value: &[u8]) -> bool {
    let Some(head) = value.first_chunk::<ENCODED_BYTES_MIN>() else { return false };
    let is_named = match head {
        [b'b' | b'B' | b'd' | b'D', ..] => head.starts_with(b"data:") || is_bearer(head),
        _ => false,
    };
    is_named
        || hex::may_begin(head)
        || begins_something(head)
            && head.iter().all(|b| sextet(*b).is_some() || matches!(b, b'=' | b'\r' | b'\n'))
}

/// Whether the first four characters stand for three bytes that begin a text or something
/// compressed: most ids are told by them.
#[inline(always)]
fn begins_something(head: &[u8; ENCODED_BYTES_MIN]) -> bool {
    let [a, b, c, d, ..] = *head;
    let Some(bytes) = triplet([a, b, c, d]) else { return false };
    let is_letter = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    match bytes {
        [0x1f, 0x8b, 0x08] | [0x28, 0xb5, 0x2f] | [0x78, 0x01 | 0x9c | 0xda, _] => true,
        [0xff, 0xfe, _] | [0xfe, 0xff, _] => true,
        [0xe0..=0xef, 0x80..=0xbf, 0x80..=0xbf] | [0xf0..=0xf4, 0x80..=0xbf, 0x80..=0xbf] => true,
        [0xc2..=0xdf, 0x80..=0xbf, next] => is_letter(next) || next >= 0xc2,
        [first, 0xc2..=0xdf, 0x80..=0xbf] | [first, 0xe0..=0xf4, 0x80..=0xbf] => is_letter(first),
        [first, second, third] => {
            is_letter(first) && is_letter(second) && (is_letter(third) || third >= 0xc2)
        }
    }
}

/// What is encoded in a whole `value`.
pub(crate) fn hidden(value: &[u8]) -> Option<Hidden<'_>> {
    if let Some(written) = written::hidden(value, true) {
        return Some(written);
    }
    if let Some(text) = hex::hidden(value) {
        // A digit that is left over belongs to nothing.
        return text.len().is_multiple_of(2).then_some(Hidden::hex(text));
    }
    let text = candidate(value)?;
    (holds_something(text) && is_encoded(text)).then_some(Hidden::base64(text, false))
}

/// The same of the beginning of a long value, whose end is not known.
pub(crate) fn hidden_in_head(value: &[u8]) -> Option<Hidden<'_>> {
    if let Some(written) = written::hidden(value, false) {
        return Some(written);
    }
    if let Some(text) = hex::hidden(value) {
        return Some(Hidden::hex(text));
    }
    let text = candidate(value)?;
    let whole = text.get(..text.len() / 4 * 4).unwrap_or(text);
    (holds_something(whole) && is_encoded(whole)).then_some(Hidden::base64(text, false))
}

/// The same of the parameter called `name`: messages of SAML are compressed there.
pub(crate) fn hidden_parameter<'a>(name: &str, value: &'a [u8]) -> Option<Hidden<'a>> {
    let is_saml =
        ["SAMLRequest", "SAMLResponse"].iter().any(|known| known.eq_ignore_ascii_case(name));
    let found = || is_saml && value.len() >= ENCODED_BYTES_MIN && is_encoded(value);
    let plain = may_begin(value).then(|| hidden(value)).flatten();
    plain.or_else(|| found().then_some(Hidden::base64(value, true)))
}

/// Whether a header field holds something that is encoded.
pub fn hides_something(value: &[u8]) -> bool {
    may_begin(value) && hidden(value).is_some()
        || may_stand_within(value) && within(value, Window::WHOLE).next().is_some()
}

/// The part of `value` that may be base64.
fn candidate(value: &[u8]) -> Option<&[u8]> {
    if let Some(url) = value.strip_prefix(b"data:") {
        let head = url.get(..URL_HEAD_BYTES_MAX).unwrap_or(url);
        let at = memchr::memchr(b',', head)?;
        let encoded = head.get(..at)?.to_ascii_lowercase().ends_with(b";base64");
        return url.get(at + 1..).filter(|_| encoded);
    }
    let token = if is_bearer(value) { value.splitn(2, |b| *b == b' ').nth(1)? } else { value };
    if !token.starts_with(b"eyJ") {
        return Some(token);
    }
    // Header, claims and signature; a JWE has five parts, and nothing is read of them.
    let mut parts = token.split(|b| *b == b'.');
    let head = parts.next()?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Some(head),
        (Some(claims), _, None) => Some(claims),
        _ => None,
    }
}

fn is_bearer(value: &[u8]) -> bool {
    let scheme = |name: &[u8]| {
        value.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
            && value.get(name.len()..).is_some_and(|rest| rest.starts_with(b" eyJ"))
    };
    scheme(b"bearer") || scheme(b"dpop")
}

/// Whether all of `text` is of the alphabet, with line ends and padding in their places.
fn is_encoded(text: &[u8]) -> bool {
    let padded = text.trim_ascii_end();
    let body = padded.strip_suffix(b"==").or(padded.strip_suffix(b"=")).unwrap_or(padded);
    let mut count = 0usize;
    let all = body.iter().all(|b| {
        count += usize::from(sextet(*b).is_some());
        sextet(*b).is_some() || matches!(b, b'\r' | b'\n' | b' ' | b'\t')
    });
    all && count + 2 >= ENCODED_BYTES_MIN && count % 4 != 1
}

/// Whether what the first characters stand for is text, or compressed. Nine random bytes are ASCII
/// once in five thousand times, twenty-four are text in UTF-8 once in a hundred million.
fn holds_something(text: &[u8]) -> bool {
    let plain = first_bytes(text);
    plain.len() >= PLAIN_BYTES_MIN && begins_document(&plain)
}

/// Whether the first bytes of what is encoded are those of a text, or compressed.
fn begins_document(plain: &[u8]) -> bool {
    sniff::hidden_coding(plain).is_some()
        || matches!(plain.get(..2), Some([0xff, 0xfe] | [0xfe, 0xff]))
        || is_plain(plain) && (plain.len() >= ANY_SCRIPT_BYTES_MIN || plain.is_ascii())
}

/// The first bytes that `text` stands for.
fn first_bytes(text: &[u8]) -> SmallVec<[u8; TOLD_BYTES]> {
    let (mut out, mut bits, mut have) = (SmallVec::new(), 0u32, 0u8);
    for six in text.iter().take(TOLD_BYTES).filter_map(|byte| sextet(*byte)) {
        bits = bits << 6 | u32::from(six);
        have += 6;
        if have >= 8 {
            have -= 8;
            let [.., byte] = (bits >> have).to_be_bytes();
            out.push(byte);
        }
    }
    out
}

/// Text without control characters, in UTF-8 up to a character that is cut.
fn is_plain(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
    text.chars().all(is_text)
}

#[cfg(test)]
mod tests;
