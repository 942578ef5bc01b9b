//! JSON that stands in something else: at the end of a line of text, as the argument of a call.

use super::json::{begins_like_json, is_blank, skip_blank};
use crate::base::scan;

/// Bytes before the argument of a call that are looked at.
const CALL_BYTES_MAX: usize = 256;

/// Whether `text` ends as it would had it a record at its end: asked of every string.
#[inline]
pub(crate) fn may_end(text: &[u8]) -> bool {
    matches!(text.last(), Some(b'}' | b']' | b')' | b';' | b'\n'))
}

/// Bytes of the shortest text with a record in it, `{"a":1`.
const RECORD_BYTES_MIN: usize = 6;

/// Whether `text` has a bracket that may begin a record: asked of every text that may have quotes.
#[inline]
pub(crate) fn may_hold(text: &[u8]) -> bool {
    text.len() >= RECORD_BYTES_MIN && scan::has(text, b'{')
}

/// The text before, and the object, or the array of objects, that `text` ends with: `request body:
/// {"a":1}`, `callback([{"a":1}]);`. The first that begins in it has to be the one that ends it.
/// Linear in its length.
pub(crate) fn at_end(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if !may_end(text) {
        return None;
    }
    let end = text.iter().rposition(|b| !is_blank(*b) && !matches!(b, b')' | b';'))?;
    let text = text.get(..=end)?;
    let object = memchr::memchr_iter(b'{', text)
        .find(|at| text.get(skip_blank(text, at + 1)) == Some(&b'"'))?;
    let from = match text.last() {
        Some(b'}') => object,
        Some(b']') => {
            let before = text.get(..object)?;
            before
                .iter()
                .rposition(|b| !is_blank(*b))
                .filter(|at| before.get(*at) == Some(&b'['))?
        }
        _ => return None,
    };
    let (before, record) = text.split_at_checked(from)?;
    closes_at_end(record).then_some((before, record))
}

/// Whether what opens with the first byte of `record` closes with its last.
fn closes_at_end(record: &[u8]) -> bool {
    let (mut depth, mut quoted, mut at) = (0usize, false, 0);
    while let Some(byte) = record.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1 == record.len();
                }
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// Bytes before the JSON that `head` hands to a call (JSONP: `callback({"a":1});`, also behind
/// the comment and the check that servers put before it), or that a prefix keeps from being run
/// as a script (`)]}'`, `while(1);`, `for(;;);`); 0 where there is none.
pub(crate) fn before_argument(head: &[u8]) -> usize {
    let from = skip_blank(head, 0);
    let rest = head.get(from..).unwrap_or_default();
    for guard in [&b")]}',"[..], b")]}'", b"while(1);", b"for(;;);"] {
        if rest.starts_with(guard) && begins_like_json(rest.get(guard.len()..).unwrap_or(b"")) {
            return from + guard.len();
        }
    }
    let call = rest.get(..CALL_BYTES_MAX).unwrap_or(rest);
    let is_argument = |at: &usize| {
        let argument = rest.get(at + 1..).unwrap_or_default();
        let argument = argument.get(skip_blank(argument, 0)..).unwrap_or_default();
        let object = match argument {
            [b'[', array @ ..] => array.get(skip_blank(array, 0)..).unwrap_or_default(),
            _ => argument,
        };
        object.starts_with(b"{") && begins_like_json(object)
    };
    let Some(open) = memchr::memchr_iter(b'(', call).find(is_argument) else { return 0 };
    if is_function(call.get(..open).unwrap_or_default()) { from + open + 1 } else { 0 }
}

/// Whether `text` names a function and no more, but for what servers put before it.
fn is_function(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"/**/").unwrap_or(text).trim_ascii_start();
    let name = match text.strip_prefix(b"typeof ") {
        Some(check) => check.rsplit(|b| *b == b'&').next().unwrap_or_default().trim_ascii(),
        None => text,
    };
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || b"_$".contains(b))
        && name.iter().all(|b| b.is_ascii_alphanumeric() || b"_$.[]\"'".contains(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn end(text: &str) -> Option<&str> {
        at_end(text.as_bytes()).map(|(_, record)| std::str::from_utf8(record).unwrap())
    }

    #[test]
    fn a_record_at_the_end_of_text_is_found() {
        for (text, record) in [
            (r#"request body: {"a":1}"#, r#"{"a":1}"#),
            (r#"user {id} sent { "a": [1, {"b":"}"}] }"#, r#"{ "a": [1, {"b":"}"}] }"#),
            (r#"[INFO] [ {"a":"\"]"}, {}]"#, r#"[ {"a":"\"]"}, {}]"#),
            ("cb([{\"a\":1}]);\n", r#"[{"a":1}]"#),
        ] {
            assert_eq!(end(text), Some(record), "{text}");
        }
    }

    #[test]
    fn what_goes_on_or_does_not_close_is_no_record() {
        for text in [
            r#"sent {"a":1} twice"#,
            r#"{"a":1} and {b}"#,
            r#"see {"a":1"#,
            r#"see {"a":"}"#,
            r#"of {"a":1}]"#,
            "f(x) { return [] }",
            "a[1]",
            "}",
            "",
        ] {
            assert_eq!(end(text), None, "{text}");
        }
    }

    #[test]
    fn the_argument_of_a_call_is_found() {
        for (head, before) in [
            (r#"cb({"a":1});"#, "cb("),
            (r#"jQuery1_2.on["x"]([ {"a":1}])"#, r#"jQuery1_2.on["x"]("#),
            (
                r#"/**/ typeof cb === 'function' && cb({"a":1});"#,
                "/**/ typeof cb === 'function' && cb(",
            ),
            (")]}',\n{\"a\":1}", ")]}',"),
            (r#"while(1);[1]"#, "while(1);"),
            (r#"{"a":1}"#, ""),
            (r#"define(["jquery"], function ($) {"#, ""),
            (r#"a, b ({"a":1})"#, ""),
            ("var a = 1;\nf({\"a\":1})", ""),
            (r#"(function () { f({"a":1}) })"#, ""),
            ("Ann (see below)", ""),
            (r#"Ann Roe said f({"a":1})"#, ""),
        ] {
            assert_eq!(before_argument(head.as_bytes()), before.len(), "{head}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in "[\\[{(\" \\\\a:1,)}\\];]{0,60}") {
            if let Some(record) = end(&text) {
                prop_assert!(text.contains(record));
            }
            prop_assert!(before_argument(text.as_bytes()) <= text.len());
        }
    }
}
