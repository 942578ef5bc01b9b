//! Protocols that begin in the clear and go on in TLS: mail, FTP, LDAP, PostgreSQL, MySQL,
//! NATS, and remote desktops. They are
//! identified, and of what they say only the step into TLS is looked for: which protocol it is and
//! what its session shows is told, what went before it is not.
//!
//! - [`probe`]: the registry's entries and how each opens
//! - [`parser`]: where TLS begins

pub mod parser;
pub mod probe;

#[cfg(test)]
mod tests;

pub use parser::{Dialect, StartTlsParser};
pub use probe::{
    FTP, IMAP, LDAP, LMTP, MYSQL, NATS, NNTP, POP3, POSTGRESQL, RDP, SIEVE, SMTP, VNC, XMPP,
};
