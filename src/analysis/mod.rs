//! Floor 5: from the segments of one worker to what was observed. The data's way through it:
//!
//! - [`worker`]: a flow table and its bench; segments in, rollups out
//! - [`conversation`], [`listener`]: one flow: identify, parse, pair; what its parser says
//! - [`history`], [`doubts`], [`readings`]: bytes that another copy may call in question; when it
//!   does; what a receiver would have read that believed it
//! - [`pairing`]: which response answers which request
//! - [`half`]: a request or a response while it passes
//! - [`workbench`], [`heads`]: what is shared, and what happens to heads as they pass
//! - [`hl7v2`], `heard`, `batched`: heads of HL7 v2 messages over MLLP; within HTTP; and of many
//!   in one body
//! - [`tls`]: what TLS sessions show
//! - [`bodies`], [`recall`], [`commons`], `tally`: what happens to bodies; those that were walked
//!   before, by this worker or another; how
//!   often equal leaves occur in one
//! - [`inspect`], [`frames`], [`roles`]: logs every leaf under its column; the objects around it;
//!   what its path means
//! - [`columns`], [`leaves`], [`values`]: what a leaf is a value of, the log, the memory of values
//! - [`operation`]: what was asked
//! - [`known_fields`], [`known_media`]: header fields and media types that were seen before
//! - [`segments`]: which segments of a path are names
//! - [`names`]: what may be kept of names of programs, hosts and media types
//! - [`finish`]: an exchange is over: named, and added to the books
//! - [`accumulate`]: the books of one worker

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod accumulate;
mod batched;
pub mod bodies;
mod codings;
pub mod columns;
pub mod commons;
pub mod conversation;
pub mod doubts;
pub mod finish;
pub mod frames;
pub mod half;
pub mod heads;
mod heard;
pub mod history;
pub mod hl7v2;
pub mod inspect;
pub mod known_fields;
pub mod known_media;
pub mod lane;
pub mod leaves;
pub mod listener;
pub mod names;
pub mod operation;
pub mod pairing;
mod patches;
mod queries;
pub mod readings;
pub mod recall;
pub mod remains;
pub mod roles;
pub mod segments;
mod tally;
pub mod tls;
mod two_way;
mod v2xml;
pub mod values;
pub mod workbench;
pub mod worker;

pub use commons::Commons;
pub use worker::Worker;

#[cfg(test)]
mod flood_tests;
