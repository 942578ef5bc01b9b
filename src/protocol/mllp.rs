//! HL7 v2 in the Minimal Lower Layer Protocol (HL7 Transport Specification: MLLP, release 2): a
//! vertical tab, the message, a file separator and a carriage return. Only identified in this
//! milestone; its blocks need a parser of their own.

use crate::model::Direction;

use super::{Protocol, Verdict};

/// The registry's entry. Both sides send the same blocks, so the bytes tell no direction.
pub static PROTOCOL: Protocol =
    Protocol { name: "mllp", ports: &[2575], probe, start_line: |_, _| None, parser: None };

/// Headers of a message, a batch and a file.
const STARTS: [&[u8]; 3] = [b"\x0bMSH", b"\x0bBHS", b"\x0bFHS"];

fn probe(_: Direction, bytes: &[u8]) -> Verdict {
    if STARTS.iter().any(|start| bytes.starts_with(start)) {
        Verdict::Match
    } else if STARTS.iter().any(|start| start.starts_with(bytes)) {
        Verdict::NeedMore
    } else {
        Verdict::NoMatch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_in_both_directions() {
        for direction in [Direction::ToServer, Direction::ToClient] {
            assert_eq!(probe(direction, b"\x0bMSH|^~\\&|A"), Verdict::Match);
            assert_eq!(probe(direction, b"\x0bM"), Verdict::NeedMore);
            assert_eq!(probe(direction, b"MSH|"), Verdict::NoMatch);
        }
    }
}
