//! Portugal.

use super::super::arithmetic::{base36, digits, weighted};

/// Tax numbers of natural persons, NIF (Decreto-Lei 14/2013): nine digits that begin with 1, 2, 3
/// or 45 and a check digit modulo 11.
pub(super) fn nif(value: &[u8]) -> bool {
    let Some(d) = digits::<9>(value) else { return false };
    let expected = match 11 - weighted(&d, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        10.. => 0,
        other => other,
    };
    expected == d[8] && (matches!(d[0], 1..=3) || d[..2] == [4, 5])
}

/// Document numbers of citizens' cards (Agência para a Modernização Administrativa, "Validação de
/// Número de Documento do Cartão de Cidadão"): eight digits, a digit, two characters of the
/// version, and a digit that makes the Luhn sum of all, letters counting from 10, a multiple of
/// ten.
pub(super) fn cartao(value: &[u8]) -> bool {
    let Ok(code) = <&[u8; 12]>::try_from(value) else { return false };
    let mut sum = 0;
    for (at, byte) in code.iter().enumerate() {
        let Some(value) = base36(*byte) else { return false };
        let value = if at % 2 == 0 { value * 2 } else { value };
        sum += if at % 2 == 0 && value >= 10 { value - 9 } else { value };
    }
    code[..9].iter().all(u8::is_ascii_digit)
        && code[11].is_ascii_digit()
        && sum.is_multiple_of(10)
        && code[..9].iter().any(|b| *b != b'0')
}

/// Numbers of users of the health service (Serviços Partilhados do Ministério da Saúde, número de
/// utente): nine digits; no check digit is published.
pub(super) fn utente(value: &[u8]) -> bool {
    digits::<9>(value).is_some_and(|d| d[0] != 0)
}
