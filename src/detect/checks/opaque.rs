//! Values that chance made: letters and digits mixed, as ids of sessions and tokens are.

/// How long such a value is: a shorter one may be anything, a longer one has a form of its own.
const LENGTHS: std::ops::RangeInclusive<usize> = 18..=39;
/// Separators of base64url in so many characters; names and UUIDs have more.
const SEPARATORS_MAX: usize = 2;

/// Whether `value` is letters and digits that change as often as chance makes them: not a name with
/// a number behind it, nor a UUID, nor a ULID, which are written where anybody reads them.
pub(super) fn opaque(value: &[u8]) -> bool {
    if !LENGTHS.contains(&value.len()) || is_ulid(value) {
        return false;
    }
    let kind = |byte: &u8| match byte {
        b'0'..=b'9' => Some(0u8),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        b'-' | b'_' => Some(3),
        _ => None,
    };
    let (mut digits, mut runs, mut changes, mut separators) = (0usize, 0usize, 0usize, 0usize);
    let mut last = None;
    for byte in value {
        let Some(kind) = kind(byte) else { return false };
        digits += usize::from(kind == 0);
        separators += usize::from(kind == 3);
        runs += usize::from(kind == 0 && last != Some(0));
        changes += usize::from(last.is_some_and(|last| last != kind));
        last = Some(kind);
    }
    separators <= SEPARATORS_MAX && digits < value.len() && runs >= 2 && changes * 4 >= value.len()
}

/// 26 characters of Crockford's base32, of which the first is a point in time: a ULID.
fn is_ulid(value: &[u8]) -> bool {
    let base32 = |b: &u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(b));
    value.len() == 26 && matches!(value.first(), Some(b'0'..=b'7')) && value.iter().all(base32)
}

#[cfg(test)]
mod tests {
    use super::opaque;

    #[test]
    fn what_chance_made_is_told_from_names_with_numbers() {
        for made in [
            "2YotnFZFEjr1zCsicMWpAA",
            "tGzv3JOkF0XG5Qx2TlKWIA",
            "k3v9s0d8f7a6q1w2e4r5t6y7u8",
            "b1jx5qkpwvs3e0hn2mzgd4ta",
            "8xjq2hw0vbnz5k1m7c4rt9py3sdf6gla",
        ] {
            assert!(opaque(made.as_bytes()), "{made}");
        }
        for other in [
            "session_customer_portal_12",
            "internationalisation2024",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "12345678901234567890",
            "abcdefghijklmnopqrstuvwxyz",
            "2YotnFZFEjr1zCsic",
            "order.2024.eu-west-1.prod.a1",
            "build-2024-11-23-a1-b2-c3",
        ] {
            assert!(!opaque(other.as_bytes()), "{other}");
        }
    }
}
