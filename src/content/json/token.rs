//! Telling what a token or a text is by its bytes.

use crate::model::ValueKind;

use super::bytes::{is_blank, skip_blank};

/// Numbers as written are shorter than this; longer bare tokens are text.
const NUMBER_BYTES_MAX: usize = 64;

/// The kind of a token without quotes, where it is one of JSON.
pub(super) fn kind_of(token: &[u8]) -> Option<ValueKind> {
    match token {
        b"true" | b"false" => Some(ValueKind::Boolean),
        b"null" => Some(ValueKind::Null),
        [b'-' | b'0'..=b'9', rest @ ..] if token.len() <= NUMBER_BYTES_MAX => rest
            .iter()
            .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
            .then_some(ValueKind::Number),
        _ => None,
    }
}

/// Whether a whole string is worth walking as JSON: an object or array from end to end, as far
/// as its first and last bytes tell.
pub(in crate::content) fn looks_like_json(bytes: &[u8]) -> bool {
    let last = bytes.iter().rfind(|b| !is_blank(**b));
    let first = bytes.iter().find(|b| !is_blank(**b));
    matches!((first, last), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
        && begins_like_json(bytes)
}

/// Whether `bytes` begin like an object or array of JSON.
pub(in crate::content) fn begins_like_json(bytes: &[u8]) -> bool {
    let from = skip_blank(bytes, 0);
    let Some(open) = bytes.get(from) else { return false };
    let rest = bytes.get(skip_blank(bytes, from + 1)..).unwrap_or_default();
    match (open, rest) {
        (b'{', [b'"' | b'}', ..]) => true,
        (b'[', [b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9', ..]) => true,
        (b'[', rest) => [&b"true"[..], b"false", b"null"].iter().any(|l| rest.starts_with(l)),
        _ => false,
    }
}
