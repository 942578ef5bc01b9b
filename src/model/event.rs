//! What is told of single exchanges, for those who asked for events.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::Timestamp;

/// One HTTP exchange. A half that was not seen is absent.
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
    /// The status code.
    pub status: Option<u16>,
    /// Media type of the response.
    pub content_type: Option<Arc<str>>,
    /// The client's program, unless a detector hit it.
    pub user_agent: Option<Arc<str>>,
    /// Body bytes of the response.
    pub length: u64,
    /// Host and target as sent: laboratory use only, never stored.
    pub revealed: Option<Box<Revealed>>,
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

    /// What was taken may be read now: called with every rollup, in a live capture at least once
    /// a second.
    fn flush(&mut self) {}

    /// Whether [`ExchangeEvent::revealed`] is wanted.
    fn reveals(&self) -> bool {
        false
    }
}
