//! Tests of the database, by what they are about.

mod files;
mod inventory;
mod privacy;
mod runs;

pub(crate) mod sample;
