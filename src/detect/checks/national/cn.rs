//! China.

use super::super::calendar::is_date;
use super::super::iso7064::mod_11_2;

/// Numbers of citizens (GB 11643-1999): six digits of the region, date of birth, three digits of
/// order, and a check character of ISO/IEC 7064 MOD 11-2.
pub(super) fn ric(value: &[u8]) -> bool {
    if value.len() != 18 || value.first() == Some(&b'0') || !mod_11_2(value) {
        return false;
    }
    let part = |from: usize, to: usize| {
        let digits = value.get(from..to).unwrap_or_default();
        digits.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte.wrapping_sub(b'0')))
    };
    let year = part(6, 10);
    (1800..=2100).contains(&year) && is_date(year, part(10, 12), part(12, 14))
}
