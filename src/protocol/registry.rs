//! Every protocol that is told apart, one line each, in the order they are tried.

use super::{Protocol, dicom, http1, http2, mllp, proxy, socks, ssh, starttls, tls, websocket};

/// The protocols. Their probes do not overlap, so the order only matters for speed.
pub static PROTOCOLS: &[&Protocol] = &[
    &http1::PROTOCOL,
    &tls::PROTOCOL,
    &http2::PROTOCOL,
    &mllp::PROTOCOL,
    &dicom::PROTOCOL,
    &ssh::PROTOCOL,
    &starttls::SMTP,
    &starttls::LMTP,
    &starttls::FTP,
    &starttls::IMAP,
    &starttls::POP3,
    &starttls::NNTP,
    &starttls::XMPP,
    &starttls::LDAP,
    &starttls::POSTGRESQL,
    &starttls::MYSQL,
    &starttls::SIEVE,
    &starttls::NATS,
    &starttls::RDP,
    &starttls::VNC,
    &tls::tds::PROTOCOL,
    &proxy::PROTOCOL,
    &socks::VERSION_4,
    &socks::PROTOCOL,
    &websocket::PROTOCOL,
];

/// The protocol with this name.
pub fn protocol_named(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|p| p.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for protocol in PROTOCOLS {
            let found = protocol_named(protocol.name).unwrap();
            assert!(std::ptr::eq(found, *protocol), "{} stands twice", protocol.name);
        }
        assert!(protocol_named("gopher").is_none());
    }
}
