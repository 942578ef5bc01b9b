//! Keys that are codes: versions, short hashes, codes of diagnoses. Objects with such keys are
//! maps, as those with numbers are (`shape`).

/// Digits of a hash that is cut as short as programs cut it (Git's least is seven).
const HASH_DIGITS_MIN: usize = 7;

/// Whether the key of an object, or the name of a parameter, is a version (`8.0.0-beta.4`), a
/// short hash in hexadecimal (`61231bf`), a code of ICD-10 with its subcategory (`E11.0`), or a
/// code of several parts (`W3-B07`).
pub fn key_is_code(key: &[u8]) -> bool {
    is_version(key)
        || is_icd(key)
        || is_compound(key)
        || key.split(|b| b"-_.:/+".contains(b)).any(is_short_hash)
}

/// Two numbers and more with points between them; what follows is a release's (Semantic Versioning
/// 2.0.0, PEP 440, Maven): `1.0.0-gh-61231bf`, `v2.1.3+build.7`, `1.0.0rc1`, `4.17.0.Final`.
fn is_version(key: &[u8]) -> bool {
    let mut rest = key.strip_prefix(b"v").or_else(|| key.strip_prefix(b"V")).unwrap_or(key);
    let mut numbers = 0;
    loop {
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (_, behind) = rest.split_at_checked(len).unwrap_or((rest, b""));
        if len == 0 || len > 9 {
            return false;
        }
        numbers += 1;
        match behind {
            [b'.', next, ..] if next.is_ascii_digit() => {
                rest = behind.get(1..).unwrap_or_default();
            }
            _ => return numbers >= 2 && is_release(behind, numbers),
        }
    }
}

/// What may follow the numbers of a version.
fn is_release(tail: &[u8], numbers: usize) -> bool {
    let plain = tail.iter().all(|b| b.is_ascii_alphanumeric() || b"-._+~".contains(b));
    plain
        && match tail {
            [] | [b'.', b'x' | b'X'] => true,
            [b'-' | b'+' | b'~', _, ..] => true,
            // `1.2.name` is a name below two indices.
            [b'.', _, ..] => numbers >= 3,
            [first, ..] => first.is_ascii_alphabetic() && numbers >= 3,
        }
}

/// A category of ICD-10 with its subcategory: a letter, a digit, one of either, a point.
fn is_icd(key: &[u8]) -> bool {
    let [letter, digit, third, b'.', sub @ ..] = key else { return false };
    let code = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    letter.is_ascii_uppercase()
        && digit.is_ascii_digit()
        && code(third)
        && (1..=4).contains(&sub.len())
        && sub.iter().all(code)
}

/// Parts that each have capitals and digits and nothing else, as codes of beds and shelves have.
fn is_compound(key: &[u8]) -> bool {
    let code = |part: &[u8]| {
        part.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            && part.iter().any(u8::is_ascii_digit)
            && part.iter().any(u8::is_ascii_uppercase)
    };
    let parts = || key.split(|b| b"-.:/".contains(b));
    parts().nth(1).is_some() && parts().all(code)
}

/// Hexadecimal digits in which letters and numbers are mixed as in no word: `decade10` is one, and
/// `0020000D` a tag of DICOM (PS3.18 annex F).
fn is_short_hash(part: &[u8]) -> bool {
    if part.len() < HASH_DIGITS_MIN || !part.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let letters = part.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let head = part.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let digits = part.len() - letters;
    let word = head == letters && digits <= 2;
    let tag = part.len() == 8 && part.starts_with(b"00");
    letters > 0 && digits > 0 && !word && !tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_hashes_and_codes_are_data() {
        for key in [
            "8.0.0-beta.4",
            "1.0.0-gh-61231bf",
            "v2.1.3+build.7",
            "0.9.0-beta27",
            "1.0.0rc1",
            "4.17.0.Final",
            "6.1.0-rc",
            "v2.1",
            "1.0-alpha",
            "3.11.x",
            "61231bf",
            "commit:61231bf",
            "chunk-0a1b2c3d",
            "E11.0",
            "S72.00XA",
            "C7A.01",
            "W3-B07",
            "K1:S22:F3",
        ] {
            assert!(key_is_code(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn names_are_no_codes() {
        for key in [
            "",
            "v2",
            "v1alpha1",
            "line.2",
            "items.0.name",
            "1.2.name",
            "E11",
            "q10.a",
            "PID.3.1",
            "PV1.2",
            "PV1-3",
            "B2B-API",
            "W3",
            "decade10",
            "facade1",
            "deadbeef",
            "0020000D",
            "0008103E",
            "1234567",
            "sha256",
            "icd10Code",
            "md5ChecksumOfPart2",
            "x-amz-id-2",
            "v.1.2",
            "1.2.",
        ] {
            assert!(!key_is_code(key.as_bytes()), "{key}");
        }
    }
}
