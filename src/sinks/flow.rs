//! Connections that are over, with the names that Suricata's `flow` has.

use serde::Serialize;

use super::eve::exact;
use crate::model::{FiveTuple, FlowEvent, community_id};

/// One connection.
#[derive(Serialize)]
pub(super) struct FlowLine {
    timestamp: String,
    event_type: &'static str,
    flow_id: u64,
    community_id: String,
    src_ip: String,
    src_port: u16,
    dest_ip: String,
    dest_port: u16,
    proto: &'static str,
    app_proto: &'static str,
    flow: Totals,
}

/// Bytes are those of the streams; `gap_bytes_…` are ours.
#[derive(Serialize)]
struct Totals {
    pkts_toserver: u32,
    pkts_toclient: u32,
    bytes_toserver: u64,
    bytes_toclient: u64,
    gap_bytes_toserver: u64,
    gap_bytes_toclient: u64,
    start: String,
    end: String,
    age: u64,
}

impl FlowLine {
    /// Of a connection.
    pub(super) fn of(event: &FlowEvent) -> Self {
        let tuple = FiveTuple { src: event.client, dst: event.server, transport: FiveTuple::TCP };
        let (to_server, to_client) = (&event.to_server, &event.to_client);
        FlowLine {
            timestamp: event.last.to_string(),
            event_type: "flow",
            flow_id: exact(event.flow_id),
            community_id: community_id(&tuple),
            src_ip: event.client.ip().to_string(),
            src_port: event.client.port(),
            dest_ip: event.server.ip().to_string(),
            dest_port: event.server.port(),
            proto: "TCP",
            app_proto: event.outcome,
            flow: Totals {
                pkts_toserver: to_server.packets,
                pkts_toclient: to_client.packets,
                bytes_toserver: to_server.bytes,
                bytes_toclient: to_client.bytes,
                gap_bytes_toserver: to_server.gap_bytes,
                gap_bytes_toclient: to_client.gap_bytes,
                start: event.first.to_string(),
                end: event.last.to_string(),
                age: event.last.since(event.first).as_secs(),
            },
        }
    }
}
