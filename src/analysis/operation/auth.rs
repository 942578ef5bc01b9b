//! How a request proves who sends it, as far as its head shows.

use crate::inventory::AuthScheme;
use crate::model::{Header, HeaderName};

/// A small set of schemes: a request may carry a cookie and a bearer token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthSchemes(u16);

impl AuthSchemes {
    /// Adds `scheme`.
    pub fn insert(&mut self, scheme: AuthScheme) {
        self.0 |= 1 << scheme as u16;
    }

    /// Whether nothing that looks like a credential was seen.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The schemes in order; [`AuthScheme::None`] where there is none.
    pub fn iter(self) -> impl Iterator<Item = AuthScheme> {
        let none = self.is_empty().then_some(AuthScheme::None);
        let some = AuthScheme::ALL.into_iter().filter(move |s| self.0 >> *s as u16 & 1 == 1);
        none.into_iter().chain(some)
    }
}

/// Adds what one header field says.
pub fn from_header(header: &Header<'_>, schemes: &mut AuthSchemes) {
    match header.known {
        HeaderName::Authorization | HeaderName::ProxyAuthorization => {
            if let Some(scheme) = authorization(header.value) {
                schemes.insert(scheme);
            }
        }
        HeaderName::Cookie if has_session_cookie(header.value) => {
            schemes.insert(AuthScheme::Cookie);
        }
        HeaderName::Other if is_key_header(header.name) && !header.value.is_empty() => {
            schemes.insert(AuthScheme::ApiKeyHeader);
        }
        _ => {}
    }
}

/// The scheme of an `Authorization` value (RFC 9110 section 11.4).
fn authorization(value: &[u8]) -> Option<AuthScheme> {
    let end = value.iter().position(|b| *b == b' ').unwrap_or(value.len());
    let (scheme, credentials) = value.split_at(end);
    if scheme.is_empty() {
        return None;
    }
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    Some(if is(b"bearer") {
        if looks_like_jwt(credentials.trim_ascii()) {
            AuthScheme::BearerJwt
        } else {
            AuthScheme::Bearer
        }
    } else if is(b"basic") {
        AuthScheme::Basic
    } else if is(b"digest") {
        AuthScheme::Digest
    } else if is(b"negotiate") || is(b"ntlm") {
        AuthScheme::Negotiate
    } else if is(b"apikey") || is(b"api-key") {
        AuthScheme::ApiKeyHeader
    } else {
        AuthScheme::Other
    })
}

/// Three base64url parts of which the first begins a JSON object (RFC 7519): `eyJ` is `{"`.
fn looks_like_jwt(token: &[u8]) -> bool {
    token.starts_with(b"eyJ") && token.iter().filter(|b| **b == b'.').count() == 2
}

/// Header names that carry API keys. `X-Auth-Token` and the vendors' names behave alike.
fn is_key_header(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"x-api-key",
        b"api-key",
        b"apikey",
        b"x-apikey",
        b"x-auth-token",
        b"x-access-token",
        b"x-functions-key",
        b"ocp-apim-subscription-key",
        b"x-goog-api-key",
        b"x-amz-security-token",
    ];
    NAMES.iter().any(|n| name.eq_ignore_ascii_case(n))
}

/// Whether a `Cookie` value holds what servers use to know a session again. Preferences
/// (`theme=dark`) prove nothing.
fn has_session_cookie(value: &[u8]) -> bool {
    value.split(|b| *b == b';').any(|pair| {
        let name = pair.split(|b| *b == b'=').next().unwrap_or_default().trim_ascii();
        const PARTS: [&[u8]; 7] = [b"sess", b"sid", b"auth", b"token", b"jwt", b"login", b"sso"];
        PARTS.iter().any(|part| contains_ignore_case(name, part))
    })
}

fn contains_ignore_case(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(fields: &[(&str, &str)]) -> Vec<&'static str> {
        let mut out = AuthSchemes::default();
        for (name, value) in fields {
            from_header(&Header::new(name.as_bytes(), value.as_bytes()), &mut out);
        }
        out.iter().map(AuthScheme::name).collect()
    }

    #[test]
    fn a_request_without_credentials_has_the_scheme_none() {
        assert_eq!(schemes(&[("Accept", "*/*"), ("Cookie", "theme=dark")]), ["none"]);
    }

    #[test]
    fn schemes_are_told_apart() {
        assert_eq!(schemes(&[("Authorization", "Bearer abc")]), ["bearer"]);
        assert_eq!(schemes(&[("authorization", "bearer eyJhbGciOiJub25lIn0.e30.")]), ["jwt"]);
        assert_eq!(schemes(&[("Authorization", "Basic dTpw")]), ["basic"]);
        assert_eq!(schemes(&[("X-API-Key", "k")]), ["api-key-header"]);
        assert_eq!(schemes(&[("Cookie", "JSESSIONID=1; a=b")]), ["cookie"]);
        assert_eq!(schemes(&[("Authorization", "AWS4-HMAC-SHA256 x")]), ["other"]);
    }

    #[test]
    fn two_credentials_count_for_both() {
        let both = schemes(&[("Authorization", "Basic dTpw"), ("Cookie", "sid=1")]);
        assert_eq!(both, ["basic", "cookie"]);
    }
}
