//! Chile.

/// Numbers of the register, RUN and RUT (Servicio de Registro Civil e Identificación): seven or
/// eight digits and a check character modulo 11, `K` for ten.
pub(super) fn rut(value: &[u8]) -> bool {
    let Some((check, body)) = value.split_last() else { return false };
    if !matches!(body.len(), 7 | 8) || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let weights = (2..=7u32).cycle();
    let sum: u32 = body.iter().rev().zip(weights).map(|(b, w)| u32::from(b - b'0') * w).sum();
    let expected = match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        other => *b"0123456789".get(usize::try_from(other).unwrap_or(0)).unwrap_or(&b'0'),
    };
    *check == expected && sum != 0
}
