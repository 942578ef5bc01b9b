//! Cookies (RFC 6265 section 4.2.1). What a value means is left to who set it; in practice it is
//! percent-encoded, quoted, or JSON, and what that hides is undone here.

use std::borrow::Cow;

use crate::base::limits::SCALAR_WINDOW_BYTES;
use crate::model::ValueKind;

use super::form::percent_decode;
use super::leaf::Leaf;
use super::paths::Interned;
use super::{FieldSink, PathId, PathTable, Root, Step};

/// Walks the value of a `Cookie` field.
pub fn walk_cookies<S: FieldSink>(cookies: &[u8], paths: &mut PathTable, sink: &mut S) {
    let root = paths.root(Root::Cookie);
    let mut last = PathId::NONE;
    let mut leaf = Leaf::default();
    for pair in cookies.split(|b| *b == b';') {
        let pair = pair.trim_ascii();
        if pair.is_empty() {
            continue;
        }
        let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(end).unwrap_or((pair, &[]));
        let name = name.trim_ascii_end();
        let name = name.get(..SCALAR_WINDOW_BYTES).unwrap_or(name);
        let interned = paths.named_after(last, root, Step::Name, name);
        if let Interned::Data(path) = interned {
            sink.key(paths, path, name);
        }
        last = interned.id();
        let value = meaning(value.get(1..).unwrap_or_default().trim_ascii_start());
        leaf.extend(&value, last, paths, sink);
        leaf.end(ValueKind::String, last, paths, sink);
    }
}

/// The value of a header field, percent-decoded where that makes text of it: most need nothing.
pub fn header_meaning(value: &[u8]) -> Cow<'_, [u8]> {
    let encoded = |at: usize| {
        value.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    if !memchr::memchr_iter(b'%', value).any(encoded) {
        return Cow::Borrowed(value);
    }
    match percent_decode(value) {
        Cow::Owned(text) if std::str::from_utf8(&text).is_ok() => Cow::Owned(text),
        _ => Cow::Borrowed(value),
    }
}

/// Walks what a header field holds: one value, or JSON.
pub fn walk_header<S: FieldSink>(value: &[u8], path: PathId, paths: &mut PathTable, sink: &mut S) {
    let mut leaf = Leaf::default();
    leaf.extend(value, path, paths, sink);
    leaf.end(ValueKind::String, path, paths, sink);
}

/// A value without its quotes and percent-encoding, where what is left is text.
fn meaning(value: &[u8]) -> Cow<'_, [u8]> {
    let plain = unquoted(value);
    let decoded = match percent_decode(&plain) {
        Cow::Owned(text) if std::str::from_utf8(&text).is_ok() => {
            Cow::Owned(unquoted(&text).into_owned())
        }
        _ => plain,
    };
    match &decoded[..] {
        // Express writes objects behind a mark of its own.
        [b'j', b':', json @ ..] if matches!(json.first(), Some(b'{' | b'[')) => {
            Cow::Owned(json.to_vec())
        }
        _ => decoded,
    }
}

/// What stands between quotes, with `\"`, `\\` and `\054` undone (RFC 2109's quoted strings, as
/// Python's cookies have them).
fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else { return Cow::Borrowed(value) };
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = behind.get(3..).unwrap_or_default();
            }
            (b'\\', [next, ..]) => {
                out.push(*next);
                rest = behind.get(1..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorder::Recorder;
    use super::*;

    fn fields(cookies: &[u8]) -> Vec<(String, String)> {
        let mut paths = PathTable::new(Box::new(|key: &[u8]| !key.contains(&b'@')));
        let mut sink = Recorder::default();
        walk_cookies(cookies, &mut paths, &mut sink);
        sink.values()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn cookies_are_undone_as_far_as_that_yields_text() {
        let cookies = b"sid=a%20b+c; theme=dark;;u=%22ada%40example.org%22; k=\"536-22-1234\"; \
            bad=%ff%fe; half=\"x; flag; =x; py=\"a\\054 \\\"b\\\"\"; =";
        let expected = [
            ("sid", "a b+c"),
            ("theme", "dark"),
            ("u", "ada@example.org"),
            ("k", "536-22-1234"),
            ("bad", "%ff%fe"),
            ("half", "\"x"),
            ("flag", ""),
            ("", "x"),
            ("py", "a, \"b\""),
            ("", ""),
        ];
        assert_eq!(fields(cookies), pairs(&expected));
    }

    #[test]
    fn json_in_a_cookie_is_walked() {
        let ssn = pairs(&[("j|$.ssn", "536-22-1234")]);
        for cookie in [
            "j=%7B%22ssn%22%3A%22536-22-1234%22%7D",
            "j=j%3A%7B%22ssn%22%3A%22536-22-1234%22%7D",
            "j={\"ssn\":\"536-22-1234\"}",
            "j=\"{\\\"ssn\\\":\\\"536-22-1234\\\"}\"",
        ] {
            assert_eq!(fields(cookie.as_bytes()), ssn, "{cookie}");
        }
    }

    #[test]
    fn a_name_that_is_data_becomes_a_star() {
        let seen = fields(b"ada@example.org=1");
        assert_eq!(seen, pairs(&[("key *", "ada@example.org"), ("*", "1")]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked(cookies in proptest::collection::vec(any::<u8>(), 0..200)) {
            fields(&cookies);
        }

        #[test]
        fn quoted_and_encoded_text_is_what_it_was(text in "[a-zA-Z0-9 ,\"\\\\;é@-]{0,30}") {
            let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
            let plain = match unquoted(text.as_bytes()) {
                Cow::Borrowed(_) => text.clone(),
                Cow::Owned(_) => return Ok(()),
            };
            prop_assume!(!plain.starts_with('"'));
            prop_assert_eq!(fields(format!("v={encoded}").as_bytes()), pairs(&[("v", &plain)]));
        }
    }
}
