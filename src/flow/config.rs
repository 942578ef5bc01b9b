//! What a flow table is set to.

use std::time::Duration;

use crate::base::{Shares, limits};

/// Settings of a [`super::FlowTable`]; the defaults are those of [`crate::base::limits`].
#[derive(Clone, Debug)]
pub struct FlowConfig {
    /// Flows kept at once; beyond it half-open and long idle ones are evicted.
    pub flows_max: usize,
    /// The same in bytes, with what the handler keeps of flows at rest.
    pub flow_bytes: usize,
    /// Ended flows remembered for each of two generations.
    pub closed_flows: usize,
    /// Ports that tell the server where no handshake was seen. Otherwise it is the lower port.
    pub server_ports: Vec<u16>,
    /// Silence, in packet time, that ends a flow.
    pub idle: Duration,
    /// The same while the handler [holds something open](super::FlowHandler::holds_open) and
    /// neither end was closed.
    pub idle_open: Duration,
    /// The same where one was.
    pub idle_ending: Duration,
    /// How long an ended flow absorbs late segments.
    pub closed: Duration,
    /// Out-of-order bytes held per stream, overhead included.
    pub bytes_per_stream: usize,
    /// Out-of-order segments held per stream.
    pub segments_per_stream: usize,
    /// Out-of-order bytes held by the whole table, overhead included.
    pub bytes_per_table: usize,
}

impl Default for FlowConfig {
    fn default() -> Self {
        FlowConfig::within(&Shares::default())
    }
}

impl FlowConfig {
    /// Of a worker with these shares of the memory budget.
    pub fn within(shares: &Shares) -> Self {
        FlowConfig {
            flows_max: shares.flows,
            flow_bytes: shares.flow_bytes,
            closed_flows: shares.closed_flows,
            server_ports: Vec::new(),
            idle: Duration::from_secs(limits::FLOW_IDLE_SECONDS),
            idle_open: Duration::from_secs(limits::FLOW_IDLE_OPEN_SECONDS),
            idle_ending: Duration::from_secs(limits::FLOW_IDLE_ENDING_SECONDS),
            closed: Duration::from_secs(limits::FLOW_CLOSED_SECONDS),
            bytes_per_stream: limits::REASSEMBLY_BYTES_PER_STREAM.min(shares.early_bytes / 2),
            segments_per_stream: limits::REASSEMBLY_SEGMENTS_PER_STREAM,
            bytes_per_table: shares.early_bytes,
        }
    }
}
