//! The request target and the authority of an HTTP request (RFC 9112 section 3.2).

use std::net::SocketAddr;

/// A request target taken apart, still percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The authority of an absolute-form or authority-form target.
    pub authority: Option<&'a [u8]>,
    /// The path; `*` in asterisk form, empty in authority form.
    pub path: &'a [u8],
    /// What follows `?`, without a fragment.
    pub query: Option<&'a [u8]>,
    /// Whether the target said `https`.
    pub secure: bool,
}

impl<'a> Target<'a> {
    /// Takes `target` of a request with `method` apart. Never fails: what is no target is a path.
    pub fn parse(method: &[u8], target: &'a [u8]) -> Self {
        if method == b"CONNECT" {
            return Target { authority: Some(target), path: b"", query: None, secure: false };
        }
        let (authority, rest, secure) = split_scheme(target);
        let end = memchr::memchr(b'#', rest).unwrap_or(rest.len());
        let rest = rest.get(..end).unwrap_or(rest);
        let (path, query) = match memchr::memchr(b'?', rest) {
            Some(at) => (rest.get(..at).unwrap_or(rest), rest.get(at + 1..)),
            None => (rest, None),
        };
        let path = if path.is_empty() && authority.is_some() { b"/" } else { path };
        Target { authority, path, query, secure }
    }
}

/// `http://host/path` → (`host`, `/path`).
fn split_scheme(target: &[u8]) -> (Option<&[u8]>, &[u8], bool) {
    let strip = |scheme: &[u8]| {
        let (head, rest) = target.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let (rest, secure) = match (strip(b"http://"), strip(b"https://")) {
        (Some(rest), _) => (rest, false),
        (_, Some(rest)) => (rest, true),
        _ => return (None, target, false),
    };
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (Some(authority), path, secure)
}

/// What an authority is as the name of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A host name, lower-case, its port kept unless it is the scheme's default.
    Name(String),
    /// An IP literal, nothing, or no host name at all: the server's `ip:port` is the name.
    Address,
}

/// The service that `authority` names. User information is cut off and never kept.
pub fn authority(text: &[u8], secure: bool) -> Authority {
    let host = match memchr::memrchr(b'@', text) {
        Some(at) => text.get(at + 1..).unwrap_or_default(),
        None => text,
    };
    let host = host.trim_ascii();
    if host.is_empty() || host.len() > 255 || host.starts_with(b"[") {
        return Authority::Address;
    }
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if !host.iter().all(allowed) {
        return Authority::Address;
    }
    let (name, port) = match memchr::memchr(b':', host) {
        Some(at) => (host.get(..at).unwrap_or_default(), host.get(at + 1..).unwrap_or_default()),
        None => (host, &b""[..]),
    };
    let name = name.strip_suffix(b".").unwrap_or(name);
    let numeric = name.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let number = std::str::from_utf8(port).ok().and_then(|port| port.parse::<u16>().ok());
    let digits = port.iter().all(u8::is_ascii_digit);
    let possible = port.is_empty() || (digits && number.is_some_and(|number| number > 0));
    if name.is_empty() || numeric || !possible {
        return Authority::Address;
    }
    let mut out = String::from_utf8_lossy(name).to_ascii_lowercase();
    let default: &[u8] = if secure { b"443" } else { b"80" };
    if !port.is_empty() && port != default {
        out.push(':');
        out.push_str(&String::from_utf8_lossy(port));
    }
    Authority::Name(out)
}

/// The name of a service that is only known by its address.
pub fn address_name(server: SocketAddr) -> String {
    crate::base::address_text(server)
}

/// What stands before the host in an authority (RFC 3986 section 3.2.1).
pub fn userinfo(authority: &[u8]) -> Option<&[u8]> {
    authority.get(..memchr::memrchr(b'@', authority)?)
}

/// Whether user information holds a password: `user:password`.
pub fn has_password(userinfo: &[u8]) -> bool {
    memchr::memchr(b':', userinfo).is_some_and(|at| at + 1 < userinfo.len())
}

/// What methods that are not registered are called.
const OTHER: &str = "OTHER";

/// Source: IANA HTTP Method Registry, the methods APIs use, and those of UPnP; the most used first.
const METHODS: [&str; 24] = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "REPORT",
    "QUERY",
    "PURGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
];

/// One of the methods that are registered, so that traffic cannot fill the inventory with made-up
/// ones; anything else is `OTHER`.
pub fn method_name(method: &[u8]) -> &'static str {
    METHODS.iter().find(|name| name.as_bytes() == method).unwrap_or(&OTHER)
}

/// What a word is that stands where a method does, if the beginning of the head may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutMethod {
    /// One whole method, or none that is known.
    Whole,
    /// The end of this one and no other.
    Of(&'static str),
    /// The end of several.
    Any,
}

/// Whether `word` is what is left of a method whose first bytes were lost: `OST`.
pub fn cut_method(word: &[u8]) -> CutMethod {
    if method_name(word) != OTHER {
        return CutMethod::Whole;
    }
    let mut of = METHODS.iter().filter(|method| method.as_bytes().ends_with(word));
    match (of.next(), of.next()) {
        (None, _) => CutMethod::Whole,
        (Some(method), None) => CutMethod::Of(method),
        (Some(_), Some(_)) => CutMethod::Any,
    }
}

/// Whether the body of a 206 response is less than the whole, by its `Content-Range` (RFC 9110
/// section 14.4): `bytes 0-99/100` is all there is. Without one (`multipart/byteranges`), or where
/// the length is not told, it is taken for a part.
pub fn is_part(content_range: Option<&[u8]>) -> bool {
    let whole = || {
        let range = std::str::from_utf8(content_range?).ok()?.trim();
        let (unit, range) = range.split_once(' ')?;
        let (bounds, length) = range.trim().split_once('/')?;
        let (first, last) = bounds.split_once('-')?;
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        let ends = last.checked_add(1) == length.parse().ok();
        Some(unit.eq_ignore_ascii_case("bytes") && first == 0 && ends)
    };
    !whole().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_method_is_the_one_it_ends() {
        for (word, cut) in [
            (&b"GET"[..], CutMethod::Whole),
            (b"LOCK", CutMethod::Whole),
            (b"BREW", CutMethod::Whole),
            (b"OST", CutMethod::Of("POST")),
            (b"ELETE", CutMethod::Of("DELETE")),
            (b"ET", CutMethod::Of("GET")),
            (b"T", CutMethod::Any),
            (b"CH", CutMethod::Any),
        ] {
            assert_eq!(cut_method(word), cut, "{}", word.escape_ascii());
        }
    }

    #[test]
    fn targets_of_every_form_are_taken_apart() {
        let t = Target::parse(b"GET", b"/fhir/Patient?name=x#top");
        assert_eq!((t.path, t.query), (&b"/fhir/Patient"[..], Some(&b"name=x"[..])));
        let t = Target::parse(b"GET", b"http://a.example:8080?x=1");
        assert_eq!(t.authority, Some(&b"a.example:8080"[..]));
        assert_eq!((t.path, t.query), (&b"/"[..], Some(&b"x=1"[..])));
        let t = Target::parse(b"CONNECT", b"a.example:443");
        assert_eq!((t.authority, t.path), (Some(&b"a.example:443"[..]), &b""[..]));
        let t = Target::parse(b"OPTIONS", b"*");
        assert_eq!(t.path, b"*");
    }

    #[test]
    fn user_information_may_hold_a_password() {
        assert_eq!(userinfo(b"alice:s3cret@a.example:80"), Some(&b"alice:s3cret"[..]));
        assert_eq!(userinfo(b"a.example:80"), None);
        assert!(has_password(b"alice:s3cret"));
        assert!(!has_password(b"alice") && !has_password(b"alice:"));
    }

    #[test]
    fn a_service_is_a_lower_case_name_without_default_port() {
        let name = |text: &str| match authority(text.as_bytes(), false) {
            Authority::Name(name) => name,
            Authority::Address => "-".into(),
        };
        assert_eq!(name("FHIR.Example.org:80"), "fhir.example.org");
        assert_eq!(name("fhir.example.org:8080"), "fhir.example.org:8080");
        assert_eq!(name("user:pw@fhir.example.org"), "fhir.example.org");
        for address in
            ["", "10.0.0.1", "10.0.0.1:8080", "[fd77::1]:80", "a b", "x:y", "a/b", "p:65536", "p:0"]
        {
            assert_eq!(name(address), "-", "{address}");
        }
    }

    #[test]
    fn a_range_is_a_part_unless_it_is_all_there_is() {
        assert!(!is_part(Some(b"bytes 0-99/100")));
        for part in ["bytes 1-99/100", "bytes 0-98/100", "bytes 0-99/*", "bytes */100", "x"] {
            assert!(is_part(Some(part.as_bytes())), "{part}");
        }
        assert!(is_part(Some(b"bytes 0-18446744073709551615/0")));
        assert!(is_part(None));
    }
}
