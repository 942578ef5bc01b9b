//! `phitap rules import`: rules of other programs, written anew as ours.
//!
//! - `run`: files in, a file of rules out, and what was left out
//! - `gitleaks`, `presidio`: what their files say
//! - `yaml`: the part of YAML that recognisers are written in, with lines
//! - `sample`: values that a pattern matches, for examples
//! - `draft`: rules in the making, and how they are written

mod draft;
mod gitleaks;
mod presidio;
mod run;
mod sample;
mod yaml;

pub use run::run;
