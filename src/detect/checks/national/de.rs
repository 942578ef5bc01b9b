//! Germany.

use super::super::arithmetic::{cross_sum, digits, letter, two, weighted};
use super::super::iso7064::mod_11_10;

/// Tax identification numbers (Abgabenordnung section 139b; Steueridentifikationsnummerverordnung):
/// eleven digits, the first not 0, the last of ISO/IEC 7064 MOD 11,10; of the first ten exactly one
/// digit occurs twice, or since 2016 one occurs three times, and no other more than once.
pub(super) fn idnr(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let mut often = 0;
    let mut most = 0;
    for digit in 0..10 {
        let times = d[..10].iter().filter(|d| **d == digit).count();
        often += usize::from(times > 1);
        most = most.max(times);
    }
    d[0] != 0 && often == 1 && most <= 3 && mod_11_10(&d)
}

/// The number of an insured person for life (SGB V section 290; GKV-Spitzenverband, Richtlinie zum
/// Aufbau der Krankenversichertennummer): a letter, eight digits, a check digit.
pub(super) fn kvnr(value: &[u8]) -> bool {
    let Some((first, rest)) = value.split_first() else { return false };
    let (Some(letter), Some(d)) = (letter(*first), digits::<9>(rest)) else { return false };
    let head = letter + 1;
    let all = [head / 10, head % 10, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]];
    cross_sum(&all, 1) == d[8]
}

/// Insurance numbers of the pension funds (Versicherungsnummern-, Kontoführungs- und
/// Versicherungsverlaufsverordnung, section 4): area, date of birth, first letter of the name at
/// birth, serial, check digit.
pub(super) fn rvnr(value: &[u8]) -> bool {
    let Some((area, [name, serial @ ..])) = value.split_at_checked(8) else { return false };
    let (Some(a), Some(name), Some(s)) = (digits::<8>(area), letter(*name), digits::<3>(serial))
    else {
        return false;
    };
    let name = name + 1;
    let all = [a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], name / 10, name % 10, s[0], s[1]];
    let weights = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let products = all.iter().zip(weights).map(|(digit, weight)| digit * weight);
    let sum: u32 = products.map(|product| product / 10 + product % 10).sum();
    // Day and month may be 0 where they are not known.
    sum % 10 == s[2] && two(a[2], a[3]) <= 31 && two(a[4], a[5]) <= 12
}

/// Numbers of doctors for life (Kassenärztliche Bundesvereinigung, Richtlinie nach SGB V section
/// 75): six digits, a check digit, two of the speciality.
pub(super) fn lanr(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    let sum = weighted(&d, &[4, 9, 4, 9, 4, 9]) % 10;
    (sum + d[6]).is_multiple_of(10) && d[..7].iter().any(|d| *d != 0)
}
