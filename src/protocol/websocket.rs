//! WebSocket (RFC 6455). Only named: it is reached by an HTTP upgrade, never by its first bytes,
//! which say nothing; its frames need a parser of their own.

use super::{Protocol, Verdict};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "websocket",
    ports: &[],
    probe: |_, _| Verdict::NoMatch,
    start_line: |_| None,
    parser: None,
};
