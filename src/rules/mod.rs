//! Floor 2: the format of `rules/*.toml`, its loading, and the pack that ships inside the program.
//!
//! A rule is data: what its values look like (masks, a named recogniser or a pattern), which
//! arithmetic check they pass, how often chance passes it, which names and issuers go with it, and
//! examples that hold. Nothing here runs a rule: [`crate::detect`] compiles a pack and refuses
//! what it cannot run.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod builtin;
mod error;
mod fhir;
mod pack;
mod place;
mod rule;

pub use error::RuleError;
pub use fhir::{ClassWeight, FhirTables, PlaceClass};
pub use pack::{Context, RulePack, read_rules};
pub use place::Place;
pub use rule::{Embedded, Example, Examples, Rule, WholePattern};
