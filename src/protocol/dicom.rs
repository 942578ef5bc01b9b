//! DICOM upper layer (PS3.8 section 9.3): A-ASSOCIATE-RQ and -AC. Only identified in this
//! milestone; its PDUs need a parser of their own.

use crate::model::Direction;

use super::{Protocol, Verdict};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "dicom",
    ports: &[104, 11112],
    probe,
    start_line: |_, _| None,
    parser: None,
    read: false,
};

/// Fixed part of an association PDU behind its length field.
const PDU_BYTES_MIN: u32 = 68;
/// Far beyond the PDU of the largest proposal (128 contexts of some transfer syntaxes each).
const PDU_BYTES_MAX: u32 = 1 << 20;

fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    // A-ASSOCIATE-RQ asks, A-ASSOCIATE-AC answers; a reserved zero follows.
    let kind = if direction == Direction::ToServer { 1 } else { 2 };
    if bytes.first().is_some_and(|b| *b != kind) || bytes.get(1).is_some_and(|b| *b != 0) {
        return Verdict::NoMatch;
    }
    let Some((length, rest)) = bytes.get(2..).and_then(|b| b.split_first_chunk::<4>()) else {
        return Verdict::NeedMore;
    };
    if !(PDU_BYTES_MIN..=PDU_BYTES_MAX).contains(&u32::from_be_bytes(*length)) {
        return Verdict::NoMatch;
    }
    // Protocol version 1, two reserved zeros.
    match rest {
        [0, 1, 0, 0, ..] => Verdict::Match,
        [] | [0] | [0, 1] | [0, 1, 0] => Verdict::NeedMore,
        _ => Verdict::NoMatch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn association_requests_and_accepts_are_told() {
        let request = b"\x01\x00\x00\x00\x00\xd1\x00\x01\x00\x00ANY-SCP         ";
        assert_eq!(probe(Direction::ToServer, request), Verdict::Match);
        assert_eq!(probe(Direction::ToClient, request), Verdict::NoMatch);
        let accept = b"\x02\x00\x00\x00\x00\xb8\x00\x01\x00\x00ANY-SCP         ";
        assert_eq!(probe(Direction::ToClient, accept), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, &request[..7]), Verdict::NeedMore);
        assert_eq!(
            probe(Direction::ToServer, b"\x01\x00\x00\x00\x00\x01\x00\x01"),
            Verdict::NoMatch
        );
    }
}
