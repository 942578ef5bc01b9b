//! International telephone numbers (ITU-T E.164): a country code that is assigned and as many
//! digits as that country's plan has.

use super::phone::phone_us;

/// National digits of countries whose plans are narrow, after their code (ITU-T operational
/// bulletin, national numbering plans).
const PLANS: [(u16, u8, u8); 45] = [
    (7, 10, 10),
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 6, 13),
    (51, 8, 9),
    (52, 10, 10),
    (53, 6, 8),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 8, 10),
    (58, 10, 10),
    (60, 8, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 10),
    (84, 9, 10),
    (86, 10, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 7, 10),
    (98, 10, 10),
];

/// Codes of three digits that are assigned, first and last of each run.
const ASSIGNED: [(u16, u16); 34] = [
    (211, 213),
    (216, 216),
    (218, 218),
    (220, 249),
    (250, 258),
    (260, 269),
    (290, 291),
    (297, 299),
    (350, 359),
    (370, 378),
    (380, 383),
    (385, 387),
    (389, 389),
    (420, 421),
    (423, 423),
    (500, 509),
    (590, 599),
    (670, 670),
    (672, 683),
    (685, 692),
    (800, 800),
    (808, 808),
    (850, 850),
    (852, 853),
    (855, 856),
    (870, 870),
    (878, 878),
    (880, 883),
    (886, 886),
    (888, 888),
    (960, 968),
    (970, 977),
    (992, 996),
    (998, 998),
];

/// National digits behind a code of three.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=10;

/// Whether `digits`, without the plus sign, could be dialled.
pub(super) fn e164(digits: &[u8]) -> bool {
    if !digits.iter().all(u8::is_ascii_digit) || digits.iter().all(|d| Some(d) == digits.first()) {
        return false;
    }
    match digits {
        [b'0', ..] => return false,
        [b'1', rest @ ..] => return phone_us(rest),
        _ => {}
    }
    let code = |len: usize| {
        let (head, rest) = digits.split_at_checked(len)?;
        let code = head.iter().fold(0u16, |n, d| n * 10 + u16::from(d - b'0'));
        Some((code, rest))
    };
    for len in [1, 2] {
        let Some((code, rest)) = code(len) else { return false };
        if let Some((_, least, most)) = PLANS.iter().find(|plan| plan.0 == code) {
            return (usize::from(*least)..=usize::from(*most)).contains(&rest.len())
                && rest.first() != Some(&b'0');
        }
    }
    code(3).is_some_and(|(code, rest)| {
        NATIONAL.contains(&rest.len())
            && ASSIGNED.iter().any(|(first, last)| (*first..=*last).contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_lengths_of_countries_are_known() {
        for value in [
            "442079460958",
            "447911123456",
            "12125550123",
            "4930901820",
            "33142685300",
            "353871234567",
            "919876543210",
            "79161234567",
        ] {
            assert!(e164(value.as_bytes()), "{value}");
        }
        for value in [
            "2101234567890",
            "4420794609",
            "44207946095812",
            "11234567890",
            "999123456789",
            "0442079460958",
            "1700000000",
            "440079460958",
            "111111111111",
            "44",
            "4",
            "",
            "44x079460958",
        ] {
            assert!(!e164(value.as_bytes()), "{value}");
        }
    }
}
