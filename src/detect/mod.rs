//! Floor 3: fields in, evidence out, classes judged.
//!
//! - [`Detector::compile`] makes a [`crate::rules::RulePack`] ready and refuses what does not hold;
//! - [`Detector::inspect`] says of one value, by itself, which rules' format it has, which checks
//!   it passes and what is embedded in it (`sift`, `whole`, `embedded`);
//! - [`Detector::judge`] says what a field carries, from all that was seen of it (`judge`), its
//!   name (`words`) and its place in a standard (`locate`).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod anchors;
mod checks;
mod compile;
mod cost;
mod detector;
mod eastern;
mod embedded;
mod escapes;
mod examples;
mod explain;
mod field;
mod fillers;
mod finders;
mod folded;
mod idle;
mod judge;
mod locate;
mod logins;
mod names;
mod nearby;
mod needs;
mod patched;
mod patterns;
mod phones;
mod profile;
mod recognisers;
mod score;
mod sensitive;
mod shape;
mod sift;
mod streets;
mod validate;
mod vocabulary;
mod whole;
mod words;
mod wrapped;

#[cfg(test)]
mod tests;

pub use checks::{check_names, names_month, passes_check};
pub use detector::{Detector, Inspection};
pub use explain::nothing_found;
pub use field::FieldRef;
pub use judge::{CONFIDENCE_REPORTED, Judgement, Judging, Verdict};
pub use locate::{CODE, Place, XML_PATCH};
pub use profile::Profile;
pub use vocabulary::{knows_word, knows_words, names_person};
