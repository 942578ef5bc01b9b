//! Telephone numbers as digits alone, by national numbering plan: groups of countries whose fields
//! have names in the same languages.

mod plans;

use plans::{EAST, NORTH, OTHERS, PORTUGUESE, SOUTH, WEST};

use super::e164::e164;

/// How many digits are dialled in a country, and the bit of each pair they begin with.
type Plan = (u8, u128);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_the_plans_of_their_countries() {
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
        for (check, value) in [
            (phone_south as fn(&[u8]) -> bool, "112345678"),
            (phone_south, "6123456"),
            (phone_south, "61234567a"),
            (phone_south, "666666666"),
            (phone_portuguese, "512345678"),
            (phone_portuguese, "12345678"),
            (phone_west, "1234567"),
            (phone_east, "8916123456789"),
            (phone_plan, "99999999"),
            (phone_plan, "999123456789"),
            (phone_plan, ""),
        ] {
            assert!(!check(value.as_bytes()), "{value}");
        }
    }
}
