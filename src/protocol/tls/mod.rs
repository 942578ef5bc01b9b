//! TLS 1.0 to 1.3 and SSL 2.0 and 3.0, as far as they show themselves: what is said before
//! encryption begins. Nothing is decrypted.
//!
//! - [`probe`]: whether a flow speaks it, and which way it goes
//! - [`parser`]: both directions of a session, until nothing more can be read
//! - [`records`]: records and handshake messages out of one direction, cut wherever
//! - [`hello`]: what ClientHello and ServerHello say
//! - [`exchange`]: how both sides agree on keys
//! - [`fingerprint`]: JA3, JA3S and JA4
//! - [`certificate`]: what an X.509 certificate says
//! - [`alert`]: names of alerts
//! - [`tds`]: sessions of Microsoft SQL Server, whose handshake stands in packets

pub mod alert;
pub mod certificate;
pub mod exchange;
pub mod fingerprint;
pub mod hello;
pub mod parser;
pub mod probe;
pub mod records;
pub mod tds;

#[cfg(test)]
mod tests;

pub use parser::TlsParser;
pub use probe::PROTOCOL;
