//! Floor 3: puts the segments of a flow back into two ordered streams.
//!
//! ```text
//! Segment ─► FlowTable ─► one keyed-hash lookup ─► Flow ─► Reassembler ─► StreamEvent
//!            │  expiry, port reuse, eviction        │       in order: borrowed, not copied
//!            └─ ended flows: 24 bytes for 10 s,     └ the caller's state, inline
//!               and what the handler keeps
//! ```
//!
//! Knows no protocol: the caller's [`FlowHandler`] makes a state per flow and is handed bytes,
//! gaps and ends.
//!
//! What is decided depends on the packets of the one flow and their own times only, never on other
//! flows, on batches or on when [`FlowTable::sweep`] is called. Exceptions, both counted: the flow
//! was evicted because memory of some kind ran short (see [`crate::base::Shares`]): half-open flows
//! go first, then those idle longest among a few that hold such memory.
//!
//! The rules where TCP is ambiguous to a passive observer:
//!
//! - *Overlaps*: the first copy wins. Every other copy of bytes is told beside it
//!   ([`FlowHandler::second_copy`]), and so is what the first reading leaves out: bytes that come
//!   after they were given up, behind a FIN, without ACK flag, or without the byte that is urgent.
//!   One that is known to differ sets [`FlowAnomalies::OVERLAP_CONFLICT`].
//! - *Missing bytes* are given up when the receiver acknowledged them and they still did not come
//!   within some packets or a second of the flow's own time, when nothing was heard from the
//!   receiver for ten seconds (and never was), when no more can be buffered, or when the flow
//!   ends. If they come later after all, that is [`FlowAnomalies::LATE_DATA`]. A flow that falls
//!   silent needs no packet for it: the next one, or a sweep, finds that a second has passed.
//! - *Cause before effect*: data that acknowledges bytes of the other direction which were not
//!   seen yet waits for them, by the same rule, so that answers do not overtake questions when
//!   capture reorders.
//! - *Start without a handshake*: for the first packets (or the first second) of such a flow data
//!   is held, so that late packets, even a late SYN, find their place; then the lowest sequence
//!   number seen is the start and the ports decide who is the server.
//! - *SYN with another sequence number*: on a flow that is ending or was never answered it begins
//!   a new flow (port reuse). On a live one it is ignored and flagged (RFC 5961 section 4), unless
//!   the other end answers it with a SYN-ACK, or its sender goes on from there while nothing is
//!   under way: then a flow begins beside the one that was there, and each segment belongs to
//!   the one whose numbers it fits. One that nobody answered gives way to data of the flow that
//!   ended before it.
//! - *RST* counts only where its sequence number lies in what is plausible (RFC 5961 section 3).
//!   A flow that ends [midway](FlowHandler::is_midway), or while anything is missing or not yet
//!   acknowledged, is kept a while: data that goes on behind a RST is delivered, data behind both
//!   FINs told as another reading. Behind other ends new data is a flow of its own, which begins
//!   where the first ended ([`Orientation::Continued`]).
//! - *Data of a flow that ended* is absorbed where it repeats what the handler still has
//!   ([`FlowHandler::compare`]). Where it differs, the flow goes on for its sake, and it is told as
//!   another reading; where it cannot be compared and begins a message, it is a flow of its own.
//! - *Acknowledgments* of bytes that their sender's own packets do not show are no loss. The one
//!   place that counts more than a handshake is where the first data comes and the other end waits
//!   for it: SYN-ACKs are forged, too.
//! - *Data out of the window*, or before the begin of its stream, is told as another reading.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod anomalies;
mod assembly;
mod closed;
mod config;
mod copies;
mod counters;
mod crossing;
mod handler;
mod identity;
mod keyed;
mod late;
mod live;
mod orientation;
mod pending;
mod reassembler;
mod ring;
mod rivals;
mod silence;
mod slab;
mod stream;
mod table;

#[cfg(test)]
mod begins_tests;
#[cfg(test)]
mod copies_tests;
#[cfg(test)]
mod ends_tests;
#[cfg(test)]
mod eviction_tests;
#[cfg(test)]
mod late_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod silence_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use anomalies::FlowAnomalies;
pub use config::FlowConfig;
pub use counters::FlowCounters;
pub use handler::{
    Compared, FlowHandler, FlowInfo, FlowTotals, LateBytes, Orientation, Remains, Scarce,
};

pub use crate::model::StreamTotals;
pub use table::FlowTable;
