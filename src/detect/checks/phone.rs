//! Telephone numbers (ITU-T E.164; North American Numbering Plan; national numbering plans).

use super::e164::e164;
use super::phone_plans::{EAST, NORTH, OTHERS, PORTUGUESE, SOUTH, WEST};

/// How many digits are dialled in a country, and the bit of each pair they begin with.
pub(super) type Plan = (u8, u128);

/// Digits of the shortest number of a plan that is told by itself, and how many lengths there are.
const SHORTEST: usize = 8;
const LENGTHS: usize = 5;

/// The pairs of digits that numbers of some plans begin with, by length.
type Leads = [u128; LENGTHS];

const OF_SOUTH: Leads = union(&[SOUTH]);
const OF_PORTUGUESE: Leads = union(&[PORTUGUESE]);
const OF_NORTH: Leads = union(&[NORTH]);
const OF_WEST: Leads = union(&[WEST]);
const OF_EAST: Leads = union(&[EAST]);
const OF_ALL: Leads = union(&[SOUTH, PORTUGUESE, NORTH, WEST, EAST, OTHERS]);

#[expect(clippy::indexing_slicing, reason = "run by the compiler")]
const fn union(groups: &[&[Plan]]) -> Leads {
    let mut leads = [0; LENGTHS];
    let mut group = 0;
    while group < groups.len() {
        let mut at = 0;
        while at < groups[group].len() {
            let (length, bits) = groups[group][at];
            leads[length as usize - SHORTEST] |= bits;
            at += 1;
        }
        group += 1;
    }
    leads
}

/// Whether `digits` are all digits and a number of one of the plans.
fn is_of(leads: &Leads, digits: &[u8]) -> bool {
    let [first, second, rest @ ..] = digits else { return false };
    if !digits.iter().all(u8::is_ascii_digit) || rest.iter().all(|d| d == second) {
        return false;
    }
    let bits = digits.len().checked_sub(SHORTEST).and_then(|length| leads.get(length));
    let pair = u32::from(first - b'0') * 10 + u32::from(second - b'0');
    bits.is_some_and(|bits| bits >> pair & 1 == 1)
}

/// A number as it is dialled in Spain, Italy or Latin America.
pub(super) fn phone_south(digits: &[u8]) -> bool {
    is_of(&OF_SOUTH, digits)
}

/// In Portugal or Brazil.
pub(super) fn phone_portuguese(digits: &[u8]) -> bool {
    is_of(&OF_PORTUGUESE, digits)
}

/// In the north and the middle of Europe.
pub(super) fn phone_north(digits: &[u8]) -> bool {
    is_of(&OF_NORTH, digits)
}

/// In France, Switzerland or the Low Countries.
pub(super) fn phone_west(digits: &[u8]) -> bool {
    is_of(&OF_WEST, digits)
}

/// In countries that write Cyrillic or Greek.
pub(super) fn phone_east(digits: &[u8]) -> bool {
    is_of(&OF_EAST, digits)
}

/// In any country, or from abroad: with the country's code and no plus sign.
pub(super) fn phone_plan(digits: &[u8]) -> bool {
    is_of(&OF_ALL, digits) || digits.len() > 10 && e164(digits)
}

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
        for (check, value) in [
            (phone_south as fn(&[u8]) -> bool, "612345678"),
            (phone_south, "3001234567"),
            (phone_south, "1143218765"),
            (phone_portuguese, "912345678"),
            (phone_portuguese, "11912345678"),
            (phone_north, "20123456"),
            (phone_north, "501234567"),
            (phone_north, "601234567"),
            (phone_west, "0471234567"),
            (phone_east, "89161234567"),
            (phone_east, "2101234567"),
            (phone_plan, "91234567"),
            (phone_plan, "34612345678"),
        ] {
            assert!(check(value.as_bytes()), "{value}");
        }
        let (south, portuguese): (fn(&[u8]) -> bool, fn(&[u8]) -> bool) =
            (phone_south, phone_portuguese);
        for (check, value) in [
            (south, "112345678"),
            (south, "6123456"),
            (south, "61234567a"),
            (south, "666666666"),
            (portuguese, "512345678"),
            (portuguese, "12345678"),
            (phone_west, "1234567"),
            (phone_east, "8916123456789"),
            (phone_plan, "99999999"),
            (phone_plan, "999123456789"),
            (phone_plan, ""),
        ] {
            assert!(!check(value.as_bytes()), "{value}");
        }
        for value in ["+0 123 456 789", "123-456-7890", "(112) 555-0123", "0000000000", "+12", ""] {
            assert!(!phone(value.as_bytes()), "{value}");
        }
    }
}
