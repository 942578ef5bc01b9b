//! Credentials in a query string, by name and value of each parameter.
//!
//! A name such as `access_token` says enough. `key`, `token`, `code`, `sig` and `signature` are
//! words of any API (`?code=8867-4` is the commonest search of FHIR): they count only beside their
//! companions (an OAuth redirect, RFC 6749 section 4.1.2; signed URLs of the cloud vendors) or
//! with a value that looks like a secret.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::content::percent_decode;

/// Parameters that carry a credential whatever their value is: lower-case, without separators.
/// Sorted.
const STRONG: [&str; 26] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "bearer",
    "clientsecret",
    "idtoken",
    "jsessionid",
    "jwt",
    "ocpapimsubscriptionkey",
    "passwd",
    "password",
    "phpsessid",
    "pwd",
    "refreshtoken",
    "sessionid",
    "sessiontoken",
    "subscriptionkey",
    "xamzsecuritytoken",
    "xamzsignature",
    "xapikey",
    "xauthtoken",
    "xfunctionskey",
    "xgoogsignature",
];

/// Parameters that carry one where their companions or their value say so. Sorted.
const WEAK: [&str; 9] =
    ["auth", "code", "key", "pass", "secret", "sid", "sig", "signature", "token"];

/// Parameters of one query that are looked at.
const PARAMETERS_MAX: usize = 256;
/// No name of the lists is longer.
const NAME_BYTES_MAX: usize = 32;
/// A shorter value may be a word, a number or a code.
const SECRET_BYTES_MIN: usize = 16;
/// A longer one is a document.
const SECRET_BYTES_MAX: usize = 4096;

/// The parameters of `query` that carry a credential, by their names in the lists above; `path` is
/// that of the same target.
pub fn in_query<'a>(path: &'a [u8], query: &'a [u8]) -> impl Iterator<Item = &'static str> + 'a {
    parameters(query).filter_map(move |(name, value)| {
        let name = canonical(name)?;
        if value.is_empty() {
            return None;
        }
        if let Some(strong) = listed(&STRONG, &name) {
            return Some(strong);
        }
        let weak = listed(&WEAK, &name)?;
        (has_companions(weak, path, query) || looks_secret(weak, &decoded(value))).then_some(weak)
    })
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

/// An answer that sends its receiver on with a credential in the URL.
pub const REDIRECT: &str = "redirect";

/// The parameters that carry a credential in the target of a redirect (`Location`), behind `?` or
/// `#`: the answer to an OAuth 2.0 authorization (RFC 6749 sections 4.1.2 and 4.2.2).
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
    if name == "pass" {
        return looks_chosen(body);
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
        return !matches!(name, "key" | "code");
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
    fn lists_are_sorted_for_their_search() {
        assert!(STRONG.is_sorted() && WEAK.is_sorted());
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
