//! Floor 9: the command line. Arguments become settings, settings become one call into the floors
//! below; every subcommand has a file of its own.
//!
//! - [`args`], [`coverage_args`], [`lifecycle_args`], [`rules_args`]: what the user typed
//! - [`config`]: what the configuration file says, and what follows from both
//! - [`exit`]: exit codes and how failures are told
//! - [`replay`], [`follow`], [`capture`], [`record`]: the main job
//! - [`summary`]: what a person reads after it
//! - [`doctor`]: what an interface or a capture shows, and what to change
//! - [`user`]: going on without privileges
//! - [`filters`], [`nothing`]: what a query is asked for, and what is said where it has no row
//! - [`marks`]: what people say of fields
//! - [`triage`], [`changes`], [`purge`]: what happens to an inventory over time
//! - [`report`], [`openapi`]: what is handed over
//! - [`outputs`]: what may not be written over
//! - [`moment`]: points in time as people type them
//! - [`import`]: rules of other programs
//! - [`queries`], [`sql`], [`db`], [`rules`], [`docs`]: everything else

pub mod args;
pub mod bar;
pub mod capture;
pub mod changes;
pub mod config;
pub mod coverage_args;
pub mod db;
pub mod docs;
pub mod doctor;
mod earlier;
pub mod exit;
pub mod filters;
pub mod follow;
pub mod import;
pub mod lifecycle_args;
pub mod main;
pub mod marks;
pub mod moment;
pub mod nothing;
mod number;
pub mod openapi;
pub mod outputs;
pub mod purge;
pub mod queries;
pub mod record;
pub mod replay;
pub mod report;
pub mod rules;
pub mod rules_args;
pub mod sql;
pub mod summary;
pub mod triage;
mod tunnel_args;
pub mod user;

pub use main::main;
