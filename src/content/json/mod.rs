//! JSON (RFC 8259), walked by a tolerant scanner of our own that resumes at any byte.

mod bytes;
mod escape;
mod trail;
mod walker;

#[cfg(test)]
mod tests;

pub(super) use bytes::is_blank;
pub(super) use trail::{Trail, moved};
pub use walker::JsonWalker;
pub(super) use walker::{begins_like_json, looks_like_json};
