//! The European Health Insurance Card.

use super::super::arithmetic::digits;

/// Card numbers (Decision S2 of the Administrative Commission, 2009; EN 1867): 80, the numeric code
/// of the country by ISO 3166-1, and fifteen digits of the issuer and its own numbering.
pub(super) fn ehic(value: &[u8]) -> bool {
    let Some(d) = digits::<20>(value) else { return false };
    const STATES: [u32; 32] = [
        40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 352, 372, 380, 428, 438,
        440, 442, 470, 528, 578, 616, 620, 642, 703, 705, 724, 752, 756, 826,
    ];
    d[..2] == [8, 0] && STATES.contains(&(d[2] * 100 + d[3] * 10 + d[4]))
}
