//! How protocols that may turn to TLS open.

use crate::base::limits::PROBE_BYTES_MAX;
use crate::model::Direction;
use crate::protocol::{Protocol, Verdict};

use super::parser::{Dialect, SSL_REQUEST, StartTlsParser};

/// PostgreSQL's GSSENCRequest.
const GSS_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";

/// SMTP (RFC 5321), TLS by RFC 3207.
pub static SMTP: Protocol = Protocol {
    name: "smtp",
    ports: &[25, 587],
    probe: |direction, bytes| greeting(direction, bytes, b"220", &[b"SMTP"]),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// LMTP (RFC 2033), TLS as in SMTP.
pub static LMTP: Protocol = Protocol {
    name: "lmtp",
    ports: &[24],
    probe: |direction, bytes| greeting(direction, bytes, b"220", &[b"LMTP"]),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// ManageSieve (RFC 5804): servers begin with what they are.
pub static SIEVE: Protocol = Protocol {
    name: "sieve",
    ports: &[4190],
    probe: |direction, bytes| opens(direction, Direction::ToClient, bytes, b"\"IMPLEMENTATION\" "),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// NATS (client protocol): behind the server's line the client may go on in TLS.
pub static NATS: Protocol = Protocol {
    name: "nats",
    ports: &[4222],
    probe: |direction, bytes| opens(direction, Direction::ToClient, bytes, b"INFO {"),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Nats))),
    read: false,
};

/// Remote Desktop Protocol (MS-RDPBCGR section 2.2.1.1).
pub static RDP: Protocol = Protocol {
    name: "rdp",
    ports: &[3389],
    probe: rdp,
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Rdp))),
    read: false,
};

/// The Remote Framebuffer Protocol (RFC 6143), TLS by VeNCrypt. Both sides open alike.
pub static VNC: Protocol = Protocol {
    name: "vnc",
    ports: &[5900],
    probe: |direction, bytes| opens(direction, direction, bytes, b"RFB 003."),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Rfb))),
    read: false,
};

/// FTP (RFC 959), TLS by RFC 4217.
pub static FTP: Protocol = Protocol {
    name: "ftp",
    ports: &[21],
    probe: |direction, bytes| greeting(direction, bytes, b"220", &[b"FTP"]),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// IMAP (RFC 9051).
pub static IMAP: Protocol = Protocol {
    name: "imap",
    ports: &[143],
    probe: |direction, bytes| opens(direction, Direction::ToClient, bytes, b"* OK "),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// POP3 (RFC 1939), TLS by RFC 2595.
pub static POP3: Protocol = Protocol {
    name: "pop3",
    ports: &[110],
    probe: |direction, bytes| opens(direction, Direction::ToClient, bytes, b"+OK "),
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// NNTP (RFC 3977), TLS by RFC 4642.
pub static NNTP: Protocol = Protocol {
    name: "nntp",
    ports: &[119],
    probe: nntp,
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Lines))),
    read: false,
};

/// XMPP (RFC 6120, TLS in section 5).
pub static XMPP: Protocol = Protocol {
    name: "xmpp",
    ports: &[5222, 5269],
    probe: xmpp,
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Xmpp))),
    read: false,
};

/// LDAP (RFC 4511).
pub static LDAP: Protocol = Protocol {
    name: "ldap",
    ports: &[389],
    probe: ldap,
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Ldap))),
    read: false,
};

/// PostgreSQL (protocol 3.0, section 54.2.10), where the client asks for TLS before anything but
/// encryption by GSSAPI.
pub static POSTGRESQL: Protocol = Protocol {
    name: "postgresql",
    ports: &[5432],
    probe: |direction, bytes| match opens(direction, Direction::ToServer, bytes, SSL_REQUEST) {
        Verdict::NoMatch => opens(direction, Direction::ToServer, bytes, GSS_REQUEST),
        told => told,
    },
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Postgresql))),
    read: false,
};

/// MySQL and MariaDB (client/server protocol, handshake version 10).
pub static MYSQL: Protocol = Protocol {
    name: "mysql",
    ports: &[3306],
    probe: mysql,
    start_line: |_, _| None,
    parser: Some(|| Box::new(StartTlsParser::new(Dialect::Mysql))),
    read: false,
};

/// Whether `bytes` begin with `text`, which goes one way only.
fn opens(direction: Direction, goes: Direction, bytes: &[u8], text: &[u8]) -> Verdict {
    if direction != goes {
        Verdict::NoMatch
    } else if bytes.starts_with(text) {
        Verdict::Match
    } else if text.starts_with(bytes) {
        Verdict::NeedMore
    } else {
        Verdict::NoMatch
    }
}

/// A greeting with this code and a word in its first line that names the service.
fn greeting(direction: Direction, bytes: &[u8], code: &[u8], words: &[&[u8]]) -> Verdict {
    let given = bytes.get(..3).unwrap_or(bytes);
    let separated = matches!(bytes.get(3), None | Some(b' ' | b'-'));
    if direction != Direction::ToClient || !code.starts_with(given) || !separated {
        return Verdict::NoMatch;
    }
    let end = bytes.iter().position(|b| *b == b'\n');
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let has = |name: &[u8]| line.windows(name.len()).any(|word| word.eq_ignore_ascii_case(name));
    if words.iter().any(|word| has(word)) {
        Verdict::Match
    } else if end.is_some() || bytes.len() >= PROBE_BYTES_MAX {
        Verdict::NoMatch
    } else {
        Verdict::NeedMore
    }
}

/// Posting is allowed (200) or not (201): servers say so, or what they are.
fn nntp(direction: Direction, bytes: &[u8]) -> Verdict {
    const WORDS: [&[u8]; 3] = [b"NNTP", b"NNRP", b"posting"];
    match greeting(direction, bytes, b"200", &WORDS) {
        Verdict::NoMatch => greeting(direction, bytes, b"201", &WORDS),
        told => told,
    }
}

/// The client opens a stream, behind a declaration of XML or not.
fn xmpp(direction: Direction, bytes: &[u8]) -> Verdict {
    const STREAM: &[u8] = b"<stream:stream";
    const DECLARATION: &[u8] = b"<?xml";
    let more = match bytes.len() {
        0..PROBE_BYTES_MAX => Verdict::NeedMore,
        _ => Verdict::NoMatch,
    };
    if direction != Direction::ToServer {
        return Verdict::NoMatch;
    }
    let mut text = bytes;
    if bytes.starts_with(DECLARATION) {
        let Some(end) = memchr::memmem::find(bytes, b"?>") else { return more };
        text = bytes.get(end + 2..).unwrap_or_default().trim_ascii_start();
    }
    if text.starts_with(STREAM) {
        Verdict::Match
    } else if STREAM.starts_with(text) || DECLARATION.starts_with(text) {
        more
    } else {
        Verdict::NoMatch
    }
}

/// A sequence of a message number and a request to bind, to search, or for an extension.
fn ldap(direction: Direction, bytes: &[u8]) -> Verdict {
    let Some(length) = bytes.get(1).copied() else {
        let may = direction == Direction::ToServer && bytes.first().is_none_or(|b| *b == 0x30);
        return if may { Verdict::NeedMore } else { Verdict::NoMatch };
    };
    let inner = match length {
        0x06..=0x7f => 2,
        0x81..=0x84 => 2 + usize::from(length & 0x7f),
        _ => return Verdict::NoMatch,
    };
    if direction != Direction::ToServer || bytes.first() != Some(&0x30) {
        return Verdict::NoMatch;
    }
    // A first message has a small number.
    let expected = [&[0x02][..], &[0x01, 0x02], &[], &[0x60, 0x63, 0x77]];
    for (at, allowed) in (inner..).zip(expected) {
        match bytes.get(at) {
            None => return Verdict::NeedMore,
            Some(byte) if !allowed.is_empty() && !allowed.contains(byte) => {
                return Verdict::NoMatch;
            }
            Some(_) => {}
        }
    }
    Verdict::Match
}

/// The server's first packet: its number is 0, version 10 follows, then that of the server.
fn mysql(direction: Direction, bytes: &[u8]) -> Verdict {
    let told = |at: usize, is: fn(u8) -> bool| bytes.get(at).copied().is_none_or(is);
    let fits = direction == Direction::ToClient
        && told(0, |b| b > 40)
        && told(1, |b| b == 0)
        && told(2, |b| b == 0)
        && told(3, |b| b == 0)
        && told(4, |b| b == 10)
        && told(5, |b| b.is_ascii_digit())
        && told(6, |b| b.is_ascii_digit() || b == b'.');
    match (fits, bytes.len()) {
        (false, _) => Verdict::NoMatch,
        (true, 7..) => Verdict::Match,
        (true, _) => Verdict::NeedMore,
    }
}

/// A packet of TPKT (RFC 1006) with a request to connect (X.224 class 0), in which the client names
/// a cookie or says what it can do: other users of TPKT have neither.
fn rdp(direction: Direction, bytes: &[u8]) -> Verdict {
    const COOKIE: &[u8] = b"Cookie: ms";
    let told = |at: usize, is: u8| bytes.get(at).is_none_or(|byte| *byte == is);
    let fits = direction == Direction::ToServer && told(0, 3) && told(1, 0) && told(5, 0xe0);
    let said = bytes.get(11..).unwrap_or_default();
    let short = said.get(..COOKIE.len()).unwrap_or(said);
    let asks = matches!(said, [] | [1] | [1, _] | [1, _, 8] | [1, _, 8, 0, ..]);
    match (fits && (asks || COOKIE.starts_with(short)), said.len()) {
        (false, _) => Verdict::NoMatch,
        (true, 0..4) => Verdict::NeedMore,
        (true, _) if asks || short == COOKIE => Verdict::Match,
        (true, _) => Verdict::NeedMore,
    }
}
