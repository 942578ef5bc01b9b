//! WebSocket (RFC 6455). Only named: it is reached by an HTTP upgrade, never by its first bytes,
//! which say nothing; its frames need a parser of their own.

use super::{Protocol, Verdict};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "websocket",
    ports: &[],
    probe: |_, _| Verdict::NoMatch,
    start_line: |_, _| None,
    parser: None,
    read: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Direction;

    #[test]
    fn no_first_bytes_are_taken_for_it() {
        for first in [&b""[..], b"\x81\x05hello", b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n"] {
            for direction in [Direction::ToServer, Direction::ToClient] {
                assert_eq!((PROTOCOL.probe)(direction, first), Verdict::NoMatch);
            }
        }
    }
}
