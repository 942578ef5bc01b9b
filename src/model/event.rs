//! What is told of single exchanges, for those who asked for events.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::Timestamp;

use super::{Status, StreamTotals, TlsVersion};

/// One exchange. A half that was not seen is absent.
#[derive(Clone, Debug)]
pub struct ExchangeEvent {
    /// Time of its first byte.
    pub at: Timestamp,
    /// The same number for every exchange of a flow.
    pub flow_id: u64,
    /// The client.
    pub client: SocketAddr,
    /// The server.
    pub server: SocketAddr,
    /// Number of the exchange in its flow, from 0.
    pub tx_id: u64,
    /// The wire protocol: `http/1`.
    pub protocol: &'static str,
    /// The service.
    pub service: Arc<str>,
    /// `HTTP/1.1`.
    pub version: Option<&'static str>,
    /// The method.
    pub method: Option<&'static str>,
    /// The template with the names of the query parameters, no values.
    pub url: Option<String>,
    /// The status code, or over MLLP the code of the acknowledgement.
    pub status: Option<Status>,
    /// Media type of the response.
    pub content_type: Option<Arc<str>>,
    /// The client's program, unless a detector hit it.
    pub user_agent: Option<Arc<str>>,
    /// Body bytes of the response, for HL7 v2 of the message.
    pub length: u64,
    /// What HL7 v2 headers say, for an exchange over MLLP or a message in HTTP.
    pub hl7v2: Option<Box<Hl7Said>>,
    /// The code of the acknowledgement that answered the message.
    pub acknowledgement: Option<Status>,
    /// What a TLS handshake shows that may be kept, for a session.
    pub tls: Option<Box<TlsSaid>>,
    /// Host and target as sent: laboratory use only, never stored.
    pub revealed: Option<Box<Revealed>>,
}

/// A TCP connection that is over.
#[derive(Clone, Debug)]
pub struct FlowEvent {
    /// Time of its first packet.
    pub first: Timestamp,
    /// Time of its last one.
    pub last: Timestamp,
    /// The same number as in its exchanges.
    pub flow_id: u64,
    /// The client.
    pub client: SocketAddr,
    /// The server.
    pub server: SocketAddr,
    /// What it spoke (`http/1`), or why that is not known.
    pub outcome: &'static str,
    /// What the client sent.
    pub to_server: StreamTotals,
    /// What the server sent.
    pub to_client: StreamTotals,
}

/// What the header of an HL7 v2 message says that may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hl7Said {
    /// `ADT^A01`, `ACK`, or `(unknown)`.
    pub operation: Arc<str>,
    /// `2.5.1`.
    pub version: Option<Arc<str>>,
    /// Sending application and facility: `REGADT / NORTH`.
    pub sender: Option<Arc<str>>,
    /// Receiving application and facility.
    pub receiver: Option<Arc<str>>,
}

/// What a TLS handshake shows that may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSaid {
    /// The version that was negotiated.
    pub version: Option<TlsVersion>,
    /// The cipher suite.
    pub cipher: Option<Arc<str>>,
    /// How they agreed on keys: `DH 1024`, `x25519`.
    pub key_exchange: Option<Arc<str>>,
    /// The host that the client asked for.
    pub sni: Option<Arc<str>>,
    /// Application protocols that the client offered.
    pub alpn_offered: Vec<Arc<str>>,
    /// The one that the server chose in the clear.
    pub alpn: Option<Arc<str>>,
    /// Fingerprint of the client.
    pub ja3: Option<Arc<str>>,
    /// Fingerprint of the server.
    pub ja3s: Option<Arc<str>>,
    /// Fingerprint of the client.
    pub ja4: Option<Arc<str>>,
    /// Whether it went on with the keys of an earlier one, or under TLS 1.3 with an external PSK,
    /// which cannot be told apart. Nothing where that does not show.
    pub resumed: Option<bool>,
    /// Whether the client sent a certificate, where that shows.
    pub mutual: Option<bool>,
    /// Certificates that the server sent, where that shows.
    pub chain_length: Option<usize>,
    /// The server's own.
    pub certificate: Option<CertificateSaid>,
}

/// What a certificate says that may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateSaid {
    /// `CN=api.example, O=Example`.
    pub subject: Arc<str>,
    /// Who signed it.
    pub issuer: Arc<str>,
    /// Serial number in hexadecimal digits, with colons.
    pub serial: Arc<str>,
    /// SHA-1 of it, with colons.
    pub sha1: Arc<str>,
    /// Hosts and addresses it is for.
    pub names: Vec<Arc<str>>,
    /// Seconds since 1970-01-01T00:00:00Z from which it is valid.
    pub not_before: i64,
    /// Seconds since 1970-01-01T00:00:00Z until which it is valid.
    pub not_after: i64,
}

/// What `--reveal` shows.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// The `Host` field or the target's authority, exactly as sent.
    pub hostname: Option<Vec<u8>>,
    /// The request target, exactly as sent.
    pub url: Vec<u8>,
}

/// Takes exchanges as they are finished.
pub trait EventSink: Send {
    /// One exchange.
    fn exchange(&mut self, event: ExchangeEvent);

    /// A connection that is over, behind its exchanges.
    fn flow(&mut self, event: FlowEvent);

    /// What was taken may be read now: called with every rollup, in a live capture at least once
    /// a second.
    fn flush(&mut self) {}

    /// Whether [`ExchangeEvent::revealed`] is wanted.
    fn reveals(&self) -> bool {
        false
    }
}
