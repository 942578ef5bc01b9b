//! Kenya.

/// Personal identification numbers of individuals (Kenya Revenue Authority, KRA PIN): an A, nine
/// digits, a letter whose rule is not published.
pub(super) fn pin(value: &[u8]) -> bool {
    let [b'A', body @ .., last] = value else { return false };
    body.len() == 9 && body.iter().all(u8::is_ascii_digit) && last.is_ascii_uppercase()
}
