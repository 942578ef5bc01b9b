//! What lines about connections and exchanges have in common.

use std::net::SocketAddr;

use serde::Serialize;

use crate::base::Timestamp;
use crate::model::{ExchangeEvent, FiveTuple, community_id};

/// What every line about a connection or an exchange of it begins with.
#[derive(Serialize)]
pub(super) struct Common {
    timestamp: String,
    event_type: &'static str,
    flow_id: u64,
    community_id: String,
    src_ip: String,
    src_port: u16,
    dest_ip: String,
    dest_port: u16,
    proto: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx_id: Option<u64>,
}

impl Common {
    /// Of an exchange.
    pub(super) fn of(event: &ExchangeEvent, event_type: &'static str) -> Self {
        let flow = (event.client, event.server, event.flow_id);
        Common { tx_id: Some(event.tx_id), ..Common::of_flow(event_type, event.at, flow) }
    }

    /// Of what is said at `at` of a whole connection: its client, its server and its id.
    pub(super) fn of_flow(
        event_type: &'static str,
        at: Timestamp,
        (client, server, flow_id): (SocketAddr, SocketAddr, u64),
    ) -> Self {
        let tuple = FiveTuple { src: client, dst: server, transport: FiveTuple::TCP };
        Common {
            timestamp: at.to_string(),
            event_type,
            // JSON readers keep integers exact only up to 2^53.
            flow_id: flow_id & ((1 << 53) - 1),
            community_id: community_id(&tuple),
            src_ip: client.ip().to_string(),
            src_port: client.port(),
            dest_ip: server.ip().to_string(),
            dest_port: server.port(),
            proto: "TCP",
            tx_id: None,
        }
    }
}
