//! Tests of the database, by what they are about.

mod burst;
mod files;
mod inventory;
mod privacy;
mod runs;

pub(crate) mod sample;
