//! Routing numbers of banks in the United States.

/// Whether `digits` are nine that the American Bankers Association could have given out: the first
/// two of a range in use, and the sum weighted by 3, 7, 1 a multiple of ten (ABA Routing Number
/// Administrative Board, "Routing Number Policy and Procedures").
pub(super) fn aba(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [3, 7, 1, 3, 7, 1, 3, 7, 1];
    let [a, b, ..] = digits else { return false };
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let district = u32::from(a - b'0') * 10 + u32::from(b - b'0');
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, weight)| u32::from(d - b'0') * weight).sum();
    matches!(district, 1..=12 | 21..=32 | 61..=72 | 80) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_reserve_banks_pass_and_their_neighbours_do_not() {
        for number in ["011000015", "021001208", "121000374", "322271627"] {
            assert!(aba(number.as_bytes()), "{number}");
        }
        for number in ["011000016", "991000015", "01100001", "0110000155", "01100001x", ""] {
            assert!(!aba(number.as_bytes()), "{number}");
        }
    }
}
