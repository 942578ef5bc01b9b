//! Ireland.

use super::super::arithmetic::{digits, letter, weighted};

/// Personal public service numbers (Department of Social Protection; Revenue, "PPSN check
/// character"): seven digits, the check letter modulo 23, and a second letter that counts nine
/// times where it is A, B or H; older ones have W, T or X there, which do not count.
pub(super) fn pps(value: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let Some((body, [check, second @ ..])) = value.split_at_checked(7) else { return false };
    let Some(d) = digits::<7>(body) else { return false };
    let more = match second {
        [] | [b'W' | b'T' | b'X'] => 0,
        [second @ (b'A' | b'B' | b'H')] => letter(*second).map_or(0, |at| (at + 1) * 9),
        _ => return false,
    };
    let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + more;
    usize::try_from(sum % 23).ok().and_then(|at| LETTERS.get(at)) == Some(check)
}

/// Individual Health Identifiers (HIQA, IHI standard): a GS1 service relation number of eighteen
/// digits under the prefix of Ireland, 539.
pub(super) fn ihi(value: &[u8]) -> bool {
    let Some(d) = digits::<18>(value) else { return false };
    let weights = [3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1];
    d[..3] == [5, 3, 9] && weighted(&d, &weights).is_multiple_of(10)
}
