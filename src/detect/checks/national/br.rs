//! Brazil.

use super::super::arithmetic::{digits, repeated, weighted};

/// Numbers of the register of natural persons, CPF (Receita Federal, Instrução Normativa 1548):
/// nine digits and two check digits modulo 11.
pub(super) fn cpf(value: &[u8]) -> bool {
    let Some(d) = digits::<11>(value) else { return false };
    let first = weighted(&d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted(&d, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    first == d[9] && second == d[10] && !repeated(&d)
}

/// Cards of the health system, CNS (DATASUS, validation of the Cartão Nacional de Saúde): fifteen
/// digits of which the first is 1, 2, 7, 8 or 9 and whose weighted sum is a multiple of 11.
pub(super) fn cns(value: &[u8]) -> bool {
    let Some(d) = digits::<15>(value) else { return false };
    matches!(d[0], 1 | 2 | 7 | 8 | 9)
        && weighted(&d, &[15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
        && !repeated(&d)
}
