//! phitap listens to a mirrored network port (or reads capture files), puts the conversations back
//! together, and keeps an inventory of a healthcare network's APIs: which endpoints exist, which
//! of them carry personal and health data, in which field, to whom, and whether the exchange was
//! authenticated and encrypted. It never transmits on a monitored interface, and no detected value
//! is kept in the clear.
//!
//! The modules are floors of a house (see `docs/architecture.md`): each imports only from lower
//! ones, and `tests/tidy.rs` holds that. Between `capture` and `store` nothing touches a network,
//! a file or a clock: packets and packet time go in, an inventory comes out.

pub mod base;

pub mod model;

pub mod capture;
pub mod content;
pub mod decode;
pub mod rules;

pub mod detect;
pub mod flow;

pub mod inventory;
pub mod protocol;

pub mod analysis;
pub mod store;

pub mod query;
pub mod sensor;

pub mod report;
pub mod sinks;

pub mod cli;
