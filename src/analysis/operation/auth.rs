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

    /// Whether nothing that looks like a credential for the service was seen.
    pub fn is_empty(self) -> bool {
        self.0 & !(1 << AuthScheme::Proxy as u16) == 0
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
        HeaderName::ProxyAuthorization => {
            // Digest and Negotiate answer a challenge: whoever reads them cannot use them again.
            let once = [None, Some(AuthScheme::Digest), Some(AuthScheme::Negotiate)];
            if !once.contains(&authorization(header.value)) {
                schemes.insert(AuthScheme::Proxy);
            }
        }
        HeaderName::Authorization => {
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
    let credentials = credentials.trim_ascii();
    if scheme.is_empty() {
        return None;
    }
    if credentials.is_empty() && looks_like_jwt(scheme) {
        return Some(AuthScheme::BearerJwt);
    }
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    if credentials.is_empty() && BARE.iter().any(|name| is(name)) {
        return None;
    }
    Some(if is(b"bearer") {
        if looks_like_jwt(credentials) { AuthScheme::BearerJwt } else { AuthScheme::Bearer }
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

/// Schemes whose name with nothing behind it proves nothing; a key may stand by itself.
const BARE: [&[u8]; 7] =
    [b"bearer", b"basic", b"digest", b"negotiate", b"ntlm", b"apikey", b"api-key"];

/// Three base64url parts of which the first begins a JSON object (RFC 7519): `eyJ` is `{"`.
fn looks_like_jwt(token: &[u8]) -> bool {
    token.starts_with(b"eyJ") && memchr::memchr_iter(b'.', token).count() == 2
}

/// Header names that carry API keys, where none of their words says it: vendors' names.
const KEY_HEADERS: [&[u8]; 6] = [
    b"apikey",
    b"x-apikey",
    b"x-functions-key",
    b"x-authtoken",
    b"x-sessionid",
    b"ocp-apim-subscription-key",
];
/// What the last words of such names are.
const KEY_ENDINGS: [&[&[u8]]; 9] = [
    &[b"token"],
    &[b"jwt"],
    &[b"api", b"key"],
    &[b"access", b"key"],
    &[b"auth", b"key"],
    &[b"client", b"secret"],
    &[b"session", b"id"],
    &[b"session", b"key"],
    &[b"session"],
];
/// Words of tokens that prove nothing: against forgery of requests, for pages and retries, of
/// devices that are called.
const NO_KEYS: [&[u8]; 14] = [
    b"antiforgery",
    b"cancellation",
    b"continuation",
    b"csrf",
    b"csrftoken",
    b"device",
    b"idempotency",
    b"next",
    b"page",
    b"push",
    b"requestverificationtoken",
    b"sync",
    b"verification",
    b"xsrf",
];

/// Whether the words of a header's name are those of an API key or of the token of a session:
/// `X-Session-Token`, `Private-Token`, `X-Vault-Token`.
fn is_key_header(name: &[u8]) -> bool {
    // No name below ends with another letter: most headers are done with here.
    if !name.last().is_some_and(|last| b"dnty".contains(&last.to_ascii_lowercase())) {
        return false;
    }
    if KEY_HEADERS.iter().any(|n| name.eq_ignore_ascii_case(n)) {
        return true;
    }
    let is = |word: &[u8], other: &[u8]| word.eq_ignore_ascii_case(other);
    let separator = |b: &u8| matches!(b, b'-' | b'_' | b'.');
    let words = || name.rsplit(separator);
    let ends = |ending: &[&[u8]]| {
        let mut words = words();
        ending.iter().rev().all(|word| words.next().is_some_and(|mine| is(mine, word)))
    };
    KEY_ENDINGS.iter().any(|ending| ends(ending))
        && !words().any(|word| NO_KEYS.iter().any(|no| is(word, no)))
}

/// Whether a `Cookie` value holds what servers use to know a session again. Preferences
/// (`theme=dark`), marks of visitors and tokens against forgery prove nothing.
fn has_session_cookie(value: &[u8]) -> bool {
    value.split(|b| *b == b';').any(|pair| {
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let name = halves.next().unwrap_or_default().trim_ascii();
        let filled = halves.next().is_some_and(|value| !value.trim_ascii().is_empty());
        filled && is_session_name(name)
    })
}

fn is_session_name(name: &[u8]) -> bool {
    // Anywhere in a name, and at its end alone: `sid` is in `sidebar`.
    const PARTS: [&[u8]; 10] = [
        b"sess",
        b"auth",
        b"token",
        b"jwt",
        b"login",
        b"logged_in",
        b"identity",
        b"ticket",
        b"remember",
        b"saml",
    ];
    const ENDINGS: [&[u8]; 3] = [b"sid", b"sso", b"castgc"];
    const OTHERS: [&[u8]; 5] = [b"csrf", b"xsrf", b"forgery", b"verification", b"author"];
    let has = |part: &&[u8]| contains_ignore_case(name, part);
    let ends = |part: &&[u8]| {
        let at = name.len().checked_sub(part.len());
        at.and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(part))
    };
    (PARTS.iter().any(has) || ENDINGS.iter().any(ends))
        && (!OTHERS.iter().any(has) || contains_ignore_case(name, b"authori"))
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
        assert_eq!(schemes(&[("Authorization", "eyJhbGciOiJub25lIn0.e30.")]), ["jwt"]);
        assert_eq!(schemes(&[("Authorization", "eyJhbGciOiJub25lIn0")]), ["other"]);
        assert_eq!(schemes(&[("Authorization", "Basic dTpw")]), ["basic"]);
        assert_eq!(schemes(&[("X-API-Key", "k")]), ["api-key-header"]);
        assert_eq!(schemes(&[("Cookie", "JSESSIONID=1; a=b")]), ["cookie"]);
        assert_eq!(schemes(&[("Authorization", "AWS4-HMAC-SHA256 x")]), ["other"]);
    }

    #[test]
    fn a_scheme_without_credentials_proves_nothing() {
        for value in ["Bearer ", "Bearer", "Basic", "basic  ", "Digest", "Negotiate", "ApiKey "] {
            assert_eq!(schemes(&[("Authorization", value)]), ["none"], "{value}");
        }
        assert_eq!(schemes(&[("Authorization", "8Hq2vN5xW0aZ7kLp3TqR")]), ["other"]);
    }

    #[test]
    fn what_a_proxy_is_shown_proves_nothing_to_the_service() {
        assert_eq!(schemes(&[("Proxy-Authorization", "Basic dTpw")]), ["none", "proxy"]);
        let both = [("Proxy-Authorization", "Basic dTpw"), ("Authorization", "Bearer abc")];
        assert_eq!(schemes(&both), ["bearer", "proxy"]);
        for value in ["Digest username=\"u\"", "Basic", "Negotiate YII="] {
            assert_eq!(schemes(&[("Proxy-Authorization", value)]), ["none"], "{value}");
        }
    }

    #[test]
    fn tokens_of_sessions_in_headers_are_credentials() {
        for name in [
            "X-Session-Token",
            "X-Auth-Token",
            "X-Access-Token",
            "x-id-token",
            "X-Vault-Token",
            "Private-Token",
            "X-Amz-Security-Token",
            "X-Goog-Api-Key",
            "X-Session-Id",
            "X-Client-Secret",
            "X-User-JWT",
            "Session_Token",
        ] {
            assert_eq!(schemes(&[(name, "v")]), ["api-key-header"], "{name}");
            assert_eq!(schemes(&[(name, "")]), ["none"], "{name}");
        }
        for name in [
            "X-CSRF-Token",
            "X-XSRF-TOKEN",
            "RequestVerificationToken",
            "X-Page-Token",
            "X-Next-Token",
            "X-Continuation-Token",
            "X-Device-Token",
            "Idempotency-Key",
            "X-Request-Id",
            "X-Tokenizer",
            "Sec-WebSocket-Key",
            "Surrogate-Key",
        ] {
            assert_eq!(schemes(&[(name, "v")]), ["none"], "{name}");
        }
    }

    #[test]
    fn cookies_of_sessions_are_told_from_others() {
        for cookie in [
            "connect.sid=s%3A1",
            "PHPSESSID=1",
            ".AspNetCore.Identity.Application=C",
            ".ASPXAUTH=1",
            "__Secure-next-auth.session-token=1",
            "KEYCLOAK_IDENTITY=1",
            "CASTGC=1",
            "wordpress_logged_in_ab=1",
            "remember_me=1",
            "authorization=1",
            "lang=en; SID=1",
        ] {
            assert_eq!(schemes(&[("Cookie", cookie)]), ["cookie"], "{cookie}");
        }
        for cookie in [
            "csrftoken=1",
            "XSRF-TOKEN=1",
            "sidebar=open",
            "author=ada",
            "_ga=GA1.2",
            "session=",
            "side=left; residence=gb",
        ] {
            assert_eq!(schemes(&[("Cookie", cookie)]), ["none"], "{cookie}");
        }
    }

    #[test]
    fn two_credentials_count_for_both() {
        let both = schemes(&[("Authorization", "Basic dTpw"), ("Cookie", "sid=1")]);
        assert_eq!(both, ["basic", "cookie"]);
    }
}
