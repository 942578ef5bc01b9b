//! Malaysia.

use super::super::arithmetic::{digits, two};
use super::super::calendar::is_date_of_any_century;

/// Identity cards, MyKad (Jabatan Pendaftaran Negara, National Registration Regulations 1990): date
/// of birth, place of birth (00, 17 to 20, 69, 70, 73, 80, 81 and 94 to 97 stand for none), four
/// digits.
pub(super) fn nric(value: &[u8]) -> bool {
    let Some(d) = digits::<12>(value) else { return false };
    let place = two(d[6], d[7]);
    is_date_of_any_century(two(d[0], d[1]), two(d[2], d[3]), two(d[4], d[5]))
        && !matches!(place, 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97)
}
