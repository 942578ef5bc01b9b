//! Costa Rica.

use super::super::arithmetic::digits;

/// Identity cards of natural persons (Ministerio de Hacienda, cédula de persona física): a 0 that
/// may be left out, the province, volume and entry of four digits each.
pub(super) fn cpf(value: &[u8]) -> bool {
    match value {
        [b'0', rest @ ..] => digits::<9>(rest).is_some_and(|d| d[0] != 0),
        _ => digits::<9>(value).is_some_and(|d| d[0] != 0),
    }
}

/// Documents of foreigners, DIMEX (Dirección General de Migración y Extranjería): 1 and ten or
/// eleven digits.
pub(super) fn dimex(value: &[u8]) -> bool {
    matches!(value.len(), 11 | 12)
        && value.first() == Some(&b'1')
        && value.iter().all(u8::is_ascii_digit)
}
