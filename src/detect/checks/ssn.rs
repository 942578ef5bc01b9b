//! US Social Security numbers (SSA, POMS RM 10201.035: numbers never issued).

/// Whether nine digits could be issued: area not 000, 666 or 900 up, group not 00, serial not
/// 0000, no digit nine times. The numbers SSA reserved for advertisements (987-65-4320 to 4329)
/// pass as well: they stand for one.
pub(super) fn ssn(digits: &[u8]) -> bool {
    let Some((area, rest)) = digits.split_first_chunk::<3>() else { return false };
    let Some((group, serial)) = rest.split_first_chunk::<2>() else { return false };
    if serial.len() != 4 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    if digits.starts_with(b"98765432") {
        return true;
    }
    let repeated = digits.iter().all(|d| Some(d) == digits.first());
    area != b"000"
        && area != b"666"
        && area.first().is_some_and(|d| *d != b'9')
        && group != b"00"
        && serial != b"0000"
        && !repeated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_are_never_issued_fail() {
        assert!(ssn(b"078051120"));
        assert!(ssn(b"987654321"), "an advertising number");
        for wrong in
            ["000123456", "666123456", "900123456", "123006789", "123450000", "111111111", "12345"]
        {
            assert!(!ssn(wrong.as_bytes()), "{wrong}");
        }
    }
}
