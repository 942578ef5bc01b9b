//! Telephone numbers (ITU-T E.164; North American Numbering Plan).

/// Whether `value` could be dialled: with `+`, 8 to 15 digits and no country code 0; with a
/// leading 0, 9 to 12 digits; else ten digits of the North American plan, or eleven with 1.
pub(super) fn phone(value: &[u8]) -> bool {
    let mut digits = [0u8; 16];
    let mut count = 0;
    for byte in value.iter().filter(|b| b.is_ascii_digit()) {
        let Some(slot) = digits.get_mut(count) else { return false };
        *slot = *byte;
        count += 1;
    }
    let digits = digits.get(..count).unwrap_or_default();
    let repeated = digits.iter().all(|d| Some(d) == digits.first());
    if repeated {
        return false;
    }
    match (value.first(), digits) {
        (Some(b'+'), [b'1', rest @ ..]) => phone_us(rest),
        (Some(b'+'), [first, ..]) => *first != b'0' && (8..=15).contains(&count),
        (_, [b'0', b'0', third, ..]) => *third != b'0' && (10..=16).contains(&count),
        (_, [b'0', second, ..]) => *second != b'0' && (9..=12).contains(&count),
        (_, [b'1', rest @ ..]) if count == 11 => phone_us(rest),
        _ => phone_us(digits),
    }
}

/// Whether ten digits are a North American number: area and exchange start with 2 to 9, and
/// neither area nor exchange is a service code (N11).
pub(super) fn phone_us(digits: &[u8]) -> bool {
    let Some((area, rest)) = digits.split_first_chunk::<3>() else { return false };
    let Some((exchange, line)) = rest.split_first_chunk::<3>() else { return false };
    line.len() == 4
        && digits.iter().all(u8::is_ascii_digit)
        && [area, exchange].iter().all(|code| code[0] >= b'2' && code[1..] != *b"11")
        && area[1] != b'9'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_known() {
        for value in [
            "+44 20 7946 0958",
            "(212) 555-0123",
            "212-555-0123",
            "+1 212 555 0123",
            "020 7946 0958",
            "0049 30 901820",
            "1-800-555-0199",
        ] {
            assert!(phone(value.as_bytes()), "{value}");
        }
        for value in ["+0 123 456 789", "123-456-7890", "(112) 555-0123", "0000000000", "+12", ""] {
            assert!(!phone(value.as_bytes()), "{value}");
        }
    }
}
