//! JSON Web Tokens in compact form (RFC 7515 section 3.1, RFC 7519).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Header bytes that are decoded: enough for `alg` wherever real issuers put it.
const HEADER_MAX: usize = 2048;

/// Whether `value` has three (JWS) or five (JWE) base64url parts and a header that is a JSON
/// object naming an algorithm.
pub(super) fn jwt(value: &[u8]) -> bool {
    let mut parts = value.split(|b| *b == b'.');
    let Some(header) = parts.next() else { return false };
    let mut dots = 0;
    for part in parts {
        dots += 1;
        if !part.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return false;
        }
    }
    if !matches!(dots, 2 | 4) || header.len() > HEADER_MAX {
        return false;
    }
    let Ok(header) = URL_SAFE_NO_PAD.decode(header) else { return false };
    matches!(
        serde_json::from_slice::<serde_json::Value>(&header),
        Ok(serde_json::Value::Object(object)) if object.contains_key("alg")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_to_name_an_algorithm() {
        let token = |header: &str| format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header));
        assert!(jwt(token(r#"{"alg":"HS256","typ":"JWT"}"#).as_bytes()));
        assert!(!jwt(token(r#"{"typ":"JWT"}"#).as_bytes()));
        assert!(!jwt(token("{").as_bytes()));
        assert!(!jwt(b"eyJhbGciOiJIUzI1NiJ9.e30"));
        assert!(!jwt(b"eyJhbGciOiJIUzI1NiJ9.e30.c2 ln"));
    }
}
