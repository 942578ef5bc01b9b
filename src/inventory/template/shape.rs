//! What the shape of one URL path segment says: a name, or a value of some kind.
//!
//! The question is decided for each segment alone, so it needs no memory and cannot depend on
//! order. What has digits is a value unless it is one of the few names that have digits (`v2`,
//! `oauth2`, `icd10`); what has none is a name unless it looks drawn at random. Names that turn
//! out to be values (surnames, slugs) are collapsed later, by number.

use crate::base::limits::SEGMENT_BYTES_MAX;

/// Bytes of a UUID with its dashes.
const UUID_BYTES: usize = 36;

/// What a segment looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// A name: stays as it is.
    Literal,
    /// A number, UUID, hash, token or anything else that identifies: `{id}`.
    Id,
    /// A calendar date, perhaps with a time: `{date}`.
    Date,
    /// A mail address: `{email}`.
    Email,
    /// A file whose name carries a number or a hash: `{file}`.
    File,
    /// Text no name is written in (space, comma, accents, bytes that are no text): `{text}`.
    Text,
    /// A name that may not be stored as one: `{value}`. Shape alone never says so.
    Withheld,
}

/// The shape of a segment, percent-decoded.
pub fn shape_of(segment: &[u8]) -> Shape {
    // Numbers first: they are most of what is asked. None is a name, nor a date without its marks.
    if !segment.is_empty() && segment.iter().all(u8::is_ascii_digit) {
        return Shape::Id;
    }
    let Ok(text) = std::str::from_utf8(segment) else { return Shape::Text };
    if text.contains('@') && is_email(text) {
        return Shape::Email;
    }
    if is_date(segment) {
        return Shape::Date;
    }
    if !segment.iter().all(|b| is_name_byte(*b)) {
        return Shape::Text;
    }
    if segment.len() > SEGMENT_BYTES_MAX {
        return Shape::Id;
    }
    if let Some((stem, extension)) = text.rsplit_once('.')
        && !stem.is_empty()
        && is_file_extension(extension)
    {
        return if is_name(stem) { Shape::Literal } else { Shape::File };
    }
    if is_name(text) { Shape::Literal } else { Shape::Id }
}

/// Whether the key of an object, or the name of a parameter, is a value that identifies something:
/// a number, a date, a UUID, a long token. Objects with such keys are maps, and what a map is
/// keyed by is data. Names of fields have digits more often than path segments do (`line2`,
/// `address_1`, `q10`), so only what no name looks like is told. A name with such a value in it is
/// data too, wherever it stands: `Patient/8f14e45f…`, `p[6ba7b810-…][name]`.
pub fn key_is_data(key: &[u8]) -> bool {
    let separates = |b: &u8| !b.is_ascii_alphanumeric() && !b"-_".contains(b);
    let part_is_data = |part| is_long_number(part) || is_date(part) || has_token(part);
    // `Patient/12` refers to somebody.
    let refers = || key.split(|b| *b == b'/').skip(1).any(is_digits);
    whole_key_is_data(key)
        || key.windows(UUID_BYTES).any(is_uuid)
        || key.split(separates).any(part_is_data)
        || refers()
}

/// [`key_is_data`], of all of it together.
fn whole_key_is_data(key: &[u8]) -> bool {
    if is_date(key) {
        return true;
    }
    let digits = key.iter().filter(|b| b.is_ascii_digit()).count();
    let marks = |b: &u8| b.is_ascii_digit() || b"-._:/+ ".contains(b);
    if digits > 0 && key.iter().all(marks) {
        return true;
    }
    // `patient-11384`
    let tail = key.rsplit(|b| !b.is_ascii_digit()).next().unwrap_or_default();
    let before = key.get(..key.len() - tail.len()).unwrap_or_default();
    is_long_number(tail) && matches!(before, [.., b'-' | b'_' | b'.' | b':' | b'/'])
}

/// A number of four digits and more, but no year: `report_2024`.
fn is_long_number(part: &[u8]) -> bool {
    let year = part.len() == 4 && (part.starts_with(b"19") || part.starts_with(b"20"));
    part.len() >= 4 && !year && is_digits(part)
}

fn is_digits(part: &[u8]) -> bool {
    !part.is_empty() && part.iter().all(u8::is_ascii_digit)
}

/// Whether letters and digits, with dashes and low lines between, are a token or have one between
/// these: hexadecimal, base 32 or 64 of twelve characters and more, and ULIDs.
fn has_token(part: &[u8]) -> bool {
    is_token(part) || part.split(|b| b"-_".contains(b)).any(is_token)
}

fn is_token(text: &[u8]) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = text.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let runs = || text.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).count();
    let hexadecimal = || text.len() >= 16 && text.iter().all(u8::is_ascii_hexdigit);
    digits >= 3 && text.len() >= 12 && digits * 4 >= letters && (runs() >= 5 || hexadecimal())
}

/// Whether `segment` is a version: `v0` to `v99`. These stay names however many there are.
pub(super) fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix(['v', 'V']).unwrap_or("").as_bytes();
    (1..=2).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && (digits == b"0" || !digits.starts_with(b"0"))
}

/// Bytes that names are written in. Braces are not among them, so that no segment can pose as a
/// parameter of a template.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~$:@!*".contains(&byte)
}

fn is_name(text: &str) -> bool {
    if is_version(text) || is_dotted_version(text) || is_prerelease(text) {
        return true;
    }
    if !text.bytes().any(|b| b.is_ascii_alphanumeric()) {
        // Only punctuation: `-`, `*`.
        return true;
    }
    if is_uuid(text.as_bytes()) {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).all(is_word)
}

/// `1.0`, `v2.1`, `4.0.1`, `4_0_0`: two or three numbers of at most two digits.
fn is_dotted_version(text: &str) -> bool {
    let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let between = if numbers.contains('_') { '_' } else { '.' };
    let mut count = 0;
    let all = numbers.split(between).all(|n| {
        count += 1;
        (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit())
    });
    all && (2..=3).contains(&count)
}

/// What stands behind a version that is none yet, or is done.
const STAGES: [&str; 12] = [
    "alpha", "ballot", "beta", "cibuild", "dev", "draft", "final", "ga", "preview", "rc",
    "release", "snapshot",
];

/// `v2.1-beta`, `4.0.1-ballot`, `v1-rc1`: a version, and its stage with two digits at most.
fn is_prerelease(text: &str) -> bool {
    let Some((version, stage)) = text.split_once('-') else { return false };
    let bare = stage.trim_end_matches(|c: char| c.is_ascii_digit());
    let word = bare.trim_end_matches('.');
    stage.len() <= bare.len() + 2
        && STAGES.iter().any(|known| word.eq_ignore_ascii_case(known))
        && (is_version(version) || is_dotted_version(version))
}

/// Whether a run of letters and digits is a word.
fn is_word(part: &str) -> bool {
    let bytes = part.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return !is_random_letters(bytes);
    }
    if is_version(part) || is_numbered_word(part) {
        return true;
    }
    // `baseR4`, `importIcd10`: a word, and behind it a capital that begins one that has digits.
    if let Some(at) = bytes.iter().rposition(u8::is_ascii_uppercase)
        && let Some((head, tail)) = part.split_at_checked(at)
        && head.len() >= 3
        && head.bytes().all(|b| b.is_ascii_alphabetic())
        && !is_random_letters(head.as_bytes())
        && is_numbered_word(tail)
    {
        return true;
    }
    if bytes.len() >= 7 && bytes.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    // `searchV2`, `v2beta1`'s halves are not worth a grammar: a word, `v` and one or two digits.
    let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let suffix = part.len() - stem.len();
    if digits != suffix {
        return false;
    }
    if let Some(word) = stem.strip_suffix(['v', 'V'])
        && suffix <= 2
    {
        return word.len() >= 3;
    }
    // `step1`, `Users2`, `GetPatientDemographics2`; `MRN7` and `P1` are identifiers.
    suffix == 1
        && stem.len() >= 3
        && (stem.bytes().skip(1).all(|b| b.is_ascii_lowercase()) || is_compound(stem))
}

/// `GetPatientDemographics`: letters of which capitals begin words of four and more on average.
fn is_compound(letters: &str) -> bool {
    let bytes = letters.as_bytes();
    let rises = bytes
        .windows(2)
        .filter(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count();
    rises > 0 && (rises + 1) * 4 <= bytes.len() && bytes.iter().all(u8::is_ascii_alphabetic)
}

/// Names of the field that carry digits. Sorted.
const NUMBERED_WORDS: [&str; 77] = [
    "2d", "2fa", "3d", "a11y", "atom10", "auth0", "b2b", "b2c", "base64", "c32", "c62", "ccda21",
    "cda2", "co2", "covid19", "d3", "dstu1", "dstu2", "dstu3", "e2e", "ec2", "error401",
    "error403", "error404", "error500", "fhir2", "fhir3", "fhir4", "fhir5", "form1099", "h264",
    "hl7", "hl7v2", "hl7v3", "html5", "http2", "i18n", "icd10", "icd11", "icd9", "ipv4", "ipv6",
    "iso8601", "k8s", "l10n", "log4j", "md5", "mp3", "mp4", "o365", "oauth1", "oauth2", "p2p",
    "pkcs12", "pkcs7", "pm2", "r2", "r3", "r4", "r4b", "r5", "r6", "s3", "saml2", "sha1", "sha256",
    "sha512", "stu3", "utf8", "v1alpha", "v1alpha1", "v1beta", "v1beta1", "v2beta1", "web3", "x12",
    "x509",
];

/// Whether `part` is one of the words of the field that carry digits: `oauth2`, `icd10`.
pub fn is_numbered_word(part: &str) -> bool {
    let mut lower = [0u8; 8];
    let Some(lower) = lower.get_mut(..part.len()) else { return false };
    lower.copy_from_slice(part.as_bytes());
    lower.make_ascii_lowercase();
    NUMBERED_WORDS.binary_search_by(|word| word.as_bytes().cmp(lower)).is_ok() || lower == b"x509"
}

/// Letters without digits that no language or naming style produces: base64url without a digit in
/// it, or hexadecimal letters only.
fn is_random_letters(letters: &[u8]) -> bool {
    if letters.len() < 16 {
        return false;
    }
    if letters.iter().all(u8::is_ascii_hexdigit) {
        return true;
    }
    // In camel case a capital begins a word, and words have four letters and more on average; in
    // random letters every fourth pair rises. Words have a vowel in every third letter.
    let rises = letters
        .windows(2)
        .filter(|w| matches!(w, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count();
    let vowels = letters.iter().filter(|b| b"aeiouyAEIOUY".contains(b)).count();
    rises * 5 > letters.len() || vowels * 6 < letters.len()
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562), perhaps in their `urn:uuid:` form.
fn is_uuid(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"urn:uuid:").unwrap_or(text);
    text.len() == UUID_BYTES
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |s: &str| !s.is_empty() && !s.contains(['@', ' ', '/', '{', '}']);
    let Some((_, top)) = domain.rsplit_once('.') else { return false };
    // `logo@2x.png` is a file, `react@18.2.0` a version; some endings of files are countries' too.
    let host = top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic() || b >= 0x80)
        && (!is_file_extension(top) || TOP_LEVELS.iter().any(|t| top.eq_ignore_ascii_case(t)));
    plain(local) && plain(domain) && host && !is_versioned(domain)
}

/// Endings of files that are top-level domains as well.
const TOP_LEVELS: [&str; 4] = ["do", "md", "pl", "zip"];

/// `18.2.0-beta.rc`, `7.x`: numbers with points that begin a version.
fn is_versioned(domain: &str) -> bool {
    let mut labels = domain.split('.');
    let number = |label: Option<&str>| {
        label.is_some_and(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_digit()))
    };
    number(labels.next()) && number(labels.next())
}

/// `2024-05-17`, `2024-05`, `17-05-2024`, `17.05.2024`, and the first with `T` and a time.
fn is_date(text: &[u8]) -> bool {
    let day = match text.iter().position(|b| *b == b'T' || *b == b' ') {
        Some(at) => {
            let (day, time) = text.split_at_checked(at).unwrap_or((text, b""));
            let clock = |b: &u8| b.is_ascii_digit() || b":.-+TZ ".contains(b);
            if day.len() != 10 || !time.iter().all(clock) {
                return false;
            }
            day
        }
        None => text,
    };
    let mut parts = day.split(|b| *b == b'-' || *b == b'.');
    let numbers = [parts.next(), parts.next(), parts.next()];
    if parts.next().is_some() {
        return false;
    }
    let number = |part: Option<&[u8]>, len: usize| -> Option<u16> {
        let part = part.filter(|p| p.len() == len && p.iter().all(u8::is_ascii_digit))?;
        std::str::from_utf8(part).ok()?.parse().ok()
    };
    let [first, second, third] = numbers;
    let year = |n: Option<u16>| n.is_some_and(|n| (1800..2200).contains(&n));
    let within = |n: Option<u16>, max: u16| n.is_some_and(|n| (1..=max).contains(&n));
    if year(number(first, 4)) {
        return within(number(second, 2), 12) && (third.is_none() || within(number(third, 2), 31));
    }
    // Day or month first: both are in use, both are dates.
    let (one, two) = (number(first, 2), number(second, 2));
    year(number(third, 4))
        && within(one, 31)
        && within(two, 31)
        && (within(one, 12) || within(two, 12))
}

/// Extensions of files that web servers hand out, and of scripts that take their place.
pub(super) fn is_file_extension(extension: &str) -> bool {
    const EXTENSIONS: [&str; 56] = [
        "action",
        "asmx",
        "asp",
        "aspx",
        "avif",
        "bmp",
        "cgi",
        "css",
        "csv",
        "dcm",
        "do",
        "doc",
        "docx",
        "eot",
        "gif",
        "gz",
        "htm",
        "html",
        "ico",
        "ini",
        "jpeg",
        "jpg",
        "js",
        "jsf",
        "json",
        "jsp",
        "map",
        "md",
        "mjs",
        "mp3",
        "mp4",
        "ndjson",
        "otf",
        "pdf",
        "php",
        "pl",
        "png",
        "rtf",
        "svc",
        "svg",
        "tar",
        "tif",
        "tiff",
        "ttf",
        "txt",
        "wasm",
        "webmanifest",
        "webp",
        "woff",
        "woff2",
        "wsdl",
        "xls",
        "xlsx",
        "xml",
        "xsd",
        "zip",
    ];
    let mut lower = [0u8; 12];
    let Some(lower) = lower.get_mut(..extension.len()) else { return false };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    EXTENSIONS.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(shape: Shape, segments: &[&str]) {
        for segment in segments {
            assert_eq!(shape_of(segment.as_bytes()), shape, "{segment}");
        }
    }

    #[test]
    fn lists_are_sorted_for_their_search() {
        assert!(NUMBERED_WORDS.is_sorted());
        for word in NUMBERED_WORDS {
            assert_eq!(shape_of(word.as_bytes()), Shape::Literal, "{word}");
        }
        all(Shape::Literal, &["a.action", "a.zip", "a.mjs", "a.woff2", "a.jpg", "A.PDF"]);
    }

    #[test]
    fn keys_that_identify_are_data() {
        for key in [
            "0",
            "10001",
            "-1",
            "2024-02-29",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "patient-6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "36e76ca0d8d1a9f0b3c1",
            "1.2.840.113619",
            "943 476 5919",
            "patient-11384",
            "p[6ba7b810-9dad-11d1-80b4-00c04fd430c8][name]",
            "p[8f14e45fceea167a5a36dedd4bea2543]",
            "p[10000][k7]",
            "Patient/8f14e45fceea167a5a36dedd4bea2543",
            "Patient/12",
            "urn:uuid:8f14e45fceea167a5a36dedd4bea2543",
            "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8 note",
            "k:8f14e45fceea167a",
            "the_long_name_of_a_thing_8f14e45fceea167a_at",
            "visit of 2024-02-29",
        ] {
            assert!(key_is_data(key.as_bytes()), "{key}");
        }
        for key in [
            "name",
            "line2",
            "report_2024",
            "address_1",
            "q10",
            "icd10Code",
            "sha256",
            "oauth2_access_token",
            "x-amz-id-2",
            "md5ChecksumOfPart2",
            "utf8_2_ascii_7bit_mode",
            "items[0][name]",
            "address.line.2",
            "http://hl7.org/fhir",
            "2024/report",
            "and/or",
            "report.2024.total",
            "urn:oid",
            "",
            "$",
            "_",
        ] {
            assert!(!key_is_data(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn words_and_versions_are_names() {
        all(
            Shape::Literal,
            &[
                "users",
                "Patient",
                "getPatientMedicationRequestsByIdentifier",
                "well-known",
                ".well-known",
                "v0",
                "v1",
                "v99",
                "V2",
                "1.0",
                "v2.1",
                "oauth2",
                "OAuth2",
                "hl7v2",
                "R4",
                "stu3",
                "$everything",
                "_search",
                "messages:send",
                "step1",
                "searchV2",
                "x509",
                "icd10-codes",
                "baseR4",
                "baseDstu3",
                "importIcd10",
                "4_0_0",
                "smart-configuration",
                "@scope",
                "a",
                "-",
                "internationalization",
                "GetPatientDemographics2",
                "getSchedule3",
                "v2.1-beta",
                "4.0.1-ballot",
                "v1-rc1",
                "2.0.0-rc.12",
            ],
        );
    }

    #[test]
    fn identifiers_of_every_make_are_values() {
        all(
            Shape::Id,
            &[
                "1",
                "000123",
                "-5",
                "P12",
                "P1",
                "MRN0042",
                "MRN7",
                "pat-00017",
                "patient-7",
                "order_2024_0001",
                "9434765919",
                "550e8400-e29b-41d4-a716-446655440000",
                "abcdefab-abcd-abcd-abcd-abcdefabcdef",
                "507f1f77bcf86cd799439011",
                "deadbe3",
                "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                "1.2.840.10008.5.1.4.1.1.2",
                "10.0.0.1",
                "v100",
                "dGhpc2lzYXRva2Vu",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
                "078-05-1120",
                "abcdefabcdefabcdef",
                "aBcDeFgHiJkLmNoPq",
                "xzqwvbnmkjhgfdsplk",
                "123:cancel",
                "urn:oid:1.2.3.4.5",
                "00:1b:44:11:3a:b7",
                "v01",
                "room12",
                "only401",
                "e404",
                "h5",
                "2024",
                "aBcDeFg2",
                "GetPatient24",
                "v2.1-smith",
                "v2.1-beta123",
                "1.2.3.4-beta",
            ],
        );
        all(Shape::Id, &[&"long".repeat(20)]);
    }

    #[test]
    fn dates_and_addresses_have_their_own_names() {
        all(
            Shape::Date,
            &[
                "2024-05-17",
                "1980-02",
                "17-05-2024",
                "05-17-2024",
                "17.05.2024",
                "2024-05-17T10:11:12Z",
                "2024-05-17T10:11:12.5+02:00",
            ],
        );
        all(
            Shape::Email,
            &[
                "ada@example.org",
                "a.b+c@mail.example.co.uk",
                "jan@poczta.pl",
                "ada@163.com",
                "ada@1und1.de",
                "ada@m\u{fc}nchen.de",
            ],
        );
        all(Shape::Id, &["2024-13-45", "20240517", "2024-05-17-1", "32-13-2024"]);
    }

    #[test]
    fn files_and_packages_are_no_addresses() {
        all(Shape::File, &["logo@2x.png", "icon-home@3x.png", "flag@2x.webp", "a@3x.min.js"]);
        all(Shape::Id, &["react@18.2.0", "core@7.1.2", "vue@3", "vue@3.4.0-beta.rc"]);
    }

    #[test]
    fn what_no_name_is_written_in_is_text() {
        all(
            Shape::Text,
            &["Smith, John", "Müller", "a b", "a=b", "{id}", "{name}", "O'Brien", "a\0b", "a%zz"],
        );
        assert_eq!(shape_of(b"\xff\xfe"), Shape::Text);
    }

    #[test]
    fn static_files_keep_their_names_unless_hashed() {
        all(Shape::Literal, &["app.js", "site.css", "logo.png", "main.min.js", "favicon.ico"]);
        all(Shape::File, &["app.3f9a1c77.js", "report-123.pdf", "jquery-3.6.0.min.js", "1.dcm"]);
    }
}
