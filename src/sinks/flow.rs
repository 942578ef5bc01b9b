//! Connections that are over, with the names that Suricata's `flow` has.

use serde::Serialize;

use super::common::Common;
use crate::model::FlowEvent;

/// One connection.
#[derive(Serialize)]
pub(super) struct FlowLine {
    #[serde(flatten)]
    common: Common,
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
        let (to_server, to_client) = (&event.to_server, &event.to_client);
        let flow = (event.client, event.server, event.flow_id);
        FlowLine {
            common: Common::of_flow("flow", event.last, flow),
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
