//! Floor 9: the command line. Arguments become settings, settings become one call into the floors
//! below; every subcommand has a file of its own.
//!
//! - [`args`]: what the user typed
//! - [`config`]: what the configuration file says, and what follows from both
//! - [`exit`]: exit codes and how failures are told
//! - [`replay`], [`capture`], [`record`]: the main job
//! - [`summary`]: what a person reads after it
//! - [`filters`], [`nothing`]: what a query is asked for, and what is said where it has no row
//! - [`queries`], [`sql`], [`db`], [`rules`], [`docs`]: everything else

pub mod args;
pub mod bar;
pub mod capture;
pub mod config;
pub mod db;
pub mod docs;
pub mod exit;
pub mod filters;
pub mod main;
pub mod nothing;
pub mod queries;
pub mod record;
pub mod replay;
pub mod rules;
pub mod sql;
pub mod summary;

pub use main::main;
