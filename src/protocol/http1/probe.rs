//! Telling HTTP/1 by its first bytes, or by a line from the middle.

use crate::model::Direction;
use crate::protocol::{Protocol, Verdict};

use super::connection::Http1;
use super::head;

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "http/1",
    ports: &[80, 8080, 8000, 8008, 8042, 8081, 8888, 3128],
    probe,
    start_line: head::found_start,
    parser: Some(|| Box::new(Http1::new())),
    read: true,
};

fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    let empty_lines = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let bytes = bytes.get(empty_lines..).unwrap_or_default();
    if !head::viable(direction, bytes) {
        return Verdict::NoMatch;
    }
    match direction {
        Direction::ToServer => probe_request(bytes),
        // `HTTP/1.` and a digit.
        Direction::ToClient => match bytes.get(7) {
            Some(b'0'..=b'9') => Verdict::Match,
            Some(_) => Verdict::NoMatch,
            None => Verdict::NeedMore,
        },
    }
}

fn probe_request(bytes: &[u8]) -> Verdict {
    if let Some(lf) = bytes.iter().position(|b| *b == b'\n') {
        let line = bytes.get(..lf).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let known = head::start_line(Direction::ToServer, line).is_some() || head::is_http_09(line);
        return if known { Verdict::Match } else { Verdict::NoMatch };
    }
    let method = bytes.split(|b| *b == b' ').next().unwrap_or_default();
    let target = bytes.get(method.len() + 1..).unwrap_or_default();
    let telling = target.starts_with(b"/") || target.starts_with(b"http");
    // A known method and a path are enough to tell.
    if head::METHODS.contains(&method) && telling { Verdict::Match } else { Verdict::NeedMore }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::limits::HTTP_METHOD_BYTES_MAX;

    #[test]
    fn requests_and_responses_are_told_by_their_first_bytes() {
        use Direction::{ToClient, ToServer};
        use Verdict::{Match, NeedMore, NoMatch};
        for (direction, bytes, verdict) in [
            (ToServer, "GET /a-very-long-path", Match),
            (ToServer, "\r\nPOST http://x/", Match),
            (ToServer, "BREW /pot HT", NeedMore),
            (ToServer, "BREW /pot HTTP/1.1\r\n", Match),
            (ToServer, "CONNECT host:443 HTTP/1.1\r\n", Match),
            (ToServer, "GET /old\r\n", Match),
            (ToServer, "EHLO mail.example\r\n", NoMatch),
            (ToServer, "PRI * HTTP/2.0\r\n", NoMatch),
            (ToServer, "{\"a\": 1}", NoMatch),
            (ToClient, "HTTP/1.1 200 OK", Match),
            (ToClient, "HTTP/1", NeedMore),
            (ToClient, "HTTP/2", NoMatch),
            (ToClient, "220 mail.example ESMTP", NoMatch),
        ] {
            assert_eq!(probe(direction, bytes.as_bytes()), verdict, "{bytes:?}");
        }
    }

    #[test]
    fn a_method_may_be_as_long_as_its_limit() {
        let most = HTTP_METHOD_BYTES_MAX;
        for (length, verdict) in
            [(40, Verdict::Match), (most, Verdict::Match), (most + 1, Verdict::NoMatch)]
        {
            let line = format!("{} /patients HTTP/1.1\r\n", "M".repeat(length));
            assert_eq!(probe(Direction::ToServer, line.as_bytes()), verdict, "{length}");
        }
    }
}
