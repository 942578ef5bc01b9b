//! HTTP/2 without TLS (RFC 9113 section 3.4): the client's preface, the server's first SETTINGS
//! frame. Only identified in this milestone; its frames and header compression need a parser of
//! their own.

use crate::model::Direction;

use super::{Protocol, Verdict};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "http/2",
    ports: &[],
    probe,
    start_line: |_, _| None,
    parser: None,
    read: false,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    match direction {
        Direction::ToServer if bytes.starts_with(PREFACE) => Verdict::Match,
        Direction::ToServer if PREFACE.starts_with(bytes) => Verdict::NeedMore,
        Direction::ToServer => Verdict::NoMatch,
        Direction::ToClient => settings(bytes),
    }
}

/// A SETTINGS frame on stream 0 without ACK: its length is a multiple of six.
fn settings(bytes: &[u8]) -> Verdict {
    let expected = [Some(0), Some(0), None, Some(4), Some(0), Some(0), Some(0), Some(0), Some(0)];
    let fits = bytes.iter().zip(expected).all(|(got, want)| want.is_none_or(|w| *got == w));
    if !fits || bytes.get(2).is_some_and(|len| len % 6 != 0 || *len == 0) {
        Verdict::NoMatch
    } else if bytes.len() < expected.len() {
        Verdict::NeedMore
    } else {
        Verdict::Match
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preface_and_settings_are_told() {
        assert_eq!(probe(Direction::ToServer, PREFACE), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"PRI * H"), Verdict::NeedMore);
        assert_eq!(probe(Direction::ToServer, b"PRI /x HTTP/1.1\r\n"), Verdict::NoMatch);
        let settings = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64";
        assert_eq!(probe(Direction::ToClient, settings), Verdict::Match);
        assert_eq!(probe(Direction::ToClient, &settings[..4]), Verdict::NeedMore);
        assert_eq!(probe(Direction::ToClient, b"\x00\x00\x13\x04"), Verdict::NoMatch);
    }
}
