//! How a request proves who sends it, as far as its head shows.

use crate::inventory::AuthScheme;
use crate::model::{Header, HeaderName};

/// A small set of schemes: a request may carry a cookie and a bearer token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthSchemes(u32);

/// A proxy says that a client's certificate does not hold, or that there is none.
const UNVERIFIED: u32 = 1 << 31;

impl AuthSchemes {
    /// Adds `scheme`.
    pub fn insert(&mut self, scheme: AuthScheme) {
        self.0 |= 1 << scheme as u32;
    }

    /// Adds those of `other`.
    pub fn merge(&mut self, other: AuthSchemes) {
        self.0 |= other.0;
    }

    /// Whether `scheme` is among them.
    pub fn contains(self, scheme: AuthScheme) -> bool {
        let refused = scheme == AuthScheme::ClientCert && self.0 & UNVERIFIED != 0;
        self.0 >> scheme as u32 & 1 == 1 && !refused
    }

    /// Whether nothing that looks like a credential for the service was seen.
    pub fn is_empty(self) -> bool {
        let mut all = AuthScheme::ALL.into_iter();
        !all.any(|scheme| scheme != AuthScheme::Proxy && self.contains(scheme))
    }

    /// The schemes in order; [`AuthScheme::None`] where there is none.
    pub fn iter(self) -> impl Iterator<Item = AuthScheme> {
        let none = self.is_empty().then_some(AuthScheme::None);
        let some = AuthScheme::ALL.into_iter().filter(move |s| self.contains(*s));
        none.into_iter().chain(some)
    }
}

/// Adds what one header field says.
pub fn from_header(header: &Header<'_>, schemes: &mut AuthSchemes) {
    match header.known {
        HeaderName::ProxyAuthorization => {
            // Digest and Negotiate answer a challenge, a signature is of this request: whoever
            // reads them cannot use them again.
            use AuthScheme::{Digest, Negotiate, Signed};
            let seen = authorization(header.value);
            if seen.is_some_and(|seen| ![Digest, Negotiate, Signed].contains(&seen)) {
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
        HeaderName::Other if is_key_header(header.name) && !is_nothing(header.value) => {
            schemes.insert(AuthScheme::ApiKeyHeader);
        }
        HeaderName::Other if header.name.eq_ignore_ascii_case(b"sec-websocket-protocol") => {
            if let Some(scheme) = by_subprotocol(header.value) {
                schemes.insert(scheme);
            }
        }
        HeaderName::Other if has_certificate(header) => schemes.insert(AuthScheme::ClientCert),
        HeaderName::Other if is_one_of(header.name, &VERIFIED) => {
            if header.value.eq_ignore_ascii_case(b"success") {
                schemes.insert(AuthScheme::ClientCert);
            } else if refuses(header.value) {
                schemes.0 |= UNVERIFIED;
            }
        }
        HeaderName::Other => {
            if let Some(scheme) = by_value(header) {
                schemes.insert(scheme);
            }
        }
        _ => {}
    }
}

/// Whether a header field of a response gives its client a session: in a cookie, or a token in a
/// field of its own (`X-Auth-Token`, `Authorization`).
pub fn opens_session(header: &Header<'_>) -> bool {
    match header.known {
        HeaderName::SetCookie => sets_session(header.value),
        HeaderName::Authorization => authorization(header.value).is_some_and(is_token),
        HeaderName::Other => {
            let last = header.name.last().map(u8::to_ascii_lowercase);
            // `…-token`, `…-jwt`, `…-session-id`, `x-authorization`: few others end like them.
            last.is_some_and(|last| b"dnt".contains(&last))
                && header.value.len() >= TOKEN_BYTES_MIN
                && (is_key_header(header.name) || by_value(header).is_some_and(is_token))
        }
        _ => false,
    }
}

fn is_token(scheme: AuthScheme) -> bool {
    matches!(scheme, AuthScheme::Bearer | AuthScheme::BearerJwt)
}

/// Whether a `Set-Cookie` value (RFC 6265 section 4.1) is of a session that begins: one that is
/// over has no value, or none of a token's length.
fn sets_session(value: &[u8]) -> bool {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    let pair = value.get(..end).unwrap_or(value);
    let at = memchr::memchr(b'=', pair).map_or(pair.len(), |at| at + 1);
    let given = pair.get(at..).unwrap_or_default().trim_ascii();
    given.len() >= TOKEN_BYTES_MIN && has_session_cookie(pair)
}

/// Names that stand for `Authorization` where that is taken, or by mistake.
const AUTHORIZATIONS: [&[u8]; 5] = [
    b"x-authorization",
    b"authentication",
    b"x-authentication",
    b"x-forwarded-authorization",
    b"x-original-authorization",
];
/// Words of names whose JWT is no credential: it signs this request, or is against forgery.
const PROOFS: [&[u8]; 6] = [b"dpop", b"jws", b"pop", b"proof", b"signature", b"digest"];

/// Names under which proxies pass on a client's certificate, or whose it is: RFC 9440, Envoy,
/// Traefik, nginx and its ingress, HAProxy, load balancers of AWS and Azure.
const CERTIFICATES: [&[u8]; 15] = [
    b"client-cert",
    b"x-client-cert",
    b"x-forwarded-client-cert",
    b"x-forwarded-tls-client-cert",
    b"x-forwarded-tls-client-cert-info",
    b"ssl-client-cert",
    b"x-ssl-client-cert",
    b"ssl-client-subject-dn",
    b"x-ssl-client-dn",
    b"x-ssl-client-s-dn",
    b"x-ssl-client-subject-dn",
    b"x-amzn-mtls-clientcert",
    b"x-amzn-mtls-clientcert-leaf",
    b"x-amzn-mtls-clientcert-subject",
    b"x-arr-clientcert",
];
/// Names under which they say whether it holds, as nginx and Apache do (`SUCCESS`, `NONE`,
/// `FAILED:…`). What HAProxy says there is 0 without a certificate as well.
const VERIFIED: [&[u8]; 3] = [b"ssl-client-verify", b"x-ssl-client-verify", b"x-client-verify"];

fn is_one_of(name: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// Whether it is a certificate, and not what stands there without one.
fn has_certificate(header: &Header<'_>) -> bool {
    is_one_of(header.name, &CERTIFICATES)
        && !is_nothing(header.value)
        && ![&b"-"[..], b"(null)"].contains(&header.value)
}

/// Whether a proxy says that there is no certificate that holds.
fn refuses(verified: &[u8]) -> bool {
    let says = |word: &[u8]| {
        verified.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    says(b"none") || says(b"failed")
}

/// The scheme of a header field that no standard knows, by what stands in it: gateways pass on a
/// JWT under names of their own (`X-Goog-IAP-JWT-Assertion`, `CF-Access-JWT-Assertion`).
fn by_value(header: &Header<'_>) -> Option<AuthScheme> {
    if AUTHORIZATIONS.iter().any(|name| header.name.eq_ignore_ascii_case(name)) {
        return authorization(header.value);
    }
    let scheme = header.value.split_at_checked(b"bearer ".len());
    let value = match scheme {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
        _ => header.value,
    };
    let none =
        |word: &[u8]| NO_KEYS.iter().chain(&PROOFS).any(|other| word.eq_ignore_ascii_case(other));
    (looks_like_jwt(value) && !header.name.split(|b| b"-_.".contains(b)).any(none))
        .then_some(AuthScheme::BearerJwt)
}

/// The scheme of a token that a browser, which can set no other field, offers as a subprotocol of
/// a WebSocket (RFC 6455 section 4.1): `bearer, eyJ…`, `base64url.bearer.authorization.k8s.io.…`.
fn by_subprotocol(value: &[u8]) -> Option<AuthScheme> {
    const KUBERNETES: &[u8] = b"base64url.bearer.authorization.k8s.io.";
    let parts = || value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    if parts().any(looks_like_jwt) {
        return Some(AuthScheme::BearerJwt);
    }
    let bearer = |part: &[u8]| part.starts_with(KUBERNETES) && part.len() > KUBERNETES.len();
    let mut after = parts();
    let scheme = after.any(|part| part.eq_ignore_ascii_case(b"bearer"));
    let token = scheme && after.next().is_some_and(|token| token.len() >= TOKEN_BYTES_MIN);
    (token || parts().any(bearer)).then_some(AuthScheme::Bearer)
}

/// A shorter subprotocol is the name of one.
const TOKEN_BYTES_MIN: usize = 16;

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
    if BARE.iter().any(|name| is(name)) && is_nothing(credentials) {
        return None;
    }
    if is_signature(scheme) {
        return (!credentials.is_empty()).then_some(AuthScheme::Signed);
    }
    // An empty name and an empty password.
    if is(b"basic") && credentials == b"Og==" {
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
const BARE: [&[u8]; 8] =
    [b"bearer", b"basic", b"digest", b"negotiate", b"ntlm", b"apikey", b"api-key", b"token"];

/// What programs write where they have no token.
const NOTHING: [&[u8]; 7] =
    [b"", b"null", b"undefined", b"none", b"nil", b"nan", b"[object object]"];

/// Whether what stands in place of credentials is none.
fn is_nothing(credentials: &[u8]) -> bool {
    let bare = credentials.strip_prefix(b"\"").and_then(|c| c.strip_suffix(b"\""));
    let bare = bare.unwrap_or(credentials);
    NOTHING.iter().any(|nothing| bare.eq_ignore_ascii_case(nothing))
}

/// Whether a scheme signs the request, so that who reads it has no key: the signatures of clouds
/// (`AWS4-HMAC-SHA256`, `GOOG4-RSA-SHA256`, `TC3-HMAC-SHA256`), `DPoP` (RFC 9449), Hawk, and HTTP
/// signatures.
fn is_signature(scheme: &[u8]) -> bool {
    const SIGNATURES: [&[u8]; 4] = [b"dpop", b"hawk", b"signature", b"hmac"];
    SIGNATURES.iter().any(|name| scheme.eq_ignore_ascii_case(name))
        || contains_ignore_case(scheme, b"-hmac-sha")
        || contains_ignore_case(scheme, b"-rsa-sha")
        || contains_ignore_case(scheme, b"-ecdsa-")
}

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
pub fn is_key_header(name: &[u8]) -> bool {
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
        let value = halves.next().unwrap_or_default().trim_ascii();
        !is_nothing(value) && !is_switch(name, value) && is_session_cookie(name)
    })
}

/// Whether a value says yes, no or which of a few (`authUser=0`, `loggedIn=true`): whose session
/// it is, nobody can tell from that.
fn is_switch(name: &[u8], value: &[u8]) -> bool {
    const SWITCHES: [&[u8]; 6] = [b"true", b"false", b"yes", b"no", b"on", b"off"];
    let user = |part: &&[u8]| contains_ignore_case(name, part);
    SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch))
        || ([&b"authuser"[..], b"auth_user"].iter().any(user)
            && value.len() <= 2
            && value.iter().all(u8::is_ascii_digit))
}

/// Whether a cookie of this name is one by which servers know a session again.
pub fn is_session_cookie(name: &[u8]) -> bool {
    // Anywhere in a name, and at its end alone: `sid` is in `sidebar`.
    const PARTS: [&[u8]; 12] = [
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
        b"aspnetcore.cookies",
        b"aspnet.applicationcookie",
    ];
    const ENDINGS: [&[u8]; 3] = [b"sid", b"sso", b"castgc"];
    // Of tools that count visits, of preferences, and what says of a session only when it ends.
    const OTHERS: [&[u8]; 16] = [
        b"csrf",
        b"xsrf",
        b"forgery",
        b"verification",
        b"timeout",
        b"expire",
        b"expiry",
        b"consent",
        b"lang",
        b"locale",
        b"theme",
        b"optimizely",
        b"_hjsession",
        b"last_session",
        b"lastsession",
        b"last_login",
    ];
    const VISITS: [&[u8]; 2] = [b"ai_", b"_ga_"];
    let has = |part: &&[u8]| contains_ignore_case(name, part);
    let ends = |part: &&[u8]| {
        let at = name.len().checked_sub(part.len());
        at.and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(part))
    };
    (PARTS.iter().any(has) || ENDINGS.iter().any(ends))
        && !VISITS.iter().any(|visits| name.starts_with(visits))
        && !OTHERS.iter().any(has)
        && (!has(&&b"author"[..]) || has(&&b"authori"[..]))
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
        assert_eq!(schemes(&[("Authorization", "AWS4-HMAC-SHA256 x")]), ["signed"]);
    }

    #[test]
    fn a_scheme_without_credentials_proves_nothing() {
        for value in ["Bearer ", "Bearer", "Basic", "basic  ", "Digest", "Negotiate", "ApiKey "] {
            assert_eq!(schemes(&[("Authorization", value)]), ["none"], "{value}");
        }
        assert_eq!(schemes(&[("Authorization", "8Hq2vN5xW0aZ7kLp3TqR")]), ["other"]);
    }

    #[test]
    fn what_programs_write_without_a_token_is_no_credential() {
        for value in [
            "Bearer null",
            "Bearer undefined",
            "bearer NULL",
            "Bearer \"\"",
            "Bearer [object Object]",
            "Basic Og==",
            "Token null",
        ] {
            assert_eq!(schemes(&[("Authorization", value)]), ["none"], "{value}");
        }
        assert_eq!(schemes(&[("X-Auth-Token", "undefined")]), ["none"]);
        assert_eq!(schemes(&[("Authorization", "Bearer nullified")]), ["bearer"]);
        assert_eq!(schemes(&[("Authorization", "Basic Ong=")]), ["basic"]);
    }

    #[test]
    fn signatures_of_requests_are_told_from_what_can_be_used_again() {
        for value in [
            "AWS4-HMAC-SHA256 Credential=AKIA/20240101/eu-west-1/s3/aws4_request, Signature=ab",
            "AWS4-ECDSA-P256-SHA256 Credential=AKIA, Signature=ab",
            "GOOG4-RSA-SHA256 Credential=a, Signature=ab",
            "DPoP Kz~8mXK1EalYznwH-LC-1fBAo",
            "Hawk id=\"d\", mac=\"m\"",
        ] {
            assert_eq!(schemes(&[("Authorization", value)]), ["signed"], "{value}");
            assert_eq!(schemes(&[("Proxy-Authorization", value)]), ["none"], "{value}");
        }
        assert_eq!(schemes(&[("Authorization", "DPoP")]), ["none"]);
    }

    #[test]
    fn a_certificate_of_the_client_that_a_proxy_tells_of_is_a_credential() {
        for field in [
            ("X-Forwarded-Client-Cert", "By=spiffe://a;Hash=46;Subject=\"CN=gateway\""),
            ("Client-Cert", ":MIIBqDCCAU6gAwIBAgI=:"),
            ("X-Forwarded-Tls-Client-Cert", "MIIBqDCCAU6gAwIBAgI"),
            ("X-Client-Cert", "-----BEGIN%20CERTIFICATE-----"),
            ("ssl-client-cert", "-----BEGIN%20CERTIFICATE-----"),
            ("X-SSL-Client-S-DN", "CN=gateway,O=Clinic"),
            ("X-SSL-Client-Verify", "SUCCESS"),
        ] {
            assert_eq!(schemes(&[field]), ["client-cert"], "{field:?}");
            let refused = ("X-SSL-Client-Verify", "FAILED:self signed certificate");
            if field.1 != "SUCCESS" {
                assert_eq!(schemes(&[field, refused]), ["none"], "{field:?}");
                assert_eq!(schemes(&[refused, field]), ["none"], "{field:?}");
            }
        }
        for field in [
            ("X-SSL-Client-Verify", "NONE"),
            ("X-SSL-Client-Verify", "0"),
            ("X-SSL-Client-S-DN", ""),
            ("X-SSL-Client-S-DN", "(null)"),
            ("ssl-client-cert", "-"),
            ("X-SSL-Client-Cipher", "ECDHE-RSA-AES256-GCM-SHA384"),
        ] {
            assert_eq!(schemes(&[field]), ["none"], "{field:?}");
        }
        let beside = [("X-SSL-Client-Verify", "NONE"), ("Authorization", "Bearer abc")];
        assert_eq!(schemes(&beside), ["bearer"]);
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
    fn a_token_offered_as_a_subprotocol_is_a_credential() {
        let jwt = "eyJhbGciOiJub25lIn0.e30.c2ln";
        for (value, scheme) in [
            (format!("bearer, {jwt}"), "jwt"),
            (jwt.to_owned(), "jwt"),
            ("Bearer, 8Hq2vN5xW0aZ7kLp3TqR".to_owned(), "bearer"),
            ("v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.ZQ".to_owned(), "bearer"),
            ("graphql-ws, graphql-transport-ws".to_owned(), "none"),
            ("bearer".to_owned(), "none"),
        ] {
            assert_eq!(schemes(&[("Sec-WebSocket-Protocol", &value)]), [scheme], "{value}");
        }
    }

    #[test]
    fn a_session_that_a_response_opens_is_told_by_its_cookie_or_its_token() {
        let opens = |name: &str, value: &str| {
            opens_session(&Header::new(name.as_bytes(), value.as_bytes()))
        };
        for (name, value) in [
            ("Set-Cookie", "JSESSIONID=4F1C0A9D7E2B4C6F8A0B; Path=/; HttpOnly"),
            ("Set-Cookie", "sessionid=q8wz3n5c7v1b9m2x4k6j0h8g; expires=Tue; SameSite=Lax"),
            ("Authorization", "Bearer 8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Auth-Token", "8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Subject-Token", "8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Authorization", "Bearer 8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Session-Id", "8Hq2vN5xW0aZ7kLp3TqR"),
        ] {
            assert!(opens(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("Set-Cookie", "JSESSIONID=deleted; Max-Age=0"),
            ("Set-Cookie", "sessionid=; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            ("Set-Cookie", "csrftoken=q8wz3n5c7v1b9m2x4k6j0h8g"),
            ("Set-Cookie", "theme=the-dark-one-of-autumn"),
            ("Authorization", "Basic dXNlcjpwYXNzd29yZA=="),
            ("X-CSRF-Token", "8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Request-Id", "8Hq2vN5xW0aZ7kLp3TqR"),
            ("X-Auth-Token", ""),
            ("Content-Type", "application/fhir+json"),
        ] {
            assert!(!opens(name, value), "{name}: {value}");
        }
    }

    #[test]
    fn a_jwt_in_any_header_is_a_credential() {
        let jwt = "eyJhbGciOiJub25lIn0.e30.c2ln";
        for name in [
            "X-Goog-IAP-JWT-Assertion",
            "CF-Access-JWT-Assertion",
            "X-Amzn-Oidc-Data",
            "X-JWT-Assertion",
            "X-Acme-Identity",
            "X-Authorization",
            "Authentication",
        ] {
            assert_eq!(schemes(&[(name, jwt)]), ["jwt"], "{name}");
            assert_eq!(schemes(&[(name, &format!("Bearer {jwt}"))]), ["jwt"], "{name}");
        }
        for name in ["DPoP", "X-JWS-Signature", "X-CSRF-State", "X-Idempotency"] {
            assert_eq!(schemes(&[(name, jwt)]), ["none"], "{name}");
        }
        assert_eq!(schemes(&[("X-Acme-Identity", "eyJhbGciOiJub25lIn0")]), ["none"]);
        assert_eq!(schemes(&[("X-Acme-Identity", "Bearer of news")]), ["none"]);
    }

    #[test]
    fn what_stands_in_for_authorization_is_read_as_that_is() {
        assert_eq!(schemes(&[("X-Authorization", "Bearer abc")]), ["bearer"]);
        assert_eq!(schemes(&[("Authentication", "Bearer abc")]), ["bearer"]);
        assert_eq!(schemes(&[("X-Forwarded-Authorization", "Basic dTpw")]), ["basic"]);
        assert_eq!(schemes(&[("X-Authorization", "Bearer null")]), ["none"]);
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
            ".AspNetCore.Cookies=CfDJ8",
            ".AspNet.ApplicationCookie=x1",
            "JSESSIONID=1",
            "laravel_session=ey",
            "_session_id=1",
            "__Host-app-session=1",
            "sessionid=1",
            "AWSALBAuthNonce=1",
            "AWSELBAuthSessionCookie-0=1",
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
            "ai_session=abc|1700000000|1700000001",
            "ai_user=abc|2024",
            "_ga_session=1",
            "sessionTimeout=30",
            "session_expires=1700000000",
            "optimizelySession=1",
            "last_session=2024-01-01",
            "authUser=0",
            "loggedIn=false; session=null",
            "session_language=de; authConsent=yes",
            "OptanonConsent=isGpcEnabled=0; CookieConsent=true",
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
