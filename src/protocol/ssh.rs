//! SSH's version line (RFC 4253 section 4.2). Only identified: everything behind the key exchange
//! is encrypted.

use crate::model::Direction;

use super::{Protocol, Verdict};

/// The registry's entry. Both sides open alike, so the bytes tell no direction.
pub static PROTOCOL: Protocol = Protocol {
    name: "ssh",
    ports: &[22],
    probe,
    start_line: |_, _| None,
    parser: None,
    read: false,
};

fn probe(_: Direction, bytes: &[u8]) -> Verdict {
    let banners: [&[u8]; 2] = [b"SSH-2.0-", b"SSH-1."];
    if banners.iter().any(|banner| bytes.starts_with(banner)) {
        Verdict::Match
    } else if banners.iter().any(|banner| banner.starts_with(bytes)) {
        Verdict::NeedMore
    } else {
        Verdict::NoMatch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_line_is_told() {
        assert_eq!(probe(Direction::ToClient, b"SSH-2.0-OpenSSH_9.2\r\n"), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"SSH-1.99-x"), Verdict::Match);
        assert_eq!(probe(Direction::ToServer, b"SSH"), Verdict::NeedMore);
        assert_eq!(probe(Direction::ToServer, b"SSHD"), Verdict::NoMatch);
    }
}
