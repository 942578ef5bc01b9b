//! Croatia.

use super::super::arithmetic::digits;
use super::super::iso7064::mod_11_10;

/// Personal identification numbers, OIB (Zakon o osobnom identifikacijskom broju, NN 60/08): eleven
/// digits with the check digit of ISO/IEC 7064 MOD 11,10.
pub(super) fn oib(value: &[u8]) -> bool {
    digits::<11>(value).is_some_and(|d| mod_11_10(&d))
}
