//! Credentials in a query string, by name and value of each parameter.
//!
//! A name such as `access_token` says enough. `key`, `token`, `code`, `sig`, `session` and `ticket`
//! are words of any API (`?code=8867-4` is the commonest search of FHIR): they count only beside
//! their companions (an OAuth redirect, RFC 6749 section 4.1.2; signed URLs of the cloud vendors)
//! or with a value that looks like a secret. So do names that end in such a word
//! (`userPassword`, `invite-token`).

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::content::percent_decode;

/// Parameters that carry a credential whatever their value is: lower-case, without separators.
/// Sorted.
const STRONG: [&str; 40] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "aspnetsessionid",
    "authorization",
    "authtoken",
    "bearer",
    "cftoken",
    "clientsecret",
    "contrasena",
    "hapikey",
    "idtoken",
    "jsessionid",
    "jwt",
    "kennwort",
    "motdepasse",
    "ocpapimsubscriptionkey",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "phpsessid",
    "pwd",
    "refreshtoken",
    "resettoken",
    "samlresponse",
    "secretaccesskey",
    "secretkey",
    "sessionid",
    "sessiontoken",
    "subscriptionkey",
    "wstoken",
    "xamzsecuritytoken",
    "xamzsignature",
    "xapikey",
    "xauthtoken",
    "xfunctionskey",
    "xgoogsignature",
];

/// Parameters that carry one where their companions or their value say so. Sorted.
const WEAK: [&str; 12] = [
    "auth",
    "code",
    "key",
    "pass",
    "pw",
    "secret",
    "session",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
];

/// Last words of names that carry one where their value says so.
const ENDINGS: [&str; 7] = ["passwd", "password", "passwort", "pwd", "secret", "ticket", "token"];
/// Words that say of such a name that it opens nothing: tokens for pages and retries, against
/// forgery of requests, of devices that are called.
const OPEN_NOTHING: [&[u8]; 17] = [
    b"antiforgery",
    b"cancellation",
    b"client",
    b"continuation",
    b"csrf",
    b"cursor",
    b"device",
    b"idempotency",
    b"next",
    b"page",
    b"prev",
    b"previous",
    b"push",
    b"request",
    b"scroll",
    b"sync",
    b"xsrf",
];
/// How keys of vendors begin, and how many characters of a key follow at least.
const VENDORS: [(&[u8], usize); 14] = [
    (b"AIza", 35),
    (b"AKIA", 16),
    (b"ASIA", 16),
    (b"SG.", 40),
    (b"ghp_", 36),
    (b"gho_", 36),
    (b"ghs_", 36),
    (b"github_pat_", 22),
    (b"glpat-", 20),
    (b"rk_live_", 16),
    (b"sk_live_", 16),
    (b"xoxb-", 20),
    (b"xoxp-", 20),
    (b"ya29.", 20),
];
/// How tickets of CAS begin (CAS Protocol 3.0, section 3).
const TICKETS: [&[u8]; 4] = [b"ST-", b"PT-", b"PGT-", b"TGT-"];

/// Parameters of one query that are looked at.
const PARAMETERS_MAX: usize = 256;
/// No name of the lists is longer.
const NAME_BYTES_MAX: usize = 32;
/// A shorter value may be a word, a number or a code.
const SECRET_BYTES_MIN: usize = 16;
/// Bytes of hashes and keys in hexadecimal, however they begin.
const HEXADECIMAL: [usize; 3] = [32, 40, 64];
/// A longer one is a document.
const SECRET_BYTES_MAX: usize = 4096;

/// The parameters of `query` that carry a credential, by their names in the lists above; `path` is
/// that of the same target.
pub fn in_query<'a>(path: &'a [u8], query: &'a [u8]) -> impl Iterator<Item = &'static str> + 'a {
    parameters(query).filter_map(move |(raw, value)| {
        if value.is_empty() {
            return None;
        }
        let other = || by_ending(raw, value).or_else(|| is_jwt(raw, value).then_some(JWT));
        let Some(name) = canonical(raw) else { return other() };
        if let Some(strong) = listed(&STRONG, &name) {
            return Some(strong);
        }
        let Some(weak) = listed(&WEAK, &name) else { return other() };
        (has_companions(weak, path, query) || looks_secret(weak, &decoded(value))).then_some(weak)
    })
}

/// Whether a parameter of this name carries a credential whatever its value is.
pub fn is_credential(name: &[u8]) -> bool {
    canonical(name).is_some_and(|name| listed(&STRONG, &name).is_some())
}

/// What a parameter is called whose value is a JWT.
const JWT: &str = "jwt";

/// Whether a value is a JWT (RFC 7519) that proves something (`assertion`, `client_assertion` of
/// RFC 7523): not one that says where to go on, or what is asked for (RFC 9101).
fn is_jwt(name: &[u8], value: &[u8]) -> bool {
    const OTHERS: [&[u8]; 5] = [b"hint", b"nonce", b"request", b"state", b"entity"];
    let is = |word: &[u8]| OTHERS.iter().chain(&OPEN_NOTHING).any(|o| word.eq_ignore_ascii_case(o));
    value.starts_with(b"eyJ")
        && memchr::memchr_iter(b'.', value).count() == 2
        && (!words(name).any(is) || words(name).any(|w| w.eq_ignore_ascii_case(b"assertion")))
}

/// The last word of a name, where it is one of [`ENDINGS`] and the value looks like a secret:
/// `userPassword`, `user[password]`, `invite-token`.
fn by_ending(name: &[u8], value: &[u8]) -> Option<&'static str> {
    let name = decoded(name);
    // No other letters end one of them: most parameters are done with here.
    let bare = name.strip_suffix(b"]").unwrap_or(&name);
    if !bare.last().is_some_and(|last| b"dnt".contains(&last.to_ascii_lowercase())) {
        return None;
    }
    let is = |word: &[u8], other: &[u8]| word.eq_ignore_ascii_case(other);
    let last = words(bare).last()?;
    let ending = *ENDINGS.iter().find(|ending| is(last, ending.as_bytes()))?;
    if words(bare).any(|word| OPEN_NOTHING.iter().any(|no| is(word, no))) {
        return None;
    }
    looks_secret(ending, &decoded(value)).then_some(ending)
}

/// The words of a name, also in camel case.
fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let rises = |a: &u8, b: &u8| a.is_ascii_lowercase() && b.is_ascii_uppercase();
    let parts = name.split(|b| !b.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.flat_map(move |part| part.chunk_by(move |a, b| !rises(a, b)))
}

/// What follows a word such as `reset` in a path and opens what it names: links of mails.
pub const LINK: &str = "link";

/// Whether a segment of `path` opens something by itself: a random one behind a word for what a
/// link in a mail is sent for (`/password/reset/9f86d081884c7d659a2feaa0c55ad015`).
pub fn has_link(path: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"reset", b"verify", b"confirm", b"activate", b"invite"];
    let mut before: &[u8] = b"";
    path.split(|b| *b == b'/').any(|segment| {
        let is = |word: &&[u8]| {
            // `reset`, `reset-password`, `password_reset`
            before.split(|b| matches!(b, b'-' | b'_')).any(|part| part.eq_ignore_ascii_case(word))
        };
        let opens = WORDS.iter().any(is) && looks_secret("key", &decoded(segment));
        before = segment;
        opens
    })
}

/// The credentials in the parameters of segments (`/a;jsessionid=…`, RFC 3986 section 3.3), by
/// their names in the list of those that are credentials whatever their value is, and the token of
/// a bot in a segment of its own (`/bot123456:AAH…/getMe`).
pub fn in_path(path: &[u8]) -> impl Iterator<Item = &'static str> + '_ {
    let matrix = memchr::memchr(b';', path).and_then(|at| path.get(at + 1..)).unwrap_or_default();
    let pairs = matrix.split(|b| matches!(b, b';' | b'/')).take(PARAMETERS_MAX);
    let named = pairs.filter_map(|pair| {
        let at = memchr::memchr(b'=', pair).filter(|at| at + 1 < pair.len())?;
        listed(&STRONG, &canonical(pair.get(..at)?)?)
    });
    let bot = memchr::memchr(b':', path).is_some() && path.split(|b| *b == b'/').any(is_bot);
    let cookieless =
        path.windows(2).any(|w| w == b"S(") && path.split(|b| *b == b'/').any(is_session);
    named.chain(bot.then_some("token")).chain(cookieless.then_some("aspnetsessionid"))
}

/// `(S(lit3py55t21z5v55vlm25s55))`: the session of ASP.NET without cookies, perhaps among others of
/// its letters (`(X(1)S(…))`, `(S(…)F(…))`).
fn is_session(segment: &[u8]) -> bool {
    const ID_BYTES_MIN: usize = 20;
    let inner = segment.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")"));
    let start = inner.and_then(|inner| memchr::memmem::find(inner, b"S("));
    let id = inner.zip(start).and_then(|(inner, at)| inner.get(at + 2..)).unwrap_or_default();
    id.iter().take_while(|b| b.is_ascii_alphanumeric()).count() >= ID_BYTES_MIN
}

/// `bot123456:AAH…`: a number, and the key of a bot.
fn is_bot(segment: &[u8]) -> bool {
    const KEY_BYTES_MIN: usize = 30;
    let Some(token) = segment.strip_prefix(b"bot") else { return false };
    let digits = token.iter().take_while(|b| b.is_ascii_digit()).count();
    let key = token.get(digits..).and_then(|rest| rest.strip_prefix(b":")).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_".contains(b);
    digits >= 5 && key.len() >= KEY_BYTES_MIN && key.iter().all(plain)
}

/// A request that tells where its sender came from, with a credential in that URL.
pub const REFERER: &str = "referer";

/// An answer that sends its receiver on with a credential in the URL.
pub const REDIRECT: &str = "redirect";

/// The parameters that carry a credential in the target of a redirect (`Location`) or the page
/// before (`Referer`), behind `?` or `#`: the answer to an OAuth 2.0 authorization (RFC 6749
/// sections 4.1.2 and 4.2.2).
pub fn in_location(location: &[u8]) -> impl Iterator<Item = &'static str> + '_ {
    let fragment = memchr::memchr(b'#', location).unwrap_or(location.len());
    let (before, fragment) = location.split_at_checked(fragment).unwrap_or((location, b""));
    let query = memchr::memchr(b'?', before).unwrap_or(before.len());
    let (path, query) = before.split_at_checked(query).unwrap_or((before, b""));
    let parts = [query.get(1..).unwrap_or_default(), fragment.get(1..).unwrap_or_default()];
    parts.into_iter().flat_map(move |part| in_query(path, part))
}

fn parameters(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|b| *b == b'&').take(PARAMETERS_MAX).map(|pair| {
        let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(end).unwrap_or((pair, &[]));
        (name, value.get(1..).unwrap_or_default())
    })
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'%', text) {
        Some(_) => percent_decode(text),
        None => Cow::Borrowed(text),
    }
}

/// A name without separators and case; `None` for one that is too long to be in a list.
fn canonical(name: &[u8]) -> Option<SmallVec<[u8; NAME_BYTES_MAX]>> {
    let name = decoded(name);
    let plain = name.iter().filter(|b| !matches!(b, b'-' | b'_' | b'.'));
    (name.len() <= NAME_BYTES_MAX).then(|| plain.map(u8::to_ascii_lowercase).collect())
}

fn listed(list: &'static [&'static str], name: &[u8]) -> Option<&'static str> {
    let at = list.binary_search_by(|entry| entry.as_bytes().cmp(name)).ok()?;
    list.get(at).copied()
}

/// Whether other parameters make plain what this one is.
fn has_companions(name: &str, path: &[u8], query: &[u8]) -> bool {
    let has = |companion: &[u8]| {
        parameters(query).any(|(name, _)| canonical(name).is_some_and(|n| n[..] == *companion))
    };
    match name {
        // A shared access signature of Azure: the version of its service is always signed.
        "sig" => has(b"sv"),
        // CloudFront; S3 before version 4 and Google Cloud Storage before version 4.
        "signature" => has(b"keypairid") || has(b"awsaccesskeyid") || has(b"googleaccessid"),
        // The redirect that ends an authorization: the code can be exchanged for a token.
        "code" => {
            (has(b"state") || has(b"sessionstate"))
                && (is_redirect(path) || has(b"iss") || are_random(query))
        }
        _ => false,
    }
}

/// Whether `code` by itself, or both `code` and `state`, look made by a machine and not chosen
/// from a list (`?code=GB&state=CA` is a place).
fn are_random(query: &[u8]) -> bool {
    const BYTES_MIN: usize = 8;
    let any = |wanted: &[u8], random: &dyn Fn(&[u8]) -> bool| {
        parameters(query).any(|(name, value)| {
            canonical(name).is_some_and(|n| n[..] == *wanted) && random(&decoded(value))
        })
    };
    let plain = |value: &[u8]| {
        let mark = |b: &u8| b"-_.~/+=".contains(b);
        value.iter().all(|b| b.is_ascii_alphanumeric() || mark(b))
    };
    let mixed = |value: &[u8]| {
        let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
        let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
        value.len() >= BYTES_MIN && digits >= 2 && letters >= 2 && plain(value)
    };
    let wild = |value: &[u8]| {
        value.len() >= SECRET_BYTES_MIN && plain(value) && changes(value) * 3 >= value.len()
    };
    any(b"code", &wild) || (any(b"code", &mixed) && any(b"state", &mixed))
}

/// Whether `path` is where an authorization server sends browsers back to.
fn is_redirect(path: &[u8]) -> bool {
    const PARTS: [&[u8]; 7] =
        [b"callback", b"redirect", b"oauth", b"oidc", b"signin", b"login", b"sso"];
    let has = |part: &&[u8]| path.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part));
    PARTS.iter().any(has) || path.ends_with(b"/cb")
}

/// Whether a value has the length and the mixture of letters and digits that secrets have and
/// words, numbers, dates, slugs and codes of terminologies have not.
fn looks_secret(name: &str, value: &[u8]) -> bool {
    let body = value.trim_ascii_end();
    match name {
        "pass" | "pw" | "passwd" | "password" | "passwort" | "pwd" => return looks_chosen(body),
        "ticket" if is_ticket(body) => return true,
        _ if is_vendors(body) => return true,
        _ => {}
    }
    if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&body.len()) {
        return false;
    }
    // base64 in either alphabet, hexadecimal, and the separators of tokens made of parts. A `+`
    // that nobody encoded arrives as it is.
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"+/=-_.~".contains(b);
    if !body.iter().all(allowed) || body.starts_with(b"/") {
        return false;
    }
    // A UUID names a thing more often than it opens one.
    if is_uuid(body) {
        return !matches!(name, "key" | "code" | "ticket");
    }
    if HEXADECIMAL.contains(&body.len()) && body.iter().all(u8::is_ascii_hexdigit) {
        return true;
    }
    is_mixed(body)
}

/// Whether a value is like a password that somebody chose: letters with digits or marks. A pass may
/// also be the second of two, or one to enter by.
fn looks_chosen(value: &[u8]) -> bool {
    const BYTES: std::ops::RangeInclusive<usize> = 6..=128;
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    BYTES.contains(&value.len()) && letters >= 3 && letters < value.len()
}

/// A key that says by its beginning whose it is.
fn is_vendors(value: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    let is = |(begins, least): &(&[u8], usize)| {
        value.strip_prefix(*begins).is_some_and(|key| key.len() >= *least && key.iter().all(plain))
    };
    VENDORS.iter().any(is)
}

/// `ST-1856339-aA5Yuvrxzpv8Tau1cYQ7`
fn is_ticket(value: &[u8]) -> bool {
    TICKETS.iter().any(|begins| value.starts_with(begins))
        && (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&value.len())
        && value.iter().any(u8::is_ascii_digit)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Digit, capital, small letter, or none of them.
fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b'a'..=b'z' => 3,
        _ => 0,
    }
}

/// How many neighbours are of different kinds.
fn changes(value: &[u8]) -> usize {
    let differ = |pair: &&[u8]| match pair {
        [a, b] => kind(*a) != kind(*b) && kind(*a) != 0 && kind(*b) != 0,
        _ => false,
    };
    value.windows(2).filter(differ).count()
}

/// Whether neighbours are often of different kinds (digit, capital, small letter) and digits stand
/// in several places. Words change kind hardly ever, `GetPatientV2` where its words meet; of two
/// neighbours in random hexadecimal 47 % differ, in random base64 62 %.
fn is_mixed(value: &[u8]) -> bool {
    let (mut digit_runs, mut capitals, mut smalls) = (0usize, 0usize, 0usize);
    let changes = changes(value);
    let mut before = 0;
    for byte in value {
        let now = kind(*byte);
        digit_runs += usize::from(now == 1 && before != 1);
        capitals += usize::from(now == 2);
        smalls += usize::from(now == 3);
        before = now;
    }
    let changing = changes * 4 >= value.len();
    // Long base64 may lack digits; its cases change far more often than those of joined words.
    let wild = value.len() >= 32 && capitals > 0 && smalls > 0 && changes * 5 >= value.len() * 2;
    changing && (digit_runs >= 2 || wild)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str) -> Vec<&'static str> {
        let (path, query) = target.split_once('?').unwrap();
        in_query(path.as_bytes(), query.as_bytes()).collect()
    }

    #[test]
    fn credentials_in_segments_of_a_path_are_found() {
        let of = |path: &'static str| in_path(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("/a;jsessionid=0123456789abcdef/b"), ["jsessionid"]);
        assert_eq!(of("/(S(lit3py55t21z5v55vlm25s55))/orders.aspx"), ["aspnetsessionid"]);
        assert_eq!(of("/(X(1)S(lit3py55t21z5v55vlm25s55))/orders.aspx"), ["aspnetsessionid"]);
        assert_eq!(of("/f(S(12))/b"), [""; 0]);
        assert_eq!(of("/a;v=1;access_token=x"), ["accesstoken"]);
        assert_eq!(of("/bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe"), ["token"]);
        for path in ["/a;v=1", "/a;jsessionid=", "/bot123456:getMe", "/a:b", "/", ";"] {
            assert_eq!(of(path), [""; 0], "{path}");
        }
        assert_eq!(in_query(b"/a", b"token=0123456789abcdef0123456789abcdef").count(), 1);
    }

    #[test]
    fn lists_are_sorted_for_their_search() {
        assert!(STRONG.is_sorted() && WEAK.is_sorted() && ENDINGS.is_sorted());
        assert!(STRONG.iter().chain(&WEAK).all(|name| name.len() <= NAME_BYTES_MAX));
    }

    #[test]
    fn words_codes_and_numbers_are_no_credentials() {
        for target in [
            "/fhir/Observation?code=8867-4",
            "/fhir/Observation?code=http://loinc.org|8867-4",
            "/fhir/Observation?code=http%3A%2F%2Fsnomed.info%2Fsct%7C271649006",
            "/fhir/Condition?code=271649006&_count=50",
            "/countries?code=GB",
            "/map?key=name",
            "/sig?signature=yes",
            "/promo?code=SAVE20",
            "/promo?code=summer-sale-2024-extra-deal",
            "/items?key=PatientRecordNumber",
            "/items?key=GetPatientByIdentifier2",
            "/items?key=2024-01-15T10:00:00Z",
            "/items?key=20240115100000000000",
            "/items?key=urn%3Aoid%3A2.16.840.1.113883.6.96",
            "/items?key=123e4567-e89b-12d3-a456-426614174000",
            "/page?token=2",
            "/data?sid=12",
            "/data?auth=basic",
            "/scan?pass=2",
            "/scan?pass=first",
            "/places?code=GB&state=CA",
            "/auth/login?code=",
            "/places?code=LS1-4AP&state=England",
            "/promo?code=SAVE20&state=x",
            "/items?code=PatientRecordNumber&state=open",
            "/fhir/Observation?code=8867-4&state=final",
            "/fhir/Observation?code=718-7abcd",
            "/items?apikey=",
            "/items?apikey",
            "/items?monkey=8Hq2vN5xW0aZ7kLp3TqR",
            "/items?pageToken=8Hq2vN5xW0aZ7kLp3TqR",
            "/items?next_token=8Hq2vN5xW0aZ7kLp3TqR",
            "/items?csrf_token=8Hq2vN5xW0aZ7kLp3TqR",
            "/items?sort_key=8Hq2vN5xW0aZ7kLp3TqR",
            "/items?keyboard=8Hq2vN5xW0aZ7kLp3TqR",
            "/rooms?session=morning",
            "/rooms?session=2024-01-15T10:00:00Z",
            "/help?ticket=4711",
            "/help?ticket=ST-4711",
            "/help?ticket=PROJECT-1234567890",
            "/help?ticket=123e4567-e89b-12d3-a456-426614174000",
            "/image?pw=1024&ph=768",
            "/me?forgotPassword=true",
            "/me?passwordPolicy=strict",
            "/me?token_type=9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert_eq!(of(target), Vec::<&str>::new(), "{target}");
        }
    }

    #[test]
    fn strong_names_are_credentials_whatever_their_value() {
        assert_eq!(
            of("/x?access_token=a&api-key=b&X-API-Key=c"),
            ["accesstoken", "apikey", "xapikey"]
        );
        assert_eq!(of("/x?api%5Fkey=b"), ["apikey"]);
        assert_eq!(of("/x?subscription-key=1&password=2"), ["subscriptionkey", "password"]);
        assert_eq!(
            of("/x?X-Amz-Signature=00ff&X-Goog-Signature=00ff"),
            ["xamzsignature", "xgoogsignature"]
        );
    }

    #[test]
    fn weak_names_are_credentials_with_the_value_of_one() {
        assert_eq!(of("/map?key=AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"), ["key"]);
        assert_eq!(of("/x?token=9f86d081884c7d659a2feaa0c55ad015"), ["token"]);
        assert_eq!(of("/x?token=9f86d081884c7d65"), ["token"]);
        assert_eq!(of("/x?token=123e4567-e89b-12d3-a456-426614174000"), ["token"]);
        assert_eq!(of("/x?sig=8Hq2vN5xW0aZ7kLp3TqR%2Bf%3D%3D"), ["sig"]);
        assert_eq!(of("/x?code=SplxlOBeZQQYbYS6WxSbIA0kT4"), ["code"]);
    }

    #[test]
    fn sessions_and_passwords_have_short_names_too() {
        assert_eq!(of("/x?sid=9f86d081884c7d659a2feaa0c55ad015"), ["sid"]);
        assert_eq!(of("/x?auth=9f86d081884c7d659a2feaa0c55ad015"), ["auth"]);
        assert_eq!(of("/x?pass=hunter2"), ["pass"]);
    }

    #[test]
    fn keys_of_vendors_sessions_tickets_and_assertions_are_credentials() {
        assert_eq!(of("/map?key=AIzaSyA1234567890abcdefghijklmnopqrstuv"), ["key"]);
        assert_eq!(of("/pay?secret=sk_live_aaaaaaaaaaaaaaaaaaaaaaaa"), ["secret"]);
        assert_eq!(
            of("/x?secretKey=abc&reset_token=abc&passwort=geheim"),
            ["secretkey", "resettoken", "passwort"]
        );
        assert_eq!(of("/x?session=9f86d081884c7d659a2feaa0c55ad015"), ["session"]);
        assert_eq!(of("/x?pw=geheim1"), ["pw"]);
        assert_eq!(of("/x?ticket=ST-1856339-aA5Yuvrxzpv8Tau1cYQ7"), ["ticket"]);
        assert_eq!(of("/acs?SAMLResponse=PHNhbWxwOlJlc3BvbnNlPg%3D%3D"), ["samlresponse"]);
    }

    #[test]
    fn names_that_end_in_one_are_credentials_with_the_value_of_one() {
        assert_eq!(of("/x?userPassword=hunter2"), ["password"]);
        assert_eq!(of("/x?user%5Bpassword%5D=hunter2"), ["password"]);
        assert_eq!(of("/x?invite-token=9f86d081884c7d659a2feaa0c55ad015"), ["token"]);
        assert_eq!(of("/x?a_name_that_is_in_no_list_app_secret=8Hq2vN5xW0aZ7kLp3TqR"), ["secret"]);
    }

    #[test]
    fn a_jwt_is_a_credential_under_most_names() {
        let jwt = "eyJhbGciOiJub25lIn0.e30.c2ln";
        assert_eq!(of(&format!("/token?assertion={jwt}")), ["jwt"]);
        assert_eq!(of(&format!("/token?client_assertion={jwt}")), ["jwt"]);
        assert_eq!(of(&format!("/view?launch_ctx={jwt}")), ["jwt"]);
        for name in ["state", "request", "id_token_hint", "page", "login-hint"] {
            assert_eq!(of(&format!("/x?{name}={jwt}")), Vec::<&str>::new(), "{name}");
        }
        assert_eq!(of("/x?launch_ctx=eyJhbGciOiJub25lIn0"), Vec::<&str>::new());
    }

    #[test]
    fn keys_of_moodle_and_hubspot_are_known() {
        assert_eq!(of("/webservice?wstoken=8f14e45fceea167a5a36dedd4bea2543"), ["wstoken"]);
        assert_eq!(of("/crm?hapikey=8f14e45f-ceea-167a-5a36-dedd4bea2543"), ["hapikey"]);
    }

    #[test]
    fn links_of_mails_open_by_their_path() {
        for path in [
            "/reset/9f86d081884c7d659a2feaa0c55ad015",
            "/account/reset-password/8Hq2vN5xW0aZ7kLp3TqR",
            "/v1/verify/9f86d081884c7d65/email",
        ] {
            assert!(has_link(path.as_bytes()), "{path}");
        }
        for path in [
            "/reset/password",
            "/verify/123e4567-e89b-12d3-a456-426614174000",
            "/invite/42",
            "/files/9f86d081884c7d659a2feaa0c55ad015",
            "/reset",
        ] {
            assert!(!has_link(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_redirect_may_hand_out_what_it_should_not() {
        let of = |location: &str| in_location(location.as_bytes()).collect::<Vec<_>>();
        let token = "https://app.example/x#access_token=9f86d081884c7d65&token_type=bearer";
        assert_eq!(of(token), ["accesstoken"]);
        assert_eq!(of("https://app.example/cb?code=abcdef&state=xyz"), ["code"]);
        assert_eq!(of("/home?tab=1#top"), Vec::<&str>::new());
        assert_eq!(of(""), Vec::<&str>::new());
    }

    #[test]
    fn companions_make_a_weak_name_strong() {
        assert_eq!(of("/c/b?sv=2022-11-02&se=2030&sp=r&sig=short"), ["sig"]);
        assert_eq!(of("/o?Expires=1&Key-Pair-Id=K&Signature=x"), ["signature"]);
        assert_eq!(of("/oauth/callback?code=abcdef&state=xyz"), ["code"]);
        assert_eq!(of("/app/cb?state=xyz&code=abcdef"), ["code"]);
        assert_eq!(of("/app?code=ab12cd34ef&state=af0ifjsldkj9"), ["code"]);
        assert_eq!(of("/app?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz"), ["code"]);
        assert_eq!(of("/?code=abcdef&state=xyz&iss=https%3A%2F%2Fid.example"), ["code"]);
    }
}
