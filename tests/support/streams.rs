//! Captures of which Wireshark puts other streams together than phitap does, and why.

/// A reason, and the captures it holds for with the number of streams that differ.
pub type Differ = (&'static str, &'static [(&'static str, usize)]);

/// Every such difference.
pub const DIFFER: &[Differ] = &[];

/// How many streams of a capture differ, and why.
pub fn reason(name: &str) -> Option<(usize, &'static str)> {
    DIFFER.iter().find_map(|(why, captures)| {
        captures.iter().find(|(capture, _)| *capture == name).map(|(_, count)| (*count, *why))
    })
}
