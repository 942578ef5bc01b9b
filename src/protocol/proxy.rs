//! The PROXY protocol, versions 1 and 2 (HAProxy, "The PROXY protocol", sections 2.1 and 2.2): a
//! header with which a load balancer says for whom it speaks. It is passed over, and what follows
//! it is identified like any flow; whose addresses it names is not looked at.

use crate::model::{Direction, MessageEvent, StreamEvent, StreamInput, SwitchTo};

use super::{MessageSink, Parser, Protocol, Rest, Verdict, hand_on};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "proxy",
    ports: &[],
    probe,
    start_line: |_, _| None,
    parser: Some(|| Box::new(ProxyParser::default())),
    read: false,
};

/// How lines of version 1 begin.
const LINES: [&[u8]; 3] = [b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"];
/// Longest line of version 1.
const LINE_BYTES_MAX: usize = 107;
/// How a header of version 2 begins, behind two empty lines: before identification, such are passed
/// over.
const SIGNATURE: &[u8] = b"\0\r\nQUIT\n";
/// Its fixed part: the signature, version and command, families, and the length of the rest.
const FIXED_BYTES: usize = SIGNATURE.len() + 4;

fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    let starts = || LINES.iter().chain([&SIGNATURE]);
    let empty_lines = bytes.iter().take_while(|byte| ends_line(**byte)).count();
    let bytes = bytes.get(empty_lines..).unwrap_or_default();
    if direction != Direction::ToServer {
        Verdict::NoMatch
    } else if starts().any(|start| bytes.starts_with(start)) {
        Verdict::Match
    } else if starts().any(|start| start.starts_with(bytes)) {
        Verdict::NeedMore
    } else {
        Verdict::NoMatch
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// See the module.
#[derive(Debug, Default)]
struct ProxyParser {
    /// The header so far: a line, or the fixed part.
    head: Vec<u8>,
    /// So many bytes follow the fixed part.
    left: Option<usize>,
    over: bool,
}

impl ProxyParser {
    /// Goes through the header: how many of the bytes are its own.
    fn header(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        for byte in bytes {
            if self.over || self.left.is_some() {
                break;
            }
            used += 1;
            if self.head.is_empty() && ends_line(*byte) {
                continue;
            }
            self.head.push(*byte);
            let second = SIGNATURE.starts_with(self.head.get(..1).unwrap_or_default());
            if second && self.head.len() == FIXED_BYTES {
                let length = self.head.get(FIXED_BYTES - 2..).unwrap_or_default();
                let length = length.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
                self.left = Some(length);
            }
            self.over = !second && (*byte == b'\n' || self.head.len() >= LINE_BYTES_MAX);
        }
        if let Some(left) = &mut self.left {
            let more = (*left).min(bytes.len() - used);
            *left -= more;
            used += more;
            self.over = *left == 0;
        }
        used
    }
}

impl Parser for ProxyParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        let StreamInput::Bytes(bytes) = event.input else { return };
        let at = (event.direction, event.at);
        if self.over {
            return hand_on(at, bytes, sink);
        }
        if event.direction == Direction::ToServer {
            let used = self.header(bytes);
            if self.over {
                sink.message(MessageEvent::Switch { to: SwitchTo::Unknown });
                hand_on(at, bytes.get(used..).unwrap_or_default(), sink);
            }
        }
    }

    /// There are no messages.
    fn is_between_messages(&self) -> bool {
        true
    }

    /// Never: what it is amidst of is all that it has.
    fn rest(&self) -> Option<Rest> {
        None
    }

    fn resume(&mut self, _: Rest) {
        *self = ProxyParser::default();
    }

    fn held_bytes(&self) -> usize {
        self.head.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::recorder::{ask, record};

    const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 192.0.2.9 5000 443\r\n";

    /// With addresses of IPv4 and one more field.
    fn binary() -> Vec<u8> {
        [b"\r\n\r\n", SIGNATURE, b"\x21\x11\x00\x10", &[7; 16]].concat()
    }

    #[test]
    fn headers_of_both_versions_are_told_from_their_first_bytes() {
        for header in [LINE.to_vec(), binary(), b"PROXY UNKNOWN\r\n".to_vec()] {
            assert_eq!(probe(Direction::ToServer, &header), Verdict::Match);
            assert_eq!(probe(Direction::ToServer, &header[..5]), Verdict::NeedMore);
            assert_eq!(probe(Direction::ToClient, &header), Verdict::NoMatch);
        }
        for other in ["PROXY /x HTTP/1.1\r\n", "\r\n\r\nGET /", "QUIT\n"] {
            assert_eq!(probe(Direction::ToServer, other.as_bytes()), Verdict::NoMatch, "{other}");
        }
    }

    #[test]
    fn what_follows_a_header_is_handed_on_however_it_is_cut() {
        for header in [LINE.to_vec(), binary(), b"PROXY UNKNOWN\r\n".to_vec()] {
            let steps = [ask([&header, &b"hello"[..]].concat())];
            for piece in [1, 7, usize::MAX] {
                let lines = record(Box::new(ProxyParser::default()), &steps, piece);
                assert_eq!(lines[0], "switch Unknown");
                let rest = lines.iter().filter_map(|line| line.strip_prefix("> remainder "));
                assert_eq!(rest.collect::<String>(), "hello");
            }
            let cut = [ask(&header[..header.len() - 1])];
            assert!(record(Box::new(ProxyParser::default()), &cut, usize::MAX).is_empty());
        }
    }
}
