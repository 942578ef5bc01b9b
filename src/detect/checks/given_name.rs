//! Whether somebody is called by first what a name begins or ends with.

use std::sync::LazyLock;

use crate::base::TableSet;

/// Given names of many languages in Latin letters, none a word of APIs or goods. See
/// `scripts/gen_given_names.py`.
static GIVEN_NAMES: LazyLock<TableSet<&'static str>> =
    LazyLock::new(|| include_str!("../../../rules/dictionaries/given-names.txt").lines().collect());
/// The longest, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// Whether a word of `value` that stands where given names do is one: the first behind titles
/// (`Dr. Ada Lovelace`), the first behind a comma (`Lovelace, Ada`), or the last (`Nagy Zsófia`).
/// Of names with a hyphen each part has to be one.
pub(super) fn given_name(value: &[u8]) -> bool {
    let (family, behind) = match memchr::memchr(b',', value) {
        Some(comma) => value.split_at(comma),
        None => (&[][..], value),
    };
    let behind = behind.strip_prefix(b",").unwrap_or(behind);
    let words = || behind.split(|b| *b == b' ').filter(|word| !word.is_empty());
    let first = words().find(|word| !word.ends_with(b"."));
    let last = if family.is_empty() { words().next_back() } else { None };
    first.into_iter().chain(last).any(is_given)
}

fn is_given(word: &[u8]) -> bool {
    word.split(|b| *b == b'-').all(is_listed)
}

fn is_listed(word: &[u8]) -> bool {
    if word.len() > NAME_BYTES_MAX {
        return false;
    }
    if word.is_ascii() {
        let mut lower = [0; NAME_BYTES_MAX];
        let Some(lower) = lower.get_mut(..word.len()) else { return false };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        return std::str::from_utf8(lower).is_ok_and(|word| GIVEN_NAMES.contains(word));
    }
    let Ok(word) = std::str::from_utf8(word) else { return false };
    // The capital of Turkish keeps its point as a mark of its own when it is made small.
    let lower = word.replace('İ', "i").to_lowercase();
    GIVEN_NAMES.contains(lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_name_stands_first_last_or_behind_a_comma() {
        for value in [
            "Ada Lovelace",
            "ADA LOVELACE",
            "Lovelace, Ada",
            "LOVELACE,ADA",
            "Dr. Ada Lovelace",
            "Jean-Pierre Martin",
            "Nagy Zsófia",
            "İbrahim Yılmaz",
            "José Ortega y Gasset",
            "Priya Raghunathan",
        ] {
            assert!(given_name(value.as_bytes()), "{value}");
        }
        for value in [
            "Acme Corp",
            "Northside Medical",
            "Meeting Room",
            "Blue Kettle",
            "Siemens AG",
            "General Electric",
            "Jean-Foundry Works",
            "Ada, Acme Works",
            "",
            ",",
            " ",
        ] {
            assert!(!given_name(value.as_bytes()), "{value}");
        }
        assert!(!given_name(b"\xff\xfe \xff"));
        assert!(!given_name(&[b'a'; 100]));
    }

    #[test]
    fn the_list_is_in_lower_case_and_short() {
        let fits = |name: &&str| name.len() <= NAME_BYTES_MAX && name.to_lowercase() == **name;
        assert!(GIVEN_NAMES.iter().all(fits));
        assert!(GIVEN_NAMES.len() > 15_000);
    }
}
