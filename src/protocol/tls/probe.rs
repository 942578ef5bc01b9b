//! TLS records (RFC 8446 section 5.1) and the SSLv2 hello that old clients open with (RFC 5246
//! appendix E.2).

use crate::model::Direction;
use crate::protocol::{Protocol, Verdict};

use super::parser::TlsParser;
use super::records::RECORD_BYTES_MAX;

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "tls",
    ports: &[443, 8443, 2762],
    probe,
    start_line: |_, _| None,
    parser: Some(|| Box::new(TlsParser::default())),
    read: false,
};

fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    match bytes {
        [] => Verdict::NeedMore,
        [0x80..=0xff, ..] => sslv2_hello(direction, bytes),
        [20..=23, ..] => record(direction, bytes),
        _ => Verdict::NoMatch,
    }
}

fn record(direction: Direction, bytes: &[u8]) -> Verdict {
    if bytes.get(1).is_some_and(|major| *major != 3) || bytes.get(2).is_some_and(|m| *m > 4) {
        return Verdict::NoMatch;
    }
    let (Some(kind), Some(high), Some(low)) = (bytes.first(), bytes.get(3), bytes.get(4)) else {
        return Verdict::NeedMore;
    };
    let length = u16::from_be_bytes([*high, *low]);
    if length == 0 || length > RECORD_BYTES_MAX {
        return Verdict::NoMatch;
    }
    match kind {
        // change_cipher_spec, alert and application data tell no direction.
        20 => {
            if length == 1 {
                Verdict::Match
            } else {
                Verdict::NoMatch
            }
        }
        22 => match (bytes.get(5), direction) {
            (None, _) => Verdict::NeedMore,
            // client_hello, client_key_exchange
            (Some(1 | 16), Direction::ToServer) => Verdict::Match,
            // hello_request, server_hello, certificate
            (Some(0 | 2 | 11), Direction::ToClient) => Verdict::Match,
            (Some(_), _) => Verdict::NoMatch,
        },
        _ => Verdict::Match,
    }
}

fn sslv2_hello(direction: Direction, bytes: &[u8]) -> Verdict {
    // Length with the high bit set, CLIENT-HELLO, the version wanted: 0.2 or 3.x.
    let version = match bytes.get(3) {
        Some(0) => 2..=2,
        Some(3) => 0..=4,
        Some(_) => return Verdict::NoMatch,
        None => 0..=4,
    };
    if direction != Direction::ToServer || bytes.get(2).is_some_and(|kind| *kind != 1) {
        return Verdict::NoMatch;
    }
    match bytes.get(4) {
        Some(minor) if version.contains(minor) => Verdict::Match,
        Some(_) => Verdict::NoMatch,
        None => Verdict::NeedMore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshakes_tell_their_direction() {
        let client = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
        let server = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";
        assert_eq!(probe(Direction::ToServer, client), Verdict::Match);
        assert_eq!(probe(Direction::ToClient, client), Verdict::NoMatch);
        assert_eq!(probe(Direction::ToClient, server), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, &client[..5]), Verdict::NeedMore);
        assert_eq!(probe(Direction::ToServer, b"\x17\x03\x03\x00\x30abc"), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"\x17\x03\x03\xff\xff"), Verdict::NoMatch);
    }

    #[test]
    fn the_sslv2_hello_is_told() {
        let hello = b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10";
        assert_eq!(probe(Direction::ToServer, hello), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"\x80\x2e\x01\x00\x02"), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"\x80\x2e\x02\x00\x02"), Verdict::NoMatch);
        assert_eq!(probe(Direction::ToServer, b"\x80\x2e"), Verdict::NeedMore);
    }
}
